"""Identities: one of a kind, the same for ever, within what is human, and in keeping with facts."""

from dataclasses import fields, is_dataclass, replace

import numpy as np
import pytest
from scipy import stats

from assets.head import ANCHORS, ETHNICITIES, load
from assets.population import BANDS, MIXES, AgeRange
from generator.grooming import (
    BEARD_SHARES,
    CLOTHES_SHARES,
    COILY,
    LENGTHS,
    LONGEST,
    STYLE_SHARES,
    Grooming,
    draw_grooming,
    wearer,
)
from generator.identity import Identity, make_identity
from generator.shape import AGE_AXIS, AGE_YEARS, age_axis, draw_shape
from generator.spread import OFFSETS, PAIRED, WHOLE

COUNT = 240
UNLIKELY = 1e-5


@pytest.fixture(scope="module")
def people() -> list[Identity]:
    return [make_identity(index, COUNT, 5, "0-90") for index in range(COUNT)]


def numbers(facts: object) -> list[float]:
    """Every number in a tree of dataclasses, tuples and mappings."""
    if is_dataclass(facts):
        return [n for field in fields(facts) for n in numbers(getattr(facts, field.name))]
    if isinstance(facts, dict):
        return [n for value in facts.values() for n in numbers(value)]
    if isinstance(facts, tuple):
        return [n for value in facts for n in numbers(value)]
    return [float(facts)] if isinstance(facts, int | float) else []


def test_a_person_depends_on_the_arguments_alone(people: list[Identity]) -> None:
    for index in (7, 3, COUNT - 1):
        assert make_identity(index, COUNT, 5, "0-90") == people[index]
    assert make_identity(7, COUNT, 6, "0-90") != people[7]


def test_no_two_people_are_alike(people: list[Identity]) -> None:
    shapes = np.array([numbers(person.shape) for person in people])
    grooming = np.array([numbers(person.grooming) for person in people])
    looks = np.array([numbers(person.looks) for person in people])
    for facts in (shapes, grooming, looks):
        gaps = np.abs(facts[:, None] - facts[None]).sum(axis=2)
        gaps[np.diag_indices(COUNT)] = np.inf
        assert gaps.min() > 0.01


def test_facts_agree_with_each_other(people: list[Identity]) -> None:
    for identity in people:
        person = identity.person
        mix = MIXES[person.ethnicity]
        assert mix.tones[0] <= person.skin_tone <= mix.tones[1]
        low, high = (int(year) for year in person.band.split("-"))
        assert (low, high) in BANDS
        assert low <= person.age_years < high + 1
        assert identity.shape.phenotypes["african"] == person.african
    newborns = sum(identity.person.newborn for identity in people)
    assert newborns == COUNT // len(BANDS) // 2


def test_the_head_model_takes_every_shape(people: list[Identity]) -> None:
    names = set(load().local_names)
    for identity in people:
        phenotypes, changes = identity.shape.phenotypes, identity.shape.changes
        for name, value in phenotypes.items():
            low, high = (0.0, 1.0) if name in ETHNICITIES else (ANCHORS[name][0], ANCHORS[name][-1])
            assert low <= value <= high, name
        assert set(changes) <= names
        assert len(changes) == len(WHOLE) + len(OFFSETS) + 2 * len(PAIRED)
        assert max(abs(value) for value in changes.values()) <= 1.0


def test_heads_are_of_human_size_and_differ() -> None:
    model = load()
    adults = [make_identity(index, 24, 1, "18-90") for index in range(24)]
    vertices = np.array([model.bare_vertices(a.shape.phenotypes, a.shape.changes) for a in adults])
    between_eyes = np.linalg.norm(vertices[:, -1] - vertices[:, -2], axis=1)
    # Distances between adult pupils: 63 mm, 95 % from 55 to 71 (Dodgson 2004: 45 to 80 in all).
    assert 0.050 < between_eyes.min()
    assert between_eyes.max() < 0.075
    assert between_eyes.std() > 0.001
    gaps = np.linalg.norm(vertices[:, None] - vertices[None], axis=3).mean(axis=2)
    gaps[np.diag_indices(len(adults))] = np.inf
    assert gaps.min() > 0.001


def test_the_age_axis_passes_its_points_and_rises() -> None:
    assert [age_axis(years) for years in AGE_YEARS] == list(AGE_AXIS)
    years = np.linspace(0, 91, 5000)
    assert (np.diff([age_axis(year) for year in years.tolist()]) > 0).all()


def test_faces_are_nearly_symmetric(people: list[Identity]) -> None:
    for identity in people:
        changes = identity.shape.changes
        for stem, spread in PAIRED.items():
            apart = abs(changes[f"l-{stem}"] - changes[f"r-{stem}"])
            assert apart <= 2 * 2 * 0.22 * spread.sd + 1e-12
        assert any(changes[f"l-{stem}"] != changes[f"r-{stem}"] for stem in PAIRED)


def test_children_depart_less_from_the_mean_than_adults() -> None:
    def departures(ages: str) -> float:
        made = [make_identity(index, 60, 2, ages) for index in range(60)]
        table = np.array([list(identity.shape.changes.values()) for identity in made])
        return float(table.std(axis=0).mean())

    assert departures("0-1") < 0.7 * departures("18-39")


def test_grooming_is_in_keeping_with_age_and_sex(people: list[Identity]) -> None:
    for identity in people:
        person, grooming = identity.person, identity.grooming
        hair = grooming.hair
        if person.sex == "female" or person.age_years < 16:
            assert grooming.beard_length == hair.balding == 0
        if person.age_years < 2:
            assert grooming.brow_density < 0.6
            assert hair.density < 0.9
            assert hair.style in STYLE_SHARES["infant"]
        assert hair.style in STYLE_SHARES[wearer(person, hair.balding, hair.curl)]
        low, high = LENGTHS.get(hair.style, (0.0, LONGEST[person.sex]))
        assert (low if person.age_years > 4 else 0) <= hair.length <= high
        assert (hair.style == "shaved") == (hair.length == 0)
        for amount in (hair.density, hair.balding, hair.curl, grooming.brow_density):
            assert 0 <= amount <= 1
        assert 0.2 < grooming.pupil < 0.5
    old_men = [i for i in people if i.person.age_years > 65 and i.person.sex == "male"]
    assert 0 < sum(i.grooming.hair.balding > 0 for i in old_men) < len(old_men)
    curls = {name: [] for name in ("african", "asian")}
    for identity in people:
        if identity.person.ethnicity in curls:
            curls[identity.person.ethnicity].append(identity.grooming.hair.curl)
    assert min(curls["african"]) > np.mean(curls["asian"])


def draws(count: int, **facts: object) -> list[Grooming]:
    person = replace(make_identity(0, 4, 3).person, **facts)
    rng, styling = np.random.default_rng(8), np.random.default_rng(9)
    return [draw_grooming(person, rng, styling) for _ in range(count)]


def as_shared(found: list[str], shares: dict) -> bool:
    observed = [found.count(name) for name in shares]
    expected = len(found) * np.array(list(shares.values()))
    assert sum(observed) == len(found)
    return len(shares) == 1 or stats.chisquare(observed, expected).pvalue > UNLIKELY


@pytest.mark.parametrize("kind", STYLE_SHARES)
def test_styles_follow_their_shares(kind: str) -> None:
    coily = "coily" in kind
    age = 0.2 if kind == "newborn" else 1.2 if kind == "infant" else 72.0
    age = 8.0 if kind[:3] in ("boy", "gir") else 30.0 if kind[:5] == "woman" else age
    facts = {
        "sex": "female" if "woman" in kind or "girl" in kind else "male",
        "age_years": age, "african": 0.9 * coily, "asian": 0.0, "caucasian": 1 - 0.9 * coily,
    }  # fmt: skip
    bald = "bald" in kind
    found = [
        drawn.hair.style
        for drawn in draws(2500, **facts)
        if (drawn.hair.balding >= 0.35) == bald and ((drawn.hair.curl >= COILY) == coily or age < 2)
    ]
    assert len(found) > 300
    assert as_shared(found, STYLE_SHARES[kind])
    assert sum(STYLE_SHARES[kind].values()) == pytest.approx(1.0)


def test_women_and_men_are_mostly_read_as_such() -> None:
    """Long, bobbed or tied hair is what most women and few men have."""
    worn = {"bob", "bob_fringe", "long", "long_fringe", "ponytail", "bun"}

    def share(kind: str) -> float:
        return sum(value for name, value in STYLE_SHARES[kind].items() if name in worn)

    assert min(share("woman"), share("girl")) > 0.8
    assert (
        max(share(kind) for kind in STYLE_SHARES if kind.startswith(("man", "boy", "bald"))) < 0.1
    )


def test_beards_and_clothes_follow_their_chances() -> None:
    men = draws(4000, sex="male", age_years=40.0, asian=0.0)
    assert as_shared([drawn.beard for drawn in men], BEARD_SHARES)
    assert as_shared([drawn.clothes for drawn in men], CLOTHES_SHARES)
    assert {drawn.beard for drawn in draws(300, sex="female", age_years=40.0)} == {"none"}
    assert {drawn.beard for drawn in draws(300, sex="male", age_years=17.0)} == {"none"}


def test_a_shape_is_drawn_from_its_own_stream() -> None:
    person = make_identity(0, 4, 9).person
    one, two = (draw_shape(person, np.random.default_rng(seed)) for seed in (1, 2))
    assert one != two


@pytest.mark.parametrize("index", [-1, 4])
def test_an_index_outside_the_set_is_refused(index: int) -> None:
    with pytest.raises(ValueError, match=f"index must be from 0 to 3, got {index}"):
        make_identity(index, 4, 0)


def test_the_default_ages_are_those_of_adults() -> None:
    assert AgeRange() == AgeRange(18, 90)
    assert {make_identity(i, 12, 0).person.band for i in range(12)} == {"18-39", "40-64", "65-90"}
