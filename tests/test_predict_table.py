"""What is written of pictures that were read: the same values from Parquet and from CSV."""

import csv
import io
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from vitpain.evaluate.predictions import HATS
from vitpain.predict import table


def rows() -> list[table.Row]:
    numbers = {name: 0.1 + number / 3 for number, name in enumerate(HATS)}
    said = {"neutral": "given", "neutrals": ["n, 1.jpg", "n2.jpg"], "read_by": "the model"}
    return [
        table.row("b.mp4", frame=7, seconds=0.28, left=-3.5, top=1.0, side=90.0, **said, **numbers),
        table.row("a.jpg", error='a.jpg must be "whole",\ngot half'),
        table.row("s.tar", key="k", neutral="none", neutrals=[], seen="no", note="n", **numbers),
    ]


def test_parquet_gives_rows_back_in_order(tmp_path: Path) -> None:
    path = tmp_path / "o.parquet"
    table.write(path, rows())
    assert pq.read_table(path).to_pylist() == rows()
    assert [one.name for one in tmp_path.iterdir()] == ["o.parquet"]


def test_every_column_says_what_it_is(tmp_path: Path) -> None:
    path = tmp_path / "o.parquet"
    table.write(path, rows())
    stored = pq.read_schema(path)
    assert set(HATS) <= set(stored.names)
    for field in stored:
        assert len(field.metadata[b"description"]) >= 4, field.name
    assert stored.field("p2").metadata[b"description"] == b"probability of PSPI >= 2"


def read_back(name: str, text: str) -> Any:
    """A cell of the CSV as the value that it was."""
    kind = table.COLUMNS[name][0]
    if text == "":
        return None
    if pa.types.is_list(kind):
        return text.split("; ")
    if pa.types.is_floating(kind):
        return float(text)
    return int(text) if pa.types.is_integer(kind) else text


def test_csv_gives_rows_back_to_the_last_bit(tmp_path: Path) -> None:
    path = tmp_path / "o.csv"
    table.write(path, rows())
    with open(path, newline="", encoding="utf-8") as file:
        found = [
            {name: read_back(name, text) for name, text in one.items()}
            for one in csv.DictReader(file)
        ]
    # An empty list and null are both an empty cell.
    wanted = [one | {"neutrals": one["neutrals"] or None} for one in rows()]
    assert found == wanted


@pytest.mark.parametrize("name", ["=1+1.jpg", "+1.jpg", "-1.jpg", "@a.jpg", "\ta.jpg", "\ra.jpg"])
def test_a_name_becomes_no_formula(name: str) -> None:
    row = table.row(name, key=name, neutrals=[name, "b"], error=name, left=-1.5)
    (found,) = csv.DictReader(io.StringIO(table.as_csv([row]).decode(), newline=""))
    assert {found["file"], found["key"], found["error"]} == {f"'{name}"}
    assert found["neutrals"] == f"'{name}; b"
    assert found["left"] == "-1.5"


def test_a_name_of_odd_bytes_can_be_written(tmp_path: Path) -> None:
    name = b"caf\xe9.jpg".decode("utf-8", "surrogateescape")
    for suffix in table.SUFFIXES:
        table.write(tmp_path / f"o{suffix}", [table.row(name)])
    assert pq.read_table(tmp_path / "o.parquet")["file"].to_pylist() == ["caf\\xe9.jpg"]
    assert b"caf\\xe9.jpg" in (tmp_path / "o.csv").read_bytes()


def test_rows_are_counted() -> None:
    told = table.counts([*rows(), table.row("c", neutral="own", seen="learnt from")])
    assert told == {
        "read": 3,
        "not read": 1,
        "neutral: given": 1,
        "neutral: own": 1,
        "neutral: none": 1,
        "of people the run learnt from": 1,
    }


def test_places_are_refused_before_any_work(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"^out must end in \.parquet or \.csv, got .*o\.xlsx$"):
        table.check_out(tmp_path / "o.xlsx")
    (tmp_path / "d.csv").mkdir()
    for path in (tmp_path / "d.csv", tmp_path / "none" / "o.csv"):
        with pytest.raises(ValueError, match=r"^out must be a file in a folder that is there, got"):
            table.check_out(path)
