"""Where a face is in a photograph: cascades of Haar features, and our square from what they find.

They come with OpenCV 4, trained on photographs by others (Viola & Jones 2001; Lienhart & Maydt
2002). A square is in pixels of the picture, as those of `assets.face_crop`.
"""

from functools import cache
from pathlib import Path

import cv2
import numpy as np
from jaxtyping import Float64, Int64, UInt8

from assets.face_crop import Square

FRONTAL = "haarcascade_frontalface_alt.xml"
"""The frontal cascade that takes a part of a face for a face least often: in 4 % of what it finds
on our heads turned by up to 45 degrees, where the others do in 6 and 11 %."""
SCALE, NEIGHBOURS = 1.05, 5
SMALLEST_FACE = 0.15
"""Smallest face that is looked for, in shorter sides of the picture."""
LONGEST = 480
"""Pictures are looked at no larger than this, in pixels of the longer side: it finds as many."""
# Medians by scripts/measure_detector.py over 714 boxes on 864 pictures of 96 people of 2-90 years,
# heads turned by up to 45 degrees (5 and 95 % in brackets): right 0.000 (-0.044, 0.051), down 0.086
# (0.051, 0.132), side 1.070 (0.936, 1.363). One face is found in 98 % of the pictures turned by up
# to 10 degrees, 89 % to 25, 68 % beyond. Infants, whose faces are broad, have a side of 1.22.
RIGHT, DOWN, SIDE = 0.0, 0.086, 1.07
"""From the middle of a box to that of our square, and its side, in sides of the box."""


@cache
def cascade(name: str) -> cv2.CascadeClassifier:
    """Load a cascade that comes with OpenCV. Raises ValueError where this OpenCV has none."""
    folder = getattr(getattr(cv2, "data", None), "haarcascades", None)
    path = Path(folder or ".") / name
    if folder is None or not path.is_file():
        rule = "one that comes with cascades (opencv-python-headless before version 5)"
        raise ValueError(f"OpenCV must be {rule}, got {cv2.__version__} without {name}")
    return cv2.CascadeClassifier(str(path))


def found(
    name: str,
    grey: UInt8[np.ndarray, "height width"],
    smallest: int,
    scale: float = SCALE,
) -> Int64[np.ndarray, "found 4"]:
    """What a cascade finds: left, top, width and height in pixels, of `smallest` and more.

    `scale` is the step from one size that is looked for to the next.
    """
    boxes = cascade(name).detectMultiScale(
        grey, scaleFactor=scale, minNeighbors=NEIGHBOURS, minSize=(smallest, smallest)
    )
    return np.array(boxes, np.int64).reshape(-1, 4)


def boxes(image: UInt8[np.ndarray, "height width 3"]) -> Float64[np.ndarray, "faces 3"]:
    """Find the faces of an sRGB picture: left, top and side of a box each, the largest first.

    A box whose middle lies in a larger one is a part of that face.
    """
    grey = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)
    shrink = min(1.0, LONGEST / max(grey.shape))
    size = [max(1, round(shrink * side)) for side in grey.shape[::-1]]
    small = cv2.resize(grey, size, interpolation=cv2.INTER_AREA) if shrink < 1 else grey
    listed = found(FRONTAL, small, max(1, round(SMALLEST_FACE * min(small.shape))))
    listed = listed[np.argsort(-listed[:, 2], kind="stable")]
    stretch = np.array(grey.shape[::-1]) / np.array(small.shape[::-1])
    kept: list[tuple[float, float, float]] = []
    for left, top, side in (listed[:, :3] * [*stretch, stretch.mean()]).tolist():
        middle = (left + side / 2, top + side / 2)
        if not any(_inside(middle, box) for box in kept):
            kept.append((left, top, side))
    return np.array(kept, np.float64).reshape(-1, 3)


def around(box: Float64[np.ndarray, "3"]) -> Square:
    """Our square about the face in a box of `boxes`, by the median of where it lies."""
    left, top, side = box.tolist()
    x, y = left + (0.5 + RIGHT) * side, top + (0.5 + DOWN) * side
    return Square(x, y, SIDE * side)


def square(image: UInt8[np.ndarray, "height width 3"], what: str) -> Square:
    """Our square about the one face of an sRGB picture.

    Raises ValueError that begins with `what` where no face is found, or several.
    """
    faces = boxes(image)
    if len(faces) != 1:
        raise ValueError(f"{what} must show one face that the detector finds, got {len(faces)}")
    return around(faces[0])


def _inside(middle: tuple[float, float], box: tuple[float, float, float]) -> bool:
    left, top, side = box
    away = (middle[0] - left - side / 2, middle[1] - top - side / 2)
    return max(abs(away[0]), abs(away[1])) < side / 2
