"""Rounded solids: tubes along a line, sheets over a grid, closed and facing outward.

Texture coordinates are atlas UV; every solid lies in one chart, whose class it has.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Float64, Int32
from scipy.interpolate import CubicSpline

from assets import atlas
from render.subdivide import split

Window = tuple[float, float, float, float]
WHOLE: Window = (0.08, 0.08, 0.92, 0.92)
"""Shares of a chart (u0, v0, u1, v1) that leave its rim out."""


@dataclass(frozen=True, eq=False)
class Solid:
    """A mesh in metres; `clear` where light passes through it."""

    vertices: Float64[np.ndarray, "vertices 3"]
    uv: Float64[np.ndarray, "vertices 2"]
    triangles: Int32[np.ndarray, "triangles 3"]
    clear: bool = False


def join(solids: Sequence[Solid]) -> Solid:
    """Several solids, all clear or none, as one."""
    starts = np.cumsum([0, *(len(solid.vertices) for solid in solids)])
    return Solid(
        np.concatenate([solid.vertices for solid in solids]),
        np.concatenate([solid.uv for solid in solids]),
        np.concatenate(
            [solid.triangles + np.int32(at) for solid, at in zip(solids, starts, strict=False)]
        ),
        solids[0].clear,
    )


def mirrored(solid: Solid) -> Solid:
    """The same on the other side of the face."""
    return Solid(
        solid.vertices * (-1.0, 1.0, 1.0), solid.uv, solid.triangles[:, ::-1].copy(), solid.clear
    )


def line(points: Float[np.ndarray, "knots 3"], count: int) -> Float64[np.ndarray, "count 3"]:
    """Evenly spaced places on a smooth line through points."""
    points = np.asarray(points, np.float64)
    steps = np.sqrt((np.diff(points, axis=0) ** 2).sum(axis=1))
    at = np.concatenate([[0.0], np.cumsum(steps)])
    fine = CubicSpline(at, points)(np.linspace(0.0, at[-1], 8 * count))
    length = np.concatenate([[0.0], np.cumsum(np.sqrt((np.diff(fine, axis=0) ** 2).sum(axis=1)))])
    wanted = np.linspace(0.0, length[-1], count)
    return np.stack([np.interp(wanted, length, fine[:, axis]) for axis in range(3)], axis=1)


def grid(
    positions: Float[np.ndarray, "rows columns 3"],
    chart: str,
    window: Window = WHOLE,
    around: bool = False,
    clear: bool = False,
) -> Solid:
    """A sheet over a grid; seen from where rows run down and columns to the right.

    `around` joins the last column to the first: texture there runs out and back.
    """
    rows, columns = positions.shape[:2]
    place = np.arange(rows * columns, dtype=np.int32).reshape(rows, columns)
    wide = np.concatenate([place, place[:, :1]], axis=1) if around else place
    quads = np.stack([wide[:-1, :-1], wide[1:, :-1], wide[1:, 1:], wide[:-1, 1:]], axis=-1)
    across = np.linspace(0.0, 1.0, columns)
    if around:
        across = 1.0 - np.abs(2.0 * np.arange(columns) / columns - 1.0)
    down = np.linspace(1.0, 0.0, rows)
    u0, v0, u1, v1 = window
    unit = np.stack(
        np.broadcast_arrays(u0 + (u1 - u0) * across, (v0 + (v1 - v0) * down)[:, None]), axis=-1
    )
    return Solid(
        positions.reshape(-1, 3).astype(np.float64),
        atlas.in_rect(chart, unit.reshape(-1, 2)),
        split(quads.reshape(-1, 4)),
        clear,
    )


def tube(
    centre: Float[np.ndarray, "rings 3"],
    out: Float[np.ndarray, "rings 3"],
    size: Float[np.ndarray, "rings 2"],
    chart: str,
    window: Window = WHOLE,
    sides: int = 10,
    closed: bool = False,
    clear: bool = False,
) -> Solid:
    """A tube along a line: `size` are its radii along `out` and across; round ends, or a ring."""
    centre = np.asarray(centre, np.float64)
    if closed:
        along = np.roll(centre, -1, axis=0) - np.roll(centre, 1, axis=0)
    else:
        along = np.gradient(centre, axis=0)
    along /= np.sqrt((along * along).sum(axis=1, keepdims=True))
    out = out - (out * along).sum(axis=1, keepdims=True) * along
    out = out / np.maximum(np.sqrt((out * out).sum(axis=1, keepdims=True)), 1e-12)
    across = np.cross(out, along)
    size = np.broadcast_to(np.asarray(size, np.float64), (len(centre), 2))
    if closed:
        rings = (centre, along, out, across, size)
    else:
        rings = _with_ends(centre, along, out, across, size)
    middle, _, out, across, size = rings
    turn = np.linspace(0.0, 2.0 * np.pi, sides, endpoint=False)
    offset = np.cos(turn)[None, :, None] * (out * size[:, :1])[:, None]
    offset = offset + np.sin(turn)[None, :, None] * (across * size[:, 1:])[:, None]
    ring = middle[:, None] + offset
    if closed:
        ring = np.concatenate([ring, ring[:1]])
        made = grid(ring, chart, window, around=True, clear=clear)
        # One ring for both ends, so that its shading has no seam.
        last = len(centre) * sides
        triangles = np.where(made.triangles >= last, made.triangles - last, made.triangles)
        return Solid(made.vertices[:last], made.uv[:last], triangles.astype(np.int32), clear)
    return grid(ring, chart, window, around=True, clear=clear)


def _with_ends(*rings: np.ndarray) -> list[np.ndarray]:
    """Rings and, at both ends, smaller ones that round it off."""
    centre, along, out, across, size = rings
    bend = np.linspace(0.0, 0.5 * np.pi, 4)
    bulge, shrink = np.sin(bend)[1:, None], np.cos(bend)[1:, None]
    shrink[-1] = 0.02
    parts = []
    for array in (centre, along, out, across, size):
        first, last = array[:1].repeat(3, axis=0), array[-1:].repeat(3, axis=0)
        if array is centre:
            first = first - (bulge * size[:1].mean() * along[:1])
            last = last + bulge * size[-1:].mean() * along[-1:]
        elif array is size:
            first, last = first * shrink, last * shrink
        parts.append(np.concatenate([first[::-1], array, last]))
    return parts


def ellipsoid(
    centre: Float[np.ndarray, " 3"],
    axes: Float[np.ndarray, "3 3"],
    chart: str,
    window: Window = WHOLE,
) -> Solid:
    """A ball pulled to three half axes, the rows of `axes`, right-handed."""
    polar = np.linspace(0.02, np.pi - 0.02, 9)
    turn = np.linspace(0.0, 2.0 * np.pi, 14, endpoint=False)
    unit = np.stack(
        [
            np.sin(polar)[:, None] * np.cos(turn),
            np.sin(polar)[:, None] * np.sin(turn),
            np.broadcast_to(np.cos(polar)[:, None], (9, 14)),
        ],
        axis=-1,
    )
    placed = centre + (unit[..., None] * axes).sum(axis=2)
    return grid(placed, chart, window, around=True)
