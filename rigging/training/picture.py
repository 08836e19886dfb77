"""What the teacher does, what the rig does and where they differ, on a face seen from the front."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float, Int, UInt8
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.collections import PolyCollection
from matplotlib.figure import Figure

SHARE = 0.25
"""Errors are drawn on a scale of this share of the displacements'."""
ROWS = ("teacher", "rig", "error")


def draw(
    vertices: Float[np.ndarray, "vertices 3"],
    triangles: Int[np.ndarray, "triangles 3"],
    teacher: Float[np.ndarray, "vertices aus 3"],
    rig: Float[np.ndarray, "vertices aus 3"],
    aus: Sequence[int],
) -> UInt8[np.ndarray, "height width 3"]:
    """A column an AU: lengths in mm of both displacements and of their difference."""
    figure = Figure(figsize=(2.2 * len(aus), 7.2), dpi=100, layout="constrained")
    canvas = FigureCanvasAgg(figure)
    axes = figure.subplots(3, len(aus), squeeze=False)
    order = np.argsort(vertices[triangles, 2].mean(1))
    corners = vertices[triangles[order]][:, :, :2]
    face = np.abs(teacher).max((1, 2)) > 0.05 * np.abs(teacher).max()
    low, high = vertices[face, :2].min(0) - 10, vertices[face, :2].max(0) + 10
    for column, au in enumerate(aus):
        fields = teacher[:, column], rig[:, column], rig[:, column] - teacher[:, column]
        lengths = [np.linalg.norm(field, axis=1) for field in fields]
        top = max(float(lengths[0].max()), 1e-3)
        for row, length in enumerate(lengths):
            axis = axes[row, column]
            scale = top * (SHARE if row == 2 else 1.0)
            colours = length[triangles[order]].mean(1)
            drawn = PolyCollection(list(corners), array=colours, cmap="magma", antialiased=False)
            drawn.set_clim(0.0, scale)
            axis.add_collection(drawn)
            axis.set(xlim=(low[0], high[0]), ylim=(low[1], high[1]), aspect="equal")
            axis.set(xticks=[], yticks=[])
            axis.set_title(f"AU{au}, {ROWS[row]}, to {scale:.2g} mm", fontsize=8)
    canvas.draw()
    return np.asarray(canvas.buffer_rgba())[:, :, :3].copy()
