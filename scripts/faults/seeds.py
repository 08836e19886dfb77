"""Files as they should be, small ones of every kind that is read, for mutation to begin with."""

import io
import pickle
from pathlib import Path

import cv2
import h5py
import numpy as np
import pyarrow.parquet as pq
import safetensors.numpy
import torch

from assets.facs import OPENFACE_AUS
from assets.unbc import CODED, SUBJECTS
from generator.importers.unbc_hdf5 import ANNOTATIONS, FOLDS, FRAMES
from generator.shards.tarball import read_shard
from scripts.faults.hostile import Seed
from vitpain.evaluate import predictions

CUBE = b"""v 0 0 0
v 1 0 0
v 1 1 0
v 0 1 0
v 0 0 1
v 1 0 1
v 1 1 1
v 0 1 1
vt 0 0
vt 1 0
vt 1 1
vt 0 1
usemtl skin
f 1/1 2/2 3/3 4/4
f 5/1 6/2 7/3 8/4
f 1/1 2/2 6/3 5/4
"""


def seeds(data: Path) -> list[Seed]:
    """One or more files for every reader; `data` is a finished data set."""
    shard = min(data.glob("*.tar"))
    stored = next(read_shard(shard))
    image = np.random.Generator(np.random.Philox(0)).integers(0, 256, (24, 32, 3), np.uint8)
    hdf5 = hdf5_files()
    found = [
        Seed("record", "a.json", stored.members["json"]),
        Seed("manifest", "manifest.json", (data / "manifest.json").read_bytes()),
        Seed("config", "config.json", (data / "config.json").read_bytes()),
        Seed("index", "index.parquet", (data / "index.parquet").read_bytes()),
        Seed("predictions", "a.parquet", _predictions()),
        Seed("shard", shard.name, shard.read_bytes()),
        Seed("expressions", "a.csv", b"AU4,AU6L,AU6R,AU43\n1,2,3,0\n0.5,0,0,1\n"),
        Seed("openface", "a.csv", _openface()),
        Seed("numbers", "a.txt", b"  1.0e+000  2.5\n 3 NaN\n"),
        Seed("mesh", "a.obj", CUBE),
        Seed("mesh", "a.off", b"OFF\n4 2 0\n0 0 0\n1 0 0\n1 1 0\n0 1 0\n3 0 1 2\n3 0 2 3\n"),
        Seed("mesh", "a.ply", _ply()),
        Seed("mesh", "a.stl", bytes(80) + (1).to_bytes(4, "little") + bytes(50)),
        Seed("quads", "a.obj", CUBE),
        Seed("flame", "a.pkl", pickle.dumps(_arrays(), protocol=2)),
        Seed("flame", "a.npz", _npz()),
        Seed("weights", "a.safetensors", safetensors.numpy.save(_arrays())),
        Seed("weights", "a.pth", _torch()),
    ]
    found += [
        Seed("map", f"a.{suffix}", member)
        for suffix, member in stored.members.items()
        if suffix != "json"
    ]
    for suffix in (".png", ".jpg", ".bmp", ".webp"):
        _, written = cv2.imencode(suffix, image)
        found.append(Seed("picture", f"a{suffix}", written.tobytes()))
    for name, content in hdf5.items():
        beside = tuple((other, one) for other, one in hdf5.items() if other != name)
        found.append(Seed("hdf5", name, content, beside))
    return found


def _arrays() -> dict[str, np.ndarray]:
    return {"f": np.arange(6, dtype=np.uint32).reshape(2, 3), "v_template": np.ones((4, 3))}


def _npz() -> bytes:
    buffer = io.BytesIO()
    np.savez_compressed(buffer, allow_pickle=False, **_arrays())
    return buffer.getvalue()


def _torch() -> bytes:
    buffer = io.BytesIO()
    torch.save({"a.weight": torch.ones(3, 4), "b": {"c": torch.zeros(2)}}, buffer)
    return buffer.getvalue()


def _predictions() -> bytes:
    columns: dict[str, list[object]] = {}
    for field in predictions.SCHEMA:
        kind = str(field.type)
        known = [0.5] * 3 if kind == "double" else [1] * 3 if kind == "int32" else ["a"] * 3
        columns[field.name] = [*known]
    columns |= {"key": ["a", "b", "c"], "role": ["test"] * 3, "condition": ["right"] * 3}
    columns |= {"neutral_keys": [["a"], [], ["b"]]}
    buffer = io.BytesIO()
    pq.write_table(predictions.table(columns), buffer, compression="zstd")
    return buffer.getvalue()


def _openface() -> bytes:
    names = ["frame", " success", *(f" AU{au:02d}_r" for au in OPENFACE_AUS)]
    marks = [f" {axis}_{mark}" for axis in "xy" for mark in range(68)]
    rows = [[str(frame), "1", *["0.5"] * len(OPENFACE_AUS), *["12.5"] * 136] for frame in (1, 2)]
    return "\n".join(",".join(row) for row in ([*names, *marks], *rows)).encode()


def _ply() -> bytes:
    head = (
        "ply\nformat binary_little_endian 1.0\nelement vertex 3\nproperty float x\n"
        "property float y\nproperty float z\nelement face 1\n"
        "property list uchar int vertex_indices\nend_header\n"
    )
    corners = np.array([[0, 0, 0], [1, 0, 0], [0, 1, 0]], "<f4").tobytes()
    return head.encode() + corners + b"\x03" + np.array([0, 1, 2], "<i4").tobytes()


def hdf5_files() -> dict[str, bytes]:
    """The three files of UNBC-McMaster, with four frames of two people."""
    made = {name: io.BytesIO() for name in (FRAMES, ANNOTATIONS, FOLDS)}
    names = [SUBJECTS[0], SUBJECTS[0], SUBJECTS[1], SUBJECTS[1]]
    with h5py.File(made[FRAMES], "w") as file:
        image = np.arange(4 * 32 * 32 * 3, dtype=np.uint8).reshape(4, 32, 32, 3)
        file.create_dataset("image", data=image, chunks=(2, 16, 16, 3), compression="gzip")
        file["index"] = np.arange(4)
    with h5py.File(made[ANNOTATIONS], "w") as file:
        file["subject_name"] = [name.encode() for name in names]
        file["index"] = np.arange(4)
        for au in CODED:
            file[f"label_AU_{au}"] = np.zeros(4)
        file["label_pspi"] = np.zeros(4)
    with h5py.File(made[FOLDS], "w") as file:
        for fold, (one, others) in enumerate(((names[0], names[2]), (names[2], names[0]))):
            file[f"fold-{fold}/validation_subjects"] = [one.encode()]
            file[f"fold-{fold}/train_subjects"] = [others.encode()]
    return {name: buffer.getvalue() for name, buffer in made.items()}
