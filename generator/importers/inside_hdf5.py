"""HDF5 files of others, read without leaving them: hard links, plain data, capped sizes.

A link to another file, data that lie in one, references, and types that are not numbers or short
texts are refused before anything is read.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from h5py import h5l  # pyright: ignore[reportAttributeAccessIssue]

HIGHEST_ITEMS = 10_000_000
HIGHEST_BYTES = 512 * 2**20
HIGHEST_CHUNK = 128 * 2**20
"""Bytes of a chunk as it is unpacked."""
DAMAGED = (OSError, RuntimeError, KeyError)
"""What the library raises for bytes that make no sense."""
LONGEST_TEXT = 256
CACHE, SLOTS = 256 * 2**20, 100_003
"""Bytes of unpacked chunks that are kept: chunks often hold a corner of many frames."""


@contextmanager
def opened(path: Path) -> Iterator[h5py.File]:
    """Give a file to read. Raises ValueError that names it where it is no HDF5, or turns out to be
    damaged within the block.
    """
    if not path.is_file():
        raise ValueError(f"{path} must be there, got no file")
    try:
        with h5py.File(path, "r", rdcc_nbytes=CACHE, rdcc_nslots=SLOTS) as file:
            yield file
    except DAMAGED as error:
        raise ValueError(f"{path} must be an HDF5 file, got {error}") from error


def has(group: h5py.Group, name: str) -> bool:
    """Whether a group has a link of this name, wherever it leads."""
    # `name in group` follows links, into other files too.
    return group.id.links.exists(name.encode())


def member(group: h5py.Group, name: str, where: str) -> Any:
    """A group or data set in a group by a hard link. Raises ValueError that begins with `where`."""
    if not has(group, name):
        there = ", ".join(sorted(group)[:20]) or "nothing"
        raise ValueError(f"{where} must hold {name}, got {there}")
    kind = group.id.links.get_info(name.encode()).type
    if kind != h5l.TYPE_HARD:
        got = {h5l.TYPE_SOFT: "soft", h5l.TYPE_EXTERNAL: "external"}.get(kind, "foreign")
        raise ValueError(f"{where}: {name} must lie in the file itself, got a link ({got})")
    return group[name]


def dataset(group: h5py.Group, name: str, where: str) -> h5py.Dataset:
    """A data set whose values lie in the file. Raises ValueError that begins with `where`."""
    found = member(group, name, where)
    if not isinstance(found, h5py.Dataset):
        raise ValueError(f"{where}: {name} must be a data set, got a group")
    if found.is_virtual or found.external:
        raise ValueError(f"{where}: {name} must hold its values, got some in other files")
    chunk = int(np.prod(found.chunks or (), dtype=np.int64)) * found.dtype.itemsize
    if chunk > HIGHEST_CHUNK:
        rule = f"{name} must have chunks of at most {HIGHEST_CHUNK} bytes"
        raise ValueError(f"{where}: {rule}, got {chunk}")
    return found


def numbers(group: h5py.Group, name: str, where: str) -> np.ndarray:
    """All values of a data set of numbers."""
    found = dataset(group, name, where)
    if found.dtype.kind not in "iufb":
        raise ValueError(f"{where}: {name} must hold numbers, got {found.dtype}")
    _check_size(found, name, where)
    return np.asarray(found[...])


def whole(group: h5py.Group, name: str, where: str, highest: int) -> np.ndarray:
    """All values of a data set of whole numbers from 0 to `highest`."""
    values = numbers(group, name, where)
    wrong = ~((values >= 0) & (values <= highest) & (np.floor(values) == values))
    if wrong.any():
        rule = f"{name} must hold whole numbers from 0 to {highest}"
        raise ValueError(f"{where}: {rule}, got {values[wrong][0]}")
    return values.astype(np.int64)


def is_text(group: h5py.Group, name: str, where: str) -> bool:
    """Whether a data set holds texts."""
    return h5py.check_string_dtype(dataset(group, name, where).dtype) is not None


def texts(group: h5py.Group, name: str, where: str) -> list[str]:
    """All values of a data set of short texts, along one axis."""
    found = dataset(group, name, where)
    if not is_text(group, name, where) or found.ndim != 1:
        raise ValueError(f"{where}: {name} must hold texts along one axis, got {found.dtype}")
    _check_size(found, name, where)
    listed = [_text(value) for value in found[...]]
    for value in listed:
        if not (value.isprintable() and 0 < len(value) <= LONGEST_TEXT):
            rule = f"{name} must hold texts of 1 to {LONGEST_TEXT} signs"
            raise ValueError(f"{where}: {rule}, got {value[:40]!r}")
    return listed


def _text(value: bytes | str) -> str:
    data = value if isinstance(value, bytes) else value.encode("utf-8", "replace")
    return data.decode("utf-8", "replace").strip("\0 ")


def _check_size(found: h5py.Dataset, name: str, where: str) -> None:
    if found.size is None or found.size > HIGHEST_ITEMS:
        rule = f"{name} must have at most {HIGHEST_ITEMS} values"
        raise ValueError(f"{where}: {rule}, got {found.size}")
    if found.nbytes > HIGHEST_BYTES:
        rule = f"{name} must have at most {HIGHEST_BYTES} bytes"
        raise ValueError(f"{where}: {rule}, got {found.nbytes}")
