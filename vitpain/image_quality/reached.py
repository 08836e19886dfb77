"""Whether generated faces show the action units that were asked for, as a judge reads them.

The yardstick is the input frame left unchanged, read by the same judge: a network that does nothing
has a ratio of 1, and a judge that reads poorly is poor for both.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Float32, Int64

from assets.facs import AUS, CLOSED, HIGHEST


@dataclass(frozen=True)
class Judged:
    """What a judge, named for headings, reads in rows of a set; columns are `aus`."""

    judge: str
    aus: tuple[int, ...]
    read: Float32[np.ndarray, "rows aus"]


@dataclass(frozen=True)
class Error:
    """Mean absolute errors against what was asked for, over the same pictures."""

    pictures: int
    asked: int
    """Pictures of which more than 0 was asked."""
    made: float
    """Of generated faces."""
    unchanged: float
    """Of their inputs, left as they are."""

    @property
    def ratio(self) -> float | None:
        """What is left of the error; None where nothing was asked for or inputs show it already."""
        return self.made / self.unchanged if self.asked and self.unchanged > 0.0 else None


@dataclass(frozen=True)
class Reached:
    """Errors by AU on its own scale (FACS, AU43 0-1), and over all with AU43 times 5.

    AU45 is not among all where AU43 is read: what is asked for is the same closed eye.
    """

    judge: str
    aus: Mapping[int, Error]
    all: Error | None


def reached(
    made: Judged,
    real: Judged,
    inputs: Int64[np.ndarray, " rows"],
    target: Float32[np.ndarray, "rows every"],
) -> Reached:
    """Hold what a judge reads in generated faces, and in their inputs, to the same targets.

    `made` has a row for each of `inputs`, which are rows of `real`; `target` has a column for each
    AU of `assets.facs.AUS`, NaN where nothing was asked for. A picture in which the judge read
    nothing, or nothing in its input, counts in neither error.
    """
    found: dict[int, Error] = {}
    scaled: list[Float[np.ndarray, "2 known"]] = []
    twice = {45} if 43 in made.aus else set()
    for place, au in enumerate(made.aus):
        wanted = target[:, AUS.index(au)].astype(np.float64)
        of_both = np.stack([made.read[:, place], real.read[inputs, place]])
        wrong = np.abs(of_both - wanted)
        known = ~np.isnan(wrong).any(axis=0)
        wrong = wrong[:, known]
        if wrong.shape[1]:
            found[au] = _error(wrong, int((wanted[known] > 0.0).sum()))
            if au not in twice:
                scaled.append(wrong * (CLOSED / HIGHEST[au]))
    every = None
    if scaled:
        asked = int((np.nan_to_num(target) > 0.0).any(axis=1).sum())
        every = _error(np.concatenate(scaled, axis=1), asked, len(inputs))
    return Reached(made.judge, found, every)


def _error(wrong: Float[np.ndarray, "2 known"], asked: int, pictures: int | None = None) -> Error:
    made, unchanged = wrong.mean(axis=1).tolist()
    return Error(wrong.shape[1] if pictures is None else pictures, asked, made, unchanged)
