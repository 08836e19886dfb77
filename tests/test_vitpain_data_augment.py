"""What a draw of an augmentation is: its ranges, its map, its colours."""

import math
from dataclasses import fields, replace

import cv2
import numpy as np
import pytest
import torch

from assets import torchvision_ready
from vitpain.data.augment import (
    NONE,
    REAL,
    SYNTHETIC,
    Augment,
    Colour,
    Geometry,
    draw_colour,
    draw_geometry,
    draw_misplaced,
    paint,
)

DRAWS = 4000


def spread(values: list[float], low: float, high: float) -> None:
    """Uniform from `low` to `high`: chi-square of 20 bins, at one in 10,000."""
    counts, _ = np.histogram(values, bins=20, range=(low, high))
    assert counts.sum() == len(values)
    expected = len(values) / 20
    assert ((counts - expected) ** 2 / expected).sum() < 51.4


@pytest.mark.parametrize("augment", [SYNTHETIC, REAL])
def test_draws_fill_their_ranges_evenly(augment: Augment) -> None:
    rng = np.random.default_rng(0)
    turned = [draw_geometry(augment, rng) for _ in range(DRAWS)]
    share = np.mean([one.mirrored for one in turned])
    assert abs(share - 0.3) < 4 * math.sqrt(0.3 * 0.7 / DRAWS)
    highest = math.radians(augment.rotation_deg)
    spread([one.radians for one in turned], -highest, highest)
    colours = [draw_colour(augment, rng) for _ in range(DRAWS)]
    spread([one.brightness for one in colours], 1 - augment.brightness, 1 + augment.brightness)
    spread([one.contrast for one in colours], 1 - augment.contrast, 1 + augment.contrast)
    if augment is SYNTHETIC:
        spread([one.right for one in turned], -0.1, 0.1)
        spread([one.down for one in turned], -0.1, 0.1)
        spread([one.scale for one in turned], 0.9, 1.1)
        spread([one.saturation for one in colours], 0.8, 1.2)
        spread([one.hue for one in colours], -0.1, 0.1)
        spread([one.sigma for one in colours], 0.1, 2.0)
    else:
        assert {(one.right, one.down, one.scale) for one in turned} == {(0.0, 0.0, 1.0)}
        assert {(one.saturation, one.hue, one.sigma) for one in colours} == {(1.0, 0.0, 0.0)}


def test_a_crop_errs_as_far_as_it_is_told() -> None:
    rng = np.random.default_rng(1)
    augment = Augment(place_error=0.05, side_error=0.2)
    drawn = [draw_misplaced(augment, rng) for _ in range(DRAWS)]
    right, side = np.array([[one.right, math.log(one.side)] for one in drawn]).T
    # A normal that is held at two deviations has 0.9592 of its variance.
    for values, expected in ((right, 0.05), (side, 0.2)):
        assert values.std() == pytest.approx(expected * math.sqrt(0.9592), rel=0.05)
        assert abs(values.mean()) < 4 * expected / math.sqrt(DRAWS)
        assert np.abs(values).max() == pytest.approx(2 * expected)
    assert np.corrcoef(right, side)[0, 1] == pytest.approx(0.0, abs=0.07)


def test_no_augmentation_changes_nothing() -> None:
    rng = np.random.default_rng(2)
    assert np.allclose(draw_geometry(NONE, rng).matrix(64), np.eye(3), atol=1e-12)
    picture = rng.integers(0, 256, (9, 7, 3)).astype(np.uint8)
    assert (paint(picture, draw_colour(NONE, rng)) == picture[..., ::-1]).all()
    assert (paint(picture, None) == picture[..., ::-1]).all()


def test_a_draw_turns_about_the_middle() -> None:
    quarter = Geometry(False, math.pi / 2, 0.0, 0.0, 1.0).matrix(100)
    # Clockwise in a picture whose y points down: what is right of the middle comes below it.
    assert quarter @ [80, 50, 1] == pytest.approx([50, 80, 1])
    mirrored = Geometry(True, 0.0, 0.0, 0.0, 1.0).matrix(100)
    assert mirrored @ [80, 30, 1] == pytest.approx([20, 30, 1])
    moved = Geometry(True, 0.3, 0.1, -0.2, 1.5).matrix(100)
    assert moved @ [50, 50, 1] == pytest.approx([60, 30, 1])
    assert np.linalg.det(moved) == pytest.approx(-(1.5**2))


@pytest.mark.parametrize(
    ("brightness", "contrast", "saturation"), [(1.2, 0.8, 1.1), (0.8, 1.2, 0.0)]
)
def test_colours_change_as_torchvision_changes_them(
    brightness: float, contrast: float, saturation: float
) -> None:
    torchvision_ready.declare()
    from torchvision.transforms import functional

    rng = np.random.default_rng(3)
    # Far from black and white, where torchvision cuts between steps and one matrix does not.
    picture = rng.integers(90, 150, (32, 32, 3)).astype(np.uint8)
    ours = paint(picture, Colour(brightness, contrast, saturation, 0.0, 0.0))
    theirs = torch.from_numpy(picture[..., ::-1].transpose(2, 0, 1).copy()) / 255.0
    theirs = functional.adjust_brightness(theirs, brightness)
    theirs = functional.adjust_contrast(theirs, contrast)
    theirs = functional.adjust_saturation(theirs, saturation)
    expected = theirs.numpy().transpose(1, 2, 0) * 255
    # torchvision's grey has 0.2989 for red, 0.587 and 0.114.
    assert np.abs(ours - expected).max() < 1.0
    assert np.abs(ours.astype(int) - picture[..., ::-1]).mean() > 10


@pytest.mark.parametrize("colour", [(200, 40, 40), (180, 130, 110), (60, 90, 160)])
def test_hue_turns_round_the_circle_and_leaves_greys(colour: tuple[int, int, int]) -> None:
    turn = Colour(1.0, 1.0, 1.0, 0.1, 0.0).matrix(100.0)[:, :3]
    back = Colour(1.0, 1.0, 1.0, -0.1, 0.0).matrix(100.0)[:, :3]
    assert np.allclose(turn @ back, np.eye(3))
    assert np.allclose(turn @ [80.0, 80.0, 80.0], 80.0)
    assert np.allclose(np.linalg.matrix_power(turn, 10), np.eye(3))

    def hue(rgb: np.ndarray) -> float:
        return float(cv2.cvtColor(rgb.astype(np.float32)[None, None], cv2.COLOR_RGB2HSV)[0, 0, 0])

    # A tenth of a turn is 36 degrees; the circle of HSV is a hexagon.
    before, after = hue(np.array(colour)), hue(turn @ colour)
    assert (after - before) % 360 == pytest.approx(36, abs=6)


def test_blur_softens() -> None:
    rng = np.random.default_rng(4)
    picture = rng.integers(0, 256, (32, 32, 3)).astype(np.uint8)
    soft = paint(picture, Colour(1.0, 1.0, 1.0, 0.0, 2.0))
    assert soft.std() < 0.5 * picture.std()


@pytest.mark.parametrize("name", [one.name for one in fields(Augment)])
def test_a_range_that_makes_no_picture_is_refused(name: str) -> None:
    for value in (-0.1, 200.0, float("nan")):
        with pytest.raises(ValueError, match=f"{name} must be between 0 and .*, got {value}"):
            replace(NONE, **{name: value})
