"""Clear things in front of the rest: lenses, the shell of an oxygen mask.

They are a mesh of their own, laid over the finished light: what lies behind comes through, less of
it and tinted where light crosses them aslant; over it come a little haze and the mirrored
surroundings. Only the nearest clear surface of a sample counts, and it throws no shadow. The
albedo's alpha in its chart is how much of the light that meets it straight is stopped.

Maps see through what lies in the chart `glasses`; of any other clear thing the maps tell, as of
what is solid, wherever it is nearest to the centre of a pixel.
"""

from typing import no_type_check

import numpy as np
import warp as wp

from assets.classes import CLASSES
from render.camera import Camera
from render.light import Light
from render.maps import Maps, class_at
from render.material import Material
from render.mesh import Mesh
from render.raster import depth_of, triangle_of, visible
from render.reflectance import lobe, mirrored, reflected, soft_irradiance
from render.shade import stage
from render.skin import WET
from render.stage import Stage, frames_at
from render.surface import CENTRE, SAMPLES, blend, corner_at, offset_x, offset_y, pose
from render.texture import Texels, level_of, look_up

GLASSES = CLASSES["glasses"]
F0 = 0.036
COATED = 0.008
"""Shares mirrored straight on: by plastic, and by a lens with a coat against glare."""


@no_type_check
@wp.func
def stopped_at(t: Texels, uv: wp.vec2) -> wp.float32:
    """Give the alpha (0–1) of the nearest texel."""
    column = wp.clamp(wp.int32(wp.floor(uv[0] * wp.float32(t.size))), 0, t.size - 1)
    row = wp.clamp(wp.int32(wp.floor((1.0 - uv[1]) * wp.float32(t.size))), 0, t.size - 1)
    return wp.float32(t.albedo[row * t.size + column][3]) / 255.0


@no_type_check
@wp.func
def seen_through(on: Stage, triangle: int, x: int, y: int, behind: wp.vec3) -> wp.vec3:
    """Give the light at (x, y), in 1/256 pixel, of what is behind and the clear thing over it."""
    corner = corner_at(on.surface, triangle, x, y)
    point = blend(on.surface.vertices, on.surface.triangles[triangle], corner.weights)
    s = look_up(on.texels, corner.uv, level_of(on.surface, triangle, on.texels.size))
    n = frames_at(on.surface, corner).normal
    v = wp.normalize(on.eye - point)
    if wp.dot(n, v) < 0.0:
        n = -n
    nv = wp.max(wp.dot(n, v), 0.06)
    stopped = stopped_at(on.texels, corner.uv)
    # The longer way of a slanting ray, inside the plastic.
    way = 1.0 / wp.sqrt(1.0 - (1.0 - nv * nv) / 2.2)
    way = way * (0.5 + 0.5 / wp.max(nv, 0.25))
    through = wp.pow(1.0 - stopped, way)
    tint = wp.vec3(
        wp.pow(s.albedo[0], stopped * way),
        wp.pow(s.albedo[1], stopped * way),
        wp.pow(s.albedo[2], stopped * way),
    )
    away = 1.0 - nv
    plain = wp.float32(F0)
    if wp.int32(class_at(on.texels.classes, corner.uv)) == GLASSES:
        plain = wp.float32(COATED)
    mirror = plain + (1.0 - plain) * away * away * away * away * away
    haze = wp.cw_mul(s.albedo, soft_irradiance(on.lamp, n, n, wp.vec3(1.0, 1.0, 1.0)))
    key = on.lamp.colour * wp.max(0.4 + 0.6 * wp.dot(n, on.lamp.direction), 0.0)
    # A lens has none: what stops little light scatters hardly any.
    milky = wp.min(2.5 * stopped, 0.4) * (1.0 - through)
    haze = (haze + wp.cw_mul(s.albedo, key)) * (0.31830989 * milky)
    r = n * (2.0 * wp.dot(n, v)) - v
    around = wp.vec3(0.0, 0.0, 0.0)
    if s.roughness < WET and on.lamp.rows > 0:
        around = mirrored(on.lamp, r)
    else:
        around = reflected(on.lamp, r, s.roughness)
    alpha = wp.max(s.roughness * s.roughness, 0.004)
    alpha = alpha * alpha + 0.25 * on.lamp.size * on.lamp.size
    shine = lobe(n, v, on.lamp.direction, wp.min(wp.sqrt(alpha), 1.0), plain)
    passed = wp.cw_mul(behind, tint) * (through * (1.0 - mirror))
    return passed + haze + around * mirror + on.lamp.colour * shine


@no_type_check
@wp.kernel(enable_backward=False)
def lay(
    on: Stage,
    solid: wp.array[wp.uint64],
    clear: wp.array[wp.uint64],
    maps: Maps,
    light: wp.array[wp.vec3],
):
    """Lay the clear things over one pixel."""
    pixel = wp.tid()
    first = pixel * SAMPLES
    chosen = wp.int32(-1)
    share = wp.float32(0.0)
    for sample in range(5):
        if clear[first + sample] < solid[first + sample]:
            chosen = sample
            if sample < 4:
                share += 0.25
    if chosen < 0:
        return
    x = pixel % on.view.width
    y = pixel / on.view.width
    triangle = triangle_of(clear[first + chosen])
    px = x * 256 + offset_x(chosen)
    py = y * 256 + offset_y(chosen)
    behind = light[pixel]
    light[pixel] = behind * (1.0 - share) + seen_through(on, triangle, px, py, behind) * share
    if chosen != CENTRE:
        return
    corner = corner_at(on.surface, triangle, px, py)
    kind = class_at(on.texels.classes, corner.uv)
    if wp.int32(kind) == GLASSES:
        return
    n = wp.normalize(blend(on.surface.normals, on.surface.triangles[triangle], corner.weights))
    seen = on.view.rotation * wp.vec3d(wp.float64(n[0]), wp.float64(n[1]), wp.float64(n[2]))
    maps.depth[pixel] = depth_of(clear[first + CENTRE])
    maps.normal[pixel] = wp.vec3(wp.float32(seen[0]), -wp.float32(seen[1]), -wp.float32(seen[2]))
    maps.classes[pixel] = kind
    maps.uv[pixel] = corner.uv
    for region in range(6):
        maps.heat[region, pixel] = 0.0


@no_type_check
def cover(
    veil: Mesh,
    camera: Camera,
    material: Material,
    lamp: Light,
    solid: wp.array,
    maps: Maps,
    light: wp.array,
) -> None:
    """Lay the clear mesh `veil` over the picture's linear light and its maps, in place.

    `solid` are the keys of what is not clear.
    """
    posed = pose(veil, camera, str(light.device))
    clear = visible(posed, material.albedo, material.size)
    on = stage(posed, material, lamp, np.asarray(camera.position))
    inputs = [on, solid, clear, maps, light]
    wp.launch(lay, dim=len(light), inputs=inputs, device=light.device)
