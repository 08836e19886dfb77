"""Whether pixels see nothing but what lies close to the plane of one triangle."""

from typing import no_type_check

import warp as wp

from render.surface import Surface, View, offset_x, offset_y


@no_type_check
@wp.struct
class Plane:
    """The plane of a triangle in camera axes, by places in the picture.

    What a sample of the pixel at (x, y) sees at depth z lies before the plane by
    z · (x · across + y · down + samples) - away. Up to `apart` it is the same surface.
    """

    across: wp.float32
    down: wp.float32
    samples: wp.vec4
    away: wp.float32
    apart: wp.float32


@no_type_check
@wp.func
def plane_of(view: View, normal: wp.vec3, away: wp.float32) -> Plane:
    """Give the plane with this unit normal, whose points have the product `away` with it."""
    out = Plane()
    out.across = normal[0] / wp.float32(view.focal[0])
    out.down = normal[1] / wp.float32(view.focal[1])
    out.away = away
    for sample in range(4):
        x = wp.float32(offset_x(sample)) / 256.0 - wp.float32(view.centre[0])
        y = wp.float32(offset_y(sample)) / 256.0 - wp.float32(view.centre[1])
        out.samples[sample] = normal[2] + out.across * x + out.down * y
    return out


@no_type_check
@wp.func
def on_plane(plane: Plane, depths: wp.vec4, x: int, y: int) -> bool:
    """Tell whether all that a pixel sees lies close to a plane."""
    here = plane.across * wp.float32(x) + plane.down * wp.float32(y)
    low = wp.float32(0.0)
    high = wp.float32(0.0)
    for sample in range(4):
        front = depths[sample] * (here + plane.samples[sample]) - plane.away
        low = wp.min(low, front)
        high = wp.max(high, front)
    return low > -plane.apart and high < plane.apart


@no_type_check
@wp.func
def around(surface: Surface, index: wp.vec3i) -> wp.vec4i:
    """Give the first and last column, then row, that a triangle's texels may be read from."""
    a = surface.screen[index[0]]
    b = surface.screen[index[1]]
    c = surface.screen[index[2]]
    # Corners were rounded to 1/256 pixel; half a pixel is 128.
    low = wp.min(a, wp.min(b, c)) - wp.vec2i(129, 129)
    high = wp.max(a, wp.max(b, c)) - wp.vec2i(127, 127)
    return wp.vec4i(low[0] >> 8, (high[0] >> 8) + 1, low[1] >> 8, (high[1] >> 8) + 1)


@no_type_check
@wp.func
def survey(view: View, plane: Plane, depths: wp.array[wp.vec4], box: wp.vec4i) -> wp.vec2i:
    """Count the pixels of a box, and those that see nothing but what lies close to a plane."""
    asked = wp.int32(0)
    good = wp.int32(0)
    for y in range(wp.max(box[2], 0), wp.min(box[3] + 1, view.height)):
        for x in range(wp.max(box[0], 0), wp.min(box[1] + 1, view.width)):
            asked += 1
            if on_plane(plane, depths[y * view.width + x], x, y):
                good += 1
    return wp.vec2i(asked, good)
