"""A surface of triangles as the renderer takes it: world positions, normals, texture coordinates.

Triangles turn counter-clockwise seen from outside and are culled from behind, except cards (hair,
lashes, cloth), which show both sides and let through where the albedo's alpha is below a half.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float32, Int32
from scipy import sparse

from render.cavity import MouthShape
from render.tears import EyeShape

HEAT = ("AU4", "AU6", "AU7", "AU9", "AU10", "AU43")
"""The order of the heat maps."""


@dataclass(frozen=True, eq=False)
class Moist:
    """Where a posed head is wet: its left and right eye and its mouth."""

    eyes: tuple[EyeShape, EyeShape]
    mouth: MouthShape


@dataclass(frozen=True, eq=False)
class Mesh:
    """A posed surface.

    `vertices` in world metres; `normals` unit; `uv` in 0–1 with v upward, indexed by
    `uv_triangles`; on cards of hair v runs along the strands. `heat`: how far (mm) each of `HEAT`
    alone moves the vertex. `moist` is there where the charts of eyes and mouth are a head's.
    """

    vertices: Float32[np.ndarray, "vertices 3"]
    normals: Float32[np.ndarray, "vertices 3"]
    triangles: Int32[np.ndarray, "triangles 3"]
    uv: Float32[np.ndarray, "corners 2"]
    uv_triangles: Int32[np.ndarray, "triangles 3"]
    card: Bool[np.ndarray, " triangles"]
    heat: Float32[np.ndarray, "vertices 6"]
    moist: Moist | None = None

    def __post_init__(self) -> None:
        """Raise where an index points at nothing or a position is not finite."""
        for what, index, count in (
            ("triangles", self.triangles, len(self.vertices)),
            ("uv_triangles", self.uv_triangles, len(self.uv)),
        ):
            if index.size and not (index.min() >= 0 and index.max() < count):
                raise ValueError(
                    f"{what} must be from 0 to {count - 1}, got {index.min()} to {index.max()}"
                )
        if not np.isfinite(self.vertices).all():
            raise ValueError("vertices must be finite, got nan or infinity")


@dataclass(frozen=True, eq=False)
class Points:
    """Points on a mesh, each in a triangle of it by barycentric weights."""

    triangle: Int32[np.ndarray, " points"]
    barycentric: Float32[np.ndarray, "points 3"]

    def on(
        self, values: Float32[np.ndarray, "rows axes"], triangles: Int32[np.ndarray, "triangles 3"]
    ) -> Float32[np.ndarray, "points axes"]:
        """Interpolate what the rows of `values` hold at the corners of the triangles."""
        corners = values[triangles[self.triangle]]
        return (corners * self.barycentric[:, :, None]).sum(axis=1)


def incidence(triangles: Int32[np.ndarray, "triangles 3"], vertices: int) -> sparse.csr_array:
    """Give the 0/1 matrix (vertices, triangles) that sums over the triangles round a vertex."""
    columns = np.repeat(np.arange(len(triangles), dtype=np.int32), 3)
    ones = np.ones(len(columns), np.float32)
    shape = (vertices, len(triangles))
    return sparse.csr_array((ones, (triangles.ravel(), columns)), shape=shape)


def vertex_normals(
    vertices: Float32[np.ndarray, "vertices 3"],
    triangles: Int32[np.ndarray, "triangles 3"],
    round_vertex: sparse.csr_array | None = None,
) -> Float32[np.ndarray, "vertices 3"]:
    """Average the normals of the triangles round each vertex by area.

    `round_vertex` is `incidence(triangles, vertices)`, kept by who poses one topology many times.
    A vertex in no triangle, or in degenerate ones alone, gets (0, 0, 1).
    """
    if round_vertex is None:
        round_vertex = incidence(triangles, len(vertices))
    corner = vertices[triangles[:, 0]]
    first, second = vertices[triangles[:, 1]] - corner, vertices[triangles[:, 2]] - corner
    facing = np.empty_like(first)
    for axis, (a, b) in enumerate(((1, 2), (2, 0), (0, 1))):
        facing[:, axis] = first[:, a] * second[:, b] - first[:, b] * second[:, a]
    summed = np.asarray(round_vertex @ facing)
    length = np.sqrt((summed * summed).sum(axis=1, keepdims=True))
    lost = length[:, 0] < 1e-20
    summed[lost] = (0.0, 0.0, 1.0)
    length[lost] = 1.0
    return summed / length
