"""What is compared: photographs, made pictures and both, and which rows each learns from in a fold.

Of made pictures those of PSPI 1 and more are taken. Alone they have no class 0, so photographs of
PSPI 0 fill it as one level more: as many a person as that person has made pictures a PSPI level
(thesis, section 5.3: as many a level of every person). People of 3D sets are nobody's here: then
the mean number of pictures a level is drawn, shared equally among training people.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from jaxtyping import Int64

from assets import folds as dividing
from assets.folds import Fold
from assets.streams import stream
from vitpain.classifier.classes import Classes
from vitpain.classifier.config import Compared
from vitpain.data import leaks
from vitpain.data.by_part import by_part
from vitpain.data.frames import Frames

Kind = Literal["original", "generated", "both"]


@dataclass(frozen=True)
class Arm:
    """One side of a comparison: what is learnt from, and of which set of made pictures."""

    kind: Kind
    synth: str | None = None

    @property
    def name(self) -> str:
        """Its name in folders, files and tables."""
        return self.kind if self.synth is None else f"{self.synth}-{self.kind}"


@dataclass(frozen=True)
class Task:
    """A classifier to be made: an arm in a fold, and its rows; `val` and `test` are photographs."""

    arm: Arm
    fold: int
    train: Int64[np.ndarray, " train"]
    val: Int64[np.ndarray, " val"]
    test: Int64[np.ndarray, " test"]


@dataclass(frozen=True)
class Planned:
    """All tasks, fold by fold, and what to tell of how they came about."""

    tasks: tuple[Task, ...]
    notes: tuple[str, ...]


@dataclass(frozen=True)
class _Made:
    """Rows of a set of made pictures in pain that each fold may learn from, by its number."""

    name: str
    rows: Mapping[int, Int64[np.ndarray, " rows"]]
    painted: bool


def plan(frames: Frames, compared: Compared, known: Classes, seed: int) -> Planned:
    """Divide rows into tasks; set 0 of `frames` are the photographs, then `synth` in their order.

    Raises ValueError that names the set where photographs are none, a subject is in no fold, a part
    of a fold has no labelled frames, or a made picture would let a tested person be known.
    """
    label = known.of(frames.pspi)
    own = frames.column("set") == 0
    _check_real(frames, own, compared)
    identity = frames.column("identity")
    try:
        there = dividing.folds(compared.folds, np.unique(identity[own]).tolist(), seed)
        chosen = dividing.chosen(there, compared.only)
        divided = {fold.number: by_part(frames, own & (label >= 0), fold) for fold in chosen}
    except ValueError as error:
        raise ValueError(f"{compared.real}: {error}") from error
    made = [_made(frames, label, at, compared, chosen) for at in range(1, len(frames.sets))]
    notes = [note for one in made for note in _alike(frames, one, compared)]
    if unknown := int(np.count_nonzero(own & (label < 0))):
        notes.append(f"{unknown:,} photographs have no PSPI and were left out.")
    tasks = []
    for fold in chosen:
        real = divided[fold.number]
        arms = [(Arm("original"), real["train"])]
        for one in made:
            of_fold = one.rows[fold.number]
            zeros = real["train"][label[real["train"]] == 0]
            filled, short = _fill(frames, one, of_fold, zeros, fold, seed)
            notes += short
            arms.append((Arm("generated", one.name), np.concatenate([of_fold, filled])))
            arms.append((Arm("both", one.name), np.concatenate([real["train"], of_fold])))
        for arm, rows in arms:
            tasks.append(Task(arm, fold.number, np.sort(rows), real["val"], real["test"]))
            notes += _absent(arm, fold, known, label[rows])
    return Planned(tuple(tasks), tuple(notes))


def _check_real(frames: Frames, own: np.ndarray, compared: Compared) -> None:
    kinds = np.unique(frames.column("kind")[own]).tolist()
    if kinds != ["real"]:
        got = ", ".join(kinds)
        raise ValueError(f"{compared.real} must hold photographs (kind real) alone, got {got}")


def _made(
    frames: Frames, label: np.ndarray, at: int, compared: Compared, chosen: Sequence[Fold]
) -> _Made:
    """Rows in pain of a set of made pictures: a block a fold of 2D sets, split train of others."""
    told = compared.synth[at - 1]
    what = f"synth {told.name} ({told.folder})"
    own = frames.column("set") == at
    if np.isin("real", frames.column("kind")[own]):
        raise ValueError(f"{what} must hold made pictures, got photographs (kind real)")
    painted = leaks.painted(frames, np.flatnonzero(own))
    taken = own & (label > 0)
    if not painted:
        taken &= frames.column("split") == "train"
    if not taken.any():
        where = "" if painted else " in split train"
        raise ValueError(f"{what} must have pictures of PSPI 1 or more{where}, got none")
    rows = np.flatnonzero(taken)
    blocks = leaks.cleared(frames, rows, chosen, what) if painted else [rows for _ in chosen]
    numbers = (fold.number for fold in chosen)
    return _Made(told.name, dict(zip(numbers, blocks, strict=True)), painted)


def _fill(
    frames: Frames, made: _Made, rows: np.ndarray, zeros: np.ndarray, fold: Fold, seed: int
) -> tuple[Int64[np.ndarray, " filled"], list[str]]:
    """Draw photographs of class 0 for made pictures, and say whose are fewer than wanted."""
    identity, rng = frames.column("identity"), stream(seed, -1, f"class 0 {made.name}", fold.number)
    level = np.floor(frames.pspi[rows])
    if made.painted:
        shown = identity[rows]
        wanted = {who: _a_level(level[shown == who]) for who in np.unique(shown).tolist()}
    else:
        each, left = divmod(_a_level(level), len(fold.train))
        order = rng.permutation(len(fold.train)).tolist()
        wanted = {fold.train[at]: each + (place < left) for place, at in enumerate(order)}
    found, fewer = [np.zeros(0, np.int64)], []
    for who, count in sorted(wanted.items()):
        theirs = zeros[identity[zeros] == who]
        found.append(rng.permutation(theirs)[:count])
        if len(theirs) < count:
            fewer.append(who)
    said = [f"{made.name}, fold {fold.number}: {_few(fewer)}"] if fewer else []
    none = sorted(set(fold.train) - set(wanted)) if made.painted else []
    if none:
        said.append(f"{made.name}, fold {fold.number}: no pictures of {', '.join(none)}.")
    return np.concatenate(found), said


def _a_level(level: np.ndarray) -> int:
    """Mean number of pictures a PSPI level, of the levels that there are."""
    return round(len(level) / len(np.unique(level)))


def _few(people: list[str]) -> str:
    return f"fewer photographs of PSPI 0 than wanted of {', '.join(people)}."


def _alike(frames: Frames, made: _Made, compared: Compared) -> list[str]:
    """Say where photographs and painted pictures are not aligned alike: it tells them apart."""
    at = 1 + [one.name for one in compared.synth].index(made.name)
    before, after = frames.registered[0], frames.registered[at]
    if not made.painted or before == after:
        return []
    shown = ["not registered" if one is None else f"registered ({one})" for one in (before, after)]
    return [
        f"{made.name}: photographs are {shown[0]} and made pictures {shown[1]}, which tells them "
        "apart: give --real the set that the pictures were made from."
    ]


def _absent(arm: Arm, fold: Fold, known: Classes, label: np.ndarray) -> list[str]:
    none = [str(at) for at in range(len(known)) if not (label == at).any()]
    if not none:
        return []
    shown = f"class {', '.join(none)}"
    return [f"{arm.name}, fold {fold.number}: nothing to learn {shown} from."]
