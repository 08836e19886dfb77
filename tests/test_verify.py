"""`verify` finds each thing that can be wrong, names it, and finds nothing in a true data set."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from assets.facs import AUVector
from generator.shards import codec, folder, manifest
from generator.shards.findings import Findings
from generator.shards.record import AUCodes, AUSources, Sample
from generator.shards.tarball import read_shard
from generator.shards.verify import _table
from tests.damage import CONFIG, found, member, on, rewrite, said, some_key
from tests.runs import SMALL


def test_a_true_data_set_has_no_fault(true: Path) -> None:
    findings = found(true)
    assert findings.faults == []
    figures = findings.figures
    assert (figures["samples"], figures["people"], figures["shards"]) == (30, 5, 3)
    assert (figures["neutral samples"], figures["pain samples"]) == (10, 10)
    assert [figures[f"{split} samples"] for split in ("train", "val")] == [24, 6]
    assert figures["bytes"] == sum(
        path.stat().st_size for path in true.iterdir() if path.name != "manifest.json"
    )


def test_rewriting_without_a_change_changes_nothing(data: Path, true: Path) -> None:
    rewrite(data, lambda sample: sample)
    assert {p.name: p.read_bytes() for p in data.iterdir()} == {
        p.name: p.read_bytes() for p in true.iterdir()
    }


def test_every_file_is_held_to_its_checksum(data: Path) -> None:
    for path in (data / name for name in manifest.read(data)):
        whole = path.read_bytes()
        changed = bytearray(whole)
        changed[len(changed) // 2] ^= 1
        path.write_bytes(bytes(changed))
        assert f"{path.name}||must have SHA-256" in said(data)
        path.write_bytes(whole)
    assert said(data) == ""


def test_a_truncated_shard_is_found(data: Path) -> None:
    shard = data / "train-000001.tar"
    size = shard.stat().st_size
    shard.write_bytes(shard.read_bytes()[: size // 2])
    text = said(data)
    assert f"train-000001.tar||must have {size} bytes|{size // 2}" in text
    assert "train-000001.tar||shard must be readable to its end|" in text
    assert "index.parquet|" in text
    assert "index must name samples of the shards" in text


def test_files_that_are_missing_or_too_many_are_found(data: Path) -> None:
    (data / "val-000000.tar").unlink()
    (data / "notes.txt").write_text("x")
    (data / ".unfinished").mkdir()
    (data / "preview").mkdir()
    text = said(data)
    assert "val-000000.tar||must be there, as the manifest says|no file" in text
    assert "notes.txt||must be in the manifest|" in text
    assert ".unfinished||must be gone: run generate again with --resume|" in text
    assert "preview|" not in text


def test_an_unfinished_folder_is_refused(data: Path) -> None:
    (data / "manifest.json").unlink()
    with pytest.raises(ValueError, match="must be a finished data set"):
        found(data)


SIDE = SMALL.size
ONES = np.ones((SIDE, SIDE), np.float32)
HALF = np.full((SIDE, SIDE, 3), 0.3, np.float32)


@pytest.mark.parametrize(
    ("name", "encoded", "rule"),
    [
        ("seg.png", codec.encode_seg(np.full((SIDE, SIDE), 99, np.uint8)), "seg must hold known"),
        ("seg.png", codec.encode_seg(np.ones((SIDE, SIDE), np.uint8)), "depth.png must cover the"),
        ("depth.png", codec.encode_depth(ONES), "depth.png must cover the pixels of seg"),
        ("depth.png", codec.encode_depth(ONES[:8]), f"depth.png must be {SIDE} x {SIDE}"),
        ("normal.png", codec.encode_normal(HALF), "normals must be unit vectors"),
        ("heat.png", codec.encode_heat(np.ones((6, SIDE, SIDE), np.float32)), "heat must be zero"),
        ("heat.png", codec.encode_heat(np.ones((6, SIDE, SIDE), np.float32)), "heat must lie on"),
        ("jpg", b"no picture", "member must read"),
        ("uv.png", codec.encode_seg(np.ones((SIDE, SIDE), np.uint8)), "member must read"),
    ],
)
def test_maps_that_disagree_are_found(data: Path, name: str, encoded: bytes, rule: str) -> None:
    key = some_key(data, "neutral")
    rewrite(data, on(key, member(name, encoded)))
    assert f"|{key}|{rule}" in said(data)


def test_a_missing_member_is_found(data: Path) -> None:
    key = some_key(data, "pain")

    def drop(sample: Sample) -> Sample:
        kept = {name: part for name, part in sample.members.items() if name != "depth.png"}
        return replace(sample, members=kept)

    rewrite(data, on(key, drop))
    assert f"|{key}|members must be jpg, json, seg.png, depth.png" in said(data)


def test_labels_that_break_a_rule_are_found(data: Path) -> None:
    key = some_key(data, "neutral")
    codes = AUCodes.of(AUVector.both({12: 2.0}))

    def smile(sample: Sample) -> Sample:
        return replace(sample, record=replace(sample.record, aus=AUSources(target=codes)))

    rewrite(data, on(key, smile))
    assert f"|{key}|a neutral must have all AUs at 0|" in said(data)


def test_a_record_that_is_no_record_is_found(data: Path) -> None:
    stored = next(read_shard(data / "train-000000.tar"))
    place = (data / "train-000000.tar").read_bytes().index(b'"pspi":0.0')
    changed = bytearray((data / "train-000000.tar").read_bytes())
    changed[place + 7 : place + 10] = b'"0"'
    (data / "train-000000.tar").write_bytes(bytes(changed))
    text = said(data)
    assert f"|{stored.key}|record must be readable|" in text
    assert "pspi must be a float, got '0'" in text


def test_a_number_that_no_column_holds_is_found(true: Path) -> None:
    rows = folder.open_folder(true).index.slice(0, 3).to_pylist()
    found = Findings()
    assert _table("x.tar", rows, found).to_pylist() == rows
    assert found.faults == []
    wide = [rows[0], {**rows[1], "view": 2**40}, rows[2]]
    assert _table("x.tar", wide, found).to_pylist() == [rows[0], rows[2]]
    assert [(one.key, one.rule) for one in found.faults] == [
        (rows[1]["key"], "record must be readable")
    ]


def test_a_lost_neutral_is_found(data: Path) -> None:
    key = some_key(data, "neutral")
    rewrite(data, on(key, lambda sample: None))
    text = said(data)
    assert f"neutral_key must be in the index|{key}" in text
    assert "view 0 must have one neutral|0" in text


def test_a_neutral_of_another_view_is_found(data: Path) -> None:
    key = some_key(data, "pain")
    other = key.replace("_v0_", "_v1_")[:-2] + "00"
    rewrite(data, on(key, lambda s: replace(s, record=replace(s.record, neutral_key=other))))
    assert f"|{key}|neutral must be of the same person and view|{other}" in said(data)


def test_a_pair_in_other_light_is_found(data: Path) -> None:
    key = some_key(data, "pain")

    def darker(sample: Sample) -> Sample:
        light = replace(sample.record.light, exposure=0.1)
        return replace(sample, record=replace(sample.record, light=light))

    rewrite(data, on(key, darker))
    assert f"|{key}|camera, light, background, sensor must be those of" in said(data)


def test_a_person_in_two_splits_is_found(data: Path) -> None:
    rows = folder.open_folder(data).index.to_pylist()
    train = next(row for row in rows if row["split"] == "train")["identity"]
    val = next(row["key"] for row in rows if row["split"] == "val" and row["kind"] == "pain")
    rewrite(data, on(val, lambda s: replace(s, record=replace(s.record, identity=train))))
    text = said(data)
    assert f"{train} must have one split|" in text
    assert "every person must have as many pain pictures" in text


def test_people_out_of_balance_are_found(data: Path) -> None:
    def older(sample: Sample) -> Sample:
        person = replace(sample.record.person, age_years=70.0, sex="male", ethnicity="asian")
        return replace(sample, record=replace(sample.record, person=person, nfcs=None))

    rewrite(data, older)
    text = said(data)
    assert "cells of band, sex, ethnicity must be level within one" in text
    assert "sexes in train must be level within one" in text
    rewrite(data, lambda sample: None if sample.record.split == "val" else sample)
    text = said(data)
    assert "people must be 5|4" in text
    assert "val must have 1 people of 4|0" in text


def test_duplicates_are_found(data: Path) -> None:
    key = some_key(data, "pain")
    first = folder.open_folder(data)
    row = next(row for row in first.index.to_pylist() if row["kind"] == "neutral")
    picture = first.sample(row).members["jpg"]
    rewrite(data, on(key, member("jpg", picture)))
    assert f"|{key}|picture must be no other's|the same as {row['key']}" in said(data)
    rewrite(data, on(key, lambda s: replace(s, record=replace(s.record, key=row["key"] + "x"))))
    assert "neutral_key must be in the index" not in said(data)


def test_a_folder_is_read_sample_by_sample(data: Path) -> None:
    opened = folder.open_folder(data)
    row = opened.index.to_pylist()[5]
    sample = opened.sample(row)
    assert (sample.record.key, sample.record.pspi) == (row["key"], row["pspi"])
    assert {*sample.members, "json"} == set(CONFIG.members)
    with pytest.raises(ValueError, match=r"must hold .* unaltered"):
        opened.sample({**row, "sha256": "0"})
