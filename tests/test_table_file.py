"""Tables of others: what unfolds to more than it may is refused before it does."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from assets import table_file


def written(path: Path, rows: int, text: str, **options: object) -> Path:
    """The same text in every row, alone and in a list, and a number."""
    texts = pa.DictionaryArray.from_arrays(np.zeros(rows, np.int32), pa.array([text]))
    listed = pa.ListArray.from_arrays(np.arange(rows + 1, dtype=np.int32), texts)
    columns = {"text": texts, "listed": listed, "number": np.arange(rows) / 2}
    pq.write_table(pa.table(columns), path, compression="zstd", store_schema=False, **options)
    return path


@pytest.mark.parametrize("rows", [0, 1, 40_000])
def test_a_table_is_what_pyarrow_reads(tmp_path: Path, rows: int) -> None:
    path = written(tmp_path / "a.parquet", rows, "word")
    found, true = table_file.read(path, "a table"), pq.read_table(path)
    assert found.schema.equals(true.schema)
    assert found.equals(true)
    some = table_file.read(path, "a table", ["number"])
    assert some.equals(true.select(["number"]))


@pytest.mark.parametrize("column", ["text", "listed"])
def test_a_few_kilobytes_that_unfold_to_gigabytes_are_refused(tmp_path: Path, column: str) -> None:
    path = written(tmp_path / "a.parquet", 40_000, "a" * 100_000)
    assert path.stat().st_size < 1_000_000
    with pytest.raises(ValueError, match=r"a\.parquet must take at most 2147483648 bytes in mem"):
        table_file.read(path, "a table", [column])
    assert table_file.read(path, "a table", ["number"]).num_rows == 40_000


def test_what_is_no_table_is_named(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    for content in (b"", b"PAR1" + bytes(40) + b"PAR1"):
        path.write_bytes(content)
        with pytest.raises(ValueError, match=r"a\.parquet must be an index in Parquet, got "):
            table_file.read(path, "an index")
    with pytest.raises(
        ValueError, match=r"a\.parquet must have the columns of an index, each once, got 0 of other"
    ):
        table_file.read(written(path, 1, "word"), "an index", ["other"])


def test_a_text_that_is_no_text_is_named(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    texts = pa.array([b"whole", b"\xf2\x28"]).view(pa.string())
    pq.write_table(pa.table({"text": texts}), path)
    with pytest.raises(ValueError, match=r"a\.parquet must be an index in Parquet, got .*UTF8"):
        table_file.read(path, "an index")


def test_a_column_that_is_there_twice_is_named(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    pq.write_table(pa.table([pa.array([1]), pa.array([2])], names=["a", "a"]), path)
    with pytest.raises(ValueError, match=r"a\.parquet must have the columns of .* got 2 of a$"):
        table_file.read(path, "an index", ["a"])
