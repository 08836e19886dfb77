"""Triangles of one surface that pass through each other: an exact check for the rig's tests."""

import numpy as np
from scipy.spatial import cKDTree


def _pairs(corners: np.ndarray, triangles: np.ndarray) -> np.ndarray:
    """Pairs of triangles whose boxes overlap and that share no corner."""
    middle = corners.mean(axis=1)
    radius = np.linalg.norm(corners - middle[:, None], axis=2).max(axis=1)
    # Sorted by size, so that few large triangles do not widen the search for all.
    found = []
    order = np.argsort(radius)
    for part in np.array_split(order, min(6, len(order))):
        near = cKDTree(middle[part]).sparse_distance_matrix(
            cKDTree(middle), radius[part].max() + radius.max(), output_type="coo_matrix"
        )
        found.append(np.stack([part[near.row], near.col], axis=1))
    pairs = np.concatenate(found)
    pairs = pairs[pairs[:, 0] < pairs[:, 1]]
    low, high = corners.min(axis=1), corners.max(axis=1)
    a, b = pairs.T
    overlap = (low[a] <= high[b]).all(axis=1) & (low[b] <= high[a]).all(axis=1)
    pairs = pairs[overlap]
    shared = (triangles[pairs[:, 0], :, None] == triangles[pairs[:, 1], None]).any(axis=(1, 2))
    return pairs[~shared]


def _pierced(ends: np.ndarray, triangle: np.ndarray) -> np.ndarray:
    """Whether the edges `ends` [pairs, 2, 3] pass through triangles [pairs, 3, 3]."""
    a, b, c = (triangle[:, k] for k in range(3))
    start, way = ends[:, 0], ends[:, 1] - ends[:, 0]
    one, two = b - a, c - a
    across = np.cross(way, two)
    volume = (one * across).sum(axis=1)
    flat = np.abs(volume) < 1e-18
    scale = 1.0 / np.where(flat, 1.0, volume)
    away = start - a
    u = scale * (away * across).sum(axis=1)
    turned = np.cross(away, one)
    v = scale * (way * turned).sum(axis=1)
    along = scale * (two * turned).sum(axis=1)
    return ~flat & (u > 0) & (v > 0) & (u + v < 1) & (along > 0) & (along < 1)


def crossings(vertices: np.ndarray, triangles: np.ndarray) -> np.ndarray:
    """Pairs [n, 2] of triangles, none with a common corner, that cut through each other."""
    corners = vertices.astype(np.float64)[triangles]
    pairs = _pairs(corners, triangles)
    cut = np.zeros(len(pairs), bool)
    for one, other in ((0, 1), (1, 0)):
        edges, faces = corners[pairs[:, one]], corners[pairs[:, other]]
        for k in range(3):
            cut |= _pierced(edges[:, [k, (k + 1) % 3]], faces)
    return pairs[cut]
