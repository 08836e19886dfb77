"""What grows on a head, how it is cut, and what lies on the shoulders.

Lengths in metres; densities and amounts 0-1. Colours of hair, brows and cloth, and the shadow of
a shaved beard or scalp, are painted and stand in `generator.looks`.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from assets.population import Person

HairStyle = Literal[
    "shaved", "stubble", "wispy", "cropped", "side_part", "combed_back", "tousled", "fringe_short",
    "bob", "bob_fringe", "long", "long_fringe", "ponytail", "bun", "afro",
]  # fmt: skip
BeardStyle = Literal["none", "short", "full", "moustache", "goatee"]
ClothesKind = Literal["gown", "crew", "collar", "none"]

Point = tuple[float | int, float | int]

Shares = dict[HairStyle, float]

# Shares of styles by who wears them: our choice, so that women are mostly read as women and men
# as men, and that hair which coils is worn as such hair is. `coily` from this curl on.
COILY = 0.55
STYLE_SHARES: dict[str, Shares] = {
    "newborn": {"wispy": 1.0},
    "infant": {"wispy": 0.5, "cropped": 0.3, "tousled": 0.2},
    "boy": {"cropped": 0.44, "side_part": 0.14, "tousled": 0.26, "fringe_short": 0.16},
    "boy coily": {"cropped": 0.70, "afro": 0.30},
    "girl": {
        "tousled": 0.04, "bob": 0.20, "bob_fringe": 0.16, "long": 0.22, "long_fringe": 0.08,
        "ponytail": 0.22, "bun": 0.08,
    },
    "girl coily": {"cropped": 0.08, "afro": 0.42, "ponytail": 0.24, "bun": 0.26},
    "woman": {
        "shaved": 0.01, "cropped": 0.03, "tousled": 0.08, "bob": 0.20, "bob_fringe": 0.08,
        "long": 0.28, "long_fringe": 0.08, "ponytail": 0.15, "bun": 0.09,
    },
    "woman coily": {
        "shaved": 0.02, "stubble": 0.03, "cropped": 0.13, "afro": 0.44, "ponytail": 0.14,
        "bun": 0.24,
    },
    "old woman": {
        "cropped": 0.08, "tousled": 0.36, "combed_back": 0.10, "bob": 0.26, "bob_fringe": 0.06,
        "long": 0.04, "bun": 0.10,
    },
    "old woman coily": {"stubble": 0.04, "cropped": 0.32, "afro": 0.40, "bun": 0.24},
    "man": {
        "shaved": 0.08, "stubble": 0.12, "cropped": 0.32, "side_part": 0.19, "combed_back": 0.10,
        "tousled": 0.15, "long": 0.02, "bun": 0.02,
    },
    "man coily": {"shaved": 0.16, "stubble": 0.24, "cropped": 0.44, "afro": 0.15, "bun": 0.01},
    "bald man": {"shaved": 0.24, "stubble": 0.26, "cropped": 0.30, "combed_back": 0.20},
    "bald man coily": {"shaved": 0.36, "stubble": 0.34, "cropped": 0.30},
}  # fmt: skip
# Lengths of the longest locks, metres on the mean adult head.
LENGTHS: dict[HairStyle, tuple[float, float]] = {
    "shaved": (0.0, 0.0), "stubble": (0.001, 0.003), "wispy": (0.014, 0.030),
    "side_part": (0.045, 0.075), "combed_back": (0.055, 0.095), "tousled": (0.035, 0.065),
    "fringe_short": (0.050, 0.070), "bob": (0.19, 0.25), "bob_fringe": (0.19, 0.25),
    "long": (0.34, 0.46), "long_fringe": (0.34, 0.46), "ponytail": (0.14, 0.28),
    "bun": (0.20, 0.30), "afro": (0.018, 0.065),
}  # fmt: skip
# Cropped hair is as long as this at most.
LONGEST = {"male": 0.018, "female": 0.025}
# Shares of beards among men of 25 and more (our choice); from 18 on they come in.
BEARD_SHARES: dict[BeardStyle, float] = {
    "none": 0.66, "short": 0.14, "full": 0.08, "moustache": 0.06, "goatee": 0.06,
}  # fmt: skip
CLOTHES_SHARES: dict[ClothesKind, float] = {"gown": 0.5, "crew": 0.3, "collar": 0.2}


@dataclass(frozen=True)
class Hair:
    """Scalp hair. `length` is that of the longest locks; `balding` follows the male pattern, 0
    none to 1 a fringe; `curl` 0 straight to 1 coiled; a shaved head has length 0.
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
    0 for shaved men, women and children; `beard` is what grows as cards; `pupil` the pupil's
    radius as a share of the iris's.
    """

    hair: Hair
    brow_density: float
    brow_width: float
    lash_density: float
    lash_length: float
    beard_length: float
    pupil: float
    clothes: ClothesKind
    beard: BeardStyle = "none"


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


def wearer(person: Person, balding: float, curl: float) -> str:
    """Which of `STYLE_SHARES` a person's style is drawn from."""
    age, woman = person.age_years, person.sex == "female"
    if age < 2.0:
        return "newborn" if age < 0.5 else "infant"
    if age < 13.0:
        kind = "girl" if woman else "boy"
    elif woman:
        kind = "woman" if age < 65.0 else "old woman"
    else:
        kind = "man" if balding < 0.35 else "bald man"
    return f"{kind} coily" if curl >= COILY else kind


def _hair(person: Person, rng: np.random.Generator, styling: np.random.Generator) -> Hair:
    balding = _balding(person, rng)
    rng.random()  # was the style; what follows keeps its place in the stream
    length = float(rng.random())
    density = _between(rng, 0.75, 1.0)
    curl = 0.9 * person.african + 0.05 * person.asian + 0.25 * person.caucasian
    curl = float(np.clip(curl + 0.12 * rng.standard_normal(), 0.0, 1.0))
    shares = STYLE_SHARES[wearer(person, balding, curl)]
    names = list(shares)
    style = names[int(styling.choice(len(names), p=list(shares.values())))]
    low, high = LENGTHS.get(style, (0.004, LONGEST[person.sex]))
    return Hair(
        style=style,
        length=(low + (high - low) * length) * _by_age(person, (0, 0.4), (1, 0.6), (4, 1.0)),
        density=density
        * _by_age(person, (0, 0.3), (0.5, 0.35), (2, 0.85), (6, 1.0), (50, 1.0), (90, 0.6)),
        balding=balding,
        curl=curl,
    )


def _beard(person: Person, styling: np.random.Generator) -> BeardStyle:
    """Fewer beards among the young, whose beards do not close yet, and where they grow thin."""
    choice, names = float(styling.random()), list(BEARD_SHARES)
    if person.sex == "female":
        return "none"
    grown = _by_age(person, (18, 0.0), (25, 1.0)) * (1.0 - 0.5 * person.asian)
    shares = [grown * share for name, share in BEARD_SHARES.items() if name != "none"]
    place = int(np.searchsorted(np.cumsum(shares), choice, side="right"))
    return names[1 + place] if place < len(shares) else "none"


def draw_grooming(
    person: Person, rng: np.random.Generator, styling: np.random.Generator
) -> Grooming:
    """Draw what a person's age, sex and ancestry let grow, and clothes.

    Styles of hair and beard come from `styling`, all else from `rng`. Newborns have faint brows
    and thin hair; stubble comes with men of 16 and more.
    """
    hair = _hair(person, rng, styling)
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
        beard=_beard(person, styling),
    )
