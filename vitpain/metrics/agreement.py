"""How close predictions lie to labels: MAE, MSE, Pearson, ICC(3,1) and concordance, from sums.

Every figure is a function of a few sums over frames, and sums of groups of frames add up: that of
a fold, of all subjects or of a thousand resamples of them costs one product of small matrices.

Undefined is NaN in the arrays of this file and None in what its functions for one pair of arrays
give. All three correlations are undefined where labels do not vary: they would be 0 whatever was
predicted. Where predictions do not vary and labels do, ICC and concordance are 0 by their formulas
and Pearson's correlation is undefined.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Float64, Int

NAMES = ("mae", "mse", "pearson", "icc", "ccc", "bias")
SUMS = 7
SAME = 1e-12
"""A variance below this share of the mean square is rounding: the values are the same."""


@dataclass(frozen=True)
class Sums:
    """Sums over the frames of each group, with labels and predictions taken from two centres.

    Columns: frames, label, prediction, label², prediction², label·prediction, |error|.
    """

    values: Float64[np.ndarray, "groups 7"]
    label_centre: float
    predicted_centre: float

    def weighted(self, weights: Float64[np.ndarray, "resamples groups"]) -> "Sums":
        """Sums of other groups, in which those of this one are contained so many times."""
        return Sums(weights @ self.values, self.label_centre, self.predicted_centre)

    @property
    def total(self) -> "Sums":
        """The sums of all groups together, as one group."""
        whole = self.values.sum(axis=0, keepdims=True)
        return Sums(whole, self.label_centre, self.predicted_centre)


def sums(
    label: Float[np.ndarray, " frames"],
    predicted: Float[np.ndarray, " frames"],
    group: Int[np.ndarray, " frames"],
    groups: int,
) -> Sums:
    """Sums of the frames of each group, numbered from 0; frames whose label is NaN take no part."""
    known = ~np.isnan(label)
    y, p = label[known].astype(np.float64), predicted[known].astype(np.float64)
    # Sums of squares about the means lose no digits where values lie far from 0.
    centres = (float(y.mean()), float(p.mean())) if len(y) else (0.0, 0.0)
    error = np.abs(p - y)
    y, p = y - centres[0], p - centres[1]
    columns = (np.ones_like(y), y, p, y * y, p * p, y * p, error)
    places = group[known]
    values = np.stack([np.bincount(places, column, groups) for column in columns], axis=1)
    return Sums(values.astype(np.float64), *centres)


def agreement(given: Sums) -> dict[str, Float64[np.ndarray, " groups"]]:
    """Every figure of `NAMES` for each group, NaN where it is undefined; `bias` is mean error."""
    count, y, p, yy, pp, yp, error = given.values.T
    with np.errstate(invalid="ignore", divide="ignore"):
        mean_y, mean_p = y / count, p / count
        var_y, varies = _variance(yy / count, mean_y)
        var_p, moves = _variance(pp / count, mean_p)
        both = yp / count - mean_y * mean_p
        bias = given.predicted_centre - given.label_centre + mean_p - mean_y
        joint = np.where(varies & moves, both, 0.0)
        return {
            "mae": error / count,
            "mse": var_y + var_p - 2 * joint + bias**2,
            "pearson": _within(joint / np.sqrt(var_y * var_p), varies & moves),
            # Shrout & Fleiss 1979, two raters: (BMS - EMS) / (BMS + EMS) in variances.
            "icc": _within(2 * joint / (var_y + var_p), varies),
            # Lin 1989, eq. 4, with variances over n.
            "ccc": _within(2 * joint / (var_y + var_p + bias**2), varies),
            "bias": bias,
        }


def mae(
    label: Float[np.ndarray, " frames"], predicted: Float[np.ndarray, " frames"]
) -> float | None:
    """Mean absolute error; None where no label is known."""
    return _one("mae", label, predicted)


def mse(
    label: Float[np.ndarray, " frames"], predicted: Float[np.ndarray, " frames"]
) -> float | None:
    """Mean squared error; None where no label is known."""
    return _one("mse", label, predicted)


def pearson(
    label: Float[np.ndarray, " frames"], predicted: Float[np.ndarray, " frames"]
) -> float | None:
    """Pearson's correlation; None where labels or predictions do not vary."""
    return _one("pearson", label, predicted)


def icc(
    label: Float[np.ndarray, " frames"], predicted: Float[np.ndarray, " frames"]
) -> float | None:
    """ICC(3,1), consistency of one rater with another; None where labels do not vary."""
    return _one("icc", label, predicted)


def concordance(
    label: Float[np.ndarray, " frames"], predicted: Float[np.ndarray, " frames"]
) -> float | None:
    """Lin's concordance correlation; None where labels do not vary."""
    return _one("ccc", label, predicted)


def _one(
    name: str, label: Float[np.ndarray, " frames"], predicted: Float[np.ndarray, " frames"]
) -> float | None:
    group = np.zeros(len(label), np.int64)
    value = float(agreement(sums(label, predicted, group, 1))[name][0])
    return None if np.isnan(value) else value


def _variance(
    square: Float64[np.ndarray, " groups"], mean: Float64[np.ndarray, " groups"]
) -> tuple[Float64[np.ndarray, " groups"], np.ndarray]:
    """Variances, exactly 0 where nothing varies, and where anything does."""
    variance = square - mean**2
    varies = variance > SAME * square
    return np.where(varies | np.isnan(variance), variance, 0.0), varies


def _within(values: Float64[np.ndarray, " groups"], defined: np.ndarray) -> np.ndarray:
    return np.where(defined, np.clip(values, -1.0, 1.0), np.nan)
