"""Files of the MakeHuman community, read strictly: meshes (.obj), bindings (.mhclo), materials.

Nothing in them is executed, and every fault is named by file and line.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Float64, Int32, Int64

from assets.base_mesh import VERTICES

LARGEST = 8_000_000
"""Bytes of a text file; those of the pack stay under one million."""
MOST = 100_000
"""Vertices or faces of a mesh; those of the pack stay under five thousand."""
# Keys of a binding that say nothing about shape.
_REMARKS = {"uuid", "tag", "name", "obj_file", "z_depth", "max_pole"}
_AXES = ("x_scale", "y_scale", "z_scale")


@dataclass(frozen=True, eq=False)
class Quads:
    """A mesh of quads: `uv` are texture coordinates, v upward, indexed by `uv_faces`.

    Its vertices have no positions here: those in the file lie on a figure that nobody has, and
    the binding says where they belong.
    """

    count: int
    uv: Float64[np.ndarray, "corners 2"]
    faces: Int32[np.ndarray, "faces 4"]
    uv_faces: Int32[np.ndarray, "faces 4"]


@dataclass(frozen=True, eq=False)
class Binding:
    """Vertices by those of the base mesh: Σ weights · base + offset · scale.

    `offset` is in units of `scale`, which an axis has from two base vertices and the distance
    that they had where the mesh was made: |base[a] - base[b]| along it / distance.
    """

    base: Int64[np.ndarray, "vertices 3"]
    weights: Float64[np.ndarray, "vertices 3"]
    offset: Float64[np.ndarray, "vertices 3"]
    scale: tuple[tuple[int, int, float], ...]
    material: str


def _lines(path: Path) -> Iterator[tuple[str, list[str]]]:
    """Words of each line that is no remark, with the place that heads its errors."""
    if path.stat().st_size > LARGEST:
        raise ValueError(f"{path} must have at most {LARGEST} bytes, got {path.stat().st_size}")
    try:
        text = path.read_bytes().decode("utf-8")
    except UnicodeDecodeError as error:
        raise ValueError(f"{path} must be UTF-8, got byte {error.start}") from error
    for number, line in enumerate(text.splitlines(), 1):
        words = line.split()
        if words and not words[0].startswith(("#", "//")):
            yield f"{path}, line {number}", words


def _numbers(words: list[str], count: int, where: str) -> list[float]:
    try:
        values = [float(word) for word in words]
    except ValueError:
        values = []
    if len(values) != count or not all(abs(value) < 1e6 for value in values):
        raise ValueError(f"{where}: must have {count} numbers, got {' '.join(words)[:60]!r}")
    return values


def _whole(word: str, low: int, high: int, where: str) -> int:
    if not (word.isascii() and word.isdigit() and len(word) < 8 and low <= int(word) <= high):
        rule = f"a whole number from {low} to {high}"
        raise ValueError(f"{where}: a number of a vertex must be {rule}, got {word[:20]!r}")
    return int(word)


def read_obj(path: Path) -> Quads:
    """The quads of a Wavefront file. Raises ValueError that names file and line."""
    vertices, uv, faces, uv_faces = 0, [], [], []
    for where, (kind, *rest) in _lines(path):
        match kind:
            case "v":
                _numbers(rest, 3, where)
                vertices += 1
            case "vt":
                uv.append(_numbers(rest[:2], 2, where))
            case "f":
                corners = [corner.split("/") for corner in rest]
                if len(corners) != 4 or any(len(corner) < 2 for corner in corners):
                    rule = "four corners, each vertex/texture"
                    raise ValueError(f"{where}: a face must have {rule}, got {' '.join(rest)!r}")
                faces.append([_whole(corner[0], 1, vertices, where) - 1 for corner in corners])
                uv_faces.append([_whole(corner[1], 1, len(uv), where) - 1 for corner in corners])
            case "o" | "g" | "s" | "vn" | "usemtl" | "mtllib":
                pass
            case _:
                raise ValueError(f"{where}: must be v, vt or f, got {kind[:20]!r}")
        if max(vertices, len(uv), len(faces)) > MOST:
            raise ValueError(f"{where}: a mesh must have at most {MOST} of each, got more")
    if not faces:
        raise ValueError(f"{path} must have faces, got none")
    corners = np.array(faces, np.int32), np.array(uv_faces, np.int32)
    return Quads(vertices, np.array(uv, np.float64), *corners)


def read_binding(path: Path) -> Binding:
    """The binding of a mesh to the base mesh `hm08`. Raises ValueError that names file and line."""
    scale: dict[str, tuple[int, int, float]] = {}
    material, base = "", "hm08"
    rows: list[tuple[list[int], list[float], list[float]]] | None = None
    for where, (kind, *rest) in _lines(path):
        if kind in _AXES and len(rest) == 3:
            a, b = (_whole(word, 0, VERTICES - 1, where) for word in rest[:2])
            (apart,) = _numbers(rest[2:], 1, where)
            if apart <= 0:
                raise ValueError(f"{where}: {kind} must be above 0, got {apart}")
            scale[kind] = (a, b, apart)
        elif kind == "basemesh":
            base = " ".join(rest)
        elif kind == "material":
            material = _file_name(rest, where)
        elif kind == "verts":
            rows = []
        elif kind == "delete_verts":
            break
        elif rows is not None and kind.isdigit():
            rows.append(_row([kind, *rest], where))
            if len(rows) > MOST:
                raise ValueError(f"{where}: must have at most {MOST} vertices, got more")
        elif kind not in _REMARKS:
            raise ValueError(f"{where}: must be a key of a binding or a vertex, got {kind[:20]!r}")
    if base != "hm08":
        raise ValueError(f"{path} must be bound to the base mesh hm08, got {base[:20]!r}")
    missing = [name for name in _AXES if name not in scale]
    missing += [] if rows else ["verts"]
    missing += [] if material else ["material"]
    if missing or not rows:
        raise ValueError(f"{path} must have {missing[0]}, got none")
    columns = [np.array(column) for column in zip(*rows, strict=True)]
    numbers, weights, offset = columns[0].astype(np.int64), columns[1], columns[2]
    return Binding(numbers, weights, offset, tuple(scale[name] for name in _AXES), material)


def _row(words: list[str], where: str) -> tuple[list[int], list[float], list[float]]:
    """One vertex: a base vertex alone, or three with weights and an offset."""
    if len(words) == 1:
        alone = _whole(words[0], 0, VERTICES - 1, where)
        return [alone] * 3, [1.0, 0.0, 0.0], [0.0] * 3
    numbers = [_whole(word, 0, VERTICES - 1, where) for word in words[:3]]
    values = _numbers(words[3:], 6, where)
    return numbers, values[:3], values[3:]


def read_material(path: Path) -> Mapping[str, str]:
    """Names of the pictures of a material by key. Raises ValueError that names file and line."""
    found = {}
    for where, (kind, *rest) in _lines(path):
        if kind.endswith("Texture") and rest:
            found[kind] = _file_name(rest, where)
    if "diffuseTexture" not in found:
        raise ValueError(f"{path} must have diffuseTexture, got none")
    return found


def _file_name(words: list[str], where: str) -> str:
    """The last part of a name: files lie beside what names them, whatever path it says."""
    name = " ".join(words).replace("\\", "/").rpartition("/")[2]
    if name in ("", ".", "..") or "\0" in name:
        raise ValueError(f"{where}: must name a file, got {' '.join(words)!r}")
    return name
