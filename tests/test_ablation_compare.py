"""From a study on disk to its figures, held against the measures of its frames."""

import json
import shutil
import time
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from tests import simulated_study as simulated
from tests.simulated_study import ARMS, Effect, cell, change
from vitpain.ablation.arms import BASE, NATIVE_BASE, Arm, arms
from vitpain.ablation.compare import compare
from vitpain.ablation.contrasts import contrasts
from vitpain.ablation.figures import METRICS, PRIMARY, Difference, Estimate, Part, Results
from vitpain.ablation.report.build import report
from vitpain.ablation.stored import CELLS, COST, FAILED
from vitpain.evaluate import predictions
from vitpain.metrics import agreement, detection

WHOLE = 1.0
BETTER = "real+drawn"
SHARE = Arm("real+drawn_0.5", beside=("drawn",), share=0.5)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A study in which one arm is better, at two fractions."""
    effects = {BETTER: Effect(noise=0.3, shrink=1.0, person=0.1)}
    folder = tmp_path_factory.mktemp("study")
    return simulated.write(
        folder, effects, arms=(*ARMS, SHARE), fractions=(0.5, WHOLE), each=20, key=3
    )


@pytest.fixture(scope="module")
def found(made: Path) -> Results:
    return compare(made)


@pytest.fixture
def study(made: Path, tmp_path: Path) -> Path:
    """A copy of the whole fraction's cells to damage."""
    copy = tmp_path / "study"
    shutil.copytree(made, copy, ignore=shutil.ignore_patterns("*-plain-0.5-*"))
    return copy


def estimate(given: Results, arm: str, metric: str, fraction: float = WHOLE) -> Estimate:
    wanted = (arm, metric, fraction)
    (one,) = (e for e in given.estimates if (e.arm, e.metric, e.fraction) == wanted)
    return one


def difference(given: Results, arm: str, base: str, metric: str = PRIMARY) -> Difference:
    wanted = (arm, base, metric, WHOLE)
    (one,) = (d for d in given.differences if (d.arm, d.base, d.metric, d.fraction) == wanted)
    return one


def part(given: Results, kind: str, name: str, arm: str) -> Part:
    wanted = (kind, name, arm, WHOLE)
    (one,) = (p for p in given.parts if (p.kind, p.name, p.arm, p.fraction) == wanted)
    return one


def frames_of(study: Path, arm: str) -> pa.Table:
    """All test frames of an arm, with what the threshold of their cell said."""
    tables = []
    for seed in range(2):
        for fold in range(1, 6):
            rows = predictions.read(cell(study, arm, seed, fold) / predictions.NAME)
            role = np.array(rows["role"].to_pylist())
            pspi, own = rows["pspi"].to_numpy(), rows.filter(pa.array(role == "test"))
            for level in (1, 3):
                score = rows[f"p{level}"].to_numpy()
                bound = detection.best_threshold(pspi[role == "val"] >= level, score[role == "val"])
                own = own.append_column(f"said{level}", pa.array(score[role == "test"] >= bound))
            tables.append(own)
    return pa.concat_tables(tables)


def test_a_planted_effect_is_found_and_a_null_is_not(found: Results) -> None:
    assert difference(found, BETTER, BASE).found is True
    assert difference(found, BETTER, "real+painted").found is True
    assert difference(found, "real+painted", BASE).found is False
    assert difference(found, "real_classical", BASE).found is False
    for metric in METRICS:
        one = difference(found, BETTER, BASE, metric.name)
        assert one.better is True, metric
        assert one.value.value is not None
        assert (one.value.value > 0) == metric.more_is_better
        assert one.effect.value is not None
        assert one.effect.value > 0
        assert (one.found is None) == (metric.name != PRIMARY)
        assert one.arrangements == 10_001
        assert (one.subjects, one.seeds, one.every) == (25, 2, False)


def test_figures_are_those_of_the_frames(made: Path, found: Results) -> None:
    for arm in (BASE, BETTER):
        rows = frames_of(made, arm)
        pspi, hat = rows["pspi"].to_numpy(), rows["pspi_hat"].to_numpy()
        wanted = {
            "ccc": agreement.concordance(pspi, hat),
            "mae": agreement.mae(pspi, hat),
            **{
                f"auroc{level}": detection.auroc(pspi >= level, rows[f"p{level}"].to_numpy())
                for level in (1, 2, 3)
            },
            **{
                f"f1_{level}": detection.f1(
                    pspi >= level, rows[f"said{level}"].to_numpy(zero_copy_only=False)
                )
                for level in (1, 3)
            },
        }
        for name, value in wanted.items():
            one = estimate(found, arm, name)
            assert one.value.value == pytest.approx(value, abs=1e-10), name
            assert one.value.low is not None
            assert one.value.low < one.value.value < one.value.high
            assert (one.frames, one.subjects, one.seeds) == (500, 25, 2)
            assert one.folds == (1, 2, 3, 4, 5)
    apart = difference(found, BETTER, BASE, "mae").value.value
    values = [estimate(found, arm, "mae").value.value for arm in (BETTER, BASE)]
    assert apart == pytest.approx(values[0] - values[1], abs=1e-12)


def test_effect_is_that_of_people(made: Path, found: Results) -> None:
    own = []
    for arm in (BETTER, BASE):
        rows = frames_of(made, arm)
        error = np.abs(rows["pspi"].to_numpy() - rows["pspi_hat"].to_numpy())
        subject = np.array(rows["subject"].to_pylist())
        own.append(np.array([error[subject == one].mean() for one in np.unique(subject)]))
    gained = own[1] - own[0]
    one = difference(found, BETTER, BASE, "mae")
    assert one.effect.value == pytest.approx(gained.mean() / gained.std(ddof=1))
    assert one.effect_subjects == 25


def test_errors_by_part_are_those_of_their_frames(made: Path, found: Results) -> None:
    for arm in (BASE, BETTER):
        rows = frames_of(made, arm)
        pspi, hat = rows["pspi"].to_numpy(), rows["pspi_hat"].to_numpy()
        age = rows["age_years"].to_numpy()
        women = np.array(rows["sex"].to_pylist()) == "female"
        masks = {("level", "0"): pspi == 0, ("level", "3"): pspi == 3, ("sex", "female"): women}
        masks["age", "18-39"] = (age >= 18) & (age < 40)
        for (kind, name), mask in masks.items():
            one = part(found, kind, name, arm)
            assert one.mae.value == pytest.approx(np.abs(hat - pspi)[mask].mean())
            assert one.bias.value == pytest.approx((hat - pspi)[mask].mean())
            assert one.frames == mask.sum() / 2
        au, said = rows["au4"].to_numpy(), rows["au4_hat"].to_numpy()
        one = part(found, "au", "au4", arm)
        assert one.ccc.value == pytest.approx(agreement.concordance(au, said))
    level = part(found, "level", "0", BETTER)
    assert (level.ccc.value, level.ccc.why) == (None, "every label is the same")
    base = part(found, "level", "0", BASE)
    assert level.change.value == pytest.approx(level.mae.value - base.mae.value)
    assert level.change.high < 0
    assert base.change.value is None
    assert not [one for one in found.parts if one.kind == "skin tone"]


def test_curves_costs_and_what_was_learnt(found: Results) -> None:
    by = {(one.over, one.name): one for one in found.curves if one.metric == PRIMARY}
    fractions = by["subjects", BETTER]
    assert [point.x for point in fractions.points] == [8.0, 15.0]
    assert [point.fraction for point in fractions.points] == [0.5, WHOLE]
    assert fractions.points[1].value == estimate(found, BETTER, PRIMARY).value
    drawn = by["frames", "drawn"]
    assert [(one.x, one.arm) for one in drawn.points] == [
        (0.0, BASE), (250.0, SHARE.name), (500.0, BETTER),
    ]  # fmt: skip
    assert [one.arm for one in by["frames", "painted"].points] == [BASE, "real+painted"]
    (cost,) = (one for one in found.costs if (one.arm, one.fraction) == (BETTER, WHOLE))
    assert (cost.cells, cost.seconds, cost.steps, cost.frames) == (10, 20.0, 100, 3200)
    assert (cost.real, cost.synthetic) == (300.0, 500.0)
    assert cost.gain == difference(found, BETTER, BASE)
    assert found.learnt[BETTER] == {"real": 300.0, "drawn": 500.0}
    assert found.leading == ("plain", WHOLE)
    assert (found.finished, found.unfinished) == (100, ())


def test_a_curve_has_arms_of_one_form(tmp_path: Path) -> None:
    native = Arm("real+drawn_native", beside=("drawn",), native=True)
    unmatched = Arm("real+drawn_unmatched", beside=("drawn",), matched=False)
    only = Arm("drawn_only", real=False, beside=("drawn",))
    every = (Arm(BASE), native, unmatched, only, Arm(BETTER, beside=("drawn",)))
    folder = simulated.write(
        tmp_path / "study", {}, arms=every, fractions=(0.5, WHOLE), seeds=1, each=6
    )
    curves = [one for one in compare(folder).curves if one.metric == PRIMARY]
    over = {one.name for one in curves if one.over == "subjects"}
    assert over == {BASE, native.name, unmatched.name, BETTER}
    (frames,) = (one for one in curves if one.over == "frames")
    assert [one.arm for one in frames.points] == [BASE, BETTER]


def test_groups_that_are_not_known_come_last(study: Path) -> None:
    def unknown(columns: dict[str, list[Any]]) -> None:
        columns["sex"] = [None] * len(columns["sex"])

    for path in (study / CELLS).glob("*-1"):
        change(path, unknown)
    found = compare(study)
    names = dict.fromkeys(one.name for one in found.parts if one.kind == "sex")
    assert list(names) == ["female", "male", "not known"]
    assert part(found, "sex", "not known", BASE).subjects == 5


def test_only_their_own_neutrals_count(study: Path, found: Results) -> None:
    def others(columns: dict[str, list[Any]]) -> None:
        count = len(columns["key"])
        for name, values in columns.items():
            columns[name] = values * 2
        columns["condition"][count:] = ["other"] * count
        columns["pspi_hat"][count:] = [16.0] * count

    change(cell(study), others)
    wanted = estimate(found, BASE, PRIMARY)
    assert estimate(compare(study), BASE, PRIMARY) == wanted


def test_the_family_is_one_of_a_model_and_a_fraction(found: Results) -> None:
    for fraction in found.fractions:
        own = [d for d in found.differences if d.fraction == fraction and d.metric == PRIMARY]
        assert [(d.arm, d.base) for d in own] == [
            ("real_classical", BASE),
            ("real+painted", BASE),
            (BETTER, BASE),
            (BETTER, "real+painted"),
        ]
        least = min(d.p for d in own)
        assert min(d.p_holm for d in own) == pytest.approx(len(own) * least)


def test_figures_are_json_and_the_same_again(study: Path) -> None:
    once, again = (json.dumps(compare(study).figures, allow_nan=False) for _ in range(2))
    assert once == again
    assert json.loads(once)["differences"][0]["better"] in (True, False)
    assert compare(study, seed=1) != compare(study)


def test_arms_of_one_form_are_held_against_each_other() -> None:
    sources = [
        {"name": name, "kind": kind} for name, kind in (("g", "2d"), ("a", "3d"), ("b", "3d"))
    ]
    every = arms(["g"], ["a", "b"], [0.5])
    held = contrasts(every, sources)
    reals = (BASE, NATIVE_BASE)
    assert [pair for pair in held if pair[1] not in reals] == [
        ("real+a", "real+g"), ("a_then_real", "g_then_real"), ("a_only", "g_only"),
        ("real+b", "real+a"), ("b_then_real", "a_then_real"), ("b_only", "a_only"),
    ]  # fmt: skip
    whole = [arm.name for arm in every if arm.share == 1.0 and arm.name != BASE]
    assert [pair[0] for pair in held if pair[1] in reals] == whole
    native = [pair for pair in held if pair[0].endswith("native")]
    assert native == [("real_native", BASE), ("real+a_native", NATIVE_BASE)]
    drawn = contrasts(arms([], ["a", "b"]), sources[1:])
    assert ("real+b", "real+a") in drawn
    assert all(pair[1] in reals for pair in contrasts(arms(["g"], []), sources[:1]))


def test_without_a_threshold_f1_is_undefined_and_nothing_else(study: Path) -> None:
    def painless(columns: dict[str, list[Any]]) -> None:
        val = [role == "val" for role in columns["role"]]
        columns["pspi"] = [
            min(value, 2.0) if own else value
            for own, value in zip(val, columns["pspi"], strict=True)
        ]

    change(cell(study, BETTER, 1, 4), painless)
    found = compare(study)
    why = "fold 4, seed 1: no threshold: none of the frames to choose it on has PSPI >= 3"
    value = estimate(found, BETTER, "f1_3").value
    assert (value.value, value.low, value.why) == (None, None, why)
    one = difference(found, BETTER, BASE, "f1_3")
    assert (one.value.value, one.value.why, one.p, one.better) == (None, why, None, None)
    assert estimate(found, BASE, "f1_3").value.value is not None
    assert estimate(found, BETTER, "f1_1").value.value is not None
    assert difference(found, BETTER, BASE).found is True


def test_without_pain_or_movement_figures_are_undefined(tmp_path: Path) -> None:
    folder = simulated.write(tmp_path / "study", {}, each=6, seeds=1)

    def flat(columns: dict[str, list[Any]]) -> None:
        columns["pspi"] = [0.0] * len(columns["pspi"])

    for path in (folder / CELLS).iterdir():
        change(path, flat)
    found = compare(folder)
    for metric, why in {
        "ccc": "all labels, or all predictions, are the same",
        "auroc2": "no frame has PSPI >= 2",
        "f1_1": "no frame has PSPI >= 1",
    }.items():
        value = estimate(found, BASE, metric).value
        assert (value.value, value.why) == (None, why)
    one = difference(found, BETTER, BASE)
    assert (one.value.value, one.p, one.p_holm, one.found) == (None, None, None, None)
    assert one.effect.why == "fewer than two subjects have a figure of their own"
    assert estimate(found, BASE, "mae").value.value is not None
    assert any(note.startswith("One seed:") for note in found.notes)


def test_an_equal_arm_has_p_1_and_no_effect_size(study: Path) -> None:
    for seed in range(2):
        for fold in range(1, 6):
            same = cell(study, BASE, seed, fold) / predictions.NAME
            shutil.copy(same, cell(study, BETTER, seed, fold) / predictions.NAME)
    one = difference(compare(study), BETTER, BASE)
    assert (one.value.value, one.p, one.p_holm, one.found, one.better) == (0, 1, 1, False, None)
    assert (one.effect.value, one.effect.why) == (
        None,
        "the difference is the same in every subject",
    )


def test_a_lost_cell_leaves_what_both_have(study: Path) -> None:
    lost = cell(study, BETTER, 1, 2)
    (lost / predictions.NAME).unlink()
    (lost / FAILED).write_text('{"error": "out of memory"}')
    (cell(study, "real_classical", 0, 3) / COST).unlink()
    shutil.rmtree(cell(study, "real+painted", 0, 5))
    shutil.rmtree(cell(study, "real+painted", 1, 5))
    found = compare(study)
    # In the order of their names.
    left = [one for one in found.unfinished if one.fraction == WHOLE]
    assert [(one.arm, one.fold, one.seed, one.error) for one in left] == [
        ("real_classical", 3, 0, None),
        (BETTER, 2, 1, "out of memory"),
        ("real+painted", 5, 0, None),
        ("real+painted", 5, 1, None),
    ]
    assert difference(found, BETTER, BASE).subjects == 25
    assert difference(found, "real+painted", BASE).subjects == 20
    assert estimate(found, "real+painted", PRIMARY).folds == (1, 2, 3, 4)
    where = "with plain at 1 of the real subjects lacks"
    assert f"{BETTER} {where} fold 2 seed 1: differences are of what both arms have." in found.notes


def test_without_real_frames_alone_nothing_is_held_against_them(study: Path) -> None:
    for path in (study / CELLS).glob("real-plain-*"):
        shutil.rmtree(path)
    found = compare(study)
    assert {(one.arm, one.base) for one in found.differences} == {(BETTER, "real+painted")}
    assert all(cost.gain is None for cost in found.costs)
    assert {one.change.why for one in found.parts} == {
        "no frame of real frames alone to hold it against"
    }
    assert any(note.startswith("No cell of real with plain") for note in found.notes)


def test_other_frames_are_not_compared(study: Path) -> None:
    def other(columns: dict[str, list[Any]]) -> None:
        at = columns["role"].index("test")
        columns["pspi"][at] += 1.0

    change(cell(study, BETTER), other)
    one = difference(compare(study), BETTER, BASE)
    assert (one.value.value, one.value.why) == (None, "the arms were tested on different frames")
    assert (one.p, one.found) == (None, None)


@pytest.mark.slow
def test_a_million_predictions_in_half_a_minute(tmp_path: Path) -> None:
    every = arms(["painted"], ["drawn"])
    study = simulated.write(tmp_path / "study", {}, arms=every, seeds=3, each=610)
    begun = time.process_time()
    found = report(study).results
    assert time.process_time() - begun < 30
    rows = 2 * 3 * len(every) * estimate(found, BASE, PRIMARY).frames
    assert rows > 1_000_000
