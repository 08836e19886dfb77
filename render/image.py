"""Draw a scene: the picture and every map of it, on one pixel grid.

Rasterise once, read the maps, see what light reaches each pixel, shade what is covered, develop.
"""

from typing import no_type_check

import numpy as np
import warp as wp

from render.backend import Backend
from render.device import Device, put, start
from render.focus import focused
from render.frame import Frame
from render.maps import Maps, landmarks, maps
from render.mitsuba_trace import traced
from render.nearby import fallen
from render.occlusion import occlusion
from render.paint import shaded
from render.photograph import photograph
from render.raster import visible
from render.raster_given import visible_by
from render.scene import Scene
from render.shade import stage
from render.shadow import shadow_map
from render.surface import Posed, pose
from render.veil import cover

OURS = Backend()


def draw(scene: Scene, device: Device = "cpu", backend: Backend = OURS) -> Frame:
    """Draw a scene.

    The same scene gives the same bytes on one make of device, whatever else runs beside it.
    Raises where the material lies on another device, or a back end is not installed.
    """
    name = start(device)
    if scene.material.device != name:
        raise ValueError(f"material must be on {name}, got {scene.material.device}")
    camera, material = scene.camera, scene.material
    posed = pose(scene.mesh, camera, name)
    keys = seen_by(scene, posed, backend)
    read = maps(posed, scene.mesh, material, keys)
    light = lit_by(scene, posed, keys, read, backend)
    if scene.light.key_distance > 0:
        light = fallen(light, keys, scene.background, scene.light.key_distance)
    depth = read.depth.numpy()
    if scene.veil is not None:
        depth = depth.copy()
        cover(scene.veil, camera, material, scene.light, keys, read, light)
    if scene.aperture > 0:
        light = focused(light, keys, scene.background, camera, (scene.aperture, scene.focus))
    size = (camera.width, camera.height)
    image = photograph(light, size, scene.light.exposure, scene.sensor)

    grid = size[::-1]
    # Landmarks are seen through what is clear.
    pixels, own, seen = landmarks(scene.landmarks, scene.mesh, camera, depth.reshape(grid))
    return Frame(
        image=image,
        depth=read.depth.numpy().reshape(grid),
        normal=read.normal.numpy().reshape(*grid, 3),
        classes=read.classes.numpy().reshape(grid),
        uv=read.uv.numpy().reshape(*grid, 2),
        heat=np.ascontiguousarray(read.heat.numpy()).reshape(6, *grid),
        landmarks=pixels,
        landmark_depth=own,
        landmark_visible=seen,
        camera=camera,
    )


def seen_by(scene: Scene, posed: Posed, backend: Backend) -> wp.array:
    """Give the key of every sample."""
    material = scene.material
    if backend.raster == "warp":
        return visible(posed, material.albedo, material.size)
    return visible_by(backend.raster, posed, scene.mesh, scene.camera, material)


@no_type_check
def lit_by(scene: Scene, posed: Posed, keys: wp.array, read: Maps, backend: Backend) -> wp.array:
    """Give linear light, a vector a pixel, with the background behind."""
    material, light, eye = scene.material, scene.light, scene.camera.position
    if backend.shading == "mitsuba":
        device = "cpu" if posed.device == "cpu" else "cuda"
        found = traced(scene, device, backend.paths)
        return put(found.reshape(-1, 3), wp.vec3, posed.device)
    shadow = shadow_map(posed, read.depth, eye, material, light)
    soft = occlusion(posed, shadow, keys, read)
    return shaded(stage(posed, material, light, eye), read, keys, soft, scene.background)
