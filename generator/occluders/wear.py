"""What one person wears in one view, fitted once and ready for every expression."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache

import numpy as np
from jaxtyping import Bool, Float32, Int32
from scipy import sparse
from scipy.sparse.csgraph import connected_components
from scipy.spatial import KDTree

from assets.head import Head, HeadModel
from generator import anchors
from generator.body import Body
from generator.occluders.kinds import Name
from generator.occluders.span import span, spanned
from generator.occluders.thing import Thing, on_face
from render.mesh import Mesh, Points, incidence, vertex_normals

# Places on the face that tell how far it stands out: every so many metres on the mean head.
STEP = 0.0025
FARTHEST = 0.012
"""A thing is moved by at most this much (m) to touch the face and not enter it."""
FRONTAL = 0.45
"""Cloth is pushed off the face where its normal has at least this much of z."""
EDGE_ROWS, UNDER, BUSHY = 3, 0.0015, 0.09
"""Rows of a cap's edge under which hair comes out; how far (m) below the cap it is pressed; and how
far from the cap hair may stand and still be under it."""
EDGE_BELOW, PRESSED = 0.008, 0.005
"""Hair is held down from this far (m) below the edge on, and cut where it stands out farther."""
LONG = 0.08
"""Strands that reach this far (m) below the edge are pressed under it and hang on."""


@dataclass(frozen=True, eq=False)
class Fitted:
    """A thing on one person: where vertices and anchors lie on the neutral head."""

    model: HeadModel
    thing: Thing
    neutral: Float32[np.ndarray, "vertices 3"]
    held: Float32[np.ndarray, "anchors 3"]

    def place(
        self, skin: Float32[np.ndarray, "skin 3"], triangles: Int32[np.ndarray, "triangles 3"]
    ) -> Float32[np.ndarray, "vertices 3"]:
        """World positions of all its solids, one after the other, on the refined skin `skin`."""
        thing = self.thing
        places = thing.anchors.on(skin, triangles)
        if thing.follows == "skin":
            placed = spanned(_weights(thing), places)
            if thing.sheet is None:
                return placed
            over = _lacking(self.model, thing, placed, skin, triangles)
            placed[:, 2] += _pushed(thing, placed, over).astype(np.float32)
            return placed
        placed = self.neutral
        if thing.follows == "mouth":
            moved = (places - self.held)[list(thing.held)]
            placed = placed + (moved.sum(axis=0) / np.float32(len(moved)))
        if thing.clearance is not None:
            # A brow or a lip that bulges shoves a rigid thing ahead of it.
            over = _lacking(self.model, thing, placed, skin, triangles)
            shove = float(np.clip(over.max(), 0.0, FARTHEST))
            placed = placed + np.array([0.0, 0.0, shove], np.float32)
        return placed


@dataclass(frozen=True, eq=False)
class Worn:
    """All that a person wears in a view; `kept` are the triangles of the body that still
    show, and `moved` how its vertices move, where a cap presses hair down."""

    names: tuple[Name, ...]
    fitted: tuple[Fitted, ...]
    body: Body
    kept: Bool[np.ndarray, " triangles"] | None = None
    moved: Float32[np.ndarray, "vertices 3"] | None = None

    def over(self, mesh: Mesh) -> tuple[Mesh, Mesh | None]:
        """The posed body with what is worn, and what of it one can see through."""
        skin = mesh.vertices[: self.body.skin_vertices]
        refined = anchors.refinement(self.body.head.topology).triangles
        if self.kept is not None:
            mesh = replace(
                mesh,
                vertices=mesh.vertices + self.moved,
                triangles=mesh.triangles[self.kept],
                uv_triangles=mesh.uv_triangles[self.kept],
                card=mesh.card[self.kept],
            )
        pairs = [_mesh(one.thing, one.place(skin, refined)) for one in self.fitted]
        clear = [veil for _, veil in pairs if veil is not None]
        solid = [mesh, *(part for part, _ in pairs if part is not None)]
        return _joined(solid), (_joined(clear) if clear else None)


def _joined(meshes: Sequence[Mesh]) -> Mesh:
    starts = np.cumsum([0, *(len(mesh.vertices) for mesh in meshes)]).astype(np.int32)
    corners = np.cumsum([0, *(len(mesh.uv) for mesh in meshes)]).astype(np.int32)
    return replace(
        meshes[0],
        vertices=np.concatenate([mesh.vertices for mesh in meshes]),
        normals=np.concatenate([mesh.normals for mesh in meshes]),
        triangles=np.concatenate(
            [mesh.triangles + at for mesh, at in zip(meshes, starts, strict=False)]
        ),
        uv=np.concatenate([mesh.uv for mesh in meshes]),
        uv_triangles=np.concatenate(
            [mesh.uv_triangles + at for mesh, at in zip(meshes, corners, strict=False)]
        ),
        card=np.concatenate([mesh.card for mesh in meshes]),
        heat=np.concatenate([mesh.heat for mesh in meshes]),
    )


@dataclass(frozen=True, eq=False)
class _Layer:
    """The solids of a thing that are clear, or those that are not, as one mesh yet to be placed."""

    vertex: np.ndarray
    triangles: np.ndarray
    uv: np.ndarray
    round_vertex: sparse.csr_array


@cache
def _layers(thing: Thing) -> tuple[_Layer | None, _Layer | None]:
    starts = np.cumsum([0, *(len(solid.vertices) for solid in thing.solids)])
    layers: list[_Layer | None] = []
    for clear in (False, True):
        rows, faces, uv, count = [], [], [], 0
        for solid, at in zip(thing.solids, starts, strict=False):
            if solid.clear == clear:
                rows.append(np.arange(at, at + len(solid.vertices)))
                faces.append(solid.triangles + np.int32(count))
                uv.append(solid.uv)
                count += len(solid.vertices)
        if not rows:
            layers.append(None)
            continue
        triangles = np.concatenate(faces)
        flat = np.concatenate(uv).astype(np.float32)
        layers.append(_Layer(np.concatenate(rows), triangles, flat, incidence(triangles, count)))
    return layers[0], layers[1]


def _mesh(
    thing: Thing, placed: Float32[np.ndarray, "vertices 3"]
) -> tuple[Mesh | None, Mesh | None]:
    made: list[Mesh | None] = []
    for layer in _layers(thing):
        if layer is None:
            made.append(None)
            continue
        vertices = placed[layer.vertex]
        made.append(
            Mesh(
                vertices=vertices,
                normals=vertex_normals(vertices, layer.triangles, layer.round_vertex),
                triangles=layer.triangles,
                uv=layer.uv,
                uv_triangles=layer.triangles,
                card=np.zeros(len(layer.triangles), bool),
                heat=np.zeros((len(vertices), 6), np.float32),
            )
        )
    return made[0], made[1]


@cache
def _weights(thing: Thing) -> Float32[np.ndarray, "vertices anchors"]:
    # The anchors' places on the mean head are those of the model that the thing was built on.
    return span(thing.anchored, np.concatenate([solid.vertices for solid in thing.solids]))


@cache
def _face(model: HeadModel) -> Points:
    """Places all over the front of the mean face."""
    x, y = np.meshgrid(np.arange(-0.060, 0.0601, STEP), np.arange(-0.112, 0.0451, STEP))
    inside = (x / 0.066) ** 2 + ((y + 0.035) / 0.085) ** 2 < 1
    return on_face(model, np.stack([x[inside], y[inside]], axis=1))


def _height(
    model: HeadModel, skin: np.ndarray, triangles: np.ndarray, places: np.ndarray
) -> np.ndarray:
    """How far the face stands out (z, m) at the (x, y) of places; -inf beside the face."""
    face = _face(model).on(skin, triangles)
    away, near = KDTree(face[:, :2]).query(places[:, :2], k=4)
    weight = 1.0 / (away + 0.3 * STEP)
    height = (face[near, 2] * weight).sum(axis=1) / weight.sum(axis=1)
    return np.where(away[:, 0] < 2 * STEP, height, -np.inf)


def _lacking(
    model: HeadModel, thing: Thing, placed: np.ndarray, skin: np.ndarray, triangles: np.ndarray
) -> np.ndarray:
    """How far along z each vertex of the solids ahead is from clearing the face; -inf beside it."""
    starts = np.cumsum([0, *(len(solid.vertices) for solid in thing.solids)])
    rows = np.concatenate([np.arange(starts[part], starts[part + 1]) for part in thing.ahead])
    height = _height(model, skin, triangles, placed[rows])
    return height + (thing.clearance or 0.0) - placed[rows, 2]


def _pushed(thing: Thing, placed: np.ndarray, over: np.ndarray) -> np.ndarray:
    """How far along z each vertex moves, where the solids ahead lack `over` to clear the face."""
    if not np.isfinite(over).any():
        return np.zeros(len(placed))
    if thing.sheet is None:
        return np.full(len(placed), np.clip(over.max(), -FARTHEST, FARTHEST))
    sheet = placed[: len(over)]
    # Cloth that faces aside or down is left to its anchors.
    frontal = vertex_normals(sheet, thing.solids[0].triangles)[:, 2] > FRONTAL
    lift = np.where(frontal, np.clip(over, 0.0, FARTHEST), 0.0).reshape(thing.sheet)
    for _ in range(4):
        wide = np.pad(lift, 1, mode="edge")
        mean = (wide[:-2, 1:-1] + wide[2:, 1:-1] + wide[1:-1, :-2] + wide[1:-1, 2:]) / 4
        lift = np.maximum(lift, mean)
    lift[[0, -1], :] = lift[:, [0, -1]] = 0.0
    return np.concatenate([lift.reshape(-1), np.zeros(len(placed) - lift.size)])


def fit(model: HeadModel, head: Head, thing: Thing) -> Fitted:
    """Fit one thing to a person's neutral head."""
    triangles = anchors.refinement(model.topology).triangles
    skin = anchors.refinement(model.topology).apply(head.vertices)
    held = thing.anchors.on(skin, triangles)
    neutral = spanned(_weights(thing), held)
    if thing.clearance is not None:
        over = _lacking(model, thing, neutral, skin, triangles)
        neutral[:, 2] += _pushed(thing, neutral, over).astype(np.float32)
    return Fitted(model, thing, neutral, held)


def without_hair(
    body: Body, fitted: Fitted, sheet: tuple[int, int]
) -> tuple[np.ndarray, np.ndarray]:
    """What a cap does to hair: triangles of the body that still show, and how its vertices move.

    `sheet` are the rows and columns of the cap's first solid, its last row the edge.
    """
    mesh = body.at_rest()
    crown = fitted.neutral[: sheet[0] * sheet[1]]
    layer = fitted.thing.solids[0]
    normals = vertex_normals(crown, layer.triangles)
    strands = np.unique(mesh.triangles[mesh.card])
    away, near = KDTree(crown).query(mesh.vertices[strands])
    row, column = near // sheet[1], near % sheet[1]
    reached = away < BUSHY
    inside = reached & (row < sheet[0] - EDGE_ROWS)
    # What comes out from under the edge is pressed below it, or cut off where it stands far out.
    # The last rows turn in to the skin: how far hair stands out is measured above them.
    over = np.minimum(row, sheet[0] - EDGE_ROWS - 1) * sheet[1] + column
    rise = ((mesh.vertices[strands] - crown[over]) * normals[over]).sum(axis=1) + UNDER
    low = crown[(sheet[0] - 1) * sheet[1] + column, 1]
    beside = reached & (row >= sheet[0] - EDGE_ROWS - 6) & (rise > 0)
    beside &= mesh.vertices[strands, 1] > low - EDGE_BELOW
    covered, tall = np.zeros((2, len(mesh.vertices)), bool)
    above = reached & (rise > 0) & (mesh.vertices[strands, 1] > low)
    covered[strands[inside | above]] = True
    tall[strands[beside & (rise > PRESSED)]] = True
    corners = mesh.triangles[mesh.card]
    links = sparse.coo_array(
        (np.ones(2 * len(corners)), (corners[:, [0, 0]].ravel(), corners[:, 1:].ravel())),
        shape=(len(mesh.vertices),) * 2,
    )
    count, strand = connected_components(links, directed=False)
    # Long hair hangs out from under a cap; short hair that would stand out is inside.
    longest = np.zeros(count)
    np.maximum.at(longest, strand[strands], np.where(row >= sheet[0] - 1, away, 0.0))
    cut = np.zeros(count, bool)
    cut[strand[tall | covered]] = True
    cut &= longest < LONG
    gone = mesh.card.copy()
    gone[mesh.card] = covered[corners].all(axis=1) | cut[strand[corners[:, 0]]]
    moved = np.zeros_like(mesh.vertices)
    pressed = (inside | beside) & (rise > 0)
    moved[strands[pressed]] = -(rise[:, None] * normals[over])[pressed]
    return ~gone, moved
