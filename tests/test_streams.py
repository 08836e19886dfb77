"""Random streams: their own for each tuple, whatever is drawn before, and the same for ever."""

from itertools import product

import numpy as np
import pytest

from assets.streams import stream


def test_first_draws_are_pinned() -> None:
    drawn = stream(0, 0, "shape").integers(0, 2**32, size=3).tolist()
    assert drawn == [1440125761, 2064461695, 1965394128]
    drawn = stream(2**64 - 1, 4999, "expression", 7).integers(0, 2**32, size=3).tolist()
    assert drawn == [1189522029, 3470476748, 2835643154]


def test_every_tuple_has_its_own_stream() -> None:
    tuples = list(product((0, 1, 11, 10**9), (-1, 0, 1, 11), ("a", "b", "1 a"), (0, 1, 11)))
    draws = {stream(*t).integers(0, 2**63).item() for t in tuples}
    assert len(draws) == len(tuples)


def test_streams_do_not_depend_on_order() -> None:
    forward = [stream(3, i, "view", 2).random(4) for i in range(20)]
    backward = [stream(3, i, "view", 2).random(4) for i in reversed(range(20))][::-1]
    assert np.array_equal(forward, backward)


def test_streams_of_neighbours_are_uncorrelated() -> None:
    draws = np.array([stream(5, i, "shape").standard_normal(2000) for i in range(30)])
    correlation = np.corrcoef(draws)[np.triu_indices(30, 1)]
    # 435 correlations of 2,000 independent pairs: standard deviation 0.0224.
    assert abs(correlation.std() - 0.0224) < 0.003
    assert np.abs(correlation).max() < 4.5 * 0.0224


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ((-1, 0, "x", 0), "seed must be between 0 and .* got -1"),
        ((2**64, 0, "x", 0), "seed must be between"),
        ((0, -2, "x", 0), "identity must be at least -1, got -2"),
        ((0, 0, "x", -1), "sample must be at least 0, got -1"),
    ],
)
def test_numbers_out_of_range_are_refused(arguments: tuple[int, int, str, int], text: str) -> None:
    with pytest.raises(ValueError, match=text):
        stream(*arguments)
