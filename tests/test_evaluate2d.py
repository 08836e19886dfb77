"""`evaluate2d` on drawn faces: tables, sheets and page, and what is refused."""

import html
import json
import re
from pathlib import Path

import numpy as np
import pytest

from assets.facs import OPENFACE_AUS
from assets.unbc import SUBJECTS
from generator.shards import codec
from scripts import evaluate2d
from scripts.cli import reported
from tests import drawn_faces
from tests.runs import ignore
from tests.test_image_quality import SMALL
from vitpain.au_reader.config import ReaderConfig
from vitpain.au_reader.learn import Machine, train
from vitpain.evaluate.report import BANNER
from vitpain.image_quality.sets import named_folders

FEATURES = ["--features", SMALL, "--weights", "none", "--batch", "8"]


@pytest.fixture(scope="module")
def sets(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A real set, and of it: what was asked for; its inputs again; other people, blurred."""
    out = tmp_path_factory.mktemp("sets")
    real = drawn_faces.registered(out / "real")
    painted = {"asked": {}, "same": {"painted": "unchanged"}}
    painted |= {"others": {"painted": "others", "softened": 1.5}}
    made = {
        name: drawn_faces.painted(out / name, real, **changed) for name, changed in painted.items()
    }
    return {"real": real, **made}


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("judge")
    heads = drawn_faces.heads(out / "heads", identities=20, size=48, people_per_shard=20)
    config = ReaderConfig(size=32, epochs=16, batch=16, learning_rate=4e-3)
    train([heads], out / "reader", config, Machine(), ignore)
    return out / "reader"


def given(sets: dict[str, Path], *names: str) -> list[str]:
    made = [f"{name}={sets[name]}" for name in names]
    return ["--real", f"photographs={sets['real']}", "--generated", *made, *FEATURES]


@pytest.fixture(scope="module")
def report(sets: dict[str, Path], reader: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("report") / "out"
    asked = [*given(sets, "asked", "same", "others"), "--reader", str(reader), "--out", str(out)]
    assert evaluate2d.main(asked) == 0
    return out


@pytest.fixture(scope="module")
def figures(report: Path) -> dict:
    return json.loads((report / "report.json").read_text())


def test_each_measure_tells_what_was_done(figures: dict) -> None:
    asked, same, others = (figures["sets"][name] for name in ("asked", "same", "others"))
    # A blur of 1.5 pixels leaves no sharp edge.
    assert others["cpbd"] < 0.1 < 0.8 < same["cpbd"]
    for made in (same, others):
        of_each = made["people"].values()
        inputs = [one["inputs"]["mean"] for one in of_each]
        assert {one["inputs"]["pictures"] for one in of_each} == {1}
        assert inputs == pytest.approx([made["cpbd"]] * 4, abs=0.1)
    # What was asked for is closer to it than the inputs, which stay as they are.
    assert asked["aus_reached"]["all"]["ratio"] < 0.6
    assert same["aus_reached"]["all"]["ratio"] == pytest.approx(1.0, abs=0.15)
    assert {"4", "25", "43", "45"} == set(asked["aus_reached"]["aus"])
    # Other people's faces are found to be theirs.
    assert same["identity_kept"] == {"own": 16, "tried": 16, "alone": 0, "share": 1.0}
    assert others["identity_kept"]["own"] == 0
    assert same["identity_of_inputs"]["share"] == 1.0
    assert others["distance"]["fid"] > 0.0
    for name in SUBJECTS[:4]:
        of_person = others["people"][name]["distance"]
        assert (of_person["real"], of_person["made"]) == (6, 4)
        assert of_person["fid"] > 5.0 * same["people"][name]["distance"]["fid"]


def test_tables_name_features_and_judge(report: Path, figures: dict) -> None:
    page = html.unescape((report / "report.html").read_text())
    assert BANNER in page
    assert figures["banner"] == BANNER
    assert page.count(f"{SMALL}, random weights") > 4
    assert f"person: FID ({SMALL}, random weights)" in page
    assert f"Action units reached (AU reader {figures['reader']['sha256'][:8]})" in page
    assert re.search(r"<td>\d+\.\d{3}<i>\(6 \+ 4\)</i></td>", page)
    for name in ("asked (3d)", "same (3d)", "inputs, unchanged (photographs, 64 px)"):
        assert f">{name}</th>" in page
    assert "src=" not in page.replace('src="data:', "")


def test_sheets_show_real_beside_generated(report: Path) -> None:
    names = sorted(path.name for path in report.glob("*.png"))
    assert names == [f"{kind}-{at}.png" for kind in ("levels", "outputs") for at in (1, 2, 3)]
    for name in names:
        sheet = codec.decode(name.replace("-", "."), (report / name).read_bytes())
        # A line a person (two where real and generated stand below each other), a column a level.
        lines, columns = (8, 4) if name.startswith("levels") else (4, 5)
        assert sheet.shape == (20 + 107 * lines, 132 + 107 * columns, 3)
    outputs = codec.decode("a.png", (report / "outputs-2.png").read_bytes()).astype(int)
    tiles = [outputs[20:124, 132 + 107 * at : 236 + 107 * at] for at in range(5)]
    # Inputs again: all alike but for the camera's noise.
    assert all(np.abs(tile - tiles[0]).mean() < 4.0 for tile in tiles[1:])


def test_openface_judges_too(sets: dict[str, Path], tmp_path: Path) -> None:
    """CSVs in which the generated faces show AU4 as asked for, and their inputs nothing."""
    header = ["frame", " success", *(f" AU{au:02d}_r" for au in OPENFACE_AUS)]

    def csv(name: str, rows: list[dict[int, float]], success: int = 1) -> None:
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        lines = [", ".join(header)]
        for number, aus in enumerate(rows, start=1):
            values = [str(aus.get(au, 0.0)) for au in OPENFACE_AUS]
            lines.append(", ".join([str(number), str(success), *values]))
        path.write_text("\n".join(lines) + "\n")

    listed = [{}, *drawn_faces.LISTS.values()]
    for subject in SUBJECTS[:4]:
        for sequence in ("aff", "bff"):
            csv(f"real/{subject[4:]}{sequence}.csv", [{}] * 6)
        # The pictures of set `same` have no sequence: their folder is the person.
        csv(f"same/{subject}.csv", [{4: aus.get(4, 0.0)} for aus in listed])
    out = tmp_path / "out"
    tables = [f"photographs={tmp_path / 'real'}", f"same={tmp_path / 'same'}"]
    assert evaluate2d.main([*given(sets, "same"), "--openface", *tables, "--out", str(out)]) == 0
    found = json.loads((out / "report.json").read_text())["sets"]["same"]["aus_reached"]
    assert found["judge"] == "OpenFace"
    assert found["aus"]["4"]["ratio"] == 0.0
    assert found["aus"]["4"]["unchanged"] == pytest.approx((1 + 2 + 2 + 4) / 4)
    assert found["aus"]["25"]["ratio"] == 1.0
    # OpenFace has no AU43: the closed eye is AU45's.
    assert found["aus"]["45"]["unchanged"] == 2.5
    assert "43" not in found["aus"]
    with pytest.raises(ValueError, match="openface must name CSVs of the sets photographs, same"):
        evaluate2d.main(
            [*given(sets, "same"), "--openface", tables[0], "--out", str(tmp_path / "b")]
        )
    empty = [tables[0], f"same={tmp_path}"]
    with pytest.raises(ValueError, match="must hold a CSV of OpenFace for a sequence of same"):
        evaluate2d.main([*given(sets, "same"), "--openface", *empty, "--out", str(tmp_path / "b")])


def refused(capsys: pytest.CaptureFixture[str], *asked: str) -> str:
    assert reported("evaluate2d", lambda: evaluate2d.main(list(asked))) == 1
    return capsys.readouterr().err


def test_sets_of_another_kind_are_refused(
    sets: dict[str, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = ["--out", str(tmp_path / "out"), *FEATURES]
    real, same = f"real={sets['real']}", f"same={sets['same']}"
    heads = drawn_faces.heads(tmp_path / "heads", identities=1, people_per_shard=1)
    plane = drawn_faces.registered(tmp_path / "plane", "2d", identities=2)
    nothing = drawn_faces.painted(tmp_path / "nothing", plane, "2d", painted="nothing")
    cases = [
        (real, real.replace("real=", "again="), "generated set again must be made by pain3d augme"),
        (f"heads={heads}", same, "real set heads must be registered (pain3d register)"),
        (same, real, "real set same must be photographs, got generated ones"),
        (f"plane={plane}", same, "or exactly one registered alike (3d), got plane (2d)"),
        (f"plane={plane}", f"no={nothing}", "set no must have pictures of PSPI above 0, got none"),
        (real, same.replace("same=", "real="), "names must be different, got real"),
        ("folder", same, "real must be NAME=FOLDER, got 'folder'"),
    ]
    for first, second, said in cases:
        told = refused(capsys, "--real", first, "--generated", second, *out)
        assert said in told, told
    assert not (tmp_path / "out").exists()
    both = ["--real", real, f"plane={plane}", "--generated", same]
    assert "real set plane must have a generated set that was registered alike" in refused(
        capsys, *both, *out
    )
    twice = refused(capsys, "--real", real, real, "--generated", same, *out)
    assert "real must have different names, got real twice" in twice


def test_inputs_must_be_frames_of_the_real_set(
    sets: dict[str, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    fewer = drawn_faces.registered(tmp_path / "fewer", identities=2)
    asked = ["--real", f"fewer={fewer}", "--generated", f"same={sets['same']}", *FEATURES]
    told = refused(capsys, *asked, "--out", str(tmp_path / "out"))
    assert "must be painted from a frame of real set fewer, got 047-jl047_aff001" in told


def test_options_that_say_two_things_are_not_understood(
    sets: dict[str, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = [*given(sets, "same"), "--out", str(tmp_path / "out")]
    for more, said in (
        (["--reader", "a", "--openface", "b=c"], "judge must be one of reader and openface"),
        (["--weights", "hub"], "weights must be none or a file, got hub"),
        (["--workers", "0"], "workers must be at least 1, got 0"),
    ):
        with pytest.raises(SystemExit) as stopped:
            evaluate2d.main([*asked, *more])
        assert stopped.value.code == 2
        assert said in capsys.readouterr().err
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "letter").touch()
    assert "out must be an empty folder or none" in refused(capsys, *asked)


def test_names_and_folders() -> None:
    assert named_folders(["a=b=c"], "real") == {"a": Path("b=c")}
    for text in ("a", "=b", "a="):
        with pytest.raises(ValueError, match="real must be NAME=FOLDER"):
            named_folders([text], "real")
