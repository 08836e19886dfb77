"""The light that a place on the surface sends to the camera: skin, wet eyes, cloth, strands."""

from typing import no_type_check

import cv2
import numpy as np
import warp as wp

from assets.classes import CLASSES
from render.device import put
from render.light import BASIS, Light
from render.maps import class_at
from render.material import Material
from render.raster import triangle_of
from render.reflectance import (
    Lamp,
    bounced,
    lobe,
    mirror_share,
    mirrored,
    reflected,
    soft_irradiance,
    strand,
    wrapped,
)
from render.surface import Corner, Posed, Surface, View, blend, corner_at
from render.texture import Texels, level_of, look_up

HAIR = CLASSES["hair"]
BROW = CLASSES["brow"]
LASH = CLASSES["lash"]

SHARPER = -0.35
"""Added to the level of the pyramids: trilinear filtering errs on the soft side."""

WET = 0.16
"""Rougher surfaces mirror the harmonics, smoother ones the panorama."""

GRAZING = 0.2
"""The mirror share grows down to this cosine: skin's own roughness hides the rest from a grazing
eye, and without it jaws had a rim of sky."""

PANORAMA = (64, 128)
"""Rows and columns that a wet surface sees: an eye shows no more."""


@no_type_check
@wp.struct
class Stage:
    """Everything a place needs to be shaded."""

    view: View  # pyright: ignore[reportGeneralTypeIssues]
    surface: Surface  # pyright: ignore[reportGeneralTypeIssues]
    texels: Texels  # pyright: ignore[reportGeneralTypeIssues]
    lamp: Lamp  # pyright: ignore[reportGeneralTypeIssues]
    eye: wp.vec3


@no_type_check
@wp.struct
class Frames:
    """Normal and tangents at a place: along u, along v."""

    normal: wp.vec3
    along_u: wp.vec3
    along_v: wp.vec3


@no_type_check
@wp.func
def frames_at(surface: Surface, corner: Corner) -> Frames:
    """Give the tangent frame of a triangle at the smooth normal; zero tangents where uv is flat."""
    index = surface.triangles[corner.triangle]
    flat = surface.uv_triangles[corner.triangle]
    p = surface.vertices[index[0]]
    first = surface.vertices[index[1]] - p
    second = surface.vertices[index[2]] - p
    origin = surface.uv[flat[0]]
    d1 = surface.uv[flat[1]] - origin
    d2 = surface.uv[flat[2]] - origin
    turn = d1[0] * d2[1] - d1[1] * d2[0]
    out = Frames()
    out.normal = wp.normalize(blend(surface.normals, index, corner.weights))
    if wp.abs(turn) > 1.0e-14:
        u = (first * d2[1] - second * d1[1]) * wp.sign(turn)
        v = (second * d1[0] - first * d2[0]) * wp.sign(turn)
        out.along_u = wp.normalize(u - out.normal * wp.dot(out.normal, u))
        out.along_v = wp.normalize(v - out.normal * wp.dot(out.normal, v))
    return out


@no_type_check
@wp.func
def skin(
    stage: Stage, corner: Corner, point: wp.vec3, reached: wp.vec4, level: wp.float32
) -> wp.vec3:
    """Give the light that any surface but a strand sends to the camera."""
    v = wp.normalize(stage.eye - point)
    lamp = stage.lamp
    s = look_up(stage.texels, corner.uv, level)
    f = frames_at(stage.surface, corner)
    smooth = f.normal
    if stage.surface.card[corner.triangle] != wp.uint8(0) and wp.dot(smooth, v) < 0.0:
        smooth = -smooth
    rise = wp.sqrt(wp.max(1.0 - wp.dot(s.slope, s.slope), 0.05))
    fine = wp.normalize(f.along_u * s.slope[0] + f.along_v * s.slope[1] + smooth * rise)
    spread = s.scatter * wp.vec3(0.72, 0.38, 0.26)
    openness = reached[0]
    if s.roughness < WET:
        # Lashes, too thin for the depth map, shade an eye as its lids do.
        openness = openness * openness
    sky = wp.cw_mul(soft_irradiance(lamp, fine, smooth, spread), bounced(openness, s.albedo))
    nl = wp.dot(fine, lamp.direction)
    sl = wp.dot(smooth, lamp.direction)
    share = reached[1]
    key = wp.vec3(0.0, 0.0, 0.0)
    if share > 0.0:
        leak = share * (1.0 - share)  # red light leaks into the edge of a shadow
        key = wp.vec3(
            wrapped(nl, sl, spread[0]) * (share + 0.8 * spread[0] * leak),
            wrapped(nl, sl, spread[1]) * (share + 0.25 * spread[1] * leak),
            wrapped(nl, sl, spread[2]) * share,
        )
    if sl < 0.25 and s.scatter > 0.0:
        behind = wp.clamp(0.3 - sl, 0.0, 1.0) * s.scatter * 0.45
        through = reached[2] * 1000.0  # millimetres
        key += behind * wp.vec3(
            wp.exp(-through * 0.22), 0.4 * wp.exp(-through * 0.6), 0.25 * wp.exp(-through * 0.9)
        )
    nv = wp.clamp(wp.dot(fine, v), 0.0, 1.0)
    r = fine * (2.0 * wp.dot(fine, v)) - v
    rough = wp.clamp(s.roughness, 0.04, 1.0)
    alpha = rough * rough
    mirror = mirror_share(rough, wp.max(nv, GRAZING), 0.028)
    shine = wp.float32(0.0)
    if share > 0.0 and nl > 0.0:
        spot = 0.25 * lamp.size * lamp.size
        wide = wp.min(wp.sqrt(alpha * alpha + spot), 1.0)
        shine = share * lobe(fine, v, lamp.direction, wide, 0.028)
        if rough > 0.25:
            # Oil makes a tight lobe over the wide one.
            tight = wp.min(wp.sqrt(0.2 * alpha * alpha + spot), 1.0)
            shine = 0.75 * shine + 0.25 * share * lobe(fine, v, lamp.direction, tight, 0.028)
    around = wp.vec3(0.0, 0.0, 0.0)
    if rough < WET and lamp.rows > 0:
        around = mirrored(lamp, r)
    else:
        around = reflected(lamp, r, rough)
    seen = wp.clamp(
        reached[0] * reached[0] * (0.4 + 0.6 * nv) + 0.6 * reached[0] * (1.0 - nv), 0.0, 1.0
    )
    # A blocked ray sees skin instead, about as bright as this.
    around = around * reached[3] + wp.cw_mul(s.albedo, sky) * (0.28 * (1.0 - reached[3]))
    light = wp.cw_mul(s.albedo, sky + wp.cw_mul(key, lamp.colour)) * (0.31830989 * (1.0 - mirror))
    return light + around * (mirror * seen) + lamp.colour * shine


@no_type_check
@wp.func
def shade(stage: Stage, key: wp.uint64, x: int, y: int, reached: wp.vec4) -> wp.vec3:
    """Give the light that comes from what is seen at (x, y), in 1/256 pixel."""
    triangle = triangle_of(key)
    corner = corner_at(stage.surface, triangle, x, y)
    point = blend(stage.surface.vertices, stage.surface.triangles[triangle], corner.weights)
    level = level_of(stage.surface, triangle, stage.texels.size) + SHARPER
    if stage.surface.card[triangle] != wp.uint8(0):
        kind = wp.int32(class_at(stage.texels.classes, corner.uv))
        if kind == HAIR or kind == BROW or kind == LASH:
            s = look_up(stage.texels, corner.uv, level)
            f = frames_at(stage.surface, corner)
            v = wp.normalize(stage.eye - point)
            return strand(stage.lamp, s.albedo, f.normal, f.along_v, v, reached)
    return skin(stage, corner, point, reached, level)


@no_type_check
def _lamp(light: Light, device: str) -> Lamp:
    """Bring a light to the device."""
    out = Lamp()
    even, linear, cross, polar, sector = BASIS
    sh = light.sh.astype(np.float64)
    out.even = wp.vec3(*(even * sh[0]).tolist())
    out.linear = wp.mat33(*(linear * sh[[3, 1, 2]].T).ravel().tolist())
    out.cross = wp.mat33(*(cross * sh[[4, 5, 7]].T).ravel().tolist())
    out.polar = wp.vec3(*(polar * sh[6]).tolist())
    out.sector = wp.vec3(*(sector * sh[8]).tolist())
    out.direction = wp.vec3(*light.key_direction.tolist())
    out.colour = wp.vec3(*light.key_colour.tolist())
    out.size = light.key_size
    out.rotation = light.rotation
    out.rows, out.columns = (0, 0) if light.panorama is None else PANORAMA
    small = np.zeros((1, 3), np.float32)
    if light.panorama is not None:
        small = cv2.resize(light.panorama, PANORAMA[::-1], interpolation=cv2.INTER_AREA)
    out.panorama = put(small.reshape(-1, 3), wp.vec3, device)
    return out


@no_type_check
def stage(posed: Posed, material: Material, light: Light, eye: np.ndarray) -> Stage:
    """Gather what the shading kernel needs; `eye` is the camera's position."""
    out = Stage()
    out.view, out.surface = posed.view, posed.surface
    out.lamp = _lamp(light, posed.device)
    out.eye = wp.vec3(*eye.tolist())
    texels = Texels()
    texels.albedo, texels.detail = material.albedo, material.detail
    texels.classes, texels.decode = material.classes, material.decode
    texels.size, texels.levels = material.size, material.levels
    out.texels = texels
    return out
