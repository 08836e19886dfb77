"""Drawing a face from the front with the colours of a photograph in which it may be turned.

Every pixel of the new picture is a point of the fitted face; its colour is that of the place where
the point stands in the photograph. Where the photograph does not show it the mirrored point's is
taken, its shade carried over smoothly from where both sides are seen; where that is hidden too, the
gap is filled smoothly from around.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from jaxtyping import Float32, UInt8

from assets import push_pull
from generator.registration.face_model import FaceModel
from generator.registration.fit import Fitted
from generator.registration.photograph import Points, Side, photograph
from generator.registration.place import Place
from generator.registration.raster import rastered, weights

ROUND = 1 / 40
"""Size of corners of the face's outline that are rounded off, in sides of the picture."""
STEEP = 4.0
"""How fast the face ends at its outline: at 256 pixels within four."""
COARSE = 4
"""What is smooth is found at this part of the size."""

Picture = Float32[np.ndarray, "size size 3"]
Shares = Float32[np.ndarray, "size size"]


@dataclass(frozen=True, eq=False)
class Drawn:
    """A face from the front on black, and the shares of it that were mirrored and filled."""

    image: UInt8[np.ndarray, "size size 3"]
    mirrored: float
    filled: float


def draw(
    image: UInt8[np.ndarray, "height width 3"],
    model: FaceModel,
    fitted: Fitted,
    place: Place,
    size: int,
) -> Drawn:
    """Draw the face of a photograph from the front, `size` pixels wide and high.

    Raises ValueError where nothing of it can be seen.
    """
    vertices = model.vertices(fitted.coefficients)
    pixels = place.drawn(vertices)
    # Without perspective nearness is linear in depth; a face is less than a metre deep.
    front = rastered(pixels, 1.0 + vertices[:, 2], model.triangles, (size, size))
    rows, columns = np.nonzero(front.triangle >= 0)
    corners = model.triangles[front.triangle[rows, columns]]
    shares = weights(pixels, corners, np.stack([columns, rows], axis=1) + 0.5)
    taken = photograph(image, model, fitted, place, vertices)
    own = taken.side(Points((rows, columns), corners, shares), size)
    other = taken.side(Points((rows, columns), model.mirror[corners], shares), size)
    return _composed(own, other, (front.triangle >= 0).astype(np.float32))


def _composed(own: Side, other: Side, face: Shares) -> Drawn:
    mirrored = (1.0 - own.seen) * other.seen
    known = own.seen + mirrored
    if not float(known.max()) > 0.5:
        raise ValueError("face must be seen in its picture, got nothing of it")
    lighter = own.colour - other.colour
    shade = _carried(lighter, own.seen * other.seen)
    colour = own.colour * own.seen[..., None] + (other.colour + shade) * mirrored[..., None]
    around = _carried(colour / np.maximum(known, 1e-6)[..., None], known)
    colour += around * (1.0 - known)[..., None]
    soft = _soft(face)
    out = np.clip(np.rint(colour * soft[..., None]), 0, 255).astype(np.uint8)
    whole = float(soft.sum())
    shares = [float((part * soft).sum()) / whole for part in (mirrored, 1.0 - known)]
    return Drawn(out, shares[0], max(shares[1], 0.0))


def _carried(values: Picture, weight: Shares) -> Picture:
    """Values smoothly carried on from where they have weight to everywhere; 0 without any."""
    side = len(weight)
    small = (max(1, side // COARSE),) * 2
    coarse = cv2.resize(weight, small, interpolation=cv2.INTER_AREA)
    if not float(coarse.max()) > 0:
        return np.zeros_like(values)
    mean = cv2.resize(values * weight[..., None], small, interpolation=cv2.INTER_AREA)
    mean = mean / np.maximum(coarse, 1e-6)[..., None]
    # A coarse pixel that is known in part counts as known.
    filled = push_pull.fill(mean, np.minimum(1.0, 2.0 * coarse))
    return cv2.resize(filled, (side, side), interpolation=cv2.INTER_LINEAR)


def _soft(face: Shares) -> Shares:
    """The face with a soft edge inside of its outline; at the picture's border it has none."""
    side = len(face)
    wide = cv2.GaussianBlur(face, (0, 0), ROUND * side, borderType=cv2.BORDER_REPLICATE)
    return np.clip(STEEP * (wide - 0.5), 0.0, 1.0)
