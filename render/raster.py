"""Which triangle is seen first at each sample: a rasteriser in one kernel for CPU and CUDA.

A sample's key is 64 bits wide: the nearness in the upper half, the triangle in the lower, and the
smallest key wins by an atomic minimum, so the order of the triangles does not matter. Coverage is
exact integer arithmetic; a sample on the edge of two triangles belongs to one of them. A triangle
with a corner nearer than `camera.NEAR` is left out. `raster_twin` is the readable twin.
"""

from typing import no_type_check

import warp as wp

from render.card import Card, alpha, card_of, start, threshold
from render.surface import SAMPLES, Posed, Surface, View, offset_x, offset_y

EMPTY = 2**64 - 1
"""The key of a sample that sees nothing."""


@no_type_check
@wp.func
def nearness(inverse_depth: wp.float64) -> wp.uint64:
    """Give a number that is smaller the nearer: the bits of the inverse depth, turned round."""
    bits = wp.cast(wp.float32(inverse_depth), wp.uint32)
    return wp.uint64(~bits) << wp.uint64(32)


@no_type_check
@wp.func
def depth_of(key: wp.uint64) -> wp.float32:
    """Give the depth (m) of a key that is not empty."""
    bits = ~wp.uint32(key >> wp.uint64(32))
    return 1.0 / wp.cast(bits, wp.float32)


@no_type_check
@wp.func
def triangle_of(key: wp.uint64) -> int:
    """Give the triangle of a key, -1 where it is empty."""
    return wp.int32(wp.uint32(key))


@no_type_check
@wp.func
def bias(a: wp.int64, b: wp.int64) -> wp.int64:
    """Give -1 where a sample on this edge belongs to the triangle beyond it, else 0."""
    if a > wp.int64(0) or (a == wp.int64(0) and b > wp.int64(0)):
        return wp.int64(0)
    return wp.int64(-1)


@no_type_check
@wp.func
def reach(across: wp.int64, down: wp.int64) -> wp.int64:
    """Give the most that an edge function grows from a pixel's corner to one of its samples."""
    far = wp.int64(224)
    zero = wp.int64(0)
    return wp.max(across * far, zero) + wp.max(down * far, zero)


@no_type_check
@wp.kernel(enable_backward=False)
def rasterise(
    view: View,
    surface: Surface,
    albedo: wp.array[wp.vec4ub],
    size: int,
    keys: wp.array[wp.uint64],
):
    """Draw one triangle into the keys."""
    triangle = wp.tid()
    index = surface.triangles[triangle]
    za = wp.float64(surface.inverse_depth[index[0]])
    zb = wp.float64(surface.inverse_depth[index[1]])
    zc = wp.float64(surface.inverse_depth[index[2]])
    zero = wp.float64(0.0)
    if za <= zero or zb <= zero or zc <= zero:
        return
    a = surface.screen[index[0]]
    b = surface.screen[index[1]]
    c = surface.screen[index[2]]
    left = wp.max((wp.min(a[0], wp.min(b[0], c[0])) + 31) >> 8, 0)
    right = wp.min((wp.max(a[0], wp.max(b[0], c[0])) - 32) >> 8, view.width - 1)
    top = wp.max((wp.min(a[1], wp.min(b[1], c[1])) + 31) >> 8, 0)
    bottom = wp.min((wp.max(a[1], wp.max(b[1], c[1])) - 32) >> 8, view.height - 1)
    if left > right or top > bottom:
        return
    # Edge functions: e(x, y) = across·x + down·y + rest, above 0 inside.
    across_a = wp.int64(b[1] - c[1])
    across_b = wp.int64(c[1] - a[1])
    across_c = wp.int64(a[1] - b[1])
    down_a = wp.int64(c[0] - b[0])
    down_b = wp.int64(a[0] - c[0])
    down_c = wp.int64(b[0] - a[0])
    area = down_c * across_b - down_b * across_c
    card = surface.card[triangle] != wp.uint8(0)
    if area == wp.int64(0) or (area > wp.int64(0) and not card):
        return
    if area < wp.int64(0):
        area = -area
        across_a = -across_a
        across_b = -across_b
        across_c = -across_c
        down_a = -down_a
        down_b = -down_b
        down_c = -down_c
    inverse = wp.float64(1.0) / wp.float64(area)
    za = za * inverse
    zb = zb * inverse
    zc = zc * inverse
    bias_a = bias(across_a, down_a)
    bias_b = bias(across_b, down_b)
    bias_c = bias(across_c, down_c)
    shape = Card()
    if card:
        # Half the area, of 256 steps a side, and four samples a pixel.
        shape = card_of(surface, triangle, size, wp.float64(area) / wp.float64(32768.0))
    # The most that a sample of a pixel may have more than its corner: below it, none is inside.
    most_a = reach(across_a, down_a)
    most_b = reach(across_b, down_b)
    most_c = reach(across_c, down_c)
    for y in range(top, bottom + 1):
        px = wp.int64(left * 256)
        py = wp.int64(y * 256)
        ea = across_a * (px - wp.int64(b[0])) + down_a * (py - wp.int64(b[1]))
        eb = across_b * (px - wp.int64(c[0])) + down_b * (py - wp.int64(c[1]))
        ec = across_c * (px - wp.int64(a[0])) + down_c * (py - wp.int64(a[1]))
        for x in range(left, right + 1):
            near = ((ea + most_a) | (eb + most_b) | (ec + most_c)) >= wp.int64(0)
            pixel = y * view.width + x
            first = pixel * SAMPLES
            begin = wp.int32(0)
            if near and card:
                begin = start(triangle, pixel)
            for sample in range(5):
                if near:
                    dx = wp.int64(offset_x(sample))
                    dy = wp.int64(offset_y(sample))
                    wa = ea + across_a * dx + down_a * dy
                    wb = eb + across_b * dx + down_b * dy
                    wc = ec + across_c * dx + down_c * dy
                    if ((wa + bias_a) | (wb + bias_b) | (wc + bias_c)) >= wp.int64(0):
                        pa = wp.float64(wa) * za
                        pb = wp.float64(wb) * zb
                        pc = wp.float64(wc) * zc
                        key = nearness(pa + pb + pc) | wp.uint64(triangle)
                        shown = key < keys[first + sample]
                        if shown and card:
                            needed = wp.int32(127)
                            if sample < 4:
                                needed = threshold(begin, sample)
                            shown = alpha(shape, albedo, pa, pb, pc) > needed
                        if shown:
                            wp.atomic_min(keys, first + sample, key)
            ea += across_a * wp.int64(256)
            eb += across_b * wp.int64(256)
            ec += across_c * wp.int64(256)


def visible(posed: Posed, albedo: wp.array, size: int) -> wp.array:
    """Give the key of every sample, flat: pixel after pixel, `SAMPLES` each.

    `albedo` is the pyramid of an atlas of size², asked where cards are seen.
    """
    samples = posed.view.width * posed.view.height * SAMPLES
    keys = wp.full(samples, value=EMPTY, dtype=wp.uint64, device=posed.device)
    inputs = [posed.view, posed.surface, albedo, size, keys]
    wp.launch(rasterise, dim=posed.triangles, inputs=inputs, device=posed.device)
    return keys
