"""How looks follow from a person's facts."""

from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from assets.population import Person
from assets.skin import TONE_LIGHTNESS
from assets.streams import stream
from generator.looks import _EYE_CHANCES, EYES, GOWNS, draw_looks

CAUCASIAN = Person(
    index=0, split="train", band="18-39", sex="female", ethnicity="caucasian", age_years=30.0,
    african=0.0, asian=0.0, caucasian=1.0, skin_tone=2,
)  # fmt: skip


def draws(person: Person, count: int) -> list:
    return [draw_looks(person, stream(5, index, "looks")) for index in range(count)]


def test_eye_colours_have_the_stated_chances():
    eyes = [looks.eye for looks in draws(CAUCASIAN, 2000)]
    seen = [eyes.count(name) for name in EYES]
    expected = 2000 * np.array(_EYE_CHANCES["caucasian"])
    assert stats.chisquare(seen, expected).pvalue > 1e-3


def test_gowns_are_drawn_evenly():
    gowns = [looks.gown for looks in draws(CAUCASIAN, 2000)]
    assert stats.chisquare([gowns.count(colour) for colour in GOWNS]).pvalue > 1e-3


@pytest.mark.parametrize("tone", [7, 8, 9, 10])
def test_light_eyes_do_not_come_with_dark_skin(tone: int):
    mixed = replace(CAUCASIAN, african=0.5, caucasian=0.5, ethnicity="mixed", skin_tone=tone)
    assert {looks.eye for looks in draws(mixed, 300)} <= {"dark brown", "brown"}


def test_only_men_have_beards_and_only_the_old_have_lines():
    man = replace(CAUCASIAN, sex="male")
    old = replace(CAUCASIAN, age_years=80.0)
    infant = replace(man, age_years=0.01)
    assert all(looks.beard == 0 for looks in draws(CAUCASIAN, 50) + draws(infant, 50))
    assert any(looks.beard > 0.5 for looks in draws(man, 50))
    assert all(looks.lines >= 0.5 for looks in draws(old, 50))
    assert all(looks.lines < 0.1 for looks in draws(CAUCASIAN, 50))
    for looks in draws(infant, 50):
        assert max(looks.lines, looks.age_spots, looks.freckles, looks.moles) < 0.01
    assert (
        np.mean([x.red for x in draws(infant, 50)]) > np.mean([x.red for x in draws(man, 50)]) + 2
    )
    assert np.mean([x.grey for x in draws(old, 50)]) > 0.6


def test_lightness_is_that_of_the_tone_and_hair_greys_towards_white():
    for tone in range(1, 11):
        person = replace(CAUCASIAN, skin_tone=tone)
        assert draw_looks(person, stream(1, 2, "looks")).lightness == TONE_LIGHTNESS[tone - 1]
    for looks in draws(replace(CAUCASIAN, age_years=88.0), 50):
        assert sum(looks.hair) >= 3 * 160 * looks.grey * 0.8
