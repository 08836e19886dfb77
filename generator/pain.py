"""Pain by number: PSPI targets, and settings of the six pain AUs that hit a target exactly.

Intensities lie on a grid of whole numbers, or of eighths, which are exact in binary and in print,
so that PSPI comes out to the last digit.
"""

from functools import cache
from typing import Literal

import numpy as np

from assets.facs import HIGHEST_PSPI, PAIN_AUS

Distribution = Literal["uniform", "unbc"]

WHOLE, EIGHTHS = 1, 8
HIGHEST = 5
# Per cent of UNBC-McMaster's frames by PSPI, first and last level of each bin.
UNBC = {
    (0, 0): 82.71, (1, 2): 10.87, (3, 4): 4.57, (5, 6): 1.06, (7, 8): 0.27, (9, 10): 0.20,
    (11, 12): 0.26, (13, 14): 0.05, (15, 15): 0.01,
}  # fmt: skip


def unbc_chances(steps: int) -> dict[float, float]:
    """Chance of every PSPI under UNBC's distribution, spread evenly inside its bins.

    On a grid of fractions a bin reaches down to the one below it: 3-4 is above 2 and up to 4.
    """
    chances = {}
    for (low, high), per_cent in UNBC.items():
        first = (low - 1) * steps + 1 if low else 0
        levels = range(first, high * steps + 1)
        for level in levels:
            chances[level / steps] = per_cent / 100.0 / len(levels)
    return chances


def draw_targets(
    wanted: Distribution | tuple[float, ...], count: int, steps: int, rng: np.random.Generator
) -> list[float]:
    """Draw the PSPI targets of one person's expressions.

    From `uniform` (1-16), or a list, they come as shuffled rounds through all levels, so that a
    person repeats none before all have been; fractions from `uniform`, and `unbc`, are drawn
    independently. Raises ValueError for a target off the grid or the scale.
    """
    match wanted:
        case "unbc":
            chances = unbc_chances(steps)
            return rng.choice(list(chances), size=count, p=list(chances.values())).tolist()
        case "uniform" if steps > 1:
            return (rng.integers(steps, HIGHEST_PSPI * steps + 1, size=count) / steps).tolist()
        case "uniform":
            levels = tuple(float(level) for level in range(1, HIGHEST_PSPI + 1))
        case _:
            levels = tuple(float(level) for level in wanted)
    for level in levels:
        _on_grid(level, steps)
    rounds = -(-count // len(levels))
    shuffled = [level for _ in range(rounds) for level in rng.permutation(levels).tolist()]
    return shuffled[:count]


def _on_grid(target: float, steps: int) -> int:
    level = round(target * steps)
    if level != target * steps or not 0 <= level <= HIGHEST_PSPI * steps:
        rule = f"a multiple of 1/{steps}" if steps > 1 else "a whole number"
        raise ValueError(f"PSPI target must be {rule} from 0 to {HIGHEST_PSPI}, got {target}")
    return level


@cache
def _ways(steps: int) -> tuple[tuple[int, ...], tuple[int, ...], tuple[int, ...]]:
    """Number of settings by what they add up to, in steps: one pair, two pairs, pairs and AU4.

    A pair whose larger intensity is m can be set in 2 m + 1 ways.
    """
    top = HIGHEST * steps
    pair = np.array([2 * level + 1 for level in range(top + 1)], dtype=object)
    pairs = np.convolve(pair, pair)
    graded = np.convolve(pairs, np.array([1] * (top + 1), dtype=object))
    return tuple(pair), tuple(pairs), tuple(graded)


def _pick(weights: list[int], rng: np.random.Generator) -> int:
    """Draw a position with chances in proportion to whole weights, exactly."""
    ends = np.cumsum(weights)
    return int(np.searchsorted(ends, rng.integers(ends[-1]), side="right"))


def _larger(highest: int, rng: np.random.Generator) -> tuple[int, int]:
    """Draw two levels whose larger is `highest`, each of the 2 m + 1 ways equally likely."""
    way = int(rng.integers(2 * highest + 1))
    return (highest, way) if way <= highest else (way - highest - 1, highest)


def count_settings(target: float, steps: int) -> int:
    """How many settings of `PAIN_AUS` on the grid have this PSPI."""
    graded = _ways(steps)[2]
    level = _on_grid(target, steps)
    return sum(graded[n] for n in (level, level - steps) if 0 <= n < len(graded))


def draw_setting(target: float, steps: int, rng: np.random.Generator) -> dict[int, float]:
    """Draw intensities of `PAIN_AUS`, uniform over all settings on the grid with this PSPI.

    `steps` a unit of intensity: `WHOLE` or `EIGHTHS`. Raises ValueError for a target off the grid.
    """
    pair, pairs, graded = _ways(steps)

    def ways(table: tuple[int, ...], level: int) -> int:
        return table[level] if 0 <= level < len(table) else 0

    left = _on_grid(target, steps)
    closed = _pick([ways(graded, left), ways(graded, left - steps)], rng)
    left -= closed * steps
    brow = _pick([ways(pairs, left - level) for level in range(HIGHEST * steps + 1)], rng)
    left -= brow
    orbit = _pick([ways(pair, m) * ways(pair, left - m) for m in range(HIGHEST * steps + 1)], rng)
    levels = (brow, *_larger(orbit, rng), *_larger(left - orbit, rng))
    values = [level / steps for level in levels] + [float(closed)]
    return dict(zip(PAIN_AUS, values, strict=True))
