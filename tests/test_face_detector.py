"""The detector of faces, on frames of the main job, and our square from what it finds."""

from functools import cache
from types import SimpleNamespace

import cv2
import numpy as np
import pytest

from assets import face_crop, face_detector
from generator import synth3d
from generator.audit import detector
from generator.config import GenerateConfig
from generator.shards import codec

CONFIG = GenerateConfig(
    identities=3,
    pain_per_identity=1,
    confounders=0,
    views=1,
    size=256,
    seed=5,
    annotations=(),
)


@cache
def adult() -> tuple[np.ndarray, face_crop.Square]:
    """A frontal picture of a sampled adult, and our crop from its landmarks."""
    sample = synth3d.PRODUCER.make_person(CONFIG, 0)[0]
    points = sample.record.landmarks
    assert points is not None
    image = codec.decode("jpg", sample.members["jpg"])
    return image, face_crop.around(np.array(points.points), "adult")


def off(got: face_crop.Square, wanted: face_crop.Square) -> float:
    """How far a square is off in place or side, in sides."""
    away = max(abs(got.x - wanted.x), abs(got.y - wanted.y), abs(got.side - wanted.side))
    return away / wanted.side


def test_a_square_lies_where_the_landmarks_crop_does() -> None:
    image, wanted = adult()
    assert off(face_detector.square(image, "adult"), wanted) < 0.13


@pytest.mark.parametrize("factor", [0.5, 4.0])
def test_a_square_grows_with_its_picture(factor: float) -> None:
    image, wanted = adult()
    height, width = image.shape[:2]
    resized = cv2.resize(image, (round(factor * width), round(factor * height)))
    same = face_crop.Square(factor * wanted.x, factor * wanted.y, factor * wanted.side)
    assert off(face_detector.square(resized, "resized"), same) < 0.15


def test_two_faces_and_none_are_refused_by_name() -> None:
    image, _ = adult()
    pair = np.concatenate([image, image], axis=1)
    assert len(face_detector.boxes(pair)) == 2
    with pytest.raises(ValueError, match=r"^pair\.jpg must show one face .*, got 2$"):
        face_detector.square(pair, "pair.jpg")
    for nobody in (np.full((90, 120, 3), 77, np.uint8), np.zeros((1, 1, 3), np.uint8)):
        assert face_detector.boxes(nobody).shape == (0, 3)
        with pytest.raises(ValueError, match=r"^wall must show one face .*, got 0$"):
            face_detector.square(nobody, "wall")


def test_a_box_in_a_larger_one_is_the_same_face(monkeypatch: pytest.MonkeyPatch) -> None:
    listed = np.array([[30, 30, 20, 20], [10, 10, 50, 50], [70, 10, 40, 40]])
    monkeypatch.setattr(face_detector, "found", lambda *_: listed)
    grey = np.full((120, 120, 3), 128, np.uint8)
    assert face_detector.boxes(grey).tolist() == [[10, 10, 50], [70, 10, 40]]


def test_a_square_is_the_box_moved_and_scaled() -> None:
    square = face_detector.around(np.array([100.0, 50.0, 200.0]))
    assert square.x == 200 + 200 * face_detector.RIGHT
    assert square.y == 150 + 200 * face_detector.DOWN
    assert square.side == 200 * face_detector.SIDE


def test_cascades_are_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    face_detector.cascade.cache_clear()
    monkeypatch.setattr(cv2, "data", SimpleNamespace(), raising=False)
    with pytest.raises(ValueError, match=r"OpenCV must be one that comes with cascades .*, got 4"):
        face_detector.cascade(detector.FACE)
