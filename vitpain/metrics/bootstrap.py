"""Intervals by resampling subjects: people are the draws, since frames of one are alike.

A resample is a row of weights, how often each subject stands in it. The same rows serve every
figure, so that differences between two figures of the same subjects are paired.
"""

import numpy as np
from jaxtyping import Float64

from assets.streams import stream

RESAMPLES = 1000
COVERED = 0.95
DEFINED = 0.95
"""Share of resamples that must have a value for an interval of those that have one."""


def draws(
    subjects: int, seed: int, resamples: int = RESAMPLES
) -> Float64[np.ndarray, "resamples subjects"]:
    """Weights of resamples with replacement, each as many draws as there are subjects."""
    rng = stream(seed, -1, "bootstrap of subjects")
    if subjects == 0:
        return np.zeros((resamples, 0))
    even = np.full(subjects, 1.0 / subjects)
    return rng.multinomial(subjects, even, size=resamples).astype(np.float64)


def interval(
    values: Float64[np.ndarray, " resamples"], covered: float = COVERED
) -> tuple[float, float] | None:
    """Percentile interval of resampled values; None where too many of them are undefined."""
    known = values[~np.isnan(values)]
    if len(known) == 0 or len(known) < DEFINED * len(values):
        return None
    tail = (1.0 - covered) / 2
    low, high = np.quantile(known, (tail, 1.0 - tail))
    return float(low), float(high)
