"""The corners of the mouth, where laying a mesh may take a vertex of one lip for the other's."""

import numpy as np
from jaxtyping import Float32, Int
from scipy import sparse
from scipy.spatial import KDTree

from assets.head import SKIN
from rigging import jaw
from rigging.registration.nearest import barycentric
from rigging.registration.wrap import Registration

MISSED = 5e-5
"""A vertex of the lips so far (metres) from its place on the Anny head may lie on the other lip."""
JAW_ASIDE = 2e-3
"""So far off (metres) is as bad as another share of the jaw's turn than its neighbours', by 1."""
BETTER = 0.5
"""Another place is taken where it is so much better."""
CANDIDATES = 40
"""Triangles of the lips that are tried."""
LEAST_SURE = 1e-3
"""What a vertex that may lie on the other lip counts among its neighbours."""


def links(triangles: Int[np.ndarray, "triangles 3"], count: int) -> sparse.csr_array:
    """Which vertices share an edge: 1 or more, 0 elsewhere."""
    ends = triangles[:, [0, 1, 1, 2, 2, 0]].reshape(-1, 2).T
    one = sparse.csr_array((np.ones(ends.shape[1]), (ends[0], ends[1])), shape=(count, count))
    return sparse.csr_array(one + one.T)


def mended(
    laid: Registration,
    own: Float32[np.ndarray, "skin 3"],
    triangles: Int[np.ndarray, "triangles 3"],
) -> sparse.csr_array:
    """Values at the skin from those of the Anny head, the right lip's in the corners of the mouth.

    There normals turn within less than an edge, and send some vertices to the other lip.
    """
    head, rows = laid.head, laid.to_mesh[laid.skin]
    topology, share = head.topology, jaw.hinge(head.topology).share
    points = head.vertices.astype(np.float64)
    apart = np.linalg.norm(own - rows @ points, axis=1)
    lips = np.isin(topology.triangles, topology.lips.rows).any(axis=1)
    lips &= (topology.part[topology.triangles] == SKIN).all(axis=1)
    at_lips = np.zeros(len(points))
    at_lips[topology.triangles[lips]] = 1.0
    again = np.flatnonzero((apart > MISSED) & (rows @ at_lips > 0))
    if len(again) == 0:
        return rows
    count = len(own)
    beside = links(triangles, count)[again]
    sure = np.ones(count)
    sure[again] = LEAST_SURE
    expected = (beside @ (sure * (rows @ share))) / (beside @ sure)
    corners = topology.triangles[lips]
    _, faces = KDTree(points[corners].mean(axis=1)).query(own[again], CANDIDATES)
    corners = corners[faces]
    weights = barycentric(own[again, None].astype(np.float64), points[corners])
    far = np.linalg.norm(
        own[again, None] - np.einsum("rcw,rcwx->rcx", weights, points[corners]), axis=2
    )
    other = np.einsum("rcw,rcw->rc", weights, share[corners]) - expected[:, None]
    cost = far + JAW_ASIDE * np.abs(other)
    place = np.arange(len(again)), cost.argmin(axis=1)
    before = apart[again] + JAW_ASIDE * np.abs(rows[again] @ share - expected)
    better = cost[place] < BETTER * before
    entries = (weights[place].ravel(), corners[place].ravel(), np.arange(0, 3 * len(again) + 1, 3))
    new = sparse.csr_array(entries, shape=(len(again), len(points)))
    pick = np.arange(count)
    pick[again[better]] = count + np.flatnonzero(better)
    return sparse.csr_array(sparse.vstack([rows, new]))[pick]
