"""Filling holes in pictures."""

import numpy as np
import pytest

from assets.push_pull import fill


def test_a_hole_in_a_constant_is_filled_with_it_and_what_is_known_stays():
    rng = np.random.default_rng(1)
    values = np.full((37, 53, 2), 0.25, np.float32)
    weight = (rng.random((37, 53)) > 0.4).astype(np.float32)
    weight[5:30, 10:40] = 0
    spoiled = np.where(weight[..., None] > 0, values, np.float32(99))
    np.testing.assert_allclose(fill(spoiled, weight), values, atol=2e-6)

    noise = rng.random((37, 53, 2), np.float32)
    np.testing.assert_array_equal(fill(noise, weight)[weight > 0], noise[weight > 0])


def test_a_hole_takes_its_colour_from_near_it():
    values = np.zeros((64, 64, 1), np.float32)
    values[:, 32:] = 1.0
    weight = np.ones((64, 64), np.float32)
    weight[20:30, 5:15] = 0
    weight[20:30, 48:58] = 0
    filled = fill(values, weight)[..., 0]
    assert filled[20:30, 5:15].max() < 0.05
    assert filled[20:30, 48:58].min() > 0.95
    # Nothing is invented: a filled value lies between the known ones.
    assert filled.min() >= 0
    assert filled.max() <= 1


def test_nothing_known_is_an_error():
    with pytest.raises(ValueError, match="weight must be above 0 somewhere, got a maximum of 0"):
        fill(np.zeros((4, 4, 1), np.float32), np.zeros((4, 4), np.float32))
