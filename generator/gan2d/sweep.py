"""At which AU45 a network paints closed eyes: the thesis's figure 32, measured.

Faces with open eyes are painted with AU45 from 0 to 1, all other AUs at 0. How far the eyes have
changed is the mean |difference| of their pixels to AU45 = 0, as a share of that at 1; they count as
closed from the first step at which all that is to come has come but a tenth.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64, UInt8

from generator.gan2d.painter import Painter

STEPS = tuple(step / 10 for step in range(11))
ENOUGH = 0.9
# Where the eyes lie in the square of `assets.face_crop`, in shares of its side: from its middle
# 0.62 of the way to the nose upward, outer corners 1/1.9 of its side apart.
TOP, BOTTOM, LEFT, RIGHT = 0.22, 0.42, 0.2, 0.8
LEAST = 0.5
"""Mean change (of 255) below which a network does nothing to eyes, and nothing can be said."""


@dataclass(frozen=True)
class Sweep:
    """What was measured."""

    steps: tuple[float, ...]
    """AU45, 0-1."""
    changed: tuple[float, ...]
    """Share of the change at 1."""
    closed: float
    faces: int


def sweep(
    painter: Painter, pictures: UInt8[np.ndarray, "faces size size 3"], aus: tuple[int, ...]
) -> Sweep:
    """Paint and measure.

    Raises ValueError where AU45 is no AU of the network, there is no face, or nothing changes.
    """
    if 45 not in aus:
        got = ", ".join(map(str, aus))
        raise ValueError(f"a sweep of AU45 must have it among the AUs of the network, got {got}")
    if len(pictures) == 0:
        raise ValueError("a sweep of AU45 must have faces with open eyes, got none")
    eyes = [_eyes(painter.paint(pictures, _at(step, len(pictures), aus))) for step in STEPS]
    changed = np.array([np.abs(one - eyes[0]).mean() for one in eyes])
    if changed[-1] < LEAST:
        rule = f"at least {LEAST} of 255 at 1 for eyes to be closed by it"
        raise ValueError(f"what AU45 changes must be {rule}, got {changed[-1]:.2f}")
    shares = changed / changed[-1]
    closed = STEPS[int(np.flatnonzero(shares >= ENOUGH)[0])]
    return Sweep(STEPS, tuple(shares.tolist()), closed, len(pictures))


def _at(step: float, count: int, aus: tuple[int, ...]) -> np.ndarray:
    wanted = np.zeros((count, len(aus)), np.float32)
    wanted[:, aus.index(45)] = step
    return wanted


def _eyes(pictures: UInt8[np.ndarray, "faces size size 3"]) -> Float64[np.ndarray, "faces h w 3"]:
    size = pictures.shape[1]
    top, bottom, left, right = (round(size * share) for share in (TOP, BOTTOM, LEFT, RIGHT))
    return pictures[:, top:bottom, left:right].astype(np.float64)
