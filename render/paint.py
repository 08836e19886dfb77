"""The picture in linear light: covered pixels only, once a pixel, at edges once a surface in it.

An edge pixel is one whose samples see different surfaces: background or not, a card, a jump of
depth, another chart of the atlas. There each surface is shaded for itself and weighs as many
samples as it covers, and so does the background. Wet eyes are shaded at every sample, or their
highlight would crawl.
"""

from typing import no_type_check

import numpy as np
import warp as wp

from assets.classes import CLASSES
from render.device import empty, put
from render.eye import eye_chart
from render.maps import Maps
from render.raster import depth_of, triangle_of
from render.shade import Stage, shade
from render.surface import CENTRE, SAMPLES, View, offset_x, offset_y

SCLERA = CLASSES["sclera"]
IRIS = CLASSES["iris"]


@no_type_check
@wp.func
def same_surface(stage: Stage, a: wp.uint64, b: wp.uint64) -> bool:
    """Tell whether two samples of a pixel may share one shade."""
    if a == b:
        return True
    ta = triangle_of(a)
    tb = triangle_of(b)
    if ta == tb:
        return True
    if ta < 0 or tb < 0:
        return False
    surface = stage.surface
    if surface.card[ta] != wp.uint8(0) or surface.card[tb] != wp.uint8(0):
        return False
    za = depth_of(a)
    if wp.abs(depth_of(b) - za) > 0.0006 + 2.0 * za / wp.float32(stage.view.focal[0]):
        return False
    fa = surface.uv_triangles[ta]
    fb = surface.uv_triangles[tb]
    apart = surface.uv[fa[0]] - surface.uv[fb[0]]
    if wp.abs(apart[0]) + wp.abs(apart[1]) < 0.03:
        return True
    # Large triangles side by side in one chart share a corner.
    shared = wp.bool(False)
    for i in range(3):
        shared = shared or fa[i] == fb[0] or fa[i] == fb[1] or fa[i] == fb[2]
    return shared


@no_type_check
@wp.func
def is_eye(maps: Maps, pixel: int) -> bool:
    """Tell whether the centre of a pixel sees an eyeball."""
    kind = wp.int32(maps.classes[pixel])
    return kind == SCLERA or kind == IRIS


@no_type_check
@wp.func
def reached_at(
    view: View, soft: wp.array[wp.vec4], maps: Maps, x: int, y: int, z: wp.float32, wet: bool
) -> wp.vec4:
    """Give what reaches the surface at depth `z`, from the nearest pixel that shows it.

    Lids lie on an eye: what is `wet` takes after eyes, what is not after what is none.
    """
    own = maps.depth[y * view.width + x]
    if own > 0.0 and wp.abs(own - z) < 0.0007 and is_eye(maps, y * view.width + x) == wet:
        return soft[y * view.width + x]
    best = wp.float32(1.0e9)
    out = wp.vec4(1.0, 1.0, 1.0, 1.0)
    for dy in range(-1, 2):
        for dx in range(-1, 2):
            px = wp.clamp(x + dx, 0, view.width - 1)
            py = wp.clamp(y + dy, 0, view.height - 1)
            there = maps.depth[py * view.width + px]
            if there > 0.0:
                cost = wp.abs(there - z) + 0.0003 * wp.float32(wp.abs(dx) + wp.abs(dy))
                if is_eye(maps, py * view.width + px) != wet:
                    cost += 0.01
                if cost < best:
                    best = cost
                    out = soft[py * view.width + px]
    return out


@no_type_check
@wp.kernel(enable_backward=False)
def paint(
    stage: Stage,
    keys: wp.array[wp.uint64],
    maps: Maps,
    soft: wp.array[wp.vec4],
    background: wp.array[wp.vec3],
    light: wp.array[wp.vec3],
):
    """Write the linear light of one pixel."""
    pixel = wp.tid()
    first = pixel * SAMPLES
    x = pixel % stage.view.width
    y = pixel / stage.view.width
    centre = keys[first + CENTRE]
    wet = is_eye(maps, pixel)
    even = not wet
    for sample in range(4):
        even = even and same_surface(stage, keys[first + sample], centre)
    # One loop for both kinds of pixel, so that all of the shading stands in the kernel once: a
    # call would copy the whole stage.
    sample = wp.where(even, CENTRE, 0)
    last = wp.where(even, CENTRE, 3)
    total = wp.vec3(0.0, 0.0, 0.0)
    done = wp.int32(0)
    while sample <= last:
        key = keys[first + sample]
        if (done >> sample) & 1 == 0:
            weight = wp.where(even, 4.0, 1.0)
            for other in range(sample + 1, 4):
                free = (done >> other) & 1 == 0 and not wet
                if free and same_surface(stage, key, keys[first + other]):
                    weight += 1.0
                    done = done | (1 << other)
            if triangle_of(key) >= 0:
                px = x * 256 + offset_x(sample)
                py = y * 256 + offset_y(sample)
                flat = stage.surface.uv_triangles[triangle_of(key)]
                ball = eye_chart(stage.surface.uv[flat[0]]) > 0
                reached = reached_at(stage.view, soft, maps, x, y, depth_of(key), ball)
                total += weight * shade(stage, key, px, py, reached)
            else:
                total += weight * background[pixel]
        sample += 1
    light[pixel] = total * 0.25


@no_type_check
def shaded(
    on: Stage, maps: Maps, keys: wp.array, soft: wp.array, background: np.ndarray
) -> wp.array:
    """Give the picture in linear light, a vector a pixel; `soft` is from `render.occlusion`."""
    device = str(keys.device)
    behind = put(background.reshape(-1, 3), wp.vec3, device)
    light = empty(len(behind), wp.vec3, device)
    inputs = [on, keys, maps, soft, behind, light]
    wp.launch(paint, dim=len(behind), inputs=inputs, device=device)
    return light
