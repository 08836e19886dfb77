"""Prompts: words for every person that can be sampled, and nothing that was not sampled."""

import re
from dataclasses import replace
from itertools import product

import numpy as np
import pytest

from assets import head as head_models
from assets.population import BANDS, ETHNICITIES, MIXES, NEWBORN_YEARS, SEXES, Person
from assets.streams import stream
from generator.grooming import draw_grooming
from generator.identity import Identity, make_identity
from generator.looks import HAIR, WHITE_HAIR, draw_looks
from generator.portrait import cameras, prompts
from generator.portrait.prompts import ETHNICITY_WORDS, SCENES, TONE_WORDS, Prompt
from render.camera import project

PEOPLE, SEED = 240, 4
# CLIP reads 77 tokens, two of which mark the ends; a rare word can be two.
MOST = 60


@pytest.fixture(scope="module")
def people() -> list[Identity]:
    return [make_identity(index, PEOPLE, SEED, "0-90") for index in range(PEOPLE)]


def tokens(text: str) -> int:
    """Words and signs, of which each is at least one token of CLIP's."""
    return len(re.findall(r"\w+|[^\w\s]", text))


def all_of(one: Identity) -> list[Prompt]:
    seen = [prompts.scene(one, name) for name in prompts.scenes(one)]
    return [
        prompts.portrait(one),
        *(prompts.turned(one, side) for side in ("left", "right")),
        *seen,
    ]


def aged(one: Identity, age_years: float, index: int = 0) -> Identity:
    """Somebody else of that age, with the looks of it."""
    person = replace(one.person, age_years=age_years)
    looks = draw_looks(person, stream(SEED, index, "looks"))
    grooming = draw_grooming(
        person, stream(SEED, index, "groom"), stream(SEED, index, "hair style")
    )
    return replace(one, person=person, looks=looks, grooming=grooming)


def test_all_prompts_fit_what_clip_reads_and_none_names_what_is_learned(
    people: list[Identity],
) -> None:
    for one in people:
        for prompt in all_of(one):
            for text in (prompt.positive, prompt.negative):
                assert tokens(text) <= MOST, text
                assert not re.search(r"pain|hurt|suffer|griev|agon|patient|sick|ill\b", text), text
                assert not re.search(r"\{|\}|  | ,|,,|, $|None", text), text
    assert len(people) == PEOPLE


def test_every_cell_and_tone_has_words_of_its_own(people: list[Identity]) -> None:
    told: dict[str, tuple[object, ...]] = {}
    for band, sex, ethnicity in product(BANDS, SEXES, ETHNICITIES):
        low, high = MIXES[ethnicity].tones
        for tone in range(low, high + 1):
            cell = {"sex": sex, "ethnicity": ethnicity, "skin_tone": tone}
            one = replace(people[0].person, age_years=band[0] + 0.5, **cell)
            words = prompts.who(one)
            assert words not in told, (told.get(words), cell)
            told[words] = (band, sex, ethnicity, tone)
            female = sex == "female"
            noun = r"\b(woman|girl)\b" if female else r"\b(man|boy)\b"
            assert re.search(noun, words)
            assert not re.search(r"\b(man|boy|his)\b" if female else r"\b(woman|girl|her)\b", words)
            assert ETHNICITY_WORDS[ethnicity][0 if female else 1] in words
            assert words.endswith(f" with {TONE_WORDS[tone - 1]} skin")
    # Ranges of tones have 33 of them, all in all.
    assert len(told) == len(BANDS) * len(SEXES) * 33


@pytest.mark.parametrize("limit", [NEWBORN_YEARS, 2.0, 13.0, 18.0, 40.0, 65.0])
def test_words_change_where_a_band_ends_and_at_28_days(limit: float) -> None:
    person = make_identity(0, 1, SEED).person
    before = prompts.who(replace(person, age_years=float(np.nextafter(limit, 0))))
    assert before != prompts.who(replace(person, age_years=limit))


@pytest.mark.parametrize(
    ("age", "sex", "words"),
    [
        (0.01, "female", "a newborn European baby girl"),
        (0.5, "male", "a European baby boy"),
        (1.9, "male", "a one-year-old European boy"),
        (8.0, "female", "an eight-year-old European girl"),
        (11.0, "female", "an eleven-year-old European girl"),
        (17.9, "male", "a teenage European boy of seventeen years"),
        (18.0, "female", "a young European woman of about twenty"),
        (39.9, "male", "a European man in his thirties"),
        (72.0, "female", "an elderly European woman in her seventies"),
        (90.9, "male", "a very old European man of ninety"),
    ],
)
def test_age_in_words(age: float, sex: str, words: str) -> None:
    facts = {"age_years": age, "sex": sex, "ethnicity": "caucasian", "skin_tone": 2}
    one = replace(make_identity(0, 1, SEED).person, **facts)
    assert prompts.who(one) == f"{words} with pale skin"


def test_ancestry_gives_its_name_and_nothing_else(people: list[Identity]) -> None:
    """Hair, marks and beard come from what was drawn: with another name, the words are the same."""
    for one, ethnicity in product(people[:60], ETHNICITIES):
        other = replace(one, person=replace(one.person, ethnicity=ethnicity))
        names = [prompts.who(known.person) for known in (one, other)]
        for mine, theirs in zip(all_of(one), all_of(other), strict=True):
            assert mine.positive.replace(names[0], "") == theirs.positive.replace(names[1], "")
            assert mine.negative == theirs.negative


def test_a_portrait_is_calm_frontal_and_says_the_hair_beard_and_marks_there_are(
    people: list[Identity],
) -> None:
    beards = {"beard", "moustache", "goatee", "stubble", "clean-shaven"}
    seen: set[str] = set()
    for one in people:
        looks, grooming, person = one.looks, one.grooming, one.person
        prompt = prompts.portrait(one)
        words = set(re.findall(r"[\w-]+", prompt.positive))
        for calm in ("neutral expression", "closed mouth", "eyes open", "looking at the camera"):
            assert calm in prompt.positive
        for never in ("smile", "open mouth", "teeth", "glasses", "hat", "hands", "make-up"):
            assert never in prompt.negative.split(", ")
        grown = words & beards
        seen |= grown
        if person.sex == "female" or person.age_years < 16:
            assert not grown
        else:
            assert bool(grown & {"beard", "moustache", "goatee"}) == (grooming.beard != "none")
        assert ("moustache" in prompt.negative) == (grooming.beard == "none")
        assert ("wrinkles" in words) == (looks.lines > 0.3)
        assert ("freckles" in words) == (looks.freckles > 0.25)
        assert ("wrinkles" in prompt.negative) == (person.age_years < 18)
        # A fringe would be painted on the forehead.
        assert not words & {"fringe", "bangs"}
        assert ("shaved" in words) == (grooming.hair.style == "shaved")
    assert seen == beards


@pytest.mark.parametrize(
    ("pigment", "grey", "words"),
    [
        ("black", 0.0, " black hair"), ("blond", 0.1, " blond hair"), ("red", 0.0, " red hair"),
        ("brown", 0.3, " greying brown hair"), ("brown", 0.6, " grey hair"),
        ("black", 0.9, " white hair"),
    ],
)  # fmt: skip
def test_hair_is_named_without_its_white_hairs(pigment: str, grey: float, words: str) -> None:
    one = aged(make_identity(0, 1, SEED), 50.0)
    mixed = [round(a + (b - a) * grey) for a, b in zip(HAIR[pigment], WHITE_HAIR, strict=True)]
    looks = replace(one.looks, hair=(mixed[0], mixed[1], mixed[2]), grey=grey)
    hair = replace(one.grooming.hair, style="cropped", length=0.01, curl=0.0, balding=0.0)
    known = replace(one, looks=looks, grooming=replace(one.grooming, hair=hair))
    assert f"short{words}" in prompts.portrait(known).positive
    coiled = replace(known, grooming=replace(known.grooming, hair=replace(hair, curl=0.8)))
    assert f"short coiled{words}" in prompts.portrait(coiled).positive
    bald = replace(known, grooming=replace(known.grooming, hair=replace(hair, balding=0.9)))
    assert f"short{words}, balding" in prompts.portrait(bald).positive


def test_turned_views_differ_by_side_alone(people: list[Identity]) -> None:
    left, right = (prompts.turned(people[0], side) for side in ("left", "right"))
    # To the person's left is to the picture's right.
    assert "face turned right" in left.positive
    assert left.positive.replace("turned right", "turned left") == right.positive
    assert left.negative == right.negative == prompts.portrait(people[0]).negative


def test_the_side_that_a_prompt_names_is_where_the_nose_points_in_that_view() -> None:
    one, model = make_identity(0, 1, SEED), head_models.load()
    shape = one.shape
    head = model.person(shape.phenotypes, shape.changes, one.person.age_years)
    # Tip of the nose, and the outer corners of the eyes.
    points = head.landmarks(head.vertices)[[30, 36, 45]]
    for side, pose in cameras.TURNED.items():
        x = project(cameras.camera(head, pose), points)[0][:, 0]
        towards = "right" if x[0] > x[1:].mean() else "left"
        assert f"face turned {towards}" in prompts.turned(one, side).positive, side


def test_scenes_suit_the_age_and_everybody_has_six_of_them() -> None:
    one, found = make_identity(0, 1, SEED), {}
    for age in (0.01, 0.5, 1.5, 4.0, 10.0, 15.0, 30.0, 66.0, 85.0):
        found[age] = prompts.scenes(aged(one, age))
        assert len(found[age]) >= 6
        assert len({prompts.scene(aged(one, age), name) for name in found[age]}) == len(found[age])
        assert {"living_room", "ward", "corridor", "garden", "bedroom"} <= set(found[age])
    assert "nursery" in found[1.5]
    assert "nursery" not in found[4.0]
    assert "car" in found[30.0]
    assert not {"office", "car", "street", "care_home", "physiotherapy"} & set(found[0.5])
    assert "office" in found[30.0]
    assert not {"office", "nursery", "classroom"} & set(found[85.0])
    assert set().union(*found.values()) == set(SCENES)


def test_a_scene_names_place_and_person_and_keeps_others_out(people: list[Identity]) -> None:
    one = aged(people[0], 30.0)
    prompt = prompts.scene(one, "living_room")
    assert prompt.positive.startswith(f"portrait photograph of {prompts.who(one.person)}, ")
    assert "in a cozy living room" in prompt.positive
    assert {"other people", "second face", "text"} <= set(prompt.negative.split(", "))
    with pytest.raises(ValueError, match=r"^scene must be one of living_room, .*, got nursery$"):
        prompts.scene(one, "nursery")


def test_children_are_told_as_children_are(people: list[Identity]) -> None:
    children: list[Person] = [one.person for one in people if one.person.age_years < 18]
    assert len(children) > 60
    for person in children:
        assert re.search(r"\b(girl|boy)\b", prompts.who(person))
    grown = [one.person for one in people if one.person.age_years >= 18]
    assert not any(re.search(r"\b(girl|boy|baby)\b", prompts.who(person)) for person in grown)
