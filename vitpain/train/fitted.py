"""What a fit is given and how it ended: its folder, its batches, its trial, its best epoch."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from torch import nn

from generator.shards.manifest import read_json
from vitpain.train.feed import Feed

MODEL, RESULT = "model", "result.json"


@dataclass(frozen=True)
class Fitted:
    """How a fit ended: the epoch (from 1) whose weights were kept, and its score."""

    epoch: int
    score: float | None
    epochs: int
    steps: int
    pairs: int
    seconds: float
    collapsed: bool


@dataclass(frozen=True)
class Trial:
    """What a trial on validation subjects found: score of the rule, spread, figures for the log."""

    score: float | None
    spread: float | None
    figures: dict[str, float | int | None]


@dataclass(frozen=True)
class Told:
    """Who is told of progress (done since the last call, of how many) and of what to know."""

    steps: Callable[[int, int], None]
    frames: Callable[[int, int], None]
    say: Callable[[str], None]


@dataclass(frozen=True)
class Work:
    """What is fitted: a folder of its own, what to learn from, and how a model is tried."""

    folder: Path
    feed: Feed
    trial: Callable[[nn.Module], Trial]
    facts: dict[str, Any]
    """Stated in the model's file beside the epoch and its score."""


def finished(folder: Path) -> Fitted | None:
    """How the fit of a folder ended; None where it has not. Raises ValueError for another file."""
    path = folder / RESULT
    if not path.is_file():
        return None
    try:
        return Fitted(**read_json(path))
    except TypeError as error:
        raise ValueError(f"{path} must be the result of a fit, got {error}") from error
