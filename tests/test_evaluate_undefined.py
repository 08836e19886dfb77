"""What is undefined in a report stays so and says why."""

import numpy as np
import pandas as pd
import pytest

from tests.reported import EFFECTS, back, frame, number, reported, why
from tests.simulated_predictions import Effects, rows
from vitpain.evaluate.predictions import LEVELS
from vitpain.evaluate.value import FEW_DEFINED, ONE_SUBJECT


@pytest.fixture(scope="module")
def every() -> pd.DataFrame:
    return frame(rows(EFFECTS))


def test_where_nobody_is_in_pain_nothing_is_found_and_it_is_said() -> None:
    found = reported(rows(Effects(2, 12, pain=0.0)))
    pooled = found.pspi.pooled.values
    for name in ("pearson", "icc", "ccc"):
        assert why(pooled[name]) == "every label is 0"
    number(pooled["mae"])
    for level, one in zip(LEVELS, found.detection, strict=True):
        for name in ("auroc", "ap", "f1", "recall"):
            assert why(one.pooled.values[name]) == f"no frame has PSPI >= {level}"
        rule = f"no threshold: none of the frames to choose it on has PSPI >= {level}"
        assert why(one.thresholds[1]) == rule
        assert why(one.mean["auroc"]) == "undefined in every fold"
        assert found.unconfused[level] == f"fold 1: {rule}"
    assert why(found.au43.pooled.values["auroc"]) == "no frame has AU43 >= 1"


def test_one_subject_has_no_interval(every: pd.DataFrame) -> None:
    name = every["subject"].iloc[0]
    own = every[(every["subject"] == name) | (every["role"] == "train")]
    found = reported(back(own[(own["fold"] == 1) & (own["condition"] == "right")]))
    for value in found.pspi.pooled.values.values():
        assert (value.low, value.high, value.why) == (None, None, ONE_SUBJECT)
        number(value)
    f1 = found.detection[0].pooled.values["f1"]
    assert (f1.low, f1.why) == (None, ONE_SUBJECT)


def test_an_interval_needs_resamples_that_have_a_value(every: pd.DataFrame) -> None:
    """One subject of 25 is in pain: 36 % of the resamples are without him."""
    some = every[every["role"] == "test"].copy()
    calm = some["subject"] != some["subject"].iloc[0]
    some.loc[calm, "pspi"] = 0.0
    found = reported(back(some)).detection[0].pooled.values["auroc"]
    number(found)
    assert (found.low, found.why) == (None, FEW_DEFINED)


def test_constant_predictions_correlate_with_nothing(every: pd.DataFrame) -> None:
    same = every.assign(pspi_hat=2.0, p1=0.5)
    found = reported(back(same))
    pooled = found.pspi.pooled.values
    assert why(pooled["pearson"]) == "every prediction is 2"
    assert (number(pooled["icc"]), number(pooled["ccc"])) == (0.0, 0.0)
    assert number(found.detection[0].pooled.values["auroc"]) == 0.5
    assert why(found.calibration.slope) == "every prediction is 2"


def test_levels_are_whole(every: pd.DataFrame) -> None:
    some = every[every["role"] == "test"].copy()
    some["pspi"] = np.minimum(some["pspi"] + 0.5, 16.0)
    found = reported(back(some)).levels
    own = some[some["condition"] == "right"]
    assert [one.level for one in found] == sorted({int(value) for value in own["pspi"]})
    first = own[own["pspi"] < 1]
    assert found[0].frames == len(first)
    assert found[0].bias == pytest.approx((first["pspi_hat"] - 0.5).mean())
    assert found[0].spread == pytest.approx(first["pspi_hat"].std(ddof=0))
