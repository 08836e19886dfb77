"""A picture and its exact maps, all on one pixel grid."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float32, UInt8

from render.camera import Camera


@dataclass(frozen=True, eq=False)
class Frame:
    """What drawing a scene gives.

    Maps tell what is seen through the centre of each pixel; 0 where that is the background.
    `image` is sRGB. `depth` in metres along the camera's axis. `normal` is the unit normal of the
    smooth surface (no normal map), x right, y up, z to the viewer. `classes` are numbers of
    `assets.classes`. `uv` 0–1, v upward. `heat` in mm, in the order of `mesh.HEAT`. `landmarks` in
    pixels, the centre of the first pixel (0.5, 0.5); `landmark_depth` in metres;
    `landmark_visible` where they stand in the picture and nothing hides them.
    """

    image: UInt8[np.ndarray, "height width 3"]
    depth: Float32[np.ndarray, "height width"]
    normal: Float32[np.ndarray, "height width 3"]
    classes: UInt8[np.ndarray, "height width"]
    uv: Float32[np.ndarray, "height width 2"]
    heat: Float32[np.ndarray, "6 height width"]
    landmarks: Float32[np.ndarray, "landmarks 2"]
    landmark_depth: Float32[np.ndarray, " landmarks"]
    landmark_visible: Bool[np.ndarray, " landmarks"]
    camera: Camera
