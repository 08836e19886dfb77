"""What a mesh consists of: doubled vertices made one, pieces that hang together, what each is.

Exporters double vertices along seams, some formats at every corner. Only vertices on open borders
are made one, so that lips which touch stay two lips. Every vertex of the mesh gets an answer:
`same` names the vertex that stands for it.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Float64, Int, Int32
from scipy import sparse
from scipy.sparse.csgraph import connected_components
from scipy.spatial import KDTree

from assets.head import LEFT_EYE, LOWER_TEETH, RIGHT_EYE, SKIN, TONGUE, UPPER_TEETH
from rigging.registration.mesh import TriangleMesh

ATTACHED = 6
"""Part of what is no piece of the head's own: lashes, brows, hair; it follows its nearest skin."""
SAME = 1e-6
"""Vertices nearer than this share of the mesh's size are one."""
LEAST = 0.05
"""A piece can be the skin if it has this share of the faces."""
# A ball's vertices lie on one sphere, but for the cornea, to this share of its radius.
ROUND, CORNEA = 0.04, 0.25
# Eyeballs on a standing head: how far from where they are expected, and their radii, metres.
NEAR_EYES, BALLS = 0.015, (0.006, 0.020)
NEAR_MOUTH = 0.008


@dataclass(frozen=True, eq=False)
class Pieces:
    """A mesh whose doubled vertices are one.

    `same` names, for every vertex, the one that stands for it, itself as a rule. `triangles` have
    only such corners, three different ones. `piece` numbers what hangs together, largest (by faces)
    first; -1 marks vertices that no triangle uses.
    """

    mesh: TriangleMesh
    same: Int32[np.ndarray, " vertices"]
    triangles: Int32[np.ndarray, "triangles 3"]
    piece: Int32[np.ndarray, " vertices"]

    @property
    def count(self) -> int:
        """How many pieces there are."""
        return int(self.piece.max()) + 1

    def faces(self, piece: int) -> Int32[np.ndarray, "faces 3"]:
        """The triangles of one piece."""
        return self.triangles[self.piece[self.triangles[:, 0]] == piece]

    def vertices(self, piece: int) -> Int[np.ndarray, " vertices"]:
        """Numbers of the vertices of one piece that stand for themselves."""
        own = np.arange(len(self.same)) == self.same
        return np.flatnonzero((self.piece == piece) & own)


def split(mesh: TriangleMesh) -> Pieces:
    """Make doubled vertices one and find the pieces; ValueError where every face is degenerate."""
    same = _same(mesh)
    triangles = same[mesh.triangles]
    a, b, c = triangles.T
    triangles = triangles[(a != b) & (b != c) & (c != a)]
    if len(triangles) == 0:
        got = f"{len(mesh.triangles)} that are all degenerate"
        raise ValueError(f"{mesh.name}: mesh must have faces with an area, got {got}")
    count = len(same)
    ones = np.ones(2 * len(triangles), np.int8)
    ends = (triangles[:, :2].ravel("F"), triangles[:, 1:].ravel("F"))
    _, label = connected_components(sparse.coo_array((ones, ends), shape=(count, count)), False)
    faces = np.bincount(label[triangles[:, 0]], minlength=label.max() + 1)
    rank = np.empty(len(faces), np.int32)
    rank[np.argsort(-faces, kind="stable")] = np.arange(len(faces))
    piece = np.where(faces[label] > 0, rank[label], -1)[same].astype(np.int32)
    return Pieces(mesh, same, triangles, piece)


def _same(mesh: TriangleMesh) -> np.ndarray:
    """For every vertex the lowest number of those at its place, on borders only."""
    border = on_border(mesh.triangles, len(mesh.vertices))
    rim = np.flatnonzero(border)
    out = np.arange(len(mesh.vertices), dtype=np.int32)
    if len(rim) == 0:
        return out
    used = mesh.vertices[np.unique(mesh.triangles)]
    size = float(np.linalg.norm(np.ptp(used, axis=0)))
    # Of many at one place every two would be a pair.
    places, place = np.unique(mesh.vertices[rim] - used.mean(0), axis=0, return_inverse=True)
    pairs = KDTree(places).query_pairs(SAME * size, output_type="ndarray")
    count = len(places)
    graph = sparse.coo_array((np.ones(len(pairs), np.int8), pairs.T), shape=(count, count))
    groups, label = connected_components(graph, directed=False)
    label = label[place.ravel()]
    first = np.full(groups, len(out), np.int32)
    np.minimum.at(first, label, rim.astype(np.int32))
    out[rim] = first[label]
    return out


def on_border(
    triangles: Int32[np.ndarray, "triangles 3"], count: int
) -> Bool[np.ndarray, " vertices"]:
    """Vertices of edges that only one triangle has."""
    edges = np.sort(triangles[:, [0, 1, 1, 2, 2, 0]].reshape(-1, 2), axis=1).astype(np.int64)
    keys, times = np.unique(edges[:, 0] * count + edges[:, 1], return_counts=True)
    once = keys[times == 1]
    out = np.zeros(count, bool)
    out[once // count] = out[once % count] = True
    return out


@dataclass(frozen=True, eq=False)
class Ball:
    """A sphere through a piece's vertices; `spread` is how far they lie off it, in radii."""

    centre: Float64[np.ndarray, "3"]
    radius: float
    spread: float


def ball(points: Float[np.ndarray, "points 3"]) -> Ball | None:
    """The sphere through most points, bulges such as a cornea left out; None for fewer than 8."""
    if len(points) < 8:
        return None
    middle, size = points.mean(0), float(np.linalg.norm(np.ptp(points, axis=0))) or 1.0
    scaled = (points - middle) / size
    kept = np.ones(len(points), bool)
    centre, radius, off = _sphere(scaled, kept)
    for _ in range(2):
        kept = off <= np.quantile(off, 1 - CORNEA)
        centre, radius, off = _sphere(scaled, kept)
    kept = off <= np.quantile(off, 1 - CORNEA)
    spread = float(np.sqrt((off[kept] ** 2).mean()))
    return Ball(middle + size * centre, radius * size, spread)


def _sphere(points: np.ndarray, kept: np.ndarray) -> tuple[np.ndarray, float, np.ndarray]:
    """Centre and radius of the sphere nearest to some points, and how far all lie off it."""
    rows = np.concatenate([2 * points[kept], np.ones((kept.sum(), 1))], axis=1)
    solved = np.linalg.lstsq(rows, (points[kept] ** 2).sum(1), rcond=None)[0]
    centre = solved[:3]
    radius = float(np.sqrt(max(solved[3] + centre @ centre, 1e-12)))
    return centre, radius, np.abs(np.linalg.norm(points - centre, axis=1) / radius - 1)


@dataclass(frozen=True, eq=False)
class Expected:
    """Where the parts of a head are on a standing mesh: centres of eyes, points of inner parts."""

    eyes: Float64[np.ndarray, "2 3"]
    inner: tuple[Float64[np.ndarray, "_ 3"], ...]


INNER = (UPPER_TEETH, LOWER_TEETH, TONGUE)


def named(
    pieces: Pieces, skin: int, standing: Float64[np.ndarray, "vertices 3"], expected: Expected
) -> tuple[Int32[np.ndarray, " vertices"], tuple[Ball, Ball] | None]:
    """Part of every vertex, and the eyeballs (left, right) where there are both.

    `standing` are the vertices in a head's place, metres. Raises ValueError for one eyeball alone.
    """
    of_piece = np.full(pieces.count, ATTACHED, np.int32)
    of_piece[skin] = SKIN
    found: dict[int, tuple[int, Ball]] = {}
    for piece in range(pieces.count):
        points = standing[pieces.vertices(piece)]
        if piece == skin or len(points) < 8:
            continue
        sphere = ball(points)
        side = None if sphere is None else _eye(sphere, expected.eyes)
        if sphere is not None and side is not None:
            of_piece[piece] = (LEFT_EYE, RIGHT_EYE)[side]
            if side not in found or len(points) > found[side][0]:
                found[side] = (len(points), sphere)
        elif (inner := _inner(points, expected.inner)) is not None:
            of_piece[piece] = inner
    _order(pieces, standing, of_piece)
    if len(found) == 1:
        side = "left" if 0 in found else "right"
        rule = "two or none, each a piece of its own"
        raise ValueError(f"{pieces.mesh.name}: eyeballs must be {rule}, got the {side} one alone")
    balls = (found[0][1], found[1][1]) if found else None
    if balls is not None:
        _swallow(pieces, skin, standing, balls, of_piece)
    part = np.where(pieces.piece < 0, ATTACHED, of_piece[np.maximum(pieces.piece, 0)])
    return part.astype(np.int32), balls


def _eye(sphere: Ball, eyes: np.ndarray) -> int | None:
    """Whose eyeball a sphere is: 0 left, 1 right, None of neither."""
    if sphere.spread > ROUND or not BALLS[0] <= sphere.radius <= BALLS[1]:
        return None
    away = np.linalg.norm(eyes - sphere.centre, axis=1)
    return int(away.argmin()) if away.min() < NEAR_EYES else None


def _inner(points: np.ndarray, known: tuple[np.ndarray, ...]) -> int | None:
    """Which of teeth and tongue a piece is most like, both ways round; None where it is far."""
    sample = points[:: max(1, len(points) // 200)]
    tree = KDTree(sample)
    away = [
        float(KDTree(part).query(sample)[0].mean() + tree.query(part)[0].mean()) / 2
        for part in known
    ]
    best = int(np.argmin(away))
    return INNER[best] if away[best] < NEAR_MOUTH else None


def _order(pieces: Pieces, standing: np.ndarray, of_piece: np.ndarray) -> None:
    """Of several pieces of teeth the higher ones are the upper teeth."""
    teeth = np.flatnonzero((of_piece == UPPER_TEETH) | (of_piece == LOWER_TEETH))
    if len(teeth) < 2:
        return
    height = np.array([standing[pieces.vertices(int(piece)), 1].mean() for piece in teeth])
    upper = height > 0.5 * (height.min() + height.max())
    of_piece[teeth] = np.where(upper, UPPER_TEETH, LOWER_TEETH)


def _swallow(
    pieces: Pieces, skin: int, standing: np.ndarray, balls: tuple[Ball, Ball], of_piece: np.ndarray
) -> None:
    """What lies within an eyeball or closely on it (iris, lens, cornea) turns with it."""
    for piece in range(pieces.count):
        if piece == skin or of_piece[piece] != ATTACHED:
            continue
        points = standing[pieces.vertices(piece)]
        for part, sphere in zip((LEFT_EYE, RIGHT_EYE), balls, strict=True):
            away = np.linalg.norm(points - sphere.centre, axis=1)
            if away.max() < 1.12 * sphere.radius:
                of_piece[piece] = part
