"""A photograph in which a fitted face stands: which colour each of its points has, if it is seen.

Believed is what nothing lies in front of, what does not lie beyond the picture, and what is turned
to the camera: skin that is seen askance would be stretched, and what stands behind the face would
come with its outline where the fit is off.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from jaxtyping import Float32, Float64, Int, Int32, UInt8

from generator.registration.face_model import FaceModel
from generator.registration.fit import Fitted
from generator.registration.place import UPWARD, Place
from generator.registration.raster import rastered

SLACK = 0.004
"""A point this much (metres) behind what the photograph shows is still seen: the fit is not exact.
"""
FACING = (0.3, 0.6)
"""Size of a piece of skin in the photograph over its size seen from the front, below which it is
not believed, and from which on it is."""
THIN = 0.05
"""Skin of which the front shows this share or less counts as if it showed this."""
OUTLINE = 0.0025
"""So near (metres) to where the face ends in the photograph it is not believed; at half of it the
background comes through on cheeks that are turned away."""
EDGE = 1 / 128
"""Softness of borders between what is seen and what is not, in sides of the picture."""
FINEST = 1.5
"""Photographs with more pixels than that for one of the picture are made smaller first."""


@dataclass(frozen=True, eq=False)
class Side:
    """The photograph laid out on the face seen from the front: its colours, and how far they are
    believed, 0 to 1."""

    colour: Float32[np.ndarray, "size size 3"]
    seen: Float32[np.ndarray, "size size"]


@dataclass(frozen=True, eq=False)
class Points:
    """Points of the face: the pixels of a picture that they are drawn at, and where they lie, by
    the corners of their triangle and the corners' shares."""

    at: tuple[Int[np.ndarray, " points"], Int[np.ndarray, " points"]]
    corners: Int32[np.ndarray, "points 3"]
    shares: Float32[np.ndarray, "points 3"]

    def blend(
        self, facts: Float32[np.ndarray, "vertices facts"]
    ) -> Float32[np.ndarray, "points facts"]:
        """Interpolate what vertices have."""
        first, second, third = (
            facts.take(self.corners[:, corner], axis=0) * self.shares[:, corner, None]
            for corner in range(3)
        )
        return first + second + third


@dataclass(frozen=True, eq=False)
class Photograph:
    """The picture, and of every vertex of the face: pixels in it, nearness, belief.

    `near` is the face's nearness at every pixel, infinite beyond its outline.
    """

    image: UInt8[np.ndarray, "height width 3"]
    vertices: Float32[np.ndarray, "vertices 4"]
    near: Float32[np.ndarray, "height width"]
    slack: float

    def side(self, points: Points, size: int) -> Side:
        """Colours and belief at points of the face, laid out in `size` pixels."""
        facts = points.blend(self.vertices)
        # OpenCV counts from the centre of the first pixel.
        x, y = np.full((2, size, size), -1.0, np.float32)
        x[points.at], y[points.at] = facts[:, 0] - np.float32(0.5), facts[:, 1] - np.float32(0.5)
        colour = cv2.remap(self.image, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        hides = cv2.remap(
            self.near, x, y, cv2.INTER_NEAREST, borderMode=cv2.BORDER_CONSTANT, borderValue=np.inf
        )
        shown = np.ones((size, size), np.float32)
        # The border's infinity hides what lies beyond the picture.
        shown[points.at] = facts[:, 2] >= hides[points.at] - np.float32(self.slack)
        seen = np.zeros((size, size), np.float32)
        seen[points.at] = facts[:, 3]
        return Side(colour.astype(np.float32), seen * _drawn_back(shown, size))


def photograph(
    image: UInt8[np.ndarray, "height width 3"],
    model: FaceModel,
    fitted: Fitted,
    place: Place,
    vertices: Float64[np.ndarray, "vertices 3"],
) -> Photograph:
    """A picture with the face that was fitted to it, to be drawn at `place`'s scale."""
    seen = fitted.seen(vertices)
    larger = fitted.scale / place.scale
    height, width = image.shape[:2]
    if larger > FINEST:
        small = max(1, round(width / larger)), max(1, round(height / larger))
        image = cv2.resize(image, small, interpolation=cv2.INTER_AREA)
        seen[:, :2] *= np.array(small) / (width, height)
        larger = 1.0
    pixels, near = seen[:, :2], 1.0 / (1.0 - fitted.nearness * seen[:, 2])
    area = _areas(pixels, model.triangles) / (larger * place.scale) ** 2
    from_front = _areas(vertices[:, :2] * UPWARD, model.triangles)
    straight = _areas(vertices, model.triangles)
    believed = _rising(area / np.maximum(from_front, THIN * straight), FACING)
    shown = rastered(pixels, near, model.triangles, (image.shape[1], image.shape[0])).near
    radius = max(1, round(OUTLINE * larger * place.scale))
    within = cv2.erode((shown > 0).astype(np.uint8), _disc(radius), borderValue=1)
    kept = np.concatenate([pixels, near[:, None], believed[:, None]], axis=1)
    hides = np.where(within > 0, shown, np.float32(np.inf))
    return Photograph(image, kept.astype(np.float32), hides, SLACK * fitted.nearness)


def _areas(
    points: Float64[np.ndarray, "vertices axes"], triangles: Int32[np.ndarray, "triangles 3"]
) -> Float64[np.ndarray, " vertices"]:
    """Area of the triangles about every vertex; in a picture those turned away count below 0."""
    a, b, c = (points[triangles[:, corner]] for corner in range(3))
    along, across = b - a, c - a
    if points.shape[1] == 3:
        area = np.linalg.norm(np.cross(along, across), axis=1)
    else:
        area = along[:, 1] * across[:, 0] - along[:, 0] * across[:, 1]
    return np.bincount(triangles.ravel(), np.repeat(area, 3), len(points))


def _rising(
    values: Float64[np.ndarray, " vertices"], bounds: tuple[float, float]
) -> Float64[np.ndarray, " vertices"]:
    """From 0 at the lower to 1 at the upper bound, without a corner."""
    share = np.clip((values - bounds[0]) / (bounds[1] - bounds[0]), 0.0, 1.0)
    return share * share * (3 - 2 * share)


def _drawn_back(
    shown: Float32[np.ndarray, "size size"], size: int
) -> Float32[np.ndarray, "size size"]:
    """Draw the borders of 1 back by twice the edge, and make them soft."""
    radius = max(1, round(EDGE * size))
    return cv2.GaussianBlur(cv2.erode(shown, _disc(2 * radius)), (0, 0), radius)


def _disc(radius: int) -> UInt8[np.ndarray, "side side"]:
    return cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * radius + 1, 2 * radius + 1))
