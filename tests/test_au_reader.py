"""The reader of action units: it learns what is drawn, twice alike, and is read strictly."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import safetensors.torch
import torch

from assets import face_crop
from scripts import train_au_reader
from tests import drawn_faces
from tests.runs import ignore
from vitpain.au_reader import files
from vitpain.au_reader.config import ReaderConfig
from vitpain.au_reader.labels import errors, taught
from vitpain.au_reader.learn import Machine, loss, train
from vitpain.au_reader.reader import Reader
from vitpain.data.frames import open_frames

SMALL = ReaderConfig(size=32, epochs=16, batch=16, learning_rate=4e-3)


@pytest.fixture(scope="module")
def heads(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("heads") / "heads"
    return drawn_faces.heads(out, identities=20, size=48, people_per_shard=20)


@pytest.fixture(scope="module")
def folder(heads: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("reader") / "reader"
    train([heads], out, SMALL, Machine(), ignore)
    return out


def test_it_reads_people_whom_it_never_saw(folder: Path) -> None:
    reader = files.load(folder)
    assert reader.aus == (4, 25, 43, 45)
    held = reader.facts["errors"]
    assert [held[part]["people"] for part in ("val", "test")] == [4, 4]
    for part in ("val", "test"):
        for au in ("4", "25", "43"):
            off = held[part]["read"]["aus"][au], held[part]["median"]["aus"][au]
            assert off[0] < 0.5 * off[1], (part, au, off)


def test_what_it_reads_follows_the_face_at_any_size(folder: Path) -> None:
    reader = files.load(folder)
    place = {au: at for at, au in enumerate(reader.aus)}
    square = face_crop.around(np.array(drawn_faces.points(64)), "face")
    crop = face_crop.matrix(square, 64)
    for au, most in ((4, 5.0), (25, 5.0), (43, 1.0)):
        shown = [drawn_faces.drawn(90, {au: most * share}) for share in (0, 1)]
        cut = np.stack([face_crop.cut(one, crop, 64) for one in shown])
        pictures = torch.from_numpy(cut).permute(0, 3, 1, 2)
        none, full = reader.read(pictures)[:, place[au]].tolist()
        assert none < 0.35 * most < 0.55 * most < full, (au, none, full)
        assert 0.0 <= none <= full <= most
        larger = pictures.repeat_interleave(2, 2).repeat_interleave(2, 3)
        again = reader.read(larger)[:, place[au]].tolist()
        assert again == pytest.approx([none, full], abs=0.15 * most)


def test_the_same_options_give_the_same_weights(heads: Path, tmp_path: Path) -> None:
    short = replace(SMALL, epochs=1)
    for name, machine in (("one", Machine()), ("two", Machine(workers=1))):
        train([heads], tmp_path / name, short, machine, ignore)
    one, two = ((tmp_path / name / files.TENSORS).read_bytes() for name in ("one", "two"))
    assert one == two
    train([heads], tmp_path / "three", replace(short, seed=1), Machine(), ignore)
    assert (tmp_path / "three" / files.TENSORS).read_bytes() != one


def test_only_what_is_known_counts_in_the_loss() -> None:
    read = torch.tensor([[0.5, 0.2], [0.9, 0.1]], requires_grad=True)
    wanted = torch.tensor([[0.5, float("nan")], [0.4, float("nan")]])
    found = loss(read, wanted)
    # Beyond a tenth, an error counts by its size less a twentieth.
    assert found.item() == pytest.approx((0.0 + 0.45) / 2)
    found.backward()
    assert read.grad is not None
    assert read.grad[:, 1].abs().max() == 0.0
    assert read.grad[1, 0] > 0.0


def test_errors_leave_out_what_was_not_coded() -> None:
    stated = np.array([[1.0, np.nan], [3.0, np.nan], [2.0, 1.0]], np.float32)
    read = np.array([[2.0, 0.5], [3.0, 0.5], [1.0, 0.5]], np.float32)
    found = errors(read, stated, (4, 43))
    assert found["aus"] == {"4": pytest.approx(2 / 3), "43": 0.5}
    assert found["all"] == pytest.approx((2 / 3 + 2.5) / 2)
    assert errors(read[:2], stated[:2], (4, 43))["aus"]["43"] is None


def test_units_that_never_vary_teach_nothing(heads: Path) -> None:
    frames = open_frames([heads])
    neutral = np.flatnonzero(frames.column("kind") == "neutral")
    assert taught(frames, np.arange(len(frames))) == (4, 25, 43, 45)
    with pytest.raises(ValueError, match=r"must have action units that vary .* got none"):
        taught(frames, neutral)


def damaged(folder: Path, out: Path) -> Path:
    out.mkdir()
    for name in (files.TENSORS, files.FACTS):
        (out / name).write_bytes((folder / name).read_bytes())
    return out


def test_a_damaged_reader_is_refused(folder: Path, tmp_path: Path) -> None:
    def stated(name: str, **changed: object) -> Path:
        out = damaged(folder, tmp_path / name)
        content = json.loads((out / files.FACTS).read_text()) | changed
        (out / files.FACTS).write_text(json.dumps(content))
        return out

    with pytest.raises(ValueError, match="reader must be a folder that train-au-reader made"):
        files.load(tmp_path)
    with pytest.raises(ValueError, match="must have the format 'pain3d au reader 1'"):
        files.load(stated("format", format="another"))
    with pytest.raises(ValueError, match=r"aus must be of .* got \[4, 25\.0\]"):
        files.load(stated("aus", aus=[4, 25.0]))
    with pytest.raises(ValueError, match="size must be a multiple of 16 from 32 to 256, got 40"):
        files.load(stated("size", size=40))
    with pytest.raises(ValueError, match=r"last\.(weight of 4x512|bias of 4) where 3"):
        files.load(stated("fewer", aus=[4, 25, 43]))
    other = damaged(folder, tmp_path / "other")
    state = safetensors.torch.load_file(other / files.TENSORS)
    state["last.bias"] += 1.0
    safetensors.torch.save_file(state, other / files.TENSORS)
    with pytest.raises(ValueError, match=r"must be as reader\.json beside it states, got another"):
        files.load(other)
    cut = damaged(folder, tmp_path / "cut")
    (cut / files.TENSORS).write_bytes((folder / files.TENSORS).read_bytes()[:1000])
    with pytest.raises(ValueError, match="must be a whole file of tensors"):
        files.load(cut)


def test_what_cannot_be_trained_is_named(heads: Path, folder: Path, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="out must be an empty folder or none, got"):
        train([heads], folder, SMALL, Machine(), ignore)
    with pytest.raises(ValueError, match=r"batch must be at most the 108 frames .*, got 109"):
        train([heads], tmp_path / "out", replace(SMALL, batch=109), Machine(), ignore)
    frames = drawn_faces.registered(tmp_path / "frames", identities=2)
    with pytest.raises(ValueError, match=r"data must be drawn heads, .* \(source 3d\), got unbc"):
        train([frames], tmp_path / "out", SMALL, Machine(), ignore)
    for name, value in (("size", 40), ("epochs", 0), ("learning_rate", 0.0), ("seed", -1)):
        with pytest.raises(ValueError, match=f"{name} must be"):
            replace(SMALL, **{name: value})


def test_the_command_trains_and_tells(
    heads: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out, told = tmp_path / "reader", tmp_path / "told.json"
    given = ["--data", str(heads), "--out", str(out), "--size", "32", "--epochs", "1"]
    more = ["--batch", "16", "--workers", "0", "--threads", "1", "--json", str(told)]
    assert train_au_reader.main([*given, *more]) == 0
    shown = capsys.readouterr().out
    assert "test AU25" in shown
    figures = json.loads(told.read_text())
    assert figures["aus"] == [4, 25, 43, 45]
    assert isinstance(files.load(out), Reader)
