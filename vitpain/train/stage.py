"""One fit from rows to predictions: learn, keep the best epoch, say what it makes of each frame."""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from jaxtyping import Int64
from torch import nn

from assets.streams import stream
from vitpain.data.frames import Frames
from vitpain.data.loader import Loader, Loading
from vitpain.data.neutrals import Whose
from vitpain.data.pairs import Pairs
from vitpain.data.sampling import labelled
from vitpain.metrics.agreement import concordance, mae, pearson
from vitpain.model import files
from vitpain.model.backbone import Weights
from vitpain.model.build import Model
from vitpain.predict.rows import RowsConfig, predict_rows
from vitpain.train import collapse
from vitpain.train.config import Run, TrainConfig
from vitpain.train.feed import Feed, epoch_steps, has_heat, pair_config
from vitpain.train.fitted import MODEL, Fitted, Told, Trial, Work
from vitpain.train.loop import ended, fit
from vitpain.train.machine import Machine

TESTED: tuple[Whose, ...] = ("right", "other", "none")
"""Whose neutral a model that looks at one is tested with."""


@dataclass(frozen=True)
class Parts:
    """Rows of a fit: learnt from, selected by, tested on. `fold` is 0 where there are no folds.

    `beside` is learnt from too, and is nobody's whom the fit is about: no threshold rests on it.
    """

    fold: int
    train: Int64[np.ndarray, " train"]
    val: Int64[np.ndarray, " val"]
    test: Int64[np.ndarray, " test"]
    beside: Int64[np.ndarray, " beside"]


@dataclass(frozen=True)
class Stage:
    """What the fits of a run share."""

    frames: Frames
    config: TrainConfig
    run: Run
    machine: Machine
    told: Told
    weights: Weights | None
    """Of the frozen backbone, to read a model back."""
    facts: dict[str, Any]


def rows_of(frames: Frames, chosen: np.ndarray) -> Int64[np.ndarray, " rows"]:
    """Rows of a mask of which any label is known."""
    rows = np.flatnonzero(chosen)
    return rows[labelled(frames, rows)]


def learnt(parts: Parts) -> Int64[np.ndarray, " rows"]:
    """All rows that are learnt from."""
    return np.concatenate([parts.train, parts.beside])


def steps(config: TrainConfig, parts: Parts) -> int:
    """How many steps a fit takes."""
    return config.epochs * epoch_steps(len(learnt(parts)), config)


def learn(stage: Stage, parts: Parts, folder: Path, make: Callable[[], Model]) -> Fitted:
    """Fit a model in a folder, from where that is; `make` is not asked where it has ended."""
    done = ended(folder, stage.machine)
    if done is not None:
        return done
    config, machine, frames = stage.config, stage.machine, stage.frames
    model = make()
    rows = learnt(parts)
    pairs = Pairs(frames, pair_config(config, model.config, has_heat(frames)))
    with Loader(loading(stage, shared=True)) as learning, Loader(loading(stage)) as trying:
        work = Work(
            folder,
            Feed(pairs, rows, config, learning),
            lambda tried: _trial(stage, tried, parts, trying),
            stage.facts | {"fold": parts.fold},
        )
        return fit(model, work, config, stage.run, machine, stage.told)


def loading(stage: Stage, shared: bool = False) -> Loading:
    """How batches are read: `shared` out among processes, or by each for itself, to the end."""
    machine = stage.machine
    batch = stage.config.batch // machine.world
    pin = machine.device.type == "cuda"
    if shared:
        return Loading(batch, stage.run.workers, machine.rank, machine.world, True, pin)
    return Loading(batch, stage.run.workers, pin=pin)


def predict(stage: Stage, parts: Parts, folder: Path) -> pa.Table:
    """Predictions of the best epoch, as it lies on disk, on training, validation and test rows.

    Of training rows a number that the configuration limits, drawn with the seed.
    """
    model = files.load(folder / MODEL, stage.weights).to(stage.machine.device)
    if stage.machine.compiled:
        model.compile()
    tested = TESTED if model.config.sees_neutral else TESTED[:1]
    asked: list[tuple[str, Whose, np.ndarray]] = [
        ("train", "right", kept(stage.config, parts)),
        ("val", "right", parts.val),
        *(("test", condition, parts.test) for condition in tested),
    ]
    asked = [one for one in asked if len(one[2])]
    total = sum(len(rows) for _, _, rows in asked)
    tables = []
    with Loader(loading(stage)) as loader:
        for role, condition, rows in asked:
            config = replace(rows_config(stage), fold=parts.fold, role=role)
            tables.append(_together(stage, model, rows, config, condition, loader, total))
    return pa.concat_tables(tables)


def kept(config: TrainConfig, parts: Parts) -> Int64[np.ndarray, " rows"]:
    """Training rows whose predictions are stored, in their order."""
    rng = stream(config.seed, -1, "kept", parts.fold)
    count = min(config.kept, len(parts.train))
    return np.sort(rng.choice(parts.train, count, replace=False))


def rows_config(stage: Stage) -> RowsConfig:
    """How frames are predicted: as they are learnt from, not varied."""
    config = stage.config
    return RowsConfig(config.references, config.views, config.seed, stage.machine.bf16)


def _together(
    stage: Stage,
    model: nn.Module,
    rows: np.ndarray,
    config: RowsConfig,
    condition: Whose,
    loader: Loader,
    total: int | None,
) -> pa.Table:
    """Predict rows, each process a part of them; all get the whole."""
    machine = stage.machine
    mine = np.array_split(rows, machine.world)[machine.rank]

    def report(done: int, _: int) -> None:
        if total is not None:
            stage.told.frames(done, math.ceil(total / machine.world))

    table = predict_rows(model, stage.frames, mine, config, condition, loader, report)
    return pa.concat_tables(machine.gathered([table]))


def _trial(stage: Stage, model: nn.Module, parts: Parts, loader: Loader) -> Trial:
    table = _together(stage, model, parts.val, rows_config(stage), "right", loader, None)
    known = stage.frames.pspi[parts.val].astype(np.float64)
    said = table.column("pspi_hat").to_numpy()
    figures = {"mae": mae(known, said), "pearson": pearson(known, said), "frames": len(said)}
    return Trial(concordance(known, said), collapse.spread(said, known), figures)
