"""What a notebook needs of this room: a scene as inert data, and `draw`, which makes a frame of it.

A frame has the picture and its maps on one grid: depth (m), normals, classes, UV, heat (mm) and 68
landmarks (pixels, the centre of the first one (0.5, 0.5)).
"""

from render.camera import Camera, unproject
from render.frame import Frame
from render.image import draw
from render.light import Light
from render.material import Material
from render.mesh import Mesh, Points
from render.scene import Scene
from render.sensor import Sensor

__all__ = [
    "Camera", "Frame", "Light", "Material", "Mesh", "Points", "Scene", "Sensor", "draw",
    "unproject",
]  # fmt: skip
