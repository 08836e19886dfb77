"""Folds by subject of UNBC-McMaster: who trains, who validates and who is tested, never the same.

Validation subjects of a fold are the next fold's test subjects; in leave-one-out they are four
others, drawn by the seed.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from assets.streams import stream
from assets.unbc import SUBJECTS

How = Literal["public5", "thesis5", "loso"]
PUBLIC = (
    ("042", "052", "092", "103", "115"),
    ("043", "059", "095", "106", "120"),
    ("047", "064", "096", "107", "121"),
    ("048", "066", "097", "108", "123"),
    ("049", "080", "101", "109", "124"),
)
"""The public five folds, by the number that a name begins with."""
THESIS = (
    (2, 4, 12, 16, 24),
    (3, 5, 8, 9, 20),
    (7, 10, 18, 21, 23),
    (1, 6, 13, 19, 22),
    (11, 14, 15, 17, 25),
)
"""The thesis's five folds, by running number; it names nobody, and that the numbers 1-25 are the
order of the names is our assumption."""
LEFT_ASIDE = 4
"""Validation subjects of a fold in leave-one-out."""


@dataclass(frozen=True)
class Fold:
    """Fold `number` (from 1): its subjects, in three parts that share none."""

    number: int
    train: tuple[str, ...]
    val: tuple[str, ...]
    test: tuple[str, ...]

    def __post_init__(self) -> None:
        """Refuse an empty part and a subject in two."""
        for name in ("train", "val", "test"):
            if not getattr(self, name):
                raise ValueError(f"fold {self.number} must have {name} subjects, got none")
        listed = self.train + self.val + self.test
        twice = sorted({subject for subject in listed if listed.count(subject) > 1})
        if twice:
            raise ValueError(f"fold {self.number} must have a subject once, got {twice[0]} twice")


def folds(how: How, subjects: Sequence[str], seed: int) -> tuple[Fold, ...]:
    """Divide subjects into folds; `subjects` are the people there are, in any order.

    The five-fold divisions are for UNBC-McMaster's names; leave-one-out takes any. The seed is used
    in leave-one-out alone. Raises ValueError that names a subject that is in no fold, and a fold
    whose subjects are not there.
    """
    there = sorted(set(subjects))
    if how == "loso":
        return _leave_one_out(there, seed)
    tested = _divided(how, there)
    made = []
    for at, test in enumerate(tested):
        val = tested[(at + 1) % len(tested)]
        train = tuple(one for one in there if one not in test and one not in val)
        made.append(Fold(at + 1, train, val, test))
    return tuple(made)


def _divided(how: How, there: list[str]) -> list[tuple[str, ...]]:
    """Subjects by the fold that tests them."""
    if how == "public5":
        parts = [[name for name in SUBJECTS if name[:3] in numbers] for numbers in PUBLIC]
    else:
        parts = [[SUBJECTS[number - 1] for number in sorted(numbers)] for numbers in THESIS]
    fold_of = {name: at for at, names in enumerate(parts) for name in names}
    unknown = [name for name in there if name not in fold_of]
    if unknown:
        raise ValueError(f"subject must be in a fold of {how}, got {unknown[0]}")
    tested = [tuple(name for name in there if fold_of[name] == at) for at in range(len(parts))]
    for at, names in enumerate(tested):
        if not names:
            rule = f"one or more of {', '.join(parts[at])}"
            raise ValueError(f"fold {at + 1} of {how} must have {rule}, got none")
    return tested


def _leave_one_out(there: list[str], seed: int) -> tuple[Fold, ...]:
    if len(there) < LEFT_ASIDE + 2:
        rule = f"at least {LEFT_ASIDE + 2} subjects"
        raise ValueError(f"leave-one-out must have {rule}, got {len(there)}")
    made = []
    for at, test in enumerate(there):
        others = [name for name in there if name != test]
        drawn = stream(seed, -1, "leave one out", at).permutation(len(others))[:LEFT_ASIDE]
        val = tuple(sorted(others[number] for number in drawn))
        train = tuple(name for name in others if name not in val)
        made.append(Fold(at + 1, train, val, (test,)))
    return tuple(made)


def chosen(there: Sequence[Fold], only: Sequence[int]) -> list[Fold]:
    """The folds of some numbers, all where none is named.

    Raises ValueError for a number that no fold has, and for one that is named twice.
    """
    for number in only:
        if not 1 <= number <= len(there):
            raise ValueError(f"only must be numbers of folds, 1 to {len(there)}, got {number}")
        if list(only).count(number) > 1:
            raise ValueError(f"only must name each fold once, got {number} twice")
    return [fold for fold in there if not only or fold.number in only]
