"""Which networks a run trains, on whom, and whom each may paint: never somebody it saw.

With folds every outer fold has three networks. Each is trained on two thirds of that fold's
training people and paints the rest, so that no network of a fold has seen its validation or test
people, and nobody is painted by a network that saw them.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from assets.folds import folds
from assets.streams import stream

Division = Literal["public5", "thesis5"]
THIRDS = 3
LETTERS = "abc"


@dataclass(frozen=True)
class Plan:
    """One network of a run."""

    name: str
    fold: int | None
    """Outer fold, from 1."""
    trained_on: tuple[str, ...]
    paints: tuple[str, ...] | None
    """Whom alone it paints; null: anybody who did not train it."""

    def __post_init__(self) -> None:
        """Refuse a network that would train on nobody or paint who trained it."""
        if not self.trained_on:
            raise ValueError(f"network {self.name} must have people to train on, got none")
        seen = sorted(set(self.trained_on) & set(self.paints or ()))
        if seen:
            raise ValueError(f"network {self.name} must not paint who trained it, got {seen[0]}")


def alone(people: Sequence[str]) -> tuple[Plan, ...]:
    """One network, trained on everybody."""
    return (Plan("all", None, tuple(sorted(people)), None),)


def by_fold(how: Division, people: Sequence[str], seed: int) -> tuple[Plan, ...]:
    """Three networks for each outer fold.

    Raises ValueError where somebody is in no fold, or a fold has fewer than three people to train
    on.
    """
    made = []
    for fold in folds(how, people, seed):
        if len(fold.train) < THIRDS:
            rule = f"at least {THIRDS} training people"
            raise ValueError(f"fold {fold.number} of {how} must have {rule}, got {len(fold.train)}")
        order = stream(seed, -1, "gan thirds", fold.number).permutation(len(fold.train))
        shuffled = [fold.train[at] for at in order]
        for part, letter in enumerate(LETTERS):
            paints = tuple(sorted(shuffled[part::THIRDS]))
            trained = tuple(name for name in fold.train if name not in paints)
            made.append(Plan(f"fold{fold.number}{letter}", fold.number, trained, paints))
    return tuple(made)


def listed(text: str, people: Sequence[str], where: str) -> tuple[str, ...]:
    """Read the people of a list, one a line.

    Raises ValueError that names the list where it is empty, names somebody twice or nobody there.
    """
    names = [line.strip() for line in text.splitlines() if line.strip()]
    if not names:
        raise ValueError(f"{where} must name people, one a line, got none")
    unknown = sorted(set(names) - set(people))
    if unknown:
        raise ValueError(f"{where} must name people of the data set, got {unknown[0]}")
    twice = sorted(name for name, count in Counter(names).items() if count > 1)
    if twice:
        raise ValueError(f"{where} must name people once, got {twice[0]} twice")
    return tuple(sorted(names))
