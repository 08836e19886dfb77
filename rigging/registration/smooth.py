"""How values spread over the head model's control mesh where nothing else says what they are.

Teeth, tongue and the centres of the eyes are pieces of their own: links to the skin nearest on the
mean head make them follow it.
"""

from collections.abc import Callable
from functools import cache

import numpy as np
from jaxtyping import Float64, Int
from scipy import sparse
from scipy.spatial import cKDTree  # pyright: ignore[reportAttributeAccessIssue]

from assets import head as head_models
from assets.head import SKIN
from rigging.cholesky import Solver
from rigging.normals import face_normals
from rigging.registration import shapes

# Links from a vertex of another piece to the skin near it, and their stiffness.
LINKS, STIFF = 6, 0.3


def areas(
    vertices: Float64[np.ndarray, "vertices 3"], triangles: Int[np.ndarray, "triangles 3"]
) -> Float64[np.ndarray, " vertices"]:
    """A third of the triangles round each vertex, square metres."""
    size = np.linalg.norm(face_normals(vertices, triangles), axis=1) / 6
    return np.bincount(triangles.ravel(), np.repeat(size, 3), len(vertices))


def _cotangents(vertices: np.ndarray, triangles: np.ndarray) -> sparse.csr_array:
    """Weights of edges; obtuse angles count as right ones, so that none is below 0."""
    count = len(vertices)
    total = sparse.csr_array((count, count))
    for corner in range(3):
        a, b, c = (triangles[:, (corner + step) % 3] for step in range(3))
        ab, ac = vertices[b] - vertices[a], vertices[c] - vertices[a]
        sine = np.linalg.norm(np.cross(ab, ac), axis=1)
        weight = np.clip((ab * ac).sum(1) / np.maximum(sine, 1e-12), 0.05, 10.0) / 2
        total = total + sparse.csr_array((weight, (b, c)), shape=(count, count))
    return total + total.T


@cache
def laplacian() -> tuple[sparse.csr_array, Float64[np.ndarray, " vertices"]]:
    """Positive Laplacian of the mean head with its links, and the areas of vertices."""
    topology, mean = head_models.load().topology, shapes.load().mean
    weights = _cotangents(mean, topology.triangles)
    skin, other = np.flatnonzero(topology.part == SKIN), np.flatnonzero(topology.part != SKIN)
    _, near = cKDTree(mean[skin]).query(mean[other], k=LINKS)
    ends = np.repeat(other, LINKS), skin[near.ravel()]
    links = sparse.csr_array((np.full(len(ends[0]), STIFF), ends), shape=weights.shape)
    weights = weights + links + links.T
    size = areas(mean, topology.triangles)
    return (
        sparse.csr_array(sparse.diags_array(weights.sum(axis=1)) - weights),
        np.maximum(size, 1e-6),
    )


@cache
def bending() -> sparse.csr_array:
    """Energy of a field: squares of its Laplacian over the surface, 1 / square metres."""
    matrix, size = laplacian()
    return sparse.csr_array(matrix @ sparse.diags_array(1 / size) @ matrix)


@cache
def preconditioner(length: float) -> Solver:
    """Solves a mesh that covers all of the head, places held, detail below `length` smoothed."""
    size = laplacian()[1]
    return Solver(sparse.diags_array(0.5 * size) + length**4 * bending())


def minimise(
    apply: Callable[[np.ndarray], np.ndarray],
    right: Float64[np.ndarray, "controls 3"],
    start: Float64[np.ndarray, "controls 3"],
    length: float,
    steps: int,
) -> Float64[np.ndarray, "controls 3"]:
    """Solve `apply(x) = right` from `start` by conjugate gradients."""
    solver, out = preconditioner(length), start.copy()
    left = right - apply(out)
    better = solver(left)
    along, size = better, float((left * better).sum())
    for _ in range(steps):
        applied = apply(along)
        far = size / max(float((along * applied).sum()), 1e-300)
        out += far * along
        left = left - far * applied
        better = solver(left)
        before, size = size, float((left * better).sum())
        along = better + size / max(before, 1e-300) * along
    return out
