"""A comparison that nobody trained: stored predictions of any number, for benchmarks and tests.

Four arms, one model, one seed and the five public folds of UNBC-McMaster's subjects: 20 cells. Each
says of the frames of its validation and test subjects their PSPI shrunk, with noise.
"""

from collections.abc import Mapping, Sequence
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
        rows = judged(fold, subject)
        pspi = pspi_array(aus[rows])
        hat = np.clip(0.7 * pspi + rng.normal(0, 0.8, len(rows)), 0, 16)
        said = predicted(fold, rows, subject[rows], aus[rows], hat, rng)
        learnt = {
            "real": 1,
            "synthetic": dict.fromkeys(arm.synthetic, 1),
            "by_level": {"0": 1},
            "subjects": len(fold.train),
        }
        write_cell(folder / CELLS / name, facts, learnt, said)
        cells[name] = facts
    stated = study(ARMS, SOURCES, frames, {"models": ["plain"], "fractions": [1.0], "seeds": 1})
    (folder / STUDY).write_bytes(json_bytes(stated | {"cells": cells}))


def study(
    arms: Sequence[Arm], kinds: Mapping[str, str], frames: int, config: Mapping[str, Any]
) -> dict[str, Any]:
    """What a study says of itself but its cells: its arms, and its further sources by their kind.

    `config` has the models, fractions and number of seeds; `frames` are real ones.
    """
    sources = [
        {"name": name, "kind": kind, "folder": name, "manifest": "1" * 64, "frames": frames}
        for name, kind in kinds.items()
    ]
    return {
        "format": FORMAT,
        "config": dict(config),
        "arms": [asdict(arm) for arm in arms],
        "real": {"name": "real", "folder": "real", "manifest": "0" * 64, "frames": frames,
                 "subjects": len(SUBJECTS), "source": SURROGATE},
        "sources": sources,
        "surrogate": True,
        "level16": dict.fromkeys(kinds, 0),
        "matched": {"1": {str(level): 10 for level in range(1, 6)}},
        "versions": VERSIONS,
        "commit": COMMIT,
    }  # fmt: skip


def write_cell(
    place: Path, facts: Mapping[str, Any], learnt: Mapping[str, Any], said: pa.Table
) -> None:
    """Write a finished cell: what it is of, what it learnt from, what it said, and what it cost."""
    place.mkdir(parents=True)
    (place / CELL).write_bytes(json_bytes({**facts, "learnt": learnt, "notes": []}))
    predictions.write(place / predictions.NAME, said)
    cost = {"seconds": 2.0, "gpu_hours": 0.001, "steps": 10, "frames": 320}
    (place / COST).write_bytes(json_bytes({**cost, "commit": COMMIT, "versions": VERSIONS}))


def judged(fold: Fold, subject: np.ndarray) -> np.ndarray:
    """Rows of a fold's validation and test subjects, by the subjects' numbers."""
    numbers = [SUBJECTS.index(name) for name in (*fold.val, *fold.test)]
    return np.flatnonzero(np.isin(subject, numbers))


def chances(hat: np.ndarray, level: int) -> np.ndarray:
    """Probabilities that PSPI is at least `level`, of predicted PSPI."""
    return 1 / (1 + np.exp(-2 * (hat - level + 0.3)))


def predicted(
    fold: Fold,
    rows: np.ndarray,
    subject: np.ndarray,
    aus: np.ndarray,
    hat: np.ndarray,
    rng: np.random.Generator,
) -> pa.Table:
    """Predictions of some frames, by their numbers in `rows`: PSPI as given, AUs shrunk, noisy."""
    count = len(rows)
    aus_hat = np.clip(aus * 0.7 + rng.normal(0, 0.4, aus.shape), 0, 5)
    aus_hat[:, -1] = np.clip(aus_hat[:, -1], 0, 1)
    tested = np.isin(subject, [SUBJECTS.index(name) for name in fold.test])
    return predictions.table(
        {
            "key": [f"f{row:08d}" for row in rows],
            "set": np.zeros(count, np.int32),
            "source": [SURROGATE] * count,
            "subject": np.array(SUBJECTS)[subject],
            "fold": np.full(count, fold.number, np.int32),
            "role": np.where(tested, "test", "val"),
            "condition": ["right"] * count,
            "sequence": [None] * count,
            "frame": [None] * count,
            "kind": ["real"] * count,
            "view": [None] * count,
            "pspi": pspi_array(aus),
            **{f"au{au}": aus[:, at] for at, au in enumerate(PAIN_AUS)},
            "pspi_hat": hat,
            "pspi_of_aus_hat": pspi_array(aus_hat),
            **{f"p{level}": chances(hat, level) for level in LEVELS},
            **{f"au{au}_hat": aus_hat[:, at] for at, au in enumerate(PAIN_AUS)},
            "neutral_keys": [[]] * count,
            "age_years": 20.0 + 2 * subject,
            "sex": np.where(subject % 2 == 0, "female", "male"),
            "skin_tone": [None] * count,
            "split": ["train"] * count,
        }
    )
