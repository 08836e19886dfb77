"""The layout of the published 3D-Pain: names, whole numbers, splits, no neutral rows."""

import csv
import json
import re
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from assets.facs import PAIN_AUS
from generator.export_3dpain import export
from generator.shards.codec import decode
from generator.shards.folder import open_folder
from tests import drawn_faces
from tests.runs import SMALL, ignore, make

CONFIG = replace(SMALL, identities=5)
PICTURE = re.compile(
    r"flame_sample_(\d{4})_(pain_\d+|neutral)_textured_view_(\d{3})_inpainted\.jpg"
)


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make(tmp_path_factory.mktemp("export") / "data", CONFIG)


def test_the_published_layout_holds_the_same_pictures_and_labels(
    data: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    done = export(data, out, "meshes_inpainted", ignore)
    assert (done.images, done.annotations, done.left_out) == (5 * 2 * 3, 5 * 2, 5 * 2)
    assert {path.name for path in out.iterdir()} == {
        "meshes_inpainted",
        "annotations",
        "heatmaps",
        "splits.csv",
    }
    opened = open_folder(data)
    rows = [row for row in opened.index.to_pylist() if row["kind"] != "confounder"]
    people = list(dict.fromkeys(row["identity"] for row in rows))
    seen = 0
    for path in sorted((out / "meshes_inpainted").iterdir()):
        match = PICTURE.fullmatch(path.name)
        assert match, path.name
        of_view = [
            row
            for row in rows
            if row["identity"] == people[int(match[1])] and row["view"] == int(match[3])
        ]
        kind, _, number = match[2].partition("_")
        row = [row for row in of_view if row["kind"] == kind][int(number or 1) - 1]
        sample = opened.sample(row)
        assert path.read_bytes() == sample.members["jpg"]
        base = path.name.removesuffix("_inpainted.jpg")
        heat = (out / "heatmaps" / f"{base}_heatmap.png").read_bytes()
        assert np.array_equal(
            decode("heat.png", heat), decode("heat.png", sample.members["heat.png"])
        )
        if kind == "pain":
            name = f"flame_sample_{match[1]}_{match[2]}_annotations.json"
            stated = json.loads((out / "annotations" / name).read_text())
            assert stated == {f"AU{au}": row[f"au{au}"] for au in PAIN_AUS} | {"PSPI": row["pspi"]}
            assert all(type(value) is int for value in stated.values())
        seen += 1
    assert seen == done.images


def test_splits_are_numbered_and_have_no_neutral(data: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    export(data, out, "images", ignore)
    with open(out / "splits.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0]) == ["annotation_base_name", "split"]
    names = [row["annotation_base_name"] for row in rows]
    files = {path.name for path in (out / "annotations").iterdir()}
    assert {f"{name}_annotations.json" for name in names} == files
    assert len(set(names)) == len(names) == 10
    numbers = [row["split"] for row in rows]
    assert (numbers.count("0"), numbers.count("1"), numbers.count("2")) == (8, 2, 0)


def test_fractions_are_refused_by_key(tmp_path: Path) -> None:
    data = make(tmp_path / "data", replace(CONFIG, continuous=True))
    out = tmp_path / "out"
    with pytest.raises(
        ValueError, match=r"p\d+_v\d_e\d\d: AU4 must be a whole number .* 3dpain, got \d\.5"
    ):
        export(data, out, "images", ignore)
    assert not out.exists()


def test_a_folder_that_holds_something_is_left_alone(data: Path, tmp_path: Path) -> None:
    (tmp_path / "mine").write_bytes(b"x")
    with pytest.raises(ValueError, match="out must be an empty folder"):
        export(data, tmp_path, "images", ignore)
    with pytest.raises(ValueError, match="must be a finished data set"):
        export(tmp_path, tmp_path / "new", "images", ignore)


def test_png_pictures_become_jpeg(tmp_path: Path) -> None:
    data = make(tmp_path / "data", replace(CONFIG, image="png", annotations=()))
    out = tmp_path / "out"
    export(data, out, "images", ignore)
    picture = sorted((out / "images").iterdir())[0]
    first = open_folder(data)
    sample = first.sample(next(row for row in first.index.to_pylist() if row["kind"] == "neutral"))
    near = decode("k.jpg", picture.read_bytes()).astype(int)
    assert picture.name == "flame_sample_0000_neutral_textured_view_000_inpainted.jpg"
    assert np.abs(near - decode("k.png", sample.members["png"])).mean() < 3
    assert list((out / "heatmaps").iterdir()) == []


def test_a_damaged_sample_leaves_nothing_half_written(data: Path, tmp_path: Path) -> None:
    damaged = shutil.copytree(data, tmp_path / "damaged")
    opened = open_folder(damaged)
    row = [row for row in opened.index.to_pylist() if row["kind"] == "pain"][-1]
    shard = damaged / row["shard"]
    whole = shard.read_bytes()
    place = row["offset"] + row["size"] // 2
    shard.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
    out = tmp_path / "out"
    for there in (False, True):
        if there:
            out.mkdir()
        with pytest.raises(ValueError, match=f"{row['shard']} must hold"):
            export(damaged, out, "images", ignore)
        assert out.exists() == there
        assert not there or list(out.iterdir()) == []
    shard.write_bytes(whole)
    assert export(damaged, out, "images", ignore).annotations == 10
    assert (out / "splits.csv").is_file()


def test_two_exports_into_one_folder_cannot_run(data: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    tried = []

    def second(count: int, total: int) -> None:
        if not tried:
            tried.append(True)
            with pytest.raises(ValueError, match="must have one writer, got a second"):
                export(data, out, "images", ignore)

    assert export(data, out, "images", second).images == 30
    assert tried
    assert len(list((out / "images").iterdir())) == 30


def test_what_has_no_views_or_no_roles_has_no_place_there(tmp_path: Path) -> None:
    real = drawn_faces.registered(tmp_path / "real", identities=2)
    made = drawn_faces.painted(tmp_path / "painted", real, identities=2)
    for folder, said in (
        (made, "must have a view to be exported as 3dpain, got none"),
        (real, "real must have neutrals and expressions of pain, .* got none"),
    ):
        with pytest.raises(ValueError, match=said):
            export(folder, tmp_path / "out", "images", ignore)
        assert not (tmp_path / "out").exists()
