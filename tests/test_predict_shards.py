"""Data sets to rows by who did not learn from them, and the command over everything it reads."""

import csv
import json
import re
from dataclasses import replace
from pathlib import Path
from shutil import copytree, rmtree
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest
import safetensors.torch
import torch

from assets import face_crop
from generator.shards import codec
from scripts import cli
from tests import learning
from tests.runs import make
from tests.test_face_detector import adult
from vitpain.data.frames import open_frames
from vitpain.data.loader import Loader, Loading
from vitpain.evaluate import predictions
from vitpain.evaluate.predictions import HATS
from vitpain.model import files
from vitpain.predict import shards
from vitpain.predict.overlay import Overlays, Shown
from vitpain.predict.predict import Asked
from vitpain.predict.readers import Readers, open_run
from vitpain.predict.reading import Given
from vitpain.predict.rows import RowsConfig, predict_rows
from vitpain.train import begin, run_folder
from vitpain.train.config import Run
from vitpain.train.finetune import Division, finetune

QUICK = replace(learning.SMALL, epochs=1)
CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make(tmp_path_factory.mktemp("predict") / "data", learning.DATA)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory, data: Path) -> Path:
    out = tmp_path_factory.mktemp("run") / "run"
    learning.train(data, out, QUICK)
    return out


@pytest.fixture(scope="module")
def folds(tmp_path_factory: pytest.TempPathFactory, data: Path) -> Path:
    """A run in which two subjects of twelve were tested."""
    out = tmp_path_factory.mktemp("run") / "folds"
    division = Division(data, "loso", only=(1, 2))
    finetune(division, learning.begin(), QUICK, Run(out, **learning.EVERY), learning.told())
    return out


@pytest.fixture(scope="module")
def face(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("face") / "face.png"
    path.write_bytes(codec.encode_image(adult()[0], "png"))
    return path


def read(data: Path, by: Readers, batch: int = 16) -> list[dict[str, Any]]:
    done: list[int] = []
    with Loader(Loading(batch)) as loader:
        rows = shards.read(open_frames([data]), by, loader, done.append)
    assert sum(done) == len(rows)
    return rows


def said(row: dict[str, Any]) -> np.ndarray:
    return np.array([row[name] for name in HATS])


def command(capsys: pytest.CaptureFixture[str], *arguments: str | Path) -> tuple[int, str, str]:
    code: object
    try:
        code = cli.run(["predict", *map(str, arguments)])
    except SystemExit as stop:
        code = stop.code
    told = capsys.readouterr()
    assert isinstance(code, int)
    return code, told.out, told.err


def test_rows_are_what_the_run_said_of_its_own_frames(data: Path, run: Path) -> None:
    by, frames = open_run(run, None, CPU, False), open_frames([data])
    found = read(data, by)
    assert [row["key"] for row in found] == frames.keys(np.arange(len(frames)))
    model = files.load(run / "model")
    table = predict_rows(model, frames, np.arange(len(frames)), RowsConfig()).to_pylist()
    for row, wanted in zip(found, table, strict=True):
        np.testing.assert_allclose(said(row), said(wanted), atol=1e-5)
        assert row["neutrals"] == wanted["neutral_keys"]
        assert (row["neutral"], row["read_by"]) == ("own", "the model")
        assert (
            row["seen"]
            == {"train": "learnt from", "val": "selected by", "test": "no"}[wanted["split"]]
        )
    by_key = {row["key"]: row for row in found}
    stored = predictions.read(run / predictions.NAME).to_pylist()
    right = [one for one in stored if one["condition"] == "right"]
    assert {one["role"] for one in right} == {"train", "val", "test"}
    for one in right:
        np.testing.assert_allclose(said(by_key[one["key"]]), said(one), atol=1e-5)


def test_whom_a_fold_tested_it_reads_and_all_others_the_mean(data: Path, folds: Path) -> None:
    by, frames = open_run(folds, None, CPU, False), open_frames([data])
    rows = np.arange(len(frames))
    each = [
        predict_rows(files.load(folds / f"fold-{number}" / "model"), frames, rows, RowsConfig())
        for number in (1, 2)
    ]
    first, second = ([said(row) for row in table.to_pylist()] for table in each)
    people = sorted(set(frames.subject.tolist()))
    found = read(data, by, batch=5)
    assert [row["key"] for row in found] == frames.keys(rows)
    for at, row in enumerate(found):
        person = str(frames.subject[at])
        if person in people[:2]:
            number = people.index(person)
            assert (row["read_by"], row["seen"]) == (f"fold {number + 1}", "no")
            np.testing.assert_allclose(said(row), (first, second)[number][at], atol=1e-5)
        else:
            assert (row["read_by"], row["seen"]) == ("mean of 2 folds", "learnt from")
            np.testing.assert_allclose(said(row), (first[at] + second[at]) / 2, atol=1e-5)
    assert np.abs(first[0] - second[0]).max() > 1e-3


def test_nobody_is_claimed_to_be_new_who_may_not_be() -> None:
    model = learning.begin().make(0).eval()
    folds = Readers(
        {3: model, 4: model}, RowsConfig(), {"042": 3}, ("d", "e"), frozenset({"unbc", "3d"}),
        False, False,
    )  # fmt: skip
    begun = replace(folds, begun=True)
    whole = replace(folds, models={0: model}, tested={})
    for by, asked, wanted in (
        (folds, ("d", "042", "train", "unbc"), (3, "no")),
        # Imported anew, cut otherwise: the same person.
        (folds, ("x", "042", "train", "unbc"), (3, "no")),
        # A name of another program's people.
        (folds, ("x", "042", "train", "3d"), (0, None)),
        (folds, ("x", "043", "test", "unbc"), (0, None)),
        (folds, ("d", "043", "test", "unbc"), (0, "learnt from")),
        (folds, ("e", "p1", "train", "3d"), (0, "learnt from")),
        (folds, ("e", "p1", "val", "3d"), (0, "no")),
        (begun, ("e", "p1", "val", "3d"), (0, None)),
        (whole, ("d", "042", "val", "3d"), (0, "selected by")),
        (whole, ("e", "042", "test", "3d"), (0, "no")),
        (whole, ("x", "042", "test", "3d"), (0, None)),
    ):
        assert by.by(*asked) == wanted, asked
    assert folds.name(0) == "mean of 2 folds"
    assert replace(folds, models={3: model}).name(0) == folds.name(3) == "fold 3"


@pytest.mark.parametrize("batch", [5, 16])
def test_a_sample_that_is_not_whole_is_a_row(
    tmp_path: Path, data: Path, run: Path, batch: int
) -> None:
    by = open_run(run, None, CPU, False)
    true = read(data, by)
    copy = copytree(data, tmp_path / "data")
    frames = open_frames([copy])
    index = frames.index.select(["shard", "offset", "key", "kind"]).to_pylist()
    hurt = [next(at for at, one in enumerate(index) if one["kind"] == kind and at > 7)
            for kind in ("pain", "neutral")]  # fmt: skip
    for at in hurt:
        with open(copy / index[at]["shard"], "r+b") as file:
            file.seek(index[at]["offset"] + 700)
            file.write(b"\xff\x00\xff")
    found = read(copy, by, batch)
    keys = {index[at]["key"] for at in hurt}
    for row, wanted in zip(found, true, strict=True):
        if row["key"] in keys or keys & set(wanted["neutrals"]):
            assert row["error"].endswith("must be unaltered, got another SHA-256")
            assert any(key in row["error"] for key in keys)
        else:
            np.testing.assert_allclose(said(row), said(wanted), atol=1e-5)
    assert sum(row["error"] is not None for row in found) >= 3


def test_samples_are_drawn_with_the_crop_of_training(
    tmp_path: Path, data: Path, folds: Path
) -> None:
    by, frames = open_run(folds, None, CPU, False), open_frames([data]).take(np.arange(4))
    drawn: list[Shown] = []
    with Loader(Loading(3)) as loader:
        rows = shards.read(frames, by, loader, lambda done: None, drawn.append)
    assert [one.row for one in drawn] == rows
    for at, one in enumerate(drawn):
        points = frames.record(at).landmarks
        assert points is not None
        square = face_crop.around(np.array(points.points), "a")
        assert one.square == square
        assert (one.image == frames.picture(at)).all()
        crop = face_crop.cut(one.image, face_crop.matrix(square, 32), 32)
        assert np.abs(crop.astype(int) - one.crop).max() <= 1
        assert one.saliency.shape == (2, 2)
        assert one.saliency.max() <= 1.0
    places = Overlays(tmp_path / "drawn", True)
    for one in drawn:
        places.add(one)
    found = sorted(path.stem for path in (tmp_path / "drawn").iterdir())
    assert found == [row["key"] for row in rows]


def test_a_run_must_be_there_and_have_ended(tmp_path: Path, run: Path) -> None:
    with pytest.raises(ValueError, match=rf"^run must be a folder of a run, .* in {tmp_path}$"):
        open_run(tmp_path, None, CPU, False)
    copy = copytree(run, tmp_path / "run")
    (copy / predictions.NAME).unlink()
    with pytest.raises(ValueError, match=r"^run must have ended, got none of predictions.parquet"):
        open_run(copy, None, CPU, False)


def test_the_command_reads_all_that_is_named_in_its_order(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, data: Path, folds: Path, face: Path
) -> None:
    bad = tmp_path / "bad.png"
    bad.write_bytes(b"hello")
    broken = tmp_path / "broken"
    broken.mkdir()
    (broken / "manifest.json").write_text("{}")
    out, told = tmp_path / "o.parquet", tmp_path / "o.json"
    code, text, errors = command(
        capsys, face, data, bad, broken, face, "--run", folds, "--neutral", face,
        "--out", out, "--json", told,
    )  # fmt: skip
    assert code == 0, errors
    rows = pq.read_table(out).to_pylist()
    count = len(rows) - 4
    assert [row["file"] for row in (rows[0], *rows[-3:])] == [
        str(face), str(bad), str(broken), str(face),
    ]  # fmt: skip
    assert {row["neutral"] for row in rows[1:-3]} == {"own"}
    assert rows[0]["neutrals"] == [str(face)]
    assert rows[0] == rows[-1]
    assert rows[-3]["error"].startswith(f"{bad} must be a picture (")
    assert rows[-2]["error"].startswith(f"{broken / 'manifest.json'} must have the format")
    assert f"not read: {bad} must be a picture" in text
    assert text.endswith(f"results: {out}\n")
    assert f"{len(rows)}/{len(rows)}" in errors
    figures = json.loads(told.read_text())
    assert (figures["read"], figures["not read"], figures["neutral: own"]) == (count + 2, 2, count)


def test_few_faces_are_printed_a_line_each(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, run: Path, face: Path
) -> None:
    copy = copytree(run, tmp_path / "run")
    stated = json.loads((copy / run_folder.RUN).read_text())
    (copy / run_folder.RUN).write_text(json.dumps(stated | {"surrogate": True}))
    out, drawn = tmp_path / "o.csv", tmp_path / "o.png"
    code, text, errors = command(capsys, face, "--run", copy, "--out", out, "--overlay", drawn)
    assert code == 0, errors
    (row,) = csv.DictReader(out.read_text().splitlines())
    line = text.splitlines()[0]
    assert line.startswith(f"{face}: PSPI {float(row['pspi_hat']):.1f}  p1 {float(row['p1']):.2f}")
    assert f"AU43 {float(row['au43_hat']):.1f}  no neutral" in line
    assert line.endswith(f"({row['note']})")
    assert row["note"].startswith("learnt from a stand-in")
    assert "NO NEUTRAL: 1 faces were read without one" in text
    assert drawn.is_file()
    assert f"results: {out}, {drawn}" in text
    box = ",".join(row[name] for name in ("left", "top", "side", "side"))
    assert command(capsys, face, "--run", copy, f"--box={box}", "--out", out)[0] == 0
    assert list(csv.DictReader(out.read_text().splitlines())) == [row]


def test_a_frozen_backbone_is_asked_for(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, run: Path, face: Path
) -> None:
    weights = tmp_path / "backbone.safetensors"
    state = learning.begin().make(3).backbone.state_dict()
    safetensors.torch.save_file(state, weights)
    copy = copytree(run, tmp_path / "run")
    rmtree(copy / "model")
    adapted = begin.fresh(replace(learning.MODEL, tune="lora"), weights).make(0)
    files.save(adapted, copy / "model", {})
    code, _, errors = command(capsys, face, "--run", copy)
    assert code == 1
    assert "must be given the weights of its backbone vit_mini_patch16_dinov3" in errors
    assert command(capsys, face, "--run", copy, "--weights", weights)[0] == 0


def test_nothing_read_is_a_failure_and_what_stops_all_writes_nothing(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, data: Path, run: Path, face: Path
) -> None:
    wall = tmp_path / "wall.png"
    wall.write_bytes(codec.encode_image(np.full((60, 60, 3), 90, np.uint8), "png"))
    out, drawn = tmp_path / "o.csv", tmp_path / "drawn"
    to = ("--run", run, "--out", out, "--overlay", drawn)
    code, text, _ = command(capsys, wall, *to)
    assert code == 1
    assert "must show one face that the detector finds, got 0" in text
    assert re.search(r"\nread +0\nnot read +1\n", text)
    assert (out.is_file(), drawn.exists()) == (True, False)
    out.unlink()
    for arguments, said in (
        ((face, *to, "--neutral", wall), f"{wall} must show one face that"),
        ((face, "none.jpg", *to), "input must be a picture, a video or a folder that is there"),
        ((face, *to, "--every", "0"), "every must be at least 1, got 0"),
        ((data, *to, "--neutral", face), "neutral must be for pictures, got data sets alone"),
        ((data, *to, "--box", "0,0,9,9"), "box must be for pictures, got data sets alone"),
        ((face, *to, "--neutral-box", "0,0,9,9"), "neutral-box must be for a neutral picture"),
        ((face, "--run", run, "--out", "o.txt"), "out must end in .parquet or .csv, got o.txt"),
        ((face, face, "--run", run, "--overlay", "o.png"), "overlay must be a folder for more"),
        ((face, "--run", tmp_path), "run must be a folder of a run"),
    ):
        code, text, errors = command(capsys, *arguments)
        assert (code, text) == (1, ""), errors
        assert f"pain3d predict: {said}" in errors
    for arguments in (("--box", "1,2,3"), ("--batch", "0"), ("--workers", "-1")):
        code, text, errors = command(capsys, face, *to, *arguments)
        assert (code, text) == (2, ""), errors
        assert errors.startswith(f"pain3d predict: {arguments[0][2:]} must be ")
    assert not out.exists()
    assert not drawn.exists()


def test_to_read_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match=r"^inputs must be a picture, folder, .*, got none$"):
        Asked((), Given(), Loading())
