"""Predictions on disk: the same bytes and nulls back, and each broken rule named."""

import re
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from vitpain.evaluate import predictions


def columns(rows: int = 4) -> dict[str, Any]:
    """Two subjects trained on and tested, in one fold; the last frame has no labels."""
    half = rows // 2
    made: dict[str, Any] = {
        "key": [f"k{row}" for row in range(rows)],
        "set": [0] * rows,
        "source": ["3d"] * rows,
        "subject": ["a"] * half + ["b"] * (rows - half),
        "fold": [1] * rows,
        "role": ["train"] * half + ["test"] * (rows - half),
        "condition": ["right"] * rows,
        "sequence": [None] * rows,
        "frame": [None] * rows,
        "kind": ["pain"] * rows,
        "view": [0] * rows,
        "neutral_keys": [[f"n{row}"] for row in range(rows - 1)] + [[]],
        "age_years": np.linspace(20, 40, rows),
        "sex": ["female"] * rows,
        "skin_tone": [3] * rows,
        "split": ["train"] * rows,
    }
    labels = ("pspi", *predictions.AU_LABELS)
    made |= {name: np.r_[np.full(rows - 1, 0.5), np.nan] for name in labels}
    return made | {name: np.full(rows, 0.25) for name in predictions.HATS}


def test_a_table_comes_back_with_its_nulls_and_the_same_bytes(tmp_path: Path) -> None:
    made = predictions.table(columns())
    assert made["pspi"].to_pylist() == [0.5, 0.5, 0.5, None]
    predictions.write(tmp_path / "a.parquet", made)
    back = predictions.read(tmp_path / "a.parquet")
    assert back.equals(made)
    pieces = pa.concat_tables([made.slice(0, 1), made.slice(1)])
    predictions.write(tmp_path / "b.parquet", pieces)
    assert (tmp_path / "a.parquet").read_bytes() == (tmp_path / "b.parquet").read_bytes()


@pytest.mark.parametrize(
    ("name", "place", "value", "text"),
    [
        ("pspi_hat", 2, np.nan, r"row 2 \(k2\): pspi_hat must be a finite number, got nan"),
        ("au4_hat", 1, np.inf, r"row 1 \(k1\): au4_hat must be a finite number, got inf"),
        ("p2", 0, 1.5, r"row 0 \(k0\): p2 must be from 0 to 1, got 1.5"),
        ("pspi", 1, 17.0, "pspi must be from 0 to 16, got 17.0"),
        ("au43", 1, 2.0, "au43 must be from 0 to 1, got 2.0"),
        ("au4", 1, -0.5, "au4 must be from 0 to 5, got -0.5"),
        ("role", 3, "held", "row 3 (k3): role must be one of train, val, test, got held"),
        ("condition", 3, "left", "condition must be one of right, other, none, got left"),
        ("skin_tone", 2, 11, r"row 2 \(k2\): skin_tone must be from 1 to 10, got 11"),
        ("age_years", 0, -1.0, "age_years must be from 0 to 130, got -1.0"),
        ("fold", 1, -1, "fold must be at least 0, got -1"),
        ("key", 1, "k0", "must hold a frame once a fold and condition, got twice set 0, key k0"),
        ("key", 1, None, "row 1 (None): key must be known, got null"),
        ("role", 0, "test", "a subject must have one role a fold, got a as test and train in"),
        ("role", 1, "val", "a subject must have one role a fold, got a as train and val in fold 1"),
        ("fold", 3, 2, "a subject must be tested in one fold, got b in folds 1 and 2"),
    ],
)
def test_a_broken_rule_is_named(
    tmp_path: Path, name: str, place: int, value: Any, text: str
) -> None:
    given = columns()
    given[name] = [*list(given[name])[:place], value, *list(given[name])[place + 1 :]]
    made = predictions.table(given)
    path = tmp_path / predictions.NAME
    rule = text if text.startswith("row") and "\\" in text else re.escape(text)
    with pytest.raises(ValueError, match=rule) as error:
        predictions.write(path, made)
    assert not path.exists()
    if value is not None:  # pyarrow writes no null where the schema has none
        pq.write_table(made, path)
        with pytest.raises(ValueError, match=rule):
            predictions.read(path)
    assert str(error.value).startswith(str(path))


def test_a_label_is_null_and_never_nan(tmp_path: Path) -> None:
    made = predictions.table(columns())
    place = made.schema.get_field_index("pspi")
    made = made.set_column(place, predictions.SCHEMA.field("pspi"), pa.array([0.0, 1, 2, np.nan]))
    with pytest.raises(ValueError, match="pspi must be from 0 to 16, got nan"):
        predictions.write(tmp_path / predictions.NAME, made)


def test_columns_are_those_of_the_schema(tmp_path: Path) -> None:
    given = columns()
    with pytest.raises(ValueError, match="must be those of SCHEMA, got p1"):
        predictions.table({name: value for name, value in given.items() if name != "p1"})
    with pytest.raises(ValueError, match="column p1 must be as long as key, 4, got 3"):
        predictions.table(given | {"p1": np.zeros(3)})
    with pytest.raises(ValueError, match="column set must be of type int32, got"):
        predictions.table(given | {"set": ["one"] * 4})
    path = tmp_path / predictions.NAME
    made = predictions.table(given)
    pq.write_table(made.drop_columns(["p1"]), path)
    with pytest.raises(ValueError, match=f"^{path} must have the columns .* got none of p1$"):
        predictions.read(path)
    loose = pa.schema([one.with_nullable(True) for one in predictions.SCHEMA])
    for wrong, text in (
        (made.append_column("more", pa.array([0] * 4)), "more too"),
        (made.select(made.column_names[::-1]), "them in another order"),
        (made.cast(loose), "key with nulls"),
        (made.set_column(1, "set", pa.array([0] * 4)), "set of type int64 in place of int32"),
    ):
        pq.write_table(wrong, path)
        with pytest.raises(ValueError, match=f"must have the columns of predictions, got {text}$"):
            predictions.read(path)


def test_what_is_no_parquet_is_named(tmp_path: Path) -> None:
    path = tmp_path / predictions.NAME
    made = predictions.table(columns())
    predictions.write(path, made)
    whole = path.read_bytes()
    for damaged in (b"no table", whole[:-9], whole[: len(whole) // 2], b"", b"PAR1" * 40):
        path.write_bytes(damaged)
        with pytest.raises(ValueError, match=f"^{path} must be predictions in Parquet, got"):
            predictions.read(path)
    with pytest.raises(ValueError, match="must have rows, got none"):
        predictions.write(path, made.slice(0, 0))
