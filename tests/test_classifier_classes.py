"""Classes of pain by PSPI: every level is in one, and fractions fall down."""

import numpy as np
import torch

from assets.facs import HIGHEST_PSPI
from vitpain.classifier.classes import THESIS, classes
from vitpain.classifier.fit import labels

OF_LEVEL = (0, 1, 1, 1, 2, 2, 2, 3, 3, 3, 4, 4, 4, 5, 5, 5, 5)


def test_every_level_is_of_the_class_that_the_thesis_has_it_in() -> None:
    levels = np.arange(HIGHEST_PSPI + 1, dtype=np.float32)
    assert classes("thesis6").of(levels).tolist() == list(OF_LEVEL)


def test_a_fraction_is_of_the_class_below_it() -> None:
    """Levels of `--continuous` are multiples of 1/8; the nearest below a start is still below."""
    between = np.arange(0, HIGHEST_PSPI, 0.125, dtype=np.float32)
    assert THESIS.of(between).tolist() == [OF_LEVEL[int(one)] for one in between]
    just = np.nextafter(np.array(THESIS.starts, np.float32), np.float32(0))
    assert THESIS.of(just).tolist() == [0, 1, 2, 3, 4]


def test_a_batch_is_divided_as_its_rows_are() -> None:
    values = np.random.default_rng(0).uniform(0, 16, 500).astype(np.float32)
    values[:17] = np.arange(17)
    assert labels(THESIS, torch.from_numpy(values)).tolist() == THESIS.of(values).tolist()


def test_what_is_not_known_is_of_no_class() -> None:
    assert THESIS.of(np.array([np.nan, 2.0], np.float32)).tolist() == [-1, 1]
