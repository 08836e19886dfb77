"""One writer a folder: a lock that the system releases when its holder dies, however it dies."""

import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from assets import atomic

LOCK = ".lock"


@contextmanager
def alone(out: Path, lock: Path) -> Iterator[None]:
    """Hold a folder by the file `lock` against every other process that does.

    Raises ValueError where another one holds it, or held it and took the file away.
    """
    with open(lock, "ab") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise ValueError(f"{out} must have one writer, got a second: one is at work") from None
        # A lock on a file that the run before has taken away with it would keep nobody out.
        if os.fstat(file.fileno()).st_nlink == 0:
            raise ValueError(f"{out} must have one writer, got a second: one was at work")
        yield


@contextmanager
def held(out: Path, first: str, ours: Callable[[set[str]], bool]) -> Iterator[None]:
    """Hold the folder of a run, made here if it is not there.

    `ours` says whether what lies there, by its names, may be gone on with; `first` is the file that
    is written first. Raises ValueError where another process holds the folder, and where it is
    neither empty nor ours.
    """
    if out.exists() and not out.is_dir():
        raise ValueError(f"out must be a folder, got the file {out}")
    out.mkdir(parents=True, exist_ok=True)
    # Before the lock too, so that none is left in a folder of others.
    _check(out, first, ours)
    # The lock's file stays: who has opened it already would hold a lock that nobody else sees.
    with alone(out, out / LOCK):
        _check(out, first, ours)
        atomic.remove_temporary(out)
        yield


def _check(out: Path, first: str, ours: Callable[[set[str]], bool]) -> None:
    # A first file that a kill left unnamed is nobody's work.
    there = {path.name for path in out.iterdir() if not path.match(f"{first}.*{atomic.TEMPORARY}")}
    found = there - {LOCK}
    if found and not ours(found):
        raise ValueError(f"out must be an empty folder, or one to --resume, got {out}")
