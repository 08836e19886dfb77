"""Views of a chart of the atlas made into one, texel by texel, each by the angle it was seen at.

Light is linear, row 0 of a chart is its highest v. What varies smoothly is given a value a block
of texels and enlarged bilinearly on the way. A thread has one row of one block.
"""

from typing import no_type_check

import warp as wp

DOUBLINGS = 4
"""A view's share goes with the 16th power of its cosine: between two views 45° apart one takes
over from the other within 19° (10 to 90 %), which is 23 mm of a cheek: wide against what is seen
on skin, narrow against the cheek."""
LEAST = 0.05
"""What a view's cosine counts for where it ends: without another one nothing else is there."""


@no_type_check
@wp.struct
class Grid:
    """A chart in blocks of `block` x `block` texels, `down` x `across` of them; `turn` is the sum
    of the columns of a texel and of its mirror image."""

    down: int
    across: int
    block: int
    turn: int


@no_type_check
@wp.struct
class Shares:
    """A smooth share on one row of texels: at the middles of a block and of those beside it."""

    left: wp.float32
    middle: wp.float32
    right: wp.float32


@no_type_check
@wp.struct
class Colours:
    """A smooth colour on one row of texels, as `Shares`."""

    left: wp.vec3
    middle: wp.vec3
    right: wp.vec3


@no_type_check
@wp.func
def offset(grid: Grid, texel: int) -> wp.float32:
    """Give how far a texel, counted in its block, lies beyond the block's middle, in blocks."""
    return (wp.float32(texel) + 0.5) / wp.float32(grid.block) - 0.5


@no_type_check
@wp.func
def share_row(grid: Grid, field: wp.array2d[wp.float32], row: int, j: int) -> Shares:
    """Give a share on a row of a block."""
    out = Shares()
    i = row / grid.block
    away = offset(grid, row % grid.block)
    beside = wp.clamp(wp.where(away < 0.0, i - 1, i + 1), 0, grid.down - 1)
    left = wp.max(j - 1, 0)
    right = wp.min(j + 1, grid.across - 1)
    share = wp.abs(away)
    out.left = field[i, left] + share * (field[beside, left] - field[i, left])
    out.middle = field[i, j] + share * (field[beside, j] - field[i, j])
    out.right = field[i, right] + share * (field[beside, right] - field[i, right])
    return out


@no_type_check
@wp.func
def colour_row(grid: Grid, field: wp.array2d[wp.vec3], row: int, j: int) -> Colours:
    """Give a colour on a row of a block."""
    out = Colours()
    i = row / grid.block
    away = offset(grid, row % grid.block)
    beside = wp.clamp(wp.where(away < 0.0, i - 1, i + 1), 0, grid.down - 1)
    left = wp.max(j - 1, 0)
    right = wp.min(j + 1, grid.across - 1)
    share = wp.abs(away)
    out.left = field[i, left] + share * (field[beside, left] - field[i, left])
    out.middle = field[i, j] + share * (field[beside, j] - field[i, j])
    out.right = field[i, right] + share * (field[beside, right] - field[i, right])
    return out


@no_type_check
@wp.func
def share_at(row: Shares, away: wp.float32) -> wp.float32:
    """Give a share `away` from the middle of the block."""
    beside = wp.where(away < 0.0, row.left, row.right)
    return row.middle + wp.abs(away) * (beside - row.middle)


@no_type_check
@wp.func
def colour_at(row: Colours, away: wp.float32) -> wp.vec3:
    """Give a colour `away` from the middle of the block."""
    beside = wp.where(away < 0.0, row.left, row.right)
    return row.middle + wp.abs(away) * (beside - row.middle)


@no_type_check
@wp.func
def ramp(value: wp.float32, low: wp.float32, high: wp.float32) -> wp.float32:
    """Give 0 up to `low`, 1 from `high` on."""
    return wp.clamp((value - low) / (high - low), 0.0, 1.0)


@no_type_check
@wp.kernel(enable_backward=False)
def covered(
    grid: Grid,
    weight: wp.array2d[wp.float32],
    low: wp.float32,
    high: wp.float32,
    out: wp.array2d[wp.float32],
):
    """Write how much of each block is seen, by every second texel of every second row."""
    i, j = wp.tid()
    total = wp.float32(0.0)
    count = wp.float32(0.0)
    for y in range(i * grid.block, (i + 1) * grid.block, 2):
        for x in range(j * grid.block, (j + 1) * grid.block, 2):
            total += ramp(weight[y, x], low, high)
            count += 1.0
    out[i, j] = total / count


@no_type_check
@wp.kernel(enable_backward=False)
def fold(
    grid: Grid,
    light: wp.array2d[wp.vec3],
    weight: wp.array2d[wp.float32],
    sure: wp.array2d[wp.float32],
    mean: wp.array2d[wp.vec3],
    total: wp.array2d[wp.float32],
    best: wp.array2d[wp.float32],
):
    """Take one more view into a weighted mean."""
    row, j = wp.tid()
    most = wp.float32(0.0)
    for texel in range(grid.block):
        most = wp.max(most, weight[row, j * grid.block + texel])
    if most == 0.0:
        return
    edge = share_row(grid, sure, row, j)
    for texel in range(grid.block):
        column = j * grid.block + texel
        cosine = weight[row, column]
        if cosine > 0.0:
            share = cosine * wp.max(share_at(edge, offset(grid, texel)), LEAST)
            for _ in range(DOUBLINGS):
                share = share * share
            before = total[row, column]
            total[row, column] = before + share
            if before == 0.0:
                mean[row, column] = light[row, column]
                best[row, column] = cosine
            else:
                old = mean[row, column]
                part = share / (before + share)
                mean[row, column] = old + part * (light[row, column] - old)
                best[row, column] = wp.max(best[row, column], cosine)
