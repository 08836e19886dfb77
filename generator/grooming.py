"""What grows on a head, how it is cut, and what lies on the shoulders.

Lengths in metres; densities and amounts 0-1. Colours of hair, brows and cloth, and the shadow of
a shaved beard or scalp, are painted and stand in `generator.looks`.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from assets.population import Person

HairStyle = Literal["shaved", "stubble", "cropped"]
ClothesKind = Literal["gown", "crew", "collar", "none"]

Point = tuple[float | int, float | int]

ADULT_STYLE_AGE = 13.0
# Shares of shaved and of stubbled heads from that age on; all others are cropped.
STYLE_SHARES = {"male": (0.12, 0.16), "female": (0.01, 0.03)}
LONGEST = {"male": 0.018, "female": 0.025}
CLOTHES_SHARES: dict[ClothesKind, float] = {"gown": 0.5, "crew": 0.3, "collar": 0.2}


@dataclass(frozen=True)
class Hair:
    """Scalp hair. `balding` follows the male pattern, 0 none to 1 a fringe; `curl` 0 straight to
    1 coiled; a shaved head has length 0.
    """

    style: HairStyle
    length: float
    density: float
    balding: float
    curl: float


@dataclass(frozen=True)
class Grooming:
    """Hair, brows, lashes, beard, pupils and clothes of one person.

    `brow_width` is a factor on the height of the brow, 1 usual; `beard_length` that of stubble,
    0 for shaved men, women and children; `pupil` the pupil's radius as a share of the iris's.
    """

    hair: Hair
    brow_density: float
    brow_width: float
    lash_density: float
    lash_length: float
    beard_length: float
    pupil: float
    clothes: ClothesKind


def _between(rng: np.random.Generator, low: float, high: float) -> float:
    return low + (high - low) * float(rng.random())


def _by_age(person: Person, *points: Point) -> float:
    years, values = zip(*points, strict=True)
    return float(np.interp(person.age_years, years, values))


def _balding(person: Person, rng: np.random.Generator) -> float:
    """Some 5 in 100 men lose hair at 20, half of them at 50, three quarters at 80."""
    chance, furthest = float(rng.random()), float(rng.random())
    if person.sex == "female" or person.age_years < 20.0:
        return 0.0
    if chance >= _by_age(person, (20, 0.05), (50, 0.5), (80, 0.75)):
        return 0.0
    most = _by_age(person, (20, 0.25), (45, 0.8), (70, 1.0))
    return 0.15 + (most - 0.15) * furthest


def _hair(person: Person, rng: np.random.Generator) -> Hair:
    balding = _balding(person, rng)
    style: HairStyle = "cropped"
    # Who goes bald is likelier to shave what is left.
    choice = float(rng.random()) - 0.4 * balding
    if person.age_years >= ADULT_STYLE_AGE:
        shaved, stubble = STYLE_SHARES[person.sex]
        style = "shaved" if choice < shaved else style
        style = "stubble" if shaved <= choice < shaved + stubble else style
    bounds = {"shaved": (0.0, 0.0), "stubble": (0.001, 0.003)}
    low, high = bounds.get(style, (0.004, LONGEST[person.sex]))
    curl = 0.9 * person.african + 0.05 * person.asian + 0.25 * person.caucasian
    return Hair(
        style=style,
        length=_between(rng, low, high) * _by_age(person, (0, 0.4), (1, 0.6), (4, 1.0)),
        density=_between(rng, 0.75, 1.0)
        * _by_age(person, (0, 0.3), (0.5, 0.35), (2, 0.85), (6, 1.0), (50, 1.0), (90, 0.6)),
        balding=balding,
        curl=float(np.clip(curl + 0.12 * rng.standard_normal(), 0.0, 1.0)),
    )


def draw_grooming(person: Person, rng: np.random.Generator) -> Grooming:
    """Draw what a person's age, sex and ancestry let grow, and clothes.

    Newborns have faint brows and thin hair; stubble comes with men of 16 and more.
    """
    hair = _hair(person, rng)
    man = person.sex == "male"
    grown = _by_age(person, (16, 0.0), (22, 1.0)) if man else 0.0
    brow, width, lash = (float(rng.random()) for _ in range(3))
    # One man in five has stubble that stands; the others are shaved.
    beard_length = 0.0005 + 0.0025 * float(rng.random()) if rng.random() < 0.2 else 0.0
    kinds = list(CLOTHES_SHARES)
    return Grooming(
        hair=hair,
        brow_density=(0.7 + 0.3 * brow)
        * _by_age(person, (0, 0.12), (1, 0.4), (6, 0.75), (16, 1.0), (60, 0.95), (90, 0.65)),
        brow_width=0.85 + 0.4 * width if man else 0.65 + 0.4 * width,
        lash_density=(0.6 + 0.4 * lash) * _by_age(person, (0, 0.4), (1, 0.9), (30, 1), (90, 0.6)),
        lash_length=_between(rng, 0.006, 0.009) * _by_age(person, (0, 0.5), (2, 0.95), (12, 1.0)),
        beard_length=beard_length * grown,
        pupil=_between(rng, 0.30, 0.48) * _by_age(person, (20, 1.0), (80, 0.8)),
        clothes=kinds[int(rng.choice(len(kinds), p=list(CLOTHES_SHARES.values())))],
    )
