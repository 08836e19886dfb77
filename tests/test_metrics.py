"""Metrics against scikit-learn, scipy, torchmetrics and pingouin, and where they are undefined."""

import numpy as np
import pytest

from assets.torchvision_ready import declare
from vitpain.metrics import agreement, calibration, detection

RNG = np.random.Generator(np.random.Philox(key=5))
FRAMES = 4000
LABEL = np.where(RNG.random(FRAMES) < 0.8, 0, RNG.integers(1, 16, FRAMES)).astype(np.float64)
# Rounded, so that scores tie, and far from 0, so that a sum of squares could lose digits.
PREDICTED = np.round(0.5 * LABEL + RNG.normal(1.0, 1.5, FRAMES), 1)
PROBABILITY = np.clip(np.round(1 / (1 + np.exp(2 - PREDICTED)), 2), 0.001, 0.999)


@pytest.mark.parametrize("shift", [0.0, 1e6])
def test_agreement_is_that_of_other_libraries(shift: float) -> None:
    from scipy.stats import pearsonr
    from sklearn.metrics import mean_absolute_error, mean_squared_error

    label, predicted = LABEL + shift, PREDICTED + shift
    assert agreement.mae(label, predicted) == pytest.approx(mean_absolute_error(label, predicted))
    assert agreement.mse(label, predicted) == pytest.approx(mean_squared_error(label, predicted))
    assert agreement.pearson(label, predicted) == pytest.approx(pearsonr(label, predicted)[0])


@pytest.mark.filterwarnings("ignore:The inplace keyword")  # of pandas, in pingouin
def test_icc_is_that_of_pingouin() -> None:
    import pandas
    from pingouin import intraclass_corr

    long = pandas.DataFrame(
        {
            "frame": np.r_[np.arange(FRAMES), np.arange(FRAMES)],
            "rater": ["label"] * FRAMES + ["model"] * FRAMES,
            "value": np.r_[LABEL, PREDICTED],
        }
    )
    found = intraclass_corr(long, targets="frame", raters="rater", ratings="value")
    (row,) = found[found["Type"].isin(("ICC3", "ICC(C,1)"))]["ICC"]
    assert agreement.icc(LABEL, PREDICTED) == pytest.approx(row, abs=1e-9)


def test_the_rest_is_that_of_torchmetrics() -> None:
    declare()
    import torch
    from torchmetrics.classification import BinaryCalibrationError, BinaryF1Score
    from torchmetrics.functional import concordance_corrcoef

    label, predicted = torch.tensor(LABEL), torch.tensor(PREDICTED)
    # torchmetrics takes variances over n - 1 and the product of deviations over n - 1 as well.
    share = (FRAMES - 1) / FRAMES
    bias = float(PREDICTED.mean() - LABEL.mean())
    spread = LABEL.var() + PREDICTED.var()
    expected = float(concordance_corrcoef(predicted, label))
    expected *= (spread / share + bias**2) * share / (spread + bias**2)
    assert agreement.concordance(LABEL, PREDICTED) == pytest.approx(expected, abs=1e-9)

    true, score = torch.tensor(LABEL >= 1).int(), torch.tensor(PROBABILITY)
    found = calibration.reliability(LABEL >= 1, PROBABILITY)
    error = BinaryCalibrationError(n_bins=calibration.BINS)(score, true)
    assert found.ece == pytest.approx(float(error), abs=1e-6)
    assert sum(one.frames for one in found.bins) == FRAMES
    said = PROBABILITY >= 0.37
    expected = float(BinaryF1Score(threshold=0.3699)(score, true))
    assert detection.f1(LABEL >= 1, said) == pytest.approx(expected, abs=1e-6)


def test_detection_is_that_of_scikit_learn() -> None:
    from sklearn import metrics

    for level in (1, 2, 3):
        true = LABEL >= level
        assert detection.auroc(true, PREDICTED) == pytest.approx(
            metrics.roc_auc_score(true, PREDICTED), abs=1e-12
        )
        assert detection.average_precision(true, PREDICTED) == pytest.approx(
            metrics.average_precision_score(true, PREDICTED), abs=1e-12
        )
        said = PREDICTED >= 2.0
        counts = detection.decisions(true, said, np.zeros(FRAMES, np.int64), 1)
        found = {name: float(value[0]) for name, value in detection.decided(counts).items()}
        assert found == pytest.approx(
            {
                "f1": metrics.f1_score(true, said),
                "precision": metrics.precision_score(true, said),
                "recall": metrics.recall_score(true, said),
                "accuracy": metrics.accuracy_score(true, said),
            }
        )
        hit, false, missed, passed = counts.counts[0]
        confusion = metrics.confusion_matrix(true, said)
        assert confusion.tolist() == [[passed, false], [missed, hit]]


def test_brier_is_that_of_scikit_learn_and_a_sure_model_is_in_the_last_bin() -> None:
    from sklearn.metrics import brier_score_loss

    found = calibration.reliability(LABEL >= 2, PROBABILITY)
    assert found.brier == pytest.approx(brier_score_loss(LABEL >= 2, PROBABILITY))
    sure = calibration.reliability(np.array([True, False]), np.array([1.0, 0.0]))
    assert [(one.low, one.high, one.said, one.true) for one in sure.bins] == [
        (0.0, 0.1, 0.0, 0.0),
        (0.9, 1.0, 1.0, 1.0),
    ]
    assert sure.ece == 0.0
    assert calibration.reliability(np.zeros(0, bool), np.zeros(0)).ece is None


def test_the_threshold_is_the_best_of_all() -> None:
    rng = np.random.Generator(np.random.Philox(key=6))
    for _ in range(50):
        score = np.round(rng.random(30), 1)
        true = rng.random(30) < 0.3
        if not true.any():
            continue
        every = {value: detection.f1(true, score >= value) or 0.0 for value in np.unique(score)}
        best = max(every.values())
        highest = max(value for value, one in every.items() if one == pytest.approx(best))
        assert detection.best_threshold(true, score) == highest
    assert detection.best_threshold(np.zeros(3, bool), np.ones(3)) is None


def test_what_is_undefined_is_none() -> None:
    same, other = np.full(50, 0.3), RNG.random(50)
    for name in ("pearson", "icc", "concordance"):
        assert getattr(agreement, name)(same, other) is None, name
    assert agreement.pearson(other, same) is None
    # The formulas of these two say 0 of a model that always says the same.
    assert agreement.icc(other, same) == 0.0
    assert agreement.concordance(other, same) == 0.0
    none = np.full(3, np.nan)
    for name in ("mae", "mse", "pearson", "icc", "concordance"):
        assert getattr(agreement, name)(none, np.ones(3)) is None, name
    true = np.array([True, True])
    assert detection.auroc(true, np.ones(2)) is None
    assert detection.auroc(~true, np.ones(2)) is None
    assert detection.average_precision(~true, np.ones(2)) is None
    assert detection.f1(~true, true) is None
    assert detection.f1(true, ~true) == 0.0
    assert detection.auroc(np.zeros(0, bool), np.zeros(0)) is None


def test_labels_that_are_not_known_take_no_part() -> None:
    label = LABEL.copy()
    label[::3] = np.nan
    known = ~np.isnan(label)
    for name in ("mae", "mse", "pearson", "icc", "concordance"):
        measure = getattr(agreement, name)
        assert measure(label, PREDICTED) == measure(label[known], PREDICTED[known])
        assert measure(label, PREDICTED) != measure(LABEL, PREDICTED)


def test_single_precision_labels_and_predictions_do() -> None:
    exact = agreement.concordance(LABEL, PREDICTED)
    single = agreement.concordance(LABEL.astype(np.float32), PREDICTED.astype(np.float32))
    assert single == pytest.approx(exact, abs=1e-6)
