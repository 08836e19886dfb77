"""Hair of the pack on one person's head: it takes the shape of the scalp and stays with the skull.

Each vertex goes with a smooth average of the calm skin near it (what no facial action moves: scalp,
nape, chest), so that a cap of cards neither folds nor tears where two heads differ; then it is kept
out of the skin. In an expression it hangs on the frame of one calm triangle.
"""

from dataclasses import dataclass
from functools import cache

import numpy as np
from jaxtyping import Bool, Float, Float32, Int32
from scipy import sparse
from scipy.spatial import KDTree

from assets import hairline
from assets.classes import CLASSES
from assets.head import Head, HeadModel
from generator import anchors
from generator.hair.cards import Cards
from generator.makehuman.piece import Piece
from render.mesh import Points, vertex_normals

# Metres that facial actions may move calm skin.
CALM = 0.0003
# Skin that a vertex goes with: how many vertices, and how far their weight reaches at its roots
# and for each metre that it stands off.
NEAREST, REACH, SPREAD = 40, 0.012, 0.5
# How far hair stays off skin, and off what clothes cover; below this height lies the chest.
CLEAR, CLEAR_CLOTHES, CHEST = 0.0015, 0.012, -0.135


@dataclass(frozen=True, eq=False)
class Hanging:
    """A piece bound to the refined skin: `weights` average skin for each of its vertices, `rest`
    is what it stands off that average on the mean head, `triangle` what it hangs on when posed."""

    weights: sparse.csr_array
    rest: Float32[np.ndarray, "vertices 3"]
    triangle: Int32[np.ndarray, " vertices"]


@cache
def calm_vertices(model: HeadModel) -> Bool[np.ndarray, " vertices"]:
    """Which vertices of the refined skin no facial action moves, ears and nose apart."""
    mean, refined = anchors.mean_head(model), anchors.refinement(model.topology)
    # Actions of the eyes move the origin, which lies between them, and with it all else.
    fields = [field for name, field in model.actions.items() if not name.startswith("eye")]
    motion = np.max([np.square(field).sum(axis=1) for field in fields], axis=0)
    places = refined.apply(mean.vertices)
    moved = np.sqrt(refined.apply(np.repeat(motion[:, None], 3, axis=1).astype(np.float32))[:, 0])
    on_skin = np.zeros(len(places), bool)
    on_skin[np.unique(refined.triangles[_skin_triangles(model)])] = True
    face = (places[:, 2] > -0.03) & (places[:, 1] < 0.03) & (places[:, 1] > -0.10)
    ear = np.zeros(len(places), bool)
    row, column = ((1 - refined.uv[:, 1]) * 1024).astype(int), (refined.uv[:, 0] * 1024).astype(int)
    classes = model.topology.mask[row.clip(0, 1023), column.clip(0, 1023)]
    corner_is_ear = classes[refined.uv_triangles] == CLASSES["ear"]
    ear[refined.triangles[corner_is_ear]] = True
    return on_skin & ~face & ~ear & (moved < CALM)


@cache
def _skin_triangles(model: HeadModel) -> Bool[np.ndarray, " triangles"]:
    """Which refined triangles are skin of head, neck or chest: not teeth, tongue or eye sockets."""
    refined = anchors.refinement(model.topology)
    part = np.asarray(model.topology.part != 0, np.float32)
    off = refined.apply(np.repeat(part[:, None], 3, axis=1))[:, 0]
    return off[refined.triangles].max(axis=1) < 1e-6


def fit(model: HeadModel, piece: Piece) -> Hanging:
    """Bind a piece to the skin of a head model."""
    mean, refined = anchors.mean_head(model), anchors.refinement(model.topology)
    places = refined.apply(mean.vertices)
    calm = np.flatnonzero(calm_vertices(model))
    distance, near = map(np.asarray, KDTree(places[calm]).query(piece.vertices, NEAREST))
    width = REACH + SPREAD * distance[:, :1]
    weight = np.exp(-(distance**2 - distance[:, :1] ** 2) / (2 * width**2))
    weight /= weight.sum(axis=1, keepdims=True)
    shape = (len(piece.vertices), len(places))
    rows = np.repeat(np.arange(len(near)), NEAREST)
    table = sparse.csr_array((weight.ravel().astype(np.float32), (rows, calm[near].ravel())), shape)
    whole = calm_vertices(model)[refined.triangles].all(axis=1)
    triangles = np.flatnonzero(whole & _skin_triangles(model))
    middles = places[refined.triangles[triangles]].mean(axis=1)
    nearest = np.asarray(KDTree(middles).query(piece.vertices)[1])
    rest = (piece.vertices - table @ places).astype(np.float32)
    return Hanging(table, rest, triangles[nearest].astype(np.int32))


def _kept_out(
    placed: Float[np.ndarray, "vertices 3"],
    skin: Float32[np.ndarray, "skin 3"],
    triangles: Int32[np.ndarray, "triangles 3"],
) -> Float[np.ndarray, "vertices 3"]:
    """Push what lies in the skin, or would lie under clothes, out along the skin's normals."""
    normals = vertex_normals(skin, triangles)
    used = np.unique(triangles)
    distance, nearest = map(np.asarray, KDTree(skin[used]).query(placed))
    nearest = used[nearest]
    height = ((placed - skin[nearest]) * normals[nearest]).sum(axis=1)
    clear = np.where(skin[nearest, 1] < CHEST, CLEAR_CLOTHES, CLEAR)
    push = np.where(distance < 0.05, np.maximum(clear - height, 0.0), 0.0)
    return placed + push[:, None] * normals[nearest]


def _facing(
    piece: Piece, placed: Float[np.ndarray, "vertices 3"], scale: float
) -> Float[np.ndarray, "vertices 3"]:
    """Unit normals of a piece, over seams of its picture too, turned away from the skull."""
    faces = piece.quads[:, [0, 1, 2, 0, 2, 3]].reshape(-1, 3)
    joined = np.zeros((piece.joined.max() + 1, 3), np.float32)
    joined[piece.joined] = placed
    normals = vertex_normals(joined, piece.joined[faces].astype(np.int32))[piece.joined]
    out = placed - hairline.SKULL * scale
    out[:, 1] *= 0.3
    out /= np.linalg.norm(out, axis=1, keepdims=True)
    normals = normals * np.where((normals * out).sum(axis=1) < 0, -1.0, 1.0)[:, None]
    # Cards that stand on edge are lit with the head they stand on.
    normals = normals + 0.5 * out
    return normals / np.linalg.norm(normals, axis=1, keepdims=True)


def wear(
    model: HeadModel, head: Head, piece: Piece, hanging: Hanging, scale: float
) -> tuple[Points, Float[np.ndarray, "vertices 3"], Float[np.ndarray, "vertices 3"]]:
    """Anchors, places and normals of a piece on one person's neutral head."""
    refined = anchors.refinement(model.topology)
    skin = refined.apply(head.vertices)
    placed = hanging.weights @ skin + np.float32(scale) * hanging.rest
    placed = _kept_out(placed, skin, refined.triangles[_skin_triangles(model)])
    third = np.full((len(hanging.triangle), 3), 1 / 3, np.float32)
    return Points(hanging.triangle, third), placed, _facing(piece, placed, scale)


def hair(
    model: HeadModel, head: Head, piece: Piece, hanging: Hanging, uv: Float32[np.ndarray, "v 2"],
    scale: float,
) -> Cards:  # fmt: skip
    """Cards of a hair style on one person; `uv` are places in the atlas, `scale` as in `Body`."""
    refined = anchors.refinement(model.topology)
    points, placed, facing = wear(model, head, piece, hanging, scale)
    frames = anchors.frames(points, refined.apply(head.vertices), refined.triangles)
    own = np.arange(len(placed), dtype=np.int32)
    return Cards(
        points,
        own,
        frames.local(own, (placed - frames.origin) / scale),
        frames.local(own, facing),
        uv,
        piece.quads[:, [0, 1, 2, 0, 2, 3]].reshape(-1, 3),
    )
