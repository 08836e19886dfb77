"""A comparison that nobody trained, for `scripts/bench_scale.py`: stored predictions of any number.

Four arms, one model, one seed and the five public folds of UNBC-McMaster's subjects: 20 cells. Each
says of the frames of its validation and test subjects their PSPI shrunk, with noise.
"""

from collections.abc import Iterator
from dataclasses import asdict
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from assets.facs import PAIN_AUS, pspi_array
from assets.folds import Fold, folds
from assets.unbc import SUBJECTS, SURROGATE
from generator.shards.manifest import json_bytes
from vitpain.ablation.arms import BASE, Arm
from vitpain.ablation.stored import CELL, CELLS, COST, FORMAT, STUDY
from vitpain.evaluate import predictions
from vitpain.evaluate.predictions import LEVELS

SOURCES = {"painted": "2d", "drawn": "3d"}
ARMS = (
    Arm(BASE),
    Arm("real_classical", classical=True),
    *(Arm(f"real+{name}", beside=(name,)) for name in SOURCES),
)
COMMIT, VERSIONS = "0" * 40, {"numpy": np.__version__}


def write(folder: Path, frames: int) -> None:
    """Write a finished study of so many real frames, 25 or more, shared out among the subjects."""
    rng = np.random.Generator(np.random.Philox(key=0))
    subject = np.sort(np.arange(frames) % len(SUBJECTS))
    strength = rng.random(frames) * (rng.random(frames) < 0.4)
    aus = np.round(5 * rng.random((frames, len(PAIN_AUS))) * strength[:, None])
    aus[:, -1] = strength > 0.6
    cells = {}
    folder.mkdir(parents=True)
    for arm, fold in product(ARMS, folds("public5", SUBJECTS, 0)):
        name = f"{arm.name}-{fold.number}".replace("+", "_")
        facts = {"arm": arm.name, "model": "plain", "fold": fold.number, "seed": 0, "fraction": 1.0}
        place = folder / CELLS / name
        place.mkdir(parents=True)
        for file, content in _said(arm, fold, facts):
            (place / file).write_bytes(json_bytes(content))
        predictions.write(place / predictions.NAME, _predicted(fold, subject, aus, rng))
        cells[name] = facts
    (folder / STUDY).write_bytes(json_bytes(_study(frames) | {"cells": cells}))


def _study(frames: int) -> dict[str, Any]:
    of_sources = [
        {"name": name, "kind": kind, "folder": name, "manifest": "1" * 64, "frames": frames}
        for name, kind in SOURCES.items()
    ]
    return {
        "format": FORMAT,
        "config": {"models": ["plain"], "fractions": [1.0], "seeds": 1},
        "arms": [asdict(arm) for arm in ARMS],
        "real": {"name": "real", "folder": "real", "manifest": "0" * 64, "frames": frames,
                 "subjects": len(SUBJECTS), "source": SURROGATE},
        "sources": of_sources,
        "surrogate": True,
        "level16": dict.fromkeys(SOURCES, 0),
        "matched": {"1": {"1": 1}},
        "versions": VERSIONS,
        "commit": COMMIT,
    }  # fmt: skip


def _said(arm: Arm, fold: Fold, facts: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """What a cell says of itself and of what it cost, by file."""
    learnt = {
        "real": 1,
        "synthetic": dict.fromkeys(arm.synthetic, 1),
        "by_level": {"0": 1},
        "subjects": len(fold.train),
    }
    yield CELL, {**facts, "learnt": learnt, "notes": []}
    cost = {"seconds": 1.0, "gpu_hours": 0.0, "steps": 1, "frames": 1}
    yield COST, {**cost, "commit": COMMIT, "versions": VERSIONS}


def _predicted(
    fold: Fold, subject: np.ndarray, aus: np.ndarray, rng: np.random.Generator
) -> pa.Table:
    tested = np.isin(np.array(SUBJECTS)[subject], fold.test)
    rows = np.flatnonzero(tested | np.isin(np.array(SUBJECTS)[subject], fold.val))
    count, own = len(rows), aus[rows]
    pspi = pspi_array(own)
    hat = np.clip(0.7 * pspi + rng.normal(0, 0.8, count), 0, 16)
    aus_hat = np.clip(0.7 * own + rng.normal(0, 0.4, own.shape), 0, 5)
    aus_hat[:, -1] = np.clip(aus_hat[:, -1], 0, 1)
    return predictions.table(
        {
            "key": [f"f{row:08d}" for row in rows],
            "set": np.zeros(count, np.int32),
            "source": [SURROGATE] * count,
            "subject": np.array(SUBJECTS)[subject[rows]],
            "fold": np.full(count, fold.number, np.int32),
            "role": np.where(tested[rows], "test", "val"),
            "condition": ["right"] * count,
            "sequence": [None] * count,
            "frame": [None] * count,
            "kind": ["real"] * count,
            "view": [None] * count,
            "pspi": pspi,
            **{f"au{au}": own[:, at] for at, au in enumerate(PAIN_AUS)},
            "pspi_hat": hat,
            "pspi_of_aus_hat": pspi_array(aus_hat),
            **{f"p{level}": 1 / (1 + np.exp(2 * (level - 0.3 - hat))) for level in LEVELS},
            **{f"au{au}_hat": aus_hat[:, at] for at, au in enumerate(PAIN_AUS)},
            "neutral_keys": [[]] * count,
            "age_years": 20.0 + 2 * subject[rows],
            "sex": np.where(subject[rows] % 2 == 0, "female", "male"),
            "skin_tone": [None] * count,
            "split": ["train"] * count,
        }
    )
