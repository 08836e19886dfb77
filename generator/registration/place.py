"""Where the face lies in every registered picture: the eyes level, always as far apart.

The square is that of `assets.face_crop` about a face whose nose is as long as the mean adult's, so
that later crops by landmarks agree with it. Pixels are counted from the picture's corner.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64

from assets.face_crop import DOWN, EYES, NOSE_SHARE, OUTER_CORNERS, SIDE

UPWARD = np.array([1.0, -1.0])


@dataclass(frozen=True, eq=False)
class Place:
    """From a head seen from the front, without perspective, to a square picture.

    `scale` is pixels a metre, `origin` the point of the head (metres) that lies at `middle`.
    """

    scale: float
    origin: Float64[np.ndarray, "2"]
    middle: Float64[np.ndarray, "2"]

    def drawn(self, points: Float64[np.ndarray, "points 3"]) -> Float64[np.ndarray, "points 2"]:
        """Pixels of points of the head."""
        return self.middle + self.scale * (points[:, :2] - self.origin) * UPWARD


def front(marks: Float64[np.ndarray, "68 3"], size: int) -> Place:
    """Where a head lies by the landmarks of its neutral: what it expresses moves nothing else."""
    apart = float(np.linalg.norm(marks[OUTER_CORNERS[0], :2] - marks[OUTER_CORNERS[1], :2]))
    middle = np.array([0.5, 0.5 - DOWN * NOSE_SHARE / SIDE]) * size
    return Place(size / (SIDE * apart), marks[list(EYES), :2].mean(axis=0), middle)
