"""Tiny runs of `pretrain` and `finetune` for the tests: ellipses, a small model, nine steps."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from assets import journal
from generator.config import GenerateConfig
from vitpain.model.config import ModelConfig
from vitpain.train.begin import Begin, fresh
from vitpain.train.config import Run, TrainConfig
from vitpain.train.fitted import Fitted, Told
from vitpain.train.pretrain import pretrain

MODEL = ModelConfig(backbone="vit_mini_patch16_dinov3", size=32, hidden=16)
DATA = GenerateConfig(
    identities=12, pain_per_identity=2, confounders=0, views=1, size=32, people_per_shard=4
)
SMALL = TrainConfig(epochs=3, batch=8, learning_rate=1e-3, threads=1, kept=20)
"""Three steps an epoch on such data."""
EVERY: dict[str, Any] = {"workers": 0, "log_every": 2, "checkpoint_every": 1}
STEADY: dict[str, Any] = {"dropout": 0.0, "neutral_dropout": 0.0}
"""A model that draws nothing: what it learns from a batch is the same, whoever shares it."""
ONCE = replace(SMALL, epochs=1)
CLOCKS = ("seconds", "pairs_per_second")


def ignore(done: int, total: int) -> None:
    """Report progress to nobody."""


def told(
    steps: Callable[[int, int], None] = ignore, say: Callable[[str], None] = lambda text: None
) -> Told:
    """Progress told to a test."""
    return Told(steps, ignore, say)


def begin(**changed: Any) -> Begin:
    """Random weights of the smallest model."""
    return fresh(replace(MODEL, **changed), "none")


def train(
    data: Path,
    out: Path,
    config: TrainConfig = SMALL,
    heard: Told | None = None,
    first: Begin | None = None,
    **run: Any,
) -> Fitted:
    """Train as the command does, in this process."""
    run = EVERY | run
    return pretrain([data], first or begin(), config, Run(out, **run), heard or told())


def lines(folder: Path) -> list[dict[str, Any]]:
    """The log without what a clock says."""
    rows = [json.loads(line) for line in (folder / journal.LOG).read_text().splitlines()]
    return [{name: row[name] for name in row if name not in CLOCKS} for row in rows]
