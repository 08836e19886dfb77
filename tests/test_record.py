"""`KEY.json`: every key always there, fractions written as such, strict and byte-stable."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from assets import facs
from generator.config import GenerateConfig
from generator.shards import manifest
from generator.shards.features import dataset_features
from generator.shards.record import AUCodes, AUSources, PersonFacts, Record, SequenceLabels
from generator.shards.record_json import from_json, to_json
from tests.fake_producer import make_person

BARE = Record("k", "p", "train", "real", "unbc", 320, 240)


def full() -> Record:
    config = GenerateConfig(identities=5, size=32, ages="0-1", continuous=True)
    return make_person(config, 3)[4].record


def with_pspi(**aus: float) -> Record:
    vector = facs.AUVector.both({int(name[2:]): value for name, value in aus.items()})
    codes = AUCodes.of(vector)
    return replace(full(), pspi=vector.pspi, aus=AUSources(target=codes, manual=codes))


@pytest.mark.parametrize("record", [BARE, full(), with_pspi(au4=2.5)])
def test_a_record_comes_back_as_it_was(record: Record) -> None:
    data = to_json(record)
    assert from_json(data, "k.json") == record
    assert to_json(from_json(data, "k.json")) == data


def paths(plain: Any, prefix: str = "") -> dict[str, type]:
    """Every key in a tree of objects with the type of its value."""
    found: dict[str, type] = {}
    for key, value in plain.items():
        found[prefix + key] = type(value)
        if isinstance(value, dict):
            found |= paths(value, f"{prefix}{key}.")
    return found


def test_every_key_is_always_there() -> None:
    bare, whole = json.loads(to_json(BARE)), json.loads(to_json(full()))
    assert bare.keys() == whole.keys()
    shared = ("person", "light", "background", "sensor", "sequence_labels", "made_by", "aus")
    for name in shared:
        assert bare[name].keys() == whole[name].keys()
    assert bare["pspi"] is None
    assert bare["aus"] == {"target": None, "manual": None, "openface": None}
    assert list(whole["aus"]["target"]["left"]) == [f"au{au}" for au in facs.AUS]
    assert bare["expression"] is None
    assert whole["gaze"]["left"].keys() == {"yaw", "pitch"}
    assert whole["head_pose"].keys() == {"yaw", "pitch", "roll"}


def test_what_can_have_a_fraction_is_written_as_one() -> None:
    whole = with_pspi(au4=2.0, au43=1.0, au45=5.0)
    text = to_json(whole).decode()
    assert '"pspi":3.0' in text
    kinds = paths(json.loads(text))
    floats = ("pspi", "person.african", "head_pose.yaw", "light.exposure", "aus.target.label.au43")
    assert [kinds[name] for name in floats] == [float] * 5
    assert [kinds[name] for name in ("width", "view", "person.skin_tone")] == [int] * 3
    # A producer's numpy numbers and whole numbers end up the same.
    assert to_json(replace(whole, pspi=np.float64(3.0))) == text.encode()


def test_bytes_do_not_change() -> None:
    start = (
        b'{"key":"k","identity":"p","split":"train","kind":"real","source":"unbc","width":320,'
        b'"height":240,"image":"jpg","fold":null,"view":null,"sequence":null,"frame":null,'
    )
    assert to_json(BARE).startswith(start)
    assert b'"crop":[[1.0,0.0,0.0],[0.0,1.0,0.0]]' in to_json(BARE)


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"pspi": 3}, "k.json.pspi must be a float, got 3"),
        ({"view": True}, "k.json.view must be a int, got True"),
        ({"key": None}, "k.json.key must not be null"),
        ({"kind": "grimace"}, "k.json.kind must be one of"),
        ({"crop": [[1.0, 0.0], [0.0, 1.0, 0.0]]}, "k.json.crop must have 3 items, got 2"),
        ({"occluders": "tube"}, "k.json.occluders must be a list, got 'tube'"),
        ({"more": 1}, "k.json must have known keys only, got more"),
        ({"person": {}}, "k.json.person must have every key, got none for age_years, sex"),
        ({"light": 1}, "k.json.light must be an object, got 1"),
    ],
)
def test_a_wrong_value_is_named(change: dict[str, Any], text: str) -> None:
    plain = {**json.loads(to_json(BARE)), **change}
    with pytest.raises(ValueError, match=text):
        from_json(json.dumps(plain).encode(), "k.json")


def test_what_is_no_json_or_not_finite_is_refused() -> None:
    with pytest.raises(ValueError, match=r"k\.json must be JSON"):
        from_json(b"{", "k.json")
    with pytest.raises(ValueError, match=r"k\.json must be JSON"):
        from_json(b"[" * 100_000, "k.json")
    with pytest.raises(ValueError, match=r"k\.json\.pspi must be finite, got nan"):
        from_json(to_json(replace(BARE, pspi=1.0)).replace(b'"pspi":1.0', b'"pspi":NaN'), "k.json")
    with pytest.raises(ValueError, match=r"k.person.age_years must be finite, got inf"):
        to_json(replace(BARE, person=PersonFacts(age_years=float("inf"))))


def test_labels_are_those_of_the_source_that_is_named() -> None:
    manual = AUCodes.of(facs.AUVector.both({4: 1.0}))
    record = replace(full(), aus=replace(full().aus, manual=manual))
    assert record.labels == record.aus.target != manual
    assert replace(record, label_source="manual").labels == manual
    assert replace(record, label_source="openface").labels is None
    assert BARE.labels is None


def dtypes(features: list[dict[str, Any]], prefix: str = "") -> dict[str, Any]:
    found: dict[str, Any] = {}
    for feature in features:
        name = prefix + feature["name"]
        if "struct" in feature:
            found |= dtypes(feature["struct"], f"{name}.")
        else:
            found[name] = feature.get("dtype", feature.get("list"))
    return found


def test_column_types_are_those_of_the_record() -> None:
    stated = dtypes(dataset_features(("jpg", "json", "depth.png")))
    plain = paths(json.loads(to_json(replace(full(), sequence_labels=SequenceLabels(vas=1.0)))))
    names = {float: "float64", int: "int64", str: "string", bool: "bool"}
    checked = 0
    for path, kind in plain.items():
        if kind in names:
            assert stated[f"json.{path}"] == names[kind], path
            checked += 1
    assert checked > 100
    assert stated["jpg"] == stated["depth.png"] == "image"
    assert stated["json.landmarks.points"] == {"list": "float64"}
    assert stated["json.landmarks.visible"] == "bool"


@pytest.mark.parametrize("text", [b"[" * 100_000, b"9" * 5000, b'{"a": ' + b"9" * 5000 + b"}"])
def test_json_that_no_reader_can_take_names_its_file(tmp_path: Path, text: bytes) -> None:
    (tmp_path / "manifest.json").write_bytes(text)
    with pytest.raises(ValueError, match=r"manifest\.json must be JSON, got "):
        manifest.read(tmp_path)
    with pytest.raises(ValueError, match=r"^a\.json must be JSON, got "):
        from_json(text, "a.json")
