"""Draw a scene: the picture and every map of it, on one pixel grid.

Rasterise once, read the maps, see what light reaches each pixel, shade what is covered, develop.
"""

import numpy as np

from render.backend import Backend
from render.device import Device, start
from render.focus import focused
from render.frame import Frame
from render.maps import landmarks, maps
from render.nearby import fallen
from render.occlusion import occlusion
from render.paint import shaded
from render.photograph import photograph
from render.raster import visible
from render.scene import Scene
from render.shade import stage
from render.shadow import shadow_map
from render.surface import pose

OURS = Backend()


def draw(scene: Scene, device: Device = "cpu", backend: Backend = OURS) -> Frame:
    """Draw a scene.

    The same scene gives the same bytes on one make of device, whatever else runs beside it.
    Raises where the material lies on another device.
    """
    name = start(device)
    if scene.material.device != name:
        raise ValueError(f"material must be on {name}, got {scene.material.device}")
    camera, material = scene.camera, scene.material
    posed = pose(scene.mesh, camera, name)
    keys = visible(posed, material.albedo, material.size)
    read = maps(posed, scene.mesh, material, keys)
    shadow = shadow_map(posed, read.depth, camera.position, material, scene.light)
    soft = occlusion(posed, shadow, keys, read)
    on = stage(posed, material, scene.light, camera.position)
    light = shaded(on, read, keys, soft, scene.background)
    if scene.light.key_distance > 0:
        light = fallen(light, keys, scene.background, scene.light.key_distance)
    if scene.aperture > 0:
        light = focused(light, keys, scene.background, camera, (scene.aperture, scene.focus))
    size = (camera.width, camera.height)
    image = photograph(light, size, scene.light.exposure, scene.sensor)

    grid = size[::-1]
    depth = read.depth.numpy().reshape(grid)
    pixels, own, seen = landmarks(scene.landmarks, scene.mesh, camera, depth)
    return Frame(
        image=image,
        depth=depth,
        normal=read.normal.numpy().reshape(*grid, 3),
        classes=read.classes.numpy().reshape(grid),
        uv=read.uv.numpy().reshape(*grid, 2),
        heat=np.ascontiguousarray(read.heat.numpy()).reshape(6, *grid),
        landmarks=pixels,
        landmark_depth=own,
        landmark_visible=seen,
        camera=camera,
    )
