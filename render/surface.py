"""A mesh and a camera on the device, and what kernels ask of them at a sample of a pixel.

A pixel has five samples: four on a rotated grid (each in a row and a column of its own), which the
picture averages, and the centre, which the annotation maps are read from. Screen positions are
whole numbers of 1/256 pixel, so that coverage is exact and alike on every device.
"""

from dataclasses import dataclass
from typing import no_type_check

import numpy as np
import warp as wp

from render.camera import NEAR, Camera
from render.device import empty, put
from render.mesh import Mesh, Moist

SAMPLES = 5
CENTRE = 4
SUBPIXEL = 256
OFFSETS = np.array([(96, 32), (224, 96), (32, 160), (160, 224), (128, 128)], np.int32)
"""x and y of the samples in a pixel, in 1/256 pixel."""


@no_type_check
@wp.struct
class View:
    """A camera."""

    rotation: wp.mat33d
    shift: wp.vec3d
    focal: wp.vec2d
    centre: wp.vec2d
    width: int
    height: int


@no_type_check
@wp.struct
class Surface:
    """A mesh, projected."""

    vertices: wp.array[wp.vec3]
    normals: wp.array[wp.vec3]
    triangles: wp.array[wp.vec3i]
    uv: wp.array[wp.vec2]
    uv_triangles: wp.array[wp.vec3i]
    card: wp.array[wp.uint8]
    screen: wp.array[wp.vec2i]
    inverse_depth: wp.array[wp.float32]


@no_type_check
@wp.struct
class Corner:
    """A place on the surface: its triangle, the weights of its corners, its texture coordinates."""

    triangle: int
    weights: wp.vec3
    uv: wp.vec2


@no_type_check
@wp.func
def offset_x(sample: int) -> int:
    """Place of a sample in its pixel; `OFFSETS` written so that it folds into constants."""
    return wp.where(sample == 4, 128, 96 + 128 * (sample % 2) - 64 * (sample / 2))


@no_type_check
@wp.func
def offset_y(sample: int) -> int:
    """Place of a sample in its pixel."""
    return wp.where(sample == 4, 128, 32 + 64 * sample)


@no_type_check
@wp.func
def pixel_ray(view: View, x: wp.float32, y: wp.float32) -> wp.vec3:
    """Give the direction through a pixel position in camera axes, its z 1."""
    return wp.vec3(
        (x - wp.float32(view.centre[0])) / wp.float32(view.focal[0]),
        (y - wp.float32(view.centre[1])) / wp.float32(view.focal[1]),
        1.0,
    )


@no_type_check
@wp.func
def corner_at(surface: Surface, triangle: int, x: int, y: int) -> Corner:
    """Give the place on a triangle that is seen at (x, y), in 1/256 pixel."""
    index = surface.triangles[triangle]
    a = surface.screen[index[0]]
    b = surface.screen[index[1]]
    c = surface.screen[index[2]]
    ax = wp.int64(a[0] - x)
    ay = wp.int64(a[1] - y)
    bx = wp.int64(b[0] - x)
    by = wp.int64(b[1] - y)
    cx = wp.int64(c[0] - x)
    cy = wp.int64(c[1] - y)
    wa = wp.float32(bx * cy - cx * by) * surface.inverse_depth[index[0]]
    wb = wp.float32(cx * ay - ax * cy) * surface.inverse_depth[index[1]]
    wc = wp.float32(ax * by - bx * ay) * surface.inverse_depth[index[2]]
    out = Corner()
    out.triangle = triangle
    out.weights = wp.vec3(wa, wb, wc) / (wa + wb + wc)
    flat = surface.uv_triangles[triangle]
    out.uv = (
        surface.uv[flat[0]] * out.weights[0]
        + surface.uv[flat[1]] * out.weights[1]
        + surface.uv[flat[2]] * out.weights[2]
    )
    return out


@no_type_check
@wp.func
def blend(values: wp.array[wp.vec3], index: wp.vec3i, weights: wp.vec3) -> wp.vec3:
    """Interpolate what three rows hold."""
    return (
        values[index[0]] * weights[0]
        + values[index[1]] * weights[1]
        + values[index[2]] * weights[2]
    )


@no_type_check
@wp.kernel(enable_backward=False)
def project(view: View, near: wp.float64, surface: Surface):
    """Write where each vertex stands on the screen; an inverse depth of 0 cannot be drawn."""
    vertex = wp.tid()
    p = surface.vertices[vertex]
    seen = view.rotation * wp.vec3d(wp.float64(p[0]), wp.float64(p[1]), wp.float64(p[2]))
    seen = seen + view.shift
    surface.screen[vertex] = wp.vec2i(0, 0)
    surface.inverse_depth[vertex] = 0.0
    if seen[2] < near:
        return
    scale = wp.float64(256.0)
    x = (seen[0] / seen[2] * view.focal[0] + view.centre[0]) * scale
    y = (seen[1] / seen[2] * view.focal[1] + view.centre[1]) * scale
    far = wp.float64(16777216.0)  # 2^24: products of two stay exact
    if wp.abs(x) < far and wp.abs(y) < far:
        half = wp.float64(0.5)
        surface.screen[vertex] = wp.vec2i(
            wp.int32(wp.floor(x + half)), wp.int32(wp.floor(y + half))
        )
        surface.inverse_depth[vertex] = wp.float32(wp.float64(1.0) / seen[2])


@no_type_check  # a warp struct is no type to a checker
@dataclass(frozen=True, eq=False)
class Posed:
    """A mesh before a camera, on the device."""

    view: View  # pyright: ignore[reportGeneralTypeIssues]
    surface: Surface  # pyright: ignore[reportGeneralTypeIssues]
    triangles: int
    device: str
    moist: Moist | None = None


def pose(mesh: Mesh, camera: Camera, device: str) -> Posed:
    """Bring a mesh and a camera to the device and project the vertices."""
    view = View()
    view.rotation = wp.mat33d(*camera.extrinsics[:, :3].ravel().tolist())
    view.shift = wp.vec3d(*camera.extrinsics[:, 3].tolist())
    view.focal = wp.vec2d(float(camera.intrinsics[0, 0]), float(camera.intrinsics[1, 1]))
    view.centre = wp.vec2d(float(camera.intrinsics[0, 2]), float(camera.intrinsics[1, 2]))
    view.width, view.height = camera.width, camera.height
    surface = Surface()
    surface.vertices = put(mesh.vertices, wp.vec3, device)
    surface.normals = put(mesh.normals, wp.vec3, device)
    surface.triangles = put(mesh.triangles, wp.vec3i, device)
    surface.uv = put(mesh.uv, wp.vec2, device)
    surface.uv_triangles = put(mesh.uv_triangles, wp.vec3i, device)
    surface.card = put(mesh.card.view(np.uint8), wp.uint8, device)
    vertices = len(mesh.vertices)
    surface.screen = empty(vertices, wp.vec2i, device)
    surface.inverse_depth = empty(vertices, wp.float32, device)
    wp.launch(project, dim=vertices, inputs=[view, NEAR, surface], device=device)
    return Posed(view, surface, len(mesh.triangles), device, mesh.moist)
