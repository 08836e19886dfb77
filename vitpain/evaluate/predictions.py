"""`predictions.parquet`: what a model said of each frame beside what is known of it.

A row a frame, fold and condition, so that every table of a report can be made again with no GPU.
What is not known is null: NaN stands in no column. `fold` counts from 1, and is 0 for a run
without folds. `subject` is the person, by whom folds are disjoint and intervals are drawn.
"""

from collections.abc import Mapping, Sequence
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from assets import atomic, table_file
from assets.facs import HIGHEST, HIGHEST_PSPI, PAIN_AUS
from assets.population import SPLITS

NAME = "predictions.parquet"
RUN = "run.json"
"""What lies beside it and says which run these predictions are of."""
ROLES: tuple[str, ...] = SPLITS
"""What a frame was for in its fit; a fold divides frames anew, so `split` may say otherwise."""
CONDITIONS = ("right", "other", "none")
"""Whose neutral the model was given: the person's own, another person's, or none."""
LEVELS = (1, 2, 3)
"""PSPI at and above which `p1`, `p2` and `p3` are the probability of pain."""
AU_LABELS = tuple(f"au{au}" for au in PAIN_AUS)
AU_HATS = tuple(f"au{au}_hat" for au in PAIN_AUS)
PROBABILITIES = tuple(f"p{level}" for level in LEVELS)
HATS = ("pspi_hat", "pspi_of_aus_hat", *PROBABILITIES, *AU_HATS)
BOUNDS: dict[str, tuple[float, float]] = {
    "pspi": (0.0, HIGHEST_PSPI),
    **{f"au{au}": (0.0, HIGHEST[au]) for au in PAIN_AUS},
    **dict.fromkeys(PROBABILITIES, (0.0, 1.0)),
    "age_years": (0.0, 130.0),
    "skin_tone": (1.0, 10.0),
    "fold": (0.0, np.inf),
}
"""From where to where a number that is known may lie."""

SCHEMA = pa.schema(
    [
        pa.field("key", pa.string(), nullable=False),
        pa.field("set", pa.int32(), nullable=False),
        pa.field("source", pa.string(), nullable=False),
        pa.field("subject", pa.string(), nullable=False),
        pa.field("fold", pa.int32(), nullable=False),
        pa.field("role", pa.string(), nullable=False),
        pa.field("condition", pa.string(), nullable=False),
        pa.field("sequence", pa.string()),
        pa.field("frame", pa.int32()),
        pa.field("kind", pa.string(), nullable=False),
        pa.field("view", pa.int32()),
        pa.field("pspi", pa.float64()),
        *(pa.field(name, pa.float64()) for name in AU_LABELS),
        *(pa.field(name, pa.float64(), nullable=False) for name in HATS),
        # Parquet names the items so, and a table read back would otherwise differ in its bytes.
        pa.field("neutral_keys", pa.list_(pa.field("element", pa.string())), nullable=False),
        pa.field("age_years", pa.float64()),
        pa.field("sex", pa.string()),
        pa.field("skin_tone", pa.int32()),
        pa.field("split", pa.string(), nullable=False),
    ]
)


def table(columns: Mapping[str, Any]) -> pa.Table:
    """Make a table of arrays or lists by column; NaN in a label or an age becomes null.

    Raises ValueError where a column is missing, unknown, of another length or of another type.
    """
    wrong = sorted(set(SCHEMA.names) ^ set(columns))
    if wrong:
        raise ValueError(f"columns of predictions must be those of SCHEMA, got {wrong[0]}")
    made = [_column(field, columns[field.name]) for field in SCHEMA]
    for field, column in zip(SCHEMA, made, strict=True):
        if len(column) != len(made[0]):
            rule = f"as long as {SCHEMA.names[0]}, {len(made[0])}"
            raise ValueError(f"column {field.name} must be {rule}, got {len(column)}")
    return pa.Table.from_arrays(made, schema=SCHEMA)


def write(path: Path, content: pa.Table) -> None:
    """Write a table that holds to `check`; its bytes depend on the rows alone."""
    check(content, str(path))
    buffer = BytesIO()
    whole = content.combine_chunks().replace_schema_metadata(None)
    pq.write_table(whole, buffer, compression="zstd", row_group_size=65536)
    atomic.write(path, buffer.getvalue())


def read(path: Path) -> pa.Table:
    """Read a table. Raises ValueError that names the file where it breaks a rule of `check`."""
    content = table_file.read(path, "predictions")
    check(content, str(path))
    return content


def check(content: pa.Table, what: str) -> None:
    """Hold predictions to their rules; `what` names them in the ValueError of a broken one.

    Columns and their types; nothing null, NaN or out of range that must not be; a frame once a
    fold and condition; in a fold a subject plays one role; a subject is tested in one fold.
    """
    if not content.schema.equals(SCHEMA):
        got = _difference(content.schema)
        raise ValueError(f"{what} must have the columns of predictions, got {got}")
    if content.num_rows == 0:
        raise ValueError(f"{what} must have rows, got none")
    for field in SCHEMA:
        if not field.nullable and content[field.name].null_count:
            place = pc.index(content[field.name].is_null(), True).as_py()
            raise ValueError(f"{_row(content, place, what)}{field.name} must be known, got null")
    _check_words(content, what, "role", ROLES)
    _check_words(content, what, "condition", CONDITIONS)
    for name in ("pspi", *AU_LABELS, *HATS, "age_years", "skin_tone", "fold"):
        _check_range(content, what, name)
    _check_folds(content, what)


def _column(field: pa.Field, values: Any) -> pa.Array:
    try:
        if pa.types.is_floating(field.type):
            # Predictions keep NaN, so that the rule on them is what refuses it.
            numbers = np.asarray(values, dtype=np.float64)
            return pa.array(numbers, field.type, from_pandas=field.nullable)
        return pa.array(values, field.type)
    except (pa.ArrowException, TypeError, ValueError) as error:
        rule = f"of type {field.type}"
        raise ValueError(f"column {field.name} must be {rule}, got {error}") from error


def _row(content: pa.Table, place: int, what: str) -> str:
    return f"{what}, row {place} ({content['key'][place].as_py()}): "


def _check_words(content: pa.Table, what: str, name: str, words: Sequence[str]) -> None:
    for got in sorted(set(content[name].unique().to_pylist()) - set(words)):
        place = pc.index(content[name], got).as_py()
        rule = f"one of {', '.join(words)}"
        raise ValueError(f"{_row(content, place, what)}{name} must be {rule}, got {got}")


def _difference(schema: pa.Schema) -> str:
    """How columns differ from those of `SCHEMA`, in words."""
    missing = [name for name in SCHEMA.names if name not in schema.names]
    unknown = [name for name in schema.names if name not in SCHEMA.names]
    if missing or unknown:
        return f"none of {missing[0]}" if missing else f"{unknown[0]} too"
    for field in SCHEMA:
        found = schema.field(field.name)
        if found.type != field.type:
            return f"{field.name} of type {found.type} in place of {field.type}"
        if found.nullable != field.nullable:
            return f"{field.name} {'with' if found.nullable else 'without'} nulls"
    return "them in another order"


def _check_range(content: pa.Table, what: str, name: str) -> None:
    column = content[name].combine_chunks()
    values = column.to_numpy(zero_copy_only=False)
    known = column.is_valid().to_numpy(zero_copy_only=False)
    bad = known & ~np.isfinite(values)
    rule = "a finite number"
    if name in BOUNDS:
        low, high = BOUNDS[name]
        bad |= known & ~((values >= low) & (values <= high))
        rule = f"from {low:g} to {high:g}" if high < np.inf else f"at least {low:g}"
    if bad.any():
        place = int(bad.argmax())
        raise ValueError(f"{_row(content, place, what)}{name} must be {rule}, got {values[place]}")


def _check_folds(content: pa.Table, what: str) -> None:
    each = ["set", "key", "fold", "condition"]
    counts = content.select(each).group_by(each).aggregate([([], "count_all")])
    if counts.num_rows != content.num_rows:
        twice = (
            counts.sort_by([("count_all", "descending")]).select(each).slice(0, 1).to_pylist()[0]
        )
        got = ", ".join(f"{name} {value}" for name, value in twice.items())
        raise ValueError(f"{what} must hold a frame once a fold and condition, got twice {got}")
    parts = ["subject", "fold", "role"]
    found = content.select(parts).group_by(parts).aggregate([]).to_pylist()
    roles: dict[tuple[str, int], str] = {}
    tested: dict[str, int] = {}
    for one in sorted(found, key=lambda row: (row["subject"], row["fold"], row["role"])):
        subject, fold, role = one["subject"], one["fold"], one["role"]
        if roles.setdefault((subject, fold), role) != role:
            got = f"{subject} as {roles[subject, fold]} and {role} in fold {fold}"
            raise ValueError(f"{what}: a subject must have one role a fold, got {got}")
        if role == "test" and tested.setdefault(subject, fold) != fold:
            got = f"{subject} in folds {tested[subject]} and {fold}"
            raise ValueError(f"{what}: a subject must be tested in one fold, got {got}")
