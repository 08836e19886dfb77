"""Lists of action units that a GAN paints well: the scoring of Feng's thesis, section 4.2.3.

A list gives every AU of PSPI a whole number, 0-5, and AU43 0 or 1, all others 0. It begins with 10
for each of the six. AU9 is noisy, so it loses twice its share; AUs at their highest lose all of
theirs; AUs of the upper face at their highest distort each other, and each costs 2 more. Lists that
keep 35 of 60 are used. In the scoring AU43 is AU45 at 0.4 of 1 (equation 12), so it never counts as
high; by that the thesis's table 7 comes out exactly.
"""

from dataclasses import dataclass
from functools import cache

import numpy as np
from jaxtyping import Int, Int64

from assets.facs import HIGHEST_PSPI, PAIN_AUS, combinations

START = 10
KEPT = 35
"""Lists of this score and more are kept; the thesis says "above", its counts are those of both."""
NOISY, NOISY_FROM = 9, 2
"""AU9, from 0.3 of 1 on."""
HIGH = 5
"""Above 0.8 of 1."""
LOSING = (4, 6, 7, 10)
"""AUs that lose their points when they are high."""
UPPER = (4, 6, 7, 9)
"""AUs that distort each other; AU45 is never high."""
CROWDED = 2
LEVELS = range(1, HIGHEST_PSPI + 1)


@dataclass(frozen=True)
class Lists:
    """The kept lists of a PSPI level, highest score first, equal scores in lexical order."""

    aus: Int[np.ndarray, "lists 6"]
    """Columns are `PAIN_AUS`, 0-5, AU43 0 or 1."""
    scores: Int64[np.ndarray, " lists"]
    """Of 60."""

    def __len__(self) -> int:
        """Number of lists."""
        return len(self.scores)

    def shuffled(self, rng: np.random.Generator) -> "Lists":
        """Highest score first still, equal scores in random order."""
        order = np.lexsort((rng.random(len(self)), -self.scores))
        return Lists(self.aus[order], self.scores[order])


def scores(aus: Int[np.ndarray, "lists 6"]) -> Int64[np.ndarray, " lists"]:
    """Score lists whose columns are `PAIN_AUS`; whole numbers, as shares are fifths."""
    value = {au: aus[:, at].astype(np.int64) for at, au in enumerate(PAIN_AUS)}
    total = np.full(len(aus), START * len(PAIN_AUS), np.int64)
    # Observation 1: 2 · 10 · AU9 / 5.
    total -= np.where(value[NOISY] >= NOISY_FROM, 4 * value[NOISY], 0)
    # Observation 2: 10 · AU / 5, where it is 5.
    for au in LOSING:
        total -= np.where(value[au] >= HIGH, START, 0)
    # Observation 3.
    for au in UPPER:
        total -= np.where(value[au] >= HIGH, CROWDED, 0)
    return total


@cache
def kept(level: int) -> Lists:
    """The lists of a PSPI level that are kept, read-only; none at 16.

    Raises ValueError for a level that is no whole number from 1 to 16.
    """
    if level not in LEVELS:
        raise ValueError(f"level must be a whole number from 1 to {HIGHEST_PSPI}, got {level}")
    every = combinations(level)
    of_each = scores(every)
    order = np.argsort(-of_each, kind="stable")
    order = order[of_each[order] >= KEPT]
    found = Lists(every[order], of_each[order])
    found.aus.setflags(write=False)
    found.scores.setflags(write=False)
    return found


def name(values: Int[np.ndarray, " 6"]) -> str:
    """A list in words, such as `4=2 43=1`; AUs at 0 are not named."""
    pairs = zip(PAIN_AUS, values.tolist(), strict=True)
    return " ".join(f"{au}={value}" for au, value in pairs if value)
