"""Synthetic frames that are as many, and of the same PSPI, in every source that is compared.

A level is the whole number below PSPI. Sources are matched over levels 1 to 15, each by the number
of frames that every one of them has: level 16 has no list that a 2D set is painted from. Draws are
nested: a smaller share of a source's frames lies within a larger one.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int64

from assets.streams import stream

LEVELS = range(1, 16)
DROPPED = 16
UNKNOWN = -1

Counts = Mapping[int, int]
"""Frames by level."""


@dataclass(frozen=True)
class Common:
    """What the arms of a fold have alike.

    Every matched source gives as many frames of a level of pain (`levels`), and of level 0
    (`zeros`). An epoch has `epoch_frames` in every arm: as many as all training subjects have.
    """

    levels: Counts
    zeros: int
    epoch_frames: int


def level(pspi: Float[np.ndarray, " frames"]) -> Int64[np.ndarray, " frames"]:
    """Levels of frames, `UNKNOWN` where PSPI is NaN."""
    return np.where(np.isnan(pspi), UNKNOWN, np.floor(np.nan_to_num(pspi))).astype(np.int64)


def counted(pspi: Float[np.ndarray, " frames"]) -> dict[int, int]:
    """Frames by level, of the levels that there are, those without one left out."""
    known = level(pspi)
    levels, counts = np.unique(known[known != UNKNOWN], return_counts=True)
    return dict(zip(levels.tolist(), counts.tolist(), strict=True))


def common(sources: Mapping[str, Counts], fold: int) -> dict[int, int]:
    """Frames a level that all sources have, of `LEVELS`.

    Raises ValueError that names what each has where no level is common to all.
    """
    fewest = {one: min((has.get(one, 0) for has in sources.values()), default=0) for one in LEVELS}
    found = {one: count for one, count in fewest.items() if count}
    if sources and not found:
        got = ", ".join(f"{name} with {_listed(has)}" for name, has in sources.items())
        raise ValueError(f"arms must have a PSPI level in common in fold {fold}, got {got}")
    return found


def _listed(has: Counts) -> str:
    return " ".join(str(one) for one in sorted(has) if one in LEVELS) or "none"


def notes(name: str, has: Counts, matched: Counts) -> list[str]:
    """What to know of a source that was matched: what was dropped and which levels are missing."""
    said = []
    if has.get(DROPPED):
        said.append(f"{name}: {has[DROPPED]} frames of PSPI {DROPPED} were dropped.")
    if left := sum(has.get(one, 0) - matched.get(one, 0) for one in LEVELS):
        said.append(f"{name}: {left} frames of PSPI 1 to 15 were left out to match.")
    if none := [str(one) for one in LEVELS if one not in matched]:
        said.append(f"{name}: no frames of PSPI {', '.join(none)}, which not all sources have.")
    return said


@dataclass(frozen=True)
class Draw:
    """What decides by chance which frames of a source are drawn."""

    seed: int
    source: str
    fold: int


def drawn(
    rows: Int64[np.ndarray, " rows"],
    pspi: Float[np.ndarray, " rows"],
    wanted: Counts,
    by: Draw,
    share: float = 1.0,
) -> Int64[np.ndarray, " drawn"]:
    """Draw so many rows of every level, or a share of them rounded to a whole number, in order."""
    of, found = level(pspi), [np.zeros(0, np.int64)]
    for one, count in sorted(wanted.items()):
        theirs = rows[of == one]
        assert count <= len(theirs), "no more are matched than every source has"
        rng = stream(by.seed, -1, f"matched {by.source} {one}", by.fold)
        order = rng.permutation(len(theirs))
        found.append(theirs[order[: round(count * share)]])
    return np.sort(np.concatenate(found))
