"""PSPI targets and the settings that hit them: exact, and uniform over every way there is."""

from collections import Counter
from itertools import product

import numpy as np
import pytest
from scipy import stats

from assets import facs
from generator.pain import (
    EIGHTHS,
    UNBC,
    WHOLE,
    count_settings,
    draw_setting,
    draw_targets,
    unbc_chances,
)

UNLIKELY = 1e-5


def test_whole_settings_are_as_many_as_the_published_table() -> None:
    counts = [count_settings(float(level), WHOLE) for level in range(17)]
    assert counts == [len(facs.combinations(level)) for level in range(17)]


@pytest.mark.parametrize("level", [1, 2, 3, 15, 16])
def test_whole_settings_are_uniform_over_the_combinations(level: int) -> None:
    rng = np.random.default_rng(level)
    rows = [tuple(row) for row in facs.combinations(level).tolist()]
    draws = 5 * len(rows) + 100
    seen = Counter(
        tuple(int(value) for value in draw_setting(float(level), WHOLE, rng).values())
        for _ in range(draws)
    )
    assert set(seen) <= set(rows)
    assert stats.chisquare([seen[row] for row in rows]).pvalue > UNLIKELY


@pytest.mark.parametrize("target", [0.375, 0.625])
def test_eighths_are_uniform_over_every_way(target: float) -> None:
    rng = np.random.default_rng(3)
    levels = range(round(target * EIGHTHS) + 1)
    rows = [
        (*graded, closed)
        for graded in product(levels, repeat=5)
        for closed in (0, EIGHTHS)
        if graded[0] + max(graded[1:3]) + max(graded[3:5]) + closed == target * EIGHTHS
    ]
    assert count_settings(target, EIGHTHS) == len(rows)
    seen = Counter(
        tuple(round(value * EIGHTHS) for value in draw_setting(target, EIGHTHS, rng).values())
        for _ in range(6 * len(rows))
    )
    assert set(seen) <= set(rows)
    assert stats.chisquare([seen[row] for row in rows]).pvalue > UNLIKELY


def test_every_setting_has_exactly_its_pspi() -> None:
    rng = np.random.default_rng(4)
    for steps in (WHOLE, EIGHTHS):
        for level in range(16 * steps + 1):
            setting = draw_setting(level / steps, steps, rng)
            assert tuple(setting) == facs.PAIN_AUS
            assert facs.pspi(setting) == level / steps
            assert all(0 <= value <= facs.HIGHEST[au] for au, value in setting.items())
            assert all(value * steps % 1 == 0 for value in setting.values())


def test_uniform_targets_come_in_rounds_through_all_levels() -> None:
    rng = np.random.default_rng(5)
    targets = draw_targets("uniform", 40, WHOLE, rng)
    for start in (0, 16):
        assert sorted(targets[start : start + 16]) == list(range(1, 17))
    assert len(set(targets[32:])) == 8
    firsts = Counter(draw_targets("uniform", 1, WHOLE, rng)[0] for _ in range(1600))
    assert stats.chisquare([firsts[level] for level in range(1, 17)]).pvalue > UNLIKELY


def test_fractional_targets_are_uniform_from_1_to_16() -> None:
    drawn = Counter(draw_targets("uniform", 12_100, EIGHTHS, np.random.default_rng(6)))
    grid = [level / 8 for level in range(8, 129)]
    assert set(drawn) == set(grid)
    assert stats.chisquare([drawn[level] for level in grid]).pvalue > UNLIKELY


def test_a_list_of_targets_is_spread_evenly() -> None:
    targets = draw_targets((0.0, 2.0, 16.0), 31, WHOLE, np.random.default_rng(7))
    assert sorted(Counter(targets).values()) == [10, 10, 11]
    assert set(targets) == {0.0, 2.0, 16.0}


@pytest.mark.parametrize("steps", [WHOLE, EIGHTHS])
def test_unbc_targets_follow_its_bins(steps: int) -> None:
    drawn = draw_targets("unbc", 60_000, steps, np.random.default_rng(8))
    chances = unbc_chances(steps)
    assert np.isclose(sum(chances.values()), 1.0)
    for (low, high), per_cent in UNBC.items():
        inside = [chance for level, chance in chances.items() if low - 1 < level <= high and low]
        assert np.isclose(sum(inside), per_cent / 100) or low == 0
        assert len(set(inside)) <= 1
    observed = Counter(drawn)
    frequent = {level: chance for level, chance in chances.items() if chance * 60_000 > 10}
    rest = 60_000 - sum(observed[level] for level in frequent)
    counts = [*(observed[level] for level in frequent), rest]
    expected = [*(chance * 60_000 for chance in frequent.values())]
    expected.append(60_000 - sum(expected))
    assert stats.chisquare(counts, expected).pvalue > UNLIKELY


@pytest.mark.parametrize(
    ("target", "steps", "text"),
    [
        (17.0, WHOLE, "PSPI target must be a whole number from 0 to 16, got 17.0"),
        (2.5, WHOLE, "PSPI target must be a whole number from 0 to 16, got 2.5"),
        (2.55, EIGHTHS, "PSPI target must be a multiple of 1/8 from 0 to 16, got 2.55"),
        (-1.0, EIGHTHS, "PSPI target must be a multiple of 1/8 from 0 to 16, got -1.0"),
    ],
)
def test_a_target_off_the_scale_is_refused(target: float, steps: int, text: str) -> None:
    rng = np.random.default_rng(0)
    with pytest.raises(ValueError, match=text):
        draw_setting(target, steps, rng)
    with pytest.raises(ValueError, match=text):
        draw_targets((1.0, target), 3, steps, rng)
