"""The jaw turns about its hinge and takes lips, cheeks, lower teeth and tongue along.

The head model's `jawOpen` is a straight motion. Here it says how far each vertex goes with the jaw
(1 chin and lower teeth, 0 skull); the jaw itself turns, so that the chin swings down and back on
an arc and keeps its size however far the mouth opens.
"""

from dataclasses import dataclass
from functools import cache

import numpy as np
from jaxtyping import Float, Float32

from assets import head as head_models
from assets import lips
from assets.head import LOWER_TEETH, TONGUE, Head, Topology

# Landmarks (ibug) before the ears, and the chin.
EARS, CHIN = (0, 16), 8
# The condyle slides forward as the jaw opens: heights of the face for each radian.
SLIDE = 0.15
# The tongue sinks with the jaw, its root by this share, so that the mouth opens on a cavity.
ROOT_SINKS = 0.75
# Share of the jaw's turn that the middle of the lower lip takes: it is dragged a little farther.
LOWER_LIP = 1.1


@dataclass(frozen=True, eq=False)
class Hinge:
    """How the head model's jaw goes: `share` of its turn that each vertex takes.

    `turn` is the angle of `jawOpen` in radians, `place` its hinge below and before the ears in
    heights of the face from ear to chin, `rest` what no turn explains, in metres.
    """

    share: Float[np.ndarray, " vertices"]
    turn: float
    place: Float[np.ndarray, " 2"]
    rest: Float[np.ndarray, "vertices 3"]


def _ears(head: Head) -> tuple[Float[np.ndarray, " 2"], float]:
    """Height and depth of the places before the ears, and height from there to the chin."""
    marks = head.landmarks(head.vertices).astype(np.float64)
    ears = marks[list(EARS), 1:].mean(axis=0)
    return ears, float(ears[0] - marks[CHIN, 1])


@cache
def hinge(topology: Topology) -> Hinge:
    """Fit a hinge to the lower teeth's part in `jawOpen` of the mean adult."""
    model = head_models.load()
    adult = model.person(model.mean_phenotypes(), {}, 25.0)
    motion, points = adult.actions["jawOpen"].astype(np.float64), adult.vertices.astype(np.float64)
    teeth = topology.part == LOWER_TEETH
    # Turning by a small angle about (y, z): up by angle (depth - z), forward by -angle (height - y)
    height, depth = points[teeth, 1], points[teeth, 2]
    up, forward = motion[teeth, 1], motion[teeth, 2]
    about = np.array([height.mean(), depth.mean()])
    height, depth = height - about[0], depth - about[1]
    angle = float((up @ depth - forward @ height) / (depth @ depth + height @ height))
    place = about + np.array([forward.mean(), -up.mean()]) / angle
    path = angle * _turned(points, place)
    share = (motion * path).sum(axis=1) / np.maximum((path * path).sum(axis=1), 1e-9)
    share = np.where(np.linalg.norm(motion, axis=1) > 1e-5, share.clip(0.0, 1.15), 0.0)
    share[teeth] = 1.0
    tongue = topology.part == TONGUE
    far = points[tongue, 2]
    share[tongue] = ROOT_SINKS + (1 - ROOT_SINKS) * (far - far.min()) / np.ptp(far)
    rest = motion - share[:, None] * path
    rest[tongue | teeth] = 0.0
    _arch(share, adult)
    share = 0.5 * (share + share[topology.mirror])
    rest = 0.5 * (rest + rest[topology.mirror] * np.array([-1.0, 1.0, 1.0]))
    ears, face = _ears(adult)
    return Hinge(share, -angle, (place - ears) / face, rest)


def _arch(share: np.ndarray, adult: Head) -> None:
    """Let the lips open to an ellipse between corners that go half the way, in place.

    As the head model has it, the lower lip is pulled to a point.
    """
    grid = adult.topology.lips
    for row, follow in enumerate(lips.FOLLOW):
        columns = grid.rows[row]
        across = adult.vertices[columns, 0].astype(np.float64)
        along = (across - across[0]) / (across[grid.left] - across[0])
        arch = np.sqrt(np.clip(4 * along * (1 - along), 0.0, 1.0))
        corner = 0.5 * (share[columns[0]] + share[columns[grid.left]])
        upper = np.arange(len(columns)) <= grid.left
        wanted = corner + arch * (np.where(upper, 0.0, LOWER_LIP) - corner)
        share[columns] += follow * (wanted - share[columns])


def _turned(points: np.ndarray, place: np.ndarray) -> np.ndarray:
    """Velocity of points that turn about a hinge (height, depth), a radian a unit."""
    away = points[:, 1:] - place
    return np.stack([np.zeros(len(points)), away[:, 1], -away[:, 0]], axis=1)


@dataclass(frozen=True, eq=False)
class Jaw:
    """One person's jaw: `moving` are the vertices that go with it, `away` they from the hinge.

    `slide` is how far the hinge goes forward, metres for each radian.
    """

    moving: np.ndarray
    away: Float32[np.ndarray, "moving 2"]
    share: Float32[np.ndarray, " moving"]
    slide: float

    def open(self, out: Float32[np.ndarray, "vertices 3"], angle: float) -> None:
        """Add to the vertices `out`, in place, what opening by an angle (radians) moves them."""
        sine, short = np.float32(np.sin(angle)), np.float32(np.cos(angle) - 1.0)
        up, forward = self.away.T
        out[self.moving, 1] += self.share * (short * up - sine * forward)
        slid = np.float32(angle * self.slide)
        out[self.moving, 2] += self.share * (sine * up + short * forward + slid)


def of(head: Head) -> Jaw:
    """The jaw of one person, its hinge placed by their own ears and chin.

    The whole tongue goes the way of its tip.
    """
    points = head.vertices.copy()
    tongue = head.topology.part == TONGUE
    points[tongue, 1:] = points[tongue, 1:][np.argmax(head.vertices[tongue, 2])]
    return of_surface(head, points, hinge(head.topology).share)


def of_surface(
    head: Head,
    points: Float32[np.ndarray, "vertices 3"],
    share: Float[np.ndarray, " vertices"],
) -> Jaw:
    """The jaw of the head as any surface goes with it: its points, and their share of the turn."""
    fitted = hinge(head.topology)
    ears, face = _ears(head)
    place = ears + fitted.place * face
    moving = np.flatnonzero(share > 1e-4)
    away = (points[moving, 1:] - place).astype(np.float32)
    return Jaw(moving, away, share[moving].astype(np.float32), SLIDE * face)
