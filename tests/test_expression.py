"""Expressions: labels that hold, companions that a face can do, and shares as asked for."""

from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from assets import facs
from assets.facs import AUVector
from generator.companions import APART, CONFOUNDERS, HALF_CLOSED, LIMITS, draw_confounder
from generator.config import GenerateConfig
from generator.expression import (
    FAR_SPREAD,
    HIGHEST_GAZE,
    NEAR_SHARE,
    NEAR_SPREAD,
    Expression,
    Style,
    draw_gaze,
    draw_pain,
    make_expressions,
)
from generator.pain import EIGHTHS, WHOLE

UNLIKELY = 1e-5
OTHERS = tuple(au for au in facs.AUS if au not in (*facs.PAIN_AUS, 45))


def drawn(style: Style, count: int, seed: int) -> list[AUVector]:
    rng = np.random.default_rng(seed)
    return [draw_pain(float(1 + i % 16), style, rng) for i in range(count)]


@pytest.mark.parametrize("steps", [WHOLE, EIGHTHS])
def test_labels_hit_their_target_and_keep_the_rules(steps: int) -> None:
    style = Style(steps, others=0.5, asymmetry=0.5)
    for number, aus in enumerate(drawn(style, 800, 1)):
        assert aus.pspi == 1 + number % 16
        facs.check(aus.label, "label")
        assert all(value * steps % 1 == 0 for value in (*aus.left.values(), *aus.right.values()))


def test_companions_keep_apart_and_lids_at_most_half_close() -> None:
    seen: Counter[int] = Counter()
    for aus in drawn(Style(WHOLE, others=1.0), 800, 2):
        label = aus.label
        for one, other in APART:
            assert not (label[one] > 0 and label[other] > 0) or {one, other} == {5, 45}
        for au, limits in LIMITS.items():
            if label[au] > 0 and label[43] == 0:
                assert all(label[other] <= most for other, most in limits)
        assert label[45] <= HALF_CLOSED or label[43] == 1
        assert label[25] > 0 or label[26] == label[27] == 0
        there = [au for au in OTHERS if label[au] > 0]
        seen.update(there)
        assert there or label[45] > 0
    assert set(seen) == set(OTHERS)
    assert min(seen.values()) > 10


def test_shares_of_companions_and_of_asymmetry_are_as_asked() -> None:
    with_others = differing = 0
    for aus in drawn(Style(WHOLE, others=0.3, asymmetry=0.2), 1500, 3):
        label = aus.label
        others = any(label[au] > 0 for au in OTHERS) or 0 < label[45] <= HALF_CLOSED
        with_others += others
        differing += aus.left != aus.right
    assert stats.binomtest(with_others, 1500, 0.3).pvalue > UNLIKELY
    # A face of closed lids alone cannot differ: PSPI 1, one target in 16, one setting in 8.
    assert stats.binomtest(differing, 1500, 0.2 * (1 - 1 / 128)).pvalue > 1e-3
    assert all(aus.left == aus.right for aus in drawn(Style(), 200, 4))


def test_a_weaker_side_is_either_and_lids_close_together() -> None:
    weaker_left = 0
    faces = []
    for aus in drawn(Style(WHOLE, asymmetry=1.0), 800, 5):
        able = [au for au in facs.BILATERAL if au not in (43, 45) and aus.label[au] > 0]
        assert (aus.left != aus.right) == bool(able)
        faces += [aus] if able else []
    for aus in faces:
        assert aus.left[43] == aus.right[43]
        assert aus.left[45] == aus.right[45]
        assert aus.label in (aus.left, aus.right)
        weaker_left += aus.label == aus.right
    assert stats.binomtest(weaker_left, len(faces), 0.5).pvalue > UNLIKELY


@pytest.mark.parametrize("steps", [WHOLE, EIGHTHS])
def test_confounders_move_and_are_no_pain(steps: int) -> None:
    rng = np.random.default_rng(6)
    names: Counter[str] = Counter()
    for _ in range(2400):
        name, aus = draw_confounder(steps, rng)
        whole = facs.complete(aus)
        facs.check(whole, name)
        assert all(whole[au] == 0 for au in facs.PAIN_AUS)
        assert max(whole.values()) > 0
        names[name] += 1
    assert stats.chisquare([names[look.name] for look in CONFOUNDERS]).pvalue > UNLIKELY


def test_smiles_are_uniform_in_strength() -> None:
    rng = np.random.default_rng(7)
    smiles = [
        aus for name, aus in (draw_confounder(1, rng) for _ in range(6000)) if name == "smile"
    ]
    strengths = Counter(aus[12] for aus in smiles)
    assert stats.chisquare([strengths[level] for level in (2.0, 3.0, 4.0, 5.0)]).pvalue > UNLIKELY
    assert stats.binomtest(sum(25 in aus for aus in smiles), len(smiles), 0.5).pvalue > UNLIKELY


def test_pspi_0_is_drawn_as_a_confounder_is() -> None:
    rng = np.random.default_rng(8)
    for _ in range(50):
        aus = draw_pain(0.0, Style(), rng)
        assert aus.pspi == 0
        assert max(aus.label.values()) > 0


def test_gaze_follows_its_mixture() -> None:
    rng = np.random.default_rng(9)
    gazes = np.array([draw_gaze(rng).array for _ in range(4000)])
    middle = gazes.mean(axis=1)
    for axis in range(2):
        inside = middle[np.abs(middle[:, axis]) < HIGHEST_GAZE[axis] - 1e-6, axis]
        near, far = (stats.norm(scale=s[axis]) for s in (NEAR_SPREAD, FAR_SPREAD))

        def mixed(x: np.ndarray, near=near, far=far) -> np.ndarray:
            return NEAR_SHARE * near.cdf(x) + (1 - NEAR_SHARE) * far.cdf(x)

        low, high = mixed(-HIGHEST_GAZE[axis]), mixed(HIGHEST_GAZE[axis])

        def cut(x: np.ndarray, mixed=mixed, low=low, high=high) -> np.ndarray:
            return (mixed(x) - low) / (high - low)

        assert stats.kstest(inside, cut).pvalue > UNLIKELY
        assert np.abs(middle[:, axis]).max() <= HIGHEST_GAZE[axis] + 1e-6
    assert (gazes[:, 0, 0] < gazes[:, 1, 0]).all()  # eyes converge: the left one turns right
    assert (gazes[:, 0, 1] == gazes[:, 1, 1]).all()
    still = np.array([draw_gaze(rng, wander=False).array for _ in range(2000)]).mean(axis=1)
    assert stats.kstest(still[:, 0], stats.norm(scale=NEAR_SPREAD[0]).cdf).pvalue > UNLIKELY


def strip(expressions: tuple[Expression, ...]) -> list[AUVector]:
    return [expression.aus for expression in expressions]


def test_a_person_gets_what_was_asked_for() -> None:
    config = GenerateConfig(pain_per_identity=20, confounders=3, seed=4)
    made = make_expressions(config, 11)
    assert [e.kind for e in made] == ["neutral"] + ["pain"] * 20 + ["confounder"] * 3
    assert max(made[0].label.values()) == 0
    assert sorted(e.pspi for e in made[1:17]) == list(range(1, 17))
    assert all(e.pspi == 0 and e.name for e in made[21:])
    assert {e.name for e in made[:21]} == {None}
    assert len({e.gaze for e in made}) == len(made)
    assert make_expressions(config, 11) == made
    assert strip(make_expressions(config, 12)) != strip(made)
    # More expressions leave the first as they were.
    assert make_expressions(replace(config, confounders=1), 11) == made[:22]


def test_continuous_expressions_have_fractions() -> None:
    made = make_expressions(GenerateConfig(continuous=True, pain_per_identity=40), 0)[1:]
    assert sum(e.pspi % 1 > 0 for e in made) > 20
    assert all(float(str(value)) == value for e in made for value in e.label.values())


def test_levels_and_distributions_are_taken_from_the_options() -> None:
    made = make_expressions(GenerateConfig(pspi="0,16", pain_per_identity=6), 1)[1:]
    assert sorted(e.pspi for e in made) == [0, 0, 0, 16, 16, 16]
    made = make_expressions(GenerateConfig(pspi="unbc", pain_per_identity=400), 1)[1:]
    assert stats.binomtest(sum(e.pspi == 0 for e in made), 400, 0.8271).pvalue > UNLIKELY


def test_a_fraction_of_pspi_is_hit() -> None:
    config = GenerateConfig(pspi="2.5,0.125", pain_per_identity=6, continuous=True)
    assert sorted(e.pspi for e in make_expressions(config, 1)[1:]) == [0.125] * 3 + [2.5] * 3


def test_a_file_gives_every_person_the_same_faces(tmp_path: Path) -> None:
    path = tmp_path / "faces.csv"
    path.write_text("AU4,AU43,AU12\n3,0,0\n0,1,0\n0,0,5\n")
    config = GenerateConfig(expressions=path, confounders=1)
    one, two = make_expressions(config, 0), make_expressions(config, 1)
    assert strip(one)[1:4] == strip(two)[1:4]
    assert [e.pspi for e in one[1:4]] == [3, 1, 0]
    assert [e.kind for e in one] == ["neutral", "pain", "pain", "pain", "confounder"]
    assert [e.gaze for e in one] != [e.gaze for e in two]
