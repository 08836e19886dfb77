"""Readers of files that others made, on files drawn by hypothesis: a named error or what it says.

Each is given what nearly fits: a record with one value replaced, a table with a column of another
type, a file with a few bytes changed. A reader that raises anything but a ValueError that names the
file, or gives what breaks its own promise, fails.
"""

import io
import json
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from assets import flame_file
from assets.facs import AUS, HIGHEST, OPENFACE_AUS, AUVector
from assets.makehuman_files import Quads, read_obj
from generator.expression_file import read_expressions
from generator.importers import openface_csv, unbc_hdf5
from generator.shards import index, manifest
from generator.shards.record import Record
from generator.shards.record_json import from_json, to_json
from rigging.registration import mesh
from scripts.faults.seeds import CUBE, hdf5_files
from tests.fake_producer import make_person
from tests.runs import SMALL
from vitpain.model import weights

QUICK = settings(
    max_examples=60,
    derandomize=True,
    database=None,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
FEW = settings(QUICK, max_examples=30)
PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner),
    max_leaves=5,
)
EDITS = st.lists(
    st.tuples(st.floats(0, 1, exclude_max=True), st.integers(0, 8), st.binary(max_size=8)),
    min_size=1,
    max_size=3,
)
"""Where, as a share of the file; how many bytes are taken out; what is put in."""
SPANS = st.sampled_from(
    ["1", "0", "-1", "5", "2.5", "1e400", "9" * 20, "nan", "", "x", '"', "0x1", " 3 "]
)


def edited(data: bytes, edits: list[tuple[float, int, bytes]]) -> bytes:
    for share, gone, put in edits:
        at = int(share * len(data))
        data = data[:at] + put + data[at + gone :]
    return data


def refused(read: Callable[[], Any], name: str) -> Any:
    """What a reader gives, or None where it refuses a file by its name."""
    try:
        return read()
    except ValueError as error:
        said = str(error)
    assert name in said
    return None


@pytest.fixture(scope="module")
def record() -> Record:
    return make_person(SMALL, 0)[1].record


def places(plain: Any, at: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Paths to every value of parsed JSON."""
    inside = plain.items() if isinstance(plain, dict) else []
    inside = enumerate(plain) if isinstance(plain, list) else inside
    return [at, *(path for key, value in inside for path in places(value, (*at, key)))]


@QUICK
@given(data=st.data(), value=PLAIN)
def test_a_record_with_a_value_replaced(record: Record, data: st.DataObject, value: Any) -> None:
    plain = json.loads(to_json(record))
    *before, last = data.draw(st.sampled_from(places(plain)[1:]))
    inside = plain
    for key in before:
        inside = inside[key]
    inside[last] = value
    text = json.dumps(plain).encode("utf-8", "surrogatepass")
    found = refused(lambda: from_json(text, "a.json"), "a.json")
    if found is not None:
        assert json.loads(to_json(found)) == plain


@QUICK
@given(edits=EDITS)
def test_a_record_with_bytes_changed(record: Record, edits: list[tuple[float, int, bytes]]) -> None:
    text = edited(to_json(record), edits)
    found = refused(lambda: from_json(text, "a.json"), "a.json")
    if found is not None:
        assert from_json(to_json(found), "again") == found


@QUICK
@given(
    header=st.lists(
        st.sampled_from([f"AU{au}{side}" for au in AUS for side in ("", "L", "R")]), max_size=4
    ),
    rows=st.lists(st.lists(SPANS, max_size=4), max_size=3),
)
def test_expressions(tmp_path: Path, header: list[str], rows: list[list[str]]) -> None:
    path = tmp_path / "a.csv"
    path.write_text("\n".join(",".join(row) for row in (header, *rows)))
    found = refused(lambda: read_expressions(path), "a.csv")
    for one in found or ():
        assert isinstance(one, AUVector)
        assert all(0 <= value <= HIGHEST[au] for au, value in one.label.items())


@QUICK
@given(
    row=st.lists(SPANS, min_size=2 + len(OPENFACE_AUS), max_size=2 + len(OPENFACE_AUS)),
    edits=EDITS,
)
def test_tables_of_openface(
    tmp_path: Path, row: list[str], edits: list[tuple[float, int, bytes]]
) -> None:
    names = ["frame", " success", *(f" AU{au:02d}_r" for au in OPENFACE_AUS)]
    plain = "\n".join([",".join(names), ",".join(["1", "1", *row[2:]]), ",".join(row)]).encode()
    path = tmp_path / "a.csv"
    for content in (plain, edited(plain, edits)):
        path.write_bytes(content)
        openface_csv.read.cache_clear()
        found = refused(lambda: openface_csv.read(path, "a.csv"), "a.csv")
        for one in (found or {}).values():
            if isinstance(one, openface_csv.Reading):
                values = [value for value in one.aus.values() if value is not None]
                assert all(0 <= value <= 5 for value in values)
            elif one is not None:
                assert str(one).startswith("a.csv")


@QUICK
@given(
    lines=st.lists(
        st.tuples(
            st.sampled_from(["v", "f", "vt", "vn", "o", "#", "l"]), st.lists(SPANS, max_size=4)
        ).map(lambda line: " ".join([line[0], *line[1]])),
        max_size=4,
    ),
    edits=EDITS,
)
def test_meshes(tmp_path: Path, lines: list[str], edits: list[tuple[float, int, bytes]]) -> None:
    path = tmp_path / "a.obj"
    for content in (CUBE + "\n".join(lines).encode(), edited(CUBE, edits)):
        path.write_bytes(content)
        found = refused(lambda: mesh.read(path), "a.obj")
        if found is not None:
            assert np.isfinite(found.vertices).all()
            assert found.triangles.min() >= 0
            assert found.triangles.max() < len(found.vertices)
        quads = refused(lambda: read_obj(path), "a.obj")
        assert quads is None or isinstance(quads, Quads)


@FEW
@given(
    name=st.sampled_from(index.SCHEMA.names),
    kind=st.sampled_from([pa.int8(), pa.float32(), pa.binary(), pa.bool_(), pa.large_string()]),
    edits=EDITS,
)
def test_indices(
    tmp_path: Path, record: Record, name: str, kind: pa.DataType,
    edits: list[tuple[float, int, bytes]],
) -> None:  # fmt: skip
    path = tmp_path / "index.parquet"
    rows = index.table([index.row(record, "train-000000.tar", index.Span(0, 1, "a"))])
    index.write(path, rows)
    whole = path.read_bytes()
    path.write_bytes(edited(whole, edits))
    found = refused(lambda: index.read(path), "index.parquet")
    assert found is None or found.schema.equals(index.SCHEMA)
    place = rows.schema.get_field_index(name)
    other = rows.set_column(place, pa.field(name, kind), pa.nulls(1, kind))
    buffer = io.BytesIO()
    pq.write_table(other, buffer)
    path.write_bytes(buffer.getvalue())
    assert refused(lambda: index.read(path), "index.parquet") is None


@FEW
@given(
    number=st.integers(0, 2),
    data=st.data(),
    kind=st.sampled_from(["u1", "i8", "f4", "S4", "c16", "(2,)f8"]),
    shape=st.lists(st.integers(0, 5), max_size=4).map(tuple),
)
def test_files_of_unbc(
    tmp_path: Path, number: int, data: st.DataObject, kind: str, shape: tuple[int, ...]
) -> None:
    files = hdf5_files()
    for name, content in files.items():
        (tmp_path / name).write_bytes(content)
    changed = tmp_path / list(files)[number]
    with h5py.File(changed, "a") as file:
        named: list[str] = []
        file.visit(named.append)
        name = data.draw(st.sampled_from(sorted(named)))
        del file[name]
        if data.draw(st.booleans()):
            file.create_dataset(name, shape, kind)
    unbc_hdf5.source.cache_clear()
    found = refused(lambda: unbc_hdf5.source(tmp_path), ".hdf5")
    assert found is None or found.subjects


@settings(QUICK, max_examples=100)
@given(number=st.integers(0, 2), edits=EDITS)
def test_damaged_files_of_unbc(
    tmp_path: Path, number: int, edits: list[tuple[float, int, bytes]]
) -> None:
    files = hdf5_files()
    for name, content in files.items():
        (tmp_path / name).write_bytes(content)
    name = list(files)[number]
    # The first half holds where everything lies.
    (tmp_path / name).write_bytes(edited(files[name], [(at / 2, *edit) for at, *edit in edits]))
    unbc_hdf5.source.cache_clear()
    refused(lambda: unbc_hdf5.source(tmp_path), ".hdf5")


@FEW
@given(edits=EDITS, suffix=st.sampled_from([".safetensors", ".pth", ".pkl", ".npz"]))
def test_weights_and_arrays(
    tmp_path: Path, suffix: str, edits: list[tuple[float, int, bytes]]
) -> None:
    path = tmp_path / f"a{suffix}"
    path.write_bytes(edited(SAVED[suffix], edits))
    if suffix in (".safetensors", ".pth"):
        found = refused(lambda: weights.read(path), path.name)
        assert found is None or isinstance(found, dict)
    else:
        # Too small to be FLAME's, whatever is read of it.
        assert refused(lambda: flame_file.read(path), path.name) is None


def _saved() -> dict[str, bytes]:
    import safetensors.numpy
    import torch

    arrays = {"f": np.arange(6, dtype=np.uint32).reshape(2, 3), "v_template": np.ones((4, 3))}
    zipped, pickled = io.BytesIO(), io.BytesIO()
    np.savez_compressed(zipped, **arrays)
    torch.save({"a": torch.ones(3, 4)}, pickled)
    return {
        ".safetensors": safetensors.numpy.save(arrays),
        ".pth": pickled.getvalue(),
        ".pkl": pickle.dumps(arrays, protocol=2),
        ".npz": zipped.getvalue(),
    }


SAVED = _saved()


@QUICK
@given(path=st.text(min_size=1, max_size=12), size=st.integers())
def test_a_manifest_leads_nowhere_else(tmp_path: Path, path: str, size: int) -> None:
    entry = {"bytes": size, "sha256": "0" * 64}
    stated = {"format": manifest.FORMAT, "files": {path: entry}}
    assume("\x00" not in path)
    (tmp_path / manifest.NAME).write_text(json.dumps(stated))
    found = refused(lambda: manifest.read(tmp_path), manifest.NAME)
    for name in found or {}:
        assert (tmp_path / name).parent == tmp_path
