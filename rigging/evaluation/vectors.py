"""The AU vectors that a rig is tried on: every AU alone at every step, and several together."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from assets import facs

STEPS = (1, 2, 3, 4, 5)
FEWEST, MOST = 2, 8
HIGHEST_BLINK = 4.0
"""Of AU45 without AU43: what is closed further is hard to tell from closed."""
WEAKER = 2.0
"""Steps by which a side may stay behind the other."""


@dataclass(frozen=True)
class Vector:
    """One vector; `alone` is the AU that it shows, None where several act."""

    aus: facs.AUVector
    alone: int | None

    @property
    def even(self) -> bool:
        """Whether both sides are the same."""
        return self.aus.left == self.aus.right


def alone(aus: Sequence[int] = facs.AUS) -> tuple[Vector, ...]:
    """Every AU of `aus` at 1 to 5 on both sides, as the rules of the set allow.

    AU43 is one vector, which is also what AU45 = 5 stands for: AU45 ends at 4.
    """
    found = []
    for au in aus:
        if au == 43:
            found.append(Vector(facs.AUVector.both({43: 1, 45: facs.CLOSED}), 43))
            continue
        for step in STEPS:
            if au != 45 or step < facs.CLOSED:
                found.append(Vector(facs.AUVector.both({au: step}), au))
    return tuple(found)


def _excluded(au: int, chosen: list[int]) -> bool:
    pairs = ((5, 45), (5, 43), (43, 45), (26, 27))
    return any(au in pair and other in chosen for pair in pairs for other in pair if other != au)


def together(count: int, rng: np.random.Generator) -> tuple[Vector, ...]:
    """Random vectors of 2 to 8 AUs that may act together, by turns even and with a weaker side."""
    return tuple(_together(rng, weaken=number % 2 == 1) for number in range(count))


def _together(rng: np.random.Generator, weaken: bool) -> Vector:
    size = int(rng.integers(FEWEST, MOST + 1))
    chosen: list[int] = []
    for au in rng.permutation(facs.AUS).tolist():
        if len(chosen) < size and not _excluded(au, chosen):
            chosen.append(au)
    strong = {au: float(rng.uniform(1.0, 5.0)) for au in chosen}
    if 43 in strong:
        strong |= {43: 1.0, 45: facs.CLOSED}
    elif 45 in strong:
        strong[45] = min(strong[45], HIGHEST_BLINK)
    weak = dict(strong)
    if weaken:
        for au in chosen:
            if au in facs.BILATERAL and au not in (43, 45):
                weak[au] = max(0.0, strong[au] - float(rng.uniform(0.0, WEAKER)))
    sides = (strong, weak) if rng.random() < 0.5 else (weak, strong)
    return Vector(facs.AUVector(*(facs.complete(side) for side in sides)), None)
