"""A scene is inert data; a renderer is a view of it."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float32

from render.camera import Camera
from render.light import Light
from render.material import Material
from render.mesh import Mesh, Points


@dataclass(frozen=True)
class Sensor:
    """What turns light into bytes.

    `noise`: standard deviation of read noise, in units of a clipping white (0.003 is a good
    camera, 0.02 a bad one); `grain`: shot noise at white, its deviation goes with the root of the
    light. `contrast` 1 is neutral, more is steeper about the middle; `saturation` 1 leaves colours
    as they are; `vignette`: loss of light in the corners, 0–1; `blur`: deviation in pixels of the
    lens' softness, 0–1. `seed` draws the noise.
    """

    noise: float = 0.004
    grain: float = 0.01
    contrast: float = 1.0
    saturation: float = 1.0
    vignette: float = 0.0
    blur: float = 0.0
    seed: int = 0

    def __post_init__(self) -> None:
        """Raise where a number is out of its range."""
        for what, low, high in (
            ("noise", 0.0, 1.0),
            ("grain", 0.0, 1.0),
            ("contrast", 0.2, 5.0),
            ("saturation", 0.0, 3.0),
            ("vignette", 0.0, 1.0),
            ("blur", 0.0, 1.0),
            ("seed", 0, 2**31 - 1),
        ):
            value = getattr(self, what)
            if not low <= value <= high:
                raise ValueError(f"{what} must be from {low} to {high}, got {value}")


@dataclass(frozen=True, eq=False)
class Scene:
    """All that one picture shows.

    `background` is linear light in the unit of `light`, on the pixel grid of the camera;
    `landmarks` lie on the triangles of `mesh`.
    """

    mesh: Mesh
    material: Material
    camera: Camera
    light: Light
    background: Float32[np.ndarray, "height width 3"]
    landmarks: Points
    sensor: Sensor = Sensor()

    def __post_init__(self) -> None:
        """Raise where background and camera disagree."""
        size = (self.camera.height, self.camera.width, 3)
        if self.background.shape != size:
            raise ValueError(f"background must be {size}, got {self.background.shape}")
