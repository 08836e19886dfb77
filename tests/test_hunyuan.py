"""Painting by hy3dgen: weights and licence, the package's interface, and its atlas on our chart."""

import json
import os
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import trimesh
from PIL import Image

from assets import added, hunyuan3d
from assets import head as head_models
from generator import body
from generator.identity import make_identity
from generator.portrait.chart import chart
from generator.portrait.hunyuan import Hunyuan, bake
from render.chart import Chart
from render.mesh import Mesh
from rigging.gaze import STRAIGHT
from tests import stand_in_hy3dgen as stand_in
from tests.runs import hashes
from tests.stand_in_hy3dgen import Hunyuan3DPaintPipeline, painted, write_weights

SIZE = 512


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of weights, and an empty one of what was added."""
    monkeypatch.setenv(added.VARIABLE, str(tmp_path / "added"))
    return write_weights(tmp_path / "weights", hunyuan3d.PAINTERS[0])


def test_weights_stay_where_they_are_and_are_known_by_their_hashes(
    folder: Path, tmp_path: Path
) -> None:
    one = hunyuan3d.add(folder, accept_licence=True)
    assert (one.folder, one.painter) == (folder, "hunyuan3d-paint-v2-0")
    assert one == hunyuan3d.load()
    assert list(hashes(tmp_path / "added")) == ["hunyuan3d/hunyuan3d.json"]
    kept = {name: one["sha256"] for name, one in hunyuan3d.facts()["files"].items()}
    assert kept == hashes(folder)
    # The same files elsewhere are the same weights.
    copied = write_weights(tmp_path / "copied", hunyuan3d.PAINTERS[0])
    assert hunyuan3d.add(copied, accept_licence=True).sha256 == one.sha256
    other = copied / hunyuan3d.DELIGHT / "unet" / "model.safetensors"
    other.write_bytes(b"other")
    assert hunyuan3d.add(copied, accept_licence=True).sha256 != one.sha256
    # Both painters: the one of more steps.
    write_weights(tmp_path / "both", hunyuan3d.PAINTERS[1])
    assert hunyuan3d.add(tmp_path / "both", accept_licence=True).painter.endswith("-turbo")


def test_the_licence_is_shown_and_accepted_once(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="must be used under the Tencent") as caught:
        hunyuan3d.add(folder, accept_licence=False)
    for told in (
        "Tencent Hunyuan 3D 2.0 Community License Agreement",
        "https://huggingface.co/tencent/Hunyuan3D-2/blob/main/LICENSE",
        "European Union, the United Kingdom and South Korea", "improve any AI model",
        "--accept-licence accepts it",
    ):  # fmt: skip
        assert told in str(caught.value)
    assert not (tmp_path / "added").exists()
    hunyuan3d.add(folder, accept_licence=True)
    assert hunyuan3d.accepted()
    assert hunyuan3d.add(folder, accept_licence=False) == hunyuan3d.load()
    path = added.root() / hunyuan3d.NAME / hunyuan3d.FACTS
    path.write_text(json.dumps({**json.loads(path.read_text()), "accepted": "another licence"}))
    with pytest.raises(ValueError, match=r"got no acceptance$"):
        hunyuan3d.add(folder, accept_licence=False)


@pytest.mark.parametrize(
    ("lost", "message"),
    [
        ("hunyuan3d-delight-v2-0", r"must hold hunyuan3d-delight-v2-0 and .*, got hunyuan3d-paint"),
        ("hunyuan3d-paint-v2-0", r"must hold hunyuan3d-delight-v2-0 and .*, got no painter$"),
        ("hunyuan3d-paint-v2-0/vae", r"must hold vae, which its index lists, got none$"),
        ("hunyuan3d-paint-v2-0/model_index.json", r"must hold model_index.json, got none$"),
        ("hunyuan3d-delight-v2-0/unet/model.safetensors", r"unet must hold weights \(.*got none$"),
    ],
)
def test_a_partial_folder_is_refused_and_nothing_is_kept(
    folder: Path, tmp_path: Path, lost: str, message: str
) -> None:
    (folder / lost).rename(tmp_path / "lost")
    with pytest.raises(ValueError, match=message):
        hunyuan3d.add(folder, accept_licence=True)
    assert not hunyuan3d.accepted()


def test_a_pointer_instead_of_a_file_and_an_index_that_is_none_are_refused(folder: Path) -> None:
    index = folder / hunyuan3d.DELIGHT / "model_index.json"
    known = index.read_bytes()
    for wrong in ("no json", "[1]"):
        index.write_text(wrong)
        with pytest.raises(ValueError, match=r"model_index.json must list the parts of a pipeline"):
            hunyuan3d.add(folder, accept_licence=True)
    index.write_bytes(known)
    path = folder / hunyuan3d.DELIGHT / "vae" / "model.safetensors"
    path.write_text("version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 9\n")
    with pytest.raises(ValueError, match=r"safetensors must be the file itself, got a pointer"):
        hunyuan3d.add(folder, accept_licence=True)


def test_weights_that_changed_or_went_are_named(folder: Path) -> None:
    with pytest.raises(ValueError, match=r"^texture hunyuan3d needs what is not in .* add huny"):
        hunyuan3d.load()
    hunyuan3d.add(folder, accept_licence=True)
    path = folder / hunyuan3d.DELIGHT / "vae" / "model.safetensors"
    before, known = hunyuan3d.load(), path.stat()
    os.utime(path, ns=(known.st_atime_ns, known.st_mtime_ns + 1))
    # The same bytes at another time are the same weights.
    assert hunyuan3d.load() == before
    sha256 = hashes(path.parent)[path.name]
    path.write_bytes(path.read_bytes()[::-1])
    text = rf"vae/model.safetensors must have sha256 {sha256}, got [0-9a-f]+: pain3d assets add hun"
    with pytest.raises(ValueError, match=text):
        hunyuan3d.load()
    path.unlink()
    text = (
        r"vae/model.safetensors must be where it was added, got none: pain3d assets add hunyuan3d"
    )
    with pytest.raises(ValueError, match=text):
        hunyuan3d.load()


def test_hashing_says_how_far_it_is(folder: Path) -> None:
    told: list[tuple[int, int]] = []
    hunyuan3d.add(folder, True, lambda now, total: told.append((now, total)))
    size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    assert {total for _, total in told} == {size}
    assert sum(now for now, _ in told) == size


@pytest.fixture(scope="module")
def person() -> tuple[Mesh, Chart]:
    """A neutral person as they are drawn, and the chart of their head."""
    one = make_identity(3, 6, 1, "0-90")
    model = head_models.load()
    head = model.person(one.shape.phenotypes, one.shape.changes, one.person.age_years)
    whole = body.make_body(model, head, one.grooming, (one.seed, one.index))
    heat = np.zeros((len(head.vertices), 6), np.float32)
    return whole.mesh(head.vertices, STRAIGHT, heat), chart(model.topology, SIZE)


@pytest.fixture
def painter(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Hunyuan:
    stand_in.install(monkeypatch)
    return Hunyuan(hunyuan3d.add(folder, accept_licence=True))


def frame() -> tuple[np.ndarray, np.ndarray]:
    picture = np.random.default_rng(1).integers(256, size=(40, 32, 3)).astype(np.uint8)
    cut = np.zeros((40, 32), bool)
    cut[5:30, 6:20] = True
    return picture, cut


def encoded(light: np.ndarray) -> np.ndarray:
    return np.where(light <= 0.0031308, light * 12.92, 1.055 * light ** (1 / 2.4) - 0.055)


def places(mesh: Mesh, on: Chart) -> tuple[np.ndarray, np.ndarray]:
    """The texels (rows, columns) of a chart, and where on the mesh each lies: solved for."""
    row, column = np.nonzero(on.triangle >= 0)
    triangle = on.triangle[row, column]
    u = (column + 0.5 + on.columns.start) / on.size
    v = 1 - (row + 0.5 + on.rows.start) / on.size
    flat = mesh.uv[mesh.uv_triangles[triangle]].astype(np.float64)
    sides = np.stack([flat[:, 1] - flat[:, 0], flat[:, 2] - flat[:, 0]], axis=2)
    share = np.linalg.solve(sides, (np.stack([u, v], axis=1) - flat[:, 0])[..., None])
    corners = mesh.vertices[mesh.triangles[triangle]].astype(np.float64)
    edges = np.stack([corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]], axis=2)
    return np.stack([row, column]), corners[:, 0] + (edges @ share)[..., 0]


def test_what_the_package_paints_on_the_mesh_stands_on_the_chart(
    person: tuple[Mesh, Chart], painter: Hunyuan
) -> None:
    mesh, on = person
    before = mesh.vertices.copy(), mesh.triangles.copy()
    light = painter.texture(mesh, on, *frame())
    texel, place = places(mesh, on)
    assert texel.shape[1] > 100_000
    error = 255 * np.abs(encoded(light[tuple(texel)]) - painted(place))
    # Half a level is what 8 bits lose.
    assert error.max() < 0.75
    assert (light[on.triangle < 0] == 0).all()
    assert np.array_equal(before[0], mesh.vertices)
    assert np.array_equal(before[1], mesh.triangles)
    assert np.array_equal(light, painter.texture(mesh, on, *frame()))


def test_the_package_gets_the_head_alone_on_nothing_and_no_cards(
    person: tuple[Mesh, Chart], folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[Hunyuan3DPaintPipeline] = []
    given: list[trimesh.Trimesh] = []

    class Watched(Hunyuan3DPaintPipeline):
        @classmethod
        def from_pretrained(cls, model_path: str, subfolder: str = "") -> Hunyuan3DPaintPipeline:
            made.append(super().from_pretrained(model_path, subfolder))
            return made[-1]

        def __call__(self, mesh: trimesh.Trimesh, image: Any) -> trimesh.Trimesh:
            given.append(mesh.copy())
            return super().__call__(mesh, image)

    stand_in.install(monkeypatch, Watched)
    mesh, on = person
    picture, cut = frame()
    weights = hunyuan3d.add(folder, accept_licence=True)
    Hunyuan(weights).texture(mesh, on, picture, cut)
    assert [(one.model_path, one.subfolder, one.offloaded) for one in made] == [
        (str(folder), "hunyuan3d-paint-v2-0", False)
    ]
    (image,) = made[0].images
    shown = np.asarray(image)
    assert image.mode == "RGBA"
    assert np.array_equal(shown[..., 3], 255 * cut)
    assert np.array_equal(shown[cut][:, :3], picture[cut])
    assert (shown[~cut][:, :3] == 255).all()
    assert np.array_equal(given[0].faces, mesh.triangles[~mesh.card])
    assert np.array_equal(given[0].vertices, mesh.vertices)
    Hunyuan(weights, offload=True)
    assert made[1].offloaded
    with pytest.raises(ValueError, match=r"the picture must show a head, got an empty cut$"):
        Hunyuan(weights).texture(mesh, on, picture, np.zeros_like(cut))


def changed(person: tuple[Mesh, Chart], change: Any) -> tuple[Mesh, Chart, trimesh.Trimesh]:
    """What the package gives for a person, changed."""
    mesh, on = person
    solid = trimesh.Trimesh(mesh.vertices, mesh.triangles[~mesh.card], process=False)
    pipeline = Hunyuan3DPaintPipeline("", "", change=change)
    return mesh, on, pipeline(solid, image=None)


def test_triangles_that_are_not_in_what_comes_back_are_counted(
    person: tuple[Mesh, Chart],
) -> None:
    mesh, on, whole = changed(person, lambda mesh: mesh)
    corners = mesh.vertices[mesh.triangles[on.owners[[10, 2000, 9000]]]].astype(np.float64)
    middle = (3.7 * corners.mean(axis=1) + (0.4, -1.0, 2.0))[:, None]
    gone = np.linalg.norm(whole.triangles_center - middle, axis=2).argmin(axis=1)
    kept = np.delete(np.arange(len(whole.faces)), gone)
    fewer = trimesh.Trimesh(whole.vertices, whole.faces[kept], visual=whole.visual, process=False)
    count = len(on.owners)
    text = rf"^texture hunyuan3d: the mesh of hy3dgen must have all {count} triangles of the chart"
    with pytest.raises(ValueError, match=rf"{text}, got 3 without$"):
        bake(on, mesh, fewer)
    # A vertex of a face moved by 50 micrometres, as welding and simplifying do.
    moved = whole.copy()
    moved.vertices[whole.faces[gone[0], 1]] += (0.0, 0.0, 3.7 * 50e-6)
    with pytest.raises(ValueError, match=rf"{text}, got 1 without$"):
        bake(on, mesh, moved)
    # Other people, the mirror image, and a mesh of two triangles have hardly any.
    for wrong in (
        trimesh.Trimesh(whole.vertices * (1, 1.1, 1), whole.faces, visual=whole.visual),
        trimesh.Trimesh(whole.vertices, whole.faces[:, ::-1], visual=whole.visual, process=False),
        trimesh.Trimesh(whole.vertices, whole.faces[:2], visual=whole.visual, process=False),
    ):
        with pytest.raises(ValueError, match=rf"{text}, got \d+ without$"):
            bake(on, mesh, wrong)


def test_both_sides_of_a_sheet_keep_their_own_colours() -> None:
    """Where lips meet, say: the same three places, turned the other way."""
    corners = np.array([[0, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 0.5]], np.float32)
    triangles = np.array([[0, 1, 2], [0, 2, 1], [0, 1, 3]], np.int32)
    uv = np.array([[0, 0], [0.5, 0], [0, 0.5], [1, 1], [0.5, 1], [1, 0.5], [0, 1]], np.float32)
    flat = np.array([[0, 1, 2], [3, 4, 5], [6, 2, 4]], np.int32)
    mesh = Mesh(
        corners, np.tile(np.float32([0, 0, 1]), (4, 1)), triangles, uv, flat,
        np.zeros(3, bool), np.zeros((4, 6), np.float32),
    )  # fmt: skip
    triangle = np.full((8, 8), -1, np.int32)
    triangle[6, 1], triangle[1, 6] = 0, 1
    on = Chart(
        8, slice(0, 8), slice(0, 8), triangle, np.array([True, True, False]),
        np.array([0, 1], np.int32), np.array([0, 1, 2], np.int32), np.array([49, 14], np.int32),
    )  # fmt: skip
    picture = np.zeros((8, 8, 3), np.uint8)
    picture[:, :4], picture[:, 4:] = (255, 0, 0), (0, 255, 0)
    left = np.array([[0, 0], [0.4, 0], [0, 1]])
    material = trimesh.visual.texture.SimpleMaterial(
        image=Image.fromarray(picture).resize((256, 256))
    )
    for order in ([0, 1, 2], [2, 1, 0]):
        faces = triangles[order]
        theirs = np.concatenate(
            [{0: left, 1: left + np.array([0.6, 0]), 2: left}[k] for k in order]
        )
        visual = trimesh.visual.TextureVisuals(uv=theirs, material=material)
        places = corners[faces].reshape(-1, 3)
        sheet = trimesh.Trimesh(places, np.arange(9).reshape(3, 3), visual=visual, process=False)
        baked = bake(on, mesh, sheet)
        assert baked[6, 1] == pytest.approx([1, 0, 0])
        assert baked[1, 6] == pytest.approx([0, 1, 0])


def test_a_mesh_without_an_atlas_or_with_one_that_shows_nothing_is_refused(
    person: tuple[Mesh, Chart],
) -> None:
    mesh, on, whole = changed(person, lambda mesh: mesh)
    rule = "a mesh with a texture of at least 256 x 256 texels"
    bare = trimesh.Trimesh(whole.vertices, whole.faces, process=False)
    with pytest.raises(ValueError, match=rf"must give {rule}, got none$"):
        bake(on, mesh, bare)
    visual = trimesh.visual.TextureVisuals(uv=whole.visual.uv)
    with pytest.raises(ValueError, match=rf"must give {rule}, got none$"):
        bake(on, mesh, trimesh.Trimesh(whole.vertices, whole.faces, visual=visual, process=False))
    image = whole.visual.material.image
    whole.visual.material.image = image.point(lambda value: value // 64)
    with pytest.raises(ValueError, match=r"atlas of hy3dgen must show a head, got all black$"):
        bake(on, mesh, whole)
    whole.visual.material.image = image
    whole.visual.uv[5] = np.nan
    with pytest.raises(ValueError, match=r"must give finite texture coordinates, got nan$"):
        bake(on, mesh, whole)


def test_what_keeps_the_package_from_running_is_said(
    person: tuple[Mesh, Chart], folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    weights = hunyuan3d.add(folder, accept_licence=True)
    monkeypatch.setitem(sys.modules, "hy3dgen.texgen", None)
    text = r"^texture hunyuan3d: hy3dgen must be installed with its custom_rasterizer \(https"
    with pytest.raises(
        ValueError, match=rf"{text}://github.com/Tencent-Hunyuan/Hunyuan3D-2\), got"
    ):
        Hunyuan(weights)

    class Failing(Hunyuan3DPaintPipeline):
        error: BaseException

        @classmethod
        def from_pretrained(cls, model_path: str, subfolder: str = "") -> Hunyuan3DPaintPipeline:
            raise cls.error

    stand_in.install(monkeypatch, Failing)
    Failing.error = ModuleNotFoundError("No module named 'custom_rasterizer'")
    with pytest.raises(ValueError, match=rf"{text}.*, got No module named 'custom_rasterizer'$"):
        Hunyuan(weights)
    Failing.error = AssertionError("Torch not compiled with CUDA enabled")
    text = r"^texture hunyuan3d: hy3dgen must run, and needs 16 GB of a CUDA device's memory, less"
    with pytest.raises(ValueError, match=rf"{text} with --offload, got Torch not compiled"):
        Hunyuan(weights)

    class Full(Hunyuan3DPaintPipeline):
        def __call__(self, mesh: trimesh.Trimesh, image: Any) -> trimesh.Trimesh:
            raise RuntimeError("CUDA out of memory")

    stand_in.install(monkeypatch, Full)
    with pytest.raises(ValueError, match=rf"{text} with --offload, got CUDA out of memory$"):
        Hunyuan(weights).texture(*person, *frame())
