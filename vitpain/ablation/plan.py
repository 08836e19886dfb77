"""The cells of a study: every arm, model, fold, seed and share of subjects, each by its content.

Whatever makes a cell impossible is found here, before any of them runs.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np

from assets import folds as dividing
from assets.folds import Fold
from vitpain.ablation import matched, sources
from vitpain.ablation.arms import Arm
from vitpain.ablation.begun import begin
from vitpain.ablation.config import WHOLE, StudyConfig
from vitpain.ablation.matched import Common
from vitpain.ablation.rows import Asked, Rows, commons, learnt, of_set, rows
from vitpain.ablation.sources import Sources
from vitpain.data import leaks
from vitpain.data.frames import Frames
from vitpain.train import stage
from vitpain.train.config import TrainConfig
from vitpain.train.feed import check_batch
from vitpain.train.stage import Parts

ID = 16
"""Hex digits of a cell's name."""


@dataclass(frozen=True)
class Cell:
    """One model, trained and tested in one arm; `id` names its folder."""

    id: str
    arm: Arm
    model: str
    fold: Fold
    seed: int
    fraction: float
    manifests: Mapping[str, str]
    """Of the sets that it learns from and is tested on, by name."""
    native: Mapping[str, str]
    """Of what those were registered from, in an arm that takes them as they were."""
    steps: int
    learnt: Mapping[str, object]
    notes: tuple[str, ...]

    @property
    def what(self) -> dict[str, Any]:
        """Which place it has in a study."""
        return {
            "arm": self.arm.name,
            "model": self.model,
            "fold": self.fold.number,
            "seed": self.seed,
            "fraction": self.fraction,
        }

    def __str__(self) -> str:
        """As progress and errors call it."""
        fold = f"fold {self.fold.number}"
        return f"{self.arm.name}, {self.model}, {fold}, seed {self.seed}, {self.fraction:g}"


@dataclass(frozen=True)
class Planned:
    """All cells, what matched sources have in common by fold, and what was dropped and how much."""

    cells: tuple[Cell, ...]
    common: Mapping[int, Common]
    level16: Mapping[str, int]
    facts: Mapping[str, Any]
    surrogate: bool


def plan(config: StudyConfig, arms: Sequence[Arm], there: Sources) -> Planned:
    """Plan a study on sources that are registered.

    Raises ValueError that names the source that is of another kind, not aligned as the others, not
    by folds or leaks; the fold in which sources have no level in common, or nobody is in pain; and
    the cell whose frames do not fill a batch.
    """
    known, names = {one.name for one in there.synthetic}, [arm.name for arm in arms]
    for arm in arms:
        if names.count(arm.name) > 1:
            raise ValueError(f"arms must be named once, got {arm.name} twice: name a source anew")
        if strange := sorted({*arm.synthetic} - known):
            raise ValueError(f"arm {arm.name} must be of sources that are there, got {strange[0]}")
        if arm.native and not there.natively(arm):
            one = next(one for one in there.of(arm) if one.native is None)
            rule = f"arm {arm.name} must be of sources that are not registered yet"
            raise ValueError(f"{rule}, got {one}, which is")
    frames = sources.opened(there.every)
    sources.checked(there, frames, config)
    folds = _folds(config, there, frames)
    _clear(there, frames, folds)
    alike = {fold: _alike(frames, there, arms, fold) for fold in folds}
    cells = tuple(_cells(config, arms, there, frames, alike))
    level16 = {
        one.name: max(each.dropped.get(one.name, 0) for each in alike.values())
        for one in there.synthetic
    }
    common = {fold.number: one.common for fold, one in alike.items()}
    return Planned(cells, common, level16, sources.facts(there, frames), frames.surrogate)


@dataclass(frozen=True)
class _Alike:
    """What matched sources have in common in a fold, what to know of each, and how many frames of
    its highest level were dropped.
    """

    common: Common
    notes: Mapping[str, list[str]]
    dropped: Mapping[str, int]


def _alike(frames: Frames, there: Sources, arms: Sequence[Arm], fold: Fold) -> _Alike:
    common, has = commons(frames, there.every, arms, fold)
    said = {name: matched.notes(name, counts, common.levels) for name, counts in has.items()}
    return _Alike(common, said, {name: one.get(matched.DROPPED, 0) for name, one in has.items()})


def _folds(config: StudyConfig, there: Sources, frames: Frames) -> list[Fold]:
    people = np.unique(frames.column("identity")[frames.column("set") == 0]).tolist()
    try:
        # Whatever the seed of a cell, folds are the same for all.
        return dividing.chosen(dividing.folds(config.folds, people, 0), config.only)
    except ValueError as error:
        raise ValueError(f"{there.real}: {error}") from error


def _clear(there: Sources, frames: Frames, folds: Sequence[Fold]) -> None:
    """Hold every record of a 2D source that a fold may learn from to the rule of leaks."""
    number = frames.column("fold")
    for at, one in enumerate(there.synthetic, start=1):
        if one.kind != "2d":
            continue
        mine = of_set(frames, at)
        if (loose := mine[np.isnan(number[mine])]).size:
            got = f"none in {frames.keys(loose[:1])[0]}"
            raise ValueError(f"{one} must have a fold in every record (--folds), got {got}")
        leaks.cleared(frames, mine, folds, str(one))


def _cells(
    config: StudyConfig,
    arms: Sequence[Arm],
    there: Sources,
    frames: Frames,
    alike: Mapping[Fold, _Alike],
) -> Iterator[Cell]:
    hashes = sources.manifests(there.every)
    native = sources.manifests(there.every, native=True)
    begun = {name: begin(config, name).facts() for name in config.models}
    for fold, known in alike.items():
        for asked in _asked(config, arms, fold):
            arm = asked.arm
            names = [one.name for one in there.of(arm)]
            made = rows(frames, there.every, asked, known.common)
            found = learnt(frames, there.every, made)
            for name in arm.synthetic:
                if name not in found["synthetic"]:
                    rule = f"must learn from {name}, whose share of {arm.share:g} is no frame"
                    raise ValueError(f"arm {arm.name} {rule} in fold {fold.number}")
            taken = arm.matched and bool(arm.synthetic)
            fit, first = _training(config, asked, made, known.common.epoch_frames)
            facts = {
                "arm": asdict(arm),
                "fold": asdict(fold),
                "seed": asked.seed,
                "fraction": asked.fraction,
                "sets": {name: hashes[name] for name in names},
                "native": {name: native[name] for name in names} if arm.native else {},
                "common": asdict(known.common) if taken else None,
                "train": asdict(fit),
                "first": None if first is None else asdict(first),
            }
            notes = [one for name in arm.synthetic if taken for one in known.notes[name]]
            cell = Cell(
                "",
                arm,
                "",
                fold,
                asked.seed,
                asked.fraction,
                facts["sets"],
                facts["native"],
                _steps(fit, made.fit) + _steps(first, made.first),
                found,
                (*_notes(asked, there), *notes),
            )
            for name, first in begun.items():
                yield replace(cell, id=identity({**facts, "model": first}), model=name)


def _asked(config: StudyConfig, arms: Sequence[Arm], fold: Fold) -> Iterator[Asked]:
    """Arms without real frames, and points of a curve over synthetic ones, know all subjects."""
    for arm in arms:
        fractions = config.fractions if arm.real and arm.share == 1.0 else (WHOLE,)
        for seed in range(config.seeds):
            for fraction in fractions:
                yield Asked(arm, fold, seed, fraction)


def _steps(training: TrainConfig | None, parts: Parts | None) -> int:
    return 0 if training is None or parts is None else stage.steps(training, parts)


def _training(
    config: StudyConfig, asked: Asked, made: Rows, epoch_frames: int
) -> tuple[TrainConfig, TrainConfig | None]:
    """How the fit that is tested trains, and the one before it, if there is one.

    Raises ValueError that names the cell where one has no whole batch.
    """
    try:
        fit = config.training(asked.seed, epoch_frames, asked.arm.classical)
        check_batch(len(stage.learnt(made.fit)), fit)
        if made.first is None:
            return fit, None
        first = config.training(asked.seed, epoch_frames, first=True)
        check_batch(len(stage.learnt(made.first)), first)
        return fit, first
    except ValueError as error:
        where = f"{asked.arm.name}, fold {asked.fold.number}, fraction {asked.fraction:g}"
        raise ValueError(f"{where}: {error}") from error


def identity(facts: Mapping[str, Any]) -> str:
    """Name of a cell's folder: the first digits of the SHA-256 of all that decides the cell."""
    text = json.dumps(facts, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()[:ID]


def _notes(asked: Asked, there: Sources) -> Iterator[str]:
    """What to know of an arm that its name does not say."""
    arm = asked.arm
    for one in there.of(arm)[1:]:
        if one.kind == "2d":
            yield f"{one.name}: painted by networks that saw other training people of the fold."
        if one.kind == "2d" and asked.fraction < WHOLE:
            yield f"{one.name}: shows all training people of the fold, whatever their fraction."
        if not arm.real or one.name == arm.first:
            zeros = "inputs that nobody painted" if one.kind == "2d" else "neutrals and confounders"
            yield f"{one.name}: PSPI 0 is learnt from its {zeros}."
    if not arm.real:
        painted = any(one.kind == "2d" for one in there.of(arm))
        real = "Of real people PSPI 0 alone is learnt" if painted else "Nobody real is learnt from"
        yield f"{real}; real validation people choose the epoch."
