"""One cell from its frames to its predictions, in a folder of its own, from where that is.

`cell.json` comes first, then a run's folder a fit (`first`, `fit`), `cost.json`, and
`predictions.parquet` last. Whoever does a cell holds its folder; a second one waits, and then finds
it done.
"""

import fcntl
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from assets import atomic, one_writer
from assets.commit import commit
from generator.shards.manifest import json_bytes
from vitpain.ablation import sources
from vitpain.ablation.begun import begin, begin_after
from vitpain.ablation.plan import Cell
from vitpain.ablation.rows import Asked, rows
from vitpain.ablation.sources import Source
from vitpain.ablation.stored import CELL, COST, FAILED
from vitpain.ablation.study import Study
from vitpain.data.frames import Frames
from vitpain.data.loader import Loader
from vitpain.evaluate import predictions
from vitpain.model import files
from vitpain.predict.rows import predict_rows
from vitpain.train import run_folder, stage
from vitpain.train.begin import Begin
from vitpain.train.config import Run, TrainConfig
from vitpain.train.fitted import MODEL, Fitted, Told
from vitpain.train.opened import opened
from vitpain.train.stage import Parts

logger = logging.getLogger(__name__)

FIT, FIRST = "fit", "first"
CHECKPOINT_EVERY = 200
"""Steps that a kill may cost, at most; every trial is kept too."""


def attempt(study: Study, cell: Cell, readers: int) -> str | None:
    """Do a cell, with so many processes that read its pictures; gives why it failed, if it did.

    What goes wrong is stored in the cell's folder, and forgotten when it is tried again.
    """
    folder = study.folder(cell)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with _held(folder):
            if not study.finished(cell):
                (folder / FAILED).unlink(missing_ok=True)
                _do(study, cell, folder, readers)
    # What torch cannot do, for want of memory too, is a RuntimeError.
    except (ValueError, OSError, RuntimeError) as error:
        logger.debug("cell %s failed", cell.id, exc_info=True)
        said = " ".join(str(error).split()) or type(error).__name__
        try:
            return failed(study, cell, said)
        except OSError as full:
            # Told where it cannot be stored: an error of a worker would end it without words.
            return f"{said}; not stored: {full}"
    return None


def failed(study: Study, cell: Cell, error: str) -> str:
    """Store why a cell failed, beside what it was to be."""
    folder = study.folder(cell)
    folder.mkdir(parents=True, exist_ok=True)
    atomic.write(folder / CELL, json_bytes(_facts(cell)))
    atomic.write(folder / FAILED, json_bytes({"error": error}))
    return error


@contextmanager
def _held(folder: Path) -> Iterator[None]:
    """Hold a cell's folder against all others, once they have let it go."""
    with open(folder / one_writer.LOCK, "ab") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        atomic.remove_temporary(folder)
        yield


def _do(study: Study, cell: Cell, folder: Path, readers: int) -> None:
    config, mine = study.config, study.sources.of(cell.arm)
    atomic.write(folder / CELL, json_bytes(_facts(cell)))
    _check_unchanged(mine, cell)
    frames = _opened(mine, False)
    asked = Asked(cell.arm, cell.fold, cell.seed, cell.fraction)
    common = study.common[cell.fold.number]
    made = rows(frames, mine, asked, common)
    fits = {FIRST: made.first, FIT: made.fit}
    if cell.arm.native:
        native = _opened(mine, True)
        fits = {name: part and _natively(frames, native, part) for name, part in fits.items()}
        frames = native
    first, done, said = begin(config, cell.model), [], None
    for name, part in fits.items():
        if part is None:
            continue
        training = config.training(
            cell.seed, common.epoch_frames, cell.arm.classical, name == FIRST
        )
        run = Run(folder / name, True, workers=readers, checkpoint_every=CHECKPOINT_EVERY)
        fitted, said = _fit(frames, part, first, training, run, name == FIT)
        done.append(fitted)
        if name == FIRST:
            first = begin_after(config, folder / FIRST)
    assert said is not None, "the fit that is tested comes last"
    code = {"commit": commit(), "versions": run_folder.versions()}
    atomic.write(folder / COST, json_bytes({**_cost(done, said[1]), **code}))
    predictions.write(folder / predictions.NAME, said[0])


def _fit(
    frames: Frames,
    parts: Parts,
    first: Begin,
    training: TrainConfig,
    run: Run,
    tested: bool,
) -> tuple[Fitted, tuple[pa.Table, bool] | None]:
    """Fit in a run's folder; gives also what the model says where it is tested, and whether a GPU
    was at work.
    """
    facts = run_folder.data_facts([one.folder for one in frames.sets])
    wanted = {"command": "ablate", "data": facts, "extra": []}
    with opened(frames, first, training, run, _TOLD, wanted) as (at, make):
        fitted = stage.learn(at, parts, run.out, make)
        said = _predicted(at, parts, run.out) if tested else None
        return fitted, None if said is None else (said, at.machine.device.type == "cuda")


def _predicted(at: stage.Stage, parts: Parts, out: Path) -> pa.Table:
    """What the best epoch's model says of validation and test people; they go by their names."""
    model = files.load(out / MODEL, at.weights).to(at.machine.device)
    if at.machine.compiled:
        model.compile()
    tables = []
    with Loader(stage.loading(at)) as loader:
        for role, part in (("val", parts.val), ("test", parts.test)):
            config = replace(stage.rows_config(at), fold=parts.fold, role=role)
            table = predict_rows(model, at.frames, part, config, "right", loader)
            # With whom else they share a data set's numbering is no part of it.
            named = pa.array(at.frames.column("identity")[part].tolist())
            place = table.schema.get_field_index("subject")
            tables.append(table.set_column(place, table.schema.field(place), named))
    return pa.concat_tables(tables)


def _check_unchanged(mine: tuple[Source, ...], cell: Cell) -> None:
    """Hold sets to the manifests that the cell is named by."""
    wanted = [(False, cell.manifests)] + ([(True, cell.native)] if cell.arm.native else [])
    for native, known in wanted:
        for name, found in sources.manifests(mine, native).items():
            if found != known[name]:
                one = next(one for one in mine if one.name == name)
                rule = f"as when the study was begun, manifest {known[name][:12]}"
                raise ValueError(f"{one} must be {rule}, got {found[:12]}")


@lru_cache(maxsize=4)
def _opened(mine: tuple[Source, ...], native: bool) -> Frames:
    return sources.opened(mine, native)


def _natively(frames: Frames, native: Frames, parts: Parts) -> Parts:
    taken = {
        name: sources.native_rows(frames, native, getattr(parts, name))
        for name in ("train", "val", "test", "beside")
    }
    return Parts(parts.fold, **taken)


def _facts(cell: Cell) -> dict[str, Any]:
    return {
        **cell.what,
        "learnt": dict(cell.learnt),
        "notes": list(cell.notes),
    }


def _cost(fits: list[Fitted], gpu: bool) -> dict[str, float | int]:
    """Seconds of learning with its trials, and frames drawn in all steps."""
    seconds = float(np.sum([one.seconds for one in fits]))
    return {
        "seconds": seconds,
        "gpu_hours": seconds / 3600 if gpu else 0.0,
        "steps": sum(one.steps for one in fits),
        "frames": sum(one.pairs for one in fits),
    }


def _unheard(done: int, total: int) -> None:
    """Tell nobody."""


_TOLD = Told(_unheard, _unheard, logger.info)
