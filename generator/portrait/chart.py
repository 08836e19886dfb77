"""The head's chart: which triangle of the refined head each texel lies in, and where in it."""

from functools import cache

import numpy as np
from jaxtyping import Float, Float32

from assets.head import Topology
from assets.skin import head_box
from generator.anchors import refinement
from generator.registration.raster import rastered, weights
from render.chart import Chart
from render.mesh import Mesh


@cache
def chart(topology: Topology, size: int) -> Chart:
    """The chart in an atlas of size², made once a process.

    Rows and columns are those of `assets.skin.head_box`. The triangles are the refined head's,
    which come first in the mesh of a `Body`. It is mirrored only nearly: column c of 2048 answers
    to 2043.4 - c, to 0.3 texels on nine tenths of the face and to 4.6 at worst.
    """
    refined = refinement(topology)
    rows, columns = head_box(size)
    places = _places(refined.uv, rows, columns, size)
    shape = (rows.stop - rows.start, columns.stop - columns.start)
    near = np.ones(len(places))
    triangle = rastered(places, near, refined.uv_triangles, shape[::-1]).triangle
    flat = triangle.ravel()
    filled = np.flatnonzero(flat >= 0).astype(np.int32)
    texels = filled[np.argsort(flat[filled], kind="stable")]
    owners, counts = np.unique(flat[texels], return_counts=True)
    first = np.concatenate([[0], np.cumsum(counts)]).astype(np.int32)
    corners = places[refined.uv_triangles]
    own = np.all((corners >= 0) & (corners <= shape[::-1]), axis=(1, 2))
    return Chart(size, rows, columns, triangle, own, owners, first, texels)


def _places(
    uv: Float32[np.ndarray, "corners 2"], rows: slice, columns: slice, size: int
) -> Float[np.ndarray, "corners 2"]:
    """Columns and rows of texture coordinates, in texels from the chart's first corner."""
    upright = np.stack([uv[:, 0], 1.0 - uv[:, 1].astype(np.float64)], axis=1)
    return upright * size - (columns.start, rows.start)


def normals(chart: Chart, mesh: Mesh) -> Float32[np.ndarray, "rows columns 3"]:
    """The unit normals of a mesh at the middle of each texel, (0, 0, 0) outside the chart."""
    shape = chart.triangle.shape
    triangle = chart.triangle.ravel()[chart.texels]
    row, column = np.divmod(chart.texels, np.int32(shape[1]))
    places = _places(mesh.uv, chart.rows, chart.columns, chart.size)
    middle = np.stack([column, row], axis=1) + 0.5
    share = weights(places, mesh.uv_triangles[triangle], middle)
    facing = (mesh.normals[mesh.triangles[triangle]] * share[..., None]).sum(axis=1)
    facing /= np.sqrt((facing * facing).sum(axis=1, keepdims=True))
    out = np.zeros((chart.triangle.size, 3), np.float32)
    out[chart.texels] = facing
    return out.reshape(*shape, 3)
