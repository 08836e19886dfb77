"""Reading MakeHuman's files: what is written comes back, and every fault names file and line."""

from pathlib import Path

import numpy as np
import pytest
from scipy.spatial import KDTree

from assets import base_mesh, head
from assets.makehuman_files import read_binding, read_material, read_obj
from generator.makehuman.paint import read_picture
from generator.makehuman.piece import placed, read_piece
from tests.packs import grid, piece_text

MESH = "# remark\no x\nv 0 0 0\nv 1 0 0\nv 1 1 0\nv 0 1 0\nvt 0 0\nvt 1 .5\ns off\n"
FACE = "f 1/1 2/2 3/2 4/1\n"
BINDING = (
    "basemesh hm08\nname A b\nx_scale 5399 11998 1.5\nz_scale 962 5320 2\ny_scale 791 881 2.5\n"
    "z_depth 50\nverts 0\n7\n 1 2 3 0.5 0.25 0.25 0.1 -0.2 0.3\nmaterial a b.mhmat\n"
)


def written(path: Path, text: str) -> Path:
    path.write_text(text)
    return path


def test_a_mesh_comes_back(tmp_path: Path) -> None:
    mesh = read_obj(written(tmp_path / "a.obj", MESH + FACE + "f 4/2/7 3/1/7 2/1/7 1/1/7\r\n"))
    assert mesh.count == 4
    assert mesh.uv.tolist() == [[0, 0], [1, 0.5]]
    assert mesh.faces.tolist() == [[0, 1, 2, 3], [3, 2, 1, 0]]
    assert mesh.uv_faces.tolist() == [[0, 1, 1, 0], [1, 0, 0, 0]]


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        (MESH + "f 1/1 2/2 3/2\n", r"line 10: a face must have four corners, .* got '1/1 2/2 3/2'"),
        (MESH + "f 1 2 3 4\n", r"line 10: a face must have four corners, each vertex/texture"),
        (MESH + "f 1/1 2/2 3/2 5/1\n", r"line 10: .* a whole number from 1 to 4, got '5'"),
        (MESH + "f 1/1 2/2 3/2 4/3\n", r"line 10: .* a whole number from 1 to 2, got '3'"),
        (MESH + "f 1/1 2/2 3/2 -1/1\n", r"line 10: .* a whole number from 1 to 4, got '-1'"),
        (MESH + "v 1 2\n", r"line 10: must have 3 numbers, got '1 2'"),
        (MESH + "v 1 2 nan\n", r"line 10: must have 3 numbers, got '1 2 nan'"),
        (MESH + "v 1 2 1e9\n", r"line 10: must have 3 numbers"),
        (MESH + "call evil\n", r"line 10: must be v, vt or f, got 'call'"),
        (MESH, r"must have faces, got none"),
    ],
)
def test_faults_of_a_mesh_are_named(tmp_path: Path, text: str, fault: str) -> None:
    with pytest.raises(ValueError, match=rf"a.obj.*{fault}"):
        read_obj(written(tmp_path / "a.obj", text))


def test_a_binding_comes_back_and_places_its_vertices(tmp_path: Path) -> None:
    binding = read_binding(written(tmp_path / "a.mhclo", BINDING + "delete_verts\n1 - 9\n"))
    assert binding.base.tolist() == [[7, 7, 7], [1, 2, 3]]
    assert binding.weights.tolist() == [[1, 0, 0], [0.5, 0.25, 0.25]]
    assert binding.scale == ((5399, 11998, 1.5), (791, 881, 2.5), (962, 5320, 2.0))
    assert binding.material == "a b.mhmat"
    base = np.zeros((12000, 3))
    used = np.unique([7, 1, 2, 3, *(n for a, b, _ in binding.scale for n in (a, b))])
    base[used] = base_mesh.places(used)
    size = [abs(base[a, k] - base[b, k]) / d for k, (a, b, d) in enumerate(binding.scale)]
    second = base[1] / 2 + base[2] / 4 + base[3] / 4 + np.array([0.1, -0.2, 0.3]) * size
    assert np.abs(placed(binding) - [base[7], second]).max() < 1e-12


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ("7\n", "7 8 9\n", r"line 8: must have 6 numbers, got ''"),
        ("7\n", "19158\n", r"line 8: .* a whole number from 0 to 19157, got '19158'"),
        ("0.3\n", "x\n", r"line 9: must have 6 numbers, got '0.5 0.25 0.25 0.1 -0.2 x'"),
        ("11998 1.5", "11998 0", r"line 3: x_scale must be above 0, got 0.0"),
        ("hm08", "other", r"must be bound to the base mesh hm08, got 'other'"),
        ("z_depth 50", "exec rm", r"line 6: must be a key of a binding or a vertex, got 'exec'"),
        ("material a b.mhmat", "", r"must have material, got none"),
        ("a b.mhmat", "..", r"line 10: must name a file, got '\.\.'"),
        ("y_scale 791 881 2.5\n", "", r"must have y_scale, got none"),
        ("verts 0\n", "", r"line 7: must be a key of a binding or a vertex, got '7'"),
    ],
)
def test_faults_of_a_binding_are_named(tmp_path: Path, old: str, new: str, fault: str) -> None:
    text = BINDING.replace(old, new, 1)
    assert text != BINDING
    with pytest.raises(ValueError, match=rf"a.mhclo.*{fault}"):
        read_binding(written(tmp_path / "a.mhclo", text))


def test_a_material_names_pictures_beside_it(tmp_path: Path) -> None:
    text = "// remark\nname x\ndiffuseTexture ../../etc/p q.png\nbumpTexture C:\\x\\b.png\n"
    found = read_material(written(tmp_path / "a.mhmat", text))
    assert found == {"diffuseTexture": "p q.png", "bumpTexture": "b.png"}
    with pytest.raises(ValueError, match=r"a.mhmat must have diffuseTexture, got none"):
        read_material(written(tmp_path / "a.mhmat", "name x\n"))
    (tmp_path / "a.mhmat").write_bytes(b"name \xff\n")
    with pytest.raises(ValueError, match=r"a.mhmat must be UTF-8, got byte 5"):
        read_material(tmp_path / "a.mhmat")


def test_files_that_are_too_large_are_not_read(tmp_path: Path) -> None:
    path = tmp_path / "a.obj"
    with open(path, "wb") as file:
        file.truncate(8_000_001)
    with pytest.raises(ValueError, match=r"a.obj must have at most 8000000 bytes, got 8000001"):
        read_obj(path)


def test_a_picture_is_looked_at_before_it_is_decoded(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + b"\0\0\0\rIHDR" + b"\0\1\0\0" * 2 + bytes(20))
    with pytest.raises(ValueError, match=r"a.png must have sides up to 4096, got 65536 x 65536"):
        read_picture(path)
    path.write_bytes(b"GIF89a" + bytes(40))
    with pytest.raises(ValueError, match=r"a.png must be a PNG picture, got another file"):
        read_picture(path)
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + b"\0\0\0\rIHDR" + b"\0\0\0\4" * 2 + bytes(20))
    with pytest.raises(ValueError, match=r"a.png must be an RGBA picture of 8 bits"):
        read_picture(path)


def test_a_piece_lies_where_it_was_bound_with_its_texture(tmp_path: Path) -> None:
    flat, quads = grid((0.01, 0.01), (0.05, 0.03), 3, 4)
    places = np.concatenate([flat, np.full((len(flat), 1), 0.03)], axis=1)
    uv = 0.25 + 0.5 * (flat - flat.min(0)) / np.ptp(flat, axis=0)
    folder = tmp_path / "p"
    folder.mkdir()
    for name, text in piece_text(places, uv, quads, "p").items():
        written(folder / name, text)
    piece = read_piece(folder)
    assert piece.box == (0.25, 0.25, 0.75, 0.75)
    assert piece.picture == folder / "p.png"
    corners = piece.vertices[piece.quads]
    assert np.abs(corners - places[quads]).max() < 1e-7
    assert np.abs(piece.uv[piece.quads] - ((uv - 0.25) / 0.5)[quads]).max() < 1e-12
    (folder / "p.mhclo").write_text((folder / "p.mhclo").read_text() + "1\n")
    with pytest.raises(ValueError, match=r"p.mhclo must bind the 12 vertices of p.obj, got 13"):
        read_piece(folder)


def test_the_base_mesh_holds_the_vertices_of_the_head() -> None:
    model = head.load()
    bare = model.bare_vertices(model.mean_phenotypes(), {})[:-2]
    numbers = np.flatnonzero(base_mesh.near(np.arange(base_mesh.VERTICES)))
    places = base_mesh.places(numbers)
    apart, _ = KDTree(places).query(bare)
    assert apart.max() < 2.5e-5
    far = np.flatnonzero(~base_mesh.near(np.arange(base_mesh.VERTICES)))
    with pytest.raises(ValueError, match=rf"must be near the head, got {far[0]}"):
        base_mesh.places(far[:1])
