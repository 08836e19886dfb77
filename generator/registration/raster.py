"""The face as a surface of triangles on a grid of pixels: which is seen, and where on it.

The renderer's own kernel, asked at the middle of each pixel.
"""

from dataclasses import dataclass

import numpy as np
import warp as wp
from jaxtyping import Float, Float32, Int, Int32

from render import device
from render.raster import visible
from render.surface import CENTRE, SAMPLES, SUBPIXEL, Posed, Surface, View


@dataclass(frozen=True, eq=False)
class Raster:
    """What each pixel sees: the triangle, -1 where there is none, and its nearness, there 0."""

    triangle: Int32[np.ndarray, "height width"]
    near: Float32[np.ndarray, "height width"]


def rastered(
    pixels: Float[np.ndarray, "vertices 2"],
    near: Float[np.ndarray, " vertices"],
    triangles: Int32[np.ndarray, "triangles 3"],
    size: tuple[int, int],
) -> Raster:
    """Draw triangles whose corners lie at `pixels` into `size` (width, height) pixels.

    `near` is above 0 and grows to the viewer; it must be linear over the picture, as one over the
    depth is with perspective. Triangles that turn away are not drawn.
    """
    name = device.start("cpu")
    screen = np.floor(pixels * SUBPIXEL + 0.5).astype(np.int32)
    surface = Surface()
    surface.triangles = device.put(triangles, wp.vec3i, name)
    surface.screen = device.put(screen, wp.vec2i, name)
    surface.inverse_depth = device.put(near.astype(np.float32), wp.float32, name)
    surface.card = device.put(np.zeros(len(triangles), np.uint8), wp.uint8, name)
    view = View()
    view.width, view.height = size
    albedo = device.put(np.zeros((1, 4), np.uint8), wp.vec4ub, name)
    keys = visible(Posed(view, surface, len(triangles), name), albedo, 1).numpy()
    keys = keys.reshape(size[1], size[0], SAMPLES)[..., CENTRE]
    # As `render.raster.triangle_of` and `nearness` read them.
    triangle = (keys & np.uint64(0xFFFFFFFF)).astype(np.uint32).view(np.int32)
    return Raster(triangle, (~(keys >> np.uint64(32)).astype(np.uint32)).view(np.float32))


def weights(
    pixels: Float[np.ndarray, "vertices 2"],
    corners: Int[np.ndarray, "points 3"],
    points: Float[np.ndarray, "points 2"],
) -> Float32[np.ndarray, "points 3"]:
    """Shares of the corners of a triangle at points in it, without perspective."""
    a, b, c = (pixels.take(corners[:, corner], axis=0) - points for corner in range(3))
    first, second, third = _area(b, c), _area(c, a), _area(a, b)
    whole = first + second + third
    shares = np.empty((len(corners), 3), np.float32)
    for corner, area in enumerate((first, second, third)):
        np.divide(area, whole, out=shares[:, corner], casting="same_kind")
    return shares


def _area(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    return a[:, 0] * b[:, 1] - a[:, 1] * b[:, 0]
