"""What a camera sees of a mesh, found once for all who ask: maps, albedo, picture to texture."""

from dataclasses import dataclass

import warp as wp

from render.camera import Camera
from render.device import Device, start
from render.material import Material
from render.mesh import Mesh
from render.raster import visible
from render.surface import Posed, pose


@dataclass(frozen=True, eq=False)
class Sight:
    """A posed mesh on the device and the key of every sample, as `render.raster` gives them."""

    posed: Posed
    keys: wp.array


def look(mesh: Mesh, camera: Camera, material: Material, device: Device = "cpu") -> Sight:
    """See a mesh; of the material only the alpha of cards matters.

    Raises where the material lies on another device.
    """
    name = start(device)
    if material.device != name:
        raise ValueError(f"material must be on {name}, got {material.device}")
    posed = pose(mesh, camera, name)
    return Sight(posed, visible(posed, material.albedo, material.size))
