"""The folder of a run: one writer, one configuration from beginning to end, whole files.

`config.json` is written first and `rig.safetensors` last; a folder without the second is
unfinished and can be resumed.
"""

import fcntl
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

from assets import atomic
from rigging.training.config import Run, TrainConfig

CONFIG, LOCK = "config.json", ".lock"


@contextmanager
def claimed(run: Run, config: TrainConfig) -> Iterator[None]:
    """Hold `run.out`, made here if it is not there, against every other writer.

    Raises ValueError where another process holds it, where it is not empty and not resumed, and
    where it was begun with another configuration.
    """
    out = run.out
    if out.exists() and not out.is_dir():
        raise ValueError(f"out must be a folder, got the file {out}")
    out.mkdir(parents=True, exist_ok=True)
    # Before the lock too, so that none is left in a folder of others.
    _check(run)
    with open(out / LOCK, "ab") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise ValueError(f"{out} must have one writer, got a second: one is at work") from None
        # The file stays: who has opened it already would hold a lock that nobody else sees.
        _check(run)
        atomic.remove_temporary(out)
        hold(out / CONFIG, asdict(config))
        yield


def _check(run: Run) -> None:
    found = sorted(path.name for path in run.out.iterdir() if path.name != LOCK)
    if found and not (run.resume and CONFIG in found):
        raise ValueError(f"out must be an empty folder, or one to --resume, got {run.out}")


def hold(path: Path, wanted: Mapping[str, Any]) -> None:
    """Write options where nothing stands, else hold them to what was written.

    Raises ValueError that names file, option and both values.
    """
    text = json.dumps(wanted, indent=1)
    if not path.exists():
        atomic.write(path, f"{text}\n".encode())
        return
    before, now = json.loads(path.read_text()), json.loads(text)
    for name in sorted({*before, *now}):
        if before.get(name) != now.get(name):
            rule = f"{before.get(name)!r} as in {path}"
            raise ValueError(f"{name} must be {rule}, got {now.get(name)!r}")
