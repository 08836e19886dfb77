"""Lips meet and part without crossing.

Muscles and jaw alone leave lips a little open or overlapping. While no AU parts them they keep
their neutral contact; parted, they open at least as far as the AUs ask.
"""

import numpy as np
from jaxtyping import Float32

from assets import lips
from assets.head import Head

# Least opening in the middle of the mouth at highest intensity, in widths of the mouth.
OPENING = {25: 0.10, 26: 0.2, 27: 0.4}


def meet(
    head: Head, pushed: Float32[np.ndarray, "vertices 3"], aus: dict[int, float]
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
    rest, now = lips.gaps(neutral, grid), lips.gaps(points, grid)
    want = np.maximum(now, rest + least * arch)
    want += hold * (rest + least * arch - want)
    out = pushed.copy()
    out[grid.rows] = lips.move(points, grid, want - now)
    return out
