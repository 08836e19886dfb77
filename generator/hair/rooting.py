"""Where locks root on the scalp, and which way hair is combed there."""

from dataclasses import dataclass
from functools import cache

import numpy as np
from jaxtyping import Bool, Float, Int

from assets import hairline
from assets.head import HeadModel
from assets.streams import stream
from generator import anchors
from generator.grooming import Hair
from generator.hair.cuts import Cut
from render.mesh import Points

CANDIDATES = 4096
# The whorl on the mean head, from which hair falls away, and where a parting ends in front.
WHORL = np.array([0.010, 0.095, -0.135])
FRONT_HEIGHT, FRONT_DEPTH = 0.092, 0.004


@dataclass(frozen=True, eq=False)
class Roots:
    """Anchors spread evenly over the scalp, and any first so many of them as well.

    `place` and `out` (unit) are on the mean head, `above` the degrees above the hairline,
    `azimuth` and `elevation` the angles about the skull.
    """

    points: Points
    place: Float[np.ndarray, "roots 3"]
    out: Float[np.ndarray, "roots 3"]
    above: Float[np.ndarray, " roots"]
    azimuth: Float[np.ndarray, " roots"]
    elevation: Float[np.ndarray, " roots"]


@cache
def roots(model: HeadModel) -> Roots:
    """The places where hair can root, found once a process."""
    mean = anchors.mean_head(model)
    rng = stream(0, -1, "hair roots")
    corners = mean.vertices[model.topology.triangles[mean.skin]].astype(np.float64)
    middle = corners.mean(axis=1)
    scalp = (hairline.above_hairline(middle) > -4.0) & (middle[:, 1] > -0.09)
    # Ears hang on the head within the hairline's angles: hair grows on the skull behind them.
    scalp &= np.linalg.norm((middle - hairline.SKULL)[:, [0, 2]], axis=1) < 0.118
    triangles, corners = mean.skin[scalp], corners[scalp]
    area = np.linalg.norm(
        np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]), axis=1
    )
    # Evenly spaced steps through the summed areas give an even spread; taken in the order of
    # their reversed bits, so do the first of them.
    bits = int(np.log2(CANDIDATES))
    number = np.arange(CANDIDATES)
    order = sum(((number >> bit) & 1) << (bits - 1 - bit) for bit in range(bits))
    steps = (order + rng.random(CANDIDATES)) / CANDIDATES
    pick = np.searchsorted(np.cumsum(area) / area.sum(), steps).clip(0, len(area) - 1)
    one, two = rng.random((2, CANDIDATES))
    root = np.sqrt(one)
    weights = np.stack([1 - root, root * (1 - two), root * two], axis=1).astype(np.float32)
    points = mean.carried(Points(triangles[pick].astype(np.int32), weights))
    refined = anchors.refinement(model.topology)
    frames = anchors.frames(points, refined.apply(mean.vertices), refined.triangles)
    place = frames.origin.astype(np.float64)
    azimuth, elevation = hairline.skull_angles(place)
    return Roots(
        points=points,
        place=place,
        out=frames.axes[:, 2].astype(np.float64),
        above=hairline.above_hairline(place),
        azimuth=azimuth,
        elevation=elevation,
    )


def bearing(
    all_roots: Roots, hair: Hair, cut: Cut, rng: np.random.Generator
) -> Int[np.ndarray, " chosen"]:
    """Numbers of the roots that bear a lock: fewer at the hairline, none where a man is bald."""
    above, azimuth = all_roots.above[: cut.locks], all_roots.azimuth[: cut.locks]
    soft = 4.0 if cut.comb == "crop" else 2.0
    chance = np.clip((above + 1.0 + rng.normal(0, 0.8, len(above))) / soft, 0, 1)
    # None stands alone in front of the others.
    chance *= above > -0.6
    # Male pattern: temples recede, then the crown thins, until a fringe is left.
    fringe = np.interp(azimuth, (0, 60, 120, 180), (34, 40, 34, 30))
    edge = np.interp(hair.balding, (0.25, 1.0), (1.0, 0.0)) * (100.0 - fringe) + fringe
    bald = np.clip((all_roots.elevation[: cut.locks] - edge) / 14.0 + 0.5, 0, 1)
    chance *= 1 - bald * (hair.balding > 0)
    recede = np.interp(azimuth, (0, 40, 75, 110), (10.0, 26.0, 10.0, 0.0)) * hair.balding
    chance *= np.clip((above - recede) / 4.0 + 0.5, 0, 1)
    thin = hair.density if cut.comb == "crop" else 0.5 + 0.5 * hair.density
    return np.flatnonzero(rng.random(len(above)) < chance * thin)


def more(all_roots: Roots, cut: Cut, where: np.ndarray, most: int) -> Int[np.ndarray, " chosen"]:
    """Numbers of up to `most` roots besides the first `cut.locks`, from `where` alone."""
    found = np.flatnonzero(where & (all_roots.above > 0.3))
    return found[found >= cut.locks][:most]


def by_parting(all_roots: Roots, parting: float) -> Bool[np.ndarray, " roots"]:
    """Which roots lie beside a parting."""
    front = np.array([parting, FRONT_HEIGHT, FRONT_DEPTH])
    line = WHORL - front
    share = ((all_roots.place - front) * line).sum(1) / (line * line).sum()
    apart = np.linalg.norm(
        all_roots.place - front - np.clip(share, -0.2, 1)[:, None] * line, axis=1
    )
    return (apart < 0.022) & (share < 0.9)


def by_forehead(all_roots: Roots) -> Bool[np.ndarray, " roots"]:
    """Which roots a fringe grows from."""
    return (all_roots.azimuth < 46.0) & (all_roots.above < 24.0)


def _along_skin(vector: np.ndarray, out: np.ndarray) -> np.ndarray:
    """Unit directions on the skin."""
    flat = vector - (vector * out).sum(1, keepdims=True) * out
    return flat / np.maximum(np.linalg.norm(flat, axis=1, keepdims=True), 1e-6)


def from_whorl(place: np.ndarray, out: np.ndarray) -> Float[np.ndarray, "roots 3"]:
    """Unit directions on the skin: from the whorl forward, down and back."""
    away = place - WHORL
    away[:, 1] -= 0.35 * np.linalg.norm(away, axis=1)
    return _along_skin(away, out)


def from_parting(
    place: np.ndarray, out: np.ndarray, parting: float, back: float
) -> Float[np.ndarray, "roots 3"]:
    """Unit directions on the skin: to both sides of a parting `parting` metres to the left.

    The parting ends in the whorl, from which hair falls away all round; `back` turns all a little
    that way.
    """
    front = np.array([parting, FRONT_HEIGHT, FRONT_DEPTH])
    line = WHORL - front
    share = ((place - front) * line).sum(1) / (line * line).sum()
    nearest = front + np.clip(share, -0.3, 1.0)[:, None] * line
    away = place - nearest
    # On the line itself hair still goes to one side.
    side = np.where(away[:, 0] >= 0, 1.0, -1.0)
    away[:, 0] += 0.012 * side
    away /= np.maximum(np.linalg.norm(away, axis=1, keepdims=True), 1e-6)
    away[:, 2] -= back
    away[:, 1] -= 0.15
    return _along_skin(away, out)


def combed_back(place: np.ndarray, out: np.ndarray) -> Float[np.ndarray, "roots 3"]:
    """Unit directions on the skin: to the back, a little outward, and down at the sides."""
    down = np.clip((0.07 - place[:, 1]) / 0.08, 0.0, 1.2)
    way = np.stack([1.5 * place[:, 0] / 0.08 * 0.25, 0.15 - 0.8 * down, -np.ones(len(place))], 1)
    return _along_skin(way, out)
