"""A comparison from beginning to end: every arm in every fold, in the folder of a run.

`run.json` is written first, `predictions.parquet` of all tests last; between them every classifier
has a folder of its own, `fold-1/original`. The report is made of what lies there.
"""

import os
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import torch

from assets.repeatable import repeatable
from vitpain.classifier import predictions
from vitpain.classifier.arms import Planned, Task, plan
from vitpain.classifier.classes import classes
from vitpain.classifier.config import ClassifyConfig, ClassifyRun, Compared
from vitpain.classifier.fit import Shared, ended, fit, steps
from vitpain.classifier.model import Classifier, Given, Origin, build, origin
from vitpain.data.frames import Frames, open_frames
from vitpain.data.loader import Loader, Loading
from vitpain.data.pairs import PairConfig, Pairs
from vitpain.train import run_folder
from vitpain.train.config import TrainConfig
from vitpain.train.fitted import Told
from vitpain.train.machine import Machine, machine, sow

FOLD = "fold-{}"
MOST_WORKERS = 8


def classify(
    compared: Compared, given: Given, config: ClassifyConfig, run: ClassifyRun, told: Told
) -> None:
    """Train and test every classifier of a comparison in the folder of a run, from where that is.

    Raises ValueError as `arms.plan` and `model.origin` do, and where the folder is another's or was
    begun otherwise (naming the field).
    """
    frames = open_frames([compared.real, *(one.folder for one in compared.synth)])
    known = classes(config.classes)
    planned = plan(frames, compared, known, config.seed)
    first = origin(config.model, given)
    config = decided(config, run.out)
    where = _machine(config)
    stated = _stated(frames, compared, first, config, planned)
    with run_folder.claimed(run.out, run.resume), repeatable(config.threads or 1):
        if not run_folder.finished(run.out):
            # Before anything is written: a model that cannot be made leaves no folder behind.
            _make(first, len(known), config.seed)
        run_folder.hold(run.out, stated)
        if run_folder.finished(run.out):
            return
        for note in planned.notes:
            told.say(note)
        loading = Loading(config.batch, workers(run, where), pin=where.device.type == "cuda")
        with Loader(loading) as loader:
            shared = Shared(
                Pairs(frames, PairConfig(size=config.size, references=0, seed=config.seed)),
                known,
                config,
                loader,
                where,
                _counted(told, planned, config, run.out),
                lambda: _make(first, len(known), config.seed),
                {"classes": len(known), "division": config.classes, **first.facts}
                | {name: stated[name] for name in ("data", "extra", "surrogate")},
                run.checkpoint_every,
            )
            for task in planned.tasks:
                fit(shared, task, folder_of(run.out, task))
        parts = [folder_of(run.out, task) / predictions.NAME for task in planned.tasks]
        tables = [predictions.read(path, len(known)) for path in parts]
        predictions.write(run.out / predictions.NAME, pa.concat_tables(tables))


def folder_of(out: Path, task: Task) -> Path:
    """The folder of a task's classifier."""
    return out / FOLD.format(task.fold) / task.arm.name


def decided(config: ClassifyConfig, out: Path) -> ClassifyConfig:
    """The options with what was left open: a run goes on with the threads it began with."""
    if config.threads is not None:
        return config
    before = run_folder.known(out)
    threads = before["train"].get("threads") if before else os.cpu_count()
    return replace(config, threads=threads or 1)


def workers(run: ClassifyRun, where: Machine) -> int:
    """How many processes read pictures: a CPU learns from fewer than one reads, a GPU from more."""
    if run.workers is not None:
        return run.workers
    return min(os.cpu_count() or 1, MOST_WORKERS) if where.device.type == "cuda" else 1


def _make(first: Origin, count: int, seed: int) -> Classifier:
    """Make a classifier, in every task the same one."""
    with torch.random.fork_rng():
        sow(seed, "classifier")
        return build(first, count)


def _machine(config: ClassifyConfig) -> Machine:
    where = machine(TrainConfig(batch=config.batch, device=config.device))
    if where.world > 1:
        raise ValueError(f"classify must run as one process, got {where.world}")
    return where


def _stated(
    frames: Frames, compared: Compared, first: Origin, config: ClassifyConfig, planned: Planned
) -> dict[str, Any]:
    data, *extra = run_folder.data_facts([one.folder for one in frames.sets])
    sources = sorted(set(frames.column("source").tolist()))
    return {
        "command": "classify",
        "data": [data],
        "extra": extra,
        "synth": [one.name for one in compared.synth],
        "folds": compared.folds,
        "only": sorted(compared.only) or None,
        **first.facts,
        "train": asdict(config),
        "notes": list(planned.notes),
        "sources": sources,
        "surrogate": frames.surrogate,
        "places": [str(one.folder.resolve()) for one in frames.sets],
        "versions": run_folder.versions(),
    }


def _counted(told: Told, planned: Planned, config: ClassifyConfig, out: Path) -> Told:
    """Progress over all tasks: those that have ended count as what was done before."""
    left = [task for task in planned.tasks if ended(folder_of(out, task)) is None]
    every = sum(_steps(config, task) for task in planned.tasks)
    before = [every - sum(_steps(config, task) for task in left)]
    frames = sum(len(task.test) for task in left)

    def count(done: int, _: int) -> None:
        told.steps(done + before.pop() if before else done, every)

    def tested(done: int, _: int) -> None:
        told.frames(done, frames)

    return replace(told, steps=count, frames=tested)


def _steps(config: ClassifyConfig, task: Task) -> int:
    return config.epochs * steps(config, len(task.train))
