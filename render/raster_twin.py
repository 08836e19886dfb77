"""The rasteriser again, slow and readable: one triangle after the other, in numpy.

It agrees with `render.raster` on every triangle number exactly and on depth to float32.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float32, Int32, Int64, UInt8

from render.camera import NEAR, Camera, project
from render.mesh import Mesh
from render.surface import OFFSETS, SAMPLES, SUBPIXEL


@dataclass(frozen=True, eq=False)
class Seen:
    """What each sample sees first: the triangle (-1: nothing) and its depth in metres (0)."""

    triangle: Int32[np.ndarray, "height width samples"]
    depth: Float32[np.ndarray, "height width samples"]


def on_screen(mesh: Mesh, camera: Camera) -> tuple[Int64[np.ndarray, "vertices 2"], np.ndarray]:
    """Give screen positions in whole 1/256 pixel and inverse depths (0: not to be drawn)."""
    pixels, depth = project(camera, mesh.vertices)
    drawn = depth >= NEAR
    drawn &= (np.abs(pixels) * SUBPIXEL < 2**24).all(axis=1)
    place = np.floor(np.where(drawn[:, None], pixels, 0.0) * SUBPIXEL + 0.5).astype(np.int64)
    inverse = np.where(drawn, 1.0 / np.where(drawn, depth, 1.0), 0.0)
    return place, inverse.astype(np.float32).astype(np.float64)


def visible_twin(mesh: Mesh, camera: Camera, alpha: Sequence[UInt8[np.ndarray, "_ _"]]) -> Seen:
    """Find what every sample sees; `alpha` holds the levels of the atlas, the largest first."""
    place, inverse_depth = on_screen(mesh, camera)
    shape = (camera.height, camera.width, SAMPLES)
    nearest = np.zeros(shape, np.float32)
    triangle = np.full(shape, -1, np.int32)
    for number, index in enumerate(mesh.triangles):
        inverse = inverse_depth[index]
        corners = place[index]
        if (inverse <= 0).any():
            continue
        area = _edge(corners[0], corners[1], corners[2])
        card = bool(mesh.card[number])
        if area == 0 or (area > 0 and not card):
            continue
        rows, columns, points = _samples(corners, camera)
        inside = np.ones(points.shape[:-1], bool)
        share = np.empty((3, *inside.shape))
        for corner in range(3):
            a, b = corners[(corner + 1) % 3], corners[(corner + 2) % 3]
            turned = _edge(a, b, points) * np.sign(area)
            across, down = (b - a)[::-1] * (-1, 1) * np.sign(area)
            owns = across > 0 or (across == 0 and down > 0)
            inside &= (turned > 0) | ((turned == 0) & owns)
            share[corner] = turned * (inverse[corner] / abs(area))
        near = share.sum(axis=0).astype(np.float32)
        if card:
            uv = mesh.uv[mesh.uv_triangles[number]].astype(np.float64)
            samples = float(abs(area)) / 2 / SUBPIXEL**2 * 4
            pixel = rows * camera.width + columns
            inside &= _alpha(uv, share, alpha, samples) > _thresholds(number, pixel)
        here = (rows, columns)
        wins = inside & (near > nearest[here])
        nearest[here] = np.where(wins, near, nearest[here])
        triangle[here] = np.where(wins, number, triangle[here])
    depth = np.divide(1.0, nearest, out=np.zeros_like(nearest), where=nearest > 0)
    return Seen(triangle, depth)


def _edge(a: np.ndarray, b: np.ndarray, p: np.ndarray) -> np.ndarray | np.integer:
    """Give twice the area of a, b, p: above 0 where p is to the right of a → b (y is down)."""
    return (b[0] - a[0]) * (p[..., 1] - a[1]) - (b[1] - a[1]) * (p[..., 0] - a[0])


def _samples(corners: np.ndarray, camera: Camera) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Give rows, columns and samples of the pixels that a triangle may touch."""
    low = np.clip(corners.min(axis=0) // SUBPIXEL, 0, (camera.width, camera.height))
    high = np.clip(corners.max(axis=0) // SUBPIXEL + 1, 0, (camera.width, camera.height))
    rows, columns = np.arange(low[1], high[1])[:, None], np.arange(low[0], high[0])[None]
    first = np.stack(np.broadcast_arrays(columns, rows), axis=-1) * SUBPIXEL
    return rows, columns, first[:, :, None] + OFFSETS


def _alpha(
    uv: np.ndarray, share: np.ndarray, levels: Sequence[np.ndarray], samples: float
) -> np.ndarray:
    """Give the alpha of a card, from the first level with at most two texels a sample."""
    flat = uv[1:] - uv[0]
    area = abs(flat[0, 0] * flat[1, 1] - flat[0, 1] * flat[1, 0]) / 2
    level = next((a for a in levels if area * a.size <= 2 * samples), levels[-1])
    total = share.sum(axis=0)
    total = np.where(total == 0, 1.0, total)
    u = sum(share[i] * uv[i, 0] for i in range(3)) / total
    v = sum(share[i] * (1 - uv[i, 1]) for i in range(3)) / total
    column = np.clip(np.floor(u * len(level)).astype(int), 0, len(level) - 1)
    row = np.clip(np.floor(v * len(level)).astype(int), 0, len(level) - 1)
    return level[row, column]


def _thresholds(triangle: int, pixel: np.ndarray) -> np.ndarray:
    """Give what alpha must exceed at the samples of pixels."""
    mixed = (triangle * 747796405 + pixel * 277803737) & 0xFFFFFFFF
    mixed = ((mixed ^ (mixed >> 15)) * 739183537) & 0xFFFFFFFF
    start = (mixed ^ (mixed >> 16)) & 255
    shared = np.minimum((start[..., None] + 64 * np.arange(4)) & 255, 254)
    return np.concatenate([shared, np.full((*shared.shape[:-1], 1), 127)], axis=-1)
