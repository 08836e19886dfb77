"""Whether probabilities mean what they say: reliability in bins, ECE and Brier score."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float

BINS = 10


@dataclass(frozen=True)
class Bin:
    """Frames whose probability is in [low, high), or [low, 1] in the last; means of them."""

    low: float
    high: float
    frames: int
    said: float
    true: float


@dataclass(frozen=True)
class Reliability:
    """Bins that hold any frames; `ece` is their mean gap by frames, None without frames."""

    bins: tuple[Bin, ...]
    ece: float | None
    brier: float | None


def reliability(
    true: Bool[np.ndarray, " frames"], probability: Float[np.ndarray, " frames"], bins: int = BINS
) -> Reliability:
    """Expected calibration error (Guo et al. 2017, eq. 3) over bins of equal width."""
    if len(true) == 0:
        return Reliability((), None, None)
    edges = np.linspace(0.0, 1.0, bins + 1)
    place = np.minimum(np.searchsorted(edges, probability, side="right") - 1, bins - 1)
    frames = np.bincount(place, minlength=bins)
    said = np.bincount(place, probability, bins)
    hits = np.bincount(place, true, bins)
    made = tuple(
        Bin(
            float(edges[one]),
            float(edges[one + 1]),
            int(frames[one]),
            float(said[one] / frames[one]),
            float(hits[one] / frames[one]),
        )
        for one in np.flatnonzero(frames)
    )
    ece = float(np.abs(said - hits).sum() / len(true))
    brier = float(np.mean((probability - true) ** 2))
    return Reliability(made, ece, brier)
