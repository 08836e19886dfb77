"""The folder of a study: one writer, one configuration from beginning to end.

`study.json` is written before any cell runs; sources that were registered for the study (`sets`)
and, where it makes them itself, its `inputs` may lie there before.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from assets import atomic
from assets.commit import commit
from assets.one_writer import held
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

SETS, INPUTS = "sets", "inputs"
BEFORE = {SETS, INPUTS}
"""What lies in a folder before `study.json` does."""
UNHELD = ("versions", "commit", "folder")


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

    def ours(found: set[str]) -> bool:
        return resume and (STUDY in found or found <= BEFORE)

    with held(out, STUDY, ours):
        yield


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
        "cells": {cell.id: cell.what for cell in planned.cells},
        "versions": run_folder.versions(),
        "commit": commit(),
    }
    path = out / STUDY
    if path.exists():
        before = _hold(path, json.loads(json_bytes(stated)))
        # Where sets lie may have changed; which code began, not.
        stated |= {name: before[name] for name in ("versions", "commit")}
    atomic.write(path, json_bytes(stated))
    return Study(out, config, there, planned.common)


def hold_config(out: Path, config: StudyConfig) -> None:
    """Hold a configuration to that of the study in a folder, if there is one.

    Raises ValueError that names field and both values.
    """
    path = out / STUDY
    if path.exists():
        now = json.loads(json_bytes({"config": asdict(config)}))
        _same(path, {"config": _read(path)["config"]}, now)


def _read(path: Path) -> dict[str, Any]:
    before = read_json(path)
    if not isinstance(before, dict) or before.get("format") != FORMAT:
        raise ValueError(f"{path} must be a study ({FORMAT}), got another")
    return before


def _same(path: Path, before: dict[str, Any], now: dict[str, Any]) -> None:
    changed = difference(before, now)
    if changed:
        raise ValueError(f"{path} must be of this study, got another: {changed}")


def _hold(path: Path, now: dict[str, Any]) -> dict[str, Any]:
    before = _read(path)
    known = [
        {one["name"]: one for one in (each["real"], *each["sources"])} for each in (before, now)
    ]
    for name in sorted({*known[0]} & {*known[1]}):
        was, hashed = (each[name]["manifest"] for each in known)
        if was != hashed:
            rule = f"as when {path.parent} was begun, manifest {was[:12]}"
            raise ValueError(f"{known[1][name]['folder']} must be {rule}, got {hashed[:12]}")
    _same(path, _held(before), _held(now))
    return before


def _held(stated: Any) -> Any:
    """What is held: anything but where files lie and which code is at work."""
    if isinstance(stated, dict):
        return {name: _held(one) for name, one in stated.items() if name not in UNHELD}
    return [_held(one) for one in stated] if isinstance(stated, list) else stated
