"""A detector that nobody here wrote: the cascades of Haar features that come with OpenCV.

Trained on photographs by others (Viola & Jones 2001; Lienhart & Maydt 2002), they know nothing of
how our faces are made.
"""

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import cv2
import numpy as np
from jaxtyping import Int, UInt8

FACE, EYE = "haarcascade_frontalface_default.xml", "haarcascade_eye.xml"
SCALE, NEIGHBOURS = 1.1, 5
SMALLEST_FACE = 0.2
"""Smallest face that is looked for, in widths of the picture."""
# Eyes are looked for in the upper part of the face that was found, at a tenth of it and more.
UPPER, SMALLEST_EYE = 0.6, 0.1


@dataclass(frozen=True)
class Detection:
    """How many faces were found, and how many eyes in the one face; None where it is not one."""

    faces: int
    eyes: int | None


@cache
def cascade(name: str) -> cv2.CascadeClassifier:
    """Load a cascade that comes with OpenCV. Raises ValueError where this OpenCV has none."""
    folder = getattr(getattr(cv2, "data", None), "haarcascades", None)
    path = Path(folder or ".") / name
    if folder is None or not path.is_file():
        rule = "one that comes with cascades (opencv-python-headless before version 5)"
        raise ValueError(f"OpenCV must be {rule}, got {cv2.__version__} without {name}")
    return cv2.CascadeClassifier(str(path))


def detect(image: UInt8[np.ndarray, "height width 3"]) -> Detection:
    """Look for faces in an sRGB picture, and for eyes where there is one face."""
    grey = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)
    smallest = round(SMALLEST_FACE * grey.shape[1])
    faces = _found(FACE, grey, smallest)
    if len(faces) != 1:
        return Detection(len(faces), None)
    x, y, width, height = faces[0].tolist()
    upper = grey[y : y + round(UPPER * height), x : x + width]
    return Detection(1, len(_found(EYE, upper, round(SMALLEST_EYE * width))))


def _found(
    name: str, grey: UInt8[np.ndarray, "height width"], smallest: int
) -> Int[np.ndarray, "found 4"]:
    boxes = cascade(name).detectMultiScale(
        grey, scaleFactor=SCALE, minNeighbors=NEIGHBOURS, minSize=(smallest, smallest)
    )
    return np.array(boxes, np.int64).reshape(-1, 4)
