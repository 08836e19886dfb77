"""Triangles by PyTorch3D's own rasteriser, which needs the torch it was built for."""

import numpy as np
from jaxtyping import Float32, Float64, Int32

from render.backend import optional
from render.camera import Camera
from render.surface import SUBPIXEL

OFF_EDGE = np.array([5e-7, 2.5e-7, 0.0])
"""How far (half pictures) all is moved: a sample on an edge would belong to neither triangle."""


def triangles(
    vertices: Float32[np.ndarray, "vertices 3"],
    chosen: Int32[np.ndarray, "triangles 3"],
    camera: Camera,
    lenses: list[Float64[np.ndarray, "3 3"]],
) -> Int32[np.ndarray, "height width lenses"]:
    """Give the row of `chosen` that the centre of each pixel sees through each lens, -1: none.

    On a CPU every pixel asks every triangle: seconds for small pictures, minutes for large ones.
    Raises ValueError where PyTorch3D is missing.
    """
    structures = optional("raster", "pytorch3d.structures")
    rasterise = optional("raster", "pytorch3d.renderer.mesh.rasterize_meshes").rasterize_meshes
    torch = optional("raster", "torch")
    size = (camera.height, camera.width)
    found = np.full((*size, len(lenses)), -1, np.int32)
    if not len(chosen):
        return found
    seen = vertices.astype(np.float64) @ camera.extrinsics[:, :3].T + camera.extrinsics[:, 3]
    for number, lens in enumerate(lenses):
        pixels = seen[:, :2] / seen[:, 2:] * lens[[0, 1], [0, 1]] + lens[:2, 2]
        # On our grid of screen positions, so that samples fall on the same side of an edge.
        pixels = np.floor(pixels * SUBPIXEL + 0.5) / SUBPIXEL
        # Their axes: x left, y up, and the shorter side of the picture from -1 to 1.
        half = min(size) / 2
        screen = np.stack(
            [
                (camera.width / 2 - pixels[:, 0]) / half,
                (camera.height / 2 - pixels[:, 1]) / half,
                seen[:, 2],
            ],
            axis=1,
        )
        mesh = structures.Meshes(
            [torch.from_numpy((screen + OFF_EDGE).astype(np.float32))],
            [torch.from_numpy(chosen.astype(np.int64))],
        )
        faces, *_ = rasterise(
            mesh, image_size=size, blur_radius=0.0, faces_per_pixel=1, bin_size=0,
            perspective_correct=True, cull_backfaces=True,
        )  # fmt: skip
        found[..., number] = faces[0, ..., 0].numpy()
    return found
