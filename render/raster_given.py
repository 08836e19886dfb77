"""Keys of the samples from triangles that another rasteriser found.

It is asked for solid triangles alone, once for each of a pixel's samples, with the lens shifted so
that its pixel centres lie on that sample. What it finds is turned into our keys with our own depth
of that triangle at that sample, and cards are drawn over it by our own kernel: what a card lets
through is spread over the samples (`render.card`), which no other rasteriser has. So all maps come
out as ours wherever the same triangle is seen.
"""

from typing import no_type_check

import numpy as np
import warp as wp
from jaxtyping import Float64, Int32

from render import raster_pyrender, raster_pytorch3d
from render.backend import Raster
from render.camera import NEAR, Camera
from render.device import put
from render.material import Material
from render.mesh import Mesh
from render.raster import EMPTY, edges_of, nearness, rasterise
from render.surface import OFFSETS, SAMPLES, SUBPIXEL, Posed, Surface, View, offset_x, offset_y


@no_type_check
@wp.kernel(enable_backward=False)
def measured(view: View, surface: Surface, seen: wp.array[wp.int32], keys: wp.array[wp.uint64]):
    """Write the key of one sample that sees a triangle, with the triangle's depth there."""
    at = wp.tid()
    triangle = seen[at]
    if triangle < 0:
        return
    pixel = at / SAMPLES
    sample = at % SAMPLES
    index = surface.triangles[triangle]
    # As a card, so that a triangle that is seen edge-on by us has a depth all the same.
    e = edges_of(surface, index, True)
    if e.area == wp.int64(0):
        return
    x = wp.int64(pixel % view.width * 256 + offset_x(sample))
    y = wp.int64(pixel / view.width * 256 + offset_y(sample))
    w = e.across * x + e.down * y + e.rest
    inverse = wp.float64(0.0)
    low = wp.float64(surface.inverse_depth[index[0]])
    high = low
    for i in range(3):
        inverse += wp.float64(w[i]) * e.nearness[i]
        corner = wp.float64(surface.inverse_depth[index[i]])
        low = wp.min(low, corner)
        high = wp.max(high, corner)
    keys[at] = nearness(wp.clamp(inverse, low, high)) | wp.uint64(triangle)


def solid(mesh: Mesh, camera: Camera) -> Int32[np.ndarray, " solid"]:
    """Numbers of the triangles that are no card and lie wholly beyond `camera.NEAR`."""
    rotation, shift = camera.extrinsics[2, :3], camera.extrinsics[2, 3]
    drawn = mesh.vertices.astype(np.float64) @ rotation + shift >= NEAR
    chosen = ~mesh.card & drawn[mesh.triangles].all(axis=1)
    return np.flatnonzero(chosen).astype(np.int32)


def shifted(camera: Camera) -> list[Float64[np.ndarray, "3 3"]]:
    """Intrinsics that bring each of a pixel's samples to its centre."""
    lenses = []
    for place in OFFSETS / SUBPIXEL - 0.5:
        lens = camera.intrinsics.copy()
        lens[:2, 2] -= place
        lenses.append(lens)
    return lenses


def visible_by(raster: Raster, posed: Posed, mesh: Mesh, camera: Camera, material: Material):
    """Give the keys of `render.raster.visible`, solid triangles as `raster` sees them.

    Raises ValueError where `raster` is not installed.
    """
    numbers = solid(mesh, camera)
    chosen = mesh.triangles[numbers]
    lenses = shifted(camera)
    match raster:
        case "pyrender":
            found = raster_pyrender.triangles(mesh.vertices, chosen, camera, lenses)
        case "pytorch3d":
            found = raster_pytorch3d.triangles(mesh.vertices, chosen, camera, lenses)
        case _:
            raise ValueError(f"raster must be pyrender or pytorch3d here, got {raster}")
    seen = np.where(found >= 0, numbers[np.maximum(found, 0)], -1) if len(numbers) else found
    keys = keys_of(posed, seen)
    if mesh.card.any():
        cards(posed, mesh, material, keys)
    return keys


def keys_of(posed: Posed, seen: Int32[np.ndarray, "height width samples"]) -> wp.array:
    """Give the keys of samples that see these triangles (-1: nothing)."""
    keys = wp.full(seen.size, value=EMPTY, dtype=wp.uint64, device=posed.device)
    numbers = put(seen.astype(np.int32).ravel(), wp.int32, posed.device)
    inputs = [posed.view, posed.surface, numbers, keys]
    wp.launch(measured, dim=seen.size, inputs=inputs, device=posed.device)
    return keys


@no_type_check
def cards(posed: Posed, mesh: Mesh, material: Material, keys: wp.array) -> None:
    """Draw the cards of a mesh over what the keys see; its solid triangles shrink to a point."""
    surface = Surface()
    for name in ("vertices", "normals", "uv", "uv_triangles", "card", "screen", "inverse_depth"):
        setattr(surface, name, getattr(posed.surface, name))
    alone = np.where(mesh.card[:, None], mesh.triangles, 0)
    surface.triangles = put(alone, wp.vec3i, posed.device)
    inputs = [posed.view, surface, material.albedo, material.size, keys]
    wp.launch(rasterise, dim=posed.triangles, inputs=inputs, device=posed.device)
