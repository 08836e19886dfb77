"""Annotation maps: what the centre of each pixel sees, and where the landmarks stand.

All of it is read from the first hit of one sample, so depth, normal, class, texture coordinate and
heat of a pixel belong to the same point of the same triangle.
"""

from typing import no_type_check

import numpy as np
import warp as wp
from jaxtyping import Bool, Float32

from render.camera import Camera, project
from render.device import put
from render.material import MASK_SIZE, Material
from render.mesh import Mesh, Points
from render.raster import depth_of, triangle_of
from render.surface import CENTRE, SAMPLES, Posed, Surface, View, blend, corner_at

TOLERANCE = 0.003
"""A landmark this much (m) behind what is seen is still visible: it may lie inside a brow."""


@no_type_check
@wp.struct
class Maps:
    """Maps on the device, a value a pixel, row after row; `heat` has six rows of pixels."""

    depth: wp.array[wp.float32]
    normal: wp.array[wp.vec3]
    classes: wp.array[wp.uint8]
    uv: wp.array[wp.vec2]
    heat: wp.array2d[wp.float32]


@no_type_check
@wp.func
def class_at(classes: wp.array[wp.uint8], uv: wp.vec2) -> wp.uint8:
    """Give the class of the mask's nearest texel."""
    column = wp.clamp(wp.int32(wp.floor(uv[0] * 1024.0)), 0, MASK_SIZE - 1)
    row = wp.clamp(wp.int32(wp.floor((1.0 - uv[1]) * 1024.0)), 0, MASK_SIZE - 1)
    return classes[row * MASK_SIZE + column]


@no_type_check
@wp.kernel(enable_backward=False)
def read(
    view: View,
    surface: Surface,
    mask: wp.array[wp.uint8],
    vertex_heat: wp.array2d[wp.float32],
    keys: wp.array[wp.uint64],
    maps: Maps,
):
    """Read the maps at one pixel."""
    pixel = wp.tid()
    key = keys[pixel * SAMPLES + CENTRE]
    triangle = triangle_of(key)
    if triangle < 0:
        return
    x = pixel % view.width
    y = pixel / view.width
    corner = corner_at(surface, triangle, x * 256 + 128, y * 256 + 128)
    index = surface.triangles[triangle]
    maps.depth[pixel] = depth_of(key)
    n = wp.normalize(blend(surface.normals, index, corner.weights))
    seen = view.rotation * wp.vec3d(wp.float64(n[0]), wp.float64(n[1]), wp.float64(n[2]))
    facing = wp.vec3(wp.float32(seen[0]), -wp.float32(seen[1]), -wp.float32(seen[2]))
    if surface.card[triangle] != wp.uint8(0) and facing[2] < 0.0:
        facing = -facing
    maps.normal[pixel] = facing
    maps.classes[pixel] = class_at(mask, corner.uv)
    maps.uv[pixel] = corner.uv
    for region in range(6):
        a = vertex_heat[index[0], region] * corner.weights[0]
        b = vertex_heat[index[1], region] * corner.weights[1]
        c = vertex_heat[index[2], region] * corner.weights[2]
        maps.heat[region, pixel] = a + b + c


@no_type_check
def maps(posed: Posed, mesh: Mesh, material: Material, keys: wp.array) -> Maps:
    """Read every map from the keys of the samples."""
    pixels, device = posed.view.width * posed.view.height, posed.device
    out = Maps()
    out.depth = wp.zeros(pixels, dtype=wp.float32, device=device)
    out.normal = wp.zeros(pixels, dtype=wp.vec3, device=device)
    out.classes = wp.zeros(pixels, dtype=wp.uint8, device=device)
    out.uv = wp.zeros(pixels, dtype=wp.vec2, device=device)
    out.heat = wp.zeros((6, pixels), dtype=wp.float32, device=device)
    heat = put(mesh.heat, wp.float32, device)
    inputs = [posed.view, posed.surface, material.classes, heat, keys, out]
    wp.launch(read, dim=pixels, inputs=inputs, device=device)
    return out


def landmarks(
    points: Points, mesh: Mesh, camera: Camera, depth: Float32[np.ndarray, "height width"]
) -> tuple[
    Float32[np.ndarray, "points 2"], Float32[np.ndarray, " points"], Bool[np.ndarray, " points"]
]:
    """Give pixels, depths and visibility of points on the mesh.

    A point is hidden where all four pixels round it see something nearer by `TOLERANCE`, and
    outside the picture.
    """
    pixels, own = project(camera, points.on(mesh.vertices, mesh.triangles))
    inside = (own > 0) & (pixels >= 0).all(axis=1)
    inside &= (pixels[:, 0] < camera.width) & (pixels[:, 1] < camera.height)
    corner = np.floor(np.where(inside[:, None], pixels, 0.5) - 0.5).astype(int)
    seen = np.zeros(len(pixels), bool)
    for dx in (0, 1):
        for dy in (0, 1):
            column = np.clip(corner[:, 0] + dx, 0, camera.width - 1)
            row = np.clip(corner[:, 1] + dy, 0, camera.height - 1)
            nearest = depth[row, column]
            seen |= (nearest == 0) | (nearest > own - TOLERANCE)
    return pixels.astype(np.float32), own.astype(np.float32), inside & seen
