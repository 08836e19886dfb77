"""Predictions of a model that is not there: 25 subjects, five folds, effects that are known."""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from assets.facs import PAIN_AUS, pspi_array
from vitpain.evaluate import predictions
from vitpain.evaluate.predictions import CONDITIONS, LEVELS

SUBJECTS = 25
FOLDS = 5


@dataclass(frozen=True)
class Effects:
    """How well the model that is not there does.

    `noise` of a frame, `person` the spread of a person's bias, both in PSPI; under `other` and
    `none` noise is so many times as strong.
    """

    sequences: int = 3
    frames: int = 40
    noise: float = 0.6
    person: float = 0.4
    shrink: float = 0.8
    other: float = 2.0
    none: float = 1.5
    source: str = "unbc-surrogate"
    pain: float = 1.0


def rows(effects: Effects = Effects(), key: int = 0, train: bool = True) -> pa.Table:
    """Every frame tested once under three conditions and, by option, learnt from by other folds."""
    rng = np.random.Generator(np.random.Philox(key=key))
    each = effects.sequences * effects.frames
    subject = np.repeat(np.arange(SUBJECTS), each)
    sequence = np.tile(np.repeat(np.arange(effects.sequences), effects.frames), SUBJECTS)
    frame = np.tile(np.arange(1, effects.frames + 1), SUBJECTS * effects.sequences)
    aus = _labels(rng, subject, sequence, frame, effects)
    bias = rng.normal(0, effects.person, SUBJECTS)[subject]
    names = np.array([f"{40 + 3 * one:03d}-s{one:02d}" for one in range(SUBJECTS)])
    keys = np.array(
        [f"s{s:02d}q{q}f{f:03d}" for s, q, f in zip(subject, sequence, frame, strict=True)]
    )
    shared = {
        "key": keys,
        "set": np.zeros(len(keys), np.int32),
        "source": np.full(len(keys), effects.source),
        "subject": names[subject],
        "sequence": np.array([f"s{s:02d}q{q}" for s, q in zip(subject, sequence, strict=True)]),
        "frame": frame,
        "kind": np.full(len(keys), "real"),
        "pspi": pspi_array(aus),
        **{f"au{au}": aus[:, place] for place, au in enumerate(PAIN_AUS)},
        "age_years": 20.0 + 2 * subject,
        "sex": np.where(subject % 2 == 0, "female", "male"),
        "skin_tone": 1 + subject % 10,
        "split": np.full(len(keys), "train"),
    }
    own = subject % FOLDS
    parts = []
    for condition in CONDITIONS:
        said = _said(rng, aus, bias, effects, condition)
        parts.append(_part(shared | said, own + 1, "test", condition))
    if train:
        said = _said(rng, aus, bias, effects, "right")
        for fold in range(FOLDS):
            # Validation subjects are those of the next fold.
            roles = {
                "val": own == (fold + 1) % FOLDS,
                "train": ~np.isin(own, (fold, (fold + 1) % FOLDS)),
            }
            for role, chosen in roles.items():
                values = {name: column[chosen] for name, column in (shared | said).items()}
                parts.append(_part(values, np.full(int(chosen.sum()), fold + 1), role, "right"))
    return pa.concat_tables(parts)


def _labels(
    rng: np.random.Generator,
    subject: np.ndarray,
    sequence: np.ndarray,
    frame: np.ndarray,
    effects: Effects,
) -> np.ndarray:
    """Onset, apex and offset in the middle of every sequence but a person's first."""
    peak = rng.uniform(0, 1, (SUBJECTS, effects.sequences)) * effects.pain
    peak[:, 0] = 0.0
    place = frame / effects.frames
    rise = np.clip(1 - np.abs(place - 0.55) / 0.22, 0, 1) * peak[subject, sequence]
    shares = rng.uniform(0.3, 1.0, (SUBJECTS, len(PAIN_AUS)))[subject]
    aus = np.round(5 * shares * rise[:, None])
    aus[:, -1] = rise > 0.6
    return aus


def _said(
    rng: np.random.Generator, aus: np.ndarray, bias: np.ndarray, effects: Effects, condition: str
) -> dict[str, np.ndarray]:
    more = {"right": 1.0, "other": effects.other, "none": effects.none}[condition]
    true = pspi_array(aus)
    noise = effects.noise * more
    hat = np.clip(effects.shrink * true + bias * more + rng.normal(0, noise, len(true)), 0, 16)
    aus_hat = np.clip(aus * 0.7 + rng.normal(0, 0.4 * more, aus.shape), 0, 5)
    aus_hat[:, -1] = 1 / (1 + np.exp(-(4 * aus[:, -1] - 2 + rng.normal(0, 1, len(true)))))
    said = {"pspi_hat": hat, "pspi_of_aus_hat": pspi_array(aus_hat)}
    said |= {f"p{level}": 1 / (1 + np.exp(-2 * (hat - level + 0.3))) for level in LEVELS}
    return said | {f"au{au}_hat": aus_hat[:, place] for place, au in enumerate(PAIN_AUS)}


def _part(values: dict[str, np.ndarray], fold: np.ndarray, role: str, condition: str) -> pa.Table:
    count = len(fold)
    neutral = [] if condition == "none" else ["s00q0f001"]
    return predictions.table(
        values
        | {
            "fold": fold.astype(np.int32),
            "role": [role] * count,
            "condition": [condition] * count,
            "view": [None] * count,
            "neutral_keys": [neutral] * count,
        }
    )
