"""The seen of a chart of the atlas laid over a filler, texel by texel, and written as bytes.

Where the seen ends its mirror image goes on, and where that ends the filler; each has a gain that
varies smoothly. Blocks and rows are those of `render.blend`.
"""

from typing import no_type_check

import warp as wp

from render.blend import Grid, Shares, colour_at, colour_row, offset, ramp, share_at, share_row

OWN, BOTH, SEEN = 0, 1, 2
"""What a block is made of: the filler only, both, only the seen."""


@no_type_check
@wp.struct
class Layers:
    """What a texel is made of.

    `light` and `weight` (cosine) are the seen, trusted from `low` to `high`; `own` is sRGB of the
    filler; `keep` is 255 where the seen may stand and 0 where only the filler does. By block:
    `sure`, 0 to 1, is 0 at edges of the seen; gains of the seen, its mirror image and the filler.
    """

    light: wp.array2d[wp.vec3]
    weight: wp.array2d[wp.float32]
    low: wp.float32
    high: wp.float32
    keep: wp.array2d[wp.uint8]
    own: wp.array2d[wp.vec3ub]
    decode: wp.array[wp.float32]
    sure: wp.array2d[wp.float32]
    kind: wp.array2d[wp.uint8]
    seen_gain: wp.array2d[wp.vec3]
    mirror_gain: wp.array2d[wp.vec3]
    own_gain: wp.array2d[wp.vec3]


@no_type_check
@wp.func
def trusted(on: Layers, row: int, column: int, edge: Shares, away: wp.float32) -> wp.float32:
    """Give how much of the seen stands at a texel."""
    share = ramp(on.weight[row, column], on.low, on.high) * wp.float32(on.keep[row, column])
    if share > 0.0:
        share *= share_at(edge, away) / 255.0
    return share


@no_type_check
@wp.func
def trusted_mirror(grid: Grid, on: Layers, row: int, column: int) -> wp.float32:
    """Give how much of a texel's mirror image may stand at the texel."""
    other = grid.turn - column
    if other < 0 or other >= grid.across * grid.block:
        return wp.float32(0.0)
    edge = share_row(grid, on.sure, row, other / grid.block)
    share = trusted(on, row, other, edge, offset(grid, other % grid.block))
    return wp.min(share, wp.float32(on.keep[row, column]) / 255.0)


@no_type_check
@wp.func
def decoded(on: Layers, row: int, column: int) -> wp.vec3:
    """Give the filler's linear light."""
    code = on.own[row, column]
    return wp.vec3(
        on.decode[wp.int32(code[0])], on.decode[wp.int32(code[1])], on.decode[wp.int32(code[2])]
    )


@no_type_check
@wp.kernel(enable_backward=False)
def summed(
    grid: Grid,
    on: Layers,
    share: wp.array2d[wp.float32],
    seen: wp.array2d[wp.vec3],
    under: wp.array2d[wp.vec3],
    own: wp.array2d[wp.vec3],
):
    """Write means over blocks: how much of the seen stands, its light, the filler's where it
    stands, and the filler's; nothing where neither the block nor its mirror image is seen."""
    i, j = wp.tid()
    beside = wp.clamp(grid.turn / grid.block - j, 0, grid.across - 1)
    here = on.sure[i, j] > 0.0
    if not here and on.sure[i, beside] == 0.0 and on.sure[i, wp.max(beside - 1, 0)] == 0.0:
        return
    total = wp.float32(0.0)
    light = wp.vec3(0.0, 0.0, 0.0)
    beneath = wp.vec3(0.0, 0.0, 0.0)
    plain = wp.vec3(0.0, 0.0, 0.0)
    for y in range(i * grid.block, (i + 1) * grid.block):
        edge = share_row(grid, on.sure, y, j)
        for texel in range(grid.block):
            x = j * grid.block + texel
            filler = decoded(on, y, x)
            plain += filler
            part = trusted(on, y, x, edge, offset(grid, texel))
            if part > 0.0:
                total += part
                light += part * on.light[y, x]
                beneath += part * filler
    count = wp.float32(grid.block * grid.block)
    share[i, j] = total / count
    own[i, j] = plain / count
    if total > 0.0:
        seen[i, j] = light / total
        under[i, j] = beneath / total


@no_type_check
@wp.func
def composed(grid: Grid, on: Layers, row: int, column: int, share: wp.float32) -> wp.vec3:
    """Give the seen, where the other side was seen better its mirror image, and the filler."""
    j = column / grid.block
    away = offset(grid, column - j * grid.block)
    out = wp.vec3(0.0, 0.0, 0.0)
    if share > 0.0:
        gain = colour_at(colour_row(grid, on.seen_gain, row, j), away)
        out = share * wp.cw_mul(on.light[row, column], gain)
    if share < 1.0:
        # The mirror image stands for as much as it was seen better.
        most = wp.max(trusted_mirror(grid, on, row, column), share)
        if most > share:
            gain = colour_at(colour_row(grid, on.mirror_gain, row, j), away)
            mirrored = wp.cw_mul(on.light[row, grid.turn - column], gain)
            out += (most - share) * mirrored
        if most < 1.0:
            gain = colour_at(colour_row(grid, on.own_gain, row, j), away)
            out += (1.0 - most) * wp.cw_mul(decoded(on, row, column), gain)
    return out


@no_type_check
@wp.kernel(enable_backward=False)
def picked(grid: Grid, on: Layers, texel: wp.array[wp.int32], out: wp.array[wp.vec3]):
    """Write the light of some texels, given by their number."""
    index = wp.tid()
    columns = grid.across * grid.block
    row = texel[index] / columns
    column = texel[index] % columns
    j = column / grid.block
    edge = share_row(grid, on.sure, row, j)
    share = trusted(on, row, column, edge, offset(grid, column - j * grid.block))
    out[index] = composed(grid, on, row, column, share)


@no_type_check
@wp.func
def encoded(encode: wp.array[wp.uint8], light: wp.vec3) -> wp.vec3ub:
    """Give sRGB of light.

    What is too light is darkened as a whole: clipped by channel it would change its hue.
    """
    most = wp.max(light)
    scale = wp.float32(4095.0)
    if most > 1.0:
        scale = 4095.0 / most
    return wp.vec3ub(
        encode[wp.int32(light[0] * scale + 0.5)],
        encode[wp.int32(light[1] * scale + 0.5)],
        encode[wp.int32(light[2] * scale + 0.5)],
    )


@no_type_check
@wp.kernel(enable_backward=False)
def written(
    grid: Grid,
    on: Layers,
    factor: wp.float32,
    encode: wp.array[wp.uint8],
    albedo: wp.array2d[wp.vec3ub],
    confidence: wp.array2d[wp.uint8],
):
    """Write sRGB of `factor` times the light, and how much of it was seen."""
    row, j = wp.tid()
    kind = wp.int32(on.kind[row / grid.block, j])
    first = j * grid.block
    # A loop for each kind: most blocks are of one kind, and a branch a texel costs a third more.
    if kind == BOTH:
        edge = share_row(grid, on.sure, row, j)
        for texel in range(grid.block):
            column = first + texel
            share = trusted(on, row, column, edge, offset(grid, texel))
            light = factor * composed(grid, on, row, column, share)
            albedo[row, column] = encoded(encode, light)
            confidence[row, column] = wp.uint8(share * 255.0 + 0.5)
    elif kind == SEEN:
        gain = colour_row(grid, on.seen_gain, row, j)
        for texel in range(grid.block):
            column = first + texel
            light = factor * wp.cw_mul(on.light[row, column], colour_at(gain, offset(grid, texel)))
            albedo[row, column] = encoded(encode, light)
            confidence[row, column] = wp.uint8(255)
    else:
        gain = colour_row(grid, on.own_gain, row, j)
        for texel in range(grid.block):
            column = first + texel
            light = wp.cw_mul(decoded(on, row, column), colour_at(gain, offset(grid, texel)))
            albedo[row, column] = encoded(encode, factor * light)
            confidence[row, column] = wp.uint8(0)
