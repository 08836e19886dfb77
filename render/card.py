"""What a card (hair, a lash, cloth) hides: its alpha, spread over the samples of a pixel.

Alpha is read at the level of the pyramid whose texels are as large as a sample's share of the
picture. A sample is hidden where alpha exceeds its threshold: 127 at the pixel's centre, which the
maps are read from; the other four share out 0 to 254 evenly, from a start that a hash of triangle
and pixel gives. So a strand of a third of a pixel hides a third of it, cards that lie over each
other hide more, and no order matters (stochastic transparency, Enderton et al. 2010).
"""

from typing import no_type_check

import warp as wp

from render.surface import Surface


@no_type_check
@wp.struct
class Card:
    """A triangle of a card: its corners in texels of one level, and where that level begins."""

    columns: wp.vec3d
    rows: wp.vec3d
    side: int
    first: int


@no_type_check
@wp.func
def card_of(surface: Surface, triangle: int, size: int, samples: wp.float64) -> Card:
    """Give a triangle that covers so many samples of the picture, of an atlas of this size."""
    flat = surface.uv_triangles[triangle]
    a = surface.uv[flat[0]]
    b = surface.uv[flat[1]]
    c = surface.uv[flat[2]]
    one = wp.float64(1.0)
    u = wp.vec3d(wp.float64(a[0]), wp.float64(b[0]), wp.float64(c[0]))
    v = wp.vec3d(one - wp.float64(a[1]), one - wp.float64(b[1]), one - wp.float64(c[1]))
    twice = (u[1] - u[0]) * (v[2] - v[0]) - (v[1] - v[0]) * (u[2] - u[0])
    # A level has a quarter of the texels of the one before; stop at twice as many as samples.
    spare = wp.abs(twice) * wp.float64(0.5) * wp.float64(size) * wp.float64(size)
    out = Card()
    out.side = size
    while spare > samples * wp.float64(2.0) and out.side > 1:
        spare = spare * wp.float64(0.25)
        out.side = out.side / 2
    out.first = 4 * (size * size - out.side * out.side) / 3
    out.columns = u * wp.float64(out.side)
    out.rows = v * wp.float64(out.side)
    return out


@no_type_check
@wp.func
def start(triangle: int, pixel: int) -> int:
    """Give a number from 0 to 255 that triangle and pixel decide."""
    mixed = wp.uint32(triangle) * wp.uint32(747796405) + wp.uint32(pixel) * wp.uint32(277803737)
    mixed = (mixed ^ (mixed >> wp.uint32(15))) * wp.uint32(739183537)
    return wp.int32((mixed ^ (mixed >> wp.uint32(16))) & wp.uint32(255))


@no_type_check
@wp.func
def threshold(start: int, sample: int) -> int:
    """Give what alpha must exceed at one of four samples; opaque always does."""
    return wp.min((start + 64 * sample) & 255, 254)


@no_type_check
@wp.func
def alpha(
    card: Card, albedo: wp.array[wp.vec4ub], a: wp.float64, b: wp.float64, c: wp.float64
) -> int:
    """Give the alpha of the nearest texel where the corners have these (perspective) weights."""
    inverse = wp.float64(1.0) / (a + b + c)
    u = (card.columns[0] * a + card.columns[1] * b + card.columns[2] * c) * inverse
    v = (card.rows[0] * a + card.rows[1] * b + card.rows[2] * c) * inverse
    column = wp.clamp(wp.int32(u), 0, card.side - 1)
    row = wp.clamp(wp.int32(v), 0, card.side - 1)
    return wp.int32(albedo[card.first + row * card.side + column][3])
