"""Other people's readers see our values: fractions, nulls and then values, one split at a time.

`datasets` infers column types from five rows, so the sixth of `train` has the first PSPI with a
fraction and the first manual labels.
"""

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from assets.facs import AUS, AUVector
from generator.config import GenerateConfig
from generator.jobs import Run, generate
from generator.shards.codec import decode
from generator.shards.folder import open_folder
from generator.shards.index import Row
from generator.shards.record import AUCodes, AUSources, Sample, SequenceLabels
from tests.fake_producer import PRODUCER, make_person, splits
from tests.runs import ROOT, here, ignore

CONFIG = GenerateConfig(
    identities=10, pain_per_identity=3, views=2, size=32, people_per_shard=4, pspi="1,2,3"
)
SIXTH = 5
FIRST = splits(CONFIG).index("train")


def make_sixth_special(config: GenerateConfig, index: int) -> list[Sample]:
    """The fake person, but whole numbers and nulls in five rows and then neither."""
    samples = make_person(config, index)
    if index != FIRST:
        return samples
    aus = AUVector.both({4: 2.5})
    manual = AUCodes.of(aus)
    manual = replace(manual, left=dict.fromkeys(AUS), right=dict.fromkeys(AUS))
    record = samples[SIXTH].record
    record = replace(
        record,
        pspi=2.5,
        aus=AUSources(target=AUCodes.of(aus), manual=manual),
        sequence="t1",
        frame=7,
        fold=3,
        sequence_labels=SequenceLabels(vas=4.5),
        occluders=("tube",),
    )
    samples[SIXTH] = replace(samples[SIXTH], record=record)
    return samples


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("readers") / "data"
    with here():
        generate(CONFIG, replace(PRODUCER, make_person=make_sixth_special), Run(out), ignore)
    return out


@pytest.fixture(scope="module")
def rows(data: Path) -> list[Row]:
    listed = open_folder(data).index.to_pylist()
    assert [row["pspi"] for row in listed[:SIXTH]] == [int(row["pspi"]) for row in listed[:SIXTH]]
    assert listed[SIXTH]["pspi"] == 2.5
    return listed


def of(split: str, rows: list[Row]) -> list[Row]:
    found = [row for row in rows if row["split"] == split]
    assert found
    return found


@pytest.fixture
def offline(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Environment in which nothing can be fetched and no cache of the user's is touched."""
    for name in ("HF_HUB_OFFLINE", "HF_DATASETS_OFFLINE"):
        monkeypatch.setenv(name, "1")
    monkeypatch.setenv("HF_HOME", str(tmp_path / "hf"))


def test_hugging_face_datasets_keeps_fractions_and_nulls(
    data: Path, rows: list[Row], offline: None, tmp_path: Path
) -> None:
    # Imported late: the offline setting is read at import.
    import datasets

    loaded = datasets.load_dataset(str(data), cache_dir=str(tmp_path / "cache"))
    assert list(loaded) == ["train", "validation", "test"]
    for shown, split in (("train", "train"), ("validation", "val"), ("test", "test")):
        expected = of(split, rows)
        assert loaded[shown]["__key__"] == [row["key"] for row in expected]
        assert [record["pspi"] for record in loaded[shown]["json"]] == [
            row["pspi"] for row in expected
        ]
    records = loaded["train"]["json"]
    assert records[SIXTH]["pspi"] == 2.5
    assert records[SIXTH]["aus"]["target"]["label"]["au4"] == 2.5
    assert records[SIXTH]["aus"]["manual"]["label"]["au4"] == 2.5
    assert records[SIXTH]["aus"]["manual"]["left"]["au4"] is None
    assert records[SIXTH]["sequence_labels"]["vas"] == 4.5
    assert (records[SIXTH]["sequence"], records[SIXTH]["fold"]) == ("t1", 3)
    assert records[SIXTH]["occluders"] == ["tube"]
    assert records[0]["aus"]["manual"] is None
    assert (records[0]["sequence"], records[0]["fold"]) == (None, None)
    assert records[0]["landmarks"]["points"][67] == [16.0, 16.0]
    first = loaded["train"][0]
    assert first["jpg"].size == (32, 32)
    stored = open_folder(data).sample(rows[0]).members["depth.png"]
    # 16 bits arrive whole; our own decode gives metres.
    assert first["depth.png"].mode == "I;16"
    middle = first["depth.png"].getpixel((16, 16))
    assert middle / 10_000 == pytest.approx(float(decode("depth.png", stored)[16, 16]), abs=1e-6)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_webdataset_reads_every_member(data: Path, rows: list[Row]) -> None:
    import webdataset

    for split in ("train", "val", "test"):
        expected = of(split, rows)
        urls = [str(path) for path in sorted(data.glob(f"{split}-*.tar"))]
        seen = list(webdataset.WebDataset(urls, shardshuffle=False))
        assert [sample["__key__"] for sample in seen] == [row["key"] for row in expected]
        records = [json.loads(sample["json"]) for sample in seen]
        assert [record["pspi"] for record in records] == [row["pspi"] for row in expected]
        opened = open_folder(data)
        for sample, row in zip(seen, expected, strict=True):
            for suffix, stored in opened.sample(row).members.items():
                assert sample[suffix] == stored


TIMM = """
import json, logging, sys
import torch
if torch.version.cuda is None:
    # torchvision from the package index is built for CUDA: beside a CPU torch its library does not
    # load, and its Python code only needs these two operators to have a name.
    library = torch.library.Library("torchvision", "DEF")
    for name in ("nms", "qnms"):
        library.define(name + "(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
from timm.data import create_dataset
seen = {}
for split in ("train", "val", "test"):
    data = create_dataset(
        "wds/pain3d", root=sys.argv[1], split=split, target_key="pspi", is_training=False
    )
    samples = list(data)
    seen[split] = [len(data), [target for _, target in samples], samples[0][0].size]
print(json.dumps(seen))
"""


def test_timm_reads_whole_numbers(data: Path, rows: list[Row]) -> None:
    # In a process of its own: what it registers with torch stays until the end.
    environment = {**os.environ, "HF_HUB_OFFLINE": "1"}
    done = subprocess.run(
        [sys.executable, "-c", TIMM, str(data)],
        capture_output=True,
        text=True,
        env=environment,
        cwd=ROOT,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    seen = json.loads(done.stdout)
    for split in ("train", "val", "test"):
        expected = of(split, rows)
        assert seen[split] == [len(expected), [int(row["pspi"]) for row in expected], [32, 32]]
    # timm's targets are integers: our 2.5 is 2 to it, as the card says.
    assert seen["train"][1][SIXTH] == 2


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.filterwarnings("ignore::ResourceWarning")
def test_mlcroissant_validates_and_reads_the_index(data: Path, rows: list[Row]) -> None:
    import mlcroissant

    loaded = mlcroissant.Dataset(jsonld=str(data / "croissant.json"))
    assert loaded.metadata.issues.errors == set()
    warnings = sorted(loaded.metadata.issues.warnings)
    # No clock decides a byte of a data set, so there is no date.
    assert len(warnings) == 1
    assert "datePublished" in warnings[0]
    records = list(loaded.records(record_set="samples"))
    assert [record["samples/key"].decode() for record in records] == [row["key"] for row in rows]
    assert [record["samples/pspi"] for record in records] == [row["pspi"] for row in rows]
    assert records[SIXTH]["samples/pspi"] == 2.5
    assert records[SIXTH]["samples/sequence"] == b"t1"
    assert records[0]["samples/sequence"] is None
    description = json.loads((data / "croissant.json").read_text())
    listed = {
        entry["name"]: entry["sha256"]
        for entry in description["distribution"]
        if entry["@type"] == "cr:FileObject"
    }
    shards = {path.name for path in data.glob("*.tar")}
    assert set(listed) == {*shards, "index.parquet"}
    (together,) = (e for e in description["distribution"] if e["@type"] == "cr:FileSet")
    assert {path.name for path in data.glob(together["includes"])} == shards
    described = {field["name"]: field["description"] for field in loaded_fields(description)}
    assert described["pspi"] == "Prkachin-Solomon pain intensity, 0-16"
    assert all(described.values())
    assert set(described) == set(rows[0]) - {"occluders"}


def loaded_fields(description: dict[str, Any]) -> list[dict[str, str]]:
    (samples,) = description["recordSet"]
    return samples["field"]
