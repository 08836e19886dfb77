"""The report of simulated predictions against scikit-learn, scipy, pingouin and hand-made sums."""

from functools import partial

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from tests.reported import EFFECTS, back, bounds, frame, number, reported, why
from tests.simulated_predictions import Effects, rows
from vitpain.evaluate.predictions import LEVELS
from vitpain.evaluate.report import Report, report
from vitpain.metrics import bootstrap


@pytest.fixture(scope="module")
def table() -> pa.Table:
    return rows(EFFECTS)


@pytest.fixture(scope="module")
def every(table: pa.Table) -> pd.DataFrame:
    return frame(table)


@pytest.fixture(scope="module")
def tested(every: pd.DataFrame) -> pd.DataFrame:
    return every[(every["role"] == "test") & (every["condition"] == "right")]


@pytest.fixture(scope="module")
def made(table: pa.Table) -> Report:
    return reported(table)


def cuts(every: pd.DataFrame, level: int) -> dict[int, float]:
    """The threshold of each fold with the highest F1 on its training subjects, by scikit-learn."""
    from sklearn.metrics import precision_recall_curve

    found = {}
    for fold, own in every[every["role"] == "train"].groupby("fold"):
        precision, recall, cut = precision_recall_curve(own["pspi"] >= level, own[f"p{level}"])
        f1 = 2 * precision * recall / np.maximum(precision + recall, 1e-9)
        found[fold] = float(cut[: len(f1) - 1][f1[:-1] == f1[:-1].max()].max())
    return found


def test_agreement_of_each_fold_and_pooled_is_that_of_other_libraries(
    made: Report, tested: pd.DataFrame
) -> None:
    from scipy.stats import pearsonr
    from sklearn.metrics import mean_absolute_error, mean_squared_error

    parts = [(made.pspi.pooled, tested)]
    parts += [(made.pspi.folds[fold], own) for fold, own in tested.groupby("fold")]
    assert len(parts) == 6
    for scored, own in parts:
        y, p = own["pspi"].to_numpy(), own["pspi_hat"].to_numpy()
        assert (scored.frames, scored.subjects) == (len(own), own["subject"].nunique())
        both, spread = np.cov(y, p, bias=True)[0, 1], y.var() + p.var()
        expected = {
            "mae": mean_absolute_error(y, p),
            "mse": mean_squared_error(y, p),
            "pearson": pearsonr(y, p)[0],
            "icc": 2 * both / spread,
            "ccc": 2 * both / (spread + (y.mean() - p.mean()) ** 2),
            "bias": (p - y).mean(),
        }
        found = {name: value.value for name, value in scored.values.items()}
        assert found == pytest.approx(expected)
    for name in expected:
        each = [number(one.values[name]) for one in made.pspi.folds.values()]
        assert number(made.pspi.mean[name]) == pytest.approx(np.mean(each))
        assert made.pspi.spread[name] == pytest.approx(np.std(each, ddof=1))
        assert made.pspi.over[name] == 5


@pytest.mark.filterwarnings("ignore:The inplace keyword")  # of pandas, in pingouin
def test_icc_of_a_fold_is_that_of_pingouin(made: Report, tested: pd.DataFrame) -> None:
    from pingouin import intraclass_corr

    own = tested[tested["fold"] == 2]
    long = own.melt(id_vars="key", value_vars=["pspi", "pspi_hat"])
    found = intraclass_corr(long, targets="key", raters="variable", ratings="value")
    (expected,) = found[found["Type"].isin(("ICC3", "ICC(C,1)"))]["ICC"]
    assert number(made.pspi.folds[2].values["icc"]) == pytest.approx(expected, abs=1e-9)


def test_detection_is_that_of_scikit_learn_by_the_thresholds_of_each_fold(
    made: Report, every: pd.DataFrame, tested: pd.DataFrame
) -> None:
    from sklearn import metrics

    for level, score in zip(LEVELS, made.detection, strict=True):
        cut = cuts(every, level)
        assert {fold: one.value for fold, one in score.thresholds.items()} == pytest.approx(cut)
        said = tested[f"p{level}"] >= tested["fold"].map(cut)
        # Folds are decided by different thresholds: pooled F1 is that of no single one.
        assert len(set(cut.values())) > 1
        parts = [(score.pooled, tested, said)]
        for fold, own in tested.groupby("fold"):
            parts.append((score.folds[fold], own, said[own.index]))
        for scored, own, decided in parts:
            true = own["pspi"] >= level
            assert scored.positives == true.sum()
            assert {name: value.value for name, value in scored.values.items()} == pytest.approx(
                {
                    "auroc": metrics.roc_auc_score(true, own[f"p{level}"]),
                    "ap": metrics.average_precision_score(true, own[f"p{level}"]),
                    "f1": metrics.f1_score(true, decided),
                    "precision": metrics.precision_score(true, decided),
                    "recall": metrics.recall_score(true, decided),
                }
            )
        (counts,) = [one for one in made.confusions if one.level == level]
        expected = metrics.confusion_matrix(tested["pspi"] >= level, said)
        assert expected.tolist() == [[counts.passed, counts.false], [counts.missed, counts.hit]]


def test_labels_of_test_subjects_move_no_threshold(made: Report, every: pd.DataFrame) -> None:
    turned = every.copy()
    test = turned["role"] == "test"
    turned.loc[test, "pspi"] = 16 - turned.loc[test, "pspi"]
    found = reported(back(turned))
    for before, after in zip(made.detection, found.detection, strict=True):
        assert after.thresholds == before.thresholds
        assert number(after.pooled.values["f1"]) != number(before.pooled.values["f1"])


def test_a_threshold_is_of_its_own_fold_alone(made: Report, every: pd.DataFrame) -> None:
    moved = every.copy()
    chosen = (moved["role"] == "train") & (moved["fold"] == 4)
    moved.loc[chosen, "p1"] = moved.loc[chosen, "p1"] / 2
    found = reported(back(moved)).detection[0].thresholds
    before = made.detection[0].thresholds
    for fold in (1, 2, 3, 5):
        assert found[fold] == before[fold]
    assert number(found[4]) == pytest.approx(number(before[4]) / 2)


def test_a_fold_without_predictions_of_training_subjects_decides_nothing(
    made: Report, every: pd.DataFrame
) -> None:
    some = every[(every["role"] == "test") | (every["role"] == "train") & (every["fold"] != 3)]
    found = reported(back(some))
    reason = "no threshold: no frame of other subjects to choose it on"
    for level, score in zip(LEVELS, found.detection, strict=True):
        assert why(score.thresholds[3]) == reason
        assert why(score.folds[3].values["f1"]) == reason
        assert why(score.pooled.values["f1"]) == f"fold 3: {reason}"
        assert score.folds[2] == made.detection[level - 1].folds[2]
        assert score.pooled.values["auroc"] == made.detection[level - 1].pooled.values["auroc"]
        assert score.over["f1"] == 4
        assert found.unconfused[level] == f"fold 3: {reason}"
    assert found.confusions == ()


def test_without_training_subjects_validation_subjects_serve_and_it_is_said(
    every: pd.DataFrame,
) -> None:
    found = reported(back(every[every["role"] != "train"]))
    assert found.chosen.learnt_role == "val"
    assert any("thresholds were chosen on validation subjects" in one for one in found.notes)
    alone = reported(back(every[every["role"] == "test"]))
    assert any("no threshold could be chosen" in one for one in alone.notes)
    assert all(one.pooled.values["f1"].value is None for one in alone.detection)
    number(alone.detection[0].pooled.values["auroc"])
    with pytest.raises(
        ValueError, match=r"^run must hold test or validation subjects, got 1800 rows of train"
    ):
        reported(back(every[every["role"] == "train"]))
    held = reported(back(every[every["role"] == "val"]))
    assert held.chosen.role == "val"
    assert "every figure is of validation subjects" in held.notes[0]


def test_intervals_are_over_subjects(made: Report, every: pd.DataFrame) -> None:
    def width(one: Report) -> float:
        low, high = bounds(one.pspi.pooled.values["mae"])
        return high - low

    test = every[every["role"] == "test"]
    alike = reported(rows(Effects(2, 12, person=0.0), train=False))
    apart = reported(rows(Effects(2, 12, person=2.0), train=False))
    assert width(apart) > 4 * width(alike)
    # Four times the frames of the same people are no more people.
    copies = [test.assign(key=test["key"] + f"c{number}") for number in range(4)]
    many = reported(back(pd.concat(copies)))
    for name, value in many.pspi.pooled.values.items():
        one = made.pspi.pooled.values[name]
        assert (number(value), *bounds(value)) == pytest.approx((number(one), *bounds(one)))
    # By hand: the mean error of the subjects that a resample draws.
    own = test[test["condition"] == "right"]
    error = (own["pspi_hat"] - own["pspi"]).abs().groupby(own["subject"])
    weights = bootstrap.draws(25, 0)
    drawn = weights @ error.sum().to_numpy() / (weights @ error.count().to_numpy())
    expected = np.quantile(drawn, (0.025, 0.975))
    assert bounds(made.pspi.pooled.values["mae"]) == pytest.approx(expected)


def test_another_seed_draws_others(table: pa.Table, made: Report) -> None:
    other = report("run", table, {}, {}, seed=1).pspi.pooled.values["mae"]
    mae = made.pspi.pooled.values["mae"]
    assert number(other) == number(mae)
    assert bounds(other) != bounds(mae)


def test_groups_are_those_of_their_people(made: Report, tested: pd.DataFrame) -> None:
    age, tone = tested["age_years"], tested["skin_tone"]
    expected = {
        ("sex", "female"): tested["sex"] == "female",
        ("sex", "male"): tested["sex"] == "male",
        ("age in years", "18-39"): (age >= 18) & (age < 40),
        ("age in years", "40-64"): (age >= 40) & (age < 65),
        ("age in years", "65-90"): age >= 65,
        ("Monk tone", "1-3"): tone <= 3,
        ("Monk tone", "4-6"): (tone >= 4) & (tone <= 6),
        ("Monk tone", "7-10"): tone >= 7,
    }
    assert [(one.title, one.shown) for one in made.groups] == list(expected)
    for one, mask in zip(made.groups, expected.values(), strict=True):
        own = tested[mask]
        assert (one.agreement.frames, one.agreement.subjects) == (len(own), own.subject.nunique())
        mae = (own["pspi"] - own["pspi_hat"]).abs().mean()
        assert number(one.agreement.values["mae"]) == pytest.approx(mae)
        assert one.detection.positives == (own["pspi"] >= 1).sum()
    assert made.unknown == ()


def test_who_is_not_known_is_a_group_of_its_own(every: pd.DataFrame) -> None:
    some = every[every["role"] == "test"].copy()
    some["age_years"] = np.where(some["fold"] == 1, 95.0, np.nan)
    some["sex"] = None
    some["view"] = np.where(some["fold"] == 2, 0, 3)
    found = reported(back(some))
    named = [(one.title, one.shown, one.agreement.subjects) for one in found.groups]
    assert named[:4] == [
        ("view", "frontal", 5),
        ("view", "turned", 20),
        ("age in years", "91 and older", 5),
        ("age in years", "not known", 20),
    ]
    assert found.unknown == ("sex",)


def test_calibration_is_that_of_bins_by_hand(made: Report, tested: pd.DataFrame) -> None:
    from scipy.stats import linregress
    from sklearn.metrics import brier_score_loss

    for level in LEVELS:
        one, said = made.calibration.levels[level], tested[f"p{level}"]
        true = tested["pspi"] >= level
        places = np.minimum((said * 10).astype(int), 9)
        gaps = [abs(said[places == k].sum() - true[places == k].sum()) for k in range(10)]
        assert one.ece == pytest.approx(sum(gaps) / len(tested))
        assert one.brier == pytest.approx(brier_score_loss(true, said))
        assert [each.frames for each in one.bins] == np.unique(places, return_counts=True)[
            1
        ].tolist()
    line = linregress(tested["pspi_hat"], tested["pspi"])
    found = (number(made.calibration.slope), number(made.calibration.intercept))
    assert found == pytest.approx((line.slope, line.intercept))


def test_conditions_are_held_against_each_other_on_the_same_frames(every: pd.DataFrame) -> None:
    # Frames that one condition lacks are left out of all.
    some = every[(every["condition"] != "none") | (every["frame"] > 5)]
    found = {one.name: one for one in reported(back(some)).conditions}
    assert list(found) == ["right", "other", "none"]
    test = every[(every["role"] == "test") & (every["frame"] > 5)]
    error = (test["pspi_hat"] - test["pspi"]).abs()
    sums = error.groupby([test["condition"], test["subject"]]).sum().unstack(0)
    weights = bootstrap.draws(25, 0)
    each = len(test) / 3 / 25
    for name, one in found.items():
        assert one.agreement.frames == len(test) / 3
        assert number(one.agreement.values["mae"]) == pytest.approx(sums[name].mean() / each)
        assert one.agreement.frames == one.detection[2].frames
        if name == "right":
            assert one.difference == {}
            continue
        drawn = weights @ (sums[name] - sums["right"]).to_numpy() / (25 * each)
        expected = (sums[name] - sums["right"]).mean() / each, *np.quantile(drawn, (0.025, 0.975))
        above = one.difference["mae"]
        assert (number(above), *bounds(above)) == pytest.approx(expected)
        # In pairs: people who are hard to judge are so under both.
        widths = [np.subtract(*bounds(v.agreement.values["mae"])) for v in (one, found["right"])]
        assert abs(np.subtract(*bounds(above))) < np.hypot(*widths)
    assert found["other"].difference["auroc_1"].value == pytest.approx(
        number(found["other"].detection[1].values["auroc"])
        - number(found["right"].detection[1].values["auroc"])
    )


def test_validation_people_of_several_folds_stand_once_a_fold(every: pd.DataFrame) -> None:
    val = every[every["role"] == "val"]
    # In leave-one-out somebody may validate two folds.
    twice = pd.concat([val, val.assign(fold=val["fold"] % 5 + 1).query("fold == 1")])
    both = pd.concat([twice, twice.assign(condition="other")])
    found = reported(back(both)).conditions
    assert [one.agreement.frames for one in found] == [len(twice), len(twice)]
    assert number(found[1].difference["mae"]) == 0.0


def test_labels_that_are_not_known_take_no_part(every: pd.DataFrame, made: Report) -> None:
    some = every.copy()
    hidden = some["frame"] <= 6
    some.loc[hidden, ["pspi", "au4"]] = np.nan
    found = reported(back(some))
    alone = reported(back(every[~hidden]))
    assert found.pspi == alone.pspi
    assert found.detection == alone.detection
    assert found.calibration == alone.calibration
    assert found.aus[0] == alone.aus[0] != made.aus[0]
    assert found.aus[1] == made.aus[1]
    assert found.notes[0] == "300 frames without a PSPI take no part in figures of PSPI."
    none = reported(back(some.assign(pspi=np.nan)))
    assert why(none.pspi.pooled.values["mae"]) == "no frame has this label"
    assert why(none.detection[0].pooled.values["f1"]) == "no frame has this label"
    assert why(none.calibration.slope) == "no frame has this label"


def test_guesses_without_looking(made: Report, every: pd.DataFrame, tested: pd.DataFrame) -> None:
    means = every[every["role"] == "train"].groupby("fold")["pspi"].mean()
    guesses = {"always 0": 0.0, "always the mean of other subjects": tested["fold"].map(means)}
    assert [one.name for one in made.baselines] == list(guesses)
    for one, guess in zip(made.baselines, guesses.values(), strict=True):
        error = guess - tested["pspi"]
        assert number(one.mae) == pytest.approx(error.abs().mean())
        assert number(one.mse) == pytest.approx((error**2).mean())


def test_sequences_and_frames_to_look_at(made: Report, tested: pd.DataFrame) -> None:
    assert len(made.courses) == 6
    assert len({one.subject for one in made.courses}) == 6
    highest = tested.groupby("subject")["pspi"].max()
    for one in made.courses:
        assert one.label.max() == highest[one.subject]
        assert one.frame.tolist() == list(range(1, 13))
        own = tested[tested["sequence"] == one.sequence].sort_values("frame")
        assert one.predicted.tolist() == own["pspi_hat"].tolist()
    # The first is the most painful of all, the last the least.
    assert made.courses[0].label.max() == highest.max()
    assert made.courses[-1].label.max() == highest.min()
    error = (tested["pspi"] - tested["pspi_hat"]).abs()
    assert made.worst[0].key == tested.loc[error.idxmax(), "key"]
    found = [abs(one.pspi - one.pspi_hat) for one in made.worst]
    assert found == sorted(found, reverse=True)
    assert pd.Series([one.sequence for one in made.worst]).value_counts().max() <= 3
    assert len(made.worst) == 20


def test_a_run_without_folds(tested: pd.DataFrame, every: pd.DataFrame) -> None:
    train = every[(every["role"] == "train") & (every["fold"] == 1)]
    alone = pd.concat([train, tested[tested["fold"] == 1]]).assign(fold=0)
    found = reported(back(alone))
    assert list(found.pspi.folds) == [0]
    assert found.pspi.folds[0].values["mae"].value == found.pspi.pooled.values["mae"].value


def test_who_stands_in_is_said(made: Report) -> None:
    real = partial(rows, Effects(1, 10, source="unbc"), train=False)
    assert reported(real()).banner is None
    assert reported(real(), surrogate=True).banner is not None
    assert made.banner is not None
