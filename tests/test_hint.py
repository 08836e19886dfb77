"""The depth hint: relative inverse depth, as the estimators behind depth ControlNets give it."""

import numpy as np
import pytest

from generator.portrait.hint import FARTHEST, hint

SIDE = 96


def ball(distance: float = 1.0, radius: float = 0.11) -> np.ndarray:
    """Depth of a ball (metres), seen along parallel rays; 0 beside it."""
    x, y = np.meshgrid(*[(np.arange(SIDE) + 0.5) / SIDE * 2.4 - 1.2] * 2)
    height = 1.0 - x * x - y * y
    depth = np.where(height > 0, distance - radius * np.sqrt(np.maximum(height, 0)), 0.0)
    return depth.astype(np.float32)


def test_nearer_is_brighter_and_what_is_not_there_is_black() -> None:
    depth = ball()
    shown = hint(depth)
    figure = depth > 0
    assert (shown[~figure] == 0).all()
    assert shown[figure].min() == np.float32(FARTHEST)
    assert shown[figure].max() == 1
    order = np.argsort(depth[figure], kind="stable")
    near_to_far = depth[figure][order], shown[figure][order]
    assert (np.diff(near_to_far[1]) <= 0).all()
    assert (np.diff(near_to_far[1])[np.diff(near_to_far[0]) > 1e-5] < 0).all()


def test_values_are_straight_in_inverse_depth() -> None:
    depth = np.array([[0.0, 0.8, 1.0, 1.2]], np.float32)
    # (1 / 1 - 1 / 1.2) / (1 / 0.8 - 1 / 1.2) is 0.4.
    expected = [0.0, 1.0, FARTHEST + (1 - FARTHEST) * 0.4, FARTHEST]
    assert hint(depth)[0] == pytest.approx(expected, abs=1e-6)


def test_unit_and_any_shift_of_inverse_depth_do_not_matter() -> None:
    """What an estimator leaves open may not change what the network is told."""
    depth = ball()
    figure, known = depth > 0, hint(depth)
    inverse = np.divide(1.0, depth, out=np.zeros_like(depth), where=figure)
    for scale, shift in ((1000.0, 0.0), (0.5, 0.0), (1.0, 0.3), (2.0, -0.4)):
        other = np.where(figure, 1.0 / np.where(figure, inverse * scale + shift, 1), 0)
        assert np.abs(hint(other.astype(np.float32)) - known).max() < 2e-5


def test_a_head_moved_along_the_axis_or_of_another_size_looks_alike() -> None:
    known = hint(ball())
    for distance in (0.9, 0.95, 1.05, 1.1):
        moved = hint(ball(distance))
        assert np.array_equal(moved > 0, known > 0)
        # The curve of inverse depth over 11 cm changes with the distance, by less than one step.
        assert np.abs(moved - known).max() < 1 / 255, distance
    # A newborn's head, half as large, has as much relief as an adult's.
    assert np.abs(hint(ball(radius=0.055)) - known).max() < 3 / 255


def test_relief_of_a_face_takes_more_than_half_of_the_range() -> None:
    depth = ball()
    true = np.divide(1.0, depth, out=np.zeros_like(depth), where=depth > 0)
    figure = depth > 0
    assert np.ptp(true[figure]) / true.max() < 0.13
    assert np.ptp(hint(depth)[figure]) > 0.5


@pytest.mark.parametrize(
    ("depth", "message"),
    [
        (np.zeros((4, 4)), "depth must show a figure with relief, got one distance or none"),
        (np.full((4, 4), 0.7), "depth must show a figure with relief, got one distance or none"),
        (np.array([[1.0, -0.5]]), "depth must be finite and at least 0 m, got -0.5"),
        (np.array([[1.0, np.nan]]), "depth must be finite and at least 0 m, got nan"),
        (np.array([[1.0, np.inf]]), "depth must be finite and at least 0 m, got inf"),
    ],
)
def test_a_depth_that_shows_no_head_is_refused(depth: np.ndarray, message: str) -> None:
    with pytest.raises(ValueError, match=f"^{message}$"):
        hint(depth.astype(np.float32))
