"""A stored sample to the square that a model sees: decoded small, cut once, coloured once.

The JPEG is decoded at a half, a quarter or an eighth where the cut would shrink it that far. There
is one affine map from the stored picture to the square, crop and augmentation in one, and no
picture in floating point.
"""

import json
from typing import Any

import cv2
import numpy as np
from jaxtyping import Float64, UInt8

from assets import face_crop
from assets.face_crop import Square
from generator.shards.codec import HEAT_MAPS, decode, decode_heat, decode_jpeg
from generator.shards.record import POINTS
from vitpain.data.augment import Colour, Geometry, Misplaced, paint

JSON = "json"
HEAT = "heat.png"
REDUCTIONS = (8, 4, 2)


def face_square(record: dict[str, Any], share: float, what: str) -> Square:
    """Find the face's square by the landmarks of a parsed record; without landmarks it is
    the middle of the picture, `share` of its shorter side. A registered picture is whole as it is.

    Raises ValueError that begins with `what` where the record does not state it.
    """
    match record:
        case {"registration": dict(), "width": int(width), "height": int(height)}:
            # Painted ones have no landmarks, and must be cut as those are that they are held to.
            return face_crop.middle(width, height)
        case {"landmarks": None, "width": int(width), "height": int(height)}:
            return face_crop.middle(width, height, share)
        case {"landmarks": {"scheme": str(scheme), "points": list(listed)}}:
            pass
        case _:
            raise ValueError(f"{what} must state landmarks, width and height")
    try:
        points = np.array(listed, np.float64)
    except (TypeError, ValueError) as error:
        raise ValueError(f"{what} must have landmarks of two numbers each") from error
    if points.shape != (POINTS.get(scheme), 2):
        raise ValueError(f"{what} must have the landmarks of {scheme}, got {points.shape}")
    return face_crop.around(points, what)


def parsed(data: bytes, what: str) -> dict[str, Any]:
    """Parse a record, without checking its fields. Raises ValueError where it is no object."""
    try:
        record = json.loads(data)
    except (UnicodeDecodeError, json.JSONDecodeError, RecursionError) as error:
        raise ValueError(f"{what} must have a record in JSON, got {error}") from error
    if not isinstance(record, dict):
        raise ValueError(f"{what} must have a record in JSON, got {type(record).__name__}")
    return record


def affine(
    square: Square, misplaced: Misplaced | None, geometry: Geometry | None, size: int
) -> Float64[np.ndarray, "2 3"]:
    """Map a picture's pixels to those of the square that is drawn, crop and variation in one."""
    if misplaced is not None:
        square = Square(
            square.x + misplaced.right * square.side,
            square.y + misplaced.down * square.side,
            square.side * misplaced.side,
        )
    crop = face_crop.matrix(square, size)
    if geometry is None:
        return crop
    return (geometry.matrix(size) @ np.vstack([crop, [0.0, 0.0, 1.0]]))[:2]


def reduction(matrix: Float64[np.ndarray, "2 3"]) -> int:
    """How far a picture can be shrunk when it is decoded, and still not be enlarged by the cut."""
    shrink = 1.0 / float(np.sqrt(abs(np.linalg.det(matrix[:, :2]))))
    return next((factor for factor in REDUCTIONS if shrink >= factor), 1)


def draw_face(
    suffix: str,
    data: bytes,
    matrix: Float64[np.ndarray, "2 3"],
    colour: Colour | None,
    out: UInt8[np.ndarray, "3 size size"],
    what: str,
) -> None:
    """Draw an encoded picture into `out`: red, green and blue planes."""
    few = reduction(matrix) if suffix == "jpg" else 1
    name = f"{what}.{suffix}"
    if suffix == "jpg":
        picture = decode_jpeg(name, data, few)
    else:
        picture = cv2.cvtColor(np.asarray(decode(name, data)), cv2.COLOR_RGB2BGR)
    smaller = matrix.copy()
    smaller[:, :2] *= few
    drawn = paint(face_crop.cut(picture, smaller, out.shape[1]), colour)
    cv2.split(drawn, list(out))


def draw_heat(
    data: bytes,
    matrix: Float64[np.ndarray, "2 3"],
    out: UInt8[np.ndarray, "6 size size"],
    what: str,
) -> None:
    """Draw heat maps into `out`, in the steps in which they are stored."""
    steps = decode_heat(f"{what}.{HEAT}", data)
    for first in range(0, HEAT_MAPS, 3):
        three = np.ascontiguousarray(steps[first : first + 3].transpose(1, 2, 0))
        cv2.split(face_crop.cut(three, matrix, out.shape[1]), list(out[first : first + 3]))
