"""In which order rows are drawn in an epoch, and how often: by chance, weighted by PSPI.

An epoch draws as many rows as there are. Each row comes as often as its weight says, rounded up or
down by chance, so an epoch has the least luck in it that rounding leaves.
"""

from typing import Literal

import numpy as np
from jaxtyping import Bool, Float32, Float64, Int64, Integer

from assets.streams import stream
from vitpain.data.frames import Frames

Weighting = Literal["none", "double", "flat"]
"""All alike; frames of PSPI >= 1 twice as often (as ViTPain on UNBC-McMaster); all levels alike."""
OFTENEST = 8.0
"""Draws of one row an epoch, at most: one level has five frames of 48,398 in UNBC-McMaster."""
PAIN = 1.0


def order(
    frames: Frames, rows: Integer[np.ndarray, " rows"], how: Weighting, seed: int, epoch: int
) -> Int64[np.ndarray, " rows"]:
    """Draw the rows of an epoch, as many as `rows`; depends on these arguments alone.

    With `none` every row comes once. Raises ValueError where there is no row.
    """
    if len(rows) == 0:
        raise ValueError("rows must be one or more, got none")
    rng = stream(seed, -1, "order", epoch)
    expected = times(frames.pspi[rows], how)
    # One uniform number for all: a row's count is its expectation, rounded up or down. The rows
    # are shuffled before, so that who is rounded up has nothing to do with who lies beside whom.
    shuffled = rng.permutation(len(rows))
    reached = np.floor(np.cumsum(expected[shuffled]) + float(rng.random()))
    # A sum of shares misses its whole by rounding.
    reached[-1] = len(rows)
    counts = np.diff(reached, prepend=0.0).astype(np.int64)
    drawn = np.repeat(rows.astype(np.int64)[shuffled], counts)
    return drawn[rng.permutation(len(drawn))]


def times(pspi: Float32[np.ndarray, " rows"], how: Weighting) -> Float64[np.ndarray, " rows"]:
    """How often each row is drawn in an epoch, on average; the sum is the number of rows.

    Rows of no PSPI (NaN) are drawn as if PSPI were 0, and in `flat` are a level of their own.
    """
    match how:
        case "none":
            return np.ones(len(pspi))
        case "double":
            weights = np.where(pspi >= PAIN, 2.0, 1.0)
            return weights * (len(pspi) / weights.sum())
        case "flat":
            level = np.where(np.isnan(pspi), -1.0, np.rint(np.nan_to_num(pspi)))
            _, number, count = np.unique(level, return_inverse=True, return_counts=True)
            return _levelled(count.astype(np.float64))[number]


def _levelled(count: Float64[np.ndarray, " levels"]) -> Float64[np.ndarray, " levels"]:
    """Draws a row of levels of so many rows: equal a level, but none above `OFTENEST` a row; what
    a capped level leaves is shared by the others.
    """
    drawn = np.zeros(len(count))
    capped = np.zeros(len(count), np.bool_)
    while True:
        left = count.sum() - OFTENEST * count[capped].sum()
        share = left / np.count_nonzero(~capped)
        drawn = np.where(capped, OFTENEST, share / count)
        over = ~capped & (drawn > OFTENEST)
        if not over.any():
            return drawn
        capped |= over


def labelled(frames: Frames, rows: Integer[np.ndarray, " rows"]) -> Bool[np.ndarray, " rows"]:
    """Whether anything that is trained on is known of each row: PSPI, or one of its AUs."""
    return ~np.isnan(frames.pspi[rows]) | ~np.isnan(frames.aus[rows]).all(axis=1)
