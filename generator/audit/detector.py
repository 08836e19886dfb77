"""What a detector that nobody here wrote sees: the cascades of Haar features that come with OpenCV.

They know nothing of how our faces are made.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from jaxtyping import UInt8

from assets.face_detector import found

FACE, EYE = "haarcascade_frontalface_default.xml", "haarcascade_eye.xml"
SCALE = 1.1
SMALLEST_FACE = 0.2
"""Smallest face that is looked for, in widths of the picture."""
# Eyes are looked for in the upper part of the face that was found, at a tenth of it and more.
UPPER, SMALLEST_EYE = 0.6, 0.1


@dataclass(frozen=True)
class Detection:
    """How many faces were found, and how many eyes in the one face; None where it is not one."""

    faces: int
    eyes: int | None


def detect(image: UInt8[np.ndarray, "height width 3"]) -> Detection:
    """Look for faces in an sRGB picture, and for eyes where there is one face."""
    grey = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)
    smallest = round(SMALLEST_FACE * grey.shape[1])
    faces = found(FACE, grey, smallest, SCALE)
    if len(faces) != 1:
        return Detection(len(faces), None)
    x, y, width, height = faces[0].tolist()
    upper = grey[y : y + round(UPPER * height), x : x + width]
    eyes = found(EYE, upper, round(SMALLEST_EYE * width), SCALE)
    return Detection(1, len(eyes))
