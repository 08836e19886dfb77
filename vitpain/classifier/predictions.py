"""`predictions.parquet` of a comparison: what each classifier said of its test photographs.

A row a frame, fold and arm, so that every table can be made again with no GPU. `predicted` is the
class of the highest probability, the lower of two equals.
"""

from io import BytesIO
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from jaxtyping import Float64, Int64

from assets import atomic, table_file
from vitpain.classifier.arms import Task
from vitpain.data.frames import Frames

NAME = "predictions.parquet"
ONCE = ["key", "fold", "arm"]


def schema(classes: int) -> pa.Schema:
    """The columns, with a probability a class."""
    return pa.schema(
        [
            pa.field("key", pa.string(), nullable=False),
            pa.field("source", pa.string(), nullable=False),
            pa.field("subject", pa.string(), nullable=False),
            pa.field("sequence", pa.string()),
            pa.field("frame", pa.int32()),
            pa.field("fold", pa.int32(), nullable=False),
            pa.field("arm", pa.string(), nullable=False),
            pa.field("synth", pa.string()),
            pa.field("pspi", pa.float64(), nullable=False),
            pa.field("label", pa.int32(), nullable=False),
            pa.field("predicted", pa.int32(), nullable=False),
            *(pa.field(f"p{at}", pa.float64(), nullable=False) for at in range(classes)),
        ]
    )


def table(
    frames: Frames,
    task: Task,
    label: Int64[np.ndarray, " test"],
    said: Float64[np.ndarray, "test classes"],
) -> pa.Table:
    """Make the table of what a task's classifier said of its test rows, in their order."""
    index, count = frames.index.take(pa.array(task.test)), len(task.test)
    columns = {
        **{name: index[name].combine_chunks() for name in ("key", "source", "sequence", "frame")},
        "subject": index["identity"].combine_chunks(),
        "fold": np.full(count, task.fold, np.int32),
        "arm": [task.arm.kind] * count,
        "synth": [task.arm.synth] * count,
        "pspi": frames.pspi[task.test].astype(np.float64),
        "label": label.astype(np.int32),
        "predicted": said.argmax(axis=1).astype(np.int32),
        **{f"p{at}": said[:, at] for at in range(said.shape[1])},
    }
    kinds = schema(said.shape[1])
    return pa.Table.from_arrays(
        [pa.array(columns[field.name], field.type) for field in kinds], schema=kinds
    )


def write(path: Path, content: pa.Table) -> None:
    """Write a table; its bytes depend on the rows alone."""
    buffer = BytesIO()
    whole = content.combine_chunks().replace_schema_metadata(None)
    pq.write_table(whole, buffer, compression="zstd", row_group_size=65536)
    atomic.write(path, buffer.getvalue())


def read(path: Path, classes: int) -> pa.Table:
    """Read a table. Raises ValueError that names the file, and the rule that it breaks.

    A frame comes once a fold and arm, a subject is tested in one fold, classes are those there are.
    """
    content = table_file.read(path, "predictions")
    if not content.schema.equals(schema(classes)):
        raise ValueError(f"{path} must have the columns of a comparison of {classes} classes")
    if content.num_rows == 0:
        raise ValueError(f"{path} must have rows, got none")
    for field in content.schema:
        if not field.nullable and content[field.name].null_count:
            raise ValueError(f"{path}: {field.name} must be known in every row, got null")
    for name in ("label", "predicted"):
        values = content[name].to_numpy()
        if not ((values >= 0) & (values < classes)).all():
            wrong = values[(values < 0) | (values >= classes)][0]
            raise ValueError(f"{path}: {name} must be a class, 0 to {classes - 1}, got {wrong}")
    if _groups(content, [*ONCE, "synth"]) != content.num_rows:
        raise ValueError(f"{path} must hold a frame once a fold and arm, got one twice")
    if _groups(content, ["subject", "fold"]) != len(content["subject"].unique()):
        raise ValueError(f"{path}: a subject must be tested in one fold, got one in two")
    return content


def _groups(content: pa.Table, names: list[str]) -> int:
    return content.select(names).group_by(names).aggregate([]).num_rows
