"""Normals of triangle meshes."""

import numpy as np
from jaxtyping import Float64, Int


def face_normals(
    vertices: Float64[np.ndarray, "vertices 3"], triangles: Int[np.ndarray, "triangles 3"]
) -> Float64[np.ndarray, "triangles 3"]:
    """Normals of triangles, as long as twice their areas."""
    a, b, c = (vertices[triangles[:, corner]] for corner in range(3))
    return np.cross(b - a, c - a)


def vertex_normals(
    vertices: Float64[np.ndarray, "vertices 3"], triangles: Int[np.ndarray, "triangles 3"]
) -> Float64[np.ndarray, "vertices 3"]:
    """Unit normals of vertices, their triangles' weighted by area."""
    normals = face_normals(vertices, triangles)
    spread = np.repeat(normals, 3, axis=0)
    index = triangles.ravel()
    total = np.stack(
        [np.bincount(index, spread[:, axis], len(vertices)) for axis in range(3)], axis=1
    )
    return total / np.maximum(np.linalg.norm(total, axis=1, keepdims=True), 1e-30)
