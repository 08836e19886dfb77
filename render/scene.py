"""A scene is inert data; a renderer is a view of it."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float32

from render.camera import Camera
from render.light import Light
from render.material import Material
from render.mesh import Mesh, Points
from render.sensor import PHOTO, Sensor


@dataclass(frozen=True, eq=False)
class Scene:
    """All that one picture shows.

    `background` is linear light in the unit of `light`, on the pixel grid of the camera;
    `landmarks` lie on the triangles of `mesh`. `aperture`: metres across the lens that blurs what
    is not at depth `focus` (metres); 0 keeps the whole head sharp. `veil` is what one can see
    through: lenses, the shell of a mask (`render.veil`).
    """

    mesh: Mesh
    material: Material
    camera: Camera
    light: Light
    background: Float32[np.ndarray, "height width 3"]
    landmarks: Points
    sensor: Sensor = PHOTO
    aperture: float = 0.0
    focus: float = 1.0
    veil: Mesh | None = None

    def __post_init__(self) -> None:
        """Raise where background and camera disagree, or the lens cannot be."""
        size = (self.camera.height, self.camera.width, 3)
        if self.background.shape != size:
            raise ValueError(f"background must be {size}, got {self.background.shape}")
        if not (np.isfinite(self.aperture) and self.aperture >= 0):
            raise ValueError(f"aperture must be at least 0, got {self.aperture}")
        if not (np.isfinite(self.focus) and self.focus > 0):
            raise ValueError(f"focus must be above 0, got {self.focus}")
