"""`pain3d import` as a user meets it: workers, kills, figures, errors in one line."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from generator.lock import UNFINISHED
from scripts import cli
from tests import test_import_hdf5, unbc_files
from tests.fake_producer import PAUSE
from tests.imported import samples
from tests.runs import ROOT, hashes, here
from tests.unbc_files import FIRST, Tree

SLOW = """
import sys
from generator.importers import producer
from scripts import cli
from tests.slow_import import PRODUCER
if __name__ == "__main__":
    producer.PRODUCER = PRODUCER
    sys.exit(cli.run(sys.argv[1:]))
"""


def run(capsys: pytest.CaptureFixture[str], *arguments: object) -> tuple[int, str, str]:
    """Run `pain3d import` without processes of its own."""
    code: object
    with here():
        try:
            code = cli.run(["import", *map(str, arguments)])
        except SystemExit as stop:
            code = stop.code
    said = capsys.readouterr()
    assert isinstance(code, int)
    return code, said.out, said.err


@pytest.fixture(scope="module")
def src(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return unbc_files.small(tmp_path_factory.mktemp("command") / "src").root


@pytest.fixture(scope="module")
def single(src: Path) -> Path:
    out = src.with_name("single")
    with here():
        assert cli.run(["import", "unbc", str(src), "--out", str(out), "--size", "64"]) == 0
    return out


def test_two_workers_and_a_killed_run_make_the_same_bytes(
    src: Path, single: Path, tmp_path: Path
) -> None:
    out = tmp_path / "killed"
    arguments = ["import", "unbc", str(src), "--out", str(out), "--size", "64"]
    environment = {**os.environ, PAUSE: "0.6", "PYTHONPATH": str(ROOT)}
    process = subprocess.Popen(
        [sys.executable, "-c", SLOW, *arguments],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    end = time.monotonic() + 60
    while not list((out / UNFINISHED).glob("*.parquet")):
        assert process.poll() is None
        assert time.monotonic() < end
        time.sleep(0.02)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert not (out / "manifest.json").exists()
    done = {path.name: path.stat().st_mtime_ns for path in out.glob("*.tar")}
    assert 1 <= len(done) < 3
    # Two workers for what is left; the notes of what was finished are kept.
    assert cli.run([*arguments, "--resume", "--workers", "2"]) == 0
    assert hashes(out) == hashes(single)
    assert {name: (out / name).stat().st_mtime_ns for name in done} == done


def test_figures_are_those_of_the_report(
    src: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out, figures = tmp_path / "out", tmp_path / "figures.json"
    code, said, errors = run(
        capsys, "unbc", src, "--out", out, "--crop", "none", "--size", 40, "--json", figures
    )
    assert code == 0, errors
    assert "19/19" in errors
    assert "pictures/s" in errors
    assert said.startswith(f"folder                               {out}\n")
    report = json.loads((out / "import_report.json").read_text())
    read = json.loads(figures.read_text())
    assert "banner" not in read
    assert report["figures"].items() <= read.items()
    for name, count in report["figures"].items():
        assert f"{name:<35}  {count}\n" in said
    assert (read["source"], read["layout"], read["read in this run"]) == ("unbc", "unbc", 19)
    assert read["pictures imported"] == 15


def test_a_stand_in_begins_with_its_banner(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    tree = Tree(tmp_path / "src")
    tree.frame(FIRST, 1, [], 0.0)
    (tree.root / "SURROGATE.json").write_text('{"finished": true}')
    code, said, _ = run(capsys, "unbc", tree.root, "--out", tmp_path / "out")
    assert code == 0
    assert said.splitlines()[0].split(maxsplit=1) == [
        "banner",
        "SURROGATE: drawn by a program; says nothing about UNBC-McMaster",
    ]
    (sample,) = samples(tmp_path / "out").values()
    assert sample.record.source == "unbc-surrogate"


def test_every_kind_of_source_has_its_subcommand(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    hdf5 = test_import_hdf5.write(tmp_path / "hdf5")
    code, said, _ = run(capsys, "unbc", hdf5, "--out", tmp_path / "a", "--crop", "none")
    assert code == 0
    assert "layout                               unbc_hdf5" in said
    name = "flame_sample_0000_{}_textured_view_000_inpainted.jpg".format
    for what in ("neutral", "pain_1"):
        path = tmp_path / "heads" / "images" / name(what)
        unbc_files.write(path, unbc_files.png(unbc_files.picture()))
    path = tmp_path / "heads" / "annotations" / "flame_sample_0000_pain_1_annotations.json"
    aus = {"AU4": 1, "AU6": 0, "AU7": 2, "AU9": 0, "AU10": 0, "AU43": 1}
    unbc_files.write(path, json.dumps({**aus, "PSPI": 4}).encode())
    splits = tmp_path / "list.csv"
    splits.write_text("annotation_base_name,split\nflame_sample_0000_pain_1,1\n")
    code, _, errors = run(
        capsys, "3dpain", tmp_path / "heads", "--out", tmp_path / "b", "--splits", splits,
        "--crop", "none",
    )  # fmt: skip
    assert code == 0, errors
    record = samples(tmp_path / "b")["flame_sample_0000_pain_1_view_000"].record
    assert (record.split, record.pspi) == ("val", 4.0)
    unbc_files.write(tmp_path / "mine" / "1.png", unbc_files.png(unbc_files.picture()))
    labels = tmp_path / "labels.csv"
    labels.write_text("subject,sequence,frame,pspi\nme,.,1,3\n")
    code, _, errors = run(
        capsys, "openface", tmp_path / "mine", "--out", tmp_path / "c", "--crop", "none",
        "--labels", labels, "--source", "mine",
    )  # fmt: skip
    assert code == 0, errors
    (sample,) = samples(tmp_path / "c").values()
    assert (sample.record.identity, sample.record.source) == ("me", "mine")
    assert sample.record.pspi == 3.0


@pytest.mark.parametrize(
    ("kind", "has", "lacks"),
    [
        ("unbc", ["--crop"], ["--splits", "--labels", "--csv", "--person ", "--source"]),
        ("3dpain", ["--splits", "{detector,none}"], ["--labels", "--csv", "--person ", "--source"]),
        ("openface", ["--labels", "--csv", "--person ", "--source"], ["--splits"]),
    ],
)
def test_options_are_those_that_mean_something(
    capsys: pytest.CaptureFixture[str], kind: str, has: list[str], lacks: list[str]
) -> None:
    code, said, _ = run(capsys, kind, "--help")
    assert code == 0
    assert all(name in said for name in has)
    assert not any(name in said for name in lacks)


def test_errors_are_one_line(
    src: Path, single: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before, out = hashes(src), tmp_path / "out"
    cases = {
        ("unbc", tmp_path / "no", "--out", out): (1, "source must be a folder that is there"),
        ("unbc", src, "--out", src / "out"): (1, "out must lie outside of the source"),
        ("unbc", src, "--out", single): (1, "out must be an empty folder, or one to --resume"),
        ("unbc", src, "--out", single, "--resume"): (1, "imported.size was 64 and is 256"),
        ("unbc", src, "--out", out, "--workers", "0"): (1, "workers must be at least 1, got 0"),
        ("unbc", src, "--out", out, "--size", "8"): (2, "size must be from 32 to 4096, got 8"),
        ("unbc", src, "--out", out, "--margin", "9"): (2, "margin must be from 0 to 4, got 9"),
        ("3dpain", src, "--out", out, "--crop=none", "--margin", "1"): (2, "margin must be 0"),
        ("3dpain", src, "--out", out): (1, "must hold one CSV annotation_base_name,split, or"),
        ("openface", src, "--out", out, "--labels", tmp_path / "no.csv"): (1, "no.csv must be a"),
        ("unbc", src, "--out", out, "--json", tmp_path / "no" / "x"): (1, "json must be in a"),
    }  # fmt: skip
    for arguments, (expected, text) in cases.items():
        code, said, errors = run(capsys, *arguments)
        assert (code, said) == (expected, ""), (arguments, errors)
        assert errors.startswith("pain3d import: ")
        assert text in errors
        assert errors.count("\n") == 1
        assert not out.exists()
    assert hashes(src) == before


def test_a_source_that_changed_is_not_resumed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    tree = Tree(tmp_path / "src")
    tree.frame(FIRST, 1, [], 0.0)
    arguments = ("unbc", tree.root, "--out", tmp_path / "out", "--resume")
    assert run(capsys, *arguments)[0] == 0
    assert run(capsys, *arguments)[0] == 0
    tree.frame(FIRST, 1, [(4, 1, 0, 0)], 1.0)
    code, _, errors = run(capsys, *arguments)
    assert code == 1
    assert "got a change: imported.content was" in errors


def test_nothing_left_is_an_error_that_names_the_report(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    tree = Tree(tmp_path / "src")
    tree.frame(FIRST, 1, [], 0.0).write_bytes(b"no picture")
    code, said, errors = run(capsys, "unbc", tree.root, "--out", tmp_path / "out")
    assert code == 1
    assert "pictures left out: not readable      1" in said
    last = errors.splitlines()[-1]
    assert last.endswith("must have a picture to import, got none: see import_report.json")
