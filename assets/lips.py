"""The lips as a grid, and the correction that makes them meet or part.

Round the mouth the control mesh is as regular as round the eyes: the closed inner loop is followed
outward by rows over the red of the lips to the skin, inward by rows of the mouth's wall. Columns
run along the upper lip from the person's right corner to the left one and back along the lower.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Float32, Int32

from assets.lid_grid import grow

WALL_ROWS, SKIN_ROWS = 3, 10
# Rows among which a lip's edge is found: the lowest of the upper, the highest of the lower lip.
EDGE = slice(WALL_ROWS, WALL_ROWS + 4)
# How far each row follows its lip's edge.
FOLLOW = np.array([0.3, 0.6, 0.9, 1, 1, 1, 1, 0.92, 0.78, 0.6, 0.42, 0.25, 0.12, 0.0])
CLOSING_UPPER = 0.3
# Closed lips overlap by this share of the mouth's width: refining the mesh rounds their edges.
OVERLAP = 0.012


@dataclass(frozen=True, eq=False)
class LipGrid:
    """Vertices of the lips: `rows[WALL_ROWS]` is the inner loop, rows after it lead outward.

    Column 0 is the person's right corner, column `left` the left one; the upper lip lies between.
    """

    rows: Int32[np.ndarray, "rows columns"]
    left: int

    def upward(self) -> Float[np.ndarray, " columns"]:
        """1 on columns of the upper lip, -1 on the lower one, 0 at the corners."""
        sign = np.where(np.arange(self.rows.shape[1]) < self.left, 1.0, -1.0)
        sign[[0, self.left]] = 0.0
        return sign


def build(
    quads: Int32[np.ndarray, "quads 4"], loops: Mapping[str, Int32[np.ndarray, " loop"]]
) -> LipGrid:
    """Grow the grid from the inner loops; raises ValueError where the mesh is not regular."""
    upper, lower = loops["upper_lip"], loops["lower_lip"]
    margin = [*upper.tolist(), *lower[-2:0:-1].tolist()]
    skin, wall = grow(quads, margin)
    if len(skin) < SKIN_ROWS or len(wall) < WALL_ROWS:
        got = f"{len(skin)} and {len(wall)}"
        raise ValueError(f"lips must have {SKIN_ROWS} and {WALL_ROWS} regular rows, got {got}")
    rows = [*reversed(wall[:WALL_ROWS]), margin, *skin[:SKIN_ROWS]]
    return LipGrid(np.array(rows, np.int32), len(upper) - 1)


def gaps(
    points: Float[np.ndarray, "rows columns 3"], grid: LipGrid
) -> Float[np.ndarray, " columns"]:
    """Height of the opening at every column as seen from the front; below 0 lips overlap."""
    sign = grid.upward()
    edge = points[EDGE]
    x = edge[1, :, 0]
    height = np.where(sign > 0, edge[..., 1].min(0), edge[..., 1].max(0))
    corner = [0, grid.left]
    height[corner] = edge[0, corner, 1]
    lower = [0, *range(len(sign) - 1, grid.left - 1, -1)]
    upper = list(range(grid.left + 1))
    curves = []
    for columns in (upper, lower):
        order = np.argsort(x[columns], kind="stable")
        curves.append(np.interp(x, x[columns][order], height[columns][order]))
    return np.where(sign == 0, 0.0, curves[0] - curves[1])


def move(
    points: Float[np.ndarray, "rows columns 3"],
    grid: LipGrid,
    wider: Float[np.ndarray, " columns"],
) -> Float[np.ndarray, "rows columns 3"]:
    """Open the lips by `wider` (below 0: close them), and let the skin follow.

    Each lip opens half; to close, the lower lip comes after the upper one more than it pulls it.
    """
    sign = grid.upward()
    share = np.where(sign * wider < 0, CLOSING_UPPER, 1 - CLOSING_UPPER)
    share = np.where(wider < 0, share, 0.5)
    out = points.copy()
    out[..., 1] += FOLLOW[:, None] * (share * sign * wider)
    return out


def seal(vertices: Float32[np.ndarray, "vertices 3"], grid: LipGrid) -> None:
    """Close the lips of a neutral head, in place."""
    for _ in range(2):
        points = vertices[grid.rows]
        width = np.ptp(points[WALL_ROWS, :, 0])
        sign = np.abs(grid.upward())
        wider = np.minimum(-OVERLAP * width * sign - gaps(points, grid), 0.0)
        vertices[grid.rows] = move(points, grid, wider)
