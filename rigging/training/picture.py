"""What the teacher does, what the rig does and where they differ, on a face seen from the front."""

from collections.abc import Sequence

import cv2
import numpy as np
from jaxtyping import Float, Int, UInt8

WIDTH, HEIGHT, TITLE = 220, 240, 20
"""Pixels of a tile's face, and of the line above it."""
AROUND = 12.0
"""Millimetres drawn around what moves."""
SHARE = 0.25
"""Errors are drawn on a scale of this share of the displacements'."""
ROWS = ("teacher", "rig", "error")


def draw(
    vertices: Float[np.ndarray, "vertices 3"],
    triangles: Int[np.ndarray, "triangles 3"],
    teacher: Float[np.ndarray, "vertices aus 3"],
    rig: Float[np.ndarray, "vertices aus 3"],
    aus: Sequence[int],
) -> UInt8[np.ndarray, "rows columns 3"]:
    """A column an AU: lengths in mm of both displacements and of their difference."""
    length = np.linalg.norm(teacher, axis=2)
    seen = _seen(vertices, triangles, length.max(1) > 0.05 * length.max())
    fields = (teacher, rig, rig - teacher)
    rows = []
    for row, field in enumerate(fields):
        tiles = []
        for column, au in enumerate(aus):
            most = max(float(length[:, column].max()), 1e-3) * (SHARE if row == 2 else 1.0)
            values = np.linalg.norm(field[:, column], axis=1)[triangles].mean(1) / most
            tiles.append(_tile(seen, values, f"AU{au} {ROWS[row]}, to {most:.2g} mm"))
        rows.append(np.concatenate(tiles, axis=1))
    return np.concatenate(rows, axis=0)


def _seen(
    vertices: Float[np.ndarray, "vertices 3"],
    triangles: Int[np.ndarray, "triangles 3"],
    moving: np.ndarray,
) -> Int[np.ndarray, "height width"]:
    """Which triangle each pixel sees, -1 for none; the window holds what moves."""
    low, high = vertices[moving, :2].min(0) - AROUND, vertices[moving, :2].max(0) + AROUND
    zoom = min(WIDTH / (high[0] - low[0]), HEIGHT / (high[1] - low[1]))
    middle = (low + high) / 2
    flat = (vertices[:, :2] - middle) * np.array([zoom, -zoom]) + np.array([WIDTH, HEIGHT]) / 2
    corners = np.round(flat[triangles] * 16).astype(np.int32)
    out = np.full((HEIGHT, WIDTH), -1, np.int32)
    # From the back to the front: what is drawn last stays.
    for number in np.argsort(vertices[triangles, 2].mean(1)).tolist():
        cv2.fillConvexPoly(out, corners[number], number, lineType=cv2.LINE_8, shift=4)
    return out


def _tile(
    seen: Int[np.ndarray, "height width"], values: Float[np.ndarray, " triangles"], title: str
) -> UInt8[np.ndarray, "rows columns 3"]:
    """One face, dark where values are 0 and light where they are 1 or more, under its title."""
    grey = np.round(255 * np.clip(values, 0.0, 1.0)).astype(np.uint8)[seen]
    face = cv2.cvtColor(cv2.applyColorMap(grey, cv2.COLORMAP_MAGMA), cv2.COLOR_BGR2RGB)
    face[seen < 0] = 255
    line = np.full((TITLE, WIDTH, 3), 255, np.uint8)
    cv2.putText(line, title, (4, 14), cv2.FONT_HERSHEY_SIMPLEX, 0.4, (0, 0, 0), 1, cv2.LINE_AA)
    return np.concatenate([line, face.astype(np.uint8)], axis=0)
