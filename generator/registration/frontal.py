"""Drawing a face from the front with the colours of a photograph in which it may be turned.

Every pixel of the new picture is a point of the fitted face; its colour is that of the place where
the point stands in the photograph. Where the photograph does not show it (something lies in front,
it is turned away, or outside) the mirrored point's is taken, its shade carried over smoothly from
where both sides are seen; where that is hidden too, the gap is filled smoothly from around.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from jaxtyping import Float32, Float64, Int, Int32, UInt8

from assets import push_pull
from generator.registration.face_model import FaceModel
from generator.registration.fit import Fitted
from generator.registration.place import Place
from generator.registration.raster import rastered, weights

SLACK = 0.004
"""A point this much (metres) behind what the photograph shows is still seen: the fit is not exact.
"""
FACING = (0.25, 0.55)
"""Size of a piece of skin in the photograph, over its size seen from the front, below which it is
not believed, and from which on it is."""
EDGE = 1 / 128
"""Softness of borders between what is seen and what is not, in sides of the picture."""
SMALL = 1e-3
COARSE = 4
"""Differences of shade are carried over at this part of the size: they are smooth."""
FINEST = 1.5
"""Photographs with more pixels than that for one of the picture are made smaller first."""


@dataclass(frozen=True, eq=False)
class Drawn:
    """A face from the front on black, and the shares of it that were mirrored and filled."""

    image: UInt8[np.ndarray, "size size 3"]
    mirrored: float
    filled: float


@dataclass(frozen=True, eq=False)
class _Side:
    """The photograph on the face's own or the mirrored side: colours, and how far to believe them,
    0 to 1."""

    colour: Float32[np.ndarray, "size size 3"]
    seen: Float32[np.ndarray, "size size"]


def draw(
    image: UInt8[np.ndarray, "height width 3"],
    model: FaceModel,
    fitted: Fitted,
    place: Place,
    size: int,
) -> Drawn:
    """Draw the face of a photograph from the front, `size` pixels wide and high."""
    vertices = model.vertices(fitted.coefficients)
    corners = place.drawn(vertices)
    # Orthographic: nearness is linear in depth.
    front = rastered(corners, 1.0 + vertices[:, 2], model.triangles, (size, size))
    rows, columns = np.nonzero(front.triangle >= 0)
    of = model.triangles[front.triangle[rows, columns]]
    shares = weights(corners, of, np.stack([columns, rows], axis=1) + 0.5)
    photograph = _Photograph.of(image, model, fitted, place, vertices)
    at = (rows, columns)
    own = photograph.side(of, shares, at, size)
    other = photograph.side(model.mirror[of], shares, at, size)
    face = (front.triangle >= 0).astype(np.float32)
    return _composed(own, other, face, size)


@dataclass(frozen=True, eq=False)
class _Photograph:
    """The photograph, and of every vertex: pixels in it, nearness, and how large its skin is there
    over its size from the front. `near` is the face's nearness at every pixel."""

    image: UInt8[np.ndarray, "height width 3"]
    vertices: Float32[np.ndarray, "vertices 4"]
    near: Float32[np.ndarray, "height width"]
    slack: float

    @classmethod
    def of(
        cls,
        image: UInt8[np.ndarray, "height width 3"],
        model: FaceModel,
        fitted: Fitted,
        place: Place,
        vertices: Float64[np.ndarray, "vertices 3"],
    ) -> "_Photograph":
        seen = fitted.seen(vertices)
        larger = fitted.scale / place.scale
        height, width = image.shape[:2]
        if larger > FINEST:
            size = max(1, round(width / larger)), max(1, round(height / larger))
            image = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
            seen[:, :2] *= np.array(size) / (width, height)
            larger = 1.0
        pixels, near = seen[:, :2], 1.0 / (1.0 - fitted.nearness * seen[:, 2])
        facing = _drawn_area(pixels, model.triangles) / larger**2
        facing /= np.maximum(_drawn_area(place.drawn(vertices), model.triangles), SMALL)
        shown = rastered(pixels, near, model.triangles, (image.shape[1], image.shape[0]))
        kept = np.concatenate([pixels, near[:, None], facing[:, None]], axis=1)
        return cls(image, kept.astype(np.float32), shown.near, SLACK * fitted.nearness)

    def side(
        self,
        corners: Int[np.ndarray, "points 3"],
        shares: Float32[np.ndarray, "points 3"],
        at: tuple[np.ndarray, np.ndarray],
        size: int,
    ) -> _Side:
        """Colours and belief at points of the face, laid out at their pixels."""
        facts = np.einsum("pc,pcf->pf", shares, self.vertices[corners])
        # OpenCV counts from the centre of the first pixel.
        grid = np.full((size, size, 2), -1.0, np.float32)
        grid[at] = facts[:, :2] - 0.5
        colour = cv2.remap(
            self.image, grid, None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
        )
        nearest = cv2.remap(
            self.near, grid, None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT, borderValue=0
        )
        height, width = self.image.shape[:2]
        inside = (facts[:, :2] >= 0.5).all(axis=1) & (facts[:, 0] <= width - 0.5)
        inside &= facts[:, 1] <= height - 0.5
        first = facts[:, 2] >= nearest[at] - self.slack
        open_ = np.ones((size, size), np.float32)
        open_[at] = (inside & first).astype(np.float32)
        low, high = FACING
        facing = np.clip((facts[:, 3] - low) / (high - low), 0.0, 1.0)
        seen = np.zeros((size, size), np.float32)
        seen[at] = facing * facing * (3 - 2 * facing)
        return _Side(colour.astype(np.float32), seen * _eroded(open_, size))


def _drawn_area(
    pixels: Float64[np.ndarray, "vertices 2"], triangles: Int32[np.ndarray, "triangles 3"]
) -> Float64[np.ndarray, " vertices"]:
    """Area of the triangles about every vertex as they are drawn, those turned away below 0."""
    a, b, c = (pixels[triangles[:, corner]] for corner in range(3))
    along, across = b - a, c - a
    area = along[:, 1] * across[:, 0] - along[:, 0] * across[:, 1]
    return sum(
        np.bincount(triangles[:, corner], area, len(pixels)) for corner in range(3)
    )  # pyright: ignore


def _eroded(values: Float32[np.ndarray, "size size"], size: int) -> Float32[np.ndarray, "s s"]:
    """Draw borders of 1 back by twice the edge, and make them soft."""
    radius = max(1, round(EDGE * size))
    side = 2 * radius + 1
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * side - 1, 2 * side - 1))
    smaller = cv2.erode(values, kernel)
    return cv2.GaussianBlur(smaller, (0, 0), radius)


def _composed(own: _Side, other: _Side, face: Float32[np.ndarray, "s s"], size: int) -> Drawn:
    seen, mirrored = own.seen * face, (1.0 - own.seen) * other.seen * face
    colour, known = own.colour, seen + mirrored
    if float(mirrored.max()) > 0:
        shade = _shade(own, other, face, size)
        colour = own.seen[..., None] * own.colour + (
            (1.0 - own.seen) * other.seen
        )[..., None] * (other.colour + shade)
        colour = colour / np.maximum(known, 1e-6)[..., None]
    if float((face - known).max()) > 1e-3:
        colour = push_pull.fill(colour, known)
    soft = _eroded(np.pad(face, 8), size)[8:-8, 8:-8]
    out = np.clip(np.rint(colour * soft[..., None]), 0, 255).astype(np.uint8)
    whole = max(float(face.sum()), 1.0)
    filled = float((face - known).sum()) / whole
    return Drawn(out, float(mirrored.sum()) / whole, max(filled, 0.0))


def _shade(
    own: _Side, other: _Side, face: Float32[np.ndarray, "s s"], size: int
) -> Float32[np.ndarray, "s s 3"]:
    """How much lighter the face's own side is than the other, carried on to where it is hidden."""
    both = own.seen * other.seen * face
    if float(both.max()) <= 0:
        return np.zeros_like(own.colour)
    small = (max(1, size // COARSE),) * 2
    weight = cv2.resize(both, small, interpolation=cv2.INTER_AREA)
    lighter = (own.colour - other.colour) * both[..., None]
    lighter = cv2.resize(lighter, small, interpolation=cv2.INTER_AREA)
    lighter = lighter / np.maximum(weight, 1e-6)[..., None]
    carried = push_pull.fill(lighter, np.minimum(1.0, 2.0 * weight))
    return cv2.resize(carried, (size, size), interpolation=cv2.INTER_LINEAR)
