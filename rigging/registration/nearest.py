"""Nearest points on a triangle mesh whose normals agree: lips and lids lie close but face apart."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from jaxtyping import Bool, Float, Float64, Int
from scipy.spatial import cKDTree  # pyright: ignore[reportAttributeAccessIssue]

from rigging.normals import face_normals, vertex_normals

# Triangles are searched by samples this far apart (metres), at most so many along an edge.
SPACING, MOST = 0.01, 6
# Shy triangles are taken only where they are nearer than others by about this much, metres.
SHY = 0.0003


@dataclass(frozen=True, eq=False)
class Hits:
    """Nearest places: corners of their triangles, weights of the corners, place and normal.

    `border` is true where the place lies on an open border of the mesh.
    """

    corners: Int[np.ndarray, "points 3"]
    weights: Float64[np.ndarray, "points 3"]
    points: Float64[np.ndarray, "points 3"]
    normals: Float64[np.ndarray, "points 3"]
    border: Bool[np.ndarray, " points"]


def dot(
    a: Float[np.ndarray, "*batch 3"], b: Float[np.ndarray, "*batch 3"]
) -> Float[np.ndarray, "*batch"]:
    """Inner products along the last axis."""
    return a[..., 0] * b[..., 0] + a[..., 1] * b[..., 1] + a[..., 2] * b[..., 2]


def barycentric(
    points: Float64[np.ndarray, "*#batch 3"], corners: Float64[np.ndarray, "*#batch 3 3"]
) -> Float64[np.ndarray, "*batch 3"]:
    """Weights of the corners at the nearest point of each triangle."""
    a = corners[..., 0, :]
    ab, ac, ap = corners[..., 1, :] - a, corners[..., 2, :] - a, points - a
    bb, bc, cc = dot(ab, ab), dot(ab, ac), dot(ac, ac)
    pb, pc = dot(ap, ab), dot(ap, ac)
    area = np.maximum(bb * cc - bc * bc, 1e-30)
    v, w = (cc * pb - bc * pc) / area, (bb * pc - bc * pb) / area
    outside = (v < 0) | (w < 0) | (v + w > 1)
    bb, bc, cc, pb, pc = (each[outside] for each in (bb, bc, cc, pb, pc))
    on_ab = np.clip(pb / np.maximum(bb, 1e-30), 0, 1)
    on_ac = np.clip(pc / np.maximum(cc, 1e-30), 0, 1)
    on_bc = np.clip((pc - pb + bb - bc) / np.maximum(bb - 2 * bc + cc, 1e-30), 0, 1)
    vs = np.stack([on_ab, np.zeros_like(on_ab), 1 - on_bc])
    ws = np.stack([np.zeros_like(on_ab), on_ac, on_bc])
    # Squared distance less |ap|^2, which all three edges share.
    far = vs * vs * bb + 2 * vs * ws * bc + ws * ws * cc - 2 * (vs * pb + ws * pc)
    best = far.argmin(0)[None]
    v[outside] = np.take_along_axis(vs, best, 0)[0]
    w[outside] = np.take_along_axis(ws, best, 0)[0]
    return np.stack([np.maximum(1 - v - w, 0), v, w], axis=-1)


def border_edges(triangles: Int[np.ndarray, "triangles 3"]) -> Bool[np.ndarray, "triangles 3"]:
    """Which edges have no other triangle; edge i is the one across from corner i."""
    ends = np.sort(triangles[:, [[1, 2], [2, 0], [0, 1]]].reshape(-1, 2), axis=1).astype(np.int64)
    key = ends[:, 0] * (int(triangles.max()) + 1) + ends[:, 1]
    _, back, count = np.unique(key, return_inverse=True, return_counts=True)
    return (count[back] == 1).reshape(-1, 3)


def _samples(corners: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Points spread over triangles, and which triangle each lies in."""
    edges = np.linalg.norm(corners - np.roll(corners, 1, axis=1), axis=2)
    parts = np.clip(np.ceil(edges.max(1) / SPACING), 1, MOST).astype(int)
    points, owners = [], []
    for count in np.unique(parts):
        here = np.flatnonzero(parts == count)
        i, j = (each.ravel() for each in np.mgrid[:count, :count])
        weights = (np.stack([i, j, count - 1 - i - j], axis=1) + 1 / 3) / count
        weights = weights[i + j < count]
        points.append(np.einsum("wc,tcx->twx", weights, corners[here]).reshape(-1, 3))
        owners.append(np.repeat(here, len(weights)))
    return np.concatenate(points), np.concatenate(owners)


@dataclass(frozen=True, eq=False)
class Surface:
    """Triangles to be searched.

    `turn` metres of distance are worth a normal's change by 1; changes up to `slack` cost nothing
    in the final choice. `shy` triangles are the second choice (`SHY`).
    """

    vertices: Float64[np.ndarray, "vertices 3"]
    triangles: Int[np.ndarray, "triangles 3"]
    turn: float
    slack: float = 0.0
    shy: Bool[np.ndarray, " triangles"] | None = None

    @cached_property
    def normals(self) -> Float64[np.ndarray, "vertices 3"]:
        """Unit normals of the vertices."""
        return vertex_normals(self.vertices, self.triangles)

    @cached_property
    def border(self) -> Bool[np.ndarray, "triangles 3"]:
        """As `border_edges`."""
        return border_edges(self.triangles)

    @cached_property
    def _tree(self) -> tuple[cKDTree, np.ndarray]:
        points, owners = _samples(self.vertices[self.triangles])
        normals = face_normals(self.vertices, self.triangles)
        normals /= np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-30)
        places = np.concatenate([points, self.turn * normals[owners]], axis=1)
        return cKDTree(places, balanced_tree=False, compact_nodes=False), owners

    def candidates(
        self,
        points: Float[np.ndarray, "points 3"],
        normals: Float[np.ndarray, "points 3"],
        count: int,
    ) -> Int[np.ndarray, "points count"]:
        """Triangles that may hold the nearest place in position and normal."""
        tree, owners = self._tree
        return owners[tree.query(np.concatenate([points, self.turn * normals], axis=1), k=count)[1]]

    def choose(
        self,
        points: Float[np.ndarray, "points 3"],
        normals: Float[np.ndarray, "points 3"],
        faces: Int[np.ndarray, "points count"],
    ) -> Hits:
        """The nearest places on some triangles."""
        corners = self.triangles[faces]
        places, facing = self.vertices[corners], self.normals[corners]
        weights = barycentric(points[:, None], places)
        away = points[:, None] - _mixed(weights, places)
        bent = normals[:, None] - _mixed(weights, facing)
        bent = np.maximum(np.sqrt(dot(bent, bent)) - self.slack, 0.0)
        cost = dot(away, away) + (self.turn * bent) ** 2
        if self.shy is not None:
            cost += SHY**2 * self.shy[faces]
        best = (np.arange(len(points)), cost.argmin(1))
        face, weight = faces[best], weights[best]
        normal = _mixed(weight, facing[best])
        normal /= np.maximum(np.sqrt(dot(normal, normal)), 1e-30)[:, None]
        border = np.any((weight < 1e-9) & self.border[face], axis=1)
        return Hits(self.triangles[face], weight, points - away[best], normal, border)

    def nearest(
        self,
        points: Float[np.ndarray, "points 3"],
        normals: Float[np.ndarray, "points 3"],
        count: int = 5,
    ) -> Hits:
        """The places nearest to points in position and normal."""
        return self.choose(points, normals, self.candidates(points, normals, count))


def _mixed(weights: np.ndarray, corners: np.ndarray) -> np.ndarray:
    """Corners mixed by weights, along the axis before the last."""
    return (weights[..., None, :] @ corners)[..., 0, :]
