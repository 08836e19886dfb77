"""A user's folder of panoramas as environments: read, checked, split into light and surroundings.

An environment is named by the SHA-256 of its file, so that its place in the folder and its file's
name say nothing. Panoramas are equirectangular, twice as wide as high, Radiance (.hdr) or OpenEXR
(.exr), and linear; their exposure is made alike by `render.surroundings.measure`.
"""

import hashlib
import os
import re
import struct
from functools import lru_cache
from pathlib import Path

import cv2
import numpy as np
from jaxtyping import Float32

from assets.environments import Environment
from render.surroundings import measure

WHAT = "environment_folder"
SUFFIXES = (".hdr", ".exr")
SMALLEST, LARGEST = 32, 8192
"""Columns that a panorama may have: 8192 x 4096 takes 400 MB while it is read."""
MEASURED = (1024, 512)
"""Columns and rows at which key light and harmonics are measured, as those that ship were."""
SHOWN = (512, 256)
"""Columns and rows that are kept."""
KEPT = 32
"""Environments that a process keeps, 1.5 MB each; others are read again when they are drawn."""

_RADIANCE = re.compile(rb"\n[-+]Y +([0-9]{1,9}) +[-+]X +([0-9]{1,9})\n")
_OPENEXR = b"\x76\x2f\x31\x01"


@lru_cache(maxsize=2)
def files(folder: Path) -> dict[str, Path]:
    """Give the panoramas of a folder by name, in the order of their file names.

    Files of the same content are one. Raises ValueError where the folder cannot be read or holds
    none.
    """
    found = {f"sha256:{hashlib.sha256(_bytes(path)).hexdigest()}": path for path in _listed(folder)}
    return dict(sorted(found.items(), key=lambda item: item[1].name))


def folder_hash(folder: Path) -> str:
    """Give one SHA-256 over the panoramas of a folder by name order.

    Raises ValueError where it holds no panorama, or one that cannot be used.
    """
    digest = hashlib.sha256()
    for path in _listed(folder):
        data = _bytes(path)
        read(path, data)
        digest.update(hashlib.sha256(data).digest())
    return f"sha256:{digest.hexdigest()}"


@lru_cache(maxsize=KEPT)
def load(folder: Path, name: str) -> Environment:
    """Give one environment of a folder by its name; about 0.2 s the first time.

    Raises ValueError for a name that none of its files has, or where the file has changed.
    """
    paths = files(folder)
    if name not in paths:
        raise ValueError(f"environment must be a panorama of {folder}, got {name!r}")
    data = _bytes(paths[name])
    if f"sha256:{hashlib.sha256(data).hexdigest()}" != name:
        raise ValueError(f"{WHAT} must not change while it is used, got a new {paths[name]}")
    panorama = read(paths[name], data)
    return measure(name, _fitted(panorama, MEASURED), _fitted(panorama, SHOWN))


def read(path: Path, data: bytes) -> Float32[np.ndarray, "rows columns 3"]:
    """Decode a panorama to linear RGB; `path` is for the error.

    Raises ValueError, naming the file, where it is none that can be used.
    """
    size = _size(data)
    if size is None:
        raise ValueError(f"{WHAT} must hold Radiance or OpenEXR files, got {path}")
    columns, rows = size
    if columns != 2 * rows or not SMALLEST <= columns <= LARGEST:
        rule = f"twice as wide as high and {SMALLEST} to {LARGEST} pixels wide"
        raise ValueError(f"{WHAT} must hold panoramas {rule}, got {columns} x {rows} in {path}")
    if data.startswith(_OPENEXR):
        # OpenCV reads OpenEXR where this is set before the first such file, and nowhere else.
        os.environ["OPENCV_IO_ENABLE_OPENEXR"] = "1"
    try:
        decoded = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    except cv2.error as fault:
        raise ValueError(f"{WHAT} must hold files that can be read, got {path}") from fault
    if decoded is None or decoded.shape[:2] != (rows, columns):
        raise ValueError(f"{WHAT} must hold files that can be read, got {path}")
    if decoded.ndim != 3 or decoded.shape[2] < 3:
        raise ValueError(f"{WHAT} must hold panoramas in colour, got {path}")
    panorama = np.ascontiguousarray(decoded[..., 2::-1], dtype=np.float32)
    if not (np.isfinite(panorama).all() and (panorama >= 0).all() and panorama.any()):
        rule = "radiance that is finite, at least 0 and not all 0"
        raise ValueError(f"{WHAT} must hold {rule}, got {path}")
    return panorama


def _size(data: bytes) -> tuple[int, int] | None:
    """Read columns and rows from the head of a file, before anything is decoded."""
    if data.startswith((b"#?RADIANCE", b"#?RGBE")):
        found = _RADIANCE.search(data[:8192])
        return None if found is None else (int(found[2]), int(found[1]))
    if not data.startswith(_OPENEXR):
        return None
    # Attributes from the ninth byte on: name, type, length, value.
    mark = data[: 1 << 16].find(b"dataWindow\0box2i\0")
    if mark < 0 or len(data) < mark + 37:
        return None
    left, top, right, bottom = struct.unpack_from("<4i", data, mark + 21)
    return right - left + 1, bottom - top + 1


def _fitted(
    panorama: Float32[np.ndarray, "rows columns 3"], size: tuple[int, int]
) -> Float32[np.ndarray, "_ _ 3"]:
    """Average a panorama down to `size`, columns and rows; a smaller one stays."""
    if panorama.shape[1] <= size[0]:
        return panorama
    return cv2.resize(panorama, size, interpolation=cv2.INTER_AREA)


def _listed(folder: Path) -> list[Path]:
    if folder.exists() and not folder.is_dir():
        raise ValueError(f"{WHAT} must be a folder, got the file {folder}")
    try:
        found = sorted(path for path in folder.iterdir() if path.suffix.lower() in SUFFIXES)
    except OSError as error:
        raise ValueError(f"{WHAT} must be readable, got {folder}: {error.strerror}") from error
    if not found:
        raise ValueError(f"{WHAT} must hold panoramas ({', '.join(SUFFIXES)}), got {folder}")
    return found


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise ValueError(f"{WHAT} must be readable, got {path}: {error.strerror}") from error
