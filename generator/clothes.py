"""What lies on the shoulders: a gown, a round neckline or a standing collar, hung on the skin."""

from dataclasses import dataclass
from functools import cache

import numpy as np
from jaxtyping import Float32, Int32

from assets import atlas
from assets.head import HeadModel
from generator import anchors
from generator.anchors import Frames
from generator.grooming import ClothesKind
from render.mesh import Points
from render.subdivide import split

# Rays start here, inside the upper chest of the mean head: all of it that shows is seen from here.
INSIDE = np.array([0.0, -0.245, -0.112])
SECTORS, RINGS = 96, 26
# Elevation of the neckline by azimuth 0 (front), 45, 90, 135, 180 (back), degrees.
NECKLINE: dict[ClothesKind, tuple[float, ...]] = {
    "gown": (22.0, 36.0, 47.0, 52.0, 52.0),
    "crew": (40.0, 44.0, 49.0, 54.0, 57.0),
    "collar": (44.0, 49.0, 54.0, 58.0, 60.0),
    # Bare skin: it goes on, straight down, where the body has been cut off.
    "none": (-14.0, -14.0, -14.0, -14.0, -14.0),
}
LOWEST = -70.0
THICK = 0.0055
SKIRT = 0.03
# The first rings are the hem, on a strip of the chart that is so high a share of it; below it the
# chart shows so many metres of cloth across from the middle, and down from the nape.
HEM, HEM_STRIP = 3, 0.08
CLOTH_WIDE, CLOTH_TOP, CLOTH_HIGH = 0.34, 0.02, 0.36


@dataclass(frozen=True, eq=False)
class Clothes:
    """A garment on the refined skin: anchors and faces; how far each vertex stands off, and hangs.

    `lift` goes along the skin's normal, `hang` straight down, metres at the mean head's size.
    """

    points: Points
    lift: Float32[np.ndarray, " vertices"]
    hang: Float32[np.ndarray, " vertices"]
    uv: Float32[np.ndarray, "vertices 2"]
    triangles: Int32[np.ndarray, "triangles 3"]

    def place(self, frames: Frames, scale: float) -> Float32[np.ndarray, "vertices 3"]:
        """World positions; `scale` is the head's size over the mean head's."""
        placed = frames.origin + frames.axes[:, 2] * (self.lift * np.float32(scale))[:, None]
        placed[:, 1] -= self.hang * np.float32(scale)
        return placed


def _outermost(mean: anchors.MeanHead, directions: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Where rays from `INSIDE` leave the trunk: index into `skin` (-1: nowhere) and weights."""
    triangles = mean.topology.triangles[mean.skin]
    corners = mean.vertices[triangles].astype(np.float64) - INSIDE
    low = np.flatnonzero(corners[..., 1].max(1) < 0.115)
    origin = corners[low, 0]
    one, two = corners[low, 1] - origin, corners[low, 2] - origin
    q = np.cross(-origin, one)
    reach = (two * q).sum(1)
    found, weights = np.full(len(directions), -1), np.zeros((len(directions), 3))
    for number, ray in enumerate(directions):
        p = np.cross(ray, two)
        scale = (one * p).sum(1)
        with np.errstate(divide="ignore", invalid="ignore"):
            v = -(origin * p).sum(1) / scale
            w = (q @ ray) / scale
            far = reach / scale
        hit = (np.abs(scale) > 1e-14) & (v >= -1e-9) & (w >= -1e-9) & (v + w <= 1 + 1e-9)
        hit &= (far > 0.01) & (far < 0.45)
        if hit.any():
            best = int(np.where(hit, far, -1).argmax())
            found[number] = low[best]
            weights[number] = 1 - v[best] - w[best], v[best], w[best]
    return found, weights


def _elevations(kind: ClothesKind, azimuth: np.ndarray) -> np.ndarray:
    """Elevation (degrees) of every ring at every azimuth; the first three make the hem."""
    line = np.interp(np.abs(azimuth), np.deg2rad([0, 45, 90, 135, 180]), NECKLINE[kind])
    share = np.concatenate([[0, 0, 0.012], np.linspace(0.03, 1, RINGS - 3)])[:, None]
    return line[None] + (LOWEST - line[None]) * share


def _flat(at: np.ndarray, azimuth: np.ndarray) -> np.ndarray:
    """Where in the chart places of a garment lie: cut from cloth that hangs over the shoulders.

    The hem runs along the top of the chart; the rest is seen from above and in front, folded along
    the middle and, below the chest, back upward.
    """
    over = (at[:, 1] - at[:, 2]) * np.sqrt(0.5)
    down = (CLOTH_TOP - over) / CLOTH_HIGH
    down = 1 - np.abs(np.clip(down, 0, 2) - 1)
    unit = np.stack([0.02 + 0.96 * np.clip(np.abs(at[:, 0]) / CLOTH_WIDE, 0, 1), down], axis=1)
    unit[:, 1] = (1 - HEM_STRIP - 0.02) - (0.96 - HEM_STRIP) * down
    hem = slice(0, HEM * SECTORS)
    unit[hem, 0] = np.tile(0.02 + 0.96 * np.abs(azimuth) / np.pi, HEM)
    unit[hem, 1] = np.repeat(np.linspace(0.985, 1.01 - HEM_STRIP, HEM), SECTORS)
    return unit


def _lift(kind: ClothesKind, azimuth: np.ndarray) -> np.ndarray:
    """How far (m) each ring stands off the skin: a hem, then folds that grow downward."""
    if kind == "none":
        return np.full((RINGS, SECTORS), 0.0004)
    lift = np.full((RINGS, SECTORS), THICK)
    lift[0], lift[1], lift[2] = -0.001, 0.8 * THICK, 1.15 * THICK
    ring = np.linspace(0, 1, RINGS)[:, None]
    folds = np.sin(9 * azimuth + 5 * ring) * np.sin(4 * azimuth - 7 * ring + 1.0)
    return lift + 0.0035 * folds * np.clip(4 * ring - 0.5, 0, 1)


@cache
def garment(model: HeadModel, kind: ClothesKind) -> Clothes:
    """The garment of one kind, made once a process from rays on the mean head."""
    mean = anchors.mean_head(model)
    azimuth = np.linspace(-np.pi, np.pi, SECTORS + 1)[:-1]
    elevation = np.deg2rad(_elevations(kind, azimuth))
    flat = np.cos(elevation)
    rays = np.stack([flat * np.sin(azimuth), np.sin(elevation), flat * np.cos(azimuth)], axis=-1)
    found, weights = _outermost(mean, rays.reshape(-1, 3))
    found, weights = found.reshape(RINGS, SECTORS), weights.reshape(RINGS, SECTORS, 3)
    hang = np.zeros((RINGS, SECTORS))
    for ring in range(1, RINGS):
        lost = found[ring] < 0
        found[ring, lost], weights[ring, lost] = found[ring - 1, lost], weights[ring - 1, lost]
        # Where the body has been cut off, cloth hangs down from the last of it.
        hang[ring] = hang[ring - 1] + SKIRT * lost
    if (found < 0).any():
        raise ValueError(f"a neckline must lie on the body, got {kind} off it")
    clipped = np.clip(weights, 0, None)
    clipped /= clipped.sum(-1, keepdims=True)
    points = mean.carried(
        Points(mean.skin[found.reshape(-1)], clipped.reshape(-1, 3).astype(np.float32))
    )
    # The hem has a strip of the chart to itself: its last ring stands there twice.
    twice = np.insert(np.arange(RINGS), HEM, HEM - 1)
    rows = (twice[:, None] * SECTORS + np.arange(SECTORS)).reshape(-1)
    points = Points(points.triangle[rows], points.barycentric[rows])
    corners = mean.vertices[model.topology.triangles[mean.skin[found.reshape(-1)]]]
    at = (corners * clipped.reshape(-1, 3)[..., None]).sum(axis=1)[rows]
    hang, lift = hang.reshape(-1)[rows], _lift(kind, azimuth).reshape(-1)[rows]
    at[:, 1] -= hang
    unit = _flat(at, azimuth) if kind != "none" else np.abs(at[:, :2] * (2.5, 2.0)) % 0.9 + 0.05
    place = np.arange((RINGS + 1) * SECTORS).reshape(RINGS + 1, SECTORS)
    beside = np.roll(place, -1, axis=1)
    quads = np.stack([place[:-1], place[1:], beside[1:], beside[:-1]], axis=-1)
    # Nothing lies between the two rings that are one.
    quads = np.delete(quads, HEM - 1, axis=0).reshape(-1, 4)
    return Clothes(
        points,
        lift.astype(np.float32),
        hang.astype(np.float32),
        atlas.in_rect("chest" if kind == "none" else "gown", unit).astype(np.float32),
        split(quads.astype(np.int32)),
    )
