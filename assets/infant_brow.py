"""An infant's brow at rest: without the ridges that read as worry or a frown.

The head model's babies have adult folds in small: a ridge runs from each brow to the root of the
nose, with a groove between, so that every newborn frowns. A newborn's brow is smooth (the folds
come with the cry), so the skin between and over the brows is evened out, lids apart.
"""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float, Float32, Int32
from scipy import sparse

from assets.lid_grid import SOCKET_ROWS, LidGrid

# Middle and half axes of what is evened out, in half eye distances about the eyes' middle, and the
# share of the way from its edge to its middle on which it grows to full strength.
MIDDLE, HALF_WIDTH, HALF_HEIGHT, EDGE = 0.60, 1.25, 0.78, 0.45
ROUNDS, STEP = 25, 0.6
# In full at birth, no more at this age; the ridges fade from the model's own shape by then.
OLDEST_YEARS = 3.0
# Rows of a lid (from the margin outward) that stay, and over which the evening grows.
LID_STAYS, LID_GROWS = 4, 4


def neighbours(quads: Int32[np.ndarray, "quads 4"], count: int) -> sparse.csr_array:
    """Matrix that gives every vertex the mean of those it shares an edge with."""
    ends = np.concatenate([quads[:, [k, (k + 1) % 4]] for k in range(4)])
    ends = np.unique(np.concatenate([ends, ends[:, ::-1]]), axis=0)
    joined = sparse.csr_array((np.ones(len(ends)), ends.T), shape=(count, count))
    uses = np.maximum(joined.sum(axis=1), 1.0)
    return sparse.csr_array(joined / uses[:, None])


def _strength(
    chart: Float[np.ndarray, "vertices 3"], grids: Sequence[LidGrid]
) -> Float[np.ndarray, " vertices"]:
    """How far each vertex is evened out, 0-1."""
    far = np.hypot(chart[:, 0] / HALF_WIDTH, (chart[:, 1] - MIDDLE) / HALF_HEIGHT)
    part = np.clip((1 - far) / EDGE, 0.0, 1.0) * (chart[:, 2] > 0)
    out = part * part * (3 - 2 * part)
    for grid in grids:
        rows = np.arange(len(grid.rows)) - SOCKET_ROWS - LID_STAYS
        out[grid.rows] *= np.clip(rows / LID_GROWS, 0.0, 1.0)[:, None]
    return out


def smooth(
    vertices: Float32[np.ndarray, "vertices 3"],
    mean: sparse.csr_array,
    grids: tuple[LidGrid, LidGrid],
    age_years: float,
) -> Float32[np.ndarray, "vertices 3"]:
    """Even out the brow of a head whose origin lies between the eyes; `mean` as of `neighbours`.

    Heads of `OLDEST_YEARS` and more are given back as they are.
    """
    share = float(np.clip(1 - age_years / OLDEST_YEARS, 0.0, 1.0))
    if not share:
        return vertices
    out = vertices.astype(np.float64)
    unit = np.abs(out[-2:, 0]).mean()
    step = (STEP * _strength(out / unit, grids))[:, None]
    for _ in range(round(ROUNDS * share)):
        out += step * (mean @ out - out)
    return out.astype(np.float32)
