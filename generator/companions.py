"""Action units beside pain: those that come along with it, and expressions that are no pain.

Without them a model could learn that any movement is pain. Antagonists are kept apart, because
no face does both: the table and the limits are below.
"""

from dataclasses import dataclass

import numpy as np

# Chances, relative, of an AU to come along. Mouth AUs lead, as in coded pain.
COMPANIONS = {
    1: 1.0, 2: 0.7, 5: 0.5, 12: 1.2, 14: 0.6, 15: 0.7, 17: 0.8, 20: 1.2, 23: 0.8, 25: 2.0,
    26: 1.5, 27: 0.6, 45: 0.8,
}  # fmt: skip
HOW_MANY = (0.45, 0.35, 0.2)  # one, two or three of them
STRENGTHS = (0.30, 0.30, 0.20, 0.12, 0.08)  # 1 to 5
HALF_CLOSED = 2.0
# Not both above 0. Lip corners are pulled up or down (12, 15); a raised chin and tightened lips
# close the mouth, which parted lips and a dropped jaw open; a dimpler needs a jaw that is not
# stretched; lids are raised or lowered; the jaw drops or stretches.
APART = (
    (12, 15), (17, 25), (17, 26), (17, 27), (23, 25), (23, 26), (23, 27), (14, 27), (5, 45),
    (26, 27),
)  # fmt: skip
# A companion stays away where a pain AU is above this: raised lids from strong squeezing (the
# squeeze closes them), the raised outer brow from a brow that is lowered hard.
LIMITS = {5: ((6, 2.0), (7, 2.0), (43, 0.0)), 2: ((4, 3.0),), 45: ((43, 0.0),)}


@dataclass(frozen=True)
class Look:
    """An expression without pain: AU -> (least, most, chance that it is there)."""

    name: str
    aus: dict[int, tuple[int, int, float]]


CONFOUNDERS = (
    Look("smile", {12: (2, 5, 1.0), 25: (1, 3, 0.5), 14: (1, 2, 0.2)}),
    Look("surprise", {1: (2, 5, 1.0), 2: (2, 5, 1.0), 5: (1, 4, 0.8), 25: (1, 3, 1.0),
                      26: (1, 4, 1.0)}),
    Look("gasp", {1: (1, 4, 0.6), 2: (1, 4, 0.6), 5: (1, 3, 0.5), 25: (2, 4, 1.0),
                  27: (2, 5, 1.0)}),
    Look("talking", {25: (1, 4, 1.0), 26: (1, 3, 0.7), 20: (1, 3, 0.3), 12: (1, 2, 0.2)}),
    Look("sadness", {1: (2, 5, 1.0), 15: (1, 4, 1.0), 17: (1, 3, 0.5)}),
    Look("pressed_lips", {23: (2, 5, 1.0), 17: (1, 3, 0.5), 14: (1, 3, 0.4)}),
    Look("raised_brows", {1: (2, 5, 0.7), 2: (2, 5, 1.0), 17: (1, 2, 0.2)}),
    Look("drowsy", {45: (1, 2, 1.0), 25: (1, 1, 0.3)}),
)  # fmt: skip


def _strength(level: int, steps: int, rng: np.random.Generator) -> float:
    """A whole level, or on a finer grid a value in the unit below it, the level included."""
    return level - int(rng.integers(steps)) / steps


def _admitted(au: int, aus: dict[int, float]) -> bool:
    """Whether an AU may join a face without breaking `APART` or `LIMITS`."""
    foes = [pair[1 - pair.index(au)] for pair in APART if au in pair]
    if any(aus.get(foe, 0.0) > 0.0 for foe in foes):
        return False
    return all(aus.get(other, 0.0) <= most for other, most in LIMITS.get(au, ()))


def draw_companions(
    pain: dict[int, float], steps: int, rng: np.random.Generator
) -> dict[int, float]:
    """Draw one to three AUs to come along with these pain AUs; the pain AUs stay as they are.

    A jaw that drops or stretches parts the lips, so AU25 comes with AU26 and AU27.
    """
    number = 1 + int(rng.choice(len(HOW_MANY), p=HOW_MANY))
    aus = dict(pain)
    joined: dict[int, float] = {}
    for _ in range(number):
        open_to = [au for au in COMPANIONS if au not in joined and _admitted(au, aus)]
        weights = np.array([COMPANIONS[au] for au in open_to])
        au = open_to[int(rng.choice(len(open_to), p=weights / weights.sum()))]
        level = 1 + int(rng.choice(len(STRENGTHS), p=STRENGTHS))
        if au == 45:
            level = min(level, int(HALF_CLOSED))
        joined[au] = aus[au] = _strength(level, steps, rng)
        if au in (26, 27) and 25 not in joined:
            joined[25] = aus[25] = _strength(1 + int(rng.integers(2)), steps, rng)
    return joined


def draw_confounder(steps: int, rng: np.random.Generator) -> tuple[str, dict[int, float]]:
    """Draw an expression of PSPI 0 that is not neutral: its name, and its AUs above 0."""
    look = CONFOUNDERS[int(rng.integers(len(CONFOUNDERS)))]
    aus = {}
    for au, (least, most, chance) in look.aus.items():
        there, level = rng.random() < chance, int(rng.integers(least, most + 1))
        if there:
            aus[au] = _strength(level, steps, rng)
    return look.name, aus
