"""Brows and lashes of the pack: brows lie on the skin, lashes stand on the margins of the lids."""

import numpy as np
from jaxtyping import Float, Float32, Int32
from scipy.spatial import KDTree

from assets.eyes import RIM
from assets.head import HeadModel
from generator import anchors
from generator.hair.brows import SPINE
from generator.hair.cards import Cards
from generator.makehuman.piece import Piece
from render.mesh import Points

# How far brows lie over the skin, metres.
LIFT = 0.0006
# Where the pack's brows begin and end beside the middle of the face, metres; and how far, of the
# way to the middle line of our own brows, each is moved.
EXTENT, STRAIGHTENED = (0.009, 0.061), 0.8
# Parts that a quad of a brow is cut into along each side: the skin bends within one.
PARTS = 3
# What an edge of a lash must fall towards the lid, a metre, to lead to its root.
STEEP = 0.35
# Anchors on each edge of the margin, which is some 2 mm long.
ON_EDGE = 6


def cut(
    quads: Int32[np.ndarray, "quads 4"], values: Float[np.ndarray, "vertices axes"], parts: int
) -> tuple[Int32[np.ndarray, "smaller 4"], Float[np.ndarray, "corners axes"]]:
    """Cut quads into `parts` squared each; values of the corners are interpolated.

    Corners are not shared between the quads that are given.
    """
    step = np.linspace(0, 1, parts + 1)
    s, t = np.meshgrid(step, step)
    weights = np.stack([(1 - s) * (1 - t), s * (1 - t), s * t, (1 - s) * t], axis=-1).reshape(-1, 4)
    corners = np.einsum("pk,qka->qpa", weights, values[quads])
    row = np.arange(parts)
    first = (row[:, None] * (parts + 1) + row[None]).reshape(-1)
    small = np.stack([first, first + 1, first + parts + 2, first + parts + 1], axis=1)
    number = np.arange(len(quads))[:, None, None] * len(weights) + small
    return number.reshape(-1, 4).astype(np.int32), corners.reshape(-1, values.shape[1])


def _at_rest(
    places: Float[np.ndarray, "points 2"], cover: Float[np.ndarray, " points"]
) -> Float[np.ndarray, "points 2"]:
    """Brows (x, y) moved to where ours lie: the pack's slope down inward, which reads as a frown.

    `cover` is alpha. Each keeps its thickness, and a share of its own arch.
    """
    side, x = np.sign(places[:, 0]), np.abs(places[:, 0])
    x = np.interp(x, EXTENT, (SPINE[0, 0], SPINE[-1, 0] + 0.003))
    near = np.exp(-(((x[:, None] - SPINE[:, 0]) / 0.004) ** 2) / 2) * cover[:, None]
    middle = (near * places[:, 1:]).sum(axis=0) / near.sum(axis=0)
    lift = np.interp(x, SPINE[:, 0], STRAIGHTENED * (SPINE[:, 1] - middle))
    return np.stack([side * x, places[:, 1] + lift], axis=1)


def brows(
    model: HeadModel,
    piece: Piece,
    uv: Float32[np.ndarray, "vertices 2"],
    alpha: Float32[np.ndarray, "height width"],
) -> Cards:
    """Brows as cards that hug the skin, as seen from the front.

    `uv` are places in the atlas, `alpha` (0-1) is that of the piece's picture.
    """
    mean = anchors.mean_head(model)
    given = np.concatenate([piece.vertices[:, :2], piece.uv, uv], axis=1)
    quads, corners = cut(piece.quads, given, PARTS)
    row = ((1 - corners[:, 3]) * (alpha.shape[0] - 1)).astype(int)
    column = (corners[:, 2] * (alpha.shape[1] - 1)).astype(int)
    places = _at_rest(corners[:, :2], alpha[row, column].astype(np.float64) + 1e-6)
    points = mean.carried(mean.frontal(places))
    own = np.arange(len(corners), dtype=np.int32)
    up = np.zeros((len(own), 3), np.float32)
    up[:, 2] = 1.0
    faces = quads[:, [0, 1, 2, 0, 2, 3]].reshape(-1, 3)
    return Cards(points, own, np.float32(LIFT) * up, up, corners[:, 4:].astype(np.float32), faces)


def _margins(model: HeadModel) -> tuple[Points, Float32[np.ndarray, "anchors 3"]]:
    """Anchors along the outer rims of both eyes' lids, and their places on the mean head.

    All anchors of an edge lie in its triangle outside the rim, so that their frames turn as one.
    """
    mean = anchors.mean_head(model)
    faces = mean.topology.triangles
    triangles, weights = [], []
    for grid in mean.topology.lids:
        beyond = set(grid.rows[RIM + 1].tolist())
        rim = grid.rows[RIM]
        for a, b in zip(rim, np.roll(rim, -1), strict=True):
            has = np.flatnonzero((faces == a).any(axis=1) & (faces == b).any(axis=1))
            number = next(int(t) for t in has if beyond & set(faces[t].tolist()))
            corner = faces[number]
            for share in (np.arange(ON_EDGE) + 0.5) / ON_EDGE:
                triangles.append(number)
                weights.append(np.where(corner == a, 1 - share, np.where(corner == b, share, 0.0)))
    points = mean.carried(Points(np.array(triangles, np.int32), np.array(weights, np.float32)))
    refined = anchors.refinement(model.topology)
    return points, points.on(refined.apply(mean.vertices), refined.triangles)


def _roots(
    piece: Piece, distance: Float[np.ndarray, " vertices"]
) -> Int32[np.ndarray, " vertices"]:
    """The vertex of a lash that stands on the lid, for each vertex: down its edges to the margin.

    `distance` is that from the margin, metres.
    """
    edges = np.concatenate([piece.quads[:, [k, (k + 1) % 4]] for k in range(4)])
    edges = np.concatenate([edges, edges[:, ::-1]])
    away, near = edges.T
    length = np.linalg.norm(piece.vertices[away] - piece.vertices[near], axis=1)
    fall = (distance[away] - distance[near]) / np.maximum(length, 1e-9)
    # Each vertex takes its steepest edge; along the lid edges are level.
    order = np.argsort(fall, kind="stable")
    order = order[fall[order] > STEEP]
    down = np.arange(len(distance))
    down[away[order]] = near[order]
    for _ in range(16):
        down = down[down]
    return down.astype(np.int32)


def lashes(model: HeadModel, piece: Piece, uv: Float32[np.ndarray, "vertices 2"]) -> Cards:
    """Lashes as cards: a lash goes as a whole with the place on the margin that it stands on."""
    mean, refined = anchors.mean_head(model), anchors.refinement(model.topology)
    points, places = _margins(model)
    frames = anchors.frames(points, refined.apply(mean.vertices), refined.triangles)
    distance, nearest = map(np.asarray, KDTree(places).query(piece.vertices))
    root = _roots(piece, distance)
    anchor = nearest[root].astype(np.int32)
    # MakeHuman's lids lie elsewhere: bring the roots to ours.
    offset = frames.local(anchor, piece.vertices - piece.vertices[root])
    ahead = piece.vertices - mean.vertices[-2:][(piece.vertices[:, 0] < 0).astype(int)]
    ahead /= np.linalg.norm(ahead, axis=1, keepdims=True)
    faces = piece.quads[:, [0, 1, 2, 0, 2, 3]].reshape(-1, 3)
    return Cards(points, anchor, offset, frames.local(anchor, ahead), uv, faces)
