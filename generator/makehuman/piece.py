"""One piece of the pack (a hair style, a pair of brows, lashes) as it lies on the mean head."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Float, Float64, Int32

from assets import base_mesh
from assets.makehuman_files import Binding, Quads, read_binding, read_material, read_obj


@dataclass(frozen=True, eq=False)
class Piece:
    """A mesh of quads on the mean head before eyes and lips are fitted, metres.

    Vertices are split where texture coordinates differ, so that each has one `uv`: a place in the
    unit square that is what the piece uses of its picture, in `box` (u0, v0, u1, v1). `joined`
    numbers the vertices before they were split.
    """

    name: str
    vertices: Float64[np.ndarray, "vertices 3"]
    uv: Float64[np.ndarray, "vertices 2"]
    quads: Int32[np.ndarray, "quads 4"]
    joined: Int32[np.ndarray, " vertices"]
    box: tuple[float, float, float, float]
    picture: Path


def read_piece(folder: Path) -> Piece:
    """Read a piece from its folder of the pack; its files have the folder's name.

    Raises ValueError that names the file, and the line where it has one.
    """
    mesh_path = folder / f"{folder.name}.obj"
    quads = read_obj(mesh_path)
    binding = read_binding(mesh_path.with_suffix(".mhclo"))
    if len(binding.base) != quads.count:
        rule = f"the {quads.count} vertices of {mesh_path.name}"
        raise ValueError(
            f"{mesh_path.with_suffix('.mhclo')} must bind {rule}, got {len(binding.base)}"
        )
    picture = read_material(folder / binding.material)["diffuseTexture"]
    return _split(folder.name, quads, placed(binding), folder / picture)


def placed(binding: Binding) -> Float64[np.ndarray, "vertices 3"]:
    """Where a binding puts its vertices on the mean head."""
    scale = []
    for axis, (a, b, apart) in enumerate(binding.scale):
        first, second = base_mesh.places(np.array([a, b]))
        scale.append(abs(first - second)[axis] / apart)
    # A vertex without weight may lie anywhere.
    used = np.where(binding.weights == 0, binding.base[:, :1], binding.base)
    used = np.where(base_mesh.near(used), used, used[:, :1])
    corners = base_mesh.places(used)
    return (binding.weights[:, :, None] * corners).sum(axis=1) + binding.offset * np.array(scale)


def _split(
    name: str, quads: Quads, vertices: Float[np.ndarray, "vertices 3"], picture: Path
) -> Piece:
    pairs = np.stack([quads.faces, quads.uv_faces], axis=-1).reshape(-1, 2)
    used, inverse = np.unique(pairs, axis=0, return_inverse=True)
    uv = quads.uv[used[:, 1]]
    low, high = uv.min(axis=0).clip(0, 1), uv.max(axis=0).clip(0, 1)
    if not (high > low).all():
        raise ValueError(f"{picture.parent.name} must have texture coordinates in 0 to 1")
    return Piece(
        name=name,
        vertices=vertices[used[:, 0]],
        uv=((uv - low) / (high - low)).clip(0, 1),
        quads=inverse.reshape(-1, 4).astype(np.int32),
        joined=used[:, 0].astype(np.int32),
        box=(float(low[0]), float(low[1]), float(high[0]), float(high[1])),
        picture=picture,
    )
