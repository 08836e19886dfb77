"""Cells spread over a Ray cluster, whose machines see the folder of the study and its data sets.

A cell asks for the CPUs of its threads, and for a GPU where it trains on one. Ray may do a task
twice: a cell's folder is held by one, and a finished cell is left as it is.
"""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any

from vitpain.ablation.cell import attempt, failed
from vitpain.ablation.local import MOST_READERS
from vitpain.ablation.plan import Cell
from vitpain.ablation.status import Progress
from vitpain.ablation.study import Study


@dataclass(frozen=True)
class Share:
    """What a cell takes of a cluster, and how many fit at once; `readers` are among its CPUs."""

    cpus: int
    gpus: int
    readers: int
    fitting: int


def check_installed() -> None:
    """Raise ValueError that says how to install Ray where it is not there."""
    if find_spec("ray") is None:
        raise ValueError('executor ray needs ray: pip install -e ".[ray]"')


def run(study: Study, cells: Sequence[Cell], workers: int | None, progress: Progress) -> None:
    """Do cells on the cluster that is there (`RAY_ADDRESS`), or on one of this machine.

    `workers`: how many at once, if fewer than fit. `progress` hears of each cell, and of why one
    failed. Raises ValueError where the cluster cannot do one.
    """
    check_installed()
    # It would tell its makers of being used.
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    import ray
    from ray.exceptions import RayError

    mine = not ray.is_initialized()
    if mine:
        ray.init(log_to_driver=False)
    try:
        at = share(study, ray.cluster_resources())
        task: Any = ray.remote(num_cpus=at.cpus, num_gpus=at.gpus, max_retries=1)(attempt)
        at_once = min(workers, at.fitting) if workers else at.fitting
        shared, waiting = ray.put(study), list(reversed(cells))
        running: dict[Any, Cell] = {}
        while waiting or running:
            while waiting and len(running) < at_once:
                cell = waiting.pop()
                running[task.remote(shared, cell, at.readers)] = cell
                progress.begun(cell)
            (ended, *_), _ = ray.wait(list(running))
            cell = running.pop(ended)
            try:
                error = ray.get(ended)
            except RayError as died:
                error = failed(study, cell, " ".join(str(died).split()))
            progress.ended(cell, error)
    finally:
        if mine:
            ray.shutdown()


def share(study: Study, there: Mapping[str, float]) -> Share:
    """What a cell takes of a cluster's `CPU` and `GPU`. Raises ValueError where none fits."""
    config = study.config
    cpus, gpus = (int(there.get(name, 0)) for name in ("CPU", "GPU"))
    on_gpu = config.device != "cpu" and gpus > 0
    left = cpus // gpus - config.threads if on_gpu else 0
    readers = max(0, min(MOST_READERS, left))
    needs = config.threads + readers
    fitting = min(cpus // needs, gpus) if on_gpu else cpus // needs
    if fitting < 1 or (config.device == "cuda" and not on_gpu):
        rule = f"{needs} CPU{' and 1 GPU' if config.device == 'cuda' else ''} for a cell"
        raise ValueError(f"the cluster must have {rule}, got {cpus} CPU and {gpus} GPU")
    return Share(needs, int(on_gpu), readers, fitting)
