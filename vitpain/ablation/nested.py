"""Resamples of people, and of the seeds within each: two arms' figures share the same ones.

A resample draws as many people as there are, with replacement, and for every person drawn as many
of the seeds that were trained for them. What comes of it is a weight for every person and seed.
"""

from dataclasses import dataclass, field

import numpy as np
from jaxtyping import Bool, Float64

from assets.streams import stream
from vitpain.metrics.bootstrap import RESAMPLES


def draws(
    present: Bool[np.ndarray, "subjects seeds"], seed: int, resamples: int = RESAMPLES
) -> Float64[np.ndarray, "resamples subjects seeds"]:
    """Weights of every resample, 0 where nothing is `present`; with one seed those of people."""
    rng = stream(seed, -1, "bootstrap of subjects and seeds")
    made = np.zeros((resamples, *present.shape))
    there = np.flatnonzero(present.any(axis=1))
    if len(there) == 0:
        return made
    even = np.full(len(there), 1.0 / len(there))
    people = rng.multinomial(len(there), even, size=resamples)
    seeds = present[there].sum(axis=1)
    # The seeds of a person drawn twice are drawn twice: counts of draws add up.
    made[:, there] = rng.multinomial(people * seeds, present[there] / seeds[:, None])
    return made


@dataclass(frozen=True)
class Resamples:
    """The draws of a seed, made once for each set of people and seeds that is asked for."""

    seed: int
    known: dict[bytes, np.ndarray] = field(default_factory=dict, repr=False)

    def of(
        self, present: Bool[np.ndarray, "subjects seeds"]
    ) -> Float64[np.ndarray, "rows subjects seeds"]:
        """All those present once, which is what was observed, and then draws of them.

        Masks of one object are of one shape.
        """
        key = present.tobytes()
        if key not in self.known:
            observed = present[None].astype(np.float64)
            self.known[key] = np.concatenate([observed, draws(present, self.seed)])
        return self.known[key]
