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
@wp.struct
class Edges:
    """The edge functions of a triangle, one opposite each corner, above 0 inside.

    At (x, y), in 1/256 pixel, they are across · x + down · y + rest. Half of the edges own the
    samples that lie on them; `owned` is 0 for those, -1 for the rest. `most` is the most that a
    function grows from a pixel's corner to a sample. `area` is twice the triangle's, `nearness`
    what each corner's function adds to the inverse depth. `area` 0: nothing to draw.
    """

    across: wp.vec3l
    down: wp.vec3l
    rest: wp.vec3l
    owned: wp.vec3l
    most: wp.vec3l
    area: wp.int64
    nearness: wp.vec3d


@no_type_check
@wp.func
def edges_of(surface: Surface, index: wp.vec3i, card: bool) -> Edges:
    """Give the edge functions of a triangle that can be seen."""
    out = Edges()
    a = surface.screen[index[0]]
    b = surface.screen[index[1]]
    c = surface.screen[index[2]]
    ax = wp.vec3l(wp.int64(a[0]), wp.int64(b[0]), wp.int64(c[0]))
    ay = wp.vec3l(wp.int64(a[1]), wp.int64(b[1]), wp.int64(c[1]))
    out.across = wp.vec3l(ay[1] - ay[2], ay[2] - ay[0], ay[0] - ay[1])
    out.down = wp.vec3l(ax[2] - ax[1], ax[0] - ax[2], ax[1] - ax[0])
    area = out.down[2] * out.across[1] - out.down[1] * out.across[2]
    if area > wp.int64(0) and not card:
        return out  # seen from behind
    if area < wp.int64(0):
        area = -area
        out.across = -out.across
        out.down = -out.down
    z = wp.vec3d()
    far = wp.int64(224)
    zero = wp.int64(0)
    for i in range(3):
        across = out.across[i]
        down = out.down[i]
        out.rest[i] = -across * ax[(i + 1) % 3] - down * ay[(i + 1) % 3]
        out.owned[i] = wp.int64(-1)
        if across > zero or (across == zero and down > zero):
            out.owned[i] = zero
        out.most[i] = wp.max(across * far, zero) + wp.max(down * far, zero)
        z[i] = wp.float64(surface.inverse_depth[index[i]])
    if area > zero and wp.min(z[0], wp.min(z[1], z[2])) > wp.float64(0.0):
        out.area = area
        out.nearness = z / wp.float64(area)
    return out


@no_type_check
@wp.func
def bounds(view: View, surface: Surface, index: wp.vec3i) -> wp.vec4i:
    """Give the first and last column, then row, whose samples a triangle may cover."""
    a = surface.screen[index[0]]
    b = surface.screen[index[1]]
    c = surface.screen[index[2]]
    low = wp.min(a, wp.min(b, c))
    high = wp.max(a, wp.max(b, c))
    return wp.vec4i(
        wp.max((low[0] + 31) >> 8, 0),
        wp.min((high[0] - 32) >> 8, view.width - 1),
        wp.max((low[1] + 31) >> 8, 0),
        wp.min((high[1] - 32) >> 8, view.height - 1),
    )


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
    box = bounds(view, surface, index)
    if box[0] > box[1] or box[2] > box[3]:
        return
    card = surface.card[triangle] != wp.uint8(0)
    e = edges_of(surface, index, card)
    if e.area == wp.int64(0):
        return
    shape = Card()
    if card:
        # Half of twice the area, of 256² steps a pixel, and four samples a pixel.
        shape = card_of(surface, triangle, size, wp.float64(e.area) / wp.float64(32768.0))
    for y in range(box[2], box[3] + 1):
        at = e.across * wp.int64(box[0] * 256) + e.down * wp.int64(y * 256) + e.rest
        for x in range(box[0], box[1] + 1):
            best = at + e.most
            if (best[0] | best[1] | best[2]) >= wp.int64(0):
                pixel = y * view.width + x
                begin = wp.int32(0)
                if card:
                    begin = start(triangle, pixel)
                for sample in range(5):
                    dx = wp.int64(offset_x(sample))
                    w = at + e.across * dx + e.down * wp.int64(offset_y(sample))
                    inside = w + e.owned
                    if (inside[0] | inside[1] | inside[2]) >= wp.int64(0):
                        pa = wp.float64(w[0]) * e.nearness[0]
                        pb = wp.float64(w[1]) * e.nearness[1]
                        pc = wp.float64(w[2]) * e.nearness[2]
                        key = nearness(pa + pb + pc) | wp.uint64(triangle)
                        shown = key < keys[pixel * SAMPLES + sample]
                        if shown and card:
                            needed = wp.int32(127)
                            if sample < 4:
                                needed = threshold(begin, sample)
                            shown = alpha(shape, albedo, pa, pb, pc) > needed
                        if shown:
                            wp.atomic_min(keys, pixel * SAMPLES + sample, key)
            at += e.across * wp.int64(256)


def visible(posed: Posed, albedo: wp.array, size: int) -> wp.array:
    """Give the key of every sample, flat: pixel after pixel, `SAMPLES` each.

    `albedo` is the pyramid of an atlas of size², asked where cards are seen.
    """
    samples = posed.view.width * posed.view.height * SAMPLES
    keys = wp.full(samples, value=EMPTY, dtype=wp.uint64, device=posed.device)
    inputs = [posed.view, posed.surface, albedo, size, keys]
    wp.launch(rasterise, dim=posed.triangles, inputs=inputs, device=posed.device)
    return keys
