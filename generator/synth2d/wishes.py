"""Which picture of somebody is to become what: the balanced set of the thesis, section 4.3.

Inputs are the frames at PSPI 0 with open eyes, the most frontal first. A level with as many lists
as pictures are asked for takes one input and draws lists; one with fewer (1, 2, 3 and 15 of 100)
takes as many inputs as are needed with all lists, and draws from those pairs.
"""

import math
from dataclasses import dataclass

import numpy as np
from jaxtyping import Int

from generator import au_lists

LEVELS = range(1, 16)
"""Level 16 has no list that is kept."""


@dataclass(frozen=True)
class Wish:
    """A picture to paint."""

    level: int
    """PSPI."""
    number: int
    """Among those of its level, from 0."""
    input: int
    """Which of the inputs, the most frontal is 0."""
    aus: Int[np.ndarray, " 6"]
    """The list: `PAIN_AUS`, 0-5, AU43 0 or 1."""
    score: int


def wishes(level: int, count: int, inputs: int, rng: np.random.Generator) -> list[Wish]:
    """Draw what to paint at a level, all different: `count`, or fewer where inputs do not suffice.

    Raises ValueError for a level without lists, or where there is no input.
    """
    if level not in LEVELS:
        rule = f"from {LEVELS[0]} to {LEVELS[-1]}, where lists are kept"
        raise ValueError(f"level must be {rule}, got {level}")
    if inputs < 1:
        raise ValueError(f"inputs of PSPI 0 must be at least 1, got {inputs}")
    lists = au_lists.kept(level).shuffled(rng)
    frames = min(inputs, math.ceil(count / len(lists)))
    drawn = rng.permutation(frames * len(lists))[:count]
    if frames == 1:
        # By score and number, as lists stand in the thesis.
        drawn = np.sort(drawn)
    return [
        Wish(level, number, int(at // len(lists)), lists.aus[at % len(lists)],
             int(lists.scores[at % len(lists)]))
        for number, at in enumerate(drawn)
    ]  # fmt: skip
