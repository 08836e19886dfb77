"""Who is in a data set: age bands, sexes, ethnicities, and the draws that make a person's facts.

Ages are years since birth; bands are completed years, so 18-39 is [18, 40) and 0-1 is [0, 2).
Ethnicities are named mixes of three axes of head shape. The names say what is sampled, not how
people see themselves. Which cell a person falls in is not drawn but planned: `assets.allocation`.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np

Sex = Literal["female", "male"]
Split = Literal["train", "val", "test"]
Ethnicity = Literal["african", "asian", "caucasian", "south_asian", "latino", "mixed"]

SEXES: tuple[Sex, ...] = ("female", "male")
SPLITS: tuple[Split, ...] = ("train", "val", "test")
BANDS = ((0, 1), (2, 12), (13, 17), (18, 39), (40, 64), (65, 90))
YOUNGEST, OLDEST = 0, 90
NEWBORN_YEARS = 28 / 365.25


@dataclass(frozen=True)
class Mix:
    """What an ethnicity admits: bounds of its three shares, and its range of Monk tones."""

    african: tuple[float, float]
    asian: tuple[float, float]
    caucasian: tuple[float, float]
    tones: tuple[int, int]


MIXES: dict[Ethnicity, Mix] = {
    "african": Mix((0.7, 1.0), (0.0, 1.0), (0.0, 1.0), (6, 10)),
    "asian": Mix((0.0, 1.0), (0.7, 1.0), (0.0, 1.0), (2, 6)),
    "caucasian": Mix((0.0, 1.0), (0.0, 1.0), (0.7, 1.0), (1, 5)),
    "south_asian": Mix((0.0, 1.0), (0.3, 0.5), (0.4, 0.6), (4, 8)),
    "latino": Mix((0.1, 0.3), (0.2, 0.4), (0.3, 0.5), (3, 7)),
    "mixed": Mix((0.0, 0.6), (0.0, 0.6), (0.0, 0.6), (2, 9)),
}
ETHNICITIES: tuple[Ethnicity, ...] = tuple(MIXES)


@dataclass(frozen=True)
class AgeRange:
    """Completed years from `low` to `high`, both included; cuts the bands it crosses."""

    low: int = 18
    high: int = 90

    def __post_init__(self) -> None:
        """Refuse a range that no person of ours can fall in."""
        if not YOUNGEST <= self.low <= self.high <= OLDEST:
            rule = f"LOW-HIGH in completed years with {YOUNGEST} <= LOW <= HIGH <= {OLDEST}"
            raise ValueError(f"ages must be {rule}, got {self.low}-{self.high}")

    @property
    def bands(self) -> tuple[tuple[int, int], ...]:
        """The bands that the range touches, cut to it."""
        cut = ((max(low, self.low), min(high, self.high)) for low, high in BANDS)
        return tuple((low, high) for low, high in cut if low <= high)


def parse_ages(text: str) -> AgeRange:
    """Read an age option such as "18-90" or "0-17".

    Raises ValueError for anything but two whole numbers in order, from 0 to 90.
    """
    low, dash, high = text.partition("-")
    if not (dash and low.isascii() and high.isascii() and low.isdigit() and high.isdigit()):
        raise ValueError(f"ages must be LOW-HIGH in completed years, such as 18-90, got {text!r}")
    return AgeRange(int(low), int(high))


@dataclass(frozen=True)
class Person:
    """The facts of one synthetic person.

    `band` is the uncut band of completed years; shares are >= 0 and sum to 1; `skin_tone` is a
    Monk tone, 1 (lightest) to 10.
    """

    index: int
    split: Split
    band: str
    sex: Sex
    ethnicity: Ethnicity
    age_years: float
    african: float
    asian: float
    caucasian: float
    skin_tone: int

    @property
    def newborn(self) -> bool:
        """Whether the person is at most 28 days old."""
        return self.age_years < NEWBORN_YEARS


def band_name(age_years: float) -> str:
    """Name the band of an age, such as "18-39". Raises ValueError outside [0, 91)."""
    for low, high in BANDS:
        if low <= age_years < high + 1:
            return f"{low}-{high}"
    raise ValueError(f"age must be in [{YOUNGEST}, {OLDEST + 1}) years, got {age_years}")


def draw_age(band: tuple[int, int], newborn: bool, rng: np.random.Generator) -> float:
    """Draw an age in years, uniform over a band of completed years.

    A newborn's is uniform over the first 28 days. In a band that begins at 0 the others are drawn
    from 28 days on, because half of that band are newborns.
    """
    low, high = float(band[0]), float(band[1] + 1)
    if newborn:
        high = NEWBORN_YEARS
    elif low == 0.0:
        low = NEWBORN_YEARS
    # random() < 1, but low + (high - low) * random() may round up to high.
    return min(low + (high - low) * float(rng.random()), float(np.nextafter(high, low)))


def draw_shares(ethnicity: Ethnicity, rng: np.random.Generator) -> tuple[float, float, float]:
    """Draw african, asian and caucasian shares, uniform on the ethnicity's part of the simplex.

    Exact, by rejection: at least 5 draws in 100 are kept for the smallest part (latino).
    """
    mix = MIXES[ethnicity]
    bounds = np.array([mix.african, mix.asian, mix.caucasian])
    while True:
        # Uniform on the simplex; three sorted gaps rather than exponentials, so no logarithm.
        first, second = np.sort(rng.random(2)).tolist()
        shares = np.array([first, second - first, 1.0 - second])
        if ((bounds[:, 0] <= shares) & (shares <= bounds[:, 1])).all():
            return float(shares[0]), float(shares[1]), float(shares[2])


def draw_tone(ethnicity: Ethnicity, rng: np.random.Generator) -> int:
    """Draw a Monk tone, uniform over the ethnicity's range."""
    low, high = MIXES[ethnicity].tones
    return int(rng.integers(low, high, endpoint=True))
