"""Files made to do harm: pictures of absurd size, bombs, pickles that call, links out of a file."""

import io
import json
import os
import pickle
import struct
import zlib
from pathlib import Path
from typing import Any

import cv2
import h5py
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from generator.shards import index
from scripts.faults.hostile import Made, Seed
from scripts.faults.hostile_tars import tars
from scripts.faults.seeds import hdf5_files

HUGE = 100_000
ROWS, TEXT = 200_000, 100_000


def made_to_harm(canary: Path) -> list[Made]:
    """All of them; those that would run or unpack something leave `canary`."""
    return [*tars(canary), *_pictures(), *_texts(), *_pickles(canary), *_tables(), *_links(canary)]


def _png(width: int, height: int, bits: int = 8, colour: int = 2, data: bytes = b"") -> bytes:
    chunks = [
        (b"IHDR", struct.pack(">IIBBBBB", width, height, bits, colour, 0, 0, 0)),
        (b"IDAT", data or zlib.compress(bytes(100))),
        (b"IEND", b""),
    ]
    packed = b"".join(
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        for kind, body in chunks
    )
    return b"\x89PNG\r\n\x1a\n" + packed


def _jpeg(width: int, height: int) -> bytes:
    _, plain = cv2.imencode(".jpg", np.zeros((16, 16, 3), np.uint8))
    data = bytearray(plain.tobytes())
    at = data.find(b"\xff\xc0")
    data[at + 5 : at + 9] = struct.pack(">HH", height, width)
    return bytes(data)


def _pictures() -> list[Made]:
    bomb = zlib.compress(bytes(200_000_000), 9)
    bmp = b"BM" + struct.pack("<IHHIIiiHHIIiiII", 200, 0, 0, 54, 40, HUGE, -HUGE, 1, 24, *[0] * 6)
    files = {
        f"a PNG of {HUGE} pixels a side": ("picture", "a.png", _png(HUGE, HUGE)),
        "a PNG of 2^31 pixels a side": ("picture", "a.png", _png(2**31, 2**31)),
        "a PNG without pixels": ("picture", "a.png", _png(0, 0)),
        "a PNG with more data than pixels": ("picture", "a.png", _png(1, 1, data=bomb)),
        "a JPEG of 65,535 pixels a side": ("picture", "a.jpg", _jpeg(65_535, 65_535)),
        "half a JPEG": ("picture", "a.jpg", _jpeg(16, 16)[:-60]),
        f"a BMP of {HUGE} pixels a side": ("picture", "a.bmp", bmp),
        "a map of absurd size": ("map", "a.depth.png", _png(HUGE, HUGE, 16, 0)),
        "a map of the largest size, empty": ("map", "a.depth.png", _png(4096, 4096, 16, 0)),
        "a JPEG of absurd size in a shard": ("map", "a.jpg", _jpeg(65_535, 65_535)),
    }
    return [Made(what, Seed(*file)) for what, file in files.items()]


def _texts() -> list[Made]:
    deep, long = b"[" * 1_000_000, b"9" * 100_000
    files = {
        "JSON a million deep": ("record", "a.json", deep),
        "JSON with a number of 100,000 digits": ("record", "a.json", b'{"key": ' + long + b"}"),
        "a manifest a million deep": ("manifest", "manifest.json", deep),
        "a manifest with a number of 100,000 digits": ("manifest", "manifest.json", long),
        "a manifest that leads elsewhere": ("manifest", "manifest.json", _elsewhere()),
        "a configuration with a number of 100,000 digits": ("config", "config.json", long),
        "a CSV with a cell of a megabyte": ("openface", "a.csv", b"a" * 2**20),
        "a CSV of zeros": ("openface", "a.csv", bytes(2**20)),
        "expressions with a cell of a megabyte": ("expressions", "a.csv", b"AU4\n" + b"1" * 2**20),
        "expressions in UTF-16": ("expressions", "a.csv", "AU4\n1\n".encode("utf-16")),
        "expressions without end": ("expressions", "a.csv", b"AU4\n" + b"1\n" * 500_000),
        "a mesh with a face that no vertex has": ("mesh", "a.obj", b"v 0 0 0\nf 1 2 999999999\n"),
        "a mesh at infinity": ("mesh", "a.obj", b"v 1e999 nan inf\n" * 3 + b"f 1 2 3\n"),
        "a mesh with a face before all vertices": ("mesh", "a.obj", b"v 0 0 0\nf -9 -9 -9\n"),
        "a mesh with a number of 100,000 digits": ("mesh", "a.obj", b"v 0 0 0\nf 1 1 " + long),
        "a piece with a face that no vertex has": (
            "quads",
            "a.obj",
            b"v 0 0 0\nf 1/1 2/2 3/3 9/9\n",
        ),
        "a piece with a number of 100,000 digits": ("quads", "a.obj", b"f 1/1 " + long + b"/1\n"),
        "labels larger than any": ("numbers", "a.txt", b"1 " * 100_000),
    }
    return [Made(what, Seed(*file)) for what, file in files.items()]


def _elsewhere() -> bytes:
    entry = {"bytes": 1, "sha256": "0" * 64}
    return json.dumps({"format": "pain3d shards 1", "files": {"../../etc/passwd": entry}}).encode()


class _Calling:
    """What calls a function as it is unpickled."""

    def __init__(self, call: Any, *given: Any) -> None:
        """Call it with what is given."""
        self.call, self.given = call, given

    def __reduce__(self) -> Any:
        return self.call, self.given


def _pickles(canary: Path) -> list[Made]:
    system = pickle.dumps({"f": _Calling(os.system, f"touch {canary}")})
    made = pickle.dumps(_Calling(exec, f"open({str(canary)!r}, 'w')"))
    nested: Any = ()
    for _ in range(60):
        nested = (nested, nested)
    arrays = io.BytesIO()
    np.savez(arrays, f=np.array([_Calling(os.system, f"touch {canary}")], object))
    zipped = io.BytesIO()
    np.savez_compressed(zipped, f=np.zeros(300_000_000, np.uint8))
    files = [
        ("a pickle that calls the system", "flame", "a.pkl", system),
        ("a pickle that runs code", "flame", "a.pkl", made),
        ("a pickle of 2^60 things", "flame", "a.pkl", pickle.dumps(nested)),
        ("arrays with a pickle that calls the system", "flame", "a.npz", arrays.getvalue()),
        ("arrays that unfold to 300 MB of another kind", "flame", "a.npz", zipped.getvalue()),
        ("weights that call the system", "weights", "a.pth", system),
        ("weights that run code", "weights", "a.bin", made),
        ("weights of 2^62 bytes", "weights", "a.safetensors", _claiming()),
        (
            "weights whose header has 2^60 bytes",
            "weights",
            "a.safetensors",
            struct.pack("<Q", 2**60),
        ),
    ]
    return [Made(what, Seed(reader, name, data), canary) for what, reader, name, data in files]


def _claiming() -> bytes:
    facts = {"dtype": "F32", "shape": [2**60], "data_offsets": [0, 2**62]}
    header = json.dumps({"a": facts}).encode()
    return struct.pack("<Q", len(header)) + header + bytes(64)


def _tables() -> list[Made]:
    """Tables of another kind, and one of few bytes that unfolds to gigabytes."""
    other = io.BytesIO()
    pq.write_table(pa.table({"key": [1]}), other)
    return [
        Made("an index of other columns", Seed("index", "index.parquet", other.getvalue())),
        Made("predictions of other columns", Seed("predictions", "a.parquet", other.getvalue())),
        Made("an index that unfolds to gigabytes", Seed("index", "index.parquet", _bomb())),
    ]


def _bomb() -> bytes:
    """An index of 20 GB of texts, each the same, in a file of a few hundred kB."""
    buffer, rows = io.BytesIO(), ROWS
    columns = []
    for field in index.SCHEMA:
        if field.type == pa.string():
            texts = pa.array(["a" * TEXT]).dictionary_encode()
            spread = pa.DictionaryArray.from_arrays(np.zeros(rows, np.int32), texts.dictionary)
            columns.append(spread if field.name == "key" else _few(rows))
        elif pa.types.is_list(field.type):
            columns.append(pa.nulls(rows, field.type))
        else:
            columns.append(pa.array(np.zeros(rows)).cast(field.type))
    fields = [
        field.with_type(column.type) for field, column in zip(index.SCHEMA, columns, strict=True)
    ]
    table = pa.table(columns, schema=pa.schema(fields))
    pq.write_table(table, buffer, compression="zstd", store_schema=False)
    return buffer.getvalue()


def _few(rows: int) -> pa.DictionaryArray:
    return pa.DictionaryArray.from_arrays(np.zeros(rows, np.int32), pa.array(["a"]))


def _links(canary: Path) -> list[Made]:
    """HDF5 files whose data lie elsewhere or are larger than any."""
    files = dict(hdf5_files())
    frames = next(name for name in files if name.startswith("frames"))
    found = []
    for what in ("an outer link", "a soft link", "outer data", "a virtual set", "2^50 frames"):
        buffer = io.BytesIO()
        with h5py.File(buffer, "w") as file:
            file["index"] = np.arange(4)
            match what:
                case "an outer link":
                    file["image"] = h5py.ExternalLink("/etc/passwd", "/image")
                case "a soft link":
                    file["image"] = h5py.SoftLink("/image")
                case "outer data":
                    outer = [("/etc/passwd", 0, h5py.h5f.UNLIMITED)]
                    file.create_dataset("image", (4, 32, 32, 3), "u1", external=outer)
                case "a virtual set":
                    layout = h5py.VirtualLayout((4, 32, 32, 3), "u1")
                    layout[:] = h5py.VirtualSource("/etc/passwd", "image", (4, 32, 32, 3))
                    file.create_virtual_dataset("image", layout)
                case _:
                    shape, chunk = (2**30, 1024, 1024, 3), (1, 64, 64, 3)
                    file.create_dataset("image", shape, "u1", chunks=chunk)
        beside = tuple((name, data) for name, data in files.items() if name != frames)
        seed = Seed("hdf5", frames, buffer.getvalue(), beside)
        found.append(Made(f"HDF5 with {what}", seed, canary))
    return found
