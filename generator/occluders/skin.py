"""The refined skin of a head, asked for the places that things are built upon.

Metres: y up, the face looks along +z, origin midway between the eyes. Things are built on the
mean adult head.
"""

from dataclasses import dataclass
from functools import cache

import numpy as np
from jaxtyping import Bool, Float, Float32, Float64, Int32
from scipy.spatial import KDTree

from assets.head import HeadModel
from generator import anchors
from render.mesh import Points, vertex_normals

NEAR = 32
"""Triangles, those with the nearest middles, among which the nearest place is looked for."""
WIDE = 0.06
"""Seen from where rays start, triangles that reach farther (radians) are tried for every ray."""


@dataclass(frozen=True, eq=False)
class Skin:
    """Refined triangles of head, neck and chest, and what finds places on them.

    `rows` numbers the triangles among all refined ones.
    """

    vertices: Float32[np.ndarray, "vertices 3"]
    normals: Float32[np.ndarray, "vertices 3"]
    triangles: Int32[np.ndarray, "triangles 3"]
    rows: Int32[np.ndarray, " skin"]
    tree: KDTree

    def nearest(self, places: Float[np.ndarray, "points 3"]) -> Points:
        """The places on the skin that lie nearest."""
        _, found = self.tree.query(places, k=NEAR)
        corners = self.vertices[self.triangles[self.rows[found]]].astype(np.float64)
        weights = _closest(corners, places[:, None])
        away = (corners * weights[..., None]).sum(axis=2) - places[:, None]
        best = (away * away).sum(axis=2).argmin(axis=1)
        each = np.arange(len(places))
        chosen = self.rows[found[each, best]].astype(np.int32)
        return Points(chosen, weights[each, best].astype(np.float32))

    def outermost(
        self, origin: Float[np.ndarray, " 3"], rays: Float[np.ndarray, "rays 3"]
    ) -> Points:
        """Where rays from a place inside leave the skin for good; ValueError where one never does.

        Rays need not be unit vectors.
        """
        points, missed = self.leaving(origin, rays, np.inf)
        if missed.any():
            raise ValueError(f"rays must leave the head through its skin, got {rays[missed][0]}")
        return points

    def leaving(
        self, origin: Float[np.ndarray, " 3"], rays: Float[np.ndarray, "rays 3"], below: float
    ) -> tuple[Points, Bool[np.ndarray, " rays"]]:
        """As `outermost`, of the skin below a height (m) alone; and which rays miss it."""
        corners = self.vertices[self.triangles[self.rows]].astype(np.float64)
        used = np.flatnonzero(corners[..., 1].max(axis=1) < below)
        corners = corners[used] - origin
        rays = _unit(np.asarray(rays, np.float64))
        middle = _unit(corners.mean(axis=1))
        away = _unit(corners) - middle[:, None]
        reach = np.sqrt((away * away).sum(axis=2)).max(axis=1)
        wide = np.flatnonzero(reach > WIDE)
        near = KDTree(middle).query_ball_point(rays, WIDE)
        found, weights = np.zeros(len(rays), np.int32), np.zeros((len(rays), 3), np.float32)
        missed = np.ones(len(rays), bool)
        for number, ray in enumerate(rays):
            tried = np.concatenate([wide, np.array(near[number], np.int64)])
            v, w, far = _met(corners[tried], ray)
            if (far > 0.0).any():
                best = int(far.argmax())
                missed[number] = False
                found[number] = self.rows[used[tried[best]]]
                weights[number] = 1 - v[best] - w[best], v[best], w[best]
        return Points(found, weights), missed

    def place(self, points: Points) -> Float64[np.ndarray, "points 3"]:
        """Where points lie."""
        return points.on(self.vertices, self.triangles).astype(np.float64)

    def out(self, points: Points) -> Float64[np.ndarray, "points 3"]:
        """Unit normals of the smooth skin there."""
        normals = points.on(self.normals, self.triangles).astype(np.float64)
        return normals / np.sqrt((normals * normals).sum(axis=1, keepdims=True))


def _unit(vectors: Float64[np.ndarray, "*n 3"]) -> Float64[np.ndarray, "*n 3"]:
    return vectors / np.maximum(np.sqrt((vectors * vectors).sum(axis=-1, keepdims=True)), 1e-12)


def _met(
    corners: Float64[np.ndarray, "triangles 3 3"], ray: Float64[np.ndarray, " 3"]
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Where a ray from 0 meets each: weights of its last two corners, and the distance or -1."""
    start = corners[:, 0]
    one, two = corners[:, 1] - start, corners[:, 2] - start
    p, q = np.cross(ray, two), np.cross(-start, one)
    scale = (one * p).sum(axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        v, w = -(start * p).sum(axis=1) / scale, (q * ray).sum(axis=1) / scale
        far = (two * q).sum(axis=1) / scale
    hit = (np.abs(scale) > 1e-16) & (v >= -1e-9) & (w >= -1e-9) & (v + w <= 1 + 1e-9)
    return v, w, np.where(hit, far, -1.0)


def _closest(
    corners: Float64[np.ndarray, "points near 3 3"], places: Float[np.ndarray, "points 1 3"]
) -> Float64[np.ndarray, "points near 3"]:
    """Weights of the nearest place in each triangle (on its plane, edges clipped one by one)."""
    one, two = corners[..., 1, :] - corners[..., 0, :], corners[..., 2, :] - corners[..., 0, :]
    to = places - corners[..., 0, :]
    aa, ab, bb = (one * one).sum(-1), (one * two).sum(-1), (two * two).sum(-1)
    ta, tb = (to * one).sum(-1), (to * two).sum(-1)
    whole = np.maximum(aa * bb - ab * ab, 1e-24)
    inside = np.stack([(bb * ta - ab * tb) / whole, (aa * tb - ab * ta) / whole], axis=-1)
    options = [inside]
    along = np.clip(ta / np.maximum(aa, 1e-24), 0, 1)
    options.append(np.stack([along, np.zeros_like(along)], axis=-1))
    along = np.clip(tb / np.maximum(bb, 1e-24), 0, 1)
    options.append(np.stack([np.zeros_like(along), along], axis=-1))
    across = two - one
    along = ((to - one) * across).sum(-1) / np.maximum((across * across).sum(-1), 1e-24)
    along = np.clip(along, 0, 1)
    options.append(np.stack([1 - along, along], axis=-1))
    tried = np.stack(options)
    away = to - tried[..., :1] * one - tried[..., 1:] * two
    cost = (away * away).sum(-1)
    outside = (inside < 0).any(-1) | (inside.sum(-1) > 1)
    cost[0] = np.where(outside, np.inf, cost[0])
    best = np.take_along_axis(tried, cost.argmin(axis=0)[None, ..., None], axis=0)[0]
    return np.concatenate([1 - best.sum(-1, keepdims=True), best], axis=-1)


@cache
def _rows(model: HeadModel) -> Int32[np.ndarray, " skin"]:
    """Refined triangles of head, neck and chest."""
    part = model.topology.part
    skin = np.unique(model.topology.quads[part[model.topology.quads[:, 0]] == 0])
    own = np.zeros(len(anchors.refinement(model.topology).matrix.indptr) - 1, bool)
    own[skin] = True
    # A refined quad begins at one control vertex.
    refined = anchors.refinement(model.topology).triangles
    return np.flatnonzero(own[refined].any(axis=1)).astype(np.int32)


def skin_of(model: HeadModel, vertices: Float32[np.ndarray, "controls 3"]) -> Skin:
    """The refined skin of any head of a model, from its control vertices."""
    refined, rows = anchors.refinement(model.topology), _rows(model)
    placed = refined.apply(vertices)
    middles = placed[refined.triangles[rows]].mean(axis=1)
    normals = vertex_normals(placed, refined.triangles)
    return Skin(placed, normals, refined.triangles, rows, KDTree(middles))


@cache
def mean_skin(model: HeadModel) -> Skin:
    """The skin of the mean head of a model, made once a process."""
    return skin_of(model, anchors.mean_head(model).vertices)
