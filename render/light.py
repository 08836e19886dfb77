"""Distant light: spherical harmonics of order 2, one key light apart from them, and a panorama.

Directions are unit vectors in world axes (y up, a face looks along +z) that point away from the
scene, towards where the light comes from. Light is linear, in one unit for the harmonics, the
key light, the panorama and the background; `exposure` takes it to the sensor, where 1 is a
diffuse white about to clip.

Real spherical harmonics in the order of `BASIS`: 1, y, z, x, xy, yz, 3z²-1, xz, x²-y², orthonormal
over the sphere.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Float32

BASIS = (0.282094792, 0.488602512, 1.092548431, 0.315391565, 0.546274215)
"""Factors of the bands: constant, linear, xy/yz/xz, 3z²-1, x²-y²."""

# Zonal coefficients of the clamped cosine, Ramamoorthi & Hanrahan 2001, eq. 8.
COSINE = (np.pi, 2 * np.pi / 3, np.pi / 4)


@dataclass(frozen=True, eq=False)
class Light:
    """What lights a scene.

    `sh` and `panorama` are the surroundings without the key light, which is given apart so that
    it can cast a shadow: `key_colour` is the irradiance it gives to a surface that faces it
    (zeros: no key light), `key_direction` points to it, `key_size` is its angular radius in
    radians (sun 0.005, window 0.3). `panorama` is equirectangular, row 0 straight up; a direction
    stands in column `column(...)`. `exposure` multiplies every radiance before the tone curve.
    `key_distance`: where the key light is a lamp beside the lens, the distance (m) from it at
    which it gives `key_colour`, from where it falls with the square; 0 where it is far away.
    """

    sh: Float32[np.ndarray, "9 3"]
    key_direction: Float32[np.ndarray, " 3"]
    key_colour: Float32[np.ndarray, " 3"]
    key_size: float = 0.1
    exposure: float = 1.0
    panorama: Float32[np.ndarray, "rows columns 3"] | None = None
    rotation: float = 0.0
    name: str = ""
    key_distance: float = 0.0

    def __post_init__(self) -> None:
        """Raise where a number cannot be light."""
        length = float(np.linalg.norm(self.key_direction))
        if not 0.999 < length < 1.001:
            raise ValueError(f"key_direction must be a unit vector, got length {length}")
        if not np.isfinite(self.sh).all():
            raise ValueError(f"sh must be finite, got {self.sh}")
        if not (np.isfinite(self.key_colour).all() and (self.key_colour >= 0).all()):
            raise ValueError(f"key_colour must be finite and at least 0, got {self.key_colour}")
        if not (np.isfinite(self.exposure) and self.exposure > 0):
            raise ValueError(f"exposure must be above 0, got {self.exposure}")
        if not (np.isfinite(self.key_distance) and self.key_distance >= 0):
            raise ValueError(f"key_distance must be at least 0, got {self.key_distance}")
        if not 0 < self.key_size < np.pi / 2:
            raise ValueError(f"key_size must be between 0 and pi/2, got {self.key_size}")


def basis(direction: Float[np.ndarray, "*batch 3"]) -> Float[np.ndarray, "*batch 9"]:
    """Give the nine harmonics at unit directions."""
    x, y, z = np.moveaxis(direction, -1, 0)
    constant, linear, cross, polar, sector = BASIS
    terms = (
        np.full_like(x, constant),
        linear * y,
        linear * z,
        linear * x,
        cross * x * y,
        cross * y * z,
        polar * (3 * z * z - 1),
        cross * x * z,
        sector * (x * x - y * y),
    )
    return np.stack(terms, axis=-1)


def radiance(
    sh: Float[np.ndarray, "9 3"], direction: Float[np.ndarray, "*batch 3"]
) -> Float[np.ndarray, "*batch 3"]:
    """Give the radiance that arrives from unit directions."""
    return basis(direction) @ sh


def irradiance(
    sh: Float[np.ndarray, "9 3"], normal: Float[np.ndarray, "*batch 3"]
) -> Float[np.ndarray, "*batch 3"]:
    """Give the irradiance at surfaces with unit normals; π times the radiance where it is even."""
    bands = np.repeat(COSINE, (1, 3, 5))
    return basis(normal) @ (bands[:, None] * sh)


def column(
    direction: Float[np.ndarray, "*batch 3"], rotation: float
) -> Float[np.ndarray, "*batch"]:
    """Give where a direction stands across a panorama, 0 (left edge) to 1.

    At rotation 0 the middle of the panorama is +z, what is to its right in the picture lies at
    -x. `rotation` (radians) turns the surroundings about y, from +z towards +x.
    """
    azimuth = np.arctan2(direction[..., 0], direction[..., 2]) - rotation
    return (0.5 - azimuth / (2 * np.pi)) % 1.0
