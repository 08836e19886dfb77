"""Where a stored picture's pixels come to lie in the square that a model sees."""

import cv2
import numpy as np
import pytest

from assets.face_crop import Square
from generator.shards.codec import encode_heat, encode_image
from vitpain.data.augment import SYNTHETIC, Colour, draw_geometry, draw_misplaced
from vitpain.data.crops import (
    affine,
    draw_face,
    draw_heat,
    face_square,
    parsed,
    reduction,
)

STILL = Colour(1.0, 1.0, 1.0, 0.0, 0.0)


def ramp(side: int) -> np.ndarray:
    """A picture whose red says how far right a pixel is and whose green how far down, of 250."""
    place = (np.arange(side, dtype=np.float64) + 0.5) * 250 / side
    red, green = np.meshgrid(place, place)
    return np.rint(np.stack([red, green, np.full_like(red, 99.0)], axis=2)).astype(np.uint8)


def came_from(matrix: np.ndarray, size: int) -> np.ndarray:
    """Pixels of the picture that the centres of a square's pixels came from, by the inverse map."""
    x, y = np.meshgrid(np.arange(size) + 0.5, np.arange(size) + 0.5)
    back = cv2.invertAffineTransform(matrix)
    return np.einsum("ij,jhw->ihw", back, np.stack([x, y, np.ones_like(x)]))


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize(("side", "suffix"), [(256, "png"), (600, "jpg"), (1000, "jpg")])
def test_every_pixel_shows_the_place_that_the_map_says(seed: int, side: int, suffix: str) -> None:
    rng = np.random.default_rng(seed)
    square = Square(side * 0.5, side * 0.48, side * float(rng.uniform(0.3, 0.6)))
    geometry = draw_geometry(SYNTHETIC, rng)
    matrix = affine(square, draw_misplaced(SYNTHETIC, rng), geometry, 64)
    out = np.zeros((3, 64, 64), np.uint8)
    data = encode_image(ramp(side), suffix)
    draw_face(suffix, data, matrix, None, out, "k")
    expected = came_from(matrix, 64) * 250 / side
    # A byte is half a step off, a JPEG of a ramp one more.
    assert np.abs(out[:2] - expected).max() < (1.5 if suffix == "png" else 2.5)
    assert np.abs(out[:2] - expected).mean() < 0.7
    assert np.abs(out[2] - 99.0).max() <= 3


def test_the_cases_above_shrink_while_they_decode() -> None:
    """So that the test above speaks of every reduction."""
    whole = affine(Square(500.0, 480.0, 300.0), None, None, 64)
    assert reduction(whole) == 4
    assert reduction(affine(Square(500.0, 480.0, 600.0), None, None, 64)) == 8
    assert reduction(affine(Square(300.0, 288.0, 180.0), None, None, 64)) == 2
    assert reduction(affine(Square(128.0, 128.0, 127.9), None, None, 64)) == 1
    # Never enlarged again: at 8 of 8 there is a pixel for a pixel.
    assert reduction(affine(Square(500.0, 500.0, 512.001), None, None, 64)) == 8
    assert reduction(affine(Square(500.0, 500.0, 511.9), None, None, 64)) == 4


def test_decoding_small_shows_what_decoding_whole_does() -> None:
    rng = np.random.default_rng(0)
    noise = cv2.GaussianBlur(rng.integers(0, 256, (900, 900, 3)).astype(np.uint8), (0, 0), 9)
    data = encode_image(cv2.normalize(noise, None, 0, 255, cv2.NORM_MINMAX), "jpg")
    matrix = affine(Square(450.0, 440.0, 500.0), None, None, 112)
    assert reduction(matrix) == 4
    small = np.zeros((3, 112, 112), np.uint8)
    draw_face("jpg", data, matrix, None, small, "k")
    picture = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)[..., ::-1]
    x, y = (came_from(matrix, 112) - 0.5).astype(np.float32)
    soft = cv2.blur(picture, (4, 4))
    whole = cv2.remap(soft, x + 0.5, y + 0.5, cv2.INTER_LINEAR).transpose(2, 0, 1)
    assert whole.std() > 20
    assert np.abs(small.astype(np.float64) - whole).mean() < 1.0


def test_what_lies_beyond_the_picture_is_not_black() -> None:
    out = np.zeros((3, 64, 64), np.uint8)
    data = encode_image(np.full((100, 100, 3), (150, 120, 90), np.uint8), "jpg")
    draw_face("jpg", data, affine(Square(95.0, 5.0, 80.0), None, None, 64), STILL, out, "k")
    assert np.abs(out - np.array([150, 120, 90])[:, None, None]).max() <= 3


def test_heat_lies_on_the_face_that_it_belongs_to() -> None:
    """Six maps, each a ramp of its own, moved as the picture is."""
    rng = np.random.default_rng(1)
    side = 128
    red = ramp(side)[..., 0].astype(np.float32) / 10
    heat = np.stack([red if number % 2 else red.T for number in range(6)]) * (
        np.arange(6, dtype=np.float32)[:, None, None] / 6
    )
    matrix = affine(Square(64.0, 60.0, 60.0), None, draw_geometry(SYNTHETIC, rng), 48)
    face, maps = np.zeros((3, 48, 48), np.uint8), np.zeros((6, 48, 48), np.uint8)
    draw_face("png", encode_image(ramp(side), "png"), matrix, None, face, "k")
    draw_heat(encode_heat(heat), matrix, maps, "k")
    for number in range(6):
        expected = face[0 if number % 2 else 1] * (number / 6)
        assert np.abs(maps[number] - expected).max() < 2.0
    assert maps[5].std() > 10


def test_a_face_is_found_by_its_landmarks_and_failing_those_in_the_middle() -> None:
    points = [[0.0, 0.0]] * 68
    for number, x in ((36, 40.0), (39, 50.0), (42, 70.0), (45, 80.0)):
        points[number] = [x, 60.0]
    points[33] = [60.0, 80.0]
    record = {"landmarks": {"scheme": "ibug68", "points": points}, "width": 99, "height": 99}
    square = face_square(record, 1.0, "k")
    assert (square.x, square.side) == pytest.approx((60.0, 1.9 * 40.0))
    bare = {"landmarks": None, "width": 120, "height": 100}
    assert face_square(bare, 0.5, "k") == Square(60.0, 50.0, 50.0)
    # What was registered is whole as it is, with landmarks and (painted) without.
    for one in (record, bare):
        aligned = {**one, "width": 64, "height": 64, "registration": {}}
        assert face_square(aligned, 0.5, "k") == Square(32.0, 32.0, 64.0)


@pytest.mark.parametrize(
    ("record", "text"),
    [
        ({}, "k must state landmarks, width and height"),
        ({"landmarks": None, "width": 10.0, "height": 9}, "k must state landmarks"),
        (
            {"landmarks": {"scheme": "ibug68", "points": [[1.0, 2.0]] * 66}},
            r"k must have the landmarks of ibug68, got \(66, 2\)",
        ),
        (
            {"landmarks": {"scheme": "aam66", "points": [[1.0]] + [[1.0, 2.0]] * 65}},
            "k must have landmarks of two numbers each",
        ),
        (
            {"landmarks": {"scheme": "aam66", "points": [[float("nan"), 2.0]] * 66}},
            "k: landmarks must span a face of 8 pixels or more, got nan",
        ),
        (
            {"landmarks": {"scheme": "aam66", "points": [["a", 2.0]] * 66}},
            "k must have landmarks of two numbers each",
        ),
    ],
)
def test_a_record_that_does_not_say_where_the_face_is(record: dict, text: str) -> None:
    with pytest.raises(ValueError, match=text):
        face_square(record, 1.0, "k")


@pytest.mark.parametrize("data", [b"\xff", b"{", b"[1]", b"[" * 100_000])
def test_a_record_that_is_no_json(data: bytes) -> None:
    with pytest.raises(ValueError, match="k must have a record in JSON, got"):
        parsed(data, "k")
