"""The lids as a grid: rows round the eye opening, columns across it.

Round each eye the control mesh is regular: the closed margin loop is followed outward by rows of
skin and inward by rows of the socket, every row with one vertex a column. Eyes are fitted and lids
are moved on this grid. Columns run along the upper margin from inner to outer corner and back
along the lower one.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from jaxtyping import Int32

SKIN_ROWS = 12
SOCKET_ROWS = 5


@dataclass(frozen=True, eq=False)
class LidGrid:
    """Vertices of one eye's lids.

    `rows[SOCKET_ROWS]` is the margin; rows before it lie in the socket (row 0 deepest), rows after
    it on the skin. Column 0 is the inner corner, column `outer` the outer one; columns before it
    are the upper lid. `side` is 1 for the person's left eye, -1 for the right.
    """

    rows: Int32[np.ndarray, "rows columns"]
    outer: int
    side: int


def _step(
    row: list[int], faces: Mapping[tuple[int, int], list[int]], seen: set[int]
) -> list[int] | None:
    """Cross the strip of quads on one side of a closed row; None where the grid ends."""
    found: list[int] = []
    for place, vertex in enumerate(row):
        face = faces.get((vertex, row[(place + 1) % len(row)]))
        if face is None:
            return None
        found.append(face[(face.index(vertex) - 1) % 4])
    for place, vertex in enumerate(row):
        following = row[(place + 1) % len(row)]
        face = faces[vertex, following]
        if face[(face.index(following) + 1) % 4] != found[(place + 1) % len(row)]:
            return None
    if len(set(found)) < len(found) or seen & set(found):
        return None
    return found


def grow(
    quads: Int32[np.ndarray, "quads 4"], margin: list[int]
) -> tuple[list[list[int]], list[list[int]]]:
    """Follow a closed loop of edges to both sides while the mesh is regular.

    Returns rows, nearest first: those on the side of the faces that run along the loop as it is
    given, and those on the other side.
    """
    ahead: dict[tuple[int, int], list[int]] = {}
    for face in quads.tolist():
        for place, vertex in enumerate(face):
            ahead[vertex, face[(place + 1) % 4]] = face
    behind = {(b, a): list(reversed(face)) for (a, b), face in ahead.items()}

    sides = []
    for faces in (ahead, behind):
        rows, seen = [margin], set(margin)
        while (found := _step(rows[-1], faces, seen)) is not None:
            rows.append(found)
            seen |= set(found)
        sides.append(rows[1:])
    return sides[0], sides[1]


def build(
    quads: Int32[np.ndarray, "quads 4"],
    upper: Int32[np.ndarray, " upper"],
    lower: Int32[np.ndarray, " lower"],
    side: int,
) -> LidGrid:
    """Grow the grid of one eye from its margins (inner to outer corner, corners in both).

    Raises ValueError where the quads round the margin are not a regular grid of `SKIN_ROWS` and
    `SOCKET_ROWS` rows.
    """
    if upper[0] != lower[0] or upper[-1] != lower[-1]:
        raise ValueError(
            f"lid margins must share both corners, got {upper[[0, -1]]}, {lower[[0, -1]]}"
        )
    margin = [*upper.tolist(), *lower[-2:0:-1].tolist()]
    sides = grow(quads, margin)
    # Faces turn anticlockwise seen from outside: the left margin runs clockwise seen from the
    # front, so that the skin lies ahead of it; on the right eye it lies behind.
    skin, socket = sides if side > 0 else reversed(sides)
    if len(skin) < SKIN_ROWS or len(socket) < SOCKET_ROWS:
        raise ValueError(
            f"lids must have {SKIN_ROWS} rows of skin and {SOCKET_ROWS} of socket, "
            f"got {len(skin)} and {len(socket)}"
        )
    rows = [*reversed(socket[:SOCKET_ROWS]), margin, *skin[:SKIN_ROWS]]
    return LidGrid(np.array(rows, np.int32), len(upper) - 1, side)


def both(
    quads: Int32[np.ndarray, "quads 4"], loops: Mapping[str, Int32[np.ndarray, " loop"]]
) -> tuple[LidGrid, LidGrid]:
    """Grids of the left and the right eye."""
    left = build(quads, loops["left_upper_lid"], loops["left_lower_lid"], 1)
    return left, build(quads, loops["right_upper_lid"], loops["right_lower_lid"], -1)
