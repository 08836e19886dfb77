"""The whole way with real heads: made, killed, resumed, joined, verified, shown, exported."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from generator.lock import UNFINISHED
from generator.shards.folder import open_folder
from scripts import cli
from tests.runs import ROOT, hashes

PEOPLE = (
    "--identities 3 --pain-per-identity 1 --confounders 1 --views 2 --size 64 --ages 0-90 "
    "--people-per-shard 1"
).split()


def begin(*arguments: str) -> subprocess.Popen[str]:
    """A command in a process that can be killed."""
    return subprocess.Popen(
        [sys.executable, "-m", "scripts.cli", *arguments],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """What a command says here; what makes pictures still has workers of its own."""
    code = cli.run(list(arguments))
    said = capsys.readouterr()
    assert code == 0, said.err
    return said.out


@pytest.fixture(scope="module")
def single(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("whole") / "single"
    assert cli.run(["generate", "--out", str(out), *PEOPLE]) == 0
    return out


def test_it_verifies_clean(single: Path, capsys: pytest.CaptureFixture[str]) -> None:
    said = run(capsys, "verify", str(single))
    assert said.splitlines()[-1].split() == ["faults", "0"]
    rows = open_folder(single).index.to_pylist()
    assert len(rows) == 3 * 2 * 3
    assert {row["kind"] for row in rows} == {"neutral", "pain", "confounder"}
    assert all(row["pspi"] >= 1 for row in rows if row["kind"] == "pain")
    yaws = {view: [abs(r["yaw_deg"]) for r in rows if r["view"] == view] for view in (0, 1)}
    assert max(yaws[0]) <= 5 < 15 <= min(yaws[1]) <= max(yaws[1]) <= 45


def test_killed_and_resumed_it_has_the_same_bytes(
    single: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    process = begin("generate", "--out", str(out), *PEOPLE, "--workers", "2")
    late = time.monotonic() + 120
    while not list((out / UNFINISHED).glob("*.parquet")):
        assert time.monotonic() < late
        assert process.poll() is None, process.communicate()[1]
        time.sleep(0.02)
    process.kill()
    process.communicate()
    assert not (out / "manifest.json").exists()
    run(capsys, "generate", "--out", str(out), *PEOPLE, "--resume")
    assert hashes(out) == hashes(single)


def test_joined_parts_have_the_same_bytes(
    single: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    parts = [str(tmp_path / f"part{k}") for k in (1, 2)]
    for k, part in enumerate(parts):
        run(capsys, "generate", "--out", part, *PEOPLE, "--part", f"{k + 1}/2")
    run(capsys, "merge", *parts, "--out", str(tmp_path / "out"))
    assert hashes(tmp_path / "out") == hashes(single)


def test_it_is_shown_and_exported(
    single: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run(capsys, "preview", str(single), "--out", str(tmp_path / "preview"))
    assert {path.name for path in (tmp_path / "preview").iterdir()} == {
        "contact.png",
        "gallery.html",
    }
    said = run(capsys, "export", str(single), "--out", str(tmp_path / "export"))
    assert "12 pictures, 3 annotations" in said
