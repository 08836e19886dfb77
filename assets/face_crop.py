"""The square around a face that every estimator sees, found from points that expression spares.

The corners of the eyes and the root of the nose hardly move with any action unit, so a face in pain
and its neutral are cropped alike, and a mouth that opens makes no face smaller. Pixels are those of
the picture, the centre of the first one is (0.5, 0.5).
"""

from dataclasses import dataclass, replace

import cv2
import numpy as np
from jaxtyping import Float64, UInt8

OUTER_CORNERS = (36, 45)
"""Outer corners of the eyes: the same numbers in `ibug68` and in `aam66`."""
EYES = (36, 39, 42, 45)
NOSE_BASE = 33
# Between the eyes and the base of the nose lie 0.55 of the distance of the outer corners in our
# mean adult, seen from the front; a face that is turned loses width, one that nods loses height.
NOSE_SHARE = 0.55
SIDE = 1.9
"""Side of the square in distances of the outer corners: brows to chin with the mouth wide open."""
DOWN = 0.62
"""From between the eyes to the middle of the square, in distances from there to the nose's base."""
SMALLEST = 8.0
"""Smallest side in pixels of a square that can be a face."""


@dataclass(frozen=True)
class Square:
    """A square in a picture: its centre (x right, y down) and its side, pixels."""

    x: float
    y: float
    side: float

    def scaled(self, factor: float) -> "Square":
        """The same centre, `factor` times the side."""
        return replace(self, side=self.side * factor)


def around(points: Float64[np.ndarray, "points 2"], what: str) -> Square:
    """Find the square around a face from its 68 (`ibug68`) or 66 (`aam66`) landmarks.

    Raises ValueError that begins with `what` where the points lie too close together, or are not
    numbers.
    """
    eyes, nose = points[list(EYES)].mean(0), points[NOSE_BASE]
    width = float(np.linalg.norm(points[OUTER_CORNERS[0]] - points[OUTER_CORNERS[1]]))
    down = float(np.linalg.norm(nose - eyes))
    side = SIDE * max(width, down / NOSE_SHARE)
    if not side >= SMALLEST:
        raise ValueError(
            f"{what}: landmarks must span a face of {SMALLEST:g} pixels or more, got {side:g}"
        )
    centre = eyes + DOWN * (nose - eyes)
    return Square(float(centre[0]), float(centre[1]), side)


def middle(width: int, height: int, share: float = 1.0) -> Square:
    """The square in the middle of a picture, `share` of its shorter side."""
    return Square(width / 2, height / 2, min(width, height) * share)


def matrix(square: Square, size: int) -> Float64[np.ndarray, "2 3"]:
    """Affine map from the picture's pixels to those of the square drawn `size` pixels wide."""
    scale = size / square.side
    left, top = square.x - square.side / 2, square.y - square.side / 2
    return np.array([[scale, 0.0, -scale * left], [0.0, scale, -scale * top]])


def cut(
    image: UInt8[np.ndarray, "height width channels"],
    affine: Float64[np.ndarray, "2 3"],
    size: int,
) -> UInt8[np.ndarray, "size size channels"]:
    """Draw what an affine map (as of `matrix`) takes to a picture of `size` by `size` pixels.

    Bilinear, after averaging over the pixels that fall into one where the map makes it smaller;
    what lies beyond the picture repeats its edge.
    """
    shrink = 1.0 / float(np.sqrt(abs(np.linalg.det(affine[:, :2]))))
    whole = affine.copy()
    if shrink >= 2.0:
        # A share of the area, not a half: pixels stay where they were to a fraction of one.
        height, width = image.shape[:2]
        few = (max(1, round(width / shrink)), max(1, round(height / shrink)))
        image = cv2.resize(image, few, interpolation=cv2.INTER_AREA)
        whole[:, 0] *= width / few[0]
        whole[:, 1] *= height / few[1]
    # OpenCV counts from the centre of the first pixel.
    whole[:, 2] += whole[:, :2].sum(1) / 2 - 0.5
    drawn = cv2.warpAffine(
        image, whole, (size, size), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )
    return drawn.reshape(size, size, image.shape[2] if image.ndim == 3 else 1)
