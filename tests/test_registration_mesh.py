"""Mesh files: read in their own order, written with every other line kept, refused by name."""

import json
import tracemalloc
from collections.abc import Callable, Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import trimesh

from rigging.registration import mesh as meshes
from rigging.registration.mesh import TriangleMesh, read, with_vertices

QUAD = """# a comment
mtllib gone.mtl
v 0 0 0
v 1.50 0 0 0.5 0.25 0.125
vt 0.1 0.2
v 1 1 0
vn 0 0 1
usemtl skin
f 1/1/1 2/1/1 3/1/1 4/1/1
v 0 1e0 0
v  9 9 9
f -5//1 -4//1 -3//1
"""


def made(path: Path, content: str) -> Path:
    path.write_text(content)
    return path


@pytest.mark.parametrize("suffix", meshes.SUFFIXES)
def test_every_format_gives_places_and_faces(suffix: str, tmp_path: Path) -> None:
    ball = trimesh.creation.icosphere(2)
    path = tmp_path / f"ball{suffix.upper()}"
    ball.export(path, file_type=suffix[1:])
    found = read(path)
    assert found.name == str(path)
    expected = np.asarray(ball.vertices)[ball.faces]
    assert np.abs(found.vertices[found.triangles] - expected).max() < 1e-6
    if suffix != ".stl":
        assert np.array_equal(found.triangles, ball.faces)
    assert with_vertices(path, found.vertices, suffix.upper()) == path.read_bytes()
    moved = found.vertices + np.array([0.5, 0, 0])
    again = tmp_path / f"again{suffix}"
    again.write_bytes(with_vertices(path, moved, suffix))
    assert np.abs(read(again).vertices - moved).max() < 1e-6
    assert np.array_equal(read(again).triangles, found.triangles)


def test_wavefront_is_read_in_its_own_order(tmp_path: Path) -> None:
    found = read(made(tmp_path / "a.obj", QUAD))
    assert found.vertices.tolist() == [[0, 0, 0], [1.5, 0, 0], [1, 1, 0], [0, 1, 0], [9, 9, 9]]
    assert found.triangles.tolist() == [[0, 1, 2], [0, 2, 3], [0, 1, 2]]


def test_wavefront_keeps_every_other_line(tmp_path: Path) -> None:
    path = made(tmp_path / "a.obj", QUAD.replace("\n", "\r\n"))
    vertices = read(path).vertices
    assert with_vertices(path, vertices, ".obj") == path.read_bytes()
    vertices[1] += (0.25, 0, 1)
    old, new = path.read_bytes(), with_vertices(path, vertices, ".OBJ")
    expected = old.replace(b"v 1.50 0 0 0.5 0.25 0.125", b"v 1.75 0 1 0.5 0.25 0.125")
    assert new == expected != old


def test_another_count_of_vertices_is_refused(tmp_path: Path) -> None:
    path = made(tmp_path / "a.obj", QUAD)
    with pytest.raises(ValueError, match=r"vertices must be as many as in .*a.obj, 5, got 4"):
        with_vertices(path, np.zeros((4, 3)), ".obj")
    with pytest.raises(ValueError, match=r"mesh file must be one of .*, got '.fbx'"):
        with_vertices(path, np.zeros((5, 3)), ".fbx")


@pytest.mark.parametrize(
    ("name", "content", "text"),
    [
        ("a.fbx", "", r"a.fbx: mesh file must be one of .*, got '.fbx'"),
        ("a.obj", "v 0 0 0\nv 1 0 0\n", r"a.obj: mesh must have faces, got 2 points"),
        ("a.obj", QUAD.replace("v 0 0 0", "v 0 nan 0"), r"vertices must be finite, got 1 .* 1$"),
        ("a.obj", "v 0 0 inf\nf 1 1 1\n", r"must be finite, got 1 that are not, the first"),
        ("a.obj", QUAD + "f 1 2 7\n", r"corners of faces must be numbers of its 5 .*, got 7"),
        ("a.obj", QUAD + "f 1 2 0\n", r"corners of faces must be numbers of its 5 .*, got 0"),
        ("a.obj", QUAD + "f 1 2 x\n", r"a.obj: line must hold .*, got line 13: 'f 1 2 x'"),
        ("a.obj", QUAD + "v 1 2\n", r"a.obj: line must hold .*, got line 13: 'v 1 2'"),
        ("a.ply", "not a mesh", r"a.ply: file must be a .ply mesh, got"),
        ("a.glb", "not a mesh at all, nor json", r"a.glb: file must be a .glb mesh, got"),
        ("a.off", "OFF\n3 1 0\n0 0\n", r"a.off: file must be a .off mesh, got"),
        ("a.stl", "solid nothing\nendsolid", r"a.stl: .*must"),
    ],
)
def test_what_is_no_mesh_is_refused(name: str, content: str, text: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=text):
        read(made(tmp_path / name, content))


@pytest.mark.parametrize("number", [10**20, -(10**20)])
def test_a_vertex_whose_number_no_array_holds_is_refused(number: int, tmp_path: Path) -> None:
    path = made(tmp_path / "a.obj", QUAD + f"f 1 2 {number}\n")
    with pytest.raises(ValueError, match=r"a\.obj: "):
        read(path)


def test_what_is_too_large_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = made(tmp_path / "a.obj", QUAD)
    monkeypatch.setattr(meshes, "MOST_VERTICES", 4)
    with pytest.raises(ValueError, match=r"at most 4 vertices and 400000 triangles, got 5 and 3"):
        read(path)
    monkeypatch.setattr(meshes, "LARGEST_FILE", 20)
    with pytest.raises(ValueError, match=r"must have at most 20 bytes, got"):
        read(path)


def test_a_mesh_cannot_hold_what_is_no_number() -> None:
    wrong = np.full((3, 3), np.nan)
    with pytest.raises(ValueError, match=r"head: vertices must be finite, got 3 that are not"):
        TriangleMesh(wrong, np.array([[0, 1, 2]], np.int32), "head")


def glb(change: Callable[[dict[str, Any]], object]) -> bytes:
    """A ball as binary glTF whose header was changed."""
    whole = trimesh.creation.icosphere(1).export(file_type="glb")
    size = int.from_bytes(whole[12:16], "little")
    header = json.loads(whole[20 : 20 + size])
    change(header)
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 4)
    sizes = [
        (len(part)).to_bytes(4, "little") for part in (whole[20 + size :] + text + bytes(20), text)
    ]
    return whole[:8] + sizes[0] + sizes[1] + b"JSON" + text + whole[20 + size :]


def bare(header: dict[str, Any]) -> None:
    """No views: accessors are then zeros, as many as they say."""
    del header["bufferViews"]
    for one in header["accessors"]:
        del one["bufferView"]


@pytest.mark.parametrize(
    ("change", "text"),
    [
        (lambda header: header.pop("bufferViews"), r"got bufferView \d of 0$"),
        (bare, r"got (POSITION|indices) that is compressed, sparse or not there$"),
        (
            lambda header: header["accessors"].append({"count": 10**8}),
            r"got an accessor of 100000000 elements \(at most 1200000\)$",
        ),
        (
            lambda header: header["accessors"].extend(
                {"count": 10**6, "type": "MAT4", "componentType": 5126} for _ in range(5)
            ),
            r"got accessors of 32000\d+ bytes \(at most 268435456\)$",
        ),
        (
            lambda header: header.update(nodes=[{"mesh": 0}] * 6000, scenes=[{"nodes": [0]}]),
            r"got meshes of 252000 vertices \(at most 200000\)$",
        ),
        (
            lambda header: header.update(
                nodes=[{"children": [1]}, {"children": [0]}], scenes=[{"nodes": [0]}], scene=0
            ),
            r"got nodes that stand at two places$",
        ),
        (lambda header: header.update(x="x" * 2**22), r"got a header of \d+ bytes \(at most"),
    ],
)
def test_a_glb_is_refused_before_room_is_made_for_it(
    change: Callable[[dict[str, Any]], object], text: str, tmp_path: Path
) -> None:
    path = tmp_path / "a.glb"
    path.write_bytes(glb(change))
    tracemalloc.start()
    with pytest.raises(ValueError, match=rf"^{path}: file must be a .glb mesh, {text}"):
        read(path)
    assert tracemalloc.get_traced_memory()[1] < 30_000_000
    tracemalloc.stop()


def damages(value: Any) -> Iterator[Callable[[Any], None]]:
    """Each key of a header taken out in turn, and each value made another."""
    for key in value if isinstance(value, dict) else range(len(value)):
        for other in (None, -1, 10**8, "x", [], [{}], {}, 0.5):
            yield lambda at, key=key, other=other: at.__setitem__(key, other)
        yield lambda at, key=key: at.__delitem__(key)
        if isinstance(value[key], dict | list):
            for deeper in damages(value[key]):
                yield lambda at, key=key, deeper=deeper: deeper(at[key])


def test_any_damage_to_a_glb_is_named(tmp_path: Path) -> None:
    path, headers = tmp_path / "a.glb", []
    path.write_bytes(glb(lambda header: headers.append(deepcopy(header))))
    assert len(read(path).vertices) == 42
    errors = []
    for damage in damages(headers[0]):
        path.write_bytes(glb(damage))
        try:
            read(path)
        except ValueError as error:
            errors.append(str(error))
    assert len(errors) > 100
    assert [error for error in errors if not error.startswith(f"{path}: ")] == []
