"""Resampling of subjects by sums and rankings against drawing their frames, and its coverage."""

import time

import numpy as np
import pytest

from vitpain.metrics import agreement, bootstrap, detection

SUBJECTS = 12


def crowd(
    frames: int, key: int, subjects: int = SUBJECTS
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Labels, predictions and subjects, who differ in both; the first is never in pain."""
    rng = np.random.Generator(np.random.Philox(key=key))
    subject = rng.integers(0, subjects, frames)
    label = rng.binomial(8, 0.03 + 0.3 * (subject / subjects) ** 2).astype(np.float64)
    label[subject == 0] = 0.0
    bias = rng.normal(0, 0.8, subjects)
    return label, np.round(label * 0.6 + bias[subject] + rng.normal(0, 1, frames), 1), subject


def drawn(weights: np.ndarray, subject: np.ndarray) -> np.ndarray:
    """The slow twin: the frames of a resample, those of a subject as often as it was drawn."""
    return np.repeat(np.arange(len(subject)), weights[subject].astype(int))


def test_resamples_are_those_of_their_frames() -> None:
    label, predicted, subject = crowd(600, 1)
    weights = bootstrap.draws(SUBJECTS, 0, 60)
    quick = agreement.agreement(
        agreement.sums(label, predicted, subject, SUBJECTS).weighted(weights)
    )
    ranked = detection.ranking(label >= 1, predicted, subject, SUBJECTS)
    quick |= detection.curves(ranked, weights)
    counts = detection.decisions(label >= 1, predicted > 0.5, subject, SUBJECTS)
    quick |= detection.decided(counts.weighted(weights))
    one = np.zeros(0, np.int64)
    for place, row in enumerate(weights):
        chosen = drawn(row, subject)
        one = np.zeros(len(chosen), np.int64)
        y, p = label[chosen], predicted[chosen]
        slow = agreement.agreement(agreement.sums(y, p, one, 1))
        slow |= detection.curves(detection.ranking(y >= 1, p, one, 1), np.ones((1, 1)))
        slow |= detection.decided(detection.decisions(y >= 1, p > 0.5, one, 1))
        for name, value in slow.items():
            assert quick[name][place] == pytest.approx(value[0], abs=1e-10, nan_ok=True), name
    assert len(one)


def test_a_resample_without_pain_has_no_correlation_and_no_auroc() -> None:
    label, predicted, subject = crowd(600, 1)
    weights = np.zeros((1, SUBJECTS))
    weights[0, 0] = SUBJECTS
    found = agreement.agreement(
        agreement.sums(label, predicted, subject, SUBJECTS).weighted(weights)
    )
    assert np.isnan([found[name][0] for name in ("pearson", "icc", "ccc")]).all()
    assert found["mae"][0] == pytest.approx(np.abs(predicted[subject == 0]).mean())
    ranked = detection.ranking(label >= 1, predicted, subject, SUBJECTS)
    assert np.isnan([value[0] for value in detection.curves(ranked, weights).values()]).all()


def test_steps_that_hold_negatives_alone_change_nothing_and_joined_ones_little() -> None:
    from sklearn.metrics import average_precision_score, roc_auc_score

    label, _, subject = crowd(20_000, 2)
    rng = np.random.Generator(np.random.Philox(key=3))
    score = label + rng.normal(0, 2, len(label))
    one, whole = np.zeros(len(label), np.int64), np.ones((1, 1))
    ranked = detection.ranking(label >= 3, score, one, 1)
    positives = int((label >= 3).sum())
    assert positives < ranked.positive.shape[1] <= 2 * positives + 1 < len(label)
    found = detection.curves(ranked, whole)
    exact = {
        "auroc": roc_auc_score(label >= 3, score),
        "ap": average_precision_score(label >= 3, score),
    }
    assert {name: value[0] for name, value in found.items()} == pytest.approx(exact, abs=1e-12)
    joined = detection.ranking(label >= 3, score, subject, SUBJECTS, 400)
    assert 200 < joined.positive.shape[1] <= 400
    rough = detection.curves(joined, np.ones((1, SUBJECTS)))
    for name, value in exact.items():
        assert 0 < abs(rough[name][0] - value) < 2e-3, name


def test_draws_are_those_of_a_seed_and_of_that_many_subjects() -> None:
    first = bootstrap.draws(7, 3)
    assert first.shape == (bootstrap.RESAMPLES, 7)
    assert (first.sum(axis=1) == 7).all()
    assert (first == bootstrap.draws(7, 3)).all()
    assert (first != bootstrap.draws(7, 4)).any()
    # A subject is drawn once on average, with the variance of a binomial.
    assert first.mean(axis=0) == pytest.approx(np.ones(7), abs=0.12)
    assert first.var() == pytest.approx(6 / 7, abs=0.06)


def test_intervals_cover_the_truth_as_often_as_they_say() -> None:
    """Subjects with an effect each: the mean error of new subjects is known."""
    rng = np.random.Generator(np.random.Philox(key=4))
    subjects, hits, trials = 25, 0, 300
    subject = np.repeat(np.arange(subjects), 20)
    label = np.tile(np.arange(20) % 5, subjects).astype(np.float64)
    weights = bootstrap.draws(subjects, 0, 300)
    for _ in range(trials):
        predicted = label + 0.5 + rng.normal(0, 1, subjects)[subject]
        sums = agreement.sums(label, predicted, subject, subjects).weighted(weights)
        found = bootstrap.interval(agreement.agreement(sums)["bias"])
        assert found is not None
        hits += found[0] <= 0.5 <= found[1]
    # A percentile interval of 25 draws is somewhat narrow: about 93 % for a mean.
    assert 0.89 <= hits / trials <= 0.97


def test_an_interval_needs_values() -> None:
    values = np.arange(100.0)
    assert bootstrap.interval(values) == pytest.approx((2.475, 96.525))
    values[:5] = np.nan
    assert bootstrap.interval(values) is not None
    values[5] = np.nan
    assert bootstrap.interval(values) is None
    assert bootstrap.interval(np.full(10, np.nan)) is None


def test_as_many_frames_as_unbc_has_cost_little() -> None:
    label, predicted, subject = crowd(48_398, 5, 25)
    predicted = predicted + np.random.Generator(np.random.Philox(key=6)).random(len(label))
    weights = bootstrap.draws(25, 0)
    start = time.monotonic()
    agreement.agreement(agreement.sums(label, predicted, subject, 25).weighted(weights))
    detection.curves(detection.ranking(label >= 1, predicted, subject, 25), weights)
    assert time.monotonic() - start < 3.0  # 0.4 s on one quiet core
