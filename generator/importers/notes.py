"""What there is to tell of a source: topics, and the report that is made of all notes.

A frame that cannot be used is left out and told; a label that cannot be used is null and told. The
rest of the import goes on.
"""

import math
from collections import Counter
from collections.abc import Sequence
from typing import Literal, get_args

import numpy as np
import pyarrow as pa

from generator.producer import Note, by_topic
from generator.shards.imported import Imported
from generator.shards.index import AU_COLUMNS
from generator.shards.manifest import json_bytes

Topic = Literal[
    "unreadable",
    "black",
    "no_face",
    "no_split",
    "missing",
    "labels",
    "pspi",
    "other_aus",
    "sides",
    "not_found",
    "ignored",
]
TEXTS: dict[Topic, str] = {
    "unreadable": "pictures left out: not readable",
    "black": "pictures left out: black",
    "no_face": "pictures left out: no face",
    "no_split": "pictures left out: not in one split",
    "missing": "files missing",
    "labels": "labels refused, null",
    "pspi": "PSPI unlike its AUs",
    "other_aus": "frames with rows of other AUs",
    "sides": "frames with rows that name a side",
    "not_found": "frames without OpenFace, null",
    "ignored": "files of no use",
}
LEFT_OUT: tuple[Topic, ...] = ("unreadable", "black", "no_face", "no_split")
REPORT = "import_report.json"
NULL = -1


def note(topic: Topic, file: str, rule: str, value: object) -> Note:
    """Note something of a file; a picture that is left out counts as one."""
    return Note(topic, file, rule, str(value)[:300], int(topic in LEFT_OUT))


def refused(topic: Topic, file: str, error: ValueError) -> Note:
    """Note what an error of the form `WHAT must be RULE, got VALUE` says of a file."""
    text = " ".join(str(error).split()).removeprefix(file).removeprefix(":").strip()
    rule, got, value = text.rpartition(", got ")
    return note(topic, file, rule if got else text, value)


def report(imported: Imported, notes: Sequence[Note], rows: pa.Table, pictures: int) -> bytes:
    """The report of an import: its figures, then every note by topic."""
    content = {
        "source": imported.source,
        "surrogate": imported.surrogate,
        "layout": imported.layout,
        "figures": figures(notes, rows, pictures),
        "missing": dict(Counter(note.rule for note in notes if note.topic == "missing")),
        "people": _people(rows),
        "pspi": _levels(rows),
        "notes": by_topic(notes, get_args(Topic), "file"),
    }
    return json_bytes(content)


def figures(notes: Sequence[Note], rows: pa.Table, pictures: int) -> dict[str, int]:
    """Counts of what was read, and of every topic."""
    topics = Counter(item.topic for item in notes)
    sequences = {
        (row["identity"], row["sequence"])
        for row in rows.select(["identity", "sequence"]).to_pylist()
        if row["sequence"] is not None
    }
    return {
        "pictures in the source": pictures,
        "pictures imported": rows.num_rows,
        "people": len(rows.column("identity").unique()),
        "sequences": len(sequences),
        "pictures with PSPI": rows.num_rows - rows.column("pspi").null_count,
        "pictures with AUs": rows.num_rows - _nulls(rows),
        **{TEXTS[topic]: topics[topic] for topic in get_args(Topic)},
    }


def _nulls(rows: pa.Table) -> int:
    """Pictures of which no action unit is known."""
    nulls = [rows.column(name).is_null().to_numpy() for name in AU_COLUMNS]
    return int(np.all(nulls, axis=0).sum())


def _people(rows: pa.Table) -> dict[str, int]:
    return dict(sorted(Counter(rows.column("identity").to_pylist()).items()))


def _levels(rows: pa.Table) -> dict[str, int]:
    """How many pictures there are of every PSPI, rounded down."""
    values = rows.column("pspi").to_pylist()
    counts = Counter(NULL if value is None else math.floor(value) for value in values)
    return {"null" if level == NULL else str(level): counts[level] for level in sorted(counts)}
