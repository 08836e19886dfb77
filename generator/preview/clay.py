"""A head as grey clay: bare relief in one soft light, the same for every mesh, on numpy alone.

Seen from the front and far away (no perspective), in metres, y up, the face ahead along +z.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int32, UInt8

SAMPLES = 2
"""Samples a pixel along each side."""
CLAY = (0.70, 0.685, 0.66)
GROUND = (0.12, 0.125, 0.135)
# Lights from above left and from the right, the direction they come from and what they add.
LIGHTS = (((-0.5, 0.72, 0.5), 0.82), ((0.9, 0.15, 0.4), 0.2))
AMBIENT = 0.1
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
    corners = screen[triangles]
    area = _turning(screen, triangles)
    # Weight k at (x, y) is across x + down y + rest, 1 at corner k and 0 on the edge opposite.
    following, last = np.roll(corners, -1, axis=1), np.roll(corners, -2, axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        across = (following[..., 1] - last[..., 1]) / area[:, None]
        down = (last[..., 0] - following[..., 0]) / area[:, None]
        rest = -across * last[..., 0] - down * last[..., 1]
    low = np.ceil(corners[..., :2].min(1) - 0.5).astype(np.int64).clip(0, side)
    high = np.floor(corners[..., :2].max(1) + 0.5).astype(np.int64).clip(0, side)
    extent = np.where(area[:, None] != 0, np.maximum(high - low, 0), 0)
    count = extent.prod(1)
    owner = np.repeat(np.arange(len(triangles)), count)
    place = np.arange(len(owner)) - np.repeat(np.cumsum(count) - count, count)
    row, column = np.divmod(place, extent[owner, 0])
    x, y = low[owner, 0] + column, low[owner, 1] + row
    inside, weights = np.ones(len(owner), bool), []
    for k in range(3):
        value = across[owner, k] * (x + 0.5) + down[owner, k] * (y + 0.5) + rest[owner, k]
        inside &= value >= 0
        weights.append(value)
    owner, x, y = owner[inside], x[inside], y[inside]
    shares = np.stack([value[inside] for value in weights], axis=1)
    depth = (corners[owner, :, 2] * shares).sum(1)
    # Nearness in steps of the depths found above the number of the candidate: the largest wins.
    near = depth - depth.min(initial=np.inf)
    steps = (near / max(float(near.max(initial=0)), 1e-12) * 2**30).astype(np.int64)
    key = (steps << 32) + np.arange(1, len(owner) + 1)
    buffer = np.zeros(side * side, np.int64)
    np.maximum.at(buffer, y * side + x, key)
    chosen = (buffer & (2**32 - 1)) - 1
    seen, found = np.full(side * side, -1), np.zeros((side * side, 3))
    covered = chosen >= 0
    seen[covered], found[covered] = owner[chosen[covered]], shares[chosen[covered]]
    return seen, found
