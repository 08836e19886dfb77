"""What reaches a pixel's surface: how open it is to the surroundings, and to the key light.

Ambient occlusion from the depth map, by the highest horizon in six directions (Bavoil & Sainz
2008), near enough for lids, lips and nostrils and far enough for the shade under nose and chin.
Directions and shadow taps turn with the place in a 4 x 4 block, and a second pass averages the
block within one surface, so that there is no noise.
"""

from typing import no_type_check

import warp as wp

from render.maps import Maps
from render.raster import triangle_of
from render.shadow import Shadow, lit, thickness
from render.surface import CENTRE, SAMPLES, Posed, Surface, View, blend, corner_at, pixel_ray

REACH = 0.07
"""What stands farther off than this (m) shades nothing."""


@no_type_check
@wp.func
def open_sky(
    view: View, depth: wp.array[wp.float32], x: int, y: int, n: wp.vec3, turn: wp.float32
) -> wp.float32:
    """Give the share (0–1) of the light of the surroundings that a pixel sees."""
    z = depth[y * view.width + x]
    ray = pixel_ray(view, wp.float32(x) + 0.5, wp.float32(y) + 0.5)
    here = wp.vec3(ray[0], -ray[1], -1.0) * z
    pixels = wp.float32(view.focal[0]) / z
    total = wp.float32(0.0)
    for direction in range(6):
        angle = (wp.float32(direction) + turn) * 1.04719755
        dx = wp.cos(angle)
        dy = wp.sin(angle)
        radius = 0.0016 * (1.0 + turn)
        horizon = wp.float32(0.0)
        for _step in range(4):
            px = wp.int32(wp.floor(wp.float32(x) + 0.5 + dx * wp.max(radius * pixels, 1.0)))
            py = wp.int32(wp.floor(wp.float32(y) + 0.5 + dy * wp.max(radius * pixels, 1.0)))
            if px >= 0 and py >= 0 and px < view.width and py < view.height:
                there = depth[py * view.width + px]
                if there > 0.0:
                    ray = pixel_ray(view, wp.float32(px) + 0.5, wp.float32(py) + 0.5)
                    apart = wp.vec3(ray[0], -ray[1], -1.0) * there - here
                    square = wp.dot(apart, apart)
                    rise = wp.dot(apart, n) / wp.sqrt(square) - 0.08
                    fall = 1.0 - square / (REACH * REACH)
                    horizon = wp.max(horizon, rise * fall)
            radius = radius * 2.6
        total += 1.0 - horizon * horizon
    return total / 6.0


@no_type_check
@wp.kernel(enable_backward=False)
def occlude(
    view: View,
    surface: Surface,
    shadow: Shadow,
    keys: wp.array[wp.uint64],
    depth: wp.array[wp.float32],
    normal: wp.array[wp.vec3],
    reached: wp.array[wp.vec3],
):
    """Write openness, share of the key light and thickness towards it for one pixel."""
    pixel = wp.tid()
    triangle = triangle_of(keys[pixel * SAMPLES + CENTRE])
    if triangle < 0:
        return
    x = pixel % view.width
    y = pixel / view.width
    turn = wp.float32((x % 4) * 4 + ((y % 4) * 7 + x / 2 % 2) % 4) / 16.0
    sky = open_sky(view, depth, x, y, normal[pixel], turn)
    corner = corner_at(surface, triangle, x * 256 + 128, y * 256 + 128)
    index = surface.triangles[triangle]
    point = blend(surface.vertices, index, corner.weights)
    n = wp.normalize(blend(surface.normals, index, corner.weights))
    facing = -wp.dot(n, shadow.along)
    share = wp.float32(0.0)
    through = wp.float32(1.0)
    if facing > -0.35:
        share = lit(shadow, point, n, turn * 6.2831853)
    if facing < 0.3:
        through = thickness(shadow, point, n)
    reached[pixel] = wp.vec3(sky, share, through)


@no_type_check
@wp.kernel(enable_backward=False)
def soften(
    view: View,
    depth: wp.array[wp.float32],
    normal: wp.array[wp.vec3],
    raw: wp.array[wp.vec3],
    soft: wp.array[wp.vec3],
):
    """Average a block of 4 x 4 pixels about one, within its surface."""
    pixel = wp.tid()
    z = depth[pixel]
    if z == 0.0:
        return
    x = pixel % view.width
    y = pixel / view.width
    n = normal[pixel]
    # A slope may change the depth across the block; more is another surface.
    step = z / wp.float32(view.focal[0])
    allowed = 0.0006 + 3.0 * step * wp.min(wp.sqrt(1.0 - n[2] * n[2]) / wp.max(n[2], 0.1), 6.0)
    total = raw[pixel]
    weight = wp.float32(1.0)
    for dy in range(-1, 3):
        for dx in range(-1, 3):
            px = x + dx
            py = y + dy
            if px >= 0 and py >= 0 and px < view.width and py < view.height:
                other = py * view.width + px
                if wp.abs(depth[other] - z) < allowed and wp.dot(normal[other], n) > 0.8:
                    total += raw[other]
                    weight += 1.0
    soft[pixel] = total / weight


def occlusion(posed: Posed, shadow: Shadow, keys: wp.array, maps: Maps) -> wp.array:
    """Give, a pixel: openness (0–1), share of the key light (0–1), thickness towards it (m)."""
    pixels = posed.view.width * posed.view.height
    raw = wp.empty(pixels, dtype=wp.vec3, device=posed.device)
    soft = wp.empty(pixels, dtype=wp.vec3, device=posed.device)
    inputs = [posed.view, posed.surface, shadow, keys, maps.depth, maps.normal, raw]
    wp.launch(occlude, dim=pixels, inputs=inputs, device=posed.device)
    inputs = [posed.view, maps.depth, maps.normal, raw, soft]
    wp.launch(soften, dim=pixels, inputs=inputs, device=posed.device)
    return soft
