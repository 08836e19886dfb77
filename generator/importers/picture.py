"""One picture of a source: what is said of it, and how it becomes a sample.

Faces are cut out by `assets.face_crop`, the rule that estimators crop by, with room about them for
augmentation. The map from the original picture's pixels to those of the sample is kept in `crop`.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np
from jaxtyping import Float64, UInt8

from assets import face_crop, face_detector, picture_file
from assets.face_crop import Square
from generator.importers.config import ImportConfig
from generator.importers.notes import note, refused
from generator.producer import Note
from generator.shards.codec import encode_image
from generator.shards.record import LandmarkFacts, Record, Sample, Scheme

Image = UInt8[np.ndarray, "height width 3"]
Points = Float64[np.ndarray, "points 2"]
DARKEST = 8
"""A picture of which no pixel is lighter than this shows nothing."""
AWAY = 4.0
"""Landmarks lie within the picture to so many of its longer sides."""


@dataclass(frozen=True)
class Picture:
    """A picture of a source before it is read, with everything else that is known of it."""

    record: Record
    """What the source says; size, landmarks and crop are those of the sample only later."""
    file: str
    """Name by which notes call it."""
    read: Callable[[], Image]
    """Reads it; raises ValueError where it is none."""
    points: Points | None = None
    """Landmarks in its own pixels."""
    scheme: Scheme = "aam66"


def read_file(path: Path, name: str) -> Image:
    """Read a picture file; errors call it by `name`, which no machine's folders are part of."""
    try:
        return picture_file.read(path)
    except ValueError as error:
        raise ValueError(str(error).replace(str(path), name, 1)) from error


def samples(picture: Picture, config: ImportConfig) -> Iterator[Sample | Note]:
    """Read and crop a picture: its sample, or a note where it cannot be used.

    Landmarks that cannot be those of a face in it are left out, and a note says so.
    """
    try:
        image = picture.read()
    except ValueError as error:
        yield refused("unreadable", picture.file, error)
        return
    lightest = int(image.max())
    if lightest <= DARKEST:
        yield note("black", picture.file, f"must be lighter than {DARKEST}", lightest)
        return
    by_landmarks = None
    try:
        by_landmarks = _by_landmarks(picture, (image.shape[1], image.shape[0]))
    except ValueError as error:
        if config.crop != "landmarks":
            yield refused("labels", picture.file, error)
            picture = replace(picture, points=None)
        else:
            yield refused("no_face", picture.file, error)
            return
    try:
        square = _square(image, picture.file, by_landmarks, config)
    except ValueError as error:
        yield refused("no_face", picture.file, error)
        return
    yield _drawn(image, picture, face_crop.matrix(square, config.size), config.size)


def _by_landmarks(picture: Picture, size: tuple[int, int]) -> Square | None:
    """The square about a face by its landmarks, None without landmarks.

    Raises ValueError where none of them lies in the picture, one lies very far away, or they span
    no face.
    """
    points = picture.points
    if points is None:
        return None
    inside = ((points >= 0) & (points <= size)).all(axis=1)
    if not (np.abs(points).max() <= AWAY * max(size) and inside.any()):
        got = f"{points.min():g} to {points.max():g}, {int(inside.sum())} points inside"
        rule = f"landmarks must lie in {size[0]} x {size[1]} pixels"
        raise ValueError(f"{picture.file}: {rule}, got {got}")
    return face_crop.around(points, picture.file)


def _square(image: Image, file: str, by_landmarks: Square | None, config: ImportConfig) -> Square:
    """What of a picture is drawn; raises ValueError where no face is found."""
    match config.crop:
        case "landmarks":
            if by_landmarks is None:
                raise ValueError(f"{file} must have landmarks, got none")
            found = by_landmarks
        case "detector":
            found = face_detector.square(image, file)
        case "none":
            height, width = image.shape[:2]
            return face_crop.middle(width, height)
    return found.scaled(1.0 + config.margin)


def _drawn(image: Image, picture: Picture, affine: Float64[np.ndarray, "2 3"], size: int) -> Sample:
    landmarks = None
    if picture.points is not None:
        moved = cv2.transform(picture.points[None], affine)[0]
        points = tuple((float(x), float(y)) for x, y in moved)
        # Nothing is known of what lies in front of them.
        landmarks = LandmarkFacts(picture.scheme, points, (True,) * len(points))
    (a, b, c), (d, e, f) = affine.tolist()
    record = replace(
        picture.record,
        width=size,
        height=size,
        image="jpg",
        landmarks=landmarks,
        crop=((a, b, c), (d, e, f)),
    )
    return Sample(record, {"jpg": encode_image(face_crop.cut(image, affine, size))})
