"""The folder of a study: one writer, one configuration from beginning to end.

`study.json` is written before any cell runs; sources that were registered for the study (`sets`)
and, where it makes them itself, its `inputs` may lie there before.
"""

import fcntl
import json
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from assets import atomic
from generator.shards.folder import difference
from generator.shards.manifest import json_bytes, read_json
from vitpain.ablation.arms import Arm
from vitpain.ablation.config import StudyConfig
from vitpain.ablation.matched import Common
from vitpain.ablation.plan import Cell, Planned
from vitpain.ablation.sources import Sources
from vitpain.ablation.stored import CELLS, COST, FORMAT, STUDY
from vitpain.evaluate import predictions
from vitpain.train import run_folder

SETS, INPUTS, LOCK = "sets", "inputs", ".lock"
BEFORE = {SETS, INPUTS}
"""What lies in a folder before `study.json` does."""
UNHELD = ("versions", "commit", "folder")
ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Study:
    """All that a cell needs to know to run, wherever that is."""

    out: Path
    config: StudyConfig
    sources: Sources
    common: Mapping[int, Common]

    def folder(self, cell: Cell) -> Path:
        """Where a cell lies."""
        return self.out / CELLS / cell.id

    def finished(self, cell: Cell) -> bool:
        """Whether a cell has nothing left to do."""
        folder = self.folder(cell)
        return all((folder / name).is_file() for name in (predictions.NAME, COST))


@contextmanager
def claimed(out: Path, resume: bool) -> Iterator[None]:
    """Hold a study's folder, made here if it is not there, against every other writer.

    Raises ValueError where another study holds it, and where it is not empty and not one to resume.
    """
    if out.exists() and not out.is_dir():
        raise ValueError(f"out must be a folder, got the file {out}")
    out.mkdir(parents=True, exist_ok=True)
    # Before the lock too, so that none is left in a folder of others.
    _check(out, resume)
    with open(out / LOCK, "ab") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise ValueError(f"{out} must have one writer, got a second: one is at work") from None
        _check(out, resume)
        atomic.remove_temporary(out)
        yield


def _check(out: Path, resume: bool) -> None:
    found = {path.name for path in out.iterdir() if path.suffix != atomic.TEMPORARY} - {LOCK}
    ours = STUDY in found or found <= BEFORE
    if found and not (resume and ours):
        raise ValueError(f"out must be an empty folder, or one to --resume, got {out}")


def begun(
    out: Path, config: StudyConfig, arms: Sequence[Arm], there: Sources, planned: Planned
) -> Study:
    """Write what a study begins with where nothing stands, else hold it to what was written.

    Raises ValueError that names field and both values, or the source that has changed since.
    """
    stated = {
        "format": FORMAT,
        "config": asdict(config),
        "arms": [asdict(arm) for arm in arms],
        **planned.facts,
        "surrogate": planned.surrogate,
        "level16": dict(planned.level16),
        "matched": {
            str(fold): {str(one): count for one, count in common.levels.items()}
            for fold, common in planned.common.items()
        },
        "versions": run_folder.versions(),
        "commit": _commit(),
    }
    path = out / STUDY
    if path.exists():
        _hold(path, json.loads(json_bytes(stated)))
    else:
        atomic.write(path, json_bytes(stated))
    return Study(out, config, there, planned.common)


def _hold(path: Path, now: dict[str, Any]) -> None:
    before = read_json(path)
    if not isinstance(before, dict) or before.get("format") != FORMAT:
        raise ValueError(f"{path} must be a study ({FORMAT}), got another")
    known = [
        {one["name"]: one for one in (each["real"], *each["sources"])} for each in (before, now)
    ]
    for name in sorted({*known[0]} & {*known[1]}):
        was, hashed = (each[name]["manifest"] for each in known)
        if was != hashed:
            rule = f"as when {path.parent} was begun, manifest {was[:12]}"
            raise ValueError(f"{known[1][name]['folder']} must be {rule}, got {hashed[:12]}")
    changed = difference(_held(before), _held(now))
    if changed:
        raise ValueError(f"{path} must be of this study, got another: {changed}")


def _held(stated: Any) -> Any:
    """What is held: anything but where files lie and which code is at work."""
    if isinstance(stated, dict):
        return {name: _held(one) for name, one in stated.items() if name not in UNHELD}
    return [_held(one) for one in stated] if isinstance(stated, list) else stated


def _commit() -> str | None:
    """The commit of this code, None outside of git."""
    if not (ROOT / ".git").exists():
        return None
    command = ["git", "-C", str(ROOT), "rev-parse", "HEAD"]
    try:
        found = subprocess.run(command, capture_output=True, text=True, timeout=30, check=True)
    except (OSError, subprocess.SubprocessError):
        return None
    return found.stdout.strip()
