"""Reading a Parquet table that somebody else made: counted before it unfolds, refused where it is
too large.

A file of some kilobytes can hold one text of megabytes in a million rows. Texts are therefore read
as they lie in the file, each once with the numbers of its rows, and written out only when it is
known what that takes.
"""

from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

HIGHEST_BYTES = 2 * 2**30
"""Of a table in memory; a row of ours has about a kilobyte."""
ROWS_AT_ONCE = 16_384


def read(path: Path, what: str, columns: Sequence[str] | None = None) -> pa.Table:
    """Read a table, or some of its columns; `what` says in errors what it must be.

    Raises ValueError that names the file where it is no Parquet, is damaged, has a column not or
    twice, or would take more than `HIGHEST_BYTES`.
    """
    batches, size = [], 0
    try:
        with pq.ParquetFile(path) as file:
            schema, texts, known = file.schema_arrow, _texts(file.schema), file.metadata
        if columns is not None:
            for name in columns:
                count = schema.names.count(name)
                if count != 1:
                    rule = f"must have the columns of {what}, each once"
                    raise ValueError(f"{path} {rule}, got {count} of {name}")
            schema = pa.schema([schema.field(name) for name in columns])
        # Tables of a few rows come by the hundred, and threads would take longer than reading.
        threads = known.num_rows > ROWS_AT_ONCE
        with pq.ParquetFile(path, metadata=known, read_dictionary=texts) as file:
            for batch in file.iter_batches(ROWS_AT_ONCE, columns=columns, use_threads=threads):
                size += sum(map(_unfolded, batch.columns))
                if size > HIGHEST_BYTES:
                    rule = f"take at most {HIGHEST_BYTES} bytes in memory"
                    raise ValueError(f"{path} must {rule}, got more")
                batches.append(pa.Table.from_batches([batch]).cast(schema))
                # Texts may be anything: that they are UTF-8 is seen nowhere else until one is used.
                batches[-1].validate(full=True)
    except (OSError, pa.ArrowException) as error:
        raise ValueError(f"{path} must be {what} in Parquet, got {error}") from error
    return pa.concat_tables(batches) if batches else schema.empty_table()


def _texts(schema: pq.ParquetSchema) -> list[str]:
    """Paths of the columns that hold texts, those in lists too."""
    columns = [schema.column(place) for place in range(len(schema.names))]
    return [one.path for one in columns if one.physical_type == "BYTE_ARRAY"]


def _unfolded(column: pa.Array) -> int:
    """Bytes that a column takes when every text is written out."""
    if pa.types.is_list(column.type):
        return column.nbytes + _unfolded(column.flatten())
    if not pa.types.is_dictionary(column.type):
        return column.nbytes
    lengths = pc.call_function("binary_length", [column.dictionary]).take(column.indices)
    return column.indices.nbytes + (pc.call_function("sum", [lengths]).as_py() or 0)
