"""FLAME's own file, read strictly: `flame2023_Open.pkl` and the older ones, pickled or as npz.

Metres, y up, the face along +z, the person's left +x. Nothing in a file is executed
(`inert_pickle`), and an array that is not as FLAME's is named with what was expected and found.
"""

import hashlib
import io
import math
import struct
import tokenize
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Float64, Int32
from scipy import sparse
from scipy.sparse import csgraph

from assets import inert_pickle

VERTICES, FACES = 5023, 9976
SKIN, BALL = 3931, 546
IDENTITY = 300
"""Coefficients of a person's shape; the hundred after them are of the expression."""
SHAPES = {
    "f": (FACES, 3),
    "v_template": (VERTICES, 3),
    "shapedirs": (VERTICES, 3, 400),
    "posedirs": (VERTICES, 3, 36),
    "weights": (VERTICES, 5),
    "J_regressor": (5, VERTICES),
    "kintree_table": (2, 5),
}
LARGEST = 256 * 2**20
"""Bytes of a file; the real ones have 50 to 110 million."""
_NO_ZIP = (zipfile.BadZipFile, zlib.error, struct.error, EOFError, RuntimeError)
# Height of head and neck in metres.
LEAST_HEIGHT, MOST_HEIGHT = 0.15, 0.6
_HEADERS = {
    (1, 0): np.lib.format.read_array_header_1_0,
    (2, 0): np.lib.format.read_array_header_2_0,
}
# What numpy raises for an npy array that is damaged.
_NO_ARRAY = (ValueError, TypeError, SyntaxError, KeyError, OverflowError, RecursionError)
_NO_ARRAY += (MemoryError, tokenize.TokenError)


@dataclass(frozen=True, eq=False)
class FlameFile:
    """What is used of a file: the mean person, `identity` at one standard deviation, and parts.

    `part` is 0 for skin, 1 for the person's left eyeball and 2 for the right one.
    """

    sha256: str
    vertices: Float64[np.ndarray, "5023 3"]
    triangles: Int32[np.ndarray, "9976 3"]
    identity: Float64[np.ndarray, "5023 3 300"]
    part: Int32[np.ndarray, " 5023"]


def read(path: Path) -> FlameFile:
    """A FLAME file.

    Raises ValueError that names file and key, and OSError where the file cannot be opened.
    """
    size = path.stat().st_size
    if size > LARGEST:
        raise ValueError(f"{path} must have at most {LARGEST} bytes, got {size}")
    content = path.read_bytes()
    found = _members(content, path) if content[:2] == b"PK" else _pickled(content, path)
    arrays = {key: _checked(path, key, found) for key in SHAPES}
    triangles = _faces(path, arrays["f"])
    vertices = arrays["v_template"].astype(np.float64)
    height = float(np.ptp(vertices[:, 1]))
    if not LEAST_HEIGHT < height < MOST_HEIGHT:
        rule = f"from {LEAST_HEIGHT} to {MOST_HEIGHT} metres high"
        raise ValueError(f"{path}: v_template must be {rule}, got {height:.3g}")
    return FlameFile(
        sha256=hashlib.sha256(content).hexdigest(),
        vertices=vertices,
        triangles=triangles,
        identity=arrays["shapedirs"][..., :IDENTITY].astype(np.float64),
        part=_parts(path, triangles, vertices),
    )


def _pickled(content: bytes, path: Path) -> dict[str, object]:
    found = inert_pickle.load(content, str(path))
    if not isinstance(found, dict):
        raise ValueError(f"{path} must hold arrays by key, got {type(found).__name__}")
    return found


def _members(content: bytes, path: Path) -> dict[str, object]:
    """Arrays of an npz, none larger than it says; objects in it are read as pickles are."""
    contents: dict[str, bytes] = {}
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            members = archive.infolist()
            stated = sum(member.file_size for member in members)
            for member in members if stated <= LARGEST else []:
                key = member.filename.removesuffix(".npy")
                if key in SHAPES:
                    contents[key] = _unfolded(archive, member)
    # A place before the file's beginning, for one, is a ValueError.
    except (*_NO_ZIP, ValueError) as error:
        raise ValueError(f"{path} must be an npz that can be read: {error}") from error
    if stated > LARGEST:
        raise ValueError(f"{path} must hold at most {LARGEST} bytes, got more")
    return {key: _member(data, f"{path}: {key}") for key, data in contents.items()}


def _unfolded(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> bytes:
    """A member, no more than the bytes that it states; BadZipFile where it has others.

    Bzip2 and LZMA unfold a whole block at once, whatever is asked of them.
    """
    if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        got = f"compression {member.compress_type}"
        raise zipfile.BadZipFile(f"members must be stored or deflated, got {got}")
    with archive.open(member) as file:
        content = file.read(member.file_size + 1)
    if len(content) != member.file_size:
        got = f"{len(content)} bytes"
        raise zipfile.BadZipFile(f"{member.filename} must have {member.file_size}, got {got}")
    return content


def _member(content: bytes, what: str) -> object:
    """An npy array, or what the pickle of one of objects holds."""
    file = io.BytesIO(content)
    try:
        version = np.lib.format.read_magic(file)
        header = _HEADERS.get(version)
        shape, columns_first, kind = header(file) if header else ((), False, np.dtype("V"))
    except _NO_ARRAY as error:
        raise ValueError(f"{what} must be an npy array: {error}") from error
    if header is None:
        raise ValueError(f"{what} must be of npy version 1 or 2, got {version}")
    data = content[file.tell() :]
    if kind.hasobject:
        return inert_pickle.load(data, what)
    if min(shape, default=0) < 0 or math.prod(shape) * kind.itemsize != len(data):
        raise ValueError(f"{what} must have the bytes of its shape {shape}, got {len(data)}")
    try:
        return np.frombuffer(data, kind).reshape(shape, order="F" if columns_first else "C")
    except _NO_ARRAY as error:
        raise ValueError(f"{what} must be an npy array: {error}") from error


def _checked(path: Path, key: str, found: dict[str, object]) -> np.ndarray:
    if key not in found:
        there = ", ".join(sorted(str(name)[:30] for name in found)[:20]) or "nothing"
        raise ValueError(f"{path}: {key} must be there, got {there}")
    got = inert_pickle.array(found[key], f"{path}: {key}")
    if got.shape != SHAPES[key]:
        raise ValueError(f"{path}: {key} must have shape {SHAPES[key]}, got {got.shape}")
    if not np.isfinite(got).all():
        raise ValueError(f"{path}: {key} must be finite, got {int((~np.isfinite(got)).sum())} not")
    return got


def _faces(path: Path, faces: np.ndarray) -> Int32[np.ndarray, "9976 3"]:
    low, high = int(faces.min()), int(faces.max())
    if low < 0 or high >= VERTICES:
        got = f"{low} to {high}"
        raise ValueError(f"{path}: f must hold vertices from 0 to {VERTICES - 1}, got {got}")
    return faces.astype(np.int32)


def _parts(path: Path, triangles: np.ndarray, vertices: np.ndarray) -> Int32[np.ndarray, " 5023"]:
    """Which part each vertex belongs to, by the pieces that the faces join."""
    ends = np.concatenate([triangles[:, [0, 1]], triangles[:, [1, 2]]])
    joined = sparse.coo_array((np.ones(len(ends)), ends.T), shape=(VERTICES, VERTICES))
    _, piece = csgraph.connected_components(joined, directed=False)
    sizes = np.bincount(piece)
    balls = np.flatnonzero(sizes == BALL)
    if len(balls) != 2:
        rule = f"a skin of {SKIN} vertices and two eyeballs of {BALL}"
        raise ValueError(f"{path}: f must join {rule}, got {sorted(sizes.tolist())[::-1][:6]}")
    left, right = sorted(balls, key=lambda ball: -float(vertices[piece == ball, 0].mean()))
    side = [float(vertices[piece == ball, 0].mean()) for ball in (left, right)]
    if not side[0] > 0 > side[1]:
        raise ValueError(f"{path}: eyeballs must lie left and right of x = 0, got {side}")
    return np.where(piece == left, 1, np.where(piece == right, 2, 0)).astype(np.int32)
