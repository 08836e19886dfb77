"""Maximum mean discrepancy of two clouds of features, and whether people of either are alike.

Gretton et al. 2012: squared and unbiased (eq. 3), with a Gaussian kernel as wide as the median
distance of two points.
"""

import numpy as np
from jaxtyping import Bool, Float, Float64

from assets.streams import stream

DRAWS = 999
"""Exchanges of people."""
ROUNDING = 1e-10
"""Discrepancies this close are the same one, summed in another order; kernels are up to 1."""

Kernel = Float64[np.ndarray, "points points"]


def kernel(features: Float[np.ndarray, "points dim"]) -> Kernel | None:
    """The kernel of every two points; None where half of them are at one place."""
    centred = features.astype(np.float64)
    centred -= centred.mean(0)
    lengths = (centred**2).sum(1)
    squared = np.maximum(lengths[:, None] + lengths - 2.0 * centred @ centred.T, 0.0)
    np.fill_diagonal(squared, 0.0)
    between = squared[np.triu_indices(len(squared), 1)]
    width = float(np.median(np.sqrt(between)))
    return np.exp(-squared / (2.0 * width**2)) if width > 0.0 else None


def mmd2(of: Kernel, first: Bool[np.ndarray, " points"]) -> float:
    """The squared discrepancy of those points and the others, two or more of either."""
    each = np.arange(len(first))
    return float(_mmd2(of, np.ones(len(first)), first[None, each])[0])


def p_value(of: Kernel, first: Bool[np.ndarray, " points"], people: np.ndarray, seed: int) -> float:
    """Share of exchanges, the observed one included, whose discrepancy is as large.

    All frames of a person in a cloud go together. Who is in both clouds changes sides with
    themselves or stays; all others are dealt anew, as many people to either side as before.
    """
    names, person = np.unique(people, return_inverse=True)
    blocks, block = np.unique(2 * person + first, return_inverse=True)
    member = np.zeros((len(first), len(blocks)))
    member[np.arange(len(first)), block] = 1.0
    side, who = blocks % 2 == 1, blocks // 2
    rng = stream(seed, -1, "exchange of domains")
    turned = rng.integers(0, 2, (DRAWS, len(names))) == 1
    dealt = np.tile(side, (1 + DRAWS, 1))
    dealt[1:] ^= turned[:, who]
    alone = np.bincount(who, minlength=len(names))[who] == 1
    dealt[1:, alone] = rng.permuted(np.tile(side[alone], (DRAWS, 1)), axis=1)
    found = _mmd2(member.T @ of @ member, member.sum(0), dealt)
    return float(np.mean(found >= found[0] - ROUNDING))


def _mmd2(
    sums: Float64[np.ndarray, "blocks blocks"],
    sizes: Float64[np.ndarray, " blocks"],
    first: Bool[np.ndarray, "ways blocks"],
) -> Float64[np.ndarray, " ways"]:
    """Of every way to take blocks of points for the first cloud; kernels are summed by block."""
    one, other = first.astype(np.float64), 1.0 - first
    m, n = one @ sizes, other @ sizes

    def within(taken: np.ndarray, count: np.ndarray) -> np.ndarray:
        # A point is 1 like itself, which counts for nothing; a single point has no pair.
        return (((taken @ sums) * taken).sum(1) - count) / np.maximum(count * (count - 1.0), 1.0)

    return within(one, m) + within(other, n) - 2.0 * ((one @ sums) * other).sum(1) / (m * n)
