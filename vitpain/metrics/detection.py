"""How well scores find the frames that are positive: AUROC, average precision, F1 at a threshold.

Scores are ranked once. What is kept of them is, for every step of the ranking, how many positives
and negatives of each group stand there: from it the curve of any resample of groups follows, so
resampling costs the same for a thousand frames and for a million.

Undefined is NaN in the arrays of this file and None in what its functions for one pair of arrays
give: AUROC without positives or without negatives, average precision and F1 without positives.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Float64, Int

NAMES = ("auroc", "ap")
DECIDED = ("f1", "precision", "recall", "accuracy")
STEPS = 2**14
"""Most steps of a ranking. Beyond them neighbours are joined: of a million frames, 17 % positive,
that moves AUROC of a resample by 1e-6 and average precision by 2e-5, where they spread by 3e-3."""
BLOCK = 2**20
"""Numbers in an array of resamples by steps that is worked on at a time."""
CELLS = 2**23
"""Most counts of a ranking: with many groups it has fewer steps."""


@dataclass(frozen=True)
class Ranking:
    """Positives and negatives of each group at every step of a ranking, best scores first."""

    positive: Float64[np.ndarray, "groups steps"]
    negative: Float64[np.ndarray, "groups steps"]

    @property
    def total(self) -> "Ranking":
        """All groups as one."""
        return Ranking(*(x.sum(axis=0, keepdims=True) for x in (self.positive, self.negative)))


def ranking(
    true: Bool[np.ndarray, " frames"],
    score: Float[np.ndarray, " frames"],
    group: Int[np.ndarray, " frames"],
    groups: int,
    most: int | None = STEPS,
) -> Ranking:
    """Rank scores, with equal ones on one step; no more steps than `most`, None for all.

    Where a run of scores holds negatives alone, it is one step: no figure can tell.
    """
    order = np.argsort(-score, kind="stable")
    sorted_score, sorted_true = score[order], true[order]
    step = np.zeros(len(order), np.int64)
    if len(order):
        new = np.r_[False, sorted_score[1:] != sorted_score[:-1]]
        tie = np.cumsum(new)
        holds = np.bincount(tie, sorted_true) > 0
        joins = np.r_[False, ~holds[1:] & ~holds[:-1]]
        step = np.cumsum(~joins)[tie] - 1
        most = len(step) if most is None else min(most, max(1, CELLS // groups))
        if step[-1] >= most:
            # Equal shares of positives, in which precision and recall are told.
            place = np.cumsum(np.bincount(step, sorted_true)) - 1
            held = np.minimum(place * most // (place[-1] + 1), most - 1)
            step = np.unique(held, return_inverse=True)[1][step]
    steps = int(step[-1]) + 1 if len(step) else 0
    places = group[order] * steps + step
    counts = [
        np.bincount(places[chosen], minlength=groups * steps).reshape(groups, steps)
        for chosen in (sorted_true, ~sorted_true)
    ]
    return Ranking(*(count.astype(np.float64) for count in counts))


def curves(
    given: Ranking, weights: Float64[np.ndarray, "resamples groups"]
) -> dict[str, np.ndarray]:
    """AUROC and average precision of each resample, in which a group stands so many times.

    Average precision is the step-wise sum over recall, without interpolation.
    """
    resamples, steps = len(weights), given.positive.shape[1]
    found = {name: np.full(resamples, np.nan) for name in NAMES}
    if steps == 0:
        return found
    # Sums along the ranking are taken before groups are weighted: there are fewer of them.
    hits_of, said_of = (
        np.cumsum(one, axis=1) for one in (given.positive, given.positive + given.negative)
    )
    block = max(1, BLOCK // steps)
    for start in range(0, resamples, block):
        chosen = slice(start, start + block)
        rows = weights[chosen]
        hit, hits, said = rows @ given.positive, rows @ hits_of, rows @ said_of
        every = hits[:, -1]
        other = said[:, -1] - every
        with np.errstate(invalid="ignore", divide="ignore"):
            precision = np.divide(hits, said, out=np.zeros_like(hits), where=said > 0)
            found["ap"][chosen] = np.einsum("bs,bs->b", hit, precision) / every
            # Over the curve of hits by false alarms, a trapezium a step: a positive loses to the
            # negatives before its step, and to half of those on it.
            falses = np.subtract(said, hits, out=said)
            after = np.einsum("bs,bs->b", hit, falses)
            before = np.einsum("bs,bs->b", hit[:, 1:], falses[:, :-1])
            found["auroc"][chosen] = 1.0 - 0.5 * (after + before) / (every * other)
    return found


@dataclass(frozen=True)
class Decisions:
    """Frames of each group that are hit, falsely alarmed, missed, and rightly passed over."""

    counts: Float64[np.ndarray, "groups 4"]

    def weighted(self, weights: Float64[np.ndarray, "resamples groups"]) -> "Decisions":
        """Counts of resamples in which a group stands so many times."""
        return Decisions(weights @ self.counts)

    @property
    def total(self) -> "Decisions":
        """All groups as one."""
        return Decisions(self.counts.sum(axis=0, keepdims=True))


def decisions(
    true: Bool[np.ndarray, " frames"],
    said: Bool[np.ndarray, " frames"],
    group: Int[np.ndarray, " frames"],
    groups: int,
) -> Decisions:
    """Count what was said of the frames of each group."""
    parts = (true & said, ~true & said, true & ~said, ~true & ~said)
    counts = [np.bincount(group[part], minlength=groups) for part in parts]
    return Decisions(np.stack(counts, axis=1).astype(np.float64))


def decided(given: Decisions) -> dict[str, np.ndarray]:
    """F1, precision, recall and accuracy of each group, NaN where undefined.

    With positives of which none is found F1 is 0; without positives it is undefined.
    """
    hit, false, missed, passed = given.counts.T
    with np.errstate(invalid="ignore", divide="ignore"):
        there = hit + missed > 0
        return {
            "f1": np.where(there, 2 * hit / (2 * hit + false + missed), np.nan),
            "precision": hit / (hit + false),
            "recall": hit / (hit + missed),
            "accuracy": (hit + passed) / (hit + false + missed + passed),
        }


def auroc(true: Bool[np.ndarray, " frames"], score: Float[np.ndarray, " frames"]) -> float | None:
    """Share of pairs of a positive and a negative in which the positive scores higher."""
    return _one("auroc", true, score)


def average_precision(
    true: Bool[np.ndarray, " frames"], score: Float[np.ndarray, " frames"]
) -> float | None:
    """Mean precision over the positives, best scores first."""
    return _one("ap", true, score)


def f1(true: Bool[np.ndarray, " frames"], said: Bool[np.ndarray, " frames"]) -> float | None:
    """Harmonic mean of precision and recall; None without positives."""
    value = float(decided(decisions(true, said, np.zeros(len(true), np.int64), 1))["f1"][0])
    return None if np.isnan(value) else value


def best_threshold(
    true: Bool[np.ndarray, " frames"], score: Float[np.ndarray, " frames"]
) -> float | None:
    """The score at and above which F1 of these frames is highest; the highest of several.

    None without positives.
    """
    if not true.any():
        return None
    order = np.argsort(-score, kind="stable")
    sorted_score = score[order]
    last = np.r_[sorted_score[1:] != sorted_score[:-1], True]
    hits = np.cumsum(true[order])[last]
    said = np.flatnonzero(last) + 1
    value = 2 * hits / (said + true.sum())
    return float(sorted_score[last][int(value.argmax())])


def _one(
    name: str, true: Bool[np.ndarray, " frames"], score: Float[np.ndarray, " frames"]
) -> float | None:
    ranked = ranking(true, score, np.zeros(len(true), np.int64), 1, None)
    value = float(curves(ranked, np.ones((1, 1)))[name][0])
    return None if np.isnan(value) else value
