"""3D-Pain as published to shards: there and back from our own export, and what may be missing."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from assets.facs import PAIN_AUS
from generator.config import GenerateConfig
from generator.export_3dpain import export
from generator.importers import sources
from generator.importers.config import Wanted
from generator.shards.codec import decode
from generator.shards.folder import open_folder
from tests.imported import affine, known, make, pixels, report, samples, told, unverified
from tests.runs import here, ignore
from tests.runs import make as generate
from vitpain.data import neutrals
from vitpain.data.frames import open_frames

CONFIG = GenerateConfig(
    identities=10,
    pain_per_identity=1,
    views=2,
    size=32,
    annotations=(),
    image="png",
    people_per_shard=2,
)
SAME = Wanted(crop="none", size=32)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    with here():
        return generate(tmp_path_factory.mktemp("made") / "data", CONFIG)


@pytest.fixture(scope="module")
def published(made: Path) -> Path:
    export(made, made.with_name("published"), "images", ignore)
    return made.with_name("published")


@pytest.fixture(scope="module")
def out(published: Path) -> Path:
    return make(sources.of_3dpain(published, SAME, None), published.with_name("out"))


@pytest.fixture
def src(published: Path, tmp_path: Path) -> Path:
    return shutil.copytree(published, tmp_path / "src")


def test_there_and_back(made: Path, out: Path) -> None:
    data = open_folder(made)
    rows, back = data.index.to_pylist(), open_folder(out).index.to_pylist()
    assert len(back) == len(rows) == 10 * 2 * 2
    people = {one: f"flame_sample_{n:04d}" for n, one in enumerate(dict.fromkeys(
        row["identity"] for row in rows
    ))}  # fmt: skip
    expected = {}
    for row in rows:
        what = "neutral" if row["kind"] == "neutral" else "pain_1"
        expected[f"{people[row['identity']]}_{what}_view_{row['view']:03d}"] = row
    read = samples(out)
    # In the order in which it was made: view by view, the neutral first.
    assert list(read) == list(expected)
    for row in back:
        was, sample = expected[row["key"]], read[row["key"]]
        record = sample.record
        assert known(record) == {au: was[f"au{au}"] for au in PAIN_AUS}
        for name in ("pspi", "split", "kind", "view"):
            assert row[name] == was[name], (row["key"], name)
        assert row["identity"] == people[was["identity"]]
        assert row["neutral_key"] == f"{row['identity']}_neutral_view_{row['view']:03d}"
        assert (row["source"], row["label_source"]) == ("3dpain", "target")
        assert affine(record).tolist() == [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]]
        # Twice through JPEG.
        before = np.asarray(decode("png", data.sample(was).members["png"]))
        assert np.abs(pixels(sample).astype(int) - before).mean() < 3.0
    assert {row["split"] for row in back} == {"train", "val", "test"}
    assert all(not notes for notes in report(out)["notes"].values())


def test_neutrals_are_still_and_are_found(out: Path) -> None:
    frames = open_frames([out])
    neutral = frames.column("kind") == "neutral"
    assert neutral.sum() == 20
    assert (frames.pspi[neutral] == 0).all()
    assert (frames.aus[neutral] == 0).all()
    assert (neutrals.find(frames).chosen == neutral).all()


def test_the_other_name_of_the_folder_gives_the_same_shards(src: Path, out: Path) -> None:
    (src / "images").rename(src / "meshes_inpainted")
    other = unverified(sources.of_3dpain(src, SAME, None), src.with_name("out"))
    for path in out.glob("*.tar"):
        assert (other / path.name).read_bytes() == path.read_bytes()


def name(person: int, what: str, view: int) -> str:
    return f"flame_sample_{person:04d}_{what}_textured_view_{view:03d}_inpainted.jpg"


def test_what_is_missing_or_refused_is_told_and_the_rest_goes_on(src: Path, tmp_path: Path) -> None:
    images, annotations = src / "images", src / "annotations"
    (images / name(0, "neutral", 0)).unlink()
    (images / name(1, "neutral", 1)).write_bytes(b"no picture")
    (images / "notes.txt").write_text("x")
    (annotations / "flame_sample_0002_pain_1_annotations.json").unlink()
    broken = {"AU4": 7, "AU6": "x", "PSPI": 1}
    for person, au in ((3, "AU4"), (4, "AU6")):
        path = annotations / f"flame_sample_{person:04d}_pain_1_annotations.json"
        path.write_text(json.dumps({**json.loads(path.read_text()), au: broken[au]}))
    path = annotations / "flame_sample_0005_pain_1_annotations.json"
    path.write_text("{")
    path = annotations / "flame_sample_0006_pain_1_annotations.json"
    true = json.loads(path.read_text())
    path.write_text(json.dumps({**true, "PSPI": 16 - true["PSPI"]}))
    lines = (src / "splits.csv").read_text().splitlines()
    kept = [line for line in lines if "flame_sample_0007" not in line]
    kept += [f"flame_sample_0008_pain_2,{split}" for split in (2, 1, 0)]
    kept += ["somebody,1"]
    (src / "splits.csv").write_text("\n".join(kept))
    out = make(sources.of_3dpain(src, SAME, None), tmp_path / "out")
    read = samples(out)
    assert len(read) == 40 - 8 - 2
    for view, person in ((0, 0), (1, 1)):
        rule = "must have a neutral of its person and view"
        key = f"flame_sample_{person:04d}_pain_1_view_{view:03d}"
        assert read[key].record.neutral_key is None
        value = ("none", "one that was left out")[person]
        assert (name(person, "pain_1", view), rule, value) in told(out, "missing")
    assert told(out, "unreadable")[0][0] == name(1, "neutral", 1)
    for person in (2, 3, 4, 5):
        record = read[f"flame_sample_{person:04d}_pain_1_view_000"].record
        assert (record.pspi, record.label_source, record.aus.target) == (None, None, None)
    file = "flame_sample_{:04d}_pain_1_annotations.json".format
    assert (file(2), "annotation must be there; its labels are null", "no file") in told(
        out, "missing"
    )
    refused = {one: (rule, value) for one, rule, value in told(out, "labels")}
    assert refused[file(3)] == ("AU4 must be from 0 to 5", "7")
    assert refused[file(4)] == ("AU6 must be a number", "'x'")
    assert refused[file(5)][0] == "must be JSON"
    assert refused["splits.csv"][0] == (
        "must hold rows NAME,SPLIT with split 0 train, 1 val, 2 test"
    )
    assert refused["splits.csv"][1].endswith(": somebody,1")
    assert told(out, "pspi") == [
        (file(6), f"must be {true['PSPI']}, as its action units say", f"{16 - true['PSPI']}")
    ]
    assert read["flame_sample_0006_pain_1_view_000"].record.pspi == true["PSPI"]
    lost = told(out, "no_split")
    assert len(lost) == 8
    assert {(rule, value) for _, rule, value in lost} == {
        ("flame_sample_0007 must be in one split", "none"),
        ("flame_sample_0008 must be in one split", "test and train and val"),
    }
    assert told(out, "ignored") == [
        ("notes.txt", "must be named as the pictures of 3D-Pain are", "notes.txt")
    ]
    figures = report(out)["figures"]
    assert figures["pictures in the source"] == 39
    assert figures["pictures left out: not in one split"] == 8
    assert figures["pictures imported"] == 40 - 8 - 2


def test_sources_that_are_none(src: Path, tmp_path: Path) -> None:
    shutil.copy(src / "splits.csv", src / "again.csv")
    with pytest.raises(
        ValueError, match=r"must hold one CSV annotation_base_name,split.*, got aga"
    ):
        sources.of_3dpain(src, SAME, None)
    config = sources.of_3dpain(src, SAME, src / "again.csv")
    (src / "meshes_inpainted").mkdir()
    with pytest.raises(ValueError, match="one of images and meshes_inpainted, got images and mes"):
        make(config, tmp_path / "out")
    (src / "meshes_inpainted").rmdir()
    (src / "splits.csv").write_text("annotation_base_name,split\n")
    with pytest.raises(ValueError, match="must hold pictures of people with a split, got none"):
        make(sources.of_3dpain(src, SAME, src / "splits.csv"), tmp_path / "out")
    (src / "splits.csv").write_text("a,b\n")
    with pytest.raises(ValueError, match=r"splits.csv must begin with annotation_base_name,split"):
        make(
            sources.of_3dpain(src, Wanted(crop="none", size=33), src / "splits.csv"),
            tmp_path / "out",
        )
