"""Lay the head model's topology on a mesh: the nearest person first, then the rest, smoothly."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Float64, Int32
from scipy import sparse
from scipy.spatial import cKDTree  # pyright: ignore[reportAttributeAccessIssue]

from assets import head as head_models
from assets.eyes import Eyes
from assets.head import LEFT_EYE, LOWER_TEETH, RIGHT_EYE, SKIN, TONGUE, UPPER_TEETH, Head
from rigging.registration import smooth
from rigging.registration.fit import Fitted, fit, regions, usable
from rigging.registration.maps import Laid, matrix
from rigging.registration.mesh import TriangleMesh
from rigging.registration.nearest import Surface, dot
from rigging.registration.placed_eyes import eyes_of
from rigging.registration.standard import UNITS, Frame, Standing, stand

# Rounds of the refinement: metres below which what is left is smoothed away, and beyond which
# places are no pair.
ROUNDS = ((0.02, 6e-3), (0.01, 4e-3), (0.005, 4e-3), (0.003, 3e-3))
# Final pairs: see `nearest.Surface`.
TURN, SLACK = 3e-3, 1.0
# What our own vertices count beside the mesh's: a coarse mesh cuts corners between its vertices.
OWN = 0.05
# Share of what is left along the surface that a round follows.
SLIDE = 0.05
STEPS = 8
HOLD = 1e-4
# A person's size is known from their shape to about this factor.
LIFE_SIZE = 1.15
# Skin of the head model farther than this from the mesh (metres) is not covered by it.
COVERED = 2.5e-3


def _skin() -> tuple[np.ndarray, np.ndarray]:
    """Triangles of the head model's skin, and which of them lie in mouth and sockets."""
    topology = head_models.load().topology
    skin = (topology.part[topology.triangles] == SKIN).all(1)
    return topology.triangles[skin], ~regions().outer[skin]


def ours(vertices: Float64[np.ndarray, "vertices 3"]) -> Surface:
    """The skin of a head of the model's topology, to be searched for final pairs."""
    triangles, inner = _skin()
    return Surface(vertices, triangles, TURN, SLACK, inner)


@dataclass(frozen=True, eq=False)
class _Pairs:
    """Places on our skin (`rows` of corner weights) to be held on planes through `goals`."""

    rows: sparse.csr_array
    goals: Float64[np.ndarray, "pairs 3"]
    facing: Float64[np.ndarray, "pairs 3"]
    weight: Float64[np.ndarray, " pairs"]

    def pull(self, away: Float64[np.ndarray, "pairs 3"]) -> Float64[np.ndarray, "controls 3"]:
        """What pairs that are this far apart pull at control vertices."""
        along = dot(away, self.facing)[:, None] * self.facing
        return self.rows.T @ (self.weight[:, None] * (along + SLIDE * away))

    def moved(
        self,
        base: Float64[np.ndarray, "controls 3"],
        start: Float64[np.ndarray, "controls 3"],
        length: float,
    ) -> Float64[np.ndarray, "controls 3"]:
        """How far `base` has to move, smoothly over `length` metres; `start` is near to it."""
        bending, hold = smooth.bending(), HOLD * smooth.laplacian()[1][:, None]

        def apply(field: np.ndarray) -> np.ndarray:
            return self.pull(self.rows @ field) + length**4 * (bending @ field) + hold * field

        return smooth.minimise(
            apply, self.pull(self.goals - self.rows @ base), start, length, STEPS
        )


def refine(fitted: Fitted, target: Surface) -> Float64[np.ndarray, "controls 3"]:
    """Move the fitted person's skin onto the mesh; what is not covered follows smoothly."""
    known, base = regions(), fitted.vertices()
    moved = np.zeros_like(base)
    theirs = np.flatnonzero(np.linalg.norm(target.normals, axis=1) > 0.5)
    points, normals = target.vertices[theirs], target.normals[theirs]
    weights = smooth.areas(target.vertices, target.triangles)[theirs]
    own = np.flatnonzero(known.weight > 0)
    size = OWN * smooth.laplacian()[1][own]
    each = sparse.csr_array(sparse.eye_array(len(base)))[own]
    for length, gate in ROUNDS:
        surface = ours(base + moved)
        placed, turned = surface.vertices[own], surface.normals[own]
        hits = surface.nearest(points, normals, 6)
        good = usable(hits, points, normals, gate) & (known.weight[hits.corners] > 0).all(1)
        back = target.nearest(placed, turned, 4)
        fine = usable(back, placed, turned, gate)
        pairs = _Pairs(
            sparse.csr_array(
                sparse.vstack([matrix(hits, len(base))[good], each[fine]], format="csr")
            ),
            np.concatenate([points[good], back.points[fine]]),
            np.concatenate([hits.normals[good], back.normals[fine]]),
            np.concatenate([weights[good], size[fine]]),
        )
        moved = pairs.moved(base, moved, length)
    return base + moved


def lay(target: Surface, balls: Float64[np.ndarray, "2 3"] | None) -> tuple[Laid, Fitted]:
    """Lay the head model on a standardised skin; `balls` are the eyeballs' centres, left first."""
    fitted = fit(target, balls)
    final = Surface(target.vertices, target.triangles, TURN, SLACK)
    vertices = refine(fitted, final)
    if balls is not None:
        vertices[-2:] = balls
    surface = ours(vertices)
    hits = surface.nearest(target.vertices, target.normals, 10)
    skin = np.flatnonzero(regions().weight > 0)
    back = final.nearest(vertices[skin], surface.normals[skin], 10)
    good = usable(back, vertices[skin], surface.normals[skin], COVERED)
    covered = np.zeros(len(vertices), bool)
    covered[skin[good]] = True
    return (
        Laid(
            vertices,
            matrix(hits, len(vertices)),
            covered,
            matrix(back, len(target.vertices))[np.flatnonzero(good)],
        ),
        fitted,
    )


@dataclass(frozen=True, eq=False)
class Registration:
    """A mesh and the head that is laid on it; all lengths are metres.

    `frame` stands the mesh upright, its origin midway between the eyes of `head`; `vertices` are
    the mesh's in it. `to_mesh` gives values at the mesh's vertices from those at control vertices,
    rows sum to 1: skin by the control triangle it lies on, teeth and tongue by the nearest of
    theirs, an eyeball by its centre, what is attached by the nearest skin. `same` names the vertex
    that stands for each, `piece` what it is connected with, as in `standard.Standing`. `triangles`
    of the skin turn outward.
    """

    frame: Frame
    part: Int32[np.ndarray, " vertices"]
    same: Int32[np.ndarray, " vertices"]
    piece: Int32[np.ndarray, " vertices"]
    vertices: Float64[np.ndarray, "vertices 3"]
    triangles: Int32[np.ndarray, "faces 3"]
    head: Head
    to_mesh: sparse.csr_array
    has_eyeballs: bool
    skin: Int32[np.ndarray, " skin"]
    laid: Laid

    @property
    def canonical(self) -> Float64[np.ndarray, "vertices 3"]:
        """Where vertices lie on the mean adult head."""
        return self.to_mesh @ mean_adult()

    def carry(
        self, values: Float[np.ndarray, "vertices values"]
    ) -> Float64[np.ndarray, "controls values"]:
        """Values at the mesh's vertices taken to all control vertices; linear in the values.

        Barycentric where the mesh's skin covers the head, harmonic elsewhere.
        """
        return self.laid.carry(values[self.skin])


def mean_adult() -> Float64[np.ndarray, "controls 3"]:
    """The head that canonical places lie on, origin between its eyes, metres."""
    model = head_models.load()
    return model.person(model.mean_phenotypes(), {}, 30.0).vertices.astype(np.float64)


def register(mesh: TriangleMesh) -> Registration:
    """Set a mesh upright and lay the head model on it.

    Raises ValueError where it is no head; see `standard.stand`.
    """
    standing = stand(mesh)
    skin, triangles = _own(standing)
    centres = None if standing.balls is None else np.stack([one.centre for one in standing.balls])
    laid, fitted = lay(Surface(standing.vertices[skin], triangles, TURN, SLACK), centres)
    balls, years = eyes_of(laid.vertices, fitted, standing.balls)
    # The frame follows what was found: origin between the eyes, axes and size the person's.
    scale = _scale(standing.frame.scale, fitted.scale)
    middle = balls.centre.mean(0, dtype=np.float64)
    turn, grow = fitted.rotation.T, scale / standing.frame.scale
    rotation, origin = turn @ standing.frame.rotation, standing.frame.own(middle[None])[0]
    frame = Frame(scale, rotation, origin)
    laid.vertices[-2:] = balls.centre
    ours = grow * (laid.vertices - middle) @ turn.T
    size = np.float32(grow)
    balls = Eyes(ours[-2:].astype(np.float32), balls.radius * size, balls.iris * size)
    model = head_models.load()
    head = Head(model.topology, ours.astype(np.float32), model.actions, balls, years)
    to_mesh = _all_rows(standing, skin, laid)
    return Registration(
        frame=frame,
        part=standing.part,
        same=standing.same,
        piece=standing.piece,
        vertices=frame.standard(mesh.vertices),
        triangles=skin[triangles].astype(np.int32),
        head=head,
        to_mesh=to_mesh,
        has_eyeballs=standing.balls is not None,
        skin=skin.astype(np.int32),
        laid=laid,
    )


def _scale(first: float, fitted: float) -> float:
    """Metres a unit of the mesh: a usual unit where it makes the fitted person about life-size.

    `first` is what the mesh stands in, `fitted` how much larger than life the person is there.
    """
    size = first / fitted
    nearest = min(UNITS.values(), key=lambda unit: abs(np.log(unit / size)))
    return nearest if abs(np.log(nearest / size)) < np.log(LIFE_SIZE) else size


def _own(standing: Standing) -> tuple[np.ndarray, np.ndarray]:
    """Numbers of the skin's vertices, doubled ones once, and triangles among them."""
    faces = standing.triangles[standing.part[standing.triangles[:, 0]] == SKIN]
    skin, corners = np.unique(faces, return_inverse=True)
    return skin, corners.reshape(-1, 3).astype(np.int32)


def _all_rows(standing: Standing, skin: np.ndarray, laid: Laid) -> sparse.csr_array:
    """Rows for every vertex of the mesh, of whatever part."""
    part = head_models.load().topology.part
    count, controls = len(standing.part), len(part)
    place = np.full(count, -1)
    place[skin] = np.arange(len(skin))
    rows = laid.to_skin
    for eye in (LEFT_EYE, RIGHT_EYE):
        place[standing.part == eye] = len(rows.indptr) - 1
        one = sparse.csr_array(([1.0], ([0], [controls - 2 + eye - LEFT_EYE])), (1, controls))
        rows = sparse.csr_array(sparse.vstack([rows, one]))
    for piece in (UPPER_TEETH, LOWER_TEETH, TONGUE):
        theirs = np.flatnonzero(standing.part == piece)
        if len(theirs):
            own = np.flatnonzero(part == piece)
            near = own[cKDTree(laid.vertices[own]).query(standing.vertices[theirs])[1]]
            ones = (np.ones(len(near)), near, np.arange(len(near) + 1))
            place[theirs] = len(rows.indptr) - 1 + np.arange(len(theirs))
            rows = sparse.csr_array(
                sparse.vstack([rows, sparse.csr_array(ones, shape=(len(near), controls))])
            )
    place = np.where(place < 0, place[standing.same], place)
    left = np.flatnonzero(place < 0)
    if len(left):
        place[left] = cKDTree(standing.vertices[skin]).query(standing.vertices[left])[1]
    return sparse.csr_array(rows[place])
