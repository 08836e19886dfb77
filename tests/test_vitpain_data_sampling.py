"""Which rows an epoch draws: as often as their weight says, by (seed, epoch) alone."""

import numpy as np
import pyarrow as pa
import pytest

from vitpain.data.frames import Frames
from vitpain.data.sampling import OFTENEST, Weighting, labelled, order, times

PSPI = np.array([0.0] * 60 + [0.5] * 4 + [1.0] * 8 + [2.0] * 4 + [16.0] + [np.nan] * 3, np.float32)


def frames(pspi: np.ndarray = PSPI) -> Frames:
    """Frames of which nothing but labels is known."""
    aus = np.full((len(pspi), 6), np.nan, np.float32)
    subject = np.full(len(pspi), "p")
    return Frames((), pa.table({"set": np.zeros(len(pspi), np.int32)}), subject, pspi, aus)


@pytest.mark.parametrize("how", ["none", "double", "flat"])
def test_a_row_comes_as_often_as_its_weight_says(how: Weighting) -> None:
    rows = np.arange(len(PSPI))[::-1] * 1
    expected = times(PSPI[rows], how)
    assert expected.sum() == pytest.approx(len(PSPI))
    counts = np.zeros(len(PSPI))
    epochs = 400
    for epoch in range(epochs):
        drawn = order(frames(), rows, how, 5, epoch)
        assert len(drawn) == len(PSPI)
        of_epoch = np.bincount(drawn, minlength=len(PSPI))[rows]
        # Never further from the expectation than rounding.
        assert (np.abs(of_epoch - expected) < 1.0).all()
        counts += of_epoch
    # Rounding at random has a variance of at most a quarter a draw.
    assert np.abs(counts / epochs - expected).max() < 4.0 * np.sqrt(0.25 / epochs)


def test_double_and_flat_mean_what_they_say() -> None:
    assert (times(PSPI, "none") == 1.0).all()
    double = times(PSPI, "double")
    assert double[PSPI >= 1.0] == pytest.approx(2.0 * double[0])
    assert double[-1] == double[0]
    flat = times(PSPI, "flat")
    levels = [flat[np.rint(PSPI) == level].sum() for level in (0, 1, 2)]
    assert levels == pytest.approx([levels[0]] * 3)
    # One frame alone is a level: it is held back, and so are the three that nobody coded.
    assert flat[PSPI == 16.0] == pytest.approx(OFTENEST)
    assert levels[0] == pytest.approx((80 - 8 - flat[-3:].sum()) / 3)
    assert flat.max() <= OFTENEST


def test_an_epoch_depends_on_seed_and_epoch_alone() -> None:
    rows = np.arange(10, 70)
    once = order(frames(), rows, "flat", 1, 4)
    assert (order(frames(), rows, "flat", 1, 4) == once).all()
    assert (order(frames(), rows, "flat", 1, 5) != once).any()
    assert (order(frames(), rows, "flat", 2, 4) != once).any()
    plain = order(frames(), rows, "none", 1, 0)
    assert sorted(plain) == list(rows)
    # Shuffled: neighbours are not neighbours any more.
    assert np.abs(np.diff(plain)).mean() > 10


def test_no_rows_are_an_error_and_what_is_known_is_told() -> None:
    with pytest.raises(ValueError, match="rows must be one or more, got none"):
        order(frames(), np.arange(0), "none", 0, 0)
    some = frames(np.array([0.0, np.nan, np.nan], np.float32))
    some.aus[2, 3] = 1.0
    assert labelled(some, np.arange(3)).tolist() == [True, False, True]
