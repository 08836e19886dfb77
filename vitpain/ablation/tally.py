"""What the metrics of arms are made of: sums over the frames of every person and seed.

Sums add up, so that of any resample of people, and of any mixture of two arms, the metrics cost a
small product. AUROC is made of pairs: for any two groups, how many pairs of a positive of the first
and a negative of the second are in the right order, half of a tie; a resample's pairs are a
quadratic form of its weights.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float64, Int

from vitpain.classifier.classes import THESIS
from vitpain.evaluate.predictions import LEVELS
from vitpain.metrics import agreement, detection

DECIDED = (1, 3)
"""PSPI at and above which frames are decided on by a threshold."""
CLASSES = len(THESIS)
_ENDS = np.cumsum([agreement.SUMS, *(4 for _ in DECIDED), len(LEVELS), CLASSES, CLASSES]).tolist()
AGREEMENT = slice(0, _ENDS[0])
DECISIONS = {level: slice(*_ENDS[at : at + 2]) for at, level in enumerate(DECIDED)}
POSITIVES = slice(*_ENDS[-4:-2])
HIT, BOTH = slice(*_ENDS[-3:-1]), slice(*_ENDS[-2:])
COLUMNS = _ENDS[-1]
STEPS = 2**12
"""Most steps of the ranking of all arms together; with a million frames of ten arms AUROCs were at
most 6e-6 off scikit-learn's."""


@dataclass(frozen=True)
class Frames:
    """Test frames of all arms with one model and fraction, all with a PSPI.

    `group` is the place of each in an array of arms, subjects and seeds. `said` is, by level, what
    the threshold of its cell said; `undecided` are the groups of cells without one.
    """

    pspi: Float64[np.ndarray, " frames"]
    hat: Float64[np.ndarray, " frames"]
    scores: Mapping[int, Float64[np.ndarray, " frames"]]
    said: Mapping[int, Bool[np.ndarray, " frames"]]
    undecided: Mapping[int, Bool[np.ndarray, "arms subjects seeds"]]
    group: Int[np.ndarray, " frames"]
    shape: tuple[int, int, int]


@dataclass(frozen=True)
class Tally:
    """Sums of each arm, subject and seed; NaN in the counts that lack a threshold.

    `positive` and `below` are, by level, a group's positives on each step of the ranking of all
    frames, and its negatives that stand below it with half of those on it. `won` are the pairs of
    each arm with itself.
    """

    values: Float64[np.ndarray, "arms subjects seeds columns"]
    positive: tuple[Float64[np.ndarray, "arms subjects seeds _"], ...]
    below: tuple[Float64[np.ndarray, "arms subjects seeds _"], ...]
    won: Float64[np.ndarray, "levels arms groups groups"]
    centres: tuple[float, float]

    @property
    def present(self) -> Bool[np.ndarray, "arms subjects seeds"]:
        """Where there are frames."""
        return self.values[..., 0] > 0


def tally(frames: Frames) -> Tally:
    """Sum up."""
    arms, subjects, seeds = frames.shape
    groups = arms * subjects * seeds
    sums = agreement.sums(frames.pspi, frames.hat, frames.group, groups)
    true = {level: frames.pspi >= level for level in LEVELS}
    columns = [sums.values]
    for level in DECIDED:
        said = frames.said[level]
        counts = detection.decisions(true[level], said, frames.group, groups).counts
        counts[frames.undecided[level].ravel()] = np.nan
        columns.append(counts)
    columns += [np.bincount(frames.group, true[level], groups)[:, None] for level in LEVELS]
    columns.append(_classes(frames, groups))
    positive, below, won = [], [], []
    for level in LEVELS:
        ranked = detection.ranking(true[level], frames.scores[level], frames.group, groups, STEPS)
        under = ranked.negative.sum(axis=1, keepdims=True) - np.cumsum(ranked.negative, axis=1)
        under += ranked.negative / 2
        steps = under.shape[1]
        own = [one.reshape(arms, subjects * seeds, steps) for one in (ranked.positive, under)]
        won.append(np.stack([one @ other.T for one, other in zip(*own, strict=True)]))
        positive.append(ranked.positive.reshape(*frames.shape, steps))
        below.append(under.reshape(*frames.shape, steps))
    return Tally(
        np.concatenate(columns, axis=1).reshape(*frames.shape, COLUMNS),
        tuple(positive),
        tuple(below),
        np.stack(won),
        (sums.label_centre, sums.predicted_centre),
    )


def pairs(
    weights: Float64[np.ndarray, "rows groups"], won: Float64[np.ndarray, "levels groups groups"]
) -> Float64[np.ndarray, "rows levels"]:
    """Pairs in the right order in each row, in which a group stands so many times."""
    return np.stack([((weights @ one) * weights).sum(axis=1) for one in won], axis=1)


def areas(
    values: Float64[np.ndarray, "rows columns"], won: Float64[np.ndarray, "rows levels"]
) -> dict[str, Float64[np.ndarray, " rows"]]:
    """AUROC at every level, NaN where there are no pairs."""
    positives = values[:, POSITIVES]
    every = positives * (values[:, :1] - positives)
    share = np.divide(won, every, out=np.full_like(won, np.nan), where=every > 0)
    return {f"auroc{level}": share[:, at] for at, level in enumerate(LEVELS)}


def metrics(
    values: Float64[np.ndarray, "rows columns"], centres: tuple[float, float]
) -> dict[str, Float64[np.ndarray, " rows"]]:
    """Every metric of `figures.METRICS` but AUROC of each row of sums, NaN where undefined.

    F1 of the classes is averaged over those that have a frame or were said of one, as in
    `vitpain.classifier.scores`.
    """
    agreed = agreement.agreement(agreement.Sums(values[:, AGREEMENT], *centres))
    found = {name: agreed[name] for name in ("ccc", "mae", "pearson")}
    for level, columns in DECISIONS.items():
        counts = detection.Decisions(values[:, columns])
        found[f"f1_{level}"] = detection.decided(counts)["f1"]
    hit, both = values[:, HIT], values[:, BOTH]
    share = np.divide(2 * hit, both, out=np.zeros_like(both), where=both > 0)
    with np.errstate(invalid="ignore", divide="ignore"):
        found["macro_f1"] = share.sum(axis=1) / (both > 0).sum(axis=1)
        found["accuracy"] = hit.sum(axis=1) / values[:, 0]
    return found


def _classes(frames: Frames, groups: int) -> Float64[np.ndarray, "groups columns"]:
    """Frames of each class that were said to be so, then those of it and those said to be of it."""
    label, said = (THESIS.of(one.astype(np.float32)) for one in (frames.pspi, frames.hat))

    def counted(of: np.ndarray, rows: np.ndarray | slice) -> np.ndarray:
        places = frames.group[rows] * CLASSES + of[rows]
        return np.bincount(places, minlength=groups * CLASSES).reshape(groups, CLASSES)

    hit, every = counted(label, label == said), slice(None)
    both = counted(label, every) + counted(said, every)
    return np.concatenate([hit, both], axis=1).astype(np.float64)
