"""The files beside the shards are held to them: index, card, descriptions, manifest."""

import json
from pathlib import Path

import pyarrow.parquet as pq

from assets import atomic
from generator.shards import folder, index, manifest
from tests.damage import said


def test_an_index_that_disagrees_is_found(data: Path) -> None:
    rows = folder.open_folder(data).index.to_pylist()
    rows[3] = {**rows[3], "pspi": 9.5}
    rows[4] = {**rows[4], "offset": rows[4]["offset"] + 512}
    missing = rows.pop(7)["key"]
    index.write(data / "index.parquet", index.table(rows))
    files = manifest.read(data) | {"index.parquet": manifest.checksum(data / "index.parquet")}
    manifest.write(data, files, {})
    text = said(data)
    assert f"index.parquet|{rows[3]['key']}|pspi must be" in text
    assert "|9.5" in text
    assert f"index.parquet|{rows[4]['key']}|offset must be" in text
    assert f"index.parquet|{missing}|index must have a row for every sample|none" in text
    assert len(text.splitlines()) == 3


def test_an_index_of_another_shape_is_found(data: Path) -> None:
    table = folder.open_folder(data).index.drop_columns(["pspi"])
    pq.write_table(table, data / "index.parquet")
    assert "index must be readable|" in said(data)
    assert "a difference in pspi" in said(data)


def test_an_index_out_of_order_is_found(data: Path) -> None:
    rows = folder.open_folder(data).index.to_pylist()
    rows[3], rows[4] = rows[4], rows[3]
    index.write(data / "index.parquet", index.table(rows))
    files = manifest.read(data) | {"index.parquet": manifest.checksum(data / "index.parquet")}
    manifest.write(data, files, folder.counts(index.table(rows)))
    assert "index must have the order of the shards" in said(data)
    assert said(data).count("\n") == 0


def test_a_listing_that_disagrees_is_found(data: Path) -> None:
    listing = json.loads((data / "_info.json").read_text())
    listing["splits"]["train"]["shard_lengths"][0] += 1
    atomic.write(data / "_info.json", manifest.json_bytes(listing))
    files = manifest.read(data) | {"_info.json": manifest.checksum(data / "_info.json")}
    manifest.write(data, files, folder.counts(folder.open_folder(data).index))
    rule = "must be what configuration and index give, byte for byte"
    assert said(data) == f"_info.json||{rule}|line 11: '13,' and not '12,'"


def test_card_and_descriptions_are_held_to_the_index(data: Path) -> None:
    table = folder.open_folder(data).index
    for name, old, new in (
        ("README.md", b"| train | 4 |", b"| train | 5 |"),
        ("croissant.json", b'"contentSize": "', b'"contentSize": "1'),
        ("_info.json", b'"num_samples": 24', b'"num_samples": 25'),
    ):
        whole = (data / name).read_bytes()
        assert old in whole
        (data / name).write_bytes(whole.replace(old, new))
        files = manifest.read(data) | {name: manifest.checksum(data / name)}
        manifest.write(data, files, folder.counts(table))
        assert said(data).startswith(f"{name}||must be what configuration and index give")
        assert said(data).count("\n") == 0
        (data / name).write_bytes(whole)
        files[name] = manifest.checksum(data / name)
        manifest.write(data, files, folder.counts(table))
    for counts in ({"samples": 31, "people": 5}, {"samples": 30, "people": 4}, {}):
        manifest.write(data, files, counts)
        assert said(data).startswith("manifest.json||must be what configuration and index give")
