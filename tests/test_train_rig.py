"""Training the neural rig: the same weights however often it is killed, and what a run says."""

import dataclasses
import json
import math
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import safetensors.numpy
import torch
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from assets import journal
from assets.commit import commit
from rigging import neural
from rigging import weights as trained
from rigging.training import (
    checkpoint,
    folder,
    items,
    learn,
    loop,
    sample,
    store,
    weights,
)
from rigging.training.config import Run
from scripts import cli, train_rig
from tests.training import SMALL, arrays, lines, prepare, run_at, train


def curves(out: Path) -> dict[str, list[tuple[int, float]]]:
    """What TensorBoard shows of a run, but for what a clock says."""
    events = EventAccumulator(str(out / journal.CURVES))
    events.Reload()
    clocks = ("seconds", "samples_per_second")
    return {
        name: [(event.step, event.value) for event in events.Scalars(name)]
        for name in events.Tags()["scalars"]
        if not name.endswith(clocks)
    }


class Killed(Exception):
    """Stands for what ends a process."""


def killed_after(steps: int) -> Callable[[int, int], None]:
    """Report progress to one who kills the run after so many steps of its own."""
    left = [steps + 1]

    def report(done: int, total: int) -> None:
        left[0] -= 1
        if left[0] == 0:
            raise Killed

    return report


@pytest.fixture(scope="module", autouse=True)
def one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return prepare(tmp_path_factory.mktemp("prepared"))


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory, prepared: Path) -> Path:
    out = tmp_path_factory.mktemp("run") / "undisturbed"
    train(run_at(out, prepared))
    return out


@pytest.mark.parametrize("kills", [(1,), (3, 0, 2), (5, 4), (11,)])
def test_a_killed_run_ends_as_one_that_was_not(
    tmp_path: Path, prepared: Path, undisturbed: Path, kills: tuple[int, ...]
) -> None:
    out = tmp_path / "run"
    for steps in kills:
        with pytest.raises(Killed):
            train(run_at(out, prepared, resume=True, workers=2), report=killed_after(steps))
        assert not (out / weights.NAME).exists()
        with open(out / journal.LOG, "ab") as file:
            file.write(b'{"kind": "tr')
    train(run_at(out, prepared, resume=True))
    ours, theirs = arrays(out), arrays(undisturbed)
    assert ours.keys() == theirs.keys()
    for name, array in ours.items():
        assert array.tobytes() == theirs[name].tobytes(), name
    assert lines(out) == lines(undisturbed)
    assert curves(out) == curves(undisturbed)
    assert not (out / checkpoint.NAME).exists()


def test_the_seed_decides(tmp_path: Path, prepared: Path, undisturbed: Path) -> None:
    # People are those of the seed, so another one needs its own.
    other = dataclasses.replace(SMALL, seed=1, steps=1, refit_samples=1, people=1, unseen=1)
    train(Run(tmp_path / "run"), other)
    assert arrays(tmp_path / "run")["enter.weight"].tobytes() != (
        arrays(undisturbed)["enter.weight"].tobytes()
    )
    with pytest.raises(ValueError, match=r"people must be 3 as in .*people.json, got 1"):
        train(run_at(tmp_path / "shared", prepared), dataclasses.replace(other, seed=0))


def test_the_log(undisturbed: Path) -> None:
    rows = lines(undisturbed)
    kinds = {row["kind"] for row in rows}
    found = {kind: [row["step"] for row in rows if row["kind"] == kind] for kind in kinds}
    assert found == {
        "train": [2, 4, 6, 8, 10, 12],
        "fit": [0, 4, 8, 12],
        "unseen": [6, 12],
        "unseen_noisy": [6, 12],
    }
    for row in rows:
        if row["kind"] == "train":
            assert set(row) == {"kind", "step", "loss", "learning_rate"}
            assert row["learning_rate"] == pytest.approx(loop.rate(SMALL, row["step"] - 1), 1e-4)
        elif row["kind"] == "fit":
            assert row["samples"] == SMALL.refit_samples
        else:
            assert row["error_share"] < 1
            names = {f"error_share_{name}" for name in SMALL.topologies}
            assert names | {"strength", "error_share_au4", "error_share_au27"} <= set(row)
    shown = EventAccumulator(str(undisturbed / journal.CURVES))
    shown.Reload()
    losses = [(event.step, event.value) for event in shown.Scalars("train/loss")]
    logged = [(row["step"], row["loss"]) for row in rows if row["kind"] == "train"]
    assert losses == [(step, pytest.approx(loss, 1e-5)) for step, loss in logged]
    pictures = shown.Images("unseen/displacement")
    assert [(one.step, one.width) for one in pictures] == [(6, 1320), (12, 1320)]


def test_what_the_weights_say_of_themselves(undisturbed: Path, prepared: Path) -> None:
    found = weights.facts(undisturbed / weights.NAME)
    assert found["configuration"] == {"width": 6, "blocks": 1, "code": 3, "eigenvectors": 6}
    assert found["training"] == json.loads(json.dumps(dataclasses.asdict(SMALL)))
    seen, unseen = found["people"]["seen"], found["people"]["unseen"]
    assert (seen["count"], seen["ages"], unseen["count"]) == (3, "0-90", 2)
    assert seen["seed"] != unseen["seed"]
    # Whom it was trained on can be made again from this alone.
    again = sample.store(train_rig.person(**seen, index=2))
    stored = safetensors.numpy.load_file(store.path_of(Run(prepared.parent), "seen", 2))
    assert all(np.array_equal(again[name], stored[name]) for name in stored)
    assert found["commit"] == commit()
    last = lines(undisturbed)[-2]
    assert last["kind"] == "unseen"
    assert found["figures"]["unseen.error_share"] == pytest.approx(last["error_share"], rel=1e-5)


def test_the_rig_reads_what_training_wrote(undisturbed: Path, prepared: Path) -> None:
    run = run_at(undisturbed, prepared)
    learner = learn.Learner(SMALL, learn.reach(SMALL, run))
    written = arrays(undisturbed)
    state = {name: torch.from_numpy(array) for name, array in written.items()}
    learner.network.load_state_dict(state)
    one = store.read(SMALL, run, items.unseen(SMALL, noisy=True)[1])
    seen, wanted = learner.show(one)
    with torch.no_grad():
        found = learner.network(seen).numpy()
    given = trained.read(undisturbed / weights.NAME)
    left = neural.displacements(given, one.surface, one.laid.on, one.laid.to_mesh)[0]
    assert np.abs(left - found).max() < 1e-4
    error = np.linalg.norm(left - wanted.numpy(), axis=2).mean()
    assert error < 0.5 * np.linalg.norm(wanted.numpy(), axis=2).mean()


def test_the_loss_falls(tmp_path: Path, prepared: Path) -> None:
    config = dataclasses.replace(
        SMALL, steps=60, refit_every=0, noisy_share=0.0, topologies=SMALL.topologies[:1]
    )
    train(run_at(tmp_path / "run", prepared, log_every=15, validate_every=60), config)
    losses = [row["loss"] for row in lines(tmp_path / "run") if row["kind"] == "train"]
    assert losses[-1] < 0.9 * losses[0]
    assert len(losses) == 4


def test_a_folder_that_is_not_its_own(tmp_path: Path, prepared: Path, undisturbed: Path) -> None:
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "thesis.txt").write_text("mine")
    rule = "out must be an empty folder, or one to --resume, got .*other"
    for resume in (False, True):
        with pytest.raises(ValueError, match=rule):
            train(run_at(tmp_path / "other", prepared, resume=resume))
    assert [path.name for path in (tmp_path / "other").iterdir()] == ["thesis.txt"]
    with pytest.raises(ValueError, match="out must be an empty folder, or one to --resume"):
        train(run_at(undisturbed, prepared))
    changed = dataclasses.replace(SMALL, width=7)
    with pytest.raises(ValueError, match=r"width must be 6 as in .*config.json, got 7"):
        train(run_at(undisturbed, prepared, resume=True), changed)
    with pytest.raises(ValueError, match="out must be a folder, got the file"):
        train(run_at(tmp_path / "other" / "thesis.txt", prepared))
    assert [path.name for path in (tmp_path / "other").iterdir()] == ["thesis.txt"]
    run = run_at(tmp_path / "mine", prepared)
    with (
        folder.claimed(run, SMALL),
        pytest.raises(ValueError, match="must have one writer, got a second: one is at work"),
    ):
        train(run_at(tmp_path / "mine", prepared, resume=True))


def test_a_finished_run_says_its_figures_again(undisturbed: Path, prepared: Path) -> None:
    before = (undisturbed / weights.NAME).read_bytes()
    figures = train(run_at(undisturbed, prepared, resume=True))
    assert figures == weights.facts(undisturbed / weights.NAME)["figures"]
    assert (undisturbed / weights.NAME).read_bytes() == before


def test_damage_is_named(tmp_path: Path, prepared: Path) -> None:
    out, people = tmp_path / "run", tmp_path / "people"
    shutil.copytree(prepared, people)
    with pytest.raises(Killed):
        train(run_at(out, people), report=killed_after(4))
    good = (out / checkpoint.NAME).read_bytes()
    (out / checkpoint.NAME).write_bytes(good[:1000])
    with pytest.raises(ValueError, match=r"checkpoint.pt must be a checkpoint of this network"):
        train(run_at(out, people, resume=True))
    (out / checkpoint.NAME).write_bytes(good)
    log = (out / journal.LOG).read_bytes()
    (out / journal.LOG).write_bytes(b"")
    with pytest.raises(ValueError, match=r"log.jsonl must have at least the \d+ bytes"):
        train(run_at(out, people, resume=True))
    (out / journal.LOG).write_bytes(log)
    path = store.path_of(run_at(out, people), "seen", 1)
    path.write_bytes(path.read_bytes()[:100])
    rule = r"seen-000001.safetensors must be a person as it was prepared; remove it and --resume"
    with pytest.raises(ValueError, match=rule):
        train(run_at(out, people, resume=True))


def test_a_loss_that_is_no_number_stops_the_run(
    tmp_path: Path, prepared: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(self: learn.Learner, sample: object) -> dict[str, torch.Tensor]:
        return {"loss": self.network.maps.sum() * math.nan}

    monkeypatch.setattr(learn.Learner, "loss", broken)
    with pytest.raises(ValueError, match=r"gradients must be finite, got nan at step 1 \(seen"):
        train(run_at(tmp_path / "run", prepared))


def command(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    try:
        code = cli.run(["train-rig", *arguments])
    except SystemExit as stop:
        code = int(str(stop.code))
    said = capsys.readouterr()
    return code, said.out, said.err


def test_the_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out, figures = tmp_path / "run", tmp_path / "figures.json"
    options = (
        "--people 1 --unseen 1 --topologies decimated_1800 --steps 2 --refit-samples 1 --width 4"
        " --blocks 1 --code 2 --eigenvectors 4 --refit-every 0"
    ).split()
    code, said, errors = command(capsys, "--out", str(out), *options, "--json", str(figures))
    assert code == 0, errors
    assert str(out / weights.NAME) in said
    assert "2/2" in errors
    assert "people/s" in errors
    assert "steps/s" in errors
    assert json.loads(figures.read_text())["unseen.error_share"] < 5
    code, _, errors = command(capsys, "--out", str(out), *options)
    assert code == 1
    assert errors.startswith("pain3d train-rig: out must be an empty folder, or one to --resume")
    code, again, _ = command(capsys, "--out", str(out), *options, "--resume")
    assert code == 0
    assert again.splitlines()[1:3] == said.splitlines()[1:3]
    code, _, errors = command(capsys, "--out", str(tmp_path / "x"), "--topologies", "anny,soma")
    assert code == 2
    assert "got soma, held out for judging" in errors
    assert not (tmp_path / "x").exists()


def test_it_says_what_is_not_installed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(train_rig, "find_spec", lambda name: None)
    code, _, errors = command(capsys, "--out", str(tmp_path / "x"))
    assert code == 1
    assert errors == 'pain3d train-rig: train-rig needs torch: pip install -e ".[learn]"\n'
    assert not (tmp_path / "x").exists()
