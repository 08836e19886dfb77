"""Lips meet and part without crossing.

Muscles and jaw alone leave lips a little open or overlapping. While no AU parts them they keep
their neutral contact; parted, they open at least as far as the AUs ask.
"""

import numpy as np
from jaxtyping import Float32

from assets import facs, lips
from assets.head import Head

# Least opening in the middle of the mouth at highest intensity, in widths of the mouth.
OPENING = {25: 0.10, 26: 0.2, 27: 0.4}
# Which row forms the edge can change as lips move: the first passes leave tenths of a millimetre.
PASSES = 3


def meet(
    head: Head, pushed: Float32[np.ndarray, "vertices 3"], aus: dict[int, facs.Number]
) -> Float32[np.ndarray, "vertices 3"]:
    """Close or open the lips of a head whose muscles have carried its vertices to `pushed`.

    Below the first degree of AU25, 26 or 27 the lips let go of each other by its share.
    """
    grid = head.topology.lips
    neutral, points = head.vertices[grid.rows], pushed[grid.rows]
    across = neutral[lips.WALL_ROWS, :, 0]
    width = float(across[grid.left] - across[0])
    along = (across - across[0]) / width
    arch = np.sqrt(np.clip(4 * along * (1 - along), 0.0, 1.0))
    least = width * max(share * aus[au] / 5 for au, share in OPENING.items())
    hold = max(1.0 - sum(aus[au] for au in OPENING), 0.0)
    needed = lips.gaps(neutral, grid) + least * arch
    for _ in range(PASSES):
        now = lips.gaps(points, grid)
        wider = np.maximum(needed - now, 0.0) + hold * np.minimum(needed - now, 0.0)
        points = lips.move(points, grid, wider)
    out = pushed.copy()
    out[grid.rows] = points
    return out
