"""The eyeball: its size by age, its shape (a sphere with a cornea), and the mesh that is drawn.

The unit eyeball is a sphere of radius 1 about the origin that looks along +z; the cornea is a
steeper sphere through the limbus. Texture coordinates are polar: the pupil's centre at
(0.5, 0.5), the limbus at `LIMBUS_UV` from it, the rim of the drawn cap at 0.5.
"""

from dataclasses import dataclass
from functools import cache

import numpy as np
from jaxtyping import Float, Float32, Int32

LIMBUS_UV = 0.25
# The cap that is drawn reaches behind the widest opening of the lids at any gaze.
CAP_ANGLE = 2.1
SECTORS = 32
IRIS_RINGS = 5
WHITE_RINGS = 9
# Radius of the cornea over the radius of its rim, 7.8 mm over 5.85 mm.
CORNEA_FACTOR = 4 / 3


def radius(age_years: float) -> float:
    """Radius of the eyeball in metres: 8.5 mm at birth, 10 at one year, 12 in adults.

    Half the axial length of the eye by age (Gordon & Donzis 1985), as a smooth curve.
    """
    return 0.012 - 0.0023 * np.exp(-age_years / 1.3) - 0.0012 * np.exp(-age_years / 7.0)


def iris_radius(age_years: float) -> float:
    """Radius of the visible iris in metres: 4.8 mm at birth, 5.85 (11.7 across) in adults."""
    return 0.00585 - 0.00105 * np.exp(-age_years / 1.5)


def surface(cosine: Float[np.ndarray, "*points"], iris: float) -> Float[np.ndarray, "*points"]:
    """Distance of the unit eyeball's surface from its centre.

    `cosine` is that of the angle from the direction of gaze, `iris` the radius of the iris in
    radii of the ball. 1 on the white, about 1.09 at the top of the cornea.
    """
    steep = CORNEA_FACTOR * iris
    centre = np.sqrt(1 - iris**2) - np.sqrt(steep**2 - iris**2)
    inside = np.maximum(steep**2 - centre**2 * (1 - cosine**2), 0.0)
    cornea = centre * cosine + np.sqrt(inside)
    return np.where(cosine > 0, np.maximum(cornea, 1.0), 1.0)


@dataclass(frozen=True, eq=False)
class EyeballMesh:
    """Quads of the cap that is drawn; the first vertex is the top of the cornea."""

    directions: Float32[np.ndarray, "vertices 3"]
    rings: Float32[np.ndarray, " vertices"]
    quads: Int32[np.ndarray, "quads 4"]
    uv: Float32[np.ndarray, "vertices 2"]

    def vertices(self, iris: float) -> Float32[np.ndarray, "vertices 3"]:
        """Unit eyeball whose limbus lies at `iris` radii from its axis, looking along +z."""
        limbus = np.arcsin(iris)
        white = limbus + (self.rings - 1) * (CAP_ANGLE - limbus)
        angle = np.where(self.rings <= 1, self.rings * limbus, white)
        out = surface(np.cos(angle), iris)
        flat = self.directions * (out * np.sin(angle))[:, None]
        flat[:, 2] = out * np.cos(angle)
        return flat.astype(np.float32)


@cache
def mesh() -> EyeballMesh:
    """The mesh of an eyeball; all people share it.

    `rings` is 0 at the pole, 1 at the limbus, 2 at the rim; the pole is closed with quads.
    """
    inner = np.arange(1, IRIS_RINGS + 1) / IRIS_RINGS
    outer = 1 + np.arange(1, WHITE_RINGS + 1) / WHITE_RINGS
    levels = np.concatenate([inner, outer])
    turn = 2 * np.pi * np.arange(SECTORS) / SECTORS
    around = np.stack([np.cos(turn), np.sin(turn), np.zeros(SECTORS)], axis=1)
    directions = np.concatenate([np.zeros((1, 3)), np.tile(around, (len(levels), 1))])
    rings = np.concatenate([[0.0], np.repeat(levels, SECTORS)])
    across = np.where(rings <= 1, LIMBUS_UV * rings, LIMBUS_UV + (0.5 - LIMBUS_UV) * (rings - 1))
    uv = 0.5 + directions[:, :2] * across[:, None]

    place = 1 + np.arange(len(levels) * SECTORS).reshape(len(levels), SECTORS)
    beside = np.roll(place, -1, axis=1)
    strips = np.stack([place[:-1], place[1:], beside[1:], beside[:-1]], axis=-1).reshape(-1, 4)
    first = place[0]
    pairs = np.arange(0, SECTORS, 2)
    last = first[(pairs + 2) % SECTORS]
    pole = np.stack([np.zeros_like(pairs), first[pairs], first[pairs + 1], last], axis=1)
    quads = np.concatenate([pole, strips]).astype(np.int32)
    return EyeballMesh(
        directions.astype(np.float32), rings.astype(np.float32), quads, uv.astype(np.float32)
    )
