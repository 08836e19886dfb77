"""`--texture hunyuan3d`: the user's `hy3dgen` package paints a mesh after one frontal picture.

The package takes a mesh with y up whose front is +z, as ours. It unwraps it anew: vertices double
along seams, faces may come in another order. So a triangle of ours is found in what comes back by
where its corners lie, and the texels of our chart read the package's atlas there.
"""

import importlib
from typing import Any

import numpy as np
import trimesh
from jaxtyping import Bool, Float32, Float64, Int, Int32, UInt8
from PIL import Image
from scipy.spatial import KDTree

from assets.hunyuan3d import OPTION, Added
from assets.skin_fit import linear
from generator.registration.raster import weights
from render.chart import Chart
from render.mesh import Mesh

SOURCE = "https://github.com/Tencent-Hunyuan/Hunyuan3D-2"
"""Where the package comes from: it is in no index, and its rasteriser is built by its user."""
NEAR = 1e-5
"""Corners are the same within this share of the mesh's diagonal: 5 micrometres on a head, whose
shortest edge has 30."""
_NEAREST = 4
"""Faces looked at round a triangle: both sides of a sheet have one middle."""
LEAST = 256
"""Texels of a side of what is an atlas; the package makes 2,048."""
BLACK = 0.01
"""Linear light below which an atlas shows nothing: the darkest of skins has 0.04."""


class Hunyuan:
    """The package with the weights that were added, which it loads onto a CUDA device.

    It draws by seeds of its own, the same in every call.
    """

    def __init__(self, weights: Added, offload: bool = False) -> None:
        """Load; `offload` keeps on the device only the network that runs.

        Raises ValueError where the package is not installed or cannot be loaded.
        """
        try:
            package = importlib.import_module("hy3dgen.texgen")
            made: Any = package.Hunyuan3DPaintPipeline.from_pretrained(
                str(weights.folder), subfolder=weights.painter
            )
            if offload:
                made.enable_model_cpu_offload()
        except ImportError as error:
            rule = f"installed with its custom_rasterizer ({SOURCE})"
            raise ValueError(f"{OPTION}: hy3dgen must be {rule}, got {error}") from error
        except (RuntimeError, AssertionError, OSError) as error:
            raise _failed(error) from error
        self._paint = made

    def texture(
        self,
        mesh: Mesh,
        chart: Chart,
        picture: UInt8[np.ndarray, "height width 3"],
        cut: Bool[np.ndarray, "height width"],
    ) -> Float32[np.ndarray, "rows columns 3"]:
        """Paint a mesh after its frontal picture (sRGB), of which only `cut` is shown.

        Gives linear light on the chart as `bake` does. Cards stay out: they would be unwrapped
        strand by strand. Raises ValueError as `bake` does, and where the package fails.
        """
        if not cut.any():
            raise ValueError(f"{OPTION}: the picture must show a head, got an empty cut")
        shown = np.where(cut[..., None], picture, np.uint8(255))
        both = np.concatenate([shown, 255 * cut[..., None].astype(np.uint8)], axis=2)
        solid = trimesh.Trimesh(mesh.vertices, _solid(mesh), process=False)
        try:
            painted = self._paint(solid, image=Image.fromarray(both))
        except (RuntimeError, AssertionError, OSError) as error:
            raise _failed(error) from error
        return bake(chart, mesh, painted)


def _solid(mesh: Mesh) -> Int32[np.ndarray, "triangles 3"]:
    """The triangles that the package is given; those of the chart, which come first, among them."""
    return mesh.triangles[~mesh.card]


def _failed(error: BaseException) -> ValueError:
    rule = "16 GB of a CUDA device's memory, less with --offload"
    return ValueError(f"{OPTION}: hy3dgen must run, and needs {rule}, got {error}")


def bake(
    chart: Chart, ours: Mesh, painted: trimesh.Trimesh
) -> Float32[np.ndarray, "rows columns 3"]:
    """Carry the atlas of a painted mesh to our chart: linear light, 0 where the chart has nothing.

    `painted` is `ours` up to size and place, with vertices and faces of its own. Raises ValueError
    where it has no atlas, an atlas that shows nothing, or not all triangles of the chart.
    """
    atlas, theirs = _atlas(painted)
    # Of each triangle that holds texels: where its corners lie in the atlas, in texels. The
    # package and trimesh hold u = 0 and 1 to be the middles of the first and last column.
    height, width = atlas.shape[:2]
    uv = _places(ours.vertices[_solid(ours)], chart.owners, painted, theirs)
    corners = (uv * (1, -1) + (0, 1)) * (width - 1, height - 1)
    owner = np.repeat(np.arange(len(chart.owners)), np.diff(chart.first))
    row, column = np.divmod(chart.texels, chart.triangle.shape[1])
    middle = np.stack([column + chart.columns.start, row + chart.rows.start], axis=1) + 0.5
    middle = middle / chart.size * (1, -1) + (0, 1)
    share = weights(ours.uv, ours.uv_triangles[chart.owners[owner]], middle)
    at = (corners[owner] * share[..., None]).sum(axis=1)
    light = _read(atlas, at)
    if not light.max() > BLACK:
        raise ValueError(f"{OPTION}: the atlas of hy3dgen must show a head, got all black")
    baked = np.zeros((chart.triangle.size, 3), np.float32)
    baked[chart.texels] = light
    return baked.reshape(*chart.triangle.shape, 3)


def _atlas(
    painted: trimesh.Trimesh,
) -> tuple[Float32[np.ndarray, "height width 3"], Float64[np.ndarray, "vertices 2"]]:
    """The picture of a painted mesh in linear light, row 0 at v = 1, and its coordinates."""
    picture = getattr(getattr(painted.visual, "material", None), "image", None)
    uv = getattr(painted.visual, "uv", None)
    # trimesh itself puts a grey speck where there is no picture.
    if picture is None or uv is None or min(picture.size) < LEAST:
        rule = f"a mesh with a texture of at least {LEAST} x {LEAST} texels"
        raise ValueError(f"{OPTION}: hy3dgen must give {rule}, got none")
    if not np.isfinite(uv).all():
        raise ValueError(f"{OPTION}: hy3dgen must give finite texture coordinates, got nan")
    decoded = linear(np.arange(256, dtype=np.uint8))
    return decoded[np.asarray(picture.convert("RGB"))], np.asarray(uv, np.float64)


def _places(
    ours: Float32[np.ndarray, "triangles 3 3"],
    wanted: Int[np.ndarray, " wanted"],
    painted: trimesh.Trimesh,
    uv: Float64[np.ndarray, "vertices 2"],
) -> Float64[np.ndarray, "wanted 3 2"]:
    """Texture coordinates of the corners of those that are wanted among all our triangles."""
    faces = np.asarray(painted.faces)
    theirs = np.asarray(painted.vertices)[faces]
    face, turn = _found(_standard(ours)[wanted], _standard(theirs))
    lost = int((face < 0).sum())
    if lost:
        rule = f"all {len(wanted)} triangles of the chart"
        raise ValueError(f"{OPTION}: the mesh of hy3dgen must have {rule}, got {lost} without")
    corner = (np.arange(3) + turn[:, None]) % 3
    return uv[faces[face[:, None], corner]]


def _standard(corners: np.ndarray) -> Float64[np.ndarray, "triangles 3 3"]:
    """Triangles in a box whose middle is the origin and whose diagonal is 1."""
    corners = corners.astype(np.float64)
    low, high = corners.min(axis=(0, 1)), corners.max(axis=(0, 1))
    return (corners - (low + high) / 2.0) / np.linalg.norm(high - low)


def _found(
    ours: Float64[np.ndarray, "triangles 3 3"], theirs: Float64[np.ndarray, "faces 3 3"]
) -> tuple[Int[np.ndarray, " triangles"], Int[np.ndarray, " triangles"]]:
    """The face that each triangle is, -1 where none is, and which corner of it is our first.

    A face that turns the other way is the other side of a sheet, and not the same.
    """
    _, near = KDTree(theirs.mean(axis=1)).query(ours.mean(axis=1), k=_NEAREST, workers=1)
    face, turn = np.full(len(ours), -1), np.zeros(len(ours), int)
    best = np.full(len(ours), NEAR)
    for candidate in np.asarray(near).T:
        # A mesh of fewer faces than are asked for fills up with their number.
        real = np.minimum(candidate, len(theirs) - 1)
        for first in range(3):
            apart = ours - np.roll(theirs[real], -first, axis=1)
            off = np.sqrt((apart * apart).sum(axis=2)).max(axis=1)
            better = off < best
            best[better], face[better], turn[better] = off[better], real[better], first
    return face, turn


def _read(
    atlas: Float32[np.ndarray, "height width 3"], at: Float64[np.ndarray, "points 2"]
) -> Float32[np.ndarray, "points 3"]:
    """Read an atlas bilinearly at columns and rows counted from the middle of the first texel."""
    height, width = atlas.shape[:2]
    limit = np.array([width, height]) - 1
    at = np.clip(at, 0, limit)
    low = np.minimum(at.astype(np.int32), limit - 1)
    x, y = (at - low).astype(np.float32).T[..., None]
    start = low[:, 1] * width + low[:, 0]
    flat = atlas.reshape(-1, 3)
    top = flat[start] * (1 - x) + flat[start + 1] * x
    below = flat[start + width] * (1 - x) + flat[start + width + 1] * x
    return top * (1 - y) + below * y
