"""Small things attached to the skin (lashes, hairs of a brow): each goes rigidly with its root."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64, Int
from scipy import sparse

from rigging.registration.corners import links
from rigging.registration.parts import ATTACHED
from rigging.registration.wrap import Registration

SMALL = 0.025
"""An attached piece (a lash, a hair of a brow) is rigid if its extent is less, metres."""


@dataclass(frozen=True, eq=False)
class Rooted:
    """Small attached pieces, each of which goes rigidly with the skin at its root.

    `vertices` are theirs, `piece` says whose; `root` is the skin vertex of each piece, and `ring`
    is the skin within two edges of it (one alone turns neighbouring lashes across each other), of
    the pieces `around`.
    """

    vertices: Int[np.ndarray, " rooted"]
    piece: Int[np.ndarray, " rooted"]
    root: Int[np.ndarray, " pieces"]
    ring: Int[np.ndarray, " neighbours"]
    around: Int[np.ndarray, " neighbours"]

    def move(
        self, points: Float64[np.ndarray, "vertices 3"], moved: Float64[np.ndarray, "vertices 3"]
    ) -> None:
        """Say in `moved`, in place, how far they go, from how far the skin does."""
        before = points[self.ring] - points[self.root[self.around]]
        change = moved[self.ring] - moved[self.root[self.around]]
        both = np.zeros((len(self.root), 3, 3))
        np.add.at(both, self.around, (before + change)[:, :, None] * before[:, None])
        # The rotation nearest to what the skin about the root does (Kabsch).
        left, _, right = np.linalg.svd(both)
        left[:, :, 2] *= np.sign(np.linalg.det(left @ right))[:, None]
        turn = left @ right
        turn[~moved[self.root].any(axis=1)] = np.eye(3)
        arm = points[self.vertices] - points[self.root[self.piece]]
        turned = (turn[self.piece] @ arm[:, :, None])[:, :, 0]
        moved[self.vertices] = moved[self.root[self.piece]] + turned - arm


def root(
    laid: Registration, piece: Int[np.ndarray, " vertices"], nearest: Int[np.ndarray, " vertices"]
) -> Rooted:
    """The small attached pieces; `nearest` is the skin vertex next to each vertex."""
    rows = np.flatnonzero((laid.part == ATTACHED) & (piece >= 0))
    away = np.linalg.norm(laid.vertices[rows] - laid.vertices[nearest[rows]], axis=1)
    rows = rows[np.lexsort((away, piece[rows]))]
    _, first, of = np.unique(piece[rows], return_index=True, return_inverse=True)
    points = laid.vertices[rows]
    high, low = (
        each.reduceat(points, first) if len(rows) else points for each in (np.maximum, np.minimum)
    )
    small = np.linalg.norm(high - low, axis=1) < SMALL
    kept, number = small[of], np.cumsum(small) - 1
    roots = nearest[rows[first[small]]]
    near = links(laid.triangles, len(laid.part))
    around, ring = sparse.coo_array(near[roots] + near[roots] @ near).coords
    return Rooted(rows[kept], number[of[kept]], roots, ring, around)
