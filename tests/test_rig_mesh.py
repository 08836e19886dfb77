"""`pain3d rig-mesh`: an expression on any head mesh, from file to file, and what is refused."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import pytest

from assets import facs
from assets.head import SKIN
from generator.preview import au_sheet
from rigging import blendshapes, rig
from rigging.registration import topologies
from rigging.registration.mesh import TriangleMesh, read
from scripts import cli, rig_mesh
from scripts.rig_mesh import angles, intensities
from tests.head_files import person, save

PAIN = {4: 3.0, 6: 4.0, 9: 2.0, 26: 2.0}
TEXT = "4=3, AU6=4,9=2,26=2"
READY: dict[bytes, rig.Rig] = {}
DOWN = np.array([1.0, -1.0, -1.0])
"""Upside down, in centimetres and far off: what this and `PLACE` make of standard axes."""
PLACE = np.array([30.0, -200.0, 55.0])


@dataclass(frozen=True)
class Sample:
    """A head as a user's file, and as the mesh in it."""

    path: Path
    mesh: TriangleMesh


@pytest.fixture(scope="module")
def down(tmp_path_factory: pytest.TempPathFactory) -> Sample:
    """5,023 vertices with holes where the eyes are, in centimetres, upside down."""
    mesh, _ = topologies.mesh(topologies.load("isotropic_5023"), person(), False)
    path = tmp_path_factory.mktemp("down") / "head.obj"
    save(path, mesh.vertices * 100 * DOWN + PLACE, mesh.triangles)
    return Sample(path, read(path))


@pytest.fixture(autouse=True)
def remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    """A mesh is prepared once, however many tests take it."""
    prepare = rig.prepare

    def once(mesh: TriangleMesh) -> rig.Rig:
        key = mesh.vertices.tobytes() + mesh.triangles.tobytes()
        if key not in READY:
            READY[key] = prepare(mesh)
        return READY[key]

    monkeypatch.setattr(rig, "prepare", once)


def run(*arguments: str | Path) -> int:
    return cli.run(["rig-mesh", *map(str, arguments)])


def off(found: np.ndarray, wanted: np.ndarray) -> float:
    """Mean error as a share of the mean displacement."""
    error, length = (np.linalg.norm(each, axis=1).mean() for each in (found - wanted, wanted))
    return float(error / length)


def test_a_head_upside_down_in_centimetres(
    down: Sample, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    monkeypatch.setattr(au_sheet, "TILE", 60)
    out, sheet = tmp_path / "posed.obj", tmp_path / "sheet.png"
    assert run(down.path, "--aus", TEXT, "--out", out, "--sheet", sheet) == 0
    assert f"{out}: 5023 vertices" in capsys.readouterr().out
    assert sorted(path.name for path in tmp_path.iterdir()) == ["posed.obj", "sheet.png"]
    old, new = (path.read_text().splitlines() for path in (down.path, out))
    assert [line for line in old if line[:2] != "v "] == [line for line in new if line[:2] != "v "]
    teacher = blendshapes.pose(person(), PAIN, PAIN) - person().vertices
    wanted = topologies.load("isotropic_5023").to_mesh @ teacher * 100 * DOWN
    assert off(read(out).vertices - down.mesh.vertices, wanted) < 0.15
    still = np.linalg.norm(wanted, axis=1) == 0
    same = [a == b for a, b in zip(old, new, strict=True) if a[:2] == "v "]
    assert still.any()
    assert np.array(same)[still].mean() > 0.9
    picture = cv2.imread(str(sheet))
    assert picture is not None
    band, columns = au_sheet.BAND, au_sheet.COLUMNS
    tiles = picture.reshape(-1, 60 + band, columns, 60, 3).transpose(0, 2, 1, 3, 4)
    tiles = tiles[:, :, band:].reshape(-1, 60, 60, 3).astype(int)
    assert len(tiles) == 1 + len(facs.AUS)
    changed = [(np.abs(tile - tiles[0]).max(2) > 12).sum() for tile in tiles[1:]]
    assert min(changed) > 3
    assert max(changed) < 1500


def test_no_expression_gives_the_same_file(down: Sample, tmp_path: Path) -> None:
    out = tmp_path / "same.obj"
    assert run(down.path, "--out", out) == 0
    assert out.read_bytes() == down.path.read_bytes()


def test_a_head_of_doubled_vertices_moves_as_the_whole_one(down: Sample) -> None:
    corners = down.mesh.triangles.ravel()
    soup = np.arange(len(corners), dtype=np.int32).reshape(-1, 3)[:, ::-1].copy()
    apart = TriangleMesh(down.mesh.vertices[corners], soup, "soup")
    whole = rig.prepare(down.mesh).pose(PAIN, PAIN) - down.mesh.vertices
    found = rig.prepare(apart).pose(PAIN, PAIN) - apart.vertices
    # Also inside out. What is sampled of the skin follows the order of its faces.
    assert off(found, whole[corners]) < 0.02
    for one in (np.unique(corners)[:50], np.unique(corners)[-50:]):
        for vertex in one:
            assert np.ptp(found[corners == vertex], axis=0).max() == 0


def test_eyeballs_turn_and_sides_move_alone() -> None:
    mesh, part = topologies.mesh(topologies.load("remeshed_4000"), person(), True)
    ready = rig.prepare(mesh)
    aside = ready.pose({}, {}, angles("20,10")) - mesh.vertices
    pupils = mesh.vertices[part > SKIN]
    centres = np.repeat(person().eyes.centre, len(pupils) // 2, axis=0)
    yaw, pitch = np.radians(20), np.radians(10)
    ahead = (pupils - centres) / np.linalg.norm(pupils - centres, axis=1, keepdims=True)
    front = ahead[:, 2].argmax()
    looks = pupils[front] + aside[part > SKIN][front] - centres[front]
    expected = np.array([np.sin(yaw) * np.cos(pitch), np.sin(pitch), np.cos(yaw) * np.cos(pitch)])
    assert ahead[front] @ (0, 0, 1) > 0.999
    assert looks @ expected / np.linalg.norm(looks) > 0.998
    left = ready.pose({12: 4}, {}) - mesh.vertices
    far = mesh.vertices[:, 0] < -0.02
    assert np.linalg.norm(left[~far], axis=1).max() > 0.004
    assert np.linalg.norm(left[far], axis=1).max() < 0.001


def test_gaze_needs_eyeballs(down: Sample, tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    out = tmp_path / "out.obj"
    out.write_text("what was there before")
    assert run(down.path, "--gaze=10,0", "--out", out) == 1
    assert "gaze must be straight without eyeballs" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["out.obj"]
    assert out.read_text() == "what was there before"


@pytest.mark.parametrize(
    ("change", "text"),
    [
        (lambda places: places * (1, 0.1, 1), "mesh must be a head with a face"),
        (lambda places: np.where(places > 60, np.nan, places), "vertices must be finite, got"),
    ],
)
def test_what_cannot_be_rigged_says_why(
    change: Callable[[np.ndarray], np.ndarray],
    text: str,
    down: Sample,
    tmp_path: Path,
    capsys: pytest.CaptureFixture,
) -> None:
    path, out = tmp_path / "bad.obj", tmp_path / "out.obj"
    save(path, change(down.mesh.vertices), down.mesh.triangles)
    assert run(path, "--aus", "4=3", "--out", out) == 1
    error = capsys.readouterr().err
    assert error.startswith(f"pain3d rig-mesh: {path}: ")
    assert text in error
    assert error.count("\n") == 1
    assert not out.exists()


def test_a_file_that_is_not_there(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    assert run(tmp_path / "no.obj", "--out", tmp_path / "out.obj") == 1
    assert "no.obj: No such file or directory" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("options", "text"),
    [
        (["--aus", "4:3"], "--aus must be items like"),
        (["--aus", "4=-1"], "--aus must be items like"),
        (["--aus", "3=2"], "AU must be one of"),
        (["--aus", "4=6"], "AU4 on the left must be between 0 and 5, got 6"),
        (["--aus", "R43=2"], "--aus must have AU43 at 0 or 1, got 'R43=2'"),
        (["--aus", "L26=3"], "AU26 must be equal left and right, got 3.0 and 0.0"),
        (["--aus", "4=3,L4=2"], "--aus must name an AU once a side, got AU4 twice"),
        (["--gaze", "10"], "--gaze must be two numbers of degrees as 10,-5, got '10'"),
        (["--gaze", "80,0"], "--gaze must be angles of at most 51 degrees, got '80,0'"),
        (["--aus", "43=0.5"], "--aus must have AU43 at 0 or 1, got '43=0.5'"),
        (["--out", "nowhere/posed.obj"], "--out must lie in a folder that is there"),
        (["--out", "posed.fbx"], "--out must end in one of"),
        (["--sheet", "sheet.jpg"], "--sheet must end in .png, got sheet.jpg"),
        (None, "one of --out and --sheet must be given, got neither"),
    ],
)
def test_options_that_are_none_exit_with_2(
    options: list[str] | None, text: str, capsys: pytest.CaptureFixture
) -> None:
    given = [] if options is None else ["--out", "never.obj", *options]
    with pytest.raises(SystemExit) as stop:
        rig_mesh.main(["head.obj", *given])
    assert stop.value.code == 2
    assert text in capsys.readouterr().err
    assert not Path("never.obj").exists()


def test_sides_are_read() -> None:
    assert intensities(" 4=3,L12=2.5 r12=1,au43=1,") == (
        {4: 3.0, 12: 2.5, 43: 1.0},
        {4: 3.0, 12: 1.0, 43: 1.0},
    )
    assert intensities("") == ({}, {})
    assert np.allclose(angles("9, -5"), np.radians([[9, -5]] * 2))
