"""Worker processes: one task each at a time, one thread each, dead when their parent is.

Workers are spawned, with the thread counts of OpenMP and BLAS at one before numpy is imported:
sums by several threads are not the same bytes (and forked locks hang). A worker watches its parent
and ends with it, so a killed run leaves nobody behind who still writes.
"""

import logging
import multiprocessing
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from typing import Any

import cv2

from assets.spawned import THREADS, end_with_parent, environment, interrupts_put_off

logger = logging.getLogger(__name__)

ONE_THREAD = dict.fromkeys(THREADS, "1")

Report = Callable[[int], None]
"""Called with a number of pictures as they are done."""


@dataclass(frozen=True)
class Done:
    """What the work on a task gave."""

    value: Any


@dataclass
class _Worker:
    process: BaseProcess
    connection: Connection
    place: int | None = None
    """Place in `tasks` of what it works on."""


def run(
    work: Callable[[Any, Report], Any], tasks: Sequence[Any], workers: int, report: Report
) -> list[Any]:
    """Call `work(task, report)` for every task in `workers` spawned processes.

    Gives what the calls gave, in the order of the tasks. `work`, tasks and results are pickled.
    Raises ValueError or OSError as a task raised them, and ChildProcessError where a worker died;
    the other workers are ended first and what they had not finished is as if it had not begun.
    """
    waiting = list(reversed(range(len(tasks))))
    results: list[Any] = [None] * len(tasks)
    crew: list[_Worker] = []
    try:
        with interrupts_put_off():
            crew += [_started(work) for _ in range(min(workers, len(tasks)))]
        for worker in crew:
            _next(worker, waiting, tasks)
        while busy := {worker.connection: worker for worker in crew if worker.place is not None}:
            for connection in wait(list(busy)):
                assert isinstance(connection, Connection)
                worker = busy[connection]
                match _received(worker, tasks):
                    case Done(value):
                        assert worker.place is not None
                        results[worker.place] = value
                        _next(worker, waiting, tasks)
                    case int(count):
                        report(count)
    finally:
        for worker in crew:
            worker.process.terminate()
        for worker in crew:
            worker.process.join()
            worker.connection.close()
    return results


def _started(work: Callable[[Any, Report], Any]) -> _Worker:
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_serve, args=(work, theirs), daemon=True)
    with environment(ONE_THREAD):
        process.start()
    theirs.close()
    return _Worker(process, ours)


def _next(worker: _Worker, waiting: list[int], tasks: Sequence[Any]) -> None:
    worker.place = waiting.pop() if waiting else None
    if worker.place is not None:
        worker.connection.send(tasks[worker.place])


def _received(worker: _Worker, tasks: Sequence[Any]) -> Done | int:
    try:
        message = worker.connection.recv()
    except EOFError:
        worker.process.join()
        assert worker.place is not None
        died = f"a worker died with code {worker.process.exitcode}"
        text = f"{died} while at {tasks[worker.place]}; what was finished is kept"
        raise ChildProcessError(text) from None
    if isinstance(message, Exception):
        raise message
    return message


def _serve(work: Callable[[Any, Report], Any], connection: Connection) -> None:
    """Do tasks as they come, in a worker process."""
    cv2.setNumThreads(1)
    end_with_parent()
    while True:
        task = connection.recv()
        try:
            done = Done(work(task, connection.send))
        except OSError as error:
            known = (error.errno, error.strerror, error.filename)
            connection.send(OSError(*known) if error.errno else OSError(str(error)))
        except ValueError as error:
            logger.debug("task %s failed", task, exc_info=True)
            connection.send(ValueError(str(error)))
        else:
            connection.send(done)
