"""One writer a data set, and workers that are gone before the next: locks of a folder's jobs.

The run holds `writer`; each of its workers shares `workers`. A new run takes the first at once or
not at all, and waits for the second, because workers of a killed run need a moment to notice.
"""

import fcntl
import multiprocessing
import shutil
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from assets.one_writer import alone
from generator.shards import manifest
from generator.shards.folder import CONFIG

UNFINISHED = ".unfinished"
PATIENCE = 30.0
WRITER, _WORKERS = "writer", "workers"


@dataclass(frozen=True)
class Ends:
    """Names of the files that are written first and last into a folder."""

    first: str = CONFIG
    last: str = manifest.NAME


DATA_SET = Ends()


@contextmanager
def claimed(out: Path, resume: bool, ends: Ends = DATA_SET) -> Iterator[None]:
    """Hold a folder, made here if it is not there, against every other writer.

    Raises ValueError where another process holds it, or where it is not empty and not resumed;
    OSError where it cannot be written.
    """
    if out.exists() and not out.is_dir():
        raise ValueError(f"out must be a folder, got the file {out}")
    begun = (out / UNFINISHED).is_dir()
    ours = begun or (resume and (out / ends.first).is_file())
    if out.is_dir() and not ours and any(out.iterdir()):
        raise ValueError(f"out must be an empty folder, or one to --resume, got {out}")
    (out / UNFINISHED).mkdir(parents=True, exist_ok=True)
    with alone(out, out / UNFINISHED / WRITER):
        if begun and not resume:
            raise ValueError(f"out must be an empty folder, or one to --resume, got {out}")
        try:
            # Another run may have ended between the check above and the lock.
            if not resume and any(path.name != UNFINISHED for path in out.iterdir()):
                raise ValueError(f"out must be an empty folder, or one to --resume, got {out}")
            yield
        finally:
            _leave(out, ends)


@contextmanager
def working(out: Path) -> Iterator[None]:
    """Share the folder as a worker of the run that claimed it.

    A worker whose run is gone ends here: whoever claims the folder next has not waited for it.
    """
    with open(out / UNFINISHED / _WORKERS, "ab") as file:
        fcntl.flock(file, fcntl.LOCK_SH)
        parent = multiprocessing.parent_process()
        if parent is not None and not parent.is_alive():
            sys.exit(1)
        yield


def workers_gone(out: Path) -> None:
    """Wait until no worker of a run before this one is left.

    Raises ValueError after half a minute, naming the folder.
    """
    end = time.monotonic() + PATIENCE
    with open(out / UNFINISHED / _WORKERS, "ab") as file:
        while True:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                return
            except BlockingIOError:
                if time.monotonic() > end:
                    text = f"{out} must have no workers of a run before, got some after"
                    raise ValueError(f"{text} {PATIENCE:g} s") from None
                time.sleep(0.05)


def _leave(out: Path, ends: Ends) -> None:
    """Leave nothing of ours in a folder that is finished, or where nothing was begun."""
    unfinished = out / UNFINISHED
    begun = (out / ends.first).exists() and not (out / ends.last).exists()
    if unfinished.is_dir() and not begun:
        shutil.rmtree(unfinished)
