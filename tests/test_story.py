"""The whole story on a few real heads, through the commands that the README shows."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.runs import ROOT, hashes

SMALL = (
    "--identities 4 --pain-per-identity 2 --confounders 1 --views 2 --size 96 --seed 11 "
    "--ages 0-90 --people-per-shard 1"
).split()


def pain3d(*arguments: str) -> str:
    """Run the console script in a process of its own; gives what it printed."""
    done = subprocess.run(
        [sys.executable, "-c", "from scripts.cli import main; main()", *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("story") / "data"
    pain3d("generate", "--out", str(out), *SMALL, "--workers", "2")
    return out


def test_parts_made_by_one_worker_join_to_the_bytes_of_two(data: Path, tmp_path: Path) -> None:
    parts = []
    for number in (1, 2):
        parts.append(str(tmp_path / f"part{number}"))
        pain3d("generate", "--out", parts[-1], *SMALL, "--workers", "1", "--part", f"{number}/2")
    pain3d("merge", *parts, "--out", str(tmp_path / "joined"))
    assert hashes(tmp_path / "joined") == hashes(data)


def test_what_was_made_verifies_and_can_be_looked_at(data: Path, tmp_path: Path) -> None:
    figures = tmp_path / "figures.json"
    pain3d("verify", str(data), "--json", str(figures))
    read = json.loads(figures.read_text())
    assert (read["faults"], read["samples"], read["people"]) == (0, 32, 4)
    pain3d("preview", str(data), "--out", str(tmp_path / "preview"))
    made = {path.suffix for path in (tmp_path / "preview").iterdir()}
    assert made == {".html", ".png"}
    pain3d("export", str(data), "--format", "3dpain", "--out", str(tmp_path / "published"))
    pictures = list((tmp_path / "published" / "images").glob("*.jpg"))
    # Confounders have no place in the published layout.
    assert len(pictures) == 4 * 2 * 3
