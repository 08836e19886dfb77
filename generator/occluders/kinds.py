"""What people wear in front of their faces, how often, and what goes together.

The names are those of the option and of the record. Shares are what a visitor of wards may see;
no study behind them fits every ward.
"""

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np

from assets.population import Person

Name = Literal[
    "glasses", "cap", "nasal_cannula", "oxygen_mask", "surgical_mask", "breathing_tube", "pacifier",
    "blanket",
]  # fmt: skip
NAMES: tuple[Name, ...] = get_args(Name)
AT_MOUTH: tuple[Name, ...] = ("oxygen_mask", "surgical_mask", "breathing_tube", "pacifier")
"""Of these nobody wears two at once."""
APART: tuple[tuple[Name, Name], ...] = (
    ("glasses", "oxygen_mask"),
    ("glasses", "breathing_tube"),
    ("nasal_cannula", "oxygen_mask"),
    ("nasal_cannula", "surgical_mask"),
    ("nasal_cannula", "breathing_tube"),
)
"""Pairs that `some` does not put on one person, though they can be named together."""
PACIFIER_BEFORE = 4.0
SHARES: dict[Name, tuple[tuple[float, float], ...]] = {
    "glasses": ((0, 0.0), (3, 0.0), (8, 0.15), (18, 0.2), (40, 0.25), (60, 0.4), (90, 0.5)),
    "cap": ((0, 0.25), (0.5, 0.15), (2, 0.06), (12, 0.04), (90, 0.04)),
    "nasal_cannula": ((0, 0.1), (2, 0.06), (12, 0.03), (40, 0.05), (90, 0.1)),
    "oxygen_mask": ((0, 0.02), (12, 0.02), (40, 0.03), (90, 0.04)),
    "surgical_mask": ((0, 0.0), (5, 0.0), (8, 0.02), (90, 0.02)),
    "breathing_tube": ((0, 0.03), (2, 0.02), (90, 0.02)),
    "pacifier": ((0, 0.15), (2, 0.1), (3.99, 0.03), (4, 0.0), (90, 0.0)),
    "blanket": ((0, 0.22), (2, 0.12), (12, 0.06), (90, 0.06)),
}
"""Share of people by age in years, linear between; before what does not go together is left out."""


@dataclass(frozen=True)
class Style:
    """Which make of each thing a person has: drawn once a person."""

    frame: int
    knitted: bool
    tube_left: bool
    taped: bool
    drawn: Literal["chest", "chin", "side"]


def fits(name: Name, age_years: float) -> bool:
    """Whether somebody of that age can wear it: pacifiers are for children under 4."""
    return name != "pacifier" or age_years < PACIFIER_BEFORE


def check(options: tuple[str, ...], youngest: int) -> None:
    """Raise ValueError for an `occluders` option that cannot be followed.

    `youngest` is the least age, completed years, of the people of the data set.
    """
    if not options:
        raise ValueError("occluders must name none, some or things, got nothing")
    for alone in ("none", "some"):
        if alone in options and len(options) > 1:
            raise ValueError(f"occluders must be {alone} alone, got {', '.join(options)}")
    at_mouth = [name for name in AT_MOUTH if name in options]
    if len(at_mouth) > 1:
        rule = f"at most one of {', '.join(AT_MOUTH)}"
        raise ValueError(f"occluders must name {rule}, got {' and '.join(at_mouth)}")
    if "pacifier" in options and youngest >= PACIFIER_BEFORE:
        rule = f"pacifier only where ages begin below {PACIFIER_BEFORE:g}"
        raise ValueError(f"occluders must name {rule}, got ages from {youngest}")


def share(name: Name, age_years: float) -> float:
    """Share of people of an age who would wear a thing."""
    return float(np.interp(age_years, *np.array(SHARES[name], np.float64).T))


def draw(options: tuple[str, ...], person: Person, rng: np.random.Generator) -> tuple[Name, ...]:
    """What a person wears in one view, in the order of `NAMES`."""
    if options == ("none",):
        return ()
    if options != ("some",):
        return tuple(name for name in NAMES if name in options and fits(name, person.age_years))
    chances = dict(zip(NAMES, rng.random(len(NAMES)).tolist(), strict=True))
    years = person.age_years
    worn: set[Name] = {name for name in NAMES if chances[name] < share(name, years)}
    pairs = [(one, two) for one in AT_MOUTH for two in AT_MOUTH if one < two]
    for one, two in (*pairs, *APART):
        if one in worn and two in worn:
            # The one whose draw was the smaller share of its chance stays.
            sure = {name: chances[name] / share(name, years) for name in (one, two)}
            worn.discard(one if sure[one] > sure[two] else two)
    return tuple(name for name in NAMES if name in worn)


def draw_style(person: Person, rng: np.random.Generator) -> Style:
    """Draw which make of everything a person has."""
    frame, cap, side, cover = rng.random(4).tolist()
    drawn: tuple[Literal["chest", "chin", "side"], ...] = ("chest", "chin", "side")
    return Style(
        frame=min(int(4 * frame), 3),
        knitted=cap < (0.85 if person.age_years < 3 else 0.4),
        tube_left=side < 0.5,
        taped=person.age_years < 4.0,
        drawn=drawn[min(int(3 * cover), 2)],
    )
