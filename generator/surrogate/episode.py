"""One episode of pain over time: how action units rise to their apex and fall, each in its own way.

Intensities are those of the muscles, with fractions; what a coder writes down is
`generator.surrogate.coding`. Time runs from 0 to 1 over an episode.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64

from assets.facs import AUS, CENTRAL, CLOSED, HIGHEST
from generator.expression import Style, draw_pain
from generator.pain import UNBC
from generator.surrogate import coding

PLACE = {au: column for column, au in enumerate(AUS)}
# Shares of an episode: when an action unit begins to rise at the latest, how long it rises and
# falls, and how long before the end it is back at the latest. Falls are slower than rises.
LATE, RISE, FALL, EARLY = 0.12, (0.06, 0.25), (0.12, 0.4), 0.15
SPREAD = 0.35
"""How far intensity at the apex lies from the whole number that a coder would write."""
SHUT = 1.4
"""Lids that close go on pushing: closed for most of the time in which they move at all."""
MOMENTS = 512
STYLE = Style(others=0.5, asymmetry=0.25)

# Chance of a PSPI at the apex, 1 to 15. Frames of rise and fall add to the lower levels: with these
# the frames of all episodes together have the distribution of UNBC's (tested).
APEX = {
    1: 0.268, 2: 0.268, 3: 0.165, 4: 0.154, 5: 0.048, 6: 0.033, 7: 0.014, 8: 0.005, 9: 0.008,
    10: 0.006, 11: 0.013, 12: 0.012, 13: 0.004, 14: 0.001, 15: 0.001,
}  # fmt: skip

Course = Float64[np.ndarray, "frames aus"]


@dataclass(frozen=True, eq=False)
class Waves:
    """Rise and fall of every action unit: a row an AU of `AUS`.

    Columns are the begin of the rise, its end, the begin of the fall and its end.
    """

    times: Float64[np.ndarray, "aus 4"]

    def at(self, time: Float64[np.ndarray, " frames"]) -> Course:
        """Share of the apex, 0-1."""
        rise, top, fall, end = self.times.T
        up = _smooth((time[:, None] - rise) / (top - rise))
        return up * (1.0 - _smooth((time[:, None] - fall) / (end - fall)))


def draw_waves(rng: np.random.Generator) -> Waves:
    """Draw when each action unit rises and falls; lips part with the jaw that opens them."""
    drawn = rng.random((len(AUS), 4))
    rise = LATE * drawn[:, 0]
    top = rise + RISE[0] + (RISE[1] - RISE[0]) * drawn[:, 1]
    end = 1.0 - EARLY * drawn[:, 2]
    fall = end - FALL[0] - (FALL[1] - FALL[0]) * drawn[:, 3]
    times = np.stack([rise, top, np.maximum(fall, top), end], axis=1)
    for au in (26, 27):
        times[PLACE[au]] = times[PLACE[25]]
    return Waves(times)


def _smooth(share: Float64[np.ndarray, "..."]) -> Float64[np.ndarray, "..."]:
    """Step from 0 to 1 with no velocity at either end."""
    held = np.clip(share, 0.0, 1.0)
    return held * held * (3.0 - 2.0 * held)


@dataclass(frozen=True, eq=False)
class Episode:
    """Action units at the apex on either side of the face, and how they come and go.

    `seen` is the stretch of time in which a coder gives a PSPI above 0.
    """

    left: Float64[np.ndarray, " aus"]
    right: Float64[np.ndarray, " aus"]
    waves: Waves
    seen: tuple[float, float]

    def at(self, time: Float64[np.ndarray, " frames"]) -> tuple[Course, Course]:
        """Intensities on the left and on the right; zeros outside 0 to 1."""
        share = self.waves.at(time)
        return _sides(self.left, self.right, share)


def _sides(left: np.ndarray, right: np.ndarray, share: Course) -> tuple[Course, Course]:
    lids = PLACE[45]
    both = []
    for side in (left, right):
        course = side * share
        if side[PLACE[43]] > 0:
            course[:, lids] = np.minimum(SHUT * course[:, lids], CLOSED)
        course[:, PLACE[43]] = course[:, lids] >= CLOSED
        both.append(course)
    return both[0], both[1]


def draw_episode(rng: np.random.Generator) -> Episode:
    """Draw an episode by the PSPI of its apex."""
    levels = list(APEX)
    chances = np.array([APEX[level] for level in levels])
    return draw_episode_of(int(rng.choice(levels, p=chances / chances.sum())), rng)


def draw_episode_of(level: int, rng: np.random.Generator) -> Episode:
    """Draw an episode whose apex has the PSPI `level`."""
    aus = draw_pain(float(level), STYLE, rng)
    left, right = (np.array([side[au] for au in AUS]) for side in (aus.left, aus.right))
    off = SPREAD * (2.0 * rng.random((2, len(AUS))) - 1.0)
    most = np.array([HIGHEST[au] for au in AUS])
    for number, side in enumerate((left, right)):
        for au in (*CENTRAL, 43, 45):
            off[number, PLACE[au]] = 0.0
        side += np.where(side > 0, off[number], 0.0)
        np.clip(side, 0.0, most, out=side)
    waves = draw_waves(rng)
    time = (np.arange(MOMENTS) + 0.5) / MOMENTS
    pain = np.flatnonzero(coding.pspi(coding.coded(*_sides(left, right, waves.at(time)))) > 0)
    seen = (float(pain[0] / MOMENTS), float((pain[-1] + 1) / MOMENTS))
    return Episode(left, right, waves, seen)


def wanted() -> dict[tuple[int, int], float]:
    """Shares of the bins of PSPI above 0 among UNBC's frames in pain."""
    above = {levels: per_cent for levels, per_cent in UNBC.items() if levels[0] > 0}
    return {levels: per_cent / sum(above.values()) for levels, per_cent in above.items()}
