"""Other meshes of the same surface: re-meshed, decimated, and edges collapsed to an exact count."""

import numpy as np


def drop_unused(faces: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Vertices that faces use, in order, and the faces in their numbers."""
    kept, numbers = np.unique(faces, return_inverse=True)
    return kept, numbers.reshape(faces.shape)


def remeshed(
    vertices: np.ndarray, faces: np.ndarray, count: int, fixed: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Even triangles over the same surface, about `count` vertices.

    Rims and the vertices `fixed` stay.
    """
    import gpytoolbox  # pyright: ignore[reportMissingImports]

    area = 0.5 * float(np.linalg.norm(_facing(vertices, faces), axis=1).sum())
    # An even triangulation has two triangles a vertex, each sqrt(3) / 4 of a squared edge.
    edge = float(np.sqrt(area / count * 2 / np.sqrt(3)))
    places, corners = vertices.astype(np.float64), faces.astype(np.int32)

    def even(length: float) -> tuple[np.ndarray, np.ndarray]:
        return gpytoolbox.remesh_botsch(
            places, corners, 12, length, True, feature=fixed.astype(np.int32)
        )

    out, triangles = even(edge)
    for _ in range(5):
        if abs(len(out) / count - 1) < 0.005:
            break
        edge *= float(np.sqrt(len(out) / count))
        out, triangles = even(edge)
    return out, triangles.astype(np.int64)


def decimated(vertices: np.ndarray, faces: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Fewer triangles where the surface is flat, about `count` vertices."""
    import fast_simplification  # pyright: ignore[reportMissingImports]

    out, triangles, *_ = fast_simplification.simplify(
        vertices.astype(np.float64), faces.astype(np.int32), target_count=2 * count
    )
    return out.astype(np.float64), triangles.astype(np.int64)


def collapse(vertices: np.ndarray, faces: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Leave out vertices at the shortest inner edges until `count` are left.

    Returns the numbers of those that stay, and the faces in the new numbers. Only an edge between
    two inner vertices with just two common neighbours goes, and only where no face turns over.
    """
    faces = faces.copy()
    while len(np.unique(faces)) > count:
        edges = np.concatenate([faces[:, [0, 1]], faces[:, [1, 2]], faces[:, [2, 0]]])
        edges, times = np.unique(np.sort(edges, axis=1), axis=0, return_counts=True)
        rim = np.zeros(len(vertices), bool)
        rim[edges[times == 1]] = True
        length = np.linalg.norm(vertices[edges[:, 0]] - vertices[edges[:, 1]], axis=1)
        length[rim[edges].any(1)] = np.inf
        for keep, gone in edges[np.argsort(length, kind="stable")]:
            if (merged := _merge(vertices, faces, int(keep), int(gone))) is not None:
                faces = merged
                break
    return drop_unused(faces)


def _merge(vertices: np.ndarray, faces: np.ndarray, keep: int, gone: int) -> np.ndarray | None:
    """Faces with one vertex moved into another; None where that would fold or pinch the mesh."""
    around = [set(np.unique(faces[(faces == end).any(1)])) for end in (keep, gone)]
    if len(around[0] & around[1]) != 4:
        return None
    out = np.where(faces == gone, keep, faces)
    touched = (faces == gone).any(1) & ~(faces == keep).any(1)
    before, after = (_facing(vertices, part[touched]) for part in (faces, out))
    if (np.einsum("tx,tx->t", before, after) <= 0).any():
        return None
    return out[~((faces == gone).any(1) & (faces == keep).any(1))]


def _facing(vertices: np.ndarray, faces: np.ndarray) -> np.ndarray:
    a, b, c = (vertices[faces[:, k]] for k in range(3))
    return np.cross(b - a, c - a)
