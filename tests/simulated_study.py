"""A study whose cells nobody trained: arms that predict as well as they are told to.

All arms see the same 25 people. What an arm gets wrong of a person is drawn anew for every arm and
seed, so that arms of one effect are exchangeable within people, as long as networks do not differ
in `slope`.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from assets.facs import PAIN_AUS, pspi_array
from assets.folds import Fold, folds
from assets.unbc import SUBJECTS
from generator.shards.manifest import json_bytes
from scripts.scale import study as written
from scripts.scale.study import ARMS
from vitpain.ablation.arms import BASE, Arm
from vitpain.ablation.stored import CELLS, STUDY
from vitpain.ablation.tally import DECIDED, Frames
from vitpain.evaluate import predictions
from vitpain.evaluate.predictions import LEVELS

SOURCES = tuple({"name": name, "kind": kind} for name, kind in written.SOURCES.items())
FOLD = 5
"""People whom a network judges."""


@dataclass(frozen=True)
class Effect:
    """How an arm predicts; all in PSPI but `shrink`, by which the label is multiplied, and `slope`.

    `person` is the spread of what it gets wrong of a person, `start` that of a person and seed.
    `slope` is the spread, over networks, of what is added to `shrink`: people of a fold are judged
    by one network an arm and seed, and share it.
    """

    noise: float = 0.8
    person: float = 0.3
    start: float = 0.2
    shrink: float = 0.7
    slope: float = 0.0


SAME = Effect()


@dataclass(frozen=True)
class Labels:
    """People by number, their frames' AUs and PSPI."""

    subject: np.ndarray
    aus: np.ndarray
    pspi: np.ndarray
    common: np.ndarray
    """What every arm gets wrong of a frame's person."""


def labels(rng: np.random.Generator, each: int, subjects: int = len(SUBJECTS)) -> Labels:
    """As many frames of each person; about one in five shows pain, more in some people."""
    subject = np.repeat(np.arange(subjects), each)
    often = rng.beta(1.0, 4.0, subjects)[subject]
    strength = np.where(rng.random(len(subject)) < often, rng.beta(1.2, 2.5, len(subject)), 0.0)
    shares = rng.uniform(0.3, 1.0, (subjects, len(PAIN_AUS)))[subject]
    aus = np.round(5 * shares * strength[:, None])
    aus[:, -1] = strength > 0.6
    common = rng.normal(0, 0.4, subjects)[subject]
    return Labels(subject, aus, pspi_array(aus), common)


def hats(rng: np.random.Generator, given: Labels, effect: Effect, seeds: int) -> np.ndarray:
    """What an arm says of every frame by each seed: an array of seeds and frames."""
    people = int(given.subject.max()) + 1
    person = rng.normal(0, effect.person, people)
    start = rng.normal(0, effect.start, (seeds, people))
    networks = -(-people // FOLD)
    # Every fifth name is of the same fold in the public five.
    slope = rng.normal(0, effect.slope, (seeds, networks))[:, given.subject % networks]
    wrong = (person + start)[:, given.subject]
    noise = rng.normal(0, effect.noise, wrong.shape)
    shrunk = (effect.shrink + slope) * given.pspi
    return np.clip(shrunk + given.common + wrong + noise, 0, 16)


def frames(
    key: int, effects: Sequence[Effect], seeds: int, each: int, subjects: int = len(SUBJECTS)
) -> Frames:
    """Frames of arms as they are summed up, with 0.5 as every threshold."""
    rng = np.random.Generator(np.random.Philox(key=key))
    given = labels(rng, each, subjects)
    hat = np.stack([hats(rng, given, one, seeds) for one in effects])
    shape = (len(effects), subjects, seeds)
    arm, seed = np.ogrid[: len(effects), :seeds]
    place = (arm[..., None], given.subject, seed[..., None])
    group = np.ravel_multi_index(np.broadcast_arrays(*place), shape).ravel()
    hat = hat.ravel()
    scores = {level: written.chances(hat, level) for level in LEVELS}
    return Frames(
        np.tile(given.pspi, len(effects) * seeds),
        hat,
        scores,
        {level: scores[level] > 0.5 for level in DECIDED},
        {level: np.zeros(shape, bool) for level in DECIDED},
        group,
        shape,
    )


def write(
    folder: Path,
    effects: Mapping[str, Effect],
    *,
    arms: Sequence[Arm] = ARMS,
    models: Sequence[str] = ("plain",),
    fractions: Sequence[float] = (1.0,),
    seeds: int = 2,
    each: int = 30,
    key: int = 0,
) -> Path:
    """Write a finished study; arms that have no effect of their own predict by `SAME`."""
    rng = np.random.Generator(np.random.Philox(key=key))
    given = labels(rng, each)
    config = {"models": list(models), "fractions": list(fractions), "seeds": seeds}
    stated = written.study(arms, written.SOURCES, len(given.pspi), config)
    folder.mkdir(parents=True, exist_ok=True)
    divided, cells = folds("public5", SUBJECTS, 0), {}
    for model in models:
        for fraction in fractions:
            for arm in arms:
                said = hats(rng, given, effects.get(arm.name, SAME), seeds)
                for seed in range(seeds):
                    for fold in divided:
                        what = (model, fraction, seed)
                        cells |= _cell(folder, arm, what, fold, given, said[seed], rng)
    (folder / STUDY).write_bytes(json_bytes({**stated, "cells": cells}))
    return folder


def cell(study: Path, arm: str = BASE, seed: int = 0, fold: int = 1) -> Path:
    """The folder of a cell of all real subjects."""
    return study / CELLS / f"{arm}-plain-1-{seed}-{fold}".replace("+", "_")


def change(path: Path, how: Callable[[dict[str, list[Any]]], None]) -> None:
    """Change the columns of a cell's predictions."""
    columns = predictions.read(path / predictions.NAME).to_pydict()
    how(columns)
    table = pa.table(columns, schema=predictions.SCHEMA)
    predictions.write(path / predictions.NAME, table)


def _cell(
    folder: Path,
    arm: Arm,
    what: tuple[str, float, int],
    fold: Fold,
    given: Labels,
    hat: np.ndarray,
    rng: np.random.Generator,
) -> dict[str, Any]:
    """Write a finished cell; gives what the study says of it, by its name."""
    model, fraction, seed = what
    name = f"{arm.name}-{model}-{fraction:g}-{seed}-{fold.number}".replace("+", "_")
    train = int(np.isin(given.subject, [SUBJECTS.index(one) for one in fold.train]).sum())
    learnt = {
        "real": round(train * fraction) if arm.real else 0,
        "synthetic": {one: round(500 * arm.share) for one in arm.synthetic},
        "by_level": {"0": 100},
        "subjects": round(len(fold.train) * fraction) if arm.real else 0,
    }
    facts = {"arm": arm.name, "model": model, "fold": fold.number, "seed": seed,
             "fraction": fraction}  # fmt: skip
    rows = written.judged(fold, given.subject)
    said = written.predicted(fold, rows, given.subject[rows], given.aus[rows], hat[rows], rng)
    written.write_cell(folder / CELLS / name, facts, learnt, said)
    return {name: facts}
