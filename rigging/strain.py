"""How far a pose stretches the skin, and which way: the metric of each place against the neutral.

A triangle's metric is the right Cauchy-Green tensor C = F'F of its map from neutral to posed, held
as a symmetric matrix in the neutral head's own axes: a unit direction d of the neutral skin has the
stretch sqrt(d'Cd), 1 where nothing happens, below 1 where skin is pushed together. It is averaged
to vertices by area and smoothed, since skin passes strain on to its surroundings.
"""

from dataclasses import dataclass
from functools import cache, lru_cache

import numpy as np
from jaxtyping import Float32
from scipy import sparse

from assets.head import SKIN, Head, Topology

ROUNDS = 3
"""Rounds of smoothing; each mixes a vertex half and half with its neighbours."""
_PAIRS = ((0, 0), (1, 1), (2, 2), (1, 2), (0, 2), (0, 1))


@dataclass(frozen=True, eq=False)
class Rest:
    """What of the neutral skin every pose needs.

    Its triangles, the products of their edges as of `_gram` and the inverse of these edges; the
    matrix that averages triangles to vertices by area; unit normals at the vertices.
    """

    triangles: np.ndarray
    gram: Float32[np.ndarray, "triangles 3"]
    inverse: Float32[np.ndarray, "triangles 2 3"]
    spread: sparse.csr_array
    normals: Float32[np.ndarray, "vertices 3"]


@cache
def _skin(topology: Topology) -> np.ndarray:
    """Triangles of the skin."""
    return topology.triangles[topology.part[topology.triangles[:, 0]] == SKIN]


@cache
def averaging(topology: Topology) -> sparse.csr_array:
    """The matrix that mixes every vertex half with itself, half with its neighbours on the skin."""
    count, triangles = len(topology.part), _skin(topology)
    edges = np.concatenate([triangles[:, [a, b]] for a in range(3) for b in range(3) if a != b])
    ones = np.ones(len(edges), np.float32)
    beside = sparse.csr_array((ones, (edges[:, 0], edges[:, 1])), shape=(count, count))
    beside.data[:] = 1.0
    total = np.maximum(np.asarray(beside.sum(axis=1)).ravel(), 1.0)
    mixed = sparse.diags_array(0.5 / total).tocsr() @ beside
    lone = np.where(np.diff(beside.indptr) > 0, 0.5, 1.0)
    return (mixed + sparse.diags_array(lone)).tocsr().astype(np.float32)


@lru_cache(maxsize=2)
def rest(head: Head) -> Rest:
    """Measure the neutral skin of a head (kept for the last two)."""
    triangles = _skin(head.topology)
    corner = head.vertices[triangles].astype(np.float64)
    edges = corner[:, 1:] - corner[:, :1]
    gram = edges @ edges.transpose(0, 2, 1)
    determinant = np.maximum(gram[:, 0, 0] * gram[:, 1, 1] - gram[:, 0, 1] ** 2, 1e-18)
    turned = np.stack([gram[:, 1, 1], -gram[:, 0, 1], -gram[:, 0, 1], gram[:, 0, 0]], axis=1)
    inverse = turned.reshape(-1, 2, 2) / determinant[:, None, None] @ edges
    area = 0.5 * np.sqrt(determinant)
    count = len(head.vertices)
    rows, columns = triangles.ravel(), np.repeat(np.arange(len(triangles)), 3)
    spread = sparse.csr_array((np.repeat(area, 3), (rows, columns)), shape=(count, len(triangles)))
    total = np.maximum(np.asarray(spread.sum(axis=1)).ravel(), 1e-12)
    spread = sparse.csr_array((sparse.diags_array(1 / total) @ spread).astype(np.float32))
    was = _gram(_edges(head.vertices, triangles))
    facing = _normals(head.vertices, triangles, spread)
    return Rest(triangles, was, inverse.astype(np.float32), spread, facing)


def metric(
    head: Head, posed: Float32[np.ndarray, "vertices 3"]
) -> Float32[np.ndarray, "vertices 6"]:
    """Metric of the posed skin at every vertex less that of the neutral: xx yy zz yz xz xy.

    For a unit direction d of the neutral skin d'Md + 1 is the square of the stretch. Vertices that
    belong to no skin have 0.
    """
    at = rest(head)
    change = _gram(_edges(posed, at.triangles)) - at.gram
    # Inverse' (gram of posed - gram of neutral) inverse, for the six entries.
    first, second = at.inverse[:, 0], at.inverse[:, 1]
    six = np.empty((len(change), 6), np.float32)
    for place, (i, j) in enumerate(_PAIRS):
        six[:, place] = (
            change[:, 0] * first[:, i] * first[:, j]
            + change[:, 1] * second[:, i] * second[:, j]
            + change[:, 2] * (first[:, i] * second[:, j] + second[:, i] * first[:, j])
        )
    out = np.asarray(at.spread @ six)
    smooth = averaging(head.topology)
    for _ in range(ROUNDS):
        out = np.asarray(smooth @ out)
    return out


def _edges(vertices: np.ndarray, triangles: np.ndarray) -> np.ndarray:
    """The two edges of each triangle from its first corner."""
    corner = vertices[triangles]
    return corner[:, 1:] - corner[:, :1]


def _gram(edges: np.ndarray) -> np.ndarray:
    """Products of the two edges of each triangle: first, second, mixed."""
    one, two = edges[:, 0], edges[:, 1]
    return np.stack([(one * one).sum(1), (two * two).sum(1), (one * two).sum(1)], axis=1)


def stretch(
    change: Float32[np.ndarray, "points 6"], direction: Float32[np.ndarray, "points 3"]
) -> Float32[np.ndarray, " points"]:
    """Stretch along unit directions of the neutral skin: 1 none, below 1 pushed together."""
    total = np.ones(len(change), np.float32)
    for place, (i, j) in enumerate(_PAIRS):
        twice = np.float32(1 if i == j else 2)
        total += twice * change[:, place] * direction[:, i] * direction[:, j]
    return np.sqrt(np.maximum(total, np.float32(0.01)))


def area(
    change: Float32[np.ndarray, "points 6"], normal: Float32[np.ndarray, "points 3"]
) -> Float32[np.ndarray, " points"]:
    """Posed area over neutral area of the skin with these unit normals: 1 where nothing happens.

    It is sqrt(n' adj(C) n), since adj(C) holds the areas that C gives to the planes of the axes.
    """
    xx, yy, zz = (change[:, place] + np.float32(1) for place in range(3))
    yz, xz, xy = (change[:, place] for place in range(3, 6))
    x, y, z = normal.T
    square = (yy * zz - yz * yz) * x * x + (xx * zz - xz * xz) * y * y + (xx * yy - xy * xy) * z * z
    square += 2 * ((xy * xz - xx * yz) * y * z + (xy * yz - yy * xz) * x * z)
    square += 2 * (xz * yz - zz * xy) * x * y
    return np.sqrt(np.maximum(square, np.float32(0.01)))


def normals(
    head: Head, vertices: Float32[np.ndarray, "vertices 3"]
) -> Float32[np.ndarray, "vertices 3"]:
    """Unit normals of the skin in any pose, weighed by neutral area; 0 where there is no skin."""
    at = rest(head)
    return _normals(vertices, at.triangles, at.spread)


def _normals(vertices: np.ndarray, triangles: np.ndarray, spread: sparse.csr_array) -> np.ndarray:
    edges = _edges(vertices, triangles)
    facing = np.cross(edges[:, 0], edges[:, 1])
    facing /= np.maximum(np.linalg.norm(facing, axis=1, keepdims=True), 1e-12)
    summed = np.asarray(spread @ facing.astype(np.float32))
    return summed / np.maximum(np.linalg.norm(summed, axis=1, keepdims=True), np.float32(1e-9))
