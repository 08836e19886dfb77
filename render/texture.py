"""How kernels read an atlas: bilinear within a level of its pyramid, linear between two levels."""

from typing import no_type_check

import warp as wp

from render.surface import Surface


@no_type_check
@wp.struct
class Texels:
    """The pyramids of `render.material`."""

    albedo: wp.array[wp.vec4ub]
    detail: wp.array[wp.vec4ub]
    classes: wp.array[wp.uint8]
    decode: wp.array[wp.float32]
    size: int
    levels: int


@no_type_check
@wp.struct
class Sample:
    """What the atlas says about one place: linear albedo, tangent normal, roughness, scatter."""

    albedo: wp.vec3
    slope: wp.vec2
    roughness: wp.float32
    scatter: wp.float32


@no_type_check
@wp.func
def level_of(surface: Surface, triangle: int, size: int) -> wp.float32:
    """Give the level whose texels are as large as a pixel on this triangle, by its areas."""
    index = surface.triangles[triangle]
    a = surface.screen[index[0]]
    b = surface.screen[index[1]] - a
    c = surface.screen[index[2]] - a
    pixels = wp.abs(wp.float32(b[0]) * wp.float32(c[1]) - wp.float32(b[1]) * wp.float32(c[0]))
    flat = surface.uv_triangles[triangle]
    p = surface.uv[flat[0]]
    q = surface.uv[flat[1]] - p
    r = surface.uv[flat[2]] - p
    texels = wp.abs(q[0] * r[1] - q[1] * r[0]) * 65536.0 * wp.float32(size) * wp.float32(size)
    return 0.5 * wp.log2(wp.max(texels, 1.0e-12) / wp.max(pixels, 1.0e-6))


@no_type_check
@wp.func
def texel(t: Texels, at: int, weight: wp.float32, into: Sample) -> Sample:
    """Add one texel."""
    a = t.albedo[at]
    d = t.detail[at]
    into.albedo = into.albedo + weight * wp.vec3(
        t.decode[wp.int32(a[0])], t.decode[wp.int32(a[1])], t.decode[wp.int32(a[2])]
    )
    into.slope = into.slope + weight * wp.vec2(wp.float32(d[0]), wp.float32(d[1]))
    into.roughness = into.roughness + weight * wp.float32(d[2])
    into.scatter = into.scatter + weight * wp.float32(d[3])
    return into


@no_type_check
@wp.func
def bilinear(t: Texels, uv: wp.vec2, level: int, share: wp.float32, into: Sample) -> Sample:
    """Add the four texels round a place of one level."""
    side = t.size >> level
    first = 4 * (t.size * t.size - side * side) / 3
    x = uv[0] * wp.float32(side) - 0.5
    y = (1.0 - uv[1]) * wp.float32(side) - 0.5
    column = wp.int32(wp.floor(x))
    row = wp.int32(wp.floor(y))
    fx = x - wp.float32(column)
    fy = y - wp.float32(row)
    left = wp.clamp(column, 0, side - 1)
    right = wp.clamp(column + 1, 0, side - 1)
    top = first + wp.clamp(row, 0, side - 1) * side
    bottom = first + wp.clamp(row + 1, 0, side - 1) * side
    into = texel(t, top + left, share * (1.0 - fx) * (1.0 - fy), into)
    into = texel(t, top + right, share * fx * (1.0 - fy), into)
    into = texel(t, bottom + left, share * (1.0 - fx) * fy, into)
    into = texel(t, bottom + right, share * fx * fy, into)
    return into


@no_type_check
@wp.func
def look_up(t: Texels, uv: wp.vec2, level: wp.float32) -> Sample:
    """Give what the atlas says at a place, filtered for a level (a fraction)."""
    wanted = wp.clamp(level, 0.0, wp.float32(t.levels - 1))
    low = wp.int32(wp.floor(wanted))
    # Blended over the middle half only: elsewhere one level does, for half the price.
    part = wp.clamp(2.0 * (wanted - wp.float32(low)) - 0.5, 0.0, 1.0)
    out = Sample()
    if part < 1.0:
        out = bilinear(t, uv, low, 1.0 - part, out)
    if part > 0.0:
        out = bilinear(t, uv, low + 1, part, out)
    out.slope = out.slope / 127.5 - wp.vec2(1.0, 1.0)
    out.roughness = out.roughness / 255.0
    out.scatter = out.scatter / 255.0
    return out
