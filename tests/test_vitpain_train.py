"""Training: the same weights however often it is killed, chosen by validation people alone."""

import gc
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import torch
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from assets import journal
from assets.repeatable import repeatable
from tests import learning
from tests.killed import Killed, at_every_write
from tests.learning import MODEL, SMALL, lines, told, train
from tests.runs import ROOT, make
from vitpain.data.frames import Frames, open_frames
from vitpain.data.loader import Loader, Loading
from vitpain.data.pairs import Pairs
from vitpain.evaluate import predictions
from vitpain.model import build, files, losses
from vitpain.model.losses import LossConfig
from vitpain.model.vitpain import ViTPain
from vitpain.predict.rows import RowsConfig, output_of, predict_rows
from vitpain.train import (
    checkpoint,
    fitted,
    loop,
    pretrain,
    run_folder,
    schedule,
)
from vitpain.train.config import RANDOM, Run
from vitpain.train.feed import Feed, pair_config
from vitpain.train.machine import sow

PROGRAM = """
import sys, time
from pathlib import Path
from tests import learning
if __name__ == "__main__":
    slow = learning.told(lambda done, total: time.sleep(0.3))
    learning.train(Path(sys.argv[1]), Path(sys.argv[2]), heard=slow)
"""
FILES = ("model/model.safetensors", "predictions.parquet")


def curves(out: Path) -> dict[str, list[tuple[int, float]]]:
    """What TensorBoard shows of a run, but for what a clock says."""
    events = EventAccumulator(str(out / journal.CURVES))
    events.Reload()
    return {
        name: [(event.step, event.value) for event in events.Scalars(name)]
        for name in events.Tags()["scalars"]
        if not name.endswith(learning.CLOCKS)
    }


def same(one: Path, other: Path) -> None:
    for name in FILES:
        assert (one / name).read_bytes() == (other / name).read_bytes(), name
    assert lines(one) == lines(other)
    assert curves(one) == curves(other)
    assert sorted(path.name for path in one.iterdir()) == sorted(
        path.name for path in other.iterdir()
    )


@pytest.fixture(scope="module")
def true(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make(tmp_path_factory.mktemp("learning") / "data", learning.DATA)


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory, true: Path) -> Path:
    out = tmp_path_factory.mktemp("run") / "undisturbed"
    train(true, out)
    return out


def test_a_run_killed_at_every_write_ends_as_one_that_was_not(
    tmp_path: Path, true: Path, undisturbed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "run"

    def log() -> Path | None:
        begun = (out / run_folder.RUN).exists()
        return out / journal.LOG if begun and not (out / fitted.RESULT).exists() else None

    assert at_every_write(monkeypatch, lambda: train(true, out, resume=True), log) > 8
    same(out, undisturbed)
    assert not (out / checkpoint.NAME).exists()


@pytest.mark.parametrize("steps", [1, 4, 8])
def test_a_run_killed_between_steps_ends_as_one_that_was_not(
    tmp_path: Path, true: Path, undisturbed: Path, steps: int
) -> None:
    left = [steps + 1]

    def report(done: int, total: int) -> None:
        left[0] -= 1
        if left[0] == 0:
            raise Killed

    with pytest.raises(Killed):
        # Two steps lie between checkpoints: some work is lost.
        train(true, tmp_path / "run", heard=told(report), checkpoint_every=2)
    train(true, tmp_path / "run", resume=True)
    same(tmp_path / "run", undisturbed)


def test_a_run_ended_by_sigkill_goes_on(tmp_path: Path, true: Path, undisturbed: Path) -> None:
    out = tmp_path / "run"
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", PROGRAM, str(true), str(out)]
    process = subprocess.Popen(command, cwd=ROOT, env=environment)
    try:
        deadline = time.monotonic() + 120
        while not (out / checkpoint.NAME).exists():
            assert process.poll() is None
            assert time.monotonic() < deadline
            time.sleep(0.05)
    finally:
        process.send_signal(signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL
    assert not (out / fitted.RESULT).exists()
    # TensorBoard sorts its files by the second in which they were begun.
    time.sleep(1)
    train(true, out, resume=True)
    same(out, undisturbed)


def test_epochs_of_so_many_frames_go_over_all_rows_again_and_again(true: Path) -> None:
    frames = open_frames([true])
    pairs, rows = Pairs(frames, pair_config(SMALL, MODEL, heat=False)), np.arange(11)
    for epoch_frames, epochs in ((6, 4), (17, 2)):
        config = replace(SMALL, batch=2, epochs=epochs, epoch_frames=epoch_frames)
        with Loader(Loading(config.batch, whole=True)) as loader:
            feed = Feed(pairs, rows, config, loader)
            assert feed.steps == epoch_frames // 2
            whole = [batch.rows.tolist() for batch in feed.batches(0)]
            assert len(whole) == epochs * feed.steps
            # A pass has five batches of two: all rows but one.
            for start in range(0, len(whole), 5):
                drawn = np.concatenate(whole[start : start + 5])
                assert len({*drawn.tolist()}) == len(drawn)
            for start in (3, 5, 8):
                assert [batch.rows.tolist() for batch in feed.batches(start)] == whole[start:]


def test_a_run_is_what_a_plain_loop_gives(true: Path, undisturbed: Path) -> None:
    """The readable twin: batches one after another, one optimiser, nothing saved."""
    frames = open_frames([true])
    rows = pretrain.by_split(frames).train
    config = replace(SMALL, backbone_share=RANDOM)
    pairs = Pairs(frames, pair_config(config, MODEL, heat=False))
    best, score = {}, -2.0
    with repeatable(1), Loader(Loading(config.batch, whole=True)) as loader:
        model = learning.begin().make(config.seed)
        optimiser = torch.optim.AdamW(build.groups(model, *loop.rates(config)))
        heights = [group["lr"] for group in optimiser.param_groups]
        feed = Feed(pairs, rows, config, loader)
        trials = {row["step"]: row["score"] for row in lines(undisturbed) if row["kind"] == "val"}
        for step, batch in enumerate(feed.batches(0)):
            sow(config.seed, "step 0", step)
            model.train()
            for group, height in zip(optimiser.param_groups, heights, strict=True):
                group["lr"] = height * schedule.factor(config, step, 3 * feed.steps)
            optimiser.zero_grad()
            losses.step(model, batch, LossConfig())["total"].backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), config.clip)
            optimiser.step()
            if trials.get(step + 1, -2.0) > score:
                score = trials[step + 1]
                best = {name: one.detach().clone() for name, one in model.named_parameters()}
    assert len(trials) == 3
    found = files.load(undisturbed / fitted.MODEL)
    for name, one in found.named_parameters():
        assert torch.equal(one, best[name]), name


def test_the_kept_epoch_is_the_best_on_validation_people(undisturbed: Path, true: Path) -> None:
    trials = [row for row in lines(undisturbed) if row["kind"] == "val"]
    best = max(trials, key=lambda row: row["score"])
    result = json.loads((undisturbed / fitted.RESULT).read_text())
    assert result["epoch"] == best["epoch"]
    said = predictions.read(undisturbed / predictions.NAME).to_pandas()
    val = said[said["role"] == "val"]
    assert (
        len(val) == best["frames"] == np.count_nonzero(open_frames([true]).column("split") == "val")
    )
    known, guessed = val["pspi"].to_numpy(), val["pspi_hat"].to_numpy()
    # Lin 1989, written out.
    spread = known.var() + guessed.var() + (known.mean() - guessed.mean()) ** 2
    both = 2 * np.cov(known, guessed, bias=True)[0, 1] / spread
    assert result["score"] == pytest.approx(both, rel=1e-6)
    stated = json.loads((undisturbed / fitted.MODEL / "model.json").read_text())["facts"]
    assert stated["best"] == {"epoch": best["epoch"], "score": result["score"]}


def altered(split: str) -> Callable[[list[Path]], Frames]:
    """Open data sets with the PSPI of a split turned round."""

    def opening(folders: list[Path]) -> Frames:
        frames = open_frames(folders)
        chosen = frames.column("split") == split
        frames.pspi[chosen] = 16.0 - frames.pspi[chosen]
        return frames

    return opening


def test_test_people_decide_nothing(
    tmp_path: Path, true: Path, undisturbed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = FILES[0]
    for split, changes in (("test", False), ("train", True)):
        out = tmp_path / split
        with monkeypatch.context() as patch:
            patch.setattr(pretrain, "open_frames", altered(split))
            train(true, out)
        scores = [row["score"] for row in lines(out) if row["kind"] == "val"]
        before = [row["score"] for row in lines(undisturbed) if row["kind"] == "val"]
        assert (scores != before) == changes, split
        assert ((out / model).read_bytes() != (undisturbed / model).read_bytes()) == changes


def test_a_finished_run_is_left_alone(true: Path, undisturbed: Path) -> None:
    before = {path: path.stat().st_mtime_ns for path in undisturbed.rglob("*") if path.is_file()}
    heard: list[int] = []
    done = train(true, undisturbed, heard=told(lambda step, total: heard.append(step)), resume=True)
    assert done == fitted.finished(undisturbed)
    assert heard == []
    after = {path: path.stat().st_mtime_ns for path in undisturbed.rglob("*") if path.is_file()}
    assert after == before


def test_a_kill_at_the_very_end_leaves_no_checkpoint(
    tmp_path: Path, true: Path, undisturbed: Path
) -> None:
    out = tmp_path / "run"
    shutil.copytree(undisturbed, out)
    (out / checkpoint.NAME).write_bytes(b"left")
    train(true, out, resume=True)
    assert not (out / checkpoint.NAME).exists()


def test_a_model_that_was_fitted_is_forgotten(tmp_path: Path, true: Path) -> None:
    train(true, tmp_path / "run", learning.ONCE)
    gc.collect()
    assert not [one for one in gc.get_objects() if type(one) is ViTPain and _has_gradients(one)]


def _has_gradients(model: ViTPain) -> bool:
    return any(one.grad is not None for one in model.parameters())


def test_rates_leave_trials_out(undisturbed: Path) -> None:
    rows = [json.loads(line) for line in (undisturbed / journal.LOG).read_text().splitlines()]
    rows = [row for row in rows if row["kind"] == "train"]
    # Steps over seconds of all, trials among them, are no more than over those of the steps.
    for before, row in pairwise(rows):
        steps, seconds = row["step"] - before["step"], row["seconds"] - before["seconds"]
        assert row["pairs_per_second"] >= 0.99 * steps * SMALL.batch / seconds
        assert row["pairs_per_second"] * seconds < 20 * steps * SMALL.batch


def test_a_folder_is_held_to_its_run(tmp_path: Path, true: Path, undisturbed: Path) -> None:
    with pytest.raises(ValueError, match="out must be an empty folder, or one to --resume"):
        train(true, undisturbed)
    with pytest.raises(ValueError, match=r"run.json .* train.learning_rate was 0.001 and is 0.002"):
        train(true, undisturbed, replace(SMALL, learning_rate=0.002), resume=True)
    other = learning.begin(hidden=17)
    with pytest.raises(ValueError, match=r"run.json .* model.hidden was 16 and is 17"):
        pretrain.pretrain([true], other, SMALL, Run(undisturbed, resume=True), told())
    # One label of one frame, and all that vouches for it.
    data = shutil.copytree(true, tmp_path / "data")
    stated = json.loads((data / "manifest.json").read_text())
    (data / "manifest.json").write_text(json.dumps(stated | {"people": 1}))
    with pytest.raises(ValueError, match=r"run.json .* data was .* and is "):
        train(data, undisturbed, resume=True)


def test_a_loss_that_is_no_number_stops_the_run(
    tmp_path: Path, true: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = losses.step

    def broken(*given: object) -> dict[str, torch.Tensor]:
        return {name: one * torch.nan for name, one in whole(*given).items()}

    monkeypatch.setattr(losses, "step", broken)
    with pytest.raises(ValueError, match=r"^aus must be finite, got nan in steps 1 to 1$"):
        train(true, tmp_path / "run")
    assert not (tmp_path / "run" / checkpoint.NAME).exists()


def test_collapse_is_said_once(tmp_path: Path, true: Path) -> None:
    heard: list[str] = []
    # So slow that nothing is learnt.
    config = replace(SMALL, learning_rate=1e-9, warm_up=0.0, epochs=2)
    done = train(true, tmp_path / "run", config, told(say=heard.append))
    assert [text.partition(":")[0] for text in heard] == ["predictions have collapsed to the mean"]
    assert done.collapsed
    warned = [row for row in lines(tmp_path / "run") if row["kind"] == "warning"]
    assert [row["step"] for row in warned] == [done.steps // done.epochs]


def test_predictions_are_what_the_model_says(undisturbed: Path, true: Path) -> None:
    said = predictions.read(undisturbed / predictions.NAME).to_pandas()
    counts = said.groupby(["role", "condition"]).size().to_dict()
    split = open_frames([true]).column("split")
    test = np.count_nonzero(split == "test")
    assert counts == {
        ("train", "right"): SMALL.kept,
        ("val", "right"): np.count_nonzero(split == "val"),
        **{("test", condition): test for condition in ("none", "other", "right")},
    }
    assert (said["split"] == said["role"]).all()
    # Each alone, by hand: the batch it is in changes nothing but rounding.
    frames = open_frames([true])
    model = files.load(undisturbed / fitted.MODEL)
    keys = frames.column("key").tolist()
    for condition in ("right", "other", "none"):
        table = said[(said["condition"] == condition) & (said["role"] == "test")]
        one = table.iloc[1]
        names = list(one["neutral_keys"])
        subject = frames.subject[[keys.index(name) for name in names]].tolist()
        expected = {"right": [True], "other": [False], "none": []}[condition]
        assert [name == one["subject"] for name in subject] == expected
        rows = np.array([keys.index(one["key"])])
        pairs = Pairs(frames, replace(pair_config(SMALL, MODEL, False), augment=_none()))
        pairs = Pairs(frames, replace(pairs.config, neutral=condition))
        with Loader(Loading(1)) as loader:
            (batch,) = loader.batches(pairs, rows)
        output = output_of(model, batch)
        assert output.pspi.item() == pytest.approx(one["pspi_hat"], abs=1e-5)
        assert torch.sigmoid(output.logits[0, 1]).item() == pytest.approx(one["p2"], abs=1e-6)
        assert output.aus[0, 5].item() == pytest.approx(one["au43_hat"], abs=1e-5)
    assert len(set(said[said["role"] == "test"].groupby("condition")["pspi_hat"].sum())) == 3


def _none() -> object:
    from vitpain.data.augment import NONE

    return NONE


def test_rows_are_predicted_in_their_order(undisturbed: Path, true: Path) -> None:
    frames = open_frames([true])
    model = files.load(undisturbed / fitted.MODEL)
    rows = np.array([30, 3, 21])
    told_of: list[tuple[int, int]] = []
    config = RowsConfig(references=2, views="any", fold=4, role="val")
    with Loader(Loading(2)) as loader:
        table = predict_rows(
            model, frames, rows, config, loader=loader, report=lambda *done: told_of.append(done)
        )
    assert table.column("key").to_pylist() == frames.keys(rows)
    assert told_of == [(2, 3), (1, 3)]
    assert set(table.column("fold").to_pylist()) == {4}
    assert set(table.column("role").to_pylist()) == {"val"}
    for names in table.column("neutral_keys").to_pylist():
        assert len(set(names)) == len(names)
    empty = predict_rows(model, frames, rows[:0], config)
    assert empty.num_rows == 0
    assert empty.schema.equals(predictions.SCHEMA)


def test_data_must_be_divided(true: Path, tmp_path: Path) -> None:
    frames = open_frames([true])
    alone = frames.take(np.flatnonzero(frames.column("split") == "train"))
    with pytest.raises(ValueError, match="must have labelled frames in split val, got train alone"):
        pretrain.by_split(alone)
    few = replace(SMALL, batch=1000)
    with pytest.raises(ValueError, match=r"batch must be at most the \d+ frames to learn from"):
        train(true, tmp_path / "run", few)
