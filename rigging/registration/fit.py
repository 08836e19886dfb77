"""Find the person of the head model whose surface comes nearest to a mesh, and where it stands."""

from dataclasses import dataclass
from functools import cache

import numpy as np
from jaxtyping import Bool, Float, Float64, Int
from scipy.spatial.transform import Rotation

from assets import head as head_models
from assets.head import SKIN
from rigging.registration import shapes, template
from rigging.registration.nearest import Hits, Surface, dot


@dataclass(frozen=True)
class Stage:
    """One round of the fit: how many components are free and how exact the surfaces are held.

    `points` of the head model and twice as many of the mesh are compared. Lengths are metres:
    `sigma` of a place that fits, `gate` beyond which a pair is not used, `turn` and `slack` as in
    `nearest.Surface`. Where `settled`, the triangles that may be nearest are looked for once.
    """

    rounds: int
    components: int
    points: int
    sigma: float
    gate: float
    turn: float
    slack: float = 0.0
    settled: bool = False


STAGES = (
    Stage(3, 6, 500, 5e-3, 4e-2, 2e-2),
    Stage(3, 25, 500, 2e-3, 2e-2, 1e-2),
    Stage(3, 80, 900, 8e-4, 1e-2, 6e-3, settled=True),
    Stage(3, 160, 1500, 3e-4, 5e-3, 4e-3, 0.5, settled=True),
    Stage(3, 280, 1500, 6e-5, 3e-3, 3e-3, 1.0, settled=True),
)
CANDIDATES = 4
# Residuals smaller than this many times the usual one are not told apart; pairs from the head
# model's side count this much.
LOOSE, BACK = 3.0, 0.1
# Normals that differ by more than 60 degrees are of other sheets of skin.
AGREE = 0.5


@dataclass(frozen=True, eq=False)
class Regions:
    """What registration has to know of the head model's topology.

    `outer` are the triangles of the skin that is seen, `weight` says how much a vertex counts: lids
    and lips more than the scalp, what lies in mouth and sockets nothing.
    """

    outer: Bool[np.ndarray, " triangles"]
    weight: Float64[np.ndarray, " vertices"]


@cache
def regions() -> Regions:
    """Regions of the head model's own topology."""
    topology = head_models.load().topology
    mean = shapes.load().mean
    skin = topology.part == SKIN
    outer = template.outer(topology)
    weight = np.zeros(len(mean))
    weight[topology.triangles[outer].ravel()] = 0.3
    high = mean[:, 1] / mean[skin, 1].max()
    deep = mean[:, 2] / mean[skin, 1].max()
    weight[(weight > 0) & (high > -1.2) & (deep > -1.0)] = 1.0
    for grid in topology.lids:
        weight[grid.rows[5:14].ravel()] = 2.0
    weight[topology.lips.rows[4:].ravel()] = 2.0
    weight[high < -1.7] = 0.1
    return Regions(outer, weight)


@dataclass(frozen=True, eq=False)
class Fitted:
    """A person of the shapes in a mesh's frame: `scale * rotation @ shape + shift`."""

    scale: float
    rotation: Float64[np.ndarray, "3 3"]
    shift: Float64[np.ndarray, "3"]
    coefficients: Float64[np.ndarray, " components"]

    def vertices(self) -> Float64[np.ndarray, "vertices 3"]:
        """All vertices of the head, eye centres last."""
        space = shapes.load()
        used = space.components[..., : len(self.coefficients)]
        shape = space.mean + used @ self.coefficients.astype(np.float32)
        return self.scale * shape @ self.rotation.T + self.shift


def spread(count: int, most: int) -> Int[np.ndarray, " chosen"]:
    """At most `most` of `count` numbers, evenly spread."""
    return np.unique(np.linspace(0, count - 1, min(count, most)).round().astype(int))


def usable(
    hits: Hits,
    points: Float[np.ndarray, "points 3"],
    normals: Float[np.ndarray, "points 3"],
    gate: float,
) -> Bool[np.ndarray, " points"]:
    """Pairs that are near, face the same way and do not lie on an open border."""
    near = ((hits.points - points) ** 2).sum(1) < gate * gate
    return near & (dot(hits.normals, normals) > AGREE) & ~hits.border


def robust(residual: Float[np.ndarray, " pairs"], sigma: float) -> Float[np.ndarray, " pairs"]:
    """Weights (Geman and McClure) by which far residuals lose their say."""
    return 1 / (1 + (residual / (3 * sigma)) ** 2) ** 2


def fit(target: Surface, eyes: Float64[np.ndarray, "2 3"] | None) -> Fitted:
    """Fit the shapes to a standardised skin; `eyes` are its eyeballs' centres, left first."""
    space, known = shapes.load(), regions()
    topology = head_models.load().topology
    skin = (topology.part[topology.triangles] == SKIN).all(1)
    triangles, inner = topology.triangles[skin], ~known.outer[skin]
    seen = np.flatnonzero(known.weight > 0)
    facing = np.flatnonzero(np.linalg.norm(target.normals, axis=1) > 0.5)
    state = Fitted(1.0, np.eye(3), np.zeros(3), np.zeros(STAGES[0].components))
    for stage in STAGES:
        grown = np.zeros(min(stage.components, space.components.shape[-1]))
        grown[: len(state.coefficients)] = state.coefficients
        state = Fitted(state.scale, state.rotation, state.shift, grown)
        searched = Surface(target.vertices, target.triangles, stage.turn, stage.slack)
        chosen = seen[spread(len(seen), stage.points)]
        theirs = facing[spread(len(facing), 2 * stage.points)]
        points, normals = target.vertices[theirs], target.normals[theirs]
        searches = None
        for _ in range(stage.rounds):
            ours = Surface(state.vertices(), triangles, stage.turn, stage.slack, inner)
            placed, turned = ours.vertices[chosen], ours.normals[chosen]
            if searches is None or not stage.settled:
                searches = (
                    ours.candidates(points, normals, CANDIDATES),
                    searched.candidates(placed, turned, CANDIDATES),
                )
            hits = ours.choose(points, normals, searches[0])
            weight = (hits.weights * known.weight[hits.corners]).sum(1)
            good = usable(hits, points, normals, stage.gate) & (weight > 0)
            back = searched.choose(placed, turned, searches[1])
            fine = usable(back, placed, turned, stage.gate)
            picked = chosen[fine]
            off = np.abs(dot(points - hits.points, hits.normals)[good])
            sigma = max(stage.sigma, LOOSE * float(np.median(off))) if len(off) else stage.sigma
            rows = _Rows(state, ours.vertices, sigma)
            rows.add(
                hits.corners[good], hits.weights[good], points[good], hits.normals[good],
                weight[good],
            )  # fmt: skip
            rows.add(
                picked[:, None], np.ones((len(picked), 1)), back.points[fine], back.normals[fine],
                BACK * known.weight[picked],
            )  # fmt: skip
            if eyes is not None:
                for axis in np.eye(3):
                    rows.add(
                        len(space.mean) - np.array([[2], [1]]), np.ones((2, 1)), eyes,
                        np.tile(axis, (2, 1)), np.full(2, 20.0),
                    )  # fmt: skip
            state = rows.solve()
    return state


class _Rows:
    """Normal equations of one round: motion, turn, growth and coefficients."""

    def __init__(self, state: Fitted, vertices: np.ndarray, sigma: float):
        self.state, self.vertices, self.sigma = state, vertices, sigma
        count = 7 + len(state.coefficients)
        # Coefficients are of spread 1 over people; motions are almost free.
        self.matrix = np.diag(np.r_[np.full(3, 1.0), np.full(3, 1e2), 1e2, np.ones(count - 7)])
        self.right = np.zeros(count)
        self.right[7:] = -state.coefficients
        self.right[6] = -1e2 * np.log(state.scale)

    def add(
        self,
        corners: np.ndarray,
        weights: np.ndarray,
        targets: np.ndarray,
        normals: np.ndarray,
        count: np.ndarray,
    ) -> None:
        """Hold our places (corners and weights) on planes through targets."""
        state, count_used = self.state, len(self.state.coefficients)
        places = np.einsum("pc,pcx->px", weights, self.vertices[corners])
        residual = dot(normals, targets - places)
        weight = count * robust(residual, self.sigma)
        local = (state.scale * normals @ state.rotation).astype(np.float32)
        basis = shapes.load().components
        rows = np.zeros((len(places), 7 + count_used), np.float32)
        for corner in range(corners.shape[1]):
            part = (local * weights[:, corner, None].astype(np.float32))[:, None, :]
            rows[:, 7:] += (part @ basis[corners[:, corner], :, :count_used])[:, 0]
        about = places - state.shift
        rows[:, :3] = np.cross(about, normals)
        rows[:, 3:6] = normals
        rows[:, 6] = dot(about, normals)
        rows *= np.sqrt(weight)[:, None].astype(np.float32) / np.float32(self.sigma)
        scaled = residual * np.sqrt(weight) / self.sigma
        self.matrix += rows.T @ rows
        self.right += rows.T @ scaled.astype(np.float32)

    def solve(self) -> Fitted:
        """The state after this round."""
        step = np.linalg.solve(self.matrix, self.right)
        state = self.state
        turn = Rotation.from_rotvec(step[:3]).as_matrix()
        return Fitted(
            float(state.scale * np.exp(step[6])),
            turn @ state.rotation,
            state.shift + step[3:6],
            state.coefficients + step[7:],
        )
