"""One level of Catmull–Clark subdivision as a sparse matrix, so that a pose costs one product.

Catmull & Clark 1978; borders and creases follow the curve rule of Hoppe et al. 1994. Texture
coordinates are divided linearly, so that charts keep their borders.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from jaxtyping import Float32, Int32
from scipy import sparse

from render.mesh import Points


@dataclass(frozen=True, eq=False)
class Refinement:
    """What refining a control mesh of quads gives.

    `matrix` takes control vertices to refined ones: first the control vertices themselves (those
    that no quad uses unchanged), then a point an edge, then one a face. `corner` names, for each
    corner of a control quad, its refined quad.
    """

    matrix: sparse.csr_array
    quads: Int32[np.ndarray, "quads 4"]
    triangles: Int32[np.ndarray, "triangles 3"]
    uv: Float32[np.ndarray, "corners 2"]
    uv_quads: Int32[np.ndarray, "quads 4"]
    uv_triangles: Int32[np.ndarray, "triangles 3"]
    control: Int32[np.ndarray, "controls 4"]
    corner: Int32[np.ndarray, "controls 4"]

    def apply(
        self, values: Float32[np.ndarray, "controls axes"]
    ) -> Float32[np.ndarray, "vertices axes"]:
        """Refine positions, or anything else that lives on the control vertices."""
        return self.matrix @ values

    @cached_property
    def _halved(self) -> dict[frozenset[int], int]:
        """The control quad that a triangle of its corners is half of."""
        place = {}
        for quad, corners in enumerate(self.control.tolist()):
            if len(set(corners)) == 4:
                for left_out in range(4):
                    place[frozenset(corners[:left_out] + corners[left_out + 1 :])] = quad
        return place

    def carry(
        self, triangles: Int32[np.ndarray, "points 3"], barycentric: Float32[np.ndarray, "points 3"]
    ) -> Points:
        """Carry points on control triangles, halves of control quads, to the refined triangles.

        Raises where a triangle is no half of a four-cornered quad.
        """
        found, weights = [], []
        for triangle, weight in zip(triangles.tolist(), barycentric, strict=True):
            quad = self._halved.get(frozenset(triangle))
            if quad is None:
                raise ValueError(f"triangle must be half of a control quad, got {triangle}")
            at = [self.control[quad].tolist().index(vertex) for vertex in triangle]
            s, t = (np.array([(0, 0), (1, 0), (1, 1), (0, 1)])[at] * weight[:, None]).sum(axis=0)
            corner, half, local = _in_refined_quad(float(s), float(t))
            found.append(2 * self.corner[quad, corner] + half)
            weights.append(local)
        return Points(np.array(found, np.int32), np.array(weights, np.float32).reshape(-1, 3))


def _in_refined_quad(s: float, t: float) -> tuple[int, int, tuple[float, float, float]]:
    """Find corner, triangle and weights of the place (s, t) in a unit quad."""
    match (s > 0.5, t > 0.5):
        case (False, False):
            corner, x, y = 0, 2 * s, 2 * t
        case (True, False):
            corner, x, y = 1, 2 * t, 2 - 2 * s
        case (True, True):
            corner, x, y = 2, 2 - 2 * s, 2 - 2 * t
        case _:
            corner, x, y = 3, 2 - 2 * t, 2 * s
    if x >= y:
        return corner, 0, (1 - x, x - y, y)
    return corner, 1, (1 - y, x, y - x)


@dataclass(frozen=True, eq=False)
class _Corners:
    """The corners of all faces in a row: face, vertex, and the edge from it to the next one.

    A quad that names a vertex twice in a row is a triangle and has three corners.
    """

    face: np.ndarray
    place: np.ndarray
    slot: np.ndarray  # the corner's place among the four of its quad
    before: np.ndarray  # row of the corner before it in the face
    after: np.ndarray
    edge: np.ndarray
    edges: np.ndarray  # [edges, 2], the smaller vertex first


def _corners(quads: np.ndarray, shape: np.ndarray) -> _Corners:
    """List the corners; `shape` are the quads that say which corners stand apart."""
    real = shape != np.roll(shape, 1, axis=1)
    face, slot = np.nonzero(real)
    place = quads[face, slot]
    row = np.full(real.shape, -1)
    row[face, slot] = np.arange(len(face))
    after, before = np.empty_like(face), np.empty_like(face)
    for step, out in ((1, after), (-1, before)):
        nearby = (slot + step) % 4
        nearby = np.where(row[face, nearby] < 0, (nearby + step) % 4, nearby)
        out[:] = row[face, nearby]
    ends = np.sort(np.stack([place, place[after]], axis=1), axis=1)
    edges, edge = np.unique(ends, axis=0, return_inverse=True)
    return _Corners(face, place, slot, before, after, edge.reshape(-1), edges)


def _table(rows: np.ndarray, columns: np.ndarray, shape: tuple[int, int]) -> sparse.csr_array:
    """Give a matrix that adds up: one for each pair of row and column."""
    return sparse.csr_array((np.ones(len(rows)), (rows, columns)), shape=shape)


def _divide(rows: np.ndarray) -> sparse.dia_array:
    """Give the diagonal matrix of 1 / rows, 0 where a row is 0."""
    return sparse.diags_array(np.divide(1.0, rows, out=np.zeros(len(rows)), where=rows > 0))


def _positions(corners: _Corners, faces: int, vertices: int, sharp: np.ndarray) -> sparse.csr_array:
    """Give the matrix of refined positions; `sharp` marks the edges that follow the curve rule."""
    edges = len(corners.edges)
    of_face = _table(corners.face, corners.place, (faces, vertices))
    centre = _divide(of_face.sum(axis=1)) @ of_face
    ends = np.repeat(np.arange(edges), 2)
    of_edge = _table(ends, corners.edges.ravel(), (edges, vertices))
    middle = 0.5 * of_edge
    beside = _table(corners.edge, corners.face, (edges, faces))
    smooth = 0.25 * (of_edge + beside @ centre)
    keep = sparse.diags_array(sharp.astype(float))
    edge_point = keep @ middle + (sparse.eye_array(edges) - keep) @ smooth

    valence = of_edge.sum(axis=0)
    inverse = _divide(valence)
    round_faces = _table(corners.place, corners.face, (vertices, faces))
    own = sparse.diags_array(
        np.divide(valence - 3, valence, out=np.ones(vertices), where=valence > 0)
    )
    mean_face = _divide(round_faces.sum(axis=1)) @ round_faces @ centre
    inner = own + inverse @ mean_face + 2 * inverse @ inverse @ of_edge.T @ middle

    sharp_ends = of_edge.T @ keep
    creases = sharp_ends.sum(axis=1)
    curve = 0.5 * sparse.eye_array(vertices) + 0.25 * sharp_ends @ middle
    rules = (
        (valence > 0) & (creases < 2),
        creases == 2,
        (creases > 2) | (valence == 0),
    )
    point = sum(
        sparse.diags_array(rule.astype(float)) @ matrix
        for rule, matrix in zip(rules, (inner, curve, sparse.eye_array(vertices)), strict=True)
    )
    whole = sparse.csr_array(sparse.vstack([point, edge_point, centre]).astype(np.float32))
    whole.eliminate_zeros()
    whole.sort_indices()
    return whole


def _refined_quads(corners: _Corners, faces: int, vertices: int) -> np.ndarray:
    """Give a quad a corner: the corner, the edge after it, the face, the edge before it."""
    after = vertices + corners.edge
    before = after[corners.before]
    centre = vertices + len(corners.edges) + corners.face
    return np.stack([corners.place, after, centre, before], axis=1).astype(np.int32)


def split(quads: Int32[np.ndarray, "quads 4"]) -> Int32[np.ndarray, "triangles 3"]:
    """Halve quads along the diagonal from their first corner; halves stand side by side."""
    return np.ascontiguousarray(quads[:, [0, 1, 2, 0, 2, 3]].reshape(-1, 3))


def refine(
    quads: Int32[np.ndarray, "quads 4"],
    uv: Float32[np.ndarray, "controls 2"],
    uv_quads: Int32[np.ndarray, "quads 4"],
    vertices: int,
    creases: Int32[np.ndarray, "creases 2"] | None = None,
) -> Refinement:
    """Refine a control mesh once.

    `vertices` is the number of control vertices, those outside the quads included; `creases` are
    edges (pairs of vertices) that stay as sharp as borders do: lid margins, say. A quad that names
    a vertex twice in a row is a triangle. Raises where a crease is no edge.
    """
    corners = _corners(quads, quads)
    uses = np.bincount(corners.edge, minlength=len(corners.edges))
    sharp = uses != 2
    if creases is not None and len(creases):
        key = corners.edges[:, 0].astype(np.int64) * vertices + corners.edges[:, 1]
        ordered = np.sort(creases, axis=1).astype(np.int64)
        wanted = ordered[:, 0] * vertices + ordered[:, 1]
        unknown = ordered[~np.isin(wanted, key)]
        if len(unknown):
            raise ValueError(f"creases must be edges of the quads, got {unknown[0].tolist()}")
        sharp = sharp | np.isin(key, wanted)
    matrix = _positions(corners, len(quads), vertices, sharp)
    refined = _refined_quads(corners, len(quads), vertices)

    flat = _corners(uv_quads, quads)
    middle = uv[flat.edges].mean(axis=1)
    centre = np.zeros((len(quads), 2))
    np.add.at(centre, flat.face, uv[flat.place])
    centre /= np.bincount(flat.face, minlength=len(quads))[:, None]
    uv_refined = _refined_quads(flat, len(quads), len(uv))

    corner = np.full(quads.shape, -1, np.int32)
    corner[corners.face, corners.slot] = np.arange(len(corners.face))
    return Refinement(
        matrix=matrix,
        quads=refined,
        triangles=split(refined),
        uv=np.concatenate([uv, middle, centre]).astype(np.float32),
        uv_quads=uv_refined,
        uv_triangles=split(uv_refined),
        control=quads,
        corner=corner,
    )
