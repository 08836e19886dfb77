"""Carrying a shape from one head to another: a smooth map of space that takes anchors to anchors.

The map is the polyharmonic spline with kernel r (Duchon 1977): it keeps affine motions exactly and
bends least between anchors. It is linear in the anchors' new places, so it is solved once and a
pose costs one sum.
"""

import numpy as np
from jaxtyping import Float, Float32, Float64


def spanned(
    weights: Float32[np.ndarray, "vertices anchors"], places: Float32[np.ndarray, "anchors 3"]
) -> Float32[np.ndarray, "vertices 3"]:
    """Positions where the anchors lie at `places`; `weights` are those of `span`."""
    # No matrix product: its order of summing depends on the machine.
    return np.einsum("va,ax->vx", weights, places).astype(np.float32)


def span(
    anchors: Float[np.ndarray, "anchors 3"], vertices: Float[np.ndarray, "vertices 3"]
) -> Float32[np.ndarray, "vertices anchors"]:
    """How much each vertex follows each anchor; a row sums to 1.

    Raises ValueError for fewer than four anchors, and for two that lie within 0.1 mm.
    """
    count = len(anchors)
    if count < 4:
        raise ValueError(f"anchors must be at least 4, got {count}")
    apart = _distance(anchors, anchors)
    if (apart + np.eye(count) < 1e-4).any():
        raise ValueError(f"anchors must lie 0.1 mm apart, got {apart[apart > 0].min()} m")
    system = np.zeros((count + 4, count + 4))
    system[:count, :count] = apart
    system[:count, count] = system[count, :count] = 1.0
    system[:count, count + 1 :] = anchors
    system[count + 1 :, :count] = anchors.T
    asked = np.concatenate(
        [_distance(vertices, anchors), np.ones((len(vertices), 1)), vertices], axis=1
    )
    # The system is symmetric: solve for what is asked, and read the anchors' share.
    return _solved(system, asked.T)[:count].T.astype(np.float32)


def _distance(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    away = a[:, None] - b[None]
    return np.sqrt((away * away).sum(axis=2))


def _solved(
    system: Float64[np.ndarray, "n n"], right: Float64[np.ndarray, "n columns"]
) -> Float64[np.ndarray, "n columns"]:
    """Gauss with row pivots: the libraries' own gives other bits with other numbers of threads."""
    left, right = system.copy(), right.copy()
    for column in range(len(left)):
        pivot = column + int(np.abs(left[column:, column]).argmax())
        for rows in (left, right):
            rows[[column, pivot]] = rows[[pivot, column]]
        factor = left[column + 1 :, column] / left[column, column]
        left[column + 1 :] -= factor[:, None] * left[column]
        right[column + 1 :] -= factor[:, None] * right[column]
    for column in range(len(left) - 1, -1, -1):
        right[column] /= left[column, column]
        right[:column] -= left[:column, column, None] * right[column]
    return right
