"""Figures of one prediction against its label: of each fold, and pooled with their intervals."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from jaxtyping import Bool, Float64

from vitpain.evaluate.cases import Cases
from vitpain.evaluate.value import UNLABELLED, Value, mean, plain, ranged
from vitpain.metrics import agreement, detection

REGRESSION = agreement.NAMES
DETECTION = ("auroc", "ap", "f1", "precision", "recall")

Thresholds = Mapping[int, Value]
"""Threshold of each fold, by its number."""
Weights = Callable[[int], Float64[np.ndarray, "resamples subjects"]]
"""Resamples of so many subjects."""


@dataclass(frozen=True)
class Scored:
    """Figures of some frames; `positives` of them are in what is to be detected, if anything is.

    `drawn` are the figures of every resample of the subjects, where there are intervals.
    """

    frames: int
    subjects: int
    positives: int | None
    values: Mapping[str, Value]
    drawn: Mapping[str, np.ndarray] = field(default_factory=dict, repr=False, compare=False)


@dataclass(frozen=True)
class Score:
    """Figures of a prediction pooled, of each fold, and their mean over folds.

    `over` says in how many folds a figure is defined, and `spread` is its standard deviation.
    `level` is the least label that counts as positive, None for agreement.
    """

    label: str
    predicted: str
    level: float | None
    pooled: Scored
    folds: Mapping[int, Scored]
    mean: Mapping[str, Value]
    over: Mapping[str, int]
    spread: Mapping[str, float | None]
    thresholds: Thresholds


def agree(cases: Cases, label: str, predicted: str, weights: Weights | None) -> Scored:
    """How close a prediction is to a label; intervals where `weights` are given."""
    y, p = cases.numbers(label), cases.numbers(predicted)
    known = ~np.isnan(y)
    groups = len(cases.subjects)
    sums = agreement.sums(y, p, cases.subject, groups)
    whole = agreement.agreement(sums.total)
    present = np.unique(cases.subject[known])
    why = _why_no_agreement(y[known], p[known])
    drawn: dict[str, np.ndarray] = {}
    if weights is not None:
        own = agreement.Sums(sums.values[present], sums.label_centre, sums.predicted_centre)
        drawn = agreement.agreement(own.weighted(weights(len(present))))
    values = _values(REGRESSION, whole, drawn, len(present), why)
    return Scored(int(known.sum()), len(present), None, values, drawn)


@dataclass(frozen=True)
class Detector:
    """A score by which frames are found whose label is at least `level`."""

    label: str
    level: float
    score: str


def detect(
    cases: Cases, detector: Detector, thresholds: Thresholds, weights: Weights | None
) -> Scored:
    """How well a score finds what it should, decided by the threshold of each frame's fold."""
    y = cases.numbers(detector.label)
    known = ~np.isnan(y)
    cases, y = cases.where(known), y[known]
    score, true = cases.numbers(detector.score), y >= detector.level
    groups = len(cases.subjects)
    missing = no_threshold(thresholds, cases.folds)
    one = np.zeros(len(cases), np.int64)
    exact = detection.ranking(true, score, one, 1, None)
    whole = detection.curves(exact, np.ones((1, 1)))
    rows = None if weights is None else weights(groups)
    drawn: dict[str, np.ndarray] = {}
    if rows is not None:
        drawn = detection.curves(detection.ranking(true, score, cases.subject, groups), rows)
    if missing is None:
        counts = detection.decisions(true, said(cases, score, thresholds), cases.subject, groups)
        whole |= detection.decided(counts.total)
        if rows is not None:
            drawn |= detection.decided(counts.weighted(rows))
    why = _why_no_detection(true, detector, missing)
    values = _values(DETECTION, whole, drawn, groups, why)
    return Scored(len(cases), groups, int(true.sum()), values, drawn)


def said(
    cases: Cases, score: Float64[np.ndarray, " rows"], thresholds: Thresholds
) -> Bool[np.ndarray, " rows"]:
    """What each frame's score says by the threshold of its fold, all of which have a value."""
    bounds = {fold: thresholds[fold].value for fold in cases.folds}
    found = np.zeros(len(cases), bool)
    for fold, bound in bounds.items():
        assert bound is not None
        found |= (cases.fold == fold) & (score >= bound)
    return found


def agreement_score(cases: Cases, label: str, predicted: str, weights: Weights) -> Score:
    """Agreement pooled, in each fold and on average."""
    folds = {fold: agree(cases.of("fold", [fold]), label, predicted, None) for fold in cases.folds}
    pooled = agree(cases, label, predicted, weights)
    return _score(label, predicted, None, pooled, folds, REGRESSION, {})


def detection_score(
    cases: Cases, detector: Detector, thresholds: Thresholds, weights: Weights
) -> Score:
    """Detection pooled, in each fold and on average."""
    folds = {
        fold: detect(cases.of("fold", [fold]), detector, thresholds, None) for fold in cases.folds
    }
    pooled = detect(cases, detector, thresholds, weights)
    level = detector.level
    return _score(detector.label, detector.score, level, pooled, folds, DETECTION, thresholds)


def choose_thresholds(learnt: Cases, folds: Sequence[int], detector: Detector) -> Thresholds:
    """For each fold the threshold that gives the highest F1 on frames of other subjects."""
    found = {}
    for fold in folds:
        own = learnt.of("fold", [fold])
        label = own.numbers(detector.label)
        known = ~np.isnan(label)
        value = detection.best_threshold(
            label[known] >= detector.level, own.numbers(detector.score)[known]
        )
        if value is not None:
            found[fold] = Value(value)
        elif not known.any():
            why = "no threshold: no frame of other subjects to choose it on"
            found[fold] = Value(None, why=why)
        else:
            rule = f"{detector.label.upper()} >= {detector.level:g}"
            why = f"no threshold: none of the frames to choose it on has {rule}"
            found[fold] = Value(None, why=why)
    return found


def no_threshold(thresholds: Thresholds, folds: Sequence[int]) -> str | None:
    """Why frames of these folds cannot be decided on, None where they can."""
    for fold in folds:
        if thresholds[fold].value is None:
            where = f"fold {fold}: " if len(folds) > 1 else ""
            return f"{where}{thresholds[fold].why}"
    return None


def _score(
    label: str,
    predicted: str,
    level: float | None,
    pooled: Scored,
    folds: dict[int, Scored],
    names: Sequence[str],
    thresholds: Thresholds,
) -> Score:
    means = {name: mean([one.values[name] for one in folds.values()]) for name in names}
    return Score(
        label,
        predicted,
        level,
        pooled,
        folds,
        {name: one[0] for name, one in means.items()},
        {name: one[1] for name, one in means.items()},
        {name: one[2] for name, one in means.items()},
        thresholds,
    )


def _values(
    names: Sequence[str],
    whole: Mapping[str, np.ndarray],
    drawn: Mapping[str, np.ndarray],
    subjects: int,
    why: Callable[[str], str | None],
) -> dict[str, Value]:
    """Figures by name, those that are in `drawn` with intervals, those not in `whole` undefined."""
    found = {}
    for name in names:
        value = float(whole[name][0]) if name in whole else np.nan
        if name in drawn:
            found[name] = ranged(value, drawn[name], subjects, why(name))
        else:
            found[name] = plain(value, why(name))
    return found


def _why_no_agreement(label: np.ndarray, predicted: np.ndarray) -> Callable[[str], str | None]:
    def why(name: str) -> str | None:
        if len(label) == 0:
            return UNLABELLED
        if name in ("pearson", "icc", "ccc") and label.min() == label.max():
            return f"every label is {label[0]:g}"
        if name == "pearson":
            return f"every prediction is {predicted[0]:.4g}"
        return None

    return why


def _why_no_detection(
    true: np.ndarray, detector: Detector, missing: str | None
) -> Callable[[str], str | None]:
    rule = f"{detector.label.upper()} >= {detector.level:g}"

    def why(name: str) -> str | None:
        if len(true) == 0:
            return UNLABELLED
        if not true.any() and name != "precision":
            return f"no frame has {rule}"
        if name == "auroc":
            return f"every frame has {rule}"
        if missing is not None and name in detection.DECIDED:
            return missing
        return "nothing is said to be positive"

    return why
