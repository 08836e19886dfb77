"""The shape of a person's head: phenotypes of the head model and local changes of the face.

Phenotypes are the head model's own axes (`age` -1/3 newborn to 1 old, `gender` 0 male to 1
female, the others 0-1). Local changes are signed, -1 to 1, named as in the model; names that begin
with `l-` or `r-` are the person's left and right.
"""

from dataclasses import dataclass

import numpy as np

from assets.population import Person
from generator.spread import OFFSETS, PAIRED, WHOLE, Spread

# Years to the model's age axis by how the face looks: newborn -1/3, one year 0, eleven 1/3,
# twenty-five 2/3, ninety 1. (The package's own table follows body height, which stops at 20.)
AGE_YEARS = (0.0, 1.0, 4.5, 11.0, 16.0, 25.0, 45.0, 65.0, 91.0)
AGE_AXIS = (-1 / 3, 0.0, 1 / 6, 1 / 3, 0.49, 2 / 3, 0.76, 0.87, 1.0)


# Left and right differ by this share of a spread; eyes less, because people see it at once.
ASYMMETRY, EYE_ASYMMETRY = 0.22, 0.12


@dataclass(frozen=True)
class Shape:
    """What the head model needs to make a person's head: both mappings go to it as they are."""

    phenotypes: dict[str, float]
    changes: dict[str, float]


def age_axis(age_years: float) -> float:
    """Map years to the head model's age axis, -1/3 to 1, piecewise linear and rising."""
    return float(np.interp(age_years, AGE_YEARS, AGE_AXIS))


def _cut_normal(rng: np.random.Generator, sd: float, reach: float = 2.0) -> float:
    """A normal of mean 0, redrawn beyond `reach` standard deviations."""
    while True:
        draw = float(rng.standard_normal())
        if abs(draw) <= reach:
            return sd * draw


def _phenotypes(person: Person, rng: np.random.Generator) -> dict[str, float]:
    # Faces of small children hardly differ by sex: the axis stays near its middle until puberty.
    grown = float(np.interp(person.age_years, (2.0, 11.0, 17.0), (0.35, 0.6, 1.0)))
    inward = abs(_cut_normal(rng, 0.12))
    signed = grown * (0.5 - inward)
    muscle = 0.55 if person.sex == "male" else 0.45
    return {
        "age": age_axis(person.age_years),
        "gender": 0.5 + signed if person.sex == "female" else 0.5 - signed,
        "muscle": muscle + _cut_normal(rng, 0.17),
        "weight": 0.5 + _cut_normal(rng, 0.2),
        "height": 0.5 + _cut_normal(rng, 0.2),
        "proportions": 0.1 + 0.8 * float(rng.random()),
        "african": person.african,
        "asian": person.asian,
        "caucasian": person.caucasian,
    }


def _centre(spread: Spread, age_years: float, weight: float) -> float:
    old = float(np.clip((age_years - 35.0) / 55.0, 0.0, 1.0))
    # The lifts of brow and mouth answer the adult model; a small child's face needs less.
    grown = float(np.interp(age_years, (1.0, 16.0), (0.4, 1.0)))
    return grown * spread.mean + old * spread.age + weight * spread.weight


def draw_shape(person: Person, rng: np.random.Generator) -> Shape:
    """Draw a head that stays human: smaller departures for children, mild asymmetry for all."""
    phenotypes = _phenotypes(person, rng)
    # Babies vary less in millimetres, and the changes were modelled on an adult.
    size = float(np.interp(person.age_years, (0.0, 2.0, 12.0, 18.0), (0.35, 0.45, 0.75, 1.0)))
    weight = size * (2.0 * phenotypes["weight"] - 1.0)
    changes = {}

    def put(name: str, value: float) -> None:
        changes[name] = float(np.clip(value, -1.0, 1.0))

    for stem, spread in {**WHOLE, **OFFSETS}.items():
        put(stem, _centre(spread, person.age_years, weight) + size * _cut_normal(rng, spread.sd))
    for stem, spread in PAIRED.items():
        both = _centre(spread, person.age_years, weight) + size * _cut_normal(rng, spread.sd)
        share = EYE_ASYMMETRY if stem.startswith("eye") else ASYMMETRY
        apart = size * _cut_normal(rng, share * spread.sd)
        put("l-" + stem, both + apart)
        put("r-" + stem, both - apart)
    return Shape(phenotypes, changes)
