"""`index.parquet`: a row a sample, drawn from its record, and where its bytes lie.

Angles are in degrees here, for people who filter by them; gaze is the mean of both eyes. `fold`,
and all that a producer does not know, is null.
"""

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from assets import atomic, table_file
from assets.facs import AUS, NAMES
from generator.shards.record import Angles, Record
from generator.shards.tarball import Span

NAME = "index.parquet"
Row = dict[str, Any]

AU_COLUMNS = tuple(f"au{au}" for au in AUS)
SCHEMA = pa.schema(
    [
        pa.field("key", pa.string(), nullable=False),
        pa.field("identity", pa.string(), nullable=False),
        pa.field("split", pa.string(), nullable=False),
        pa.field("fold", pa.int32()),
        pa.field("kind", pa.string(), nullable=False),
        pa.field("view", pa.int32()),
        pa.field("source", pa.string(), nullable=False),
        pa.field("pspi", pa.float64()),
        *(pa.field(name, pa.float64()) for name in AU_COLUMNS),
        pa.field("label_source", pa.string()),
        pa.field("sequence", pa.string()),
        pa.field("frame", pa.int32()),
        pa.field("shard", pa.string(), nullable=False),
        pa.field("offset", pa.int64(), nullable=False),
        pa.field("size", pa.int64(), nullable=False),
        pa.field("sha256", pa.string(), nullable=False),
        pa.field("neutral_key", pa.string()),
        pa.field("age_years", pa.float64()),
        pa.field("sex", pa.string()),
        pa.field("ethnicity", pa.string()),
        pa.field("african", pa.float64()),
        pa.field("asian", pa.float64()),
        pa.field("caucasian", pa.float64()),
        pa.field("skin_tone", pa.int32()),
        pa.field("yaw_deg", pa.float64()),
        pa.field("pitch_deg", pa.float64()),
        pa.field("roll_deg", pa.float64()),
        pa.field("gaze_yaw_deg", pa.float64()),
        pa.field("gaze_pitch_deg", pa.float64()),
        pa.field("environment", pa.string()),
        pa.field("head", pa.string()),
        pa.field("rig", pa.string()),
        pa.field("texture", pa.string()),
        pa.field("creases", pa.string()),
        # Parquet names the items so, and a table read back would otherwise differ in its bytes.
        pa.field("occluders", pa.list_(pa.field("element", pa.string()))),
    ]
)

TEXTS: dict[str, str] = {
    "key": "name of the sample",
    "identity": "name of the person",
    "split": "train, val or test",
    "fold": "number of the fold, null where folds do not apply",
    "kind": "neutral, pain, confounder or real",
    "view": "number of the view, 0 is frontal",
    "source": "3d, 2d or the name of a real data set",
    "pspi": "Prkachin-Solomon pain intensity, 0-16",
    **{f"au{au}": f"{NAMES[au]}, FACS {'0 or 1' if au == 43 else '0-5'}" for au in AUS},
    "label_source": "whose action units these are: target, manual or openface",
    "sequence": "name of the sequence in real data",
    "frame": "number of the frame in its sequence",
    "shard": "name of the tar file that holds the sample",
    "offset": "bytes from the start of the shard to the sample's first header",
    "size": "bytes of the sample, headers and padding included",
    "sha256": "SHA-256 of those bytes",
    "neutral_key": "key of the neutral of the same person and view",
    "age_years": "years since birth",
    "sex": "female or male",
    "ethnicity": "name of the mix that was sampled",
    "african": "share, 0-1; the three sum to 1",
    "asian": "share, 0-1",
    "caucasian": "share, 0-1",
    "skin_tone": "Monk tone, 1 (lightest) to 10",
    "yaw_deg": "degrees, head against the camera, > 0 to the picture's right",
    "pitch_deg": "degrees, > 0 up",
    "roll_deg": "degrees, > 0 clockwise in the picture",
    "gaze_yaw_deg": "degrees, mean of both eyes against the camera, > 0 to the picture's right",
    "gaze_pitch_deg": "degrees, mean of both eyes, > 0 up",
    "environment": "name of what lights the scene",
    "head": "name of the head model",
    "rig": "name of the rig",
    "texture": "name of what makes the skin",
    "creases": "name of what folds the skin",
    "occluders": "names of what lies in front",
}
"""Unit, range and convention of every column."""


def row(record: Record, shard: str, span: Span) -> Row:
    """Make the index row of a sample in a shard."""
    person, made_by, labels = record.person, record.made_by, record.labels
    gaze = (record.gaze.left, record.gaze.right) if record.gaze else None
    aus = {f"au{au}": None if labels is None else labels.label[au] for au in AUS}
    return {
        "key": record.key,
        "identity": record.identity,
        "split": record.split,
        "fold": record.fold,
        "kind": record.kind,
        "view": record.view,
        "source": record.source,
        "pspi": record.pspi,
        **aus,
        "label_source": record.label_source,
        "sequence": record.sequence,
        "frame": record.frame,
        "shard": shard,
        "offset": span.offset,
        "size": span.size,
        "sha256": span.sha256,
        "neutral_key": record.neutral_key,
        "age_years": person.age_years,
        "sex": person.sex,
        "ethnicity": person.ethnicity,
        "african": person.african,
        "asian": person.asian,
        "caucasian": person.caucasian,
        "skin_tone": person.skin_tone,
        **_degrees(record.head_pose),
        "gaze_yaw_deg": math.degrees((gaze[0].yaw + gaze[1].yaw) / 2) if gaze else None,
        "gaze_pitch_deg": math.degrees((gaze[0].pitch + gaze[1].pitch) / 2) if gaze else None,
        "environment": record.light.environment,
        "head": made_by.head.name,
        "rig": made_by.rig.name,
        "texture": made_by.texture.name,
        "creases": made_by.creases,
        "occluders": list(record.occluders),
    }


def _degrees(pose: Angles | None) -> Row:
    if pose is None:
        return {"yaw_deg": None, "pitch_deg": None, "roll_deg": None}
    turns = {"yaw_deg": pose.yaw, "pitch_deg": pose.pitch, "roll_deg": pose.roll}
    return {name: math.degrees(turn) for name, turn in turns.items()}


def table(rows: Iterable[Row]) -> pa.Table:
    """Make the table of rows; the rows have every column of `SCHEMA` and no other."""
    listed = list(rows)
    for item in listed:
        assert item.keys() == set(SCHEMA.names), set(item) ^ set(SCHEMA.names)
    return pa.Table.from_pylist(listed, schema=SCHEMA)


@dataclass(frozen=True)
class Rows:
    """Rows of a table, a few thousand at a time and anew whenever they are gone through."""

    table: pa.Table

    def __iter__(self) -> Iterator[Row]:
        """Give row after row."""
        for batch in self.table.to_batches(max_chunksize=2**13):
            yield from batch.to_pylist()


def grouped(rows: pa.Table, *columns: str) -> dict[tuple[Any, ...], int]:
    """Count the rows of each combination of values of some columns, as it first comes.

    Data sets have millions of rows: what is counted of them never becomes a Python object a row.
    """
    each = rows.select(columns).group_by(list(columns), use_threads=False)
    counted = each.aggregate([([], "count_all")]).to_pylist()
    return {tuple(one[name] for name in columns): one["count_all"] for one in counted}


def write(path: Path, content: pa.Table, metadata: dict[str, str] | None = None) -> None:
    """Write a table; its bytes depend on rows, `metadata` and the version of pyarrow alone."""
    # One chunk: how rows were gathered must not show in the file.
    whole = content.combine_chunks().replace_schema_metadata(metadata)
    with atomic.writing(path) as file:
        pq.write_table(whole, file, compression="zstd", row_group_size=65536)


def read(path: Path) -> pa.Table:
    """Read a table. Raises ValueError that names the file where it is no index of ours."""
    content = table_file.read(path, "an index")
    if not content.schema.equals(SCHEMA):
        missing = set(SCHEMA.names) ^ set(content.schema.names)
        got = f"a difference in {', '.join(sorted(missing)) or 'types'}"
        raise ValueError(f"{path} must have the columns of this version, got {got}")
    return content
