"""Small runs of training for the tests: two topologies, three people, twelve steps."""

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import safetensors.numpy

from assets import journal
from rigging.training import folder, loop, store, weights
from rigging.training.config import Run, TrainConfig
from rigging.training.people import Done
from scripts import train_rig

SMALL = TrainConfig(
    people=3,
    unseen=2,
    topologies=("decimated_1800", "remeshed_2500"),
    steps=12,
    warm_up=2,
    refit_every=4,
    refit_samples=3,
    width=6,
    blocks=1,
    code=3,
    eigenvectors=6,
)
EVERY: dict[str, Any] = {"log_every": 2, "validate_every": 6, "checkpoint_every": 3}


def here(
    work: Callable[[Any, Done], Any], tasks: Sequence[Any], workers: int, done: Done
) -> list[Any]:
    """Work in this process."""
    return [work(task, done) for task in tasks]


def ignore(done: int, total: int) -> None:
    """Report progress to nobody."""


def prepare(out: Path) -> Path:
    """Prepare the people of the small configuration, for runs to share."""
    store.prepare(SMALL, Run(out), train_rig.people(SMALL), here, ignore)
    return out / "people"


def run_at(out: Path, prepared: Path, **options: Any) -> Run:
    """A run with people who are prepared."""
    return Run(out, people_folder=prepared, **(EVERY | options))


def train(
    run: Run, config: TrainConfig = SMALL, report: Callable[[int, int], None] = ignore
) -> dict[str, float]:
    """Train as the command does, in this process."""
    who = train_rig.people(config)
    with folder.claimed(run, config):
        store.prepare(config, run, who, here, ignore)
        return loop.train(config, run, who, report)


def arrays(out: Path) -> dict[str, np.ndarray]:
    """The weights of a finished run."""
    return safetensors.numpy.load_file(out / weights.NAME)


def lines(out: Path) -> list[dict[str, Any]]:
    """The log without what a clock says."""
    rows = [json.loads(line) for line in (out / journal.LOG).read_text().splitlines()]
    clocks = ("seconds", "samples_per_second")
    return [{name: row[name] for name in row if name not in clocks} for row in rows]
