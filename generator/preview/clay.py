"""A head as grey clay: bare relief in one soft light, the same for every mesh, on numpy alone.

Seen from the front and far away (no perspective), in metres, y up, the face ahead along +z.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int32, UInt8

SAMPLES = 2
"""Samples a pixel along each side."""
CLAY = (0.74, 0.72, 0.69)
GROUND = (0.12, 0.125, 0.135)
# Lights from above left and from the right, the direction they come from and what they add.
LIGHTS = (((-0.55, 0.62, 0.56), 0.62), ((0.85, 0.1, 0.5), 0.16))
AMBIENT = 0.2
# The back of a surface, seen into a mouth or an empty socket, and what lies deep.
BACK = 0.25


@dataclass(frozen=True)
class Window:
    """What is shown: its middle and half its side, metres, and the head's turn, radians."""

    x: float = 0.0
    y: float = -0.03
    half: float = 0.11
    yaw: float = 0.0


def draw(
    vertices: Float[np.ndarray, "vertices 3"],
    triangles: Int32[np.ndarray, "triangles 3"],
    size: int,
    window: Window,
    colour: Float[np.ndarray, "vertices 3"] | None = None,
) -> UInt8[np.ndarray, "size size 3"]:
    """A square picture of `size` pixels, red first; `colour` (0-1, sRGB) stands for the clay's."""
    side = size * SAMPLES
    turn = np.array(
        [[np.cos(window.yaw), 0, np.sin(window.yaw)], [0, 1, 0],
         [-np.sin(window.yaw), 0, np.cos(window.yaw)]]
    )  # fmt: skip
    points = vertices.astype(np.float64) @ turn.T
    normals = _normals(points, triangles)
    screen = points * (1, -1, 1) + (window.half - window.x, window.half + window.y, 0)
    screen[:, :2] *= side / (2 * window.half)
    seen, weights = _visible(screen, triangles, side)
    picture = np.empty((side * side, 3))
    picture[:] = GROUND
    covered = seen >= 0
    corners = triangles[seen[covered]]
    share = weights[covered, :, None]
    facing = (normals[corners] * share).sum(1)
    facing /= np.maximum(np.linalg.norm(facing, axis=1, keepdims=True), 1e-12)
    front = _turning(screen, triangles[seen[covered]]) < 0
    light = np.full(len(facing), AMBIENT)
    for direction, strength in LIGHTS:
        unit = np.array(direction) / np.linalg.norm(direction)
        light += strength * np.maximum(facing @ unit, 0)
    light += 0.12 * np.maximum(facing[:, 2], 0)
    light *= np.where(front, 1.0, BACK)
    base = np.array(CLAY) if colour is None else (colour[corners] * share).sum(1)
    picture[covered] = base**2.2 * light[:, None]
    picture[~covered] = np.array(GROUND) ** 2.2
    mean = picture.reshape(size, SAMPLES, size, SAMPLES, 3).mean((1, 3))
    return np.round(255 * np.clip(1.25 * mean, 0, 1) ** (1 / 2.2)).astype(np.uint8)


def _normals(points: np.ndarray, triangles: np.ndarray) -> np.ndarray:
    """Unit normals of vertices, weighted by area."""
    a, b, c = (points[triangles[:, k]] for k in range(3))
    faces = np.cross(b - a, c - a)
    out = np.zeros_like(points)
    for axis in range(3):
        for corner in range(3):
            out[:, axis] += np.bincount(
                triangles[:, corner], weights=faces[:, axis], minlength=len(points)
            )
    return out / np.maximum(np.linalg.norm(out, axis=1, keepdims=True), 1e-20)


def _turning(screen: np.ndarray, triangles: np.ndarray) -> np.ndarray:
    """Twice the signed area on the screen, below 0 where a triangle shows its outside."""
    a, b, c = (screen[triangles[:, k], :2] for k in range(3))
    u, v = b - a, c - a
    return u[:, 0] * v[:, 1] - u[:, 1] * v[:, 0]


def _visible(screen: np.ndarray, triangles: np.ndarray, side: int) -> tuple[np.ndarray, np.ndarray]:
    """The nearest triangle at every sample (-1: none) and its barycentric weights there."""
    a, b, c = (screen[triangles[:, k]] for k in range(3))
    low = np.floor(np.minimum(np.minimum(a, b), c)[:, :2] - 0.5).astype(np.int64) + 1
    high = np.ceil(np.maximum(np.maximum(a, b), c)[:, :2] - 0.5).astype(np.int64)
    low, high = np.maximum(low, 0), np.minimum(high, side)
    area = _turning(screen, triangles)
    extent = np.where(area[:, None] != 0, np.maximum(high - low, 0), 0)
    count = extent.prod(1)
    owner = np.repeat(np.arange(len(triangles)), count)
    place = np.arange(count.sum()) - np.repeat(np.cumsum(count) - count, count)
    x = low[owner, 0] + place % extent[owner, 0]
    y = low[owner, 1] + place // extent[owner, 0]
    at = np.stack([x + 0.5, y + 0.5], 1)
    corners = (a[owner], b[owner], c[owner])
    weights = (
        np.stack(
            [
                (q[:, 0] - at[:, 0]) * (r[:, 1] - at[:, 1])
                - (q[:, 1] - at[:, 1]) * (r[:, 0] - at[:, 0])
                for q, r in ((corners[1], corners[2]), (corners[2], corners[0]), corners[:2])
            ],
            1,
        )
        / area[owner, None]
    )
    inside = (weights >= 0).all(1)
    owner, weights, x, y = owner[inside], weights[inside], x[inside], y[inside]
    depth = (np.stack([corner[inside, 2] for corner in corners], 1) * weights).sum(1)
    order = np.lexsort((owner, depth))
    pixel = (y * side + x)[order]
    seen, found = np.full(side * side, -1), np.zeros((side * side, 3))
    # The last write to a place is the nearest.
    seen[pixel], found[pixel] = owner[order], weights[order]
    return seen, found
