"""From the axes, unit and place of any head mesh to ours: metres, y up, +z ahead.

A mesh is tried in all 24 positions of its axes and at several sizes against heads of four ages;
the best tries are refined. Where the unit so found is a usual one it is taken to be exactly that.
"""

from dataclasses import dataclass, replace
from functools import cache
from itertools import permutations, product

import numpy as np
from jaxtyping import Float, Float64, Int32
from scipy.spatial import KDTree
from scipy.spatial.transform import Rotation

from rigging.registration import parts, template
from rigging.registration.mesh import TriangleMesh
from rigging.registration.parts import Ball, Pieces
from rigging.registration.template import Template

UNITS = {"m": 1.0, "dm": 0.1, "cm": 0.01, "mm": 0.001, "in": 0.0254}
"""Metres a unit."""
# How much larger or smaller than the nearest template a head may be in a unit: in those that are
# rarely used it must fit well, or a mesh without a unit would seem to have one.
COMMON, GROWN, GROWN_RARELY = ("m", "cm", "mm"), (0.74, 1.42), (0.88, 1.14)
# Height of what a mesh may hold in heights from the eyes to the crown: from face to shoulders.
HEIGHTS = (1.9, 2.5, 3.2, 4.2)
# How many tries are left after each round, and how many steps it has.
ROUNDS = ((24, 4), (4, 10))
LAST = (8, 12)
FORWARD, DENSE = 250, 4000
FAR = 0.04
"""A point farther than this (m) from its pair counts as this far."""
REACH = 0.1
"""How far (m) pairs are searched for; farther than that is only far."""
BENT = 0.02
"""What a normal square to its pair's adds to the residual, metres."""
RESIDUAL = 0.040
"""What differs more than this from every head is none: the mean over face and skull of the distance
and of `BENT`, in heights from the eyes to the crown. Heads differ by 0.013-0.027, an egg by 0.046.
"""


@dataclass(frozen=True, eq=False)
class Frame:
    """How a mesh stands: `standard(p) = scale * rotation @ (p - origin)`, in metres.

    `scale` is metres a unit of the mesh, `origin` the point between its eyes in its own units.
    """

    scale: float
    rotation: Float64[np.ndarray, "3 3"]
    origin: Float64[np.ndarray, "3"]

    def standard(self, points: Float[np.ndarray, "points 3"]) -> Float64[np.ndarray, "points 3"]:
        """From the mesh's own unit and axes to ours."""
        return self.scale * (points.astype(np.float64) - self.origin) @ self.rotation.T

    def own(self, points: Float[np.ndarray, "points 3"]) -> Float64[np.ndarray, "points 3"]:
        """From our axes, in metres, back to the mesh's own."""
        return points.astype(np.float64) @ self.rotation / self.scale + self.origin


@dataclass(frozen=True, eq=False)
class Standing:
    """A mesh set upright and taken apart.

    `vertices` are all of the mesh's, standardised. `same` names the vertex that stands for each
    (itself but where vertices are doubled); `triangles` have only such corners and turn outward.
    `piece` numbers what is connected, the largest first, -1 for vertices of no face.
    `part` has numbers of `assets.head` and `parts.ATTACHED`. `balls` are the eyeballs, left first.
    """

    frame: Frame
    vertices: Float64[np.ndarray, "vertices 3"]
    same: Int32[np.ndarray, " vertices"]
    triangles: Int32[np.ndarray, "triangles 3"]
    part: Int32[np.ndarray, " vertices"]
    piece: Int32[np.ndarray, " vertices"]
    balls: tuple[Ball, Ball] | None


@dataclass(frozen=True, eq=False)
class _Try:
    """A similarity that lays a mesh's points on a template: `scale * rotation @ p + shift`."""

    scale: float
    rotation: np.ndarray
    shift: np.ndarray
    residual: float = np.inf
    face: float = np.inf

    def lay(self, points: np.ndarray) -> np.ndarray:
        return self.scale * points @ self.rotation.T + self.shift

    def back(self, points: np.ndarray) -> np.ndarray:
        return (points - self.shift) @ self.rotation / self.scale


@cache
def positions() -> Float64[np.ndarray, "24 3 3"]:
    """The rotations that lay axes on axes, the one that changes nothing first."""
    found = []
    for order, signs in product(permutations(range(3)), product((1.0, -1.0), repeat=3)):
        turn = np.eye(3)[list(order)] * np.array(signs)[:, None]
        if np.linalg.det(turn) > 0:
            found.append(turn)
    return np.array(found)


def stand(mesh: TriangleMesh) -> Standing:
    """Set a head mesh upright, in any unit, position and size, and tell its parts.

    Raises ValueError where the mesh is no head, with how far from one it is; see `parts.named`.
    """
    pieces = parts.split(mesh)
    tried = []
    for piece in _candidates(pieces):
        laid = _Skin(mesh.vertices, pieces.faces(piece)).best()
        tried.append((laid.residual, piece, laid))
        if laid.residual < RESIDUAL:
            break
    residual, skin, laid = min(tried, key=lambda one: one[0])
    if not residual < RESIDUAL:
        rule = "a head with a face and the back of the skull, in any position and unit"
        got = f"a shape that differs from one by {residual:.3f} (at most {RESIDUAL:g})"
        raise ValueError(f"{mesh.name}: mesh must be {rule}, got {got}")
    frame, known = _sized(laid.similarity, laid.template)
    part, balls = parts.named(pieces, skin, frame.standard(mesh.vertices), known)
    if balls is not None:
        frame, balls = _between(frame, balls)
    triangles = pieces.triangles if laid.outward else pieces.triangles[:, ::-1].copy()
    vertices = frame.standard(mesh.vertices)
    return Standing(frame, vertices, pieces.same, triangles, part, pieces.piece, balls)


def _candidates(pieces: Pieces) -> list[int]:
    """Pieces that may be the skin, largest in area first."""
    corners = pieces.mesh.vertices[pieces.triangles]
    facing = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    piece = pieces.piece[pieces.triangles[:, 0]]
    area = np.bincount(piece, weights=np.linalg.norm(facing, axis=1))
    faces = np.bincount(piece) / len(piece)
    order = np.argsort(-area, kind="stable")
    return [int(one) for one in order if faces[one] >= parts.LEAST][:3] or [int(order[0])]


@dataclass(frozen=True, eq=False)
class _Laid:
    similarity: _Try
    template: Template
    outward: bool

    @property
    def residual(self) -> float:
        """How much face and skull differ from the template's."""
        return self.similarity.face


class _Skin:
    """The skin of a mesh as points, laid on templates."""

    def __init__(self, vertices: np.ndarray, triangles: np.ndarray) -> None:
        self.points, self.normals = template.spread(vertices, triangles, DENSE)
        self.middle = self.points.mean(0)
        self.size = float(np.linalg.norm(np.ptp(self.points, axis=0)))
        self.points = (self.points - self.middle) / self.size
        self.tree = KDTree(self.points)
        self.few = self.points[:: DENSE // FORWARD]
        self.few_normals = self.normals[:: DENSE // FORWARD]

    def best(self) -> _Laid:
        """Where this is most like a head of any age."""
        youngest, *_, adult = template.load()
        similarity, chosen = self._nearest(adult)
        if similarity.face >= RESIDUAL:
            # An infant's shoulders and skull are so unlike an adult's that the position was missed.
            other, known = self._nearest(youngest)
            if other.face < similarity.face:
                similarity, chosen = other, known
        placed = similarity.lay(self.points)
        away, near = chosen.tree.query(placed)
        agree = (chosen.normals[near] * (self.normals @ similarity.rotation.T)).sum(1)
        outward = bool(agree[away < 0.01].sum() >= 0)
        # Back from the points about their middle to the mesh's own units.
        scale = similarity.scale / self.size
        shift = similarity.shift - scale * similarity.rotation @ self.middle
        own = replace(similarity, scale=scale, shift=shift)
        return _Laid(own, chosen, outward)

    def _nearest(self, lead: Template) -> tuple[_Try, Template]:
        """The best position on the head of an age, and from there on heads of every age."""
        tries = [self.refined(one, lead, 0) for one in self._starts(lead)]
        for kept, steps in ROUNDS:
            tries = sorted(tries, key=lambda one: one.residual)[:kept]
            tries = [self.refined(one, lead, steps) for one in tries]
        first = min(tries, key=lambda one: one.residual)
        laid = [
            (self.slid(self.refined(first, each, LAST[0]), each, LAST[1]), each)
            for each in template.load()
        ]
        return min(laid, key=lambda one: one[0].residual)

    def _starts(self, known: Template) -> list[_Try]:
        starts = []
        for turn in positions():
            turned = self.few @ turn.T
            low, high = np.quantile(turned, (0.002, 0.998), axis=0)
            for height in HEIGHTS:
                scale = known.top * height / float(high[1] - low[1])
                upper = turned[turned[:, 1] > high[1] - 1.7 * known.top / scale]
                ends = np.quantile(upper, (0.02, 0.98), axis=0)
                middle = scale * ends.mean(0)
                # Of the head above the mouth the middle lies so far behind the eyes.
                shift = np.array([0.0, known.top, -0.7 * known.top])
                shift -= (middle[0], scale * high[1], middle[2])
                starts.append(_Try(scale, turn, shift))
        return starts

    def refined(self, start: _Try, known: Template, steps: int) -> _Try:
        """Bring points to points step by step; with no steps only measure."""
        laid = start
        core = _core(known)[0]
        for step in range(steps + 1):
            away, near = _nearest(known.tree, laid.lay(self.few), REACH)
            back, theirs = _nearest(self.tree, laid.back(core), REACH / laid.scale)
            back = back * laid.scale
            residual = float(np.minimum(away, FAR).mean() + np.minimum(back, FAR).mean()) / 2
            laid = replace(laid, residual=residual)
            if step == steps:
                break
            weight = _trust(np.concatenate([away, back]), step / steps)
            ours = np.concatenate([self.few, self.points[theirs]])
            laid = _similarity(ours, np.concatenate([known.points[near], core]), weight)
        return laid

    def slid(self, start: _Try, known: Template, steps: int) -> _Try:
        """Bring points to surfaces: finer, from nearby only. The residual is relative to `top`."""
        laid = start
        core, facing = _core(known)
        for step in range(steps + 1):
            placed = laid.lay(self.few)
            away, near = known.tree.query(placed)
            back, theirs = self.tree.query(laid.back(core))
            back = back * laid.scale
            normals = np.concatenate([known.normals[near], self.normals[theirs] @ laid.rotation.T])
            moving = np.concatenate([placed, laid.lay(self.points[theirs])])
            fixed = np.concatenate([known.points[near], core])
            apart = ((fixed - moving) * normals).sum(1)
            far = np.concatenate([away, back])
            ours = np.concatenate([self.few_normals @ laid.rotation.T, normals[len(placed) :]])
            turned = np.abs((np.concatenate([known.normals[near], facing]) * ours).sum(1))
            residual = np.where(far > FAR, FAR, np.abs(apart)) + BENT * (1 - turned)
            half = len(placed)
            means = residual[:half].mean(), residual[half:].mean()
            laid = replace(
                laid, residual=float(sum(means)) / 2 / known.top, face=float(means[1] / known.top)
            )
            if step < steps:
                weight = _trust(far, 0.5 + 0.5 * step / steps) * (turned > 0.5)
                laid = _nudged(laid, moving, normals, apart, weight)
        return laid


def _nearest(tree: KDTree, points: np.ndarray, reach: float) -> tuple[np.ndarray, np.ndarray]:
    """Distances and numbers of nearest points; what has none within reach is that far."""
    away, near = tree.query(points, distance_upper_bound=reach)
    return np.minimum(away, reach), np.minimum(near, tree.n - 1)


def _core(known: Template) -> tuple[np.ndarray, np.ndarray]:
    """Few points of face and skull, and their normals."""
    rows = np.flatnonzero(known.core)
    rows = rows[:: max(1, len(rows) // template.CORE)]
    return known.points[rows], known.normals[rows]


def _trust(far: np.ndarray, time: float) -> np.ndarray:
    """Weights by which far pairs lose their say, the more the later (0-1)."""
    sigma = float(np.interp(time, (0, 1), (0.03, 0.008)))
    return 1 / (1 + (far / sigma) ** 2) ** 2


def _similarity(ours: np.ndarray, theirs: np.ndarray, weight: np.ndarray) -> _Try:
    """The similarity that brings weighted pairs together, the same both ways round."""
    share = weight / weight.sum()
    middles = share @ ours, share @ theirs
    ours, theirs = ours - middles[0], theirs - middles[1]
    left, _, right = np.linalg.svd((theirs * share[:, None]).T @ ours)
    sign = np.array([1.0, 1.0, np.sign(np.linalg.det(left @ right))])
    rotation = (left * sign) @ right
    scale = float(np.sqrt((share @ theirs**2).sum() / (share @ ours**2).sum()))
    return _Try(scale, rotation, middles[1] - scale * rotation @ middles[0])


def _nudged(
    laid: _Try, moving: np.ndarray, normals: np.ndarray, apart: np.ndarray, weight: np.ndarray
) -> _Try:
    """A small turn, growth and shift that bring points nearer to the planes of their pairs."""
    middle = moving.mean(0)
    local = moving - middle
    growth = (local * normals).sum(1, keepdims=True)
    rows = np.concatenate([np.cross(local, normals), growth, normals], axis=1)
    held = np.diag([1e-6] * 4 + [1e-6] * 3) * weight.sum()
    turn = np.linalg.solve((rows * weight[:, None]).T @ rows + held, rows.T @ (weight * apart))
    spin, grow = Rotation.from_rotvec(turn[:3]).as_matrix(), float(np.exp(turn[3]))
    shift = grow * spin @ (laid.shift - middle) + middle + turn[4:]
    return _Try(laid.scale * grow, spin @ laid.rotation, shift)


def _sized(laid: _Try, known: Template) -> tuple[Frame, parts.Expected]:
    """A frame whose unit is a usual one if that makes a head of plausible size."""
    scale, factor = laid.scale, 1.0
    for name, metres in UNITS.items():
        low, high = GROWN if name in COMMON else GROWN_RARELY
        if low <= metres / laid.scale <= high:
            scale, factor = metres, metres / laid.scale
    origin = laid.back(np.zeros((1, 3)))[0]
    return Frame(float(scale), laid.rotation, origin), template.grown(known, factor)


def _between(frame: Frame, balls: tuple[Ball, Ball]) -> tuple[Frame, tuple[Ball, Ball]]:
    """The frame with its origin midway between the eyeballs and x along the line through them."""
    left, right = (one.centre for one in balls)
    along = (left - right) / np.linalg.norm(left - right)
    axis, cosine = np.cross(along, (1.0, 0.0, 0.0)), float(along[0])
    skew = np.array([[0, -axis[2], axis[1]], [axis[2], 0, -axis[0]], [-axis[1], axis[0], 0]])
    turn = np.eye(3) + skew + skew @ skew / (1 + cosine)
    middle = frame.own(0.5 * (left + right)[None])[0]
    moved = Frame(frame.scale, turn @ frame.rotation, middle)
    centres = moved.standard(frame.own(np.stack([left, right])))
    both = zip(balls, centres, strict=True)
    first, second = (Ball(centre, one.radius, one.spread) for one, centre in both)
    return moved, (first, second)
