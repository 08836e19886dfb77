"""Who does what in a surrogate: lengths of sequences, and how many of their frames are in pain.

Planned for the whole set at once, so that a few short sequences together still have the share of
pain that was asked for. Most sequences have little or none and some have much, as in UNBC; those
of the affected arm have more.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64
from scipy.stats import beta

from assets.streams import stream
from generator.surrogate.config import SurrogateConfig
from generator.surrogate.names import SEQUENCES, Place, place

# Lengths over their mean, every doubling as likely as the next: UNBC's go from 90 to 700 frames.
SHORTEST, LONGEST = 0.4, 2.0
CONCENTRATION = 1.2
"""Of the beta distribution of a sequence's share of pain: the smaller, the more all or nothing."""
AFFECTED = 0.6
"""How much sooner an affected arm is given the greater pain; 1 would leave the other arm none."""
MOST = 0.8
"""Largest share of a sequence in pain: the rest is there to be a neutral."""
# The people of a surrogate are drawn with seeds that no other data set may have (`config.py` and
# the rig's training end at 2**63 - 1), so no stream of theirs is that of another set's people.
FIRST_SEED = 2**63


@dataclass(frozen=True)
class Sequence:
    """A sequence to make: whose, its number among theirs, its frames and how many are in pain."""

    subject: int
    number: int
    frames: int
    in_pain: int

    @property
    def place(self) -> Place:
        """Its name and files."""
        return place(self.subject, self.number)


def people_seed(config: SurrogateConfig) -> int:
    """The seed of the people and of all they do, from 2**63 on."""
    return FIRST_SEED + config.seed


def sequences(config: SurrogateConfig) -> tuple[Sequence, ...]:
    """Every sequence of the set, subject by subject."""
    count = config.subjects * config.sequences
    rng = stream(people_seed(config), -1, "surrogate plan")
    spread = (rng.permutation(count) + 0.5) / count
    lengths = config.frames * SHORTEST * (LONGEST / SHORTEST) ** spread
    frames = np.maximum(np.floor(lengths + 0.5), 1).astype(int)
    affected = np.array([not SEQUENCES[k].endswith("unaff") for k in range(config.sequences)])
    order = np.argsort(rng.random(count) + AFFECTED * np.tile(affected, config.subjects))
    shares = np.empty(count)
    quantiles = (np.arange(count) + rng.random(count)) / count
    shares[order] = beta.ppf(
        quantiles, CONCENTRATION * config.pain, CONCENTRATION * (1.0 - config.pain)
    )
    wanted = _scaled(shares * frames, MOST * frames, config.pain * frames.sum())
    # Rounded with what is left carried on, so that the sum keeps to within one frame.
    ends = np.floor(np.cumsum(wanted) + 0.5).astype(int)
    in_pain = np.diff(ends, prepend=0)
    return tuple(
        Sequence(*divmod(k, config.sequences), int(frames[k]), int(in_pain[k]))
        for k in range(count)
    )


def _scaled(
    values: Float64[np.ndarray, " n"], most: Float64[np.ndarray, " n"], total: float
) -> Float64[np.ndarray, " n"]:
    """Scale values, none above its most, to a sum; the sum of the most is above it."""
    low, high = 0.0, 1.0
    while np.minimum(high * values, most).sum() < total:
        high *= 2.0
    for _ in range(60):
        middle = (low + high) / 2
        if np.minimum(middle * values, most).sum() < total:
            low = middle
        else:
            high = middle
    return np.minimum(high * values, most)
