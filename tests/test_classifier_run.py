"""Comparisons: classifiers learn what their arms show them, however often they are killed."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
import torch

from assets import journal
from tests import painted
from tests.classified import MODEL, SMALL, compare, told
from tests.killed import Killed, at_every_write
from vitpain.classifier import fit, predictions
from vitpain.classifier import model as files
from vitpain.classifier.classes import THESIS
from vitpain.classifier.report import report
from vitpain.data.frames import open_frames
from vitpain.data.loader import Loader, Loading
from vitpain.data.pairs import PairConfig, Pairs
from vitpain.train import checkpoint, run_folder

FAST = replace(SMALL, epochs=1)
TWICE = replace(SMALL, epochs=2, batch=20)
"""Three steps an epoch, the last one of fewer pictures."""
LONG = replace(SMALL, epochs=4, learning_rate=2e-3)
SAME = ("model/model.safetensors", "predictions.parquet", "log.jsonl")


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return painted.photographs(tmp_path_factory.mktemp("real") / "data", source="unbc-surrogate")


@pytest.fixture(scope="module")
def threed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return painted.shifted(tmp_path_factory.mktemp("threed") / "data")


@pytest.fixture(scope="module")
def twod(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return painted.painted(tmp_path_factory.mktemp("twod") / "data")


@pytest.fixture(scope="module")
def learnt(tmp_path_factory: pytest.TempPathFactory, real: Path, twod: Path, threed: Path) -> Path:
    out = tmp_path_factory.mktemp("learnt") / "run"
    return compare(out, real, {"gan": twod, "mesh": threed}, LONG, checkpoint_every=100)


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory, real: Path) -> Path:
    return compare(tmp_path_factory.mktemp("undisturbed") / "run", real, {}, TWICE)


def same(one: Path, other: Path) -> None:
    for name in SAME:
        here, there = (run / "fold-1" / "original" / name for run in (one, other))
        assert here.read_bytes() == there.read_bytes(), name
    whole = (run / predictions.NAME for run in (one, other))
    assert len({path.read_bytes() for path in whole}) == 1


def said(run: Path, arm: str, synth: str | None = None) -> pa.Table:
    rows = predictions.read(run / predictions.NAME, len(THESIS)).to_pylist()
    return pa.Table.from_pylist([one for one in rows if (one["arm"], one["synth"]) == (arm, synth)])


def test_each_arm_learns_what_its_pictures_show(learnt: Path) -> None:
    """Photographs and 2D pictures show a class by its colour, 3D ones by that of the class before:
    whoever learns from those says of a photograph the class after its own.
    """
    for arm, synth in (("original", None), ("generated", "gan"), ("both", "gan")):
        rows = said(learnt, arm, synth)
        right = np.array(rows["predicted"]) == np.array(rows["label"])
        assert right.mean() > 0.9, (arm, synth)
    rows = said(learnt, "generated", "mesh")
    label, predicted = np.array(rows["label"]), np.array(rows["predicted"])
    shown = (label >= 1) & (label <= 4)
    assert (predicted[shown] == label[shown] + 1).mean() > 0.7


def test_predictions_are_of_the_tested_photographs_and_whole(learnt: Path, real: Path) -> None:
    rows = said(learnt, "original")
    frames = open_frames([real])
    tested = np.isin(frames.column("identity"), ("042-ll042", "052-dr052"))
    assert sorted(rows["key"].to_pylist()) == sorted(frames.column("key")[tested])
    chances = np.stack([np.array(rows[f"p{at}"]) for at in range(6)], axis=1)
    np.testing.assert_allclose(chances.sum(1), 1.0, atol=1e-12)
    assert (chances.argmax(1) == np.array(rows["predicted"])).all()
    assert (THESIS.of(np.array(rows["pspi"], np.float32)) == np.array(rows["label"])).all()
    # What is on disk says the same of the same photographs.
    model = files.load(learnt / "fold-1" / "original" / "model")
    pairs = Pairs(frames, PairConfig(size=32, references=0))
    with Loader(Loading(32)) as loader:
        batch = next(loader.batches(pairs, np.flatnonzero(tested)))
    logits = model(batch.face.float() / 255.0)
    np.testing.assert_allclose(logits.softmax(1).detach().numpy(), chances, atol=1e-5)


def test_the_log_and_the_result_have_loss_and_accuracy_of_every_epoch(learnt: Path) -> None:
    folder = learnt / "fold-1" / "original"
    rows = [json.loads(line) for line in (folder / journal.LOG).read_text().splitlines()]
    kinds = [(row["kind"], row["epoch"]) for row in rows]
    assert kinds == [(kind, epoch) for epoch in range(1, 5) for kind in ("train", "val")]
    result = fit.ended(folder)
    assert result is not None
    assert len(result.train) == len(result.val) == 4
    assert result.train[-1]["loss"] < result.train[0]["loss"] / 3
    assert result.val[-1]["accuracy"] > 0.9
    # 54 pictures, 16 a step: the last step of an epoch has the 6 that are left.
    assert sum(result.pictures) == 54
    assert result.steps == 4 * 4
    assert not (folder / checkpoint.NAME).exists()


def test_an_epochs_loss_is_the_mean_over_its_pictures(tmp_path: Path, real: Path) -> None:
    """With a rate that moves nothing, it is the loss of the first weights on all of them."""
    still = replace(FAST, learning_rate=1e-30)
    out = compare(tmp_path / "run", real, {}, still)
    result = fit.ended(out / "fold-1" / "original")
    assert result is not None
    model = files.load(out / "fold-1" / "original" / "model")
    frames = open_frames([real])
    fold = ("042-ll042", "052-dr052", "043-jh043", "059-fn059")
    rows = np.flatnonzero(~np.isin(frames.column("identity"), fold))
    with Loader(Loading(64)) as loader:
        batch = next(loader.batches(Pairs(frames, PairConfig(size=32, references=0)), rows))
    label = fit.labels(THESIS, batch.pspi)
    chances = model(batch.face.float() / 255.0).softmax(1)
    loss = -chances[np.arange(len(label)), label].log().mean().item()
    assert result.train[0]["loss"] == pytest.approx(loss, rel=1e-4)
    accuracy = (chances.argmax(1) == label).float().mean().item()
    assert result.train[0]["accuracy"] == pytest.approx(accuracy, rel=1e-4)


def test_run_json_says_what_decides_the_weights(learnt: Path, real: Path) -> None:
    begun = run_folder.known(learnt)
    assert begun is not None
    assert begun["command"] == "classify"
    assert begun["data"] == run_folder.data_facts([real])
    assert len(begun["extra"]) == 2
    assert (begun["network"], begun["weights"], begun["sha256"]) == (MODEL, "none", None)
    assert (begun["synth"], begun["folds"], begun["only"]) == (["gan", "mesh"], "public5", [1])
    assert begun["train"]["epochs"] == 4
    assert begun["surrogate"] is True
    facts = json.loads((learnt / "fold-1" / "gan-both" / "model" / "model.json").read_text())
    assert (facts["arm"], facts["synth"], facts["fold"]) == ("both", "gan", 1)
    assert facts["surrogate"] is True


@pytest.mark.parametrize("steps", [1, 5])
def test_a_run_killed_between_steps_ends_as_one_that_was_not(
    tmp_path: Path, real: Path, undisturbed: Path, steps: int
) -> None:
    left = [steps + 1]

    def report_(done: int, total: int) -> None:
        left[0] -= 1
        if left[0] == 0:
            raise Killed

    out = tmp_path / "run"
    # What this process drew before decides nothing.
    torch.manual_seed(steps)
    with pytest.raises(Killed):
        # Two steps lie between checkpoints: some work is lost.
        compare(out, real, {}, TWICE, heard=told(report_), checkpoint_every=2)
    assert not run_folder.finished(out)
    compare(out, real, {}, TWICE, resume=True)
    same(out, undisturbed)


def test_a_run_killed_at_every_write_ends_as_one_that_was_not(
    tmp_path: Path, real: Path, undisturbed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "run"

    def attempt() -> None:
        compare(out, real, {}, TWICE, checkpoint_every=2, resume=True)

    def log() -> Path | None:
        path = out / "fold-1" / "original" / journal.LOG
        return path if path.exists() and not path.with_name("result.json").exists() else None

    assert at_every_write(monkeypatch, attempt, log) > 5
    same(out, undisturbed)


def test_a_run_resumed_otherwise_or_twice_is_refused(
    tmp_path: Path, real: Path, undisturbed: Path
) -> None:
    with pytest.raises(ValueError, match="out must be an empty folder, or one to --resume"):
        compare(undisturbed, real, {}, TWICE)
    with pytest.raises(ValueError, match=r"got another: only was \[1\] and is \[2\]"):
        compare(undisturbed, real, {}, TWICE, (2,), resume=True)
    with pytest.raises(ValueError, match=r"train.epochs was 2 and is 3"):
        compare(undisturbed, real, {}, replace(TWICE, epochs=3), resume=True)
    # Threads decide bits too: who names none goes on with those of the run.
    compare(undisturbed, real, {}, replace(TWICE, threads=None), resume=True)
    with pytest.raises(ValueError, match=r"train.threads was 1 and is 3"):
        compare(undisturbed, real, {}, replace(TWICE, threads=3), resume=True)
    with pytest.raises(ValueError, match="model must be a network of timm"):
        compare(tmp_path / "none", real, {}, replace(TWICE, model="nope"))
    # What cannot begin leaves nothing behind.
    assert not (tmp_path / "none").exists()


def test_a_loss_that_is_not_finite_stops_the_run(tmp_path: Path, real: Path) -> None:
    with pytest.raises(ValueError, match=r"loss must be finite, got (nan|inf) in epoch 1"):
        compare(tmp_path / "run", real, {}, replace(FAST, learning_rate=1e30))


def test_the_report_is_made_of_what_is_stored(learnt: Path) -> None:
    made = report(learnt)
    figures = json.loads((learnt / "report" / "report.json").read_text())
    assert figures == json.loads(json.dumps(made.figures))
    assert list(figures["sides"]) == [
        "original", "gan-generated", "gan-both", "mesh-generated", "mesh-both",
    ]  # fmt: skip
    first = figures["sides"]["original"]
    rows = said(learnt, "original")
    right = np.array(rows["predicted"]) == np.array(rows["label"])
    assert first["pooled"]["accuracy"] == right.mean()
    assert first["folds"]["1"]["confusion"] == first["pooled"]["confusion"]
    zero = np.array(rows["label"]) == 0
    assert figures["always_0"]["accuracy"] == pytest.approx(zero.mean())
    assert figures["banner"].startswith("STAND-IN DATA")
    page = (learnt / "report" / "report.html").read_text()
    for text in ("The result of generated: gan", "Pictures learnt from", "STAND-IN DATA"):
        assert text in page
    assert page.count("data:image/png;base64,") == 2 * 5
    assert sorted(path.name for path in (learnt / "report").glob("*.png")) == sorted(
        f"{name}.png" for name in figures["sides"]
    )
    lines = "\n".join(made.lines)
    assert lines.startswith("STAND-IN DATA")
    assert "0             1          1       1" in lines
    # Folds one by one would fill a terminal.
    assert "By fold" not in lines
    assert "By fold" in page
    assert "## The result of both: mesh" in (learnt / "report" / "report.md").read_text()


def test_runs_and_predictions_that_are_none_are_named(tmp_path: Path, undisturbed: Path) -> None:
    with pytest.raises(ValueError, match=r"run must be a folder of a run, got none of run\.json"):
        report(tmp_path)
    path = undisturbed / predictions.NAME
    whole = predictions.read(path, 6)
    wrong = tmp_path / "wrong.parquet"
    predictions.write(wrong, pa.concat_tables([whole, whole.slice(0, 1)]))
    with pytest.raises(ValueError, match=f"{wrong} must hold a frame once a fold and arm"):
        predictions.read(wrong, 6)
    with pytest.raises(ValueError, match="must have the columns of a comparison of 5 classes"):
        predictions.read(path, 5)
    place = whole.schema.get_field_index("predicted")
    changed = whole.set_column(
        place, whole.schema.field(place), pa.array([9] * len(whole), pa.int32())
    )
    predictions.write(wrong, changed)
    with pytest.raises(ValueError, match="predicted must be a class, 0 to 5, got 9"):
        predictions.read(wrong, 6)
    other = whole.slice(0, 1).to_pylist()[0] | {"key": "other", "fold": 3}
    both = pa.concat_tables([whole, pa.Table.from_pylist([other], whole.schema)])
    predictions.write(wrong, both)
    with pytest.raises(ValueError, match="a subject must be tested in one fold, got one in two"):
        predictions.read(wrong, 6)
