"""What is written of pictures that were read: a row a picture or frame, those that failed too.

Parquet, whose fields say what they are, or CSV for a spreadsheet. In CSV a text that begins with
= + - @, a tab or a return stands after an apostrophe: a file's name must not become a formula.
"""

import csv
from collections.abc import Mapping, Sequence
from io import BytesIO, StringIO
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from assets import atomic
from assets.facs import HIGHEST, HIGHEST_PSPI, PAIN_AUS
from vitpain.evaluate.predictions import LEVELS

SUFFIXES = (".parquet", ".csv")
NEUTRALS = ("given", "own", "none")
SEEN = ("no", "selected by", "learnt from")
_TEXT, _NUMBER = pa.string(), pa.float64()
# Parquet names the items so, and a table read back would otherwise differ.
_LIST = pa.list_(pa.field("element", pa.string()))
COLUMNS: dict[str, tuple[pa.DataType, str]] = {
    "file": (_TEXT, "the picture, the video, or the shard"),
    "key": (_TEXT, "name of the sample in a shard"),
    "frame": (pa.int64(), "number of the frame in a video, from 0"),
    "seconds": (_NUMBER, "time of that frame"),
    "left": (_NUMBER, "left edge of the square that was read, pixels of the picture"),
    "top": (_NUMBER, "top edge"),
    "side": (_NUMBER, "side"),
    "neutral": (_TEXT, "what the face was compared with: given (the user's pictures), own (the "
                "data set's), none"),
    "neutrals": (_LIST, "which pictures or samples those are"),
    "read_by": (_TEXT, "the model, a fold, or the mean of folds"),
    "seen": (_TEXT, "whether the run learnt from this person: no, selected by, learnt from; null: "
             "unknown"),
    "pspi_hat": (_NUMBER, f"PSPI, 0-{HIGHEST_PSPI}"),
    "pspi_of_aus_hat": (_NUMBER, "PSPI of the action units that are said below"),
    **{f"p{level}": (_NUMBER, f"probability of PSPI >= {level}") for level in LEVELS},
    **{f"au{au}_hat": (_NUMBER, f"intensity of AU{au}, 0-{HIGHEST[au]:g}") for au in PAIN_AUS},
    "note": (_TEXT, "what must be known of the run or of the picture"),
    "error": (_TEXT, "why nothing was read; the numbers are null then"),
}  # fmt: skip
SCHEMA = pa.schema(
    [
        pa.field(name, kind, nullable=name != "file", metadata={"description": text})
        for name, (kind, text) in COLUMNS.items()
    ]
)
_FORMULA = ("=", "+", "-", "@", "\t", "\r")

Row = dict[str, Any]


def row(file: str, **known: Any) -> Row:
    """A row of what is known; all else is null."""
    assert known.keys() <= COLUMNS.keys(), known.keys() - COLUMNS.keys()
    return dict.fromkeys(COLUMNS) | {"file": as_text(file), **known}


def check_out(path: Path) -> None:
    """Refuse before any work a file that is neither Parquet nor CSV, or has no folder."""
    if path.suffix.lower() not in SUFFIXES:
        raise ValueError(f"out must end in {' or '.join(SUFFIXES)}, got {path}")
    if path.is_dir() or not path.parent.is_dir():
        raise ValueError(f"out must be a file in a folder that is there, got {path}")


def write(path: Path, rows: Sequence[Row]) -> None:
    """Write rows, in their order, as the suffix says."""
    check_out(path)
    if path.suffix.lower() == ".csv":
        atomic.write(path, as_csv(rows))
        return
    buffer = BytesIO()
    pq.write_table(pa.Table.from_pylist(list(rows), SCHEMA), buffer, compression="zstd")
    atomic.write(path, buffer.getvalue())


def as_csv(rows: Sequence[Row]) -> bytes:
    """Rows as CSV in UTF-8; null is empty, names in a list stand with a semicolon between."""
    text = StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(COLUMNS)
    for one in rows:
        writer.writerow([_cell(one[name]) for name in COLUMNS])
    return text.getvalue().encode()


def as_text(name: str) -> str:
    """A file's name as text that can be written anywhere, bytes that are none as \\xNN."""
    return name.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


def counts(rows: Sequence[Mapping[str, Any]]) -> dict[str, int]:
    """How many were read and how many not, with whose neutral, and how many show whom the run
    learnt from.
    """
    failed = sum(one["error"] is not None for one in rows)
    told = {"read": len(rows) - failed, "not read": failed}
    for name in NEUTRALS:
        told[f"neutral: {name}"] = sum(one["neutral"] == name for one in rows)
    told["of people the run learnt from"] = sum(one["seen"] == SEEN[2] for one in rows)
    return told


def _cell(value: Any) -> str:
    match value:
        case None:
            return ""
        case float():
            return repr(value)
        case list():
            return _cell("; ".join(value))
        case str() if value.startswith(_FORMULA):
            return f"'{value}"
    return str(value)
