"""The key light's shadow: a depth map along its direction, and how much of it a place sees.

The map is orthographic and covers what the picture can show. It holds, a texel, how far along the
light the first surface stands (the smaller, the nearer to the light), cards as thin as their
alpha says (`render.card`).
"""

from functools import cache
from typing import no_type_check

import numpy as np
import warp as wp

from render.card import Card, alpha, card_of, start, threshold
from render.device import put
from render.light import Light
from render.material import Material
from render.surface import Posed, Surface, View, pixel_ray

SIDE = 512
"""Side of the map; over a head and its shoulders a texel is about a millimetre."""

LIT = 1e9
"""Along the light where nothing stands."""

STRIDE = 4
MARGIN = 0.015
"""The map is laid over every fourth pixel of the picture, and this much (m) beyond."""

BIAS = 0.0012
"""How far (m) a place is moved towards the light and along its normal before it is compared."""


@no_type_check
@wp.struct
class Shadow:
    """A shadow map; `across` and `up` span it, `along` points away from the light.

    `disk`: for each of 16 turns, 4 places on a unit disk and then 7.
    """

    across: wp.vec3
    up: wp.vec3
    along: wp.vec3
    corner: wp.vec2
    scale: wp.float32
    size: int
    spread: wp.float32
    depth: wp.array[wp.float32]
    disk: wp.array[wp.vec2]


@no_type_check
@wp.func
def place(shadow: Shadow, point: wp.vec3) -> wp.vec3:
    """Give the texel position of a point and its distance along the light."""
    x = (wp.dot(point, shadow.across) - shadow.corner[0]) * shadow.scale
    y = (wp.dot(point, shadow.up) - shadow.corner[1]) * shadow.scale
    return wp.vec3(x, y, wp.dot(point, shadow.along))


@no_type_check
@wp.kernel(enable_backward=False)
def measure(
    view: View,
    shadow: Shadow,
    eye: wp.vec3,
    depth: wp.array[wp.float32],
    bounds: wp.array[wp.float32],
):
    """Widen the bounds (least, then negated greatest) by what one pixel sees."""
    row, column = wp.tid()
    z = depth[row * STRIDE * view.width + column * STRIDE]
    if z == 0.0:
        return
    x = wp.float32(column * STRIDE) + 0.5
    y = wp.float32(row * STRIDE) + 0.5
    r = pixel_ray(view, x, y)
    ray = wp.transpose(view.rotation) * wp.vec3d(
        wp.float64(r[0]), wp.float64(r[1]), wp.float64(r[2])
    )
    point = eye + wp.vec3(wp.float32(ray[0]), wp.float32(ray[1]), wp.float32(ray[2])) * z
    across = wp.dot(point, shadow.across)
    up = wp.dot(point, shadow.up)
    wp.atomic_min(bounds, 0, across)
    wp.atomic_min(bounds, 1, up)
    wp.atomic_min(bounds, 2, -across)
    wp.atomic_min(bounds, 3, -up)


@no_type_check
@wp.kernel(enable_backward=False)
def cast(shadow: Shadow, surface: Surface, albedo: wp.array[wp.vec4ub], size: int):
    """Draw one triangle into the map; what turns away from the light is left out, cards are not."""
    triangle = wp.tid()
    index = surface.triangles[triangle]
    a = place(shadow, surface.vertices[index[0]])
    b = place(shadow, surface.vertices[index[1]])
    c = place(shadow, surface.vertices[index[2]])
    left = wp.max(wp.int32(wp.ceil(wp.min(a[0], wp.min(b[0], c[0])) - 0.5)), 0)
    right = wp.min(wp.int32(wp.floor(wp.max(a[0], wp.max(b[0], c[0])) - 0.5)), shadow.size - 1)
    low = wp.max(wp.int32(wp.ceil(wp.min(a[1], wp.min(b[1], c[1])) - 0.5)), 0)
    high = wp.min(wp.int32(wp.floor(wp.max(a[1], wp.max(b[1], c[1])) - 0.5)), shadow.size - 1)
    if left > right or low > high:
        return
    area = (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])
    card = surface.card[triangle] != wp.uint8(0)
    if area == 0.0 or (area > 0.0 and not card):
        return
    shape = Card()
    if card:
        shape = card_of(surface, triangle, size, wp.float64(wp.abs(area) * 0.5))
    inverse = 1.0 / area
    across_a = (b[1] - c[1]) * inverse
    across_b = (c[1] - a[1]) * inverse
    up_a = (c[0] - b[0]) * inverse
    up_b = (a[0] - c[0]) * inverse
    for row in range(low, high + 1):
        y = wp.float32(row) + 0.5
        rest_a = up_a * (y - b[1])
        rest_b = up_b * (y - c[1])
        for column in range(left, right + 1):
            x = wp.float32(column) + 0.5
            wa = across_a * (x - b[0]) + rest_a
            wb = across_b * (x - c[0]) + rest_b
            wc = 1.0 - wa - wb
            if wa >= 0.0 and wb >= 0.0 and wc >= 0.0:
                depth = wa * a[2] + wb * b[2] + wc * c[2]
                shown = depth < shadow.depth[row * shadow.size + column]
                if shown and card:
                    needed = threshold(start(triangle, row * shadow.size + column), 0)
                    opaque = alpha(shape, albedo, wp.float64(wa), wp.float64(wb), wp.float64(wc))
                    shown = opaque > needed
                if shown:
                    wp.atomic_min(shadow.depth, row * shadow.size + column, depth)


@no_type_check
@wp.func
def stored(shadow: Shadow, x: wp.float32, y: wp.float32) -> wp.float32:
    """Give what stands first at a texel position, `LIT` outside the map."""
    column = wp.int32(wp.floor(x))
    row = wp.int32(wp.floor(y))
    if column < 0 or row < 0 or column >= shadow.size or row >= shadow.size:
        return LIT
    return shadow.depth[row * shadow.size + column]


@no_type_check
@wp.func
def lit(shadow: Shadow, point: wp.vec3, normal: wp.vec3, turn: int) -> wp.float32:
    """Give the share (0–1) of the key light that a place sees.

    Seven places on a disk as wide as the penumbra, which grows with the distance of what blocks
    the light; `turn` (0–15) is another one for each pixel nearby.
    """
    moved = point + normal * BIAS - shadow.along * BIAS
    at = place(shadow, moved)
    reach = wp.min(shadow.spread * 0.08, 0.03) * shadow.scale + 1.0
    distance = wp.float32(0.0)
    blockers = wp.float32(0.0)
    for tap in range(4):
        offset = shadow.disk[turn * 11 + tap]
        first = stored(shadow, at[0] + reach * offset[0], at[1] + reach * offset[1])
        if first < at[2]:
            distance += at[2] - first
            blockers += 1.0
    if blockers == 0.0:
        return 1.0
    reach = wp.min(shadow.spread * distance / blockers, 0.03) * shadow.scale + 0.8
    seen = wp.float32(0.0)
    for tap in range(4, 11):
        offset = shadow.disk[turn * 11 + tap]
        first = stored(shadow, at[0] + reach * offset[0], at[1] + reach * offset[1])
        seen += wp.where(first < at[2], 0.0, 1.0)
    return seen / 7.0


@no_type_check
@wp.func
def thickness(shadow: Shadow, point: wp.vec3, normal: wp.vec3) -> wp.float32:
    """Give how much (m) of the surface the key light crosses to come to a place from behind."""
    at = place(shadow, point - normal * 0.0005)
    through = wp.float32(0.0)
    for i in range(2):
        for j in range(2):
            first = stored(shadow, at[0] + wp.float32(i) - 0.5, at[1] + wp.float32(j) - 0.5)
            through += wp.max(at[2] - first, 0.0) * 0.25
    return through


@cache
def _disk() -> np.ndarray:
    """Give Vogel's spiral on the unit disk in 16 turns: 4 places each, then 7."""
    turns = []
    for turn in np.arange(16) / 16 * 2 * np.pi:
        for taps in (4, 7):
            number = np.arange(taps)
            angle, radius = turn + 2.39996323 * number, np.sqrt((number + 0.5) / taps)
            turns.append(radius[:, None] * np.stack([np.cos(angle), np.sin(angle)], axis=1))
    return np.concatenate(turns).astype(np.float32)


def _axes(direction: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Give across, up and along for a light from this direction, right-handed."""
    along = -direction.astype(np.float64)
    helper = np.eye(3)[np.argmin(np.abs(along))]
    across = np.cross(helper, along)
    across /= np.sqrt((across * across).sum())
    return across, np.cross(along, across), along


@no_type_check
def shadow_map(
    posed: Posed, depth: wp.array, eye: np.ndarray, material: Material, light: Light
) -> Shadow:
    """Draw the map for one light; an empty one where there is no key light.

    It covers what the picture sees: `depth` is the picture's own, `eye` the camera's position.
    """
    out = Shadow()
    across, up, along = _axes(light.key_direction)
    out.across, out.up, out.along = (wp.vec3(*axis.tolist()) for axis in (across, up, along))
    out.size, out.spread = SIDE, float(np.tan(light.key_size))
    out.depth = wp.full(SIDE * SIDE, value=LIT, dtype=wp.float32, device=posed.device)
    out.disk = put(_disk(), wp.vec2, posed.device)
    out.scale = 1.0
    if not light.key_colour.any():
        return out
    bounds = wp.full(4, value=LIT, dtype=wp.float32, device=posed.device)
    rows, columns = -(-posed.view.height // STRIDE), -(-posed.view.width // STRIDE)
    inputs = [posed.view, out, wp.vec3(*eye.tolist()), depth, bounds]
    wp.launch(measure, dim=(rows, columns), inputs=inputs, device=posed.device)
    low_x, low_y, high_x, high_y = (bounds.numpy().astype(float) * (1, 1, -1, -1)).tolist()
    if low_x > high_x:
        return out
    side = max(high_x - low_x, high_y - low_y) + 2 * MARGIN
    out.corner = wp.vec2((low_x + high_x - side) / 2, (low_y + high_y - side) / 2)
    out.scale = SIDE / side
    inputs = [out, posed.surface, material.albedo, material.size]
    wp.launch(cast, dim=posed.triangles, inputs=inputs, device=posed.device)
    return out
