"""Cells: what each leaves, killed ones that go on, failed ones among others, and the command."""

import errno
import json
import os
import shutil
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from assets.folds import folds
from assets.unbc import SUBJECTS
from generator import jobs
from scripts import ablate
from tests import ablated
from tests.killed import at_every_write
from vitpain.ablation import cell as cells
from vitpain.ablation import local
from vitpain.ablation.arms import Arm, arms
from vitpain.ablation.cell import attempt
from vitpain.ablation.local import Room
from vitpain.ablation.plan import Cell
from vitpain.ablation.sources import Source, Sources, native_rows, opened
from vitpain.ablation.status import Progress, Status
from vitpain.ablation.stored import stored
from vitpain.ablation.study import Study
from vitpain.data.frames import open_frames
from vitpain.evaluate import predictions
from vitpain.predict import rows

REAL, ONLY, FIRST = Arm("real"), Arm("gan_only", False, beside=("gan",)), Arm("x", first="gan")
FOLD = folds("public5", SUBJECTS[:10], 0)[0]


@pytest.fixture(scope="module")
def there(tmp_path_factory: pytest.TempPathFactory) -> Sources:
    return ablated.sources(tmp_path_factory.mktemp("sets"))


@pytest.fixture(scope="module")
def natively(tmp_path_factory: pytest.TempPathFactory) -> Sources:
    return ablated.natively(tmp_path_factory.mktemp("natively"))


def named(made: Sequence[Cell]) -> dict[str, Cell]:
    return {one.arm.name: one for one in made}


def content(study: Study, cell: Cell) -> bytes:
    return (study.folder(cell) / predictions.NAME).read_bytes()


def test_a_cell_leaves_what_reports_are_made_of(there: Sources, tmp_path: Path) -> None:
    """Predictions of validation and test people alone, by their names, and what it took."""
    study, made = ablated.study(tmp_path / "run", there, (REAL, FIRST))
    for one in made:
        assert attempt(study, one, 0) is None
    found = stored(study.out)
    assert found.unfinished == ()
    assert {one.arm for one in found.cells} == {"real", "x"}
    frames = open_frames([there.real.folder])
    identity, keys = frames.column("identity"), frames.column("key")
    for one in found.cells:
        table = predictions.read(one.predictions)
        assert {*table["condition"].to_pylist()} == {"right"}
        for role in ("val", "test"):
            people = getattr(FOLD, role)
            of_role = [row for row in table.to_pylist() if row["role"] == role]
            assert {row["subject"] for row in of_role} == {*people}
            assert {row["key"] for row in of_role} == {*keys[np.isin(identity, people)]}
        assert one.cost["gpu_hours"] == 0.0
        assert one.cost["seconds"] > 0.0
    learnt = {one.arm: one for one in found.cells}
    # An epoch has 54 frames, which are three steps of 16, in every fit: the 42 painted ones too,
    # of which a third step is the first of a second pass.
    assert learnt["real"].cost["steps"] == 3
    assert learnt["x"].cost["steps"] == 6
    assert learnt["x"].cost["frames"] == 6 * 16
    assert learnt["x"].learnt["synthetic"] == {"gan": 42}
    assert learnt["x"].learnt["by_level"]["0"] == 24


def test_a_finished_cell_is_never_done_again(
    there: Sources, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    study, (one,) = ablated.study(tmp_path / "run", there, (ONLY,))
    assert attempt(study, one, 0) is None
    monkeypatch.setattr(cells, "_do", lambda *_: pytest.fail("it was done again"))
    assert attempt(study, one, 0) is None
    assert study.finished(one)


def test_a_cell_that_is_killed_at_every_write_says_the_same(
    there: Sources, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    study, (one,) = ablated.study(tmp_path / "run", there, (FIRST,))
    whole, (other,) = ablated.study(tmp_path / "whole", there, (FIRST,))
    assert attempt(whole, other, 0) is None
    assert one.id == other.id

    def again() -> None:
        assert attempt(study, one, 0) is None

    assert at_every_write(monkeypatch, again, lambda: None) > 5
    assert content(study, one) == content(whole, other)
    assert not [*study.out.rglob("*.tmp")]


def test_a_cell_that_fails_says_why_until_it_is_tried_again(
    there: Sources, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gan = shutil.copytree(there.synthetic[0].folder, tmp_path / "gan")
    sets = Sources(there.real, (Source("gan", "2d", gan),))
    study, (one,) = ablated.study(tmp_path / "run", sets, (ONLY,))

    def short(*_: Any) -> None:
        raise RuntimeError("CUDA out of\nmemory")

    monkeypatch.setattr(cells, "predict_rows", short)
    assert attempt(study, one, 0) == "CUDA out of memory"
    (unfinished,) = stored(study.out).unfinished
    assert unfinished.error == "CUDA out of memory"
    manifest = (gan / "manifest.json").read_bytes()
    (gan / "manifest.json").write_bytes(manifest.replace(b"  ", b" "))
    said = attempt(study, one, 0)
    assert said is not None
    assert said.startswith(f"synth2d gan ({gan}) must be as when the study was begun, manifest ")
    (gan / "manifest.json").write_bytes(manifest)
    monkeypatch.setattr(cells, "predict_rows", rows.predict_rows)
    assert attempt(study, one, 0) is None
    assert stored(study.out).unfinished == ()
    assert not (study.folder(one) / "failed.json").exists()


def test_a_cell_that_finds_the_disk_full_says_so_and_lets_its_worker_live(
    there: Sources, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither the cell nor why it failed can be stored."""
    study, (one,) = ablated.study(tmp_path / "run", there, (ONLY,))

    def full(path: Path, data: bytes) -> None:
        raise OSError(errno.ENOSPC, "the disk is full", str(path))

    monkeypatch.setattr(cells.atomic, "write", full)
    said = attempt(study, one, 0)
    assert said is not None
    first, second = said.split("; not stored: ")
    assert "the disk is full" in first
    assert "the disk is full" in second


def test_native_frames_are_those_of_the_same_samples_as_they_were(
    natively: Sources, tmp_path: Path
) -> None:
    there = natively
    arm = Arm("native", beside=("mesh",), native=True)
    study, made = ablated.study(tmp_path / "run", there, (REAL, arm))
    one = named(made)["native"]
    frames, native = opened(there.every), opened(there.every, native=True)
    assert len(frames) == len(native) - 30
    taken = np.arange(len(frames))[::7]
    found = native_rows(frames, native, taken)
    assert native.keys(found) == frames.keys(taken)
    assert (native.column("set")[found] == frames.column("set")[taken]).all()
    assert {native.picture(int(row)).shape for row in found} == {(48, 48, 3)}
    assert attempt(study, one, 0) is None
    run = json.loads((study.folder(one) / "fit" / "run.json").read_text())
    assert run["places"] == [str(each.native) for each in there.every]
    assert {*run["data"][0]} == {"manifest", "sources"}
    assert [each["manifest"] for each in run["data"]] == [*one.native.values()]
    ablated.made(tmp_path / "other", replace(ablated.REAL, size=48, seed=5), ablated.NATIVE)
    changed = replace(there, real=replace(there.real, native=tmp_path / "other"))
    with pytest.raises(ValueError, match=r"must be as when .*real was made of it, got a change"):
        ablated.study(tmp_path / "again", changed, (REAL, arm))


@dataclass(frozen=True)
class Deadly(Cell):
    """A cell that ends every process to which it is sent."""

    def __reduce__(self) -> Any:
        return os._exit, (7,)


def test_the_rest_goes_on_where_a_cell_fails_or_its_process_dies(
    there: Sources, tmp_path: Path
) -> None:
    study, made = ablated.study(tmp_path / "run", there, (REAL, ONLY, FIRST))
    real, only, first = named(made)["real"], named(made)["gan_only"], named(made)["x"]
    deadly = Deadly(**vars(first))
    wrong = replace(only, manifests={**only.manifests, "gan": "0" * 64})
    heard: list[Status] = []
    progress = Progress(0, [deadly, wrong, real], heard.append)
    local.run(study, [deadly, wrong, real], Room(1, 0, 0), progress)
    assert [one.running for one in heard] == [0, 1, 0, 1, 0, 1, 0]
    last = heard[-1]
    assert (last.done, last.failed, last.running, last.left) == (1, 2, 0, 0)
    errors = {cell.arm.name: text for cell, text in progress.failures.values()}
    assert errors["x"] == "its process died with code 7"
    assert "must be as when the study was begun" in errors["gan_only"]
    assert {one.arm: one.error for one in stored(study.out).unfinished} == errors
    assert [one.arm for one in stored(study.out).cells] == ["real"]
    # What another process said is what this one says.
    alone, others = ablated.study(tmp_path / "alone", there, (REAL,))
    assert attempt(alone, others[0], 0) is None
    assert content(alone, others[0]) == content(study, real)


def test_time_to_go_is_by_the_steps_that_are_left(there: Sources, tmp_path: Path) -> None:
    _, made = ablated.study(tmp_path / "run", there, (REAL, FIRST))
    real, first = made
    now = iter(range(0, 1000, 60)).__next__
    heard: list[Status] = []
    progress = Progress(3, [real, first], heard.append, now)
    progress.begun(real)
    progress.begun(first)
    progress.ended(real, None)
    assert heard[-1].seconds == 60 * 4 * 6 / 3
    assert str(heard[-1]) == "4 done, 1 running, 0 left, 8 min to go"
    progress.ended(first, "no")
    assert str(heard[-1]) == "4 done, 1 failed, 0 running, 0 left, 0 min to go"
    assert [one for one, _ in progress.failures.values()] == [first]


def test_as_many_cells_as_fit_the_machine(
    there: Sources, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    study, _ = ablated.study(tmp_path / "run", there, (REAL,))
    monkeypatch.setattr(os, "cpu_count", lambda: 16)
    two = replace(study, config=replace(study.config, threads=2))
    assert local.room(study, None) == Room(16, 0, 0)
    assert local.room(two, None) == Room(8, 0, 0)
    assert local.room(two, 3) == Room(3, 0, 0)
    with pytest.raises(ValueError, match="device must be auto or cpu where there is no CUDA"):
        local.room(replace(study, config=replace(study.config, device="cuda")), None)
    monkeypatch.setattr(local.torch.cuda, "device_count", lambda: 4)
    gpus = replace(study, config=replace(study.config, device="auto"))
    assert local.room(gpus, None) == Room(4, 4, 4)
    assert local.room(gpus, 8) == Room(8, 4, 2)
    assert local.room(study, None) == Room(16, 0, 0)


def test_the_command_registers_trains_goes_on_and_counts_what_failed(
    natively: Sources,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    real, mesh = natively.every
    asked: list[Any] = []

    def register(config: Any, producer: Any, run: Any, report: Any) -> None:
        """What registering would leave."""
        asked.append(config)
        shutil.copytree(mesh.folder, run.out)

    def here(study: Study, left: Sequence[Cell], at: Room, progress: Progress) -> None:
        for one in left:
            progress.begun(one)
            progress.ended(one, attempt(study, one, at.readers))

    monkeypatch.setattr(jobs, "generate", register)
    monkeypatch.setattr(local, "run", here)
    out = tmp_path / "run"
    assert mesh.native is not None
    wrong = ["--real", str(real.folder), "--synth2d", f"mesh={mesh.native}", "--out", str(out)]
    with pytest.raises(ValueError, match=r"synth2d mesh .* must hold pictures that a network pain"):
        ablate.main(wrong)
    assert asked == []
    shutil.rmtree(out)
    words = ["--real", real.folder, "--synth3d", f"mesh={mesh.native}", "--out", out]
    words += ["--models", "plain", "--only", "1", "--seeds", "1", "--arms", "real,mesh_only"]
    words += ["--mode", "2d", "--side", "32", "--backbone", "vit_mini_patch16_dinov3", "--size"]
    words += ["32", "--weights", "none", "--epochs", "1", "--batch", "16", "--device", "cpu"]
    command = [str(word) for word in words]
    broken = cells.predict_rows
    monkeypatch.setattr(cells, "predict_rows", lambda *_: (_ for _ in ()).throw(ValueError("no")))
    figures = tmp_path / "figures.json"
    assert ablate.main([*command, "--json", str(figures)]) == 1
    said = capsys.readouterr().out
    assert said.count("failed: ") == 2
    assert "failed: real, plain, fold 1, seed 0, 1: no" in said
    stated = json.loads(figures.read_text())
    assert (stated["cells"], stated["done"], stated["failed"]) == (2, 0, 2)
    monkeypatch.setattr(cells, "predict_rows", broken)
    with pytest.raises(ValueError, match="out must be an empty folder, or one to --resume"):
        ablate.main(command)
    assert ablate.main([*command, "--resume", "--json", str(figures)]) == 0
    stated = json.loads(figures.read_text())
    assert (stated["done"], stated["done in this run"], stated["failed"]) == (2, 2, 0)
    assert ablate.main([*command, "--resume"]) == 0
    assert [(one.data, one.mode, one.size) for one in asked] == [(mesh.native, "2d", 32)]
    assert {one.arm for one in stored(out).cells} == {"real", "mesh_only"}
    assert json.loads((out / "study.json").read_text())["sources"][0]["folder"] == str(
        out / "sets" / "mesh"
    )


def test_options_that_leave_open_what_is_compared_are_refused(
    there: Sources, capsys: pytest.CaptureFixture[str]
) -> None:
    for words, said in (
        ([], "real must be given, or surrogate, got neither"),
        (["--surrogate", "--real", "x"], "surrogate must stand without data sets of one's own"),
        (["--real", "x", "--workers", "0"], "workers must be at least 1, got 0"),
        (["--real", "x", "--seeds", "0"], "seeds must be at least 1, got 0"),
    ):
        with pytest.raises(SystemExit) as left:
            ablate.main(["--out", "run", *words])
        assert left.value.code == 2
        assert said in capsys.readouterr().err
    config = ablated.CONFIG
    every = [one.name for one in ablate.wanted((), there, config)]
    # Sets that came registered are not at hand as they were.
    assert every == [one.name for one in arms(["gan"], ["mesh"]) if not one.native]
    assert [one.name for one in ablate.wanted(("gan_only", "real"), there, config)] == [
        "real",
        "gan_only",
    ]
    with pytest.raises(ValueError, match=r"arms must be of real, real_classical, .*, got other"):
        ablate.wanted(("real", "other"), there, config)
    with pytest.raises(ValueError, match="arms must have real among them, got gan_only"):
        ablate.wanted(("gan_only",), there, config)
