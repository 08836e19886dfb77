"""How locks lie: combed at the scalp, bent by gravity, kept off head, face and shoulders."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from generator.hair.clearance import Field

DOWN = np.array([0.0, -1.0, 0.0])
# Metres over which gravity turns a lock downward.
LIMP = 0.030
# Below this height lie shoulders and cloth, off which hair stays this far.
SHOULDER, CLOTH = -0.125, 0.016
SUBSTEPS = 2
# Hair that must leave the face free stays behind this width, by height.
FACE_HEIGHT = (-0.16, -0.10, -0.04, 0.0, 0.025, 0.045, 0.060, 0.080)
FACE_WIDTH = (0.050, 0.058, 0.070, 0.070, 0.064, 0.050, 0.030, 0.0)
FACE_DEPTH = -0.055


@dataclass(frozen=True, eq=False)
class Locks:
    """Where locks begin on the mean head, and how they are combed.

    `comb` is the unit direction in which they leave the scalp, `clearance` how far off the skin
    they lie once they have left it, `limp` how soon gravity has them (1 usual), `forward` a pull
    to the front (> 0) or the back below the jaw; `free` are locks that keep off the face.
    """

    root: Float[np.ndarray, "locks 3"]
    comb: Float[np.ndarray, "locks 3"]
    length: Float[np.ndarray, " locks"]
    clearance: Float[np.ndarray, " locks"]
    limp: Float[np.ndarray, " locks"]
    forward: Float[np.ndarray, " locks"]
    free: np.ndarray


def _unit(vector: np.ndarray) -> np.ndarray:
    return vector / np.maximum(np.linalg.norm(vector, axis=-1, keepdims=True), 1e-9)


def _off_the_face(place: np.ndarray, free: np.ndarray) -> np.ndarray:
    """Places of free locks moved sideways until they hang beside the face."""
    wide = np.interp(place[:, 1], FACE_HEIGHT, FACE_WIDTH)
    near = np.clip((place[:, 2] - FACE_DEPTH) / 0.03, 0.0, 1.0) * free
    least = wide * near
    side = np.where(place[:, 0] >= 0, 1.0, -1.0)
    moved = place.copy()
    moved[:, 0] = side * np.maximum(np.abs(place[:, 0]), least)
    return moved


def fall(
    field: Field, locks: Locks, rows: int
) -> tuple[Float[np.ndarray, "locks rows 3"], Float[np.ndarray, "locks rows 3"]]:
    """Middle lines of locks, and which way is out there."""
    place, heading = locks.root, _unit(locks.comb)
    _, out = field.at(place)
    lines, outs = [place], [out]
    steps = (rows - 1) * SUBSTEPS
    gone = np.zeros(len(place))
    # Rows lie closer near the root, where a lock bends most.
    for step, share in enumerate(np.linspace(0.5, 1.5, steps) / steps):
        size = locks.length * share
        gone = gone + size
        bend = locks.limp * size / LIMP
        # Strands cling to those they lie on.
        heading = _unit(heading + bend[:, None] * (DOWN - 0.12 * out))
        pull = np.clip((-0.045 - place[:, 1]) / 0.04, 0.0, 1.0) * locks.forward * 0.35
        heading[:, 2] += pull * size / 0.02
        heading = _unit(heading)
        moved = place + heading * size[:, None]
        moved = _off_the_face(moved, locks.free)
        # Short hair soon comes up to its own height, long hair is held down by what lies on it.
        rise = np.clip(0.3 * locks.length, 0.012, 0.080)
        room = locks.clearance * np.clip(gone / rise, 0.12, 1.0)
        low = np.clip((SHOULDER - moved[:, 1]) / 0.03, 0.0, 1.0)
        room = np.maximum(room, CLOTH * low + 0.4 * locks.clearance * low)
        moved, out = field.outside(moved, room)
        heading = _unit(0.35 * heading + 0.65 * _unit(moved - place))
        place = moved
        if step % SUBSTEPS == SUBSTEPS - 1:
            lines.append(place)
            outs.append(out)
    line = np.stack(lines, axis=1)
    line[:, 1:-1] = 0.5 * line[:, 1:-1] + 0.25 * (line[:, 2:] + line[:, :-2])
    return line, np.stack(outs, axis=1)


def drawn_to(
    field: Field, locks: Locks, knot: Float[np.ndarray, "locks 3"], rows: int
) -> tuple[Float[np.ndarray, "locks rows 3"], Float[np.ndarray, "locks rows 3"]]:
    """Middle lines of locks pulled tight over the scalp, each to its place in a knot; way out."""
    place = locks.root
    _, out = field.at(place)
    lines, outs = [place], [out]
    for step in range(rows - 1):
        left = rows - 1 - step
        moved = place + (knot - place) / left
        gone = np.linalg.norm(moved - locks.root, axis=1)
        room = locks.clearance * np.clip(gone / 0.02, 0.15, 1.0)
        moved, out = field.outside(moved, room)
        place = moved
        lines.append(place)
        outs.append(out)
    return np.stack(lines, axis=1), np.stack(outs, axis=1)
