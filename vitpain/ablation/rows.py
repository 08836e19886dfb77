"""Which frames a cell learns from, is selected by and tested on.

Real frames come by the fold's subjects; of training subjects a share may be left out, nested: those
of a smaller share are among those of a larger one. Of a 2D source a fold has its own block, of a 3D
source split `train`. Level 0 is that of real frames where there are any, else of the source.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from jaxtyping import Int64

from assets.folds import Fold
from assets.streams import stream
from vitpain.ablation import matched
from vitpain.ablation.arms import Arm
from vitpain.ablation.matched import Common
from vitpain.ablation.sources import Source
from vitpain.data import leaks
from vitpain.data.by_part import by_part
from vitpain.data.frames import Frames
from vitpain.train import stage
from vitpain.train.stage import Parts

PAIN = 1.0


@dataclass(frozen=True)
class Offer:
    """What a fold may learn from of a synthetic source, in rising order: pain, and level 0."""

    pain: Int64[np.ndarray, " pain"]
    zeros: Int64[np.ndarray, " zeros"]


@dataclass(frozen=True)
class Asked:
    """What decides the rows of a cell beside its sets."""

    arm: Arm
    fold: Fold
    seed: int
    fraction: float


@dataclass(frozen=True)
class Rows:
    """Rows of the fit that is tested, and of the one before it; how many real people teach it."""

    fit: Parts
    first: Parts | None
    subjects: int

    @property
    def learnt(self) -> Int64[np.ndarray, " rows"]:
        """All that is learnt from, in both fits."""
        parts = [self.fit] if self.first is None else [self.first, self.fit]
        return np.concatenate([stage.learnt(one) for one in parts])


def of_set(frames: Frames, at: int) -> Int64[np.ndarray, " rows"]:
    """Rows of a set of which any label is known."""
    return stage.rows_of(frames, frames.column("set") == at)


def offer(frames: Frames, at: int, source: Source, fold: Fold) -> Offer:
    """What a fold may learn from of set `at`. Of 3D frames of PSPI 0 they are those of kinds
    `neutral` and `confounder`, of 2D ones the inputs that nobody painted.

    Raises ValueError where a 2D source has no block for the fold.
    """
    rows = of_set(frames, at)
    if source.kind == "2d":
        rows = leaks.block(frames, rows, fold, str(source))
        still = np.ones(len(rows), bool)
    else:
        rows = rows[frames.column("split")[rows] == "train"]
        still = np.isin(frames.column("kind")[rows], ("neutral", "confounder"))
    level = matched.level(frames.pspi[rows])
    return Offer(rows[level >= 1], rows[(level == 0) & still])


def subjects(fold: Fold, fraction: float, seed: int) -> tuple[str, ...]:
    """Training subjects of a fold to learn from: the nearest number to the fraction, 1 at least."""
    order = stream(seed, -1, "ablation subjects", fold.number).permutation(len(fold.train))
    count = max(1, int(fraction * len(fold.train) + 0.5))
    return tuple(sorted(fold.train[at] for at in order[:count]))


def rows(frames: Frames, sources: Sequence[Source], asked: Asked, common: Common) -> Rows:
    """Rows of a cell; `sources` are the sets of `frames`, the real one first.

    Raises ValueError that names fold and part where a part has no labelled frame, or nobody's frame
    to learn or to choose by is in pain.
    """
    arm, fold = asked.arm, asked.fold
    divided = _divided(frames, fold)
    _check_pain(frames, divided["val"], f"validation subjects of fold {fold.number}")
    people = subjects(fold, asked.fraction, asked.seed) if arm.real else ()
    real = divided["train"][np.isin(frames.column("identity")[divided["train"]], people)]
    if arm.real:
        where = f"training subjects of fold {fold.number}"
        _check_pain(frames, real, f"{where} ({asked.fraction:g} of them, seed {asked.seed})")
    offers = {
        one.name: offer(frames, at, one, fold)
        for at, one in enumerate(sources)
        if at and one.name in arm.synthetic
    }
    none = np.zeros(0, np.int64)
    taken = [_taken(frames, name, offers[name], asked, common) for name in arm.beside]
    made = np.sort(np.concatenate([none, *taken]))
    train, beside = (real, made) if arm.real else (made, none)
    fit = Parts(fold.number, train, divided["val"], divided["test"], beside)
    first = None
    if arm.first is not None:
        alone = replace(asked, arm=replace(arm, real=False))
        first = replace(
            fit, train=_taken(frames, arm.first, offers[arm.first], alone, common), beside=none
        )
    return Rows(fit, first, len(people))


def _divided(frames: Frames, fold: Fold) -> dict[str, Int64[np.ndarray, " rows"]]:
    """Real rows of each part of a fold."""
    labelled = np.zeros(len(frames), bool)
    labelled[of_set(frames, 0)] = True
    return by_part(frames, labelled, fold)


def _taken(
    frames: Frames, name: str, there: Offer, asked: Asked, common: Common
) -> Int64[np.ndarray, " taken"]:
    """What an arm takes of a source: what all have alike, or all; level 0 where nobody real is."""
    arm, by = asked.arm, matched.Draw(asked.seed, name, asked.fold.number)
    pain, zeros = there.pain, there.zeros if not arm.real else there.zeros[:0]
    if arm.matched:
        wanted = common.levels
        pain = matched.drawn(pain, frames.pspi[pain], wanted, by, arm.share)
        if not arm.real:
            alike = {0: common.zeros}
            zeros = matched.drawn(zeros, frames.pspi[zeros], alike, by)
    return np.sort(np.concatenate([pain, zeros]))


def commons(
    frames: Frames, sources: Sequence[Source], arms: Sequence[Arm], fold: Fold
) -> tuple[Common, dict[str, dict[int, int]]]:
    """What all arms have alike in a fold, and what each matched source has of pain by level.

    Raises ValueError where they have no level in common.
    """
    names = {name for arm in arms if arm.matched for name in arm.synthetic}
    alone = {
        name
        for arm in arms
        if arm.matched
        for name in (arm.beside if not arm.real else (arm.first,))
    }
    offers = {
        one.name: offer(frames, at, one, fold)
        for at, one in enumerate(sources)
        if at and one.name in names
    }
    has = {name: matched.counted(frames.pspi[one.pain]) for name, one in offers.items()}
    zeros = min((len(one.zeros) for name, one in offers.items() if name in alone), default=0)
    taught = len(_divided(frames, fold)["train"])
    return Common(matched.common(has, fold.number), zeros, taught), has


def learnt(frames: Frames, sources: Sequence[Source], made: Rows) -> dict[str, Any]:
    """What a cell learns from, in numbers, as `cell.json` says it."""
    every = np.unique(made.learnt)
    number = frames.column("set")[every]
    levels = matched.counted(frames.pspi[every])
    return {
        "real": int(np.count_nonzero(number == 0)),
        "synthetic": {
            one.name: count
            for at, one in enumerate(sources)
            if at and (count := int(np.count_nonzero(number == at)))
        },
        "by_level": {str(one): levels[one] for one in sorted(levels)},
        "subjects": made.subjects,
    }


def _check_pain(frames: Frames, part: Int64[np.ndarray, " part"], whose: str) -> None:
    if not (frames.pspi[part] >= PAIN).any():
        raise ValueError(f"{whose} must have a frame of PSPI {PAIN:g} or more, got none")
