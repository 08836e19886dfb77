"""How well linear probes read pain and identity from features, by scikit-learn.

PSPI by ridge regression, tried on people whom the probe has not seen; identity by logistic
regression, tried on other frames of the same people. Features are of one model: those of the
models of other folds mean other things.
"""

from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Float, Float64, Int
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.model_selection import GroupKFold, StratifiedKFold
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler
from threadpoolctl import threadpool_limits

from assets.streams import stream

FOLDS = 5
FEWEST = 3
"""People without whom no strength of the ridge can be chosen on people who were not seen."""
STRENGTHS = tuple(10.0**power for power in range(6))
"""Of the ridge, chosen within the people that a probe learns from; features have variance 1."""
COST = 0.1
"""Inverse strength of the logistic regression."""


class Read(NamedTuple):
    """What was read of each frame by probes that were fitted without it, NaN where none was.

    `identity` is 1 where the person was found and else 0, `chance` the share of the commonest.
    """

    pspi: Float64[np.ndarray, " frames"]
    identity: Float64[np.ndarray, " frames"]
    chance: Float64[np.ndarray, " frames"]
    why_no_pspi: str | None
    why_no_identity: str | None


def read(
    features: Float[np.ndarray, "frames dim"],
    pspi: Float[np.ndarray, " frames"],
    people: Int[np.ndarray, " frames"],
    seed: int,
) -> Read:
    """Probe features of one model; a frame whose PSPI is NaN takes no part in its probe."""
    drawn = int(stream(seed, -1, "folds of probes").integers(2**32))
    # Many small problems: more threads would wait for each other.
    with threadpool_limits(1):
        said, why_no_pspi = _pspi(features, pspi, people, drawn)
        found, chance, why_no_identity = _identity(features, people, drawn)
    return Read(said, found, chance, why_no_pspi, why_no_identity)


def _pspi(
    features: np.ndarray, pspi: np.ndarray, people: np.ndarray, seed: int
) -> tuple[np.ndarray, str | None]:
    said = np.full(len(pspi), np.nan)
    known = np.flatnonzero(~np.isnan(pspi))
    whose = people[known]
    count = len(np.unique(whose))
    if count < FEWEST:
        return (
            said,
            f"fewer than {FEWEST} people a model: none to learn from apart from who is tried",
        )
    split = GroupKFold(min(FOLDS, count), shuffle=True, random_state=seed)
    for learnt, tried in split.split(known, groups=whose):
        rows, groups = known[learnt], whose[learnt]
        errors = np.zeros(len(STRENGTHS))
        inner = GroupKFold(min(FOLDS - 1, len(np.unique(groups))))
        for some, others in inner.split(rows, groups=groups):
            answers = _ridges(features, pspi, rows[some]).predict(features[rows[others]])
            errors += ((answers - pspi[rows[others], None]) ** 2).sum(0)
        best = int(errors.argmin())
        said[known[tried]] = _ridges(features, pspi, rows).predict(features[known[tried]])[:, best]
    return said, None


def _ridges(features: np.ndarray, pspi: np.ndarray, rows: np.ndarray) -> Pipeline:
    """Ridges of all strengths side by side, which share their products."""
    strengths: Any = np.array(STRENGTHS)
    made = make_pipeline(StandardScaler(), Ridge(alpha=strengths))
    return made.fit(features[rows], np.repeat(pspi[rows, None], len(STRENGTHS), axis=1))


def _identity(
    features: np.ndarray, people: np.ndarray, seed: int
) -> tuple[np.ndarray, np.ndarray, str | None]:
    found, chance = np.full(len(people), np.nan), np.full(len(people), np.nan)
    _, number, counts = np.unique(people, return_inverse=True, return_counts=True)
    several = counts >= 2
    if np.count_nonzero(several) < 2:
        return (
            found,
            chance,
            "fewer than 2 people a model with 2 frames or more: nobody to tell apart",
        )
    known = np.flatnonzero(several[number])
    whose = number[known]
    fewest, most = int(counts[several].min()), int(counts[several].max())
    split = StratifiedKFold(min(FOLDS, fewest), shuffle=True, random_state=seed)
    for learnt, tried in split.split(known, whose):
        probe = make_pipeline(StandardScaler(), LogisticRegression(C=COST, max_iter=1000))
        probe.fit(features[known[learnt]], whose[learnt])
        found[known[tried]] = probe.predict(features[known[tried]]) == whose[tried]
    chance[known] = most / len(known)
    return found, chance, None
