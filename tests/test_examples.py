"""The documentation's example scripts run and say what is so; a room has one file to begin with."""

import runpy
import sys
from importlib import import_module
from pathlib import Path

import cv2
import numpy as np
import pytest

from assets.facs import pspi
from generator.shards import codec
from generator.shards.folder import open_folder
from tests import learning
from tests.runs import ROOT
from tests.test_face_detector import adult

ROOMS = ("assets", "rigging", "render", "generator", "vitpain")


def run(
    name: str, *arguments: object, capsys: pytest.CaptureFixture[str], patch: pytest.MonkeyPatch
) -> list[str]:
    """What an example prints, line by line."""
    path = ROOT / "docs" / "examples" / f"{name}.py"
    patch.setattr(sys, "argv", [str(path), *map(str, arguments)])
    runpy.run_path(str(path), run_name="__main__")
    return capsys.readouterr().out.splitlines()


def test_a_set_is_read(
    true: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = open_folder(true).index.to_pylist()
    said = run("read_set", true, capsys=capsys, patch=monkeypatch)
    assert said[0] == f"{len(rows):,} pictures"
    assert [line.split(":")[0] for line in said[1:]] == [row["key"] for row in rows]
    assert all(f"PSPI {row['pspi']}," in line for row, line in zip(rows, said[1:], strict=True))


def test_a_person_in_pain_is_drawn(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "pain.png"
    said = run("draw_pain", 0, out, capsys=capsys, patch=monkeypatch)
    assert said[0] == f"PSPI {pspi({4: 4, 6: 4, 7: 3, 9: 0, 10: 2, 43: 1}):g}"
    assert 1.0 < float(said[1].split()[-2]) < 20.0
    moved, every = (int(word.replace(",", "")) for word in said[2].split() if word[0].isdigit())
    assert 0 < moved < every
    picture = cv2.imread(str(out))
    assert picture is not None
    assert picture.shape == (256, 256, 3)
    assert picture.std() > 10


def test_pain_is_read(
    true: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    learning.train(true, tmp_path / "run", learning.ONCE)
    image, _ = adult()
    for name, picture in (("face", image), ("neutral", image), ("wall", np.zeros_like(image))):
        (tmp_path / f"{name}.png").write_bytes(codec.encode_image(picture, "png"))

    def read(name: str) -> list[str]:
        places = (tmp_path / "run", tmp_path / f"{name}.png", tmp_path / "neutral.png")
        return run("read_pain", *places, capsys=capsys, patch=monkeypatch)

    (said,) = read("face")
    assert said.startswith("PSPI ")
    assert 0.0 <= float(said.split()[-1]) <= 1.0
    (said,) = read("wall")
    assert said.startswith("not read: ")


@pytest.mark.parametrize("room", ROOMS)
def test_what_a_notebook_needs_is_documented(room: str) -> None:
    module = import_module(f"{room}.api")
    assert module.__doc__
    shown = [getattr(module, name) for name in module.__all__]
    assert all(one.__doc__ for one in shown if callable(one))
