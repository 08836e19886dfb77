"""Figures as a table for people and, with `--json PATH`, as JSON for a program."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from assets import atomic
from generator.shards.manifest import json_bytes


def table(figures: Mapping[str, Any]) -> str:
    """A line a figure, names to the left."""
    width = max((len(name) for name in figures), default=0)
    return "\n".join(f"{name:<{width}}  {_number(value)}" for name, value in figures.items())


def check_json(path: Path | None) -> None:
    """Refuse before any work a place that figures cannot be written to, naming it."""
    if path is not None and path.is_dir():
        raise ValueError(f"json must be a file, got the folder {path}")
    if path is not None and not path.parent.is_dir():
        raise ValueError(f"json must be in a folder that is there, got {path}")


def write_json(path: Path | None, content: Mapping[str, Any]) -> None:
    """Write figures where the user asked for them."""
    if path is not None:
        atomic.write(path, json_bytes(content))


def _number(value: object) -> str:
    if isinstance(value, float):
        return f"{value:,.2f}"
    return f"{value:,}" if isinstance(value, int) else str(value)
