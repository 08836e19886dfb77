"""Action units that people coded: what a set codes, what its rows say, and PSPI of both.

In a file that exists a coded unit without a row is 0. What a set does not code, and a file that is
missing or refused, is null.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from assets.facs import AUS, HIGHEST, PAIN_AUS, pspi
from assets.unbc import CODED, WITHOUT_INTENSITY
from generator.importers.notes import note
from generator.producer import Note
from generator.shards.record import AUCodes, Intensities

HIGHEST_AU = 99
AGREE = 1e-6
"""PSPI may differ so much from that of its action units: rounding in text."""


@dataclass(frozen=True)
class Coded:
    """What a FACS file says of a frame."""

    aus: Intensities
    others: tuple[int, ...]
    """Action units of rows that the set does not code."""
    sided: tuple[int, ...]
    """Coded action units whose rows name a side."""


def read_rows(rows: Sequence[tuple[float, ...]], what: str) -> Coded:
    """Read rows "AU intensity side1 side2" of UNBC-McMaster.

    A row of AU43 has no intensity: that it is there means 1. Which of the sides is the left is
    written nowhere, so sides stay null. Raises ValueError that begins with `what` for an intensity
    outside 0-5 and for rows that are none of this kind.
    """
    found: dict[int, float] = dict.fromkeys(CODED, 0.0)
    others, sided = [], []
    for row in rows:
        if not (1 <= len(row) <= 4 and row[0] in range(1, HIGHEST_AU + 1)):
            got = " ".join(f"{value:g}" for value in row[:8])
            raise ValueError(f"{what} must hold rows AU intensity side1 side2, got {got}")
        au = int(row[0])
        if au not in CODED:
            others.append(au)
            continue
        found[au] = max(found[au], _intensity(au, row, what))
        if any(row[2:]):
            sided.append(au)
    return Coded(only(found), tuple(others), tuple(sided))


def _intensity(au: int, row: tuple[float, ...], what: str) -> float:
    if au == WITHOUT_INTENSITY:
        return 1.0
    if len(row) < 2:
        raise ValueError(f"{what}: AU{au} must have an intensity, got none")
    return checked(au, row[1], what)


def checked(au: int, value: float, what: str) -> float:
    """Hold an intensity to its range; raises ValueError that begins with `what`."""
    if not 0.0 <= value <= HIGHEST[au]:
        raise ValueError(f"{what}: AU{au} must be from 0 to {HIGHEST[au]:g}, got {value:g}")
    return float(value)


def only(aus: Mapping[int, float | None]) -> Intensities:
    """These intensities, and null for every other action unit."""
    return {au: aus.get(au) for au in AUS}


def codes(aus: Intensities) -> AUCodes:
    """Codes of which no side is known."""
    return AUCodes(only({}), only({}), aus)


def pspi_of(aus: Intensities | None) -> float | None:
    """PSPI of action units, null where one that it needs is."""
    if aus is None:
        return None
    known = {au: value for au in PAIN_AUS if (value := aus[au]) is not None}
    return pspi(known) if len(known) == len(PAIN_AUS) else None


def disagreement(file: str, stated: float | None, computed: float | None) -> Iterator[Note]:
    """Note where a file states another PSPI than its action units give."""
    if stated is not None and computed is not None and not abs(stated - computed) <= AGREE:
        yield note("pspi", file, f"must be {computed:g}, as its action units say", f"{stated:g}")


def told_by_people(aus: Intensities | None, pspi: float | None) -> AUCodes | None:
    """Codes of people, None where they give neither action units nor a PSPI."""
    if aus is None or not any(value is not None for value in aus.values()):
        return None if pspi is None else codes(only({}))
    return codes(aus)


def listed(aus: Iterable[int]) -> str:
    """Name action units, each once with how often it comes."""
    counts: dict[int, int] = {}
    for au in aus:
        counts[au] = counts.get(au, 0) + 1
    return ", ".join(f"AU{au}" + (f" x{n}" if n > 1 else "") for au, n in sorted(counts.items()))
