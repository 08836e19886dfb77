"""How a person's skin, eyes and hair look: the few numbers that the texture is made from.

Colours are 8-bit sRGB. Shares run from 0 (none) to 1 (as much as people have).
"""

from dataclasses import dataclass

import numpy as np

from assets.population import Person
from assets.skin import TONE_LIGHTNESS

Colour = tuple[int, int, int]

# Iris: outer and inner colour.
EYES: dict[str, tuple[Colour, Colour]] = {
    "dark brown": ((50, 30, 19), (66, 38, 22)),
    "brown": ((78, 48, 28), (104, 64, 34)),
    "hazel": ((88, 80, 48), (122, 84, 42)),
    "green": ((72, 80, 56), (112, 98, 58)),
    "grey": ((80, 88, 92), (112, 114, 108)),
    "blue": ((74, 88, 98), (108, 116, 117)),
}
# Hair by pigment, darkest first; grey is mixed in by age.
HAIR: dict[str, Colour] = {
    "black": (24, 20, 18),
    "dark brown": (44, 31, 23),
    "brown": (70, 48, 32),
    "light brown": (104, 76, 50),
    "blond": (158, 126, 84),
    "red": (118, 58, 30),
}
BROW_SHEEN: Colour = (92, 66, 46)
WHITE_HAIR: Colour = (174, 163, 146)
# Chances of the names above for the three ancestries (our choice: what is usual among their
# people; mixed people get the mean by share).
_EYE_CHANCES = {
    "african": (0.8, 0.18, 0.02, 0.0, 0.0, 0.0),
    "asian": (0.7, 0.27, 0.03, 0.0, 0.0, 0.0),
    "caucasian": (0.05, 0.22, 0.16, 0.15, 0.14, 0.28),
}
_HAIR_CHANCES = {
    "african": (0.85, 0.13, 0.02, 0.0, 0.0, 0.0),
    "asian": (0.72, 0.24, 0.04, 0.0, 0.0, 0.0),
    "caucasian": (0.05, 0.24, 0.32, 0.21, 0.13, 0.05),
}
GOWNS: tuple[Colour, ...] = (
    (150, 172, 186), (120, 148, 140), (178, 178, 172), (92, 108, 128), (136, 120, 132),
    (196, 190, 178), (86, 96, 92), (160, 138, 120), (112, 84, 84), (70, 76, 88),
)  # fmt: skip


@dataclass(frozen=True)
class Looks:
    """What `generator.texture.skin` paints.

    `lightness` is the median L* wanted of the face's albedo; `red` and `yellow` move its hue in a*
    and b*; `beard` is the shadow of a shaved one; `grey` the share of white hairs in `hair`.
    """

    age_years: float
    female: bool
    lightness: float
    red: float
    yellow: float
    flush: float
    blotches: float
    freckles: float
    moles: int
    age_spots: float
    lines: float
    pores: float
    oil: float
    beard: float
    circles: float
    grey: float
    hair: Colour
    brow: Colour
    beard_hair: Colour
    eye: str
    gown: Colour


def _named(
    names: list[str], chances: dict[str, tuple[float, ...]], person: Person, draw: float
) -> str:
    """Pick a name; light eyes and hair are recessive, so shares count by their square."""
    shares = {"african": person.african, "asian": person.asian, "caucasian": person.caucasian}
    weights = sum(np.array(chances[name]) * share**2 for name, share in shares.items())
    # And they do not come with dark skin.
    pale = np.interp(TONE_LIGHTNESS[person.skin_tone - 1], (50.0, 66.0), (0.0, 1.0))
    weights = weights * np.where(np.arange(len(names)) < 2, 1.0, pale)
    return names[int(np.searchsorted(np.cumsum(weights) / weights.sum(), draw))]


def _mixed(a: Colour, b: Colour, share: float) -> Colour:
    red, green, blue = (round(x + (y - x) * share) for x, y in zip(a, b, strict=True))
    return red, green, blue


def _triangle(low: float, high: float, rng: np.random.Generator) -> float:
    """A draw between `low` and `high`, likelier in the middle."""
    return low + (high - low) * float(rng.random() + rng.random()) / 2


def draw_looks(person: Person, rng: np.random.Generator) -> Looks:
    """Draw a person's looks; the tone of the skin is given, all else follows age and ancestry."""
    lightness = TONE_LIGHTNESS[person.skin_tone - 1]
    age, female = person.age_years, person.sex == "female"
    grown = float(np.interp(age, (0.0, 2.0, 13.0, 19.0), (0.0, 0.1, 0.5, 1.0)))
    old = float(np.interp(age, (28.0, 55.0, 80.0), (0.0, 0.45, 1.0)))
    pale = float(np.interp(lightness, (40.0, 72.0), (0.0, 1.0)))
    infant = float(np.interp(age, (0.1, 2.5), (1.0, 0.0)))
    name = _named(list(HAIR), _HAIR_CHANCES, person, float(rng.random()))
    hair = _mixed(HAIR[name], HAIR["dark brown"], 0.5 * float(rng.random()) * (name != "red"))
    grey = float(np.clip(np.interp(age, (30.0, 80.0), (-0.25, 0.85)) + rng.normal(0, 0.2), 0, 1))
    freckled = person.caucasian * pale * (1.5 if name in ("red", "blond") else 1.0)
    bearded = 0.0 if female else float(np.interp(age, (14.0, 20.0, 85.0), (0.0, 1.0, 0.8)))
    return Looks(
        age_years=age,
        female=female,
        lightness=lightness,
        red=_triangle(-2.2, 2.2, rng) + 2.8 * infant - 1.2 * person.asian,
        yellow=_triangle(-2.2, 2.2, rng) - 2.0 * infant + 1.2 * person.asian,
        flush=_triangle(0.0, 1.0, rng) * (0.6 + 0.4 * pale) + 0.3 * infant,
        blotches=_triangle(0.1, 0.7, rng) + 0.2 * old + 0.2 * infant,
        freckles=float(rng.random() < 0.45 * freckled) * grown * _triangle(0.2, 1.0, rng),
        moles=int(rng.poisson(4.0 * max(grown - 0.05, 0.0))),
        age_spots=old**1.5 * _triangle(0.1, 1.0, rng) * (0.35 + 0.65 * pale),
        lines=old * _triangle(0.5, 1.0, rng),
        pores=grown * _triangle(0.4, 1.0, rng) * (0.8 if female else 1.0),
        oil=grown * _triangle(0.0, 1.0, rng) * (1.0 - 0.35 * old),
        beard=bearded * _triangle(0.0, 1.0, rng) * (1.0 - 0.5 * person.asian),
        circles=_triangle(0.1, 0.8, rng) * (0.4 + 0.6 * grown) + 0.25 * old,
        grey=grey,
        hair=_mixed(hair, WHITE_HAIR, grey),
        # Brows are lighter than dark hair, and down before they are brows.
        brow=_mixed(_mixed(hair, BROW_SHEEN, 0.22 + 0.4 * infant), WHITE_HAIR, 0.55 * grey),
        # Beards are a little redder than hair, and grey before it.
        beard_hair=_mixed(_mixed(hair, HAIR["red"], 0.12), WHITE_HAIR, min(1.15 * grey, 1.0)),
        eye=_named(list(EYES), _EYE_CHANCES, person, float(rng.random())),
        gown=GOWNS[int(rng.integers(len(GOWNS)))],
    )
