"""Triangle meshes as users have them: any unit, any axes, any order of vertices, read and written.

Faces with more corners are split into fans. A Wavefront file is read and written by its own lines,
so that what is written differs from the user's file in the coordinates of moved vertices alone;
the other formats go through `trimesh`, which keeps positions and faces and nothing else.
"""

import io
import struct
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import trimesh
from jaxtyping import Float64, Int32

from rigging.registration import glb

SUFFIXES = (".obj", ".ply", ".stl", ".off", ".glb")
LARGEST_FILE = 64 * 2**20
"""Bytes of the largest file that is read."""
MOST_VERTICES = 200_000
MOST_TRIANGLES = 400_000
# What a reader of binary files raises for one that is damaged or is something else.
UNREADABLE = (ValueError, IndexError, KeyError, TypeError, AttributeError, OverflowError)
UNREADABLE += (NotImplementedError, MemoryError, EOFError, AssertionError, NameError)
UNREADABLE += (RecursionError, ArithmeticError, struct.error)


@dataclass(frozen=True, eq=False)
class TriangleMesh:
    """A mesh in the units and axes of its maker; `name` is what errors call it.

    Raises ValueError for numbers that are not finite, for faces that name no vertex, and where
    there is no face.
    """

    vertices: Float64[np.ndarray, "vertices 3"]
    triangles: Int32[np.ndarray, "triangles 3"]
    name: str

    def __post_init__(self) -> None:
        """Refuse what no later step could use."""
        if len(self.triangles) == 0:
            raise ValueError(f"{self.name}: mesh must have faces, got {len(self.vertices)} points")
        wrong = ~np.isfinite(self.vertices).all(1)
        if wrong.any():
            first = int(wrong.argmax())
            got = f"{int(wrong.sum())} that are not, the first number {first + 1}"
            raise ValueError(f"{self.name}: vertices must be finite, got {got}")
        low, high = int(self.triangles.min()), int(self.triangles.max())
        if low < 0 or high >= len(self.vertices):
            rule = f"numbers of its {len(self.vertices)} vertices"
            got = low + 1 if low < 0 else high + 1
            raise ValueError(f"{self.name}: corners of faces must be {rule}, got {got}")
        if len(self.vertices) > MOST_VERTICES or len(self.triangles) > MOST_TRIANGLES:
            rule = f"at most {MOST_VERTICES} vertices and {MOST_TRIANGLES} triangles"
            got = f"{len(self.vertices)} and {len(self.triangles)}"
            raise ValueError(f"{self.name}: mesh must have {rule}, got {got}")


def read(path: Path) -> TriangleMesh:
    """A mesh file with the order of its vertices kept; materials and textures are not opened.

    Raises ValueError for another format, for a file or mesh that is too large, and for one that is
    damaged; see `TriangleMesh`. OSError where the file cannot be opened.
    """
    suffix = path.suffix.lower()
    if suffix not in SUFFIXES:
        raise ValueError(f"{path}: mesh file must be one of {SUFFIXES}, got {suffix!r}")
    size = path.stat().st_size
    if size > LARGEST_FILE:
        raise ValueError(f"{path}: mesh file must have at most {LARGEST_FILE} bytes, got {size}")
    content = path.read_bytes()
    if suffix == ".obj":
        return _read_lines(content.decode("utf-8", "surrogateescape"), str(path))
    options: dict[str, Any] = {"fix_texture": False} if suffix == ".ply" else {}
    try:
        if suffix == ".glb":
            glb.check(content, MOST_VERTICES, MOST_TRIANGLES)
        scene = trimesh.load_scene(
            io.BytesIO(content), file_type=suffix[1:], process=False,
            skip_materials=True, allow_remote=False, **options,
        )  # fmt: skip
        mesh = scene.to_mesh()
        vertices, triangles = np.array(mesh.vertices, float), np.array(mesh.faces, np.int32)
    except UNREADABLE as error:
        raise ValueError(f"{path}: file must be a {suffix} mesh, got {error}") from error
    return TriangleMesh(vertices.reshape(-1, 3), triangles.reshape(-1, 3), str(path))


def _read_lines(text: str, name: str) -> TriangleMesh:
    """Vertices and faces of a Wavefront file, in its order."""
    vertices, corners = [], []
    for number, line in enumerate(text.split("\n"), 1):
        kind, *rest = line.split() or [""]
        try:
            if kind == "v":
                x, y, z = rest[:3]
                vertices.append((float(x), float(y), float(z)))
            elif kind == "f":
                face = [_corner(word, len(vertices)) for word in rest]
                corners += [(face[0], b, c) for b, c in pairwise(face[1:])]
        except ValueError as error:
            rule = "line must hold three coordinates or a face"
            raise ValueError(f"{name}: {rule}, got line {number}: {line.strip()[:60]!r}") from error
    # Faces may name vertices that come later; what no vertex has is refused with the others.
    triangles = np.array(corners, np.int32).reshape(-1, 3)
    return TriangleMesh(np.array(vertices, float).reshape(-1, 3), triangles, name)


def _corner(word: str, count: int) -> int:
    """A face's vertex, from 0; numbers below 0 count back from the last vertex so far."""
    number = int(word.partition("/")[0])
    place = count + number if number < 0 else number - 1
    # What lies beyond them no vertex has for a number, and no array holds.
    return max(-1, min(place, 2**31 - 1))


def with_vertices(like: Path, vertices: Float64[np.ndarray, "vertices 3"], suffix: str) -> bytes:
    """Content of a mesh file as `like` is, with other vertices, in the format of `suffix`.

    In the file's own format, where nothing moved, these are its own bytes. Wavefront to Wavefront
    keeps every other line, and the text of coordinates that did not change: normals (`vn`) in the
    file stay those of the unmoved mesh.
    Raises ValueError where `like` has another number of vertices, and as `read` does.
    """
    mesh, suffix = read(like), suffix.lower()
    if len(vertices) != len(mesh.vertices):
        rule = f"as many as in {like}, {len(mesh.vertices)}"
        raise ValueError(f"vertices must be {rule}, got {len(vertices)}")
    if suffix not in SUFFIXES:
        raise ValueError(f"mesh file must be one of {SUFFIXES}, got {suffix!r}")
    if suffix == like.suffix.lower() and np.array_equal(vertices, mesh.vertices):
        return like.read_bytes()
    if suffix == like.suffix.lower() == ".obj":
        return _rewritten(like.read_bytes(), mesh.vertices, vertices)
    out = trimesh.Trimesh(vertices, mesh.triangles, process=False, validate=False)
    exported = out.export(file_type=suffix[1:])
    assert not isinstance(exported, dict), "only .gltf is several files"
    return exported.encode() if isinstance(exported, str) else exported


def _rewritten(content: bytes, old: np.ndarray, new: np.ndarray) -> bytes:
    """A Wavefront file with the coordinates of moved vertices replaced."""
    lines, at = content.split(b"\n"), 0
    for number, line in enumerate(lines):
        words = line.split()
        if words[:1] != [b"v"]:
            continue
        if not np.array_equal(old[at], new[at]):
            ending = b"\r" if line.endswith(b"\r") else b""
            places = [f"{value:.9g}".encode() for value in new[at]]
            lines[number] = b" ".join([b"v", *places, *words[4:]]) + ending
        at += 1
    return b"\n".join(lines)
