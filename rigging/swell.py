"""Soft tissue keeps its volume: where a pose pushes the skin together, it stands out.

A layer of thickness t over an area that shrinks to the share J grows to t / J. The bulge of the
brow beside a frown, the cheek that a raised lip piles up, the bag under a squeezed eye come of it.
"""

from functools import cache

import numpy as np
from jaxtyping import Float32

from assets.head import SKIN, Head, Topology
from rigging import strain

THICKNESS = 0.0055
"""Skin and fat that fold together, metres on a face whose eyes are 63 mm apart."""
EYE_DISTANCE = 0.063
MOST = 0.6
"""Skin stands out by no more than this share of the layer."""
LID_ROWS, LID_RAMP = 9, (0.3, 0.6, 0.85)
"""Rows of the lid grid, from within, that do not swell, since they are solved on the eyeball;
and the shares of the rows after them."""


@cache
def soft(topology: Topology) -> Float32[np.ndarray, " vertices"]:
    """Share by which each vertex swells: not lids and lips, which are solved, nor the mouth."""
    share = (topology.part == SKIN).astype(np.float32)
    solved = [grid.rows[:LID_ROWS].ravel() for grid in topology.lids]
    solved.append(topology.lips.rows.ravel())
    share[np.concatenate(solved)] = 0.0
    mix = strain.averaging(topology)
    softened = np.asarray(mix @ np.asarray(mix @ share))
    share = np.where(share > 0, softened, np.float32(0))
    for grid in topology.lids:
        for row, most in enumerate(LID_RAMP, LID_ROWS):
            share[grid.rows[row]] = np.minimum(share[grid.rows[row]], np.float32(most))
    return share


def swell(
    head: Head,
    posed: Float32[np.ndarray, "vertices 3"],
    change: Float32[np.ndarray, "vertices 6"],
) -> Float32[np.ndarray, "vertices 3"]:
    """Let the posed skin stand out (or sink) by its change of area; `change` is `strain.metric`.

    The neutral comes back bit for bit. Nothing moves on lids and lips.
    """
    if not change.any():
        return posed.copy()
    ratio = strain.area(change, strain.rest(head).normals)
    thicker = np.clip(1 / ratio - 1, -0.5 * MOST, MOST).astype(np.float32)
    distance = float(head.eyes.centre[0, 0] - head.eyes.centre[1, 0])
    out = np.float32(THICKNESS * distance / EYE_DISTANCE) * thicker * soft(head.topology)
    mix = strain.averaging(head.topology)
    out = np.asarray(mix @ out)
    out *= soft(head.topology) > 0
    return posed + out[:, None] * strain.normals(head, posed)
