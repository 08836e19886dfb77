"""A figure over frames with what resamples of people make of it, so that figures can be compared.

People are the draws, as in `vitpain.metrics.bootstrap`; frames whose value is NaN take no part.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float, Float64, Int

from vitpain.evaluate.value import ranged
from vitpain.metrics import agreement as sums_of
from vitpain.metrics import bootstrap

AGREEMENT = ("pearson", "mae", "ccc")
NOTHING = "no frame of which this is known"


@dataclass(frozen=True)
class Figure:
    """A value, NaN where it is undefined for the reason `why`, and those of the resamples."""

    value: float
    drawn: Float64[np.ndarray, " resamples"]
    people: int
    why: str | None = None

    @property
    def told(self) -> dict[str, Any]:
        """Value and 95 % interval for JSON, or why there is none."""
        return ranged(self.value, self.drawn, self.people, self.why).figures

    def minus(self, other: "Figure") -> "Figure":
        """How much higher it is than another of the same frames."""
        return self._with(other, lambda one, two: one - two)

    def over(self, other: "Figure") -> "Figure":
        """How many times another of the same frames it is."""
        return self._with(other, lambda one, two: np.divide(one, two))

    def _with(self, other: "Figure", join: Callable[[Any, Any], Any]) -> "Figure":
        with np.errstate(invalid="ignore", divide="ignore"):
            value = float(join(np.float64(self.value), np.float64(other.value)))
            drawn = join(self.drawn, other.drawn)
        return Figure(value, drawn, self.people, self.why or other.why)


def mean(
    values: Float[np.ndarray, " frames"],
    people: Int[np.ndarray, " frames"],
    seed: int,
    why: str | None = None,
) -> Figure:
    """Mean over frames; `people` numbers whose they are, `why` is said where nothing is known."""
    known = ~np.isnan(values)
    if not known.any():
        return Figure(np.nan, np.full(bootstrap.RESAMPLES, np.nan), 0, why or NOTHING)
    _, number = np.unique(people[known], return_inverse=True)
    count = np.bincount(number).astype(np.float64)
    total = np.bincount(number, values[known])
    rows = bootstrap.draws(len(count), seed)
    return Figure(float(values[known].mean()), rows @ total / (rows @ count), len(count))


def agreement(
    label: Float[np.ndarray, " frames"],
    said: Float[np.ndarray, " frames"],
    people: Int[np.ndarray, " frames"],
    seed: int,
    why: str | None = None,
) -> dict[str, Figure]:
    """The figures of `AGREEMENT` between labels and what is said of frames, both of them known."""
    known = ~np.isnan(label) & ~np.isnan(said)
    if not known.any():
        nothing = Figure(np.nan, np.full(bootstrap.RESAMPLES, np.nan), 0, why or NOTHING)
        return dict.fromkeys(AGREEMENT, nothing)
    _, number = np.unique(people[known], return_inverse=True)
    count = int(number.max()) + 1
    found = sums_of.sums(label[known], said[known], number, count)
    whole = sums_of.agreement(found.total)
    drawn = sums_of.agreement(found.weighted(bootstrap.draws(count, seed)))
    return {
        name: Figure(float(whole[name][0]), drawn[name], count, _why(name, label[known]))
        for name in AGREEMENT
    }


def _why(name: str, label: np.ndarray) -> str | None:
    if name == "mae":
        return None
    if label.min() == label.max():
        return f"every label is {label[0]:g}"
    return "every answer is the same" if name == "pearson" else None
