"""What an expression does to a face, on its 68 landmarks, and how much of the eyes is seen.

Landmarks are in the order of ibug and in any unit of length, x and y along and up the face: metres
on a head, or pixels of a picture whose y has been turned up.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, UInt8

from assets.classes import CLASSES

Points = Float[np.ndarray, "68 axes"]

UPPER_LIDS, LOWER_LIDS = (37, 38, 43, 44), (41, 40, 47, 46)
EYE_CORNERS = (36, 39, 42, 45)
INNER_BROWS = (21, 22)
UNDER_NOSE, LIP_TOP, LIP_SEAM = 33, (50, 51, 52), 62
EYES = (CLASSES["sclera"], CLASSES["iris"])


@dataclass(frozen=True)
class Change:
    """What has become of a face against its neutral, as shares of what the neutral has.

    `lid_gap`: -0.25 is a gap narrower by a quarter. `brow_distance` between the inner ends of the
    brows, `brow_height` of these above the corners of the eyes. `lip_raised`: how far the upper
    edge of the upper lip has risen, in heights of that lip from nose to seam.
    """

    lid_gap: float
    brow_distance: float
    brow_height: float
    lip_raised: float


def change(points: Points, neutral: Points) -> Change:
    """Measure a face against its neutral, both in the same place.

    Heights are above the eyes of the neutral, which muscles do not lift.
    """
    at, rest = points.astype(np.float64), neutral.astype(np.float64)
    level = rest[list(EYE_CORNERS), 1].mean()
    lip = np.linalg.norm(rest[UNDER_NOSE] - rest[LIP_SEAM])
    raised = at[list(LIP_TOP), 1].mean() - rest[list(LIP_TOP), 1].mean()
    return Change(
        lid_gap=_gap(at) / _gap(rest) - 1,
        brow_distance=_between_brows(at) / _between_brows(rest) - 1,
        brow_height=float(
            (at[list(INNER_BROWS), 1].mean() - level) / (rest[list(INNER_BROWS), 1].mean() - level)
        )
        - 1,
        lip_raised=float(raised / lip),
    )


def _gap(points: np.ndarray) -> float:
    lids = points[list(UPPER_LIDS)] - points[list(LOWER_LIDS)]
    return float(np.linalg.norm(lids, axis=1).mean())


def _between_brows(points: np.ndarray) -> float:
    return float(np.linalg.norm(points[INNER_BROWS[0]] - points[INNER_BROWS[1]]))


def motion_mm(points: Points, neutral: Points) -> tuple[float, float]:
    """Mean and largest way (mm) that landmarks given in metres have gone from the neutral."""
    way = 1000 * np.linalg.norm(points.astype(np.float64) - neutral.astype(np.float64), axis=1)
    return float(way.mean()), float(way.max())


def eye_pixels(classes: UInt8[np.ndarray, "height width"]) -> int:
    """Pixels that show sclera or iris."""
    return int(np.isin(classes, EYES).sum())
