"""A finished run explained: figures that other files vouch for, whose frames, files, errors."""

import json
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

from scripts import cli
from tests import learning
from tests.learning import DATA, EVERY, SMALL, told, train
from tests.runs import make
from vitpain.data.frames import open_frames
from vitpain.evaluate import checks, predictions
from vitpain.evaluate.page import page as build_page
from vitpain.evaluate.report import report
from vitpain.explain import whom
from vitpain.explain.asked import Asked
from vitpain.explain.build import explain
from vitpain.metrics.agreement import mae, pearson
from vitpain.train.config import Run
from vitpain.train.finetune import Division, finetune
from vitpain.train.pretrain import pretrain

CONFIG = replace(DATA, identities=40, pain_per_identity=4)
QUICK = replace(SMALL, epochs=1)
HERE = Asked(device="cpu", workers=0)


@pytest.fixture(scope="module", autouse=True)
def one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make(tmp_path_factory.mktemp("explained") / "data", CONFIG)


@pytest.fixture(scope="module")
def run(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("explained") / "run"
    train(data, out, QUICK)
    explain(out, [data], HERE)
    return out


@pytest.fixture(scope="module")
def content(run: Path) -> dict:
    return json.loads((run / "checks" / "checks.json").read_text())


def read_back(run: Path) -> pd.DataFrame:
    said = predictions.read(run / predictions.NAME).to_pandas()
    return said[(said["role"] == "test") & (said["condition"] == "right")]


def test_the_right_order_is_what_the_run_predicted(run: Path, content: dict) -> None:
    said = read_back(run)
    assert len(said) == 20
    right = content["shuffled_patches"]["right_order"]
    known, guessed = said["pspi"].to_numpy(), said["pspi_hat"].to_numpy()
    assert right["mae"]["value"] == pytest.approx(mae(known, guessed), abs=1e-5)
    assert right["pearson"]["value"] == pytest.approx(pearson(known, guessed), abs=1e-4)
    assert content["features"]["the model itself"]["pspi_mae"] == right["mae"]
    assert content["note"].startswith("Checks of the idea: 20 frames of 4 test people, ")
    for name in ("face_shuffled", "neutral_shuffled", "both_shuffled_alike"):
        assert content["shuffled_patches"][name]["answers_move_by"]["value"] > 1e-6


def test_features_are_probed_with_chance_beside(content: dict) -> None:
    for name in ("compared", "alone"):
        row = content["features"][name]
        assert row["dimensions"] == 192
        assert row["person_by_chance"] == 1 / 4
        assert 0 <= row["person_found"]["value"] <= 1
        assert -1 <= row["pspi_pearson"]["value"] <= 1
        assert row["pspi_mae"]["low"] <= row["pspi_mae"]["value"] <= row["pspi_mae"]["high"]


def test_maps_are_scored_where_skin_moves(run: Path, data: Path, content: dict) -> None:
    frames = open_frames([data])
    rows = frames.take(np.flatnonzero(np.isin(frames.column("key"), read_back(run)["key"])))
    in_pain = int((rows.pspi > 0).sum())
    assert 0 < in_pain < 20
    maps = [name for name in content["saliency"] if name != "notes"]
    assert maps == ["grad_cam", "class_token", "rollout", "cross", "difference"]
    areas = set()
    for name in maps:
        row = content["saliency"][name]
        assert row["frames"] + row["empty_maps"] == in_pain
        assert 0 <= row["energy"]["value"] <= 1
        assert 0 <= row["pointing"]["value"] <= 1
        ratio = row["energy"]["value"] / row["area"]
        assert row["times_area"]["value"] == pytest.approx(ratio)
        if row["empty_maps"] == 0:
            areas.add(row["area"])
    assert len(areas) == 1
    by_unit = content["saliency_by_action_unit"]
    for at, name in enumerate(("au4", "au6", "au7", "au9", "au10", "au43")):
        assert by_unit[name]["frames"] == int((rows.aus[:, at] > 0).sum()), name
        if by_unit[name]["frames"]:
            assert by_unit[name]["query"]["energy"]["value"] > 0


def test_pictures_lie_beside_and_the_report_shows_all(run: Path) -> None:
    names = sorted(path.name for path in (run / "checks").iterdir())
    pictures = ["features_alone.png", "features_compared.png", "saliency_of_faces_in_pain.png"]
    assert names == ["checks.json", *pictures]
    found = checks.read(run)
    assert found is not None
    rows = predictions.read(run / predictions.NAME)
    page = build_page(report("run", rows, {}, {}), {}, found)
    titles = ["Shuffled patches", "Features", "Saliency", "Saliency by action unit"]
    assert [page.count(f"<h2>Check: {title}</h2>") for title in titles] == [1, 1, 1, 1]
    captions = [name.removesuffix(".png").replace("_", " ") for name in pictures]
    assert [page.count(f"<figcaption>{caption}<") for caption in captions] == [1, 1, 1]
    assert found.figures == json.loads((run / "checks" / "checks.json").read_text())
    # A figure and its interval are one cell.
    table = {one.title: one for one, _ in found.tables}["Shuffled patches"]
    assert table.head[:4] == ("", "Pearson", "MAE", "CCC")
    assert table.rows[0][0] == "right order"
    assert table.rows[0][2].count(",") == 1
    assert [len(shown) for _, shown in found.tables] == [0, 2, 1, 0]


def test_fewer_frames_are_drawn_by_the_seed(run: Path, data: Path) -> None:
    chosen = [whom.whom(run, [data], 9, seed) for seed in (0, 0, 1)]
    rows = [one.rows[0].tolist() for one in chosen]
    assert [len(one) for one in rows] == [9, 9, 9]
    assert rows[0] == rows[1]
    assert rows[0] != rows[2]
    frames = chosen[0].frames
    assert set(frames.keys(np.array(rows[0]))) <= set(read_back(run)["key"])


def test_people_are_drawn_with_frames_enough_to_be_told_apart() -> None:
    subject = np.repeat(np.array([f"p{n:02d}" for n in range(50)]), 20)
    rows = np.arange(0, 1000, dtype=np.int64)
    drawn = whom.drawn(subject, rows, 80, 0)
    _, counts = np.unique(subject[drawn], return_counts=True)
    assert counts.tolist() == [whom.EACH] * 10
    assert np.array_equal(drawn, np.unique(drawn))
    # Few people with many frames: all of them, alike.
    few = whom.drawn(subject[:60], rows[:60], 40, 0)
    assert sorted(np.unique(subject[few], return_counts=True)[1].tolist()) == [13, 13, 14]
    # Many people with few frames: more people.
    singly = np.array([f"p{n:03d}" for n in range(100)])
    assert len(whom.drawn(singly, rows[:100], 30, 0)) == 30
    assert np.array_equal(whom.drawn(singly, rows[:100], 500, 0), rows[:100])


def test_a_fold_reads_whom_it_did_not_learn_from(tmp_path: Path, data: Path) -> None:
    out = tmp_path / "run"
    division = Division(data, "loso", only=(2, 5))
    config = replace(QUICK, batch=90)
    finetune(division, learning.begin(), config, Run(out, **EVERY), told())
    chosen = whom.whom(out, [data], 100, 0)
    assert list(chosen.rows) == [2, 5]
    said = read_back(out)
    for fold, rows in chosen.rows.items():
        own = said[said["fold"] == fold]
        assert sorted(chosen.frames.keys(rows)) == sorted(own["key"])
        assert len(set(chosen.frames.subject[rows])) == 1
        assert chosen.model(fold) == out / f"fold-{fold}" / "model"
    content = explain(out, [data], HERE)
    assert content["note"].startswith("Checks of the idea: 10 frames of 2 test people, ")
    right = content["shuffled_patches"]["right_order"]["mae"]["value"]
    expected = mae(said["pspi"].to_numpy(), said["pspi_hat"].to_numpy())
    assert right == pytest.approx(expected, abs=1e-5)
    # One person a model: nothing to read pain across people, nobody to tell apart.
    row = content["features"]["compared"]
    assert row["pspi_pearson"]["value"] is None
    assert row["pspi_pearson"]["why"].startswith("fewer than 3 people a model")
    assert row["person_found"]["value"] is None
    assert row["person_by_chance"] is None


def test_without_heat_maps_and_neutrals_the_rest_is_checked(tmp_path: Path) -> None:
    data = make(tmp_path / "data", replace(DATA, annotations=("seg",)))
    plain = learning.begin(variant="plain")
    pretrain([data], plain, QUICK, Run(tmp_path / "run", **EVERY), told())
    content = explain(tmp_path / "run", [data], HERE)
    assert content["saliency"].startswith("Saliency is left out: these frames have no exact heat")
    assert "saliency_by_action_unit" not in content
    assert not list((tmp_path / "run" / "checks").glob("saliency*"))
    found = checks.read(tmp_path / "run")
    assert found is not None
    assert found.notes[-1] == content["saliency"]
    rows = {name: set(content[name]) - {"notes"} for name in ("shuffled_patches", "features")}
    assert rows["shuffled_patches"] == {"right_order", "face_shuffled"}
    assert rows["features"] == {"compared", "the model itself"}


def test_what_cannot_be_explained_is_named(run: Path, data: Path, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"run must be a folder of a run, got none of run.json in"):
        explain(tmp_path, [data], HERE)
    unfinished = shutil.copytree(run, tmp_path / "unfinished")
    (unfinished / predictions.NAME).unlink()
    with pytest.raises(ValueError, match="run must have ended, got none of predictions"):
        explain(unfinished, [data], HERE)
    other = make(tmp_path / "other", DATA)
    text = rf"{other} must be data that {run} was tried on \([0-9a-f]{{12}}\), got manifest"
    with pytest.raises(ValueError, match=text):
        explain(run, [other], HERE)
    with pytest.raises(ValueError, match=r"must be a finished data set, got none of manifest.json"):
        explain(run, [tmp_path], HERE)
    for wrong, rule in (
        ({"frames": 1}, "frames must be at least 2, got 1"),
        ({"seed": -1}, r"seed must be from 0 to 2\*\*64 - 1, got -1"),
        ({"workers": -2}, "workers must be at least 0, got -2"),
    ):
        with pytest.raises(ValueError, match=rule):
            Asked(**wrong)


def test_the_command_prints_every_table_and_writes_the_same_bytes(
    run: Path, data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    figures = tmp_path / "figures.json"
    again = shutil.copytree(run, tmp_path / "run")
    # What another call left behind is gone after.
    (again / "checks" / "features_compared_of_fold_7.png").write_bytes(b"old")
    (again / "checks" / "checks.json").write_text("{}")
    more = ["--device", "cpu", "--workers", "0", "--json", str(figures)]
    assert cli.run(["explain", str(again), "--data", str(data), *more]) == 0
    said = capsys.readouterr().out
    for title in ("Shuffled patches", "Features", "Saliency", "Saliency by action unit"):
        assert f"\n{title}\n{'-' * len(title)}\n" in said
    assert f"checks   {again}/checks" in said
    before = {path.name: path.read_bytes() for path in (run / "checks").iterdir()}
    assert {path.name: path.read_bytes() for path in (again / "checks").iterdir()} == before
    assert json.loads(figures.read_text()) == json.loads(before["checks.json"])
    assert cli.run(["explain", str(again), "--data", str(tmp_path)]) == 1
    assert "must be a finished data set" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        cli.run(["explain", str(again), "--data", str(data), "--frames", "0"])
    assert capsys.readouterr().err == "pain3d explain: frames must be at least 2, got 0\n"


def test_a_stand_in_is_said_to_be_one(run: Path, data: Path, tmp_path: Path) -> None:
    again = shutil.copytree(run, tmp_path / "run")
    stated = json.loads((again / "run.json").read_text())
    (again / "run.json").write_text(json.dumps(stated | {"surrogate": True}))
    content = explain(again, [data], replace(HERE, frames=4))
    assert "Checks of the idea: 4 frames of 1 test people" in content["note"]
    assert content["banner"].startswith("STAND-IN DATA.")
    found = checks.read(again)
    assert found is not None
    # The report has the banner already.
    assert not any("STAND-IN" in note for note in found.notes)
