"""Folds by subject: nobody is on two sides, test people decide nothing, killed runs go on."""

import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.compute as pc
import pytest
import torch

from assets.folds import How
from assets.unbc import SUBJECTS
from tests import learning
from tests.cohort import PEOPLE, cohort
from tests.killed import Killed
from tests.learning import EVERY, told
from tests.runs import make
from vitpain.data.frames import Frames, open_frames
from vitpain.evaluate import predictions
from vitpain.model import files
from vitpain.train import begin, checkpoint, finetune, fitted
from vitpain.train.begin import Begin
from vitpain.train.config import TRAINED, Run
from vitpain.train.finetune import Division, divided
from vitpain.train.fitted import Fitted, Told
from vitpain.train.stage import learnt

CONFIG = replace(learning.SMALL, epochs=1, batch=6, augment="real", sampling="double")
"""Three steps a fold on such people."""
FILES = ("model/model.safetensors", "predictions.parquet")


@pytest.fixture(scope="module")
def people(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return cohort(tmp_path_factory.mktemp("cohort") / "data")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Synthetic people to learn from beside."""
    return make(tmp_path_factory.mktemp("made") / "data", replace(learning.DATA, identities=7))


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory, people: Path) -> Path:
    out = tmp_path_factory.mktemp("run") / "run"
    fold(people, out)
    return out


@pytest.fixture(scope="module")
def earlier(tmp_path_factory: pytest.TempPathFactory, made: Path) -> Path:
    """A run on synthetic people, to begin with."""
    out = tmp_path_factory.mktemp("earlier") / "run"
    learning.train(made, out, replace(learning.SMALL, epochs=1, batch=6))
    return out


def fold(
    data: Path, out: Path, first: Begin | None = None, heard: Told | None = None, **more: Any
) -> dict[int, Fitted]:
    """Train as the command does; `more` are of the division or of the run."""
    division = {name: more.pop(name) for name in ("folds", "extra", "only") if name in more}
    return finetune.finetune(
        Division(data, **division),
        first or learning.begin(),
        CONFIG,
        Run(out, **(EVERY | more)),
        heard or told(),
    )


def names(frames: Frames, rows: np.ndarray) -> set[str]:
    return set(frames.subject[rows].tolist())


@pytest.mark.parametrize("folds", ["public5", "loso"])
def test_nobody_is_on_two_sides_of_a_fold(people: Path, folds: How) -> None:
    frames = open_frames([people])
    parts = divided(frames, Division(people, folds), seed=3)
    assert len(parts) == {"public5": 5, "loso": PEOPLE}[folds]
    tested = []
    for one in parts:
        sides = [names(frames, rows) for rows in (one.train, one.val, one.test)]
        assert sum(map(len, sides)) == len(set.union(*sides)) == PEOPLE
        # All frames of a person go one way.
        assert sorted(np.concatenate([one.train, one.val, one.test])) == list(range(3 * PEOPLE))
        tested += sorted(sides[2])
    assert sorted(tested) == sorted(SUBJECTS[:PEOPLE])


def test_validation_is_the_next_fold_and_in_leave_one_out_four_others(people: Path) -> None:
    frames = open_frames([people])
    parts = divided(frames, Division(people), seed=0)
    for one, other in zip(parts, [*parts[1:], parts[0]], strict=True):
        assert one.val.tolist() == other.test.tolist()
    # Written out: the first of the public five folds, and the second.
    assert names(frames, parts[0].test) == {"042-ll042", "052-dr052"}
    assert names(frames, parts[0].val) == {"043-jh043", "059-fn059"}
    drawn = [
        [names(frames, one.val) for one in divided(frames, Division(people, "loso"), seed)]
        for seed in (0, 0, 1)
    ]
    assert {len(val) for val in drawn[0]} == {4}
    assert drawn[0] == drawn[1] != drawn[2]


def test_extra_data_is_learnt_from_by_every_fold_and_by_its_split_train_alone(
    people: Path, made: Path
) -> None:
    frames = open_frames([people, made])
    alone = divided(open_frames([people]), Division(people), seed=0)
    parts = divided(frames, Division(people, extra=(made,)), seed=0)
    train = (frames.column("set") == 1) & (frames.column("split") == "train")
    assert 0 < train.sum() < (frames.column("set") == 1).sum()
    for one, before in zip(parts, alone, strict=True):
        assert one.beside.tolist() == np.flatnonzero(train).tolist()
        assert learnt(one).tolist() == [*before.train, *one.beside]
        for name in ("train", "val", "test"):
            np.testing.assert_array_equal(getattr(one, name), getattr(before, name))


def test_folds_are_the_same_whoever_has_the_same_names_beside(tmp_path: Path, made: Path) -> None:
    """Made people of two sets may have one name."""
    division = Division(made, "loso")
    alone = divided(open_frames([made]), division, seed=2)
    other = make(tmp_path / "other", replace(learning.DATA, identities=4, seed=9))
    beside = divided(open_frames([made, other]), replace(division, extra=(other,)), seed=2)
    assert [one.val.tolist() for one in beside] == [one.val.tolist() for one in alone]
    assert len(beside[0].beside)


def test_predictions_hold_every_test_subject_once(run: Path, people: Path) -> None:
    said = predictions.read(run / predictions.NAME).to_pandas()
    test = said[(said["role"] == "test") & (said["condition"] == "right")]
    assert sorted(test["key"]) == sorted(open_frames([people]).column("key"))
    counts = said.groupby(["fold", "role", "condition"]).size()
    for number in range(1, 6):
        assert counts[number].to_dict() == {
            ("train", "right"): 18,
            ("val", "right"): 6,
            **{("test", condition): 6 for condition in ("right", "other", "none")},
        }
        own = said[said["fold"] == number]
        by_role = [set(own[own["role"] == role]["subject"]) for role in predictions.ROLES]
        assert len(set.union(*by_role)) == sum(map(len, by_role)) == PEOPLE
        # Every fold has its own model's word.
        alone = predictions.read(run / f"fold-{number}" / predictions.NAME).to_pandas()
        assert own["pspi_hat"].tolist() == alone["pspi_hat"].tolist()


def test_test_people_decide_nothing(
    tmp_path: Path, people: Path, run: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Turn the labels of one fold's test people round: its model stays, and theirs who learn."""

    def opening(folders: list[Path]) -> Frames:
        frames = open_frames(folders)
        tested = np.isin(frames.subject, ("042-ll042", "052-dr052"))
        frames.pspi[tested] = 16.0 - frames.pspi[tested]
        frames.aus[tested] = 5.0 - frames.aus[tested]
        frames.aus[tested, -1] = 1.0
        return frames

    monkeypatch.setattr(finetune, "open_frames", opening)
    fold(people, tmp_path / "run", only=(1, 2))
    weights = [
        [(out / f"fold-{number}" / FILES[0]).read_bytes() for number in (1, 2)]
        for out in (run, tmp_path / "run")
    ]
    assert weights[0][0] == weights[1][0]
    # In fold 2 they are learnt from.
    assert weights[0][1] != weights[1][1]


@pytest.mark.parametrize(("reports", "kept"), [(5, False), (7, True)])
def test_a_run_killed_between_folds_or_within_one_ends_as_one_that_was_not(
    tmp_path: Path, people: Path, run: Path, reports: int, kept: bool
) -> None:
    """A fold reports where it begins, and each of its three steps."""
    left = [reports]

    def report(done: int, total: int) -> None:
        assert total == 6
        left[0] -= 1
        if left[0] == 0:
            raise Killed

    out = tmp_path / "run"
    with pytest.raises(Killed):
        fold(people, out, heard=told(report), only=(1, 2))
    assert fitted.finished(out / "fold-1")
    assert (out / "fold-2" / checkpoint.NAME).exists() == kept
    heard: list[int] = []
    count = told(lambda step, total: heard.append(step))
    done = fold(people, out, heard=count, only=(1, 2), resume=True)
    assert sum(heard) == 6
    assert sorted(done) == [1, 2]
    for number in done:
        for name in FILES:
            place = Path(f"fold-{number}") / name
            assert (out / place).read_bytes() == (run / place).read_bytes(), place
    both = predictions.read(run / FILES[1]).filter(pc.field("fold") <= 2)
    assert predictions.read(out / FILES[1]).equals(both.combine_chunks())


def test_some_folds_alone_are_as_they_are_among_all(
    tmp_path: Path, people: Path, run: Path
) -> None:
    out = tmp_path / "run"
    assert sorted(fold(people, out, only=(4, 2))) == [2, 4]
    assert sorted(path.name for path in out.glob("fold-*")) == ["fold-2", "fold-4"]
    for number in (2, 4):
        place = Path(f"fold-{number}") / FILES[0]
        assert (out / place).read_bytes() == (run / place).read_bytes()
    assert set(predictions.read(out / FILES[1])["fold"].to_pylist()) == {2, 4}
    with pytest.raises(ValueError, match=r"run.json must be of this run, .* only was \[2, 4\] and"):
        fold(people, out, only=(2,), resume=True)
    for only, text in (((6,), "1 to 5, got 6"), ((0,), "1 to 5, got 0"), ((2, 2), "got 2 twice")):
        with pytest.raises(ValueError, match=f"only must .* {text}"):
            fold(people, tmp_path / "none", only=only)
    assert not (tmp_path / "none").exists()


def test_a_run_begins_with_the_weights_of_another(
    tmp_path: Path, people: Path, earlier: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = begin.of_run(earlier, {"backbone": learning.MODEL.backbone}, None)
    assert first.model == replace(learning.MODEL, tune="all")
    assert first.share == TRAINED
    heard: list[Any] = []
    whole = finetune.stage.fit
    monkeypatch.setattr(
        finetune.stage,
        "fit",
        lambda model, *rest: heard.append(state(model)) or whole(model, *rest),
    )
    fold(people, tmp_path / "run", first, only=(1, 3))
    known = state(files.load(earlier / fitted.MODEL))
    assert len(heard) == 2
    for one in heard:
        assert one.keys() == known.keys()
        assert all(torch.equal(one[name], known[name]) for name in known)
    trained = state(files.load(tmp_path / "run" / "fold-1" / fitted.MODEL))
    assert not all(torch.equal(trained[name], known[name]) for name in known)


def state(model: torch.nn.Module) -> dict[str, torch.Tensor]:
    return {name: one.detach().clone() for name, one in model.named_parameters()}


def test_options_that_contradict_the_run_begun_with_are_refused(
    tmp_path: Path, earlier: Path, run: Path
) -> None:
    for asked, text in (
        ({"size": 64}, f"size must be 32 as in {earlier}, got 64"),
        ({"backbone": "vit_small"}, f"backbone must be .* as in {earlier}, got vit_small"),
        ({"variant": "plain"}, f"variant must be reference as in {earlier}, got plain"),
    ):
        with pytest.raises(ValueError, match=text):
            begin.of_run(earlier, asked, None)
    for folder in (run, tmp_path):  # the folder of all folds has no model of its own
        with pytest.raises(ValueError, match=f"init must be a run .* got {folder}, which has no"):
            begin.of_run(folder, {}, None)


def test_weights_of_another_backbone_are_refused(
    tmp_path: Path, people: Path, earlier: Path
) -> None:
    moved = shutil.copytree(earlier, tmp_path / "moved")
    stated = json.loads((moved / fitted.MODEL / files.FACTS).read_text())
    stated["model"]["backbone"] = stated["backbone"]["name"] = "vit_small_patch16_dinov3"
    (moved / fitted.MODEL / files.FACTS).write_text(json.dumps(stated))
    out = tmp_path / "run"
    with pytest.raises(ValueError, match=f"{moved}/model/model.safetensors must hold the weights"):
        fold(people, out, begin.of_run(moved, {}, None))
    assert not (out / "run.json").exists()


def test_who_learnt_from_the_data_is_not_tested_on_it(
    tmp_path: Path, people: Path, made: Path, run: Path
) -> None:
    first = begin.of_run(run / "fold-1", {}, None)
    rule = f"init must not have learnt from the data it is tested on, got {run / 'fold-1'}"
    with pytest.raises(ValueError, match=rule):
        fold(people, tmp_path / "run", first)
    # A run that began with it, learns elsewhere, and is moved to another place.
    fold(made, tmp_path / "between", first, folds="loso", only=(1,))
    between = shutil.copytree(tmp_path / "between" / "fold-1", tmp_path / "moved")
    with pytest.raises(ValueError, match="init must not have learnt from the data"):
        fold(people, tmp_path / "run", begin.of_run(between, {}, None))
    assert not (tmp_path / "run").exists()


def test_another_import_of_real_people_is_the_same_people(monkeypatch: pytest.MonkeyPatch) -> None:
    before = [{"manifest": "aa", "sources": ["3d", "unbc"]}]
    monkeypatch.setattr(begin, "learnt_from", lambda init: before)
    with pytest.raises(ValueError, match=r"got RUN, which learnt from unbc$"):
        begin.check_apart(Path("RUN"), {"manifest": "bb", "sources": ["unbc"]})
    begin.check_apart(Path("RUN"), {"manifest": "bb", "sources": ["3d"]})


def test_a_run_that_has_its_backbone_takes_no_other(run: Path) -> None:
    for weights in ("none", "hub", Path("W.safetensors")):
        with pytest.raises(ValueError, match=r"weights must be left out, .* has its own, got "):
            begin.of_run(run / "fold-1", {}, weights)


def test_a_folder_is_held_to_its_run(people: Path, made: Path, earlier: Path, run: Path) -> None:
    rule = r"run.json must be of this run, got another: "
    with pytest.raises(ValueError, match=rule + 'folds was "public5" and is "loso"'):
        fold(people, run, folds="loso", resume=True)
    with pytest.raises(ValueError, match=rule + "extra was .* and is "):
        fold(people, run, extra=(made,), resume=True)
    with pytest.raises(ValueError, match=rule + "before was .* and is "):
        fold(people, run, begin.of_run(earlier, {}, None), resume=True)
    with pytest.raises(ValueError, match=rule + "model.hidden was 16 and is 20"):
        fold(people, run, learning.begin(hidden=20), resume=True)


def test_folds_that_cannot_be_are_named(
    tmp_path: Path, people: Path, made: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(ValueError, match=f"^{made}: subject must be in a fold of public5, got p0"):
        fold(made, tmp_path / "run")
    with pytest.raises(ValueError, match=f"^{people}: fold 5 of thesis5 must have one or more of"):
        fold(people, tmp_path / "run", folds="thesis5")
    copy = shutil.copytree(people, tmp_path / "copy")
    with pytest.raises(ValueError, match=f"extra must be another data set than data, got {people}"):
        fold(people, tmp_path / "run", extra=(copy,))
    again = cohort(tmp_path / "again", size=48)
    with pytest.raises(ValueError, match="extra must be of other people than data, got 042-ll042"):
        fold(people, tmp_path / "run", extra=(again,))

    def opening(folders: list[Path]) -> Frames:
        frames = open_frames(folders)
        unlabelled = np.isin(frames.subject, ("047-jl047", "064-ak064"))
        frames.pspi[unlabelled] = np.nan
        frames.aus[unlabelled] = np.nan
        return frames

    monkeypatch.setattr(finetune, "open_frames", opening)
    rule = "fold 2 must have labelled frames of its val subjects, got none"
    with pytest.raises(ValueError, match=f"^{people}: {rule}$"):
        fold(people, tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_a_run_says_whether_anybody_in_it_stands_in(
    tmp_path: Path, people: Path, made: Path, run: Path
) -> None:
    def surrogate(out: Path) -> bool:
        return json.loads((out / "run.json").read_text())["surrogate"]

    assert not surrogate(run)
    stand_in = cohort(tmp_path / "data", source="unbc-surrogate")
    fold(stand_in, tmp_path / "first", only=(1,))
    assert surrogate(tmp_path / "first")
    # It is handed on with the weights, where no frame of it is left.
    first = begin.of_run(tmp_path / "first" / "fold-1", {}, None)
    fold(made, tmp_path / "second", first, folds="loso", only=(2,))
    assert surrogate(tmp_path / "second")
    second = begin.of_run(tmp_path / "second" / "fold-2", {}, None)
    fold(people, tmp_path / "third", second, only=(1,))
    assert surrogate(tmp_path / "third")
