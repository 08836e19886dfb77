"""A study as its folder holds it: what it was begun with, and its cells."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from generator.shards.manifest import read_json
from vitpain.ablation.arms import Arm
from vitpain.ablation.figures import Stated, Unfinished
from vitpain.evaluate import predictions

STUDY, CELLS = "study.json", "cells"
CELL, COST, FAILED = "cell.json", "cost.json", "failed.json"
FORMAT = "pain3d ablation 1"
FIELDS: Mapping[str, type] = {
    "config": dict, "arms": list, "real": dict, "sources": list, "surrogate": bool,
    "level16": dict, "matched": dict, "versions": dict, "cells": dict,
}  # fmt: skip
_PLANNED: Mapping[str, type | tuple[type, ...]] = {
    "arm": str, "model": str, "fold": int, "seed": int, "fraction": (int, float),
}  # fmt: skip
_CELL: Mapping[str, type | tuple[type, ...]] = {**_PLANNED, "learnt": dict, "notes": list}
_COST: Mapping[str, type | tuple[type, ...]] = {
    "seconds": (int, float), "gpu_hours": (int, float), "steps": int, "frames": int,
    "commit": str, "versions": dict,
}  # fmt: skip


@dataclass(frozen=True)
class Finished:
    """A finished cell; `learnt` and `cost` are those of its files."""

    folder: Path
    arm: str
    model: str
    fold: int
    seed: int
    fraction: float
    learnt: Mapping[str, Any]
    cost: Mapping[str, Any]
    notes: tuple[str, ...]

    @property
    def predictions(self) -> Path:
        """What it said of its validation and test subjects."""
        return self.folder / predictions.NAME

    @property
    def synthetic(self) -> Mapping[str, int]:
        """Synthetic frames learnt from, by source."""
        return self.learnt["synthetic"]


@dataclass(frozen=True)
class Stored:
    """A study and its cells, in the order of their names."""

    study: Stated
    cells: tuple[Finished, ...]
    unfinished: tuple[Unfinished, ...]


def stored(folder: Path) -> Stored:
    """Read all but the predictions.

    Raises ValueError that names the file where a field is missing or of another kind, an arm is not
    one of the study, two cells are of the same arm, model, fold, seed and fraction, or a folder
    holds another cell than the study says.
    """
    path = folder / STUDY
    if not path.is_file():
        raise ValueError(f"{folder} must be the folder of a study, got none of {STUDY}")
    content = read_json(path)
    study, planned = _study(content, path), _planned(content, path)
    cells, unfinished = [], []
    for name, what in planned.items():
        first = folder / CELLS / name / CELL
        cost = first.with_name(COST)
        # A kill may leave a folder before its first file is named.
        facts = _fields(read_json(first), _CELL, first) if first.is_file() else None
        for field, value in what.items():
            if facts is not None and facts[field] != value:
                rule = f"{field} must be {value}, as {STUDY} says"
                raise ValueError(f"{first}: {rule}, got {facts[field]}")
        finished = cost.is_file() and first.with_name(predictions.NAME).is_file()
        if facts is None or not finished:
            unfinished.append(Unfinished(name, error=_error(first), **what))
            continue
        cells.append(
            Finished(
                first.parent,
                learnt=facts["learnt"],
                cost=_fields(read_json(cost), _COST, cost),
                notes=tuple(facts["notes"]),
                **what,
            )
        )
    return Stored(study, tuple(cells), tuple(unfinished))


def _planned(content: dict[str, Any], path: Path) -> dict[str, dict[str, Any]]:
    """What each cell of a study is of, by its name."""
    arms = {one["name"] for one in content["arms"]}
    found: dict[str, dict[str, Any]] = {}
    known: dict[tuple[Any, ...], str] = {}
    for name, one in sorted(content["cells"].items()):
        facts = _fields(one, _PLANNED, path)
        what = {field: facts[field] for field in _PLANNED} | {"fraction": float(facts["fraction"])}
        if what["arm"] not in arms:
            raise ValueError(f"{path}: arm must be one of the study, got {what['arm']}")
        other = known.setdefault(tuple(what.values()), name)
        if other != name:
            rule = "a cell must be the only one of its kind"
            raise ValueError(f"{path}: {rule}, got {other} and {name}")
        found[name] = what
    return found


def _study(content: Any, path: Path) -> Stated:
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        raise ValueError(f"{path} must be a study ({FORMAT}), got another")
    facts = _fields(content, FIELDS, path)
    arms = []
    for one in facts["arms"]:
        try:
            arms.append(Arm(**{**one, "beside": tuple(one["beside"])}))
        except (TypeError, KeyError) as error:
            raise ValueError(f"{path}: arms must have the fields of Arm, got {error}") from error
    return Stated(
        **{name: facts[name] for name in ("config", "real", "surrogate", "level16", "matched")},
        arms=tuple(arms),
        sources=tuple(facts["sources"]),
        versions=facts["versions"],
        commit=facts.get("commit"),
    )


def _fields(content: Any, kinds: Mapping[str, Any], path: Path) -> dict[str, Any]:
    if not isinstance(content, dict):
        raise ValueError(f"{path} must hold an object, got {type(content).__name__}")
    for name, kind in kinds.items():
        if not isinstance(content.get(name), kind):
            rule = "a number" if isinstance(kind, tuple) else f"of kind {kind.__name__}"
            got = type(content.get(name)).__name__
            raise ValueError(f"{path}: {name} must be {rule}, got {got}")
    return content


def _error(first: Path) -> str | None:
    failed = first.with_name(FAILED)
    return str(read_json(failed)["error"]) if failed.is_file() else None
