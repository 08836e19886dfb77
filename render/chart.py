"""The texels of a chart by the triangles they lie in, for kernels that go from texture to mesh."""

from dataclasses import dataclass
from typing import no_type_check

import numpy as np
import warp as wp
from jaxtyping import Bool, Int32

from render.device import put


@dataclass(frozen=True, eq=False)
class Chart:
    """Which triangle of a mesh each texel of a part of an atlas lies in.

    The part is `rows` and `columns` of an atlas of size². `triangle` holds what the middle of each
    texel lies in, -1 where there is nothing. `own` tells the chart's triangles from others; a mesh
    may have more of those behind. `owners` are the triangles that hold a texel: the flat indices
    of the texels of the k-th are `texels[first[k] : first[k + 1]]`, row after row.
    """

    size: int
    rows: slice
    columns: slice
    triangle: Int32[np.ndarray, "rows columns"]
    own: Bool[np.ndarray, " triangles"]
    owners: Int32[np.ndarray, " owners"]
    first: Int32[np.ndarray, " bounds"]
    texels: Int32[np.ndarray, " texels"]


@no_type_check
@wp.struct
class Layout:
    """A chart on the device; `left` and `top` are its first column and row in the atlas."""

    own: wp.array[wp.uint8]
    owners: wp.array[wp.int32]
    first: wp.array[wp.int32]
    texels: wp.array[wp.int32]
    size: wp.float64
    left: wp.float64
    top: wp.float64
    columns: int


@no_type_check
def lay_out(chart: Chart, device: str) -> Layout:
    """Bring a chart to the device."""
    out = Layout()
    out.own = put(chart.own.view(np.uint8), wp.uint8, device)
    out.owners = put(chart.owners, wp.int32, device)
    out.first = put(chart.first, wp.int32, device)
    out.texels = put(chart.texels, wp.int32, device)
    out.size, out.columns = chart.size, chart.triangle.shape[1]
    out.left, out.top = chart.columns.start, chart.rows.start
    return out
