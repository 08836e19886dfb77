"""Cells in processes of this machine, as many as fit: a worker does one after the other.

Workers are spawned, each with the threads of a cell and, where there are GPUs, with one of them. A
worker ends with its parent. A cell that fails, or whose process dies, is stored as such, and the
rest goes on.
"""

import multiprocessing
import os
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess

import torch

from assets.spawned import THREADS, end_with_parent, environment, interrupts_put_off
from vitpain.ablation.cell import attempt, failed
from vitpain.ablation.plan import Cell
from vitpain.ablation.status import Progress
from vitpain.ablation.study import Study
from vitpain.train.machine import check_device

MOST_READERS = 8
"""Processes that read pictures for a cell on a GPU, at most."""


@dataclass(frozen=True)
class Room:
    """How many cells fit at once, on which GPUs in turn, with how many readers each."""

    workers: int
    gpus: int
    readers: int


@dataclass
class _Worker:
    process: BaseProcess
    connection: Connection
    cell: Cell | None = None


def room(study: Study, asked: int | None) -> Room:
    """As many cells at once as there are GPUs, or as often as a cell's threads fit the CPUs.

    Raises ValueError where a GPU is asked for in vain.
    """
    check_device(study.config.training(0))
    cores = os.cpu_count() or 1
    gpus = 0 if study.config.device == "cpu" else torch.cuda.device_count()
    fitting = gpus or max(1, cores // study.config.threads)
    workers = asked or fitting
    readers = min(MOST_READERS, cores // workers) if gpus else 0
    return Room(workers, gpus, readers)


def run(study: Study, cells: Sequence[Cell], at: Room, progress: Progress) -> None:
    """Do cells, in their order; `progress` hears of each, and of why one failed."""
    waiting = list(reversed(cells))
    crew: list[_Worker] = []
    try:
        for place in range(min(at.workers, len(waiting))):
            with interrupts_put_off():
                crew.append(_started(study, at, place))
            _next(crew[-1], waiting, progress)
        while busy := {one.connection: one for one in crew if one.cell is not None}:
            for connection in wait(list(busy)):
                assert isinstance(connection, Connection)
                worker = busy[connection]
                place, cell = crew.index(worker), worker.cell
                assert cell is not None
                try:
                    error = connection.recv()
                except (EOFError, ConnectionResetError):
                    worker.process.join()
                    died = f"its process died with code {worker.process.exitcode}"
                    error = failed(study, cell, died)
                    connection.close()
                    with interrupts_put_off():
                        worker = crew[place] = _started(study, at, place)
                progress.ended(cell, error)
                _next(worker, waiting, progress)
    finally:
        for worker in crew:
            worker.process.terminate()
        for worker in crew:
            worker.process.join()
            worker.connection.close()


def _next(worker: _Worker, waiting: list[Cell], progress: Progress) -> None:
    worker.cell = waiting.pop() if waiting else None
    if worker.cell is not None:
        progress.begun(worker.cell)
        # That it died is heard where it is listened to.
        with suppress(BrokenPipeError, ConnectionResetError):
            worker.connection.send(worker.cell)


def _started(study: Study, at: Room, place: int) -> _Worker:
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_serve, args=(study, at.readers, theirs))
    values = dict.fromkeys(THREADS, str(study.config.threads))
    if at.gpus > 1:
        values["CUDA_VISIBLE_DEVICES"] = _devices(at.gpus)[place % at.gpus]
    with environment(values):
        process.start()
    theirs.close()
    return _Worker(process, ours)


def _devices(gpus: int) -> list[str]:
    """Names of the GPUs that this process may see."""
    named = os.environ.get("CUDA_VISIBLE_DEVICES")
    return named.split(",") if named else [str(one) for one in range(gpus)]


def _serve(study: Study, readers: int, connection: Connection) -> None:
    """Do cells as they come, in a worker."""
    end_with_parent()
    while True:
        connection.send(attempt(study, connection.recv(), readers))
