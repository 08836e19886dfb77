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
    found, weights = np.full(len(directions), -1), np.zeros((len(directions), 3))
    for number, ray in enumerate(directions):
        p = np.cross(ray, two)
        scale = (one * p).sum(1)
        with np.errstate(divide="ignore", invalid="ignore"):
            v = -(origin * p).sum(1) / scale
            q = np.cross(-origin, one)
            w = (q @ ray) / scale
            far = (two * q).sum(1) / scale
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
    lift = _lift(kind, azimuth)
    ring = np.linspace(0, 1, RINGS)[:, None]
    place = np.arange(RINGS * SECTORS).reshape(RINGS, SECTORS)
    beside = np.roll(place, -1, axis=1)
    quads = np.stack([place[:-1], place[1:], beside[1:], beside[:-1]], axis=-1).reshape(-1, 4)
    unit = np.stack(
        np.broadcast_arrays(0.02 + 0.96 * np.abs(azimuth) / np.pi, 0.98 - 0.96 * ring), axis=-1
    )
    return Clothes(
        points,
        lift.reshape(-1).astype(np.float32),
        hang.reshape(-1).astype(np.float32),
        atlas.in_rect("chest" if kind == "none" else "gown", unit.reshape(-1, 2)).astype(
            np.float32
        ),
        split(quads.astype(np.int32)),
    )
