"""One sample's members out of its shard: a read by offset and size, held to the index's SHA-256.

With the check the whole sample is read and hashed, because a flipped bit in a JPEG decodes to a
picture without a word; without it only the members that are asked for are read.
"""

import hashlib
import os
from collections.abc import Callable
from pathlib import Path

import numpy as np

from generator.shards.tarball import BLOCK

PLACE = np.dtype(
    [
        ("path", "<i4"),  # which shard
        ("offset", "<i8"),
        ("size", "<i8"),  # 0 where there is no sample
        ("suffix", "S3"),  # of the picture: jpg or png
        ("share", "<f4"),  # side of the face's square in the picture's, without landmarks
        ("key", "S80"),
        ("sha256", "S64"),
    ]
)
"""Where a sample lies, in fixed width: what a worker is sent in place of the index."""

Read = Callable[[int, int], bytes]
"""Bytes of a sample: from where in it, how many."""


def read_members(
    path: Path, place: np.void, wanted: frozenset[str], check: bool
) -> dict[str, bytes]:
    """Read the members of one sample that are asked for, by suffix; `check` hashes all of it.

    Raises ValueError that names shard and key where the bytes are not those that the index states
    or a member is missing, OSError where the shard cannot be read.
    """
    offset, size = int(place["offset"]), int(place["size"])
    handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        if not check:
            return _walk(
                lambda at, count: os.pread(handle, count, offset + at), path, place, wanted
            )
        data = os.pread(handle, size, offset)
    finally:
        os.close(handle)
    return whole(data, path, place, wanted)


def whole(data: bytes, path: Path, place: np.void, wanted: frozenset[str]) -> dict[str, bytes]:
    """Take members out of a sample's bytes, held to their SHA-256; raises as `read_members`."""
    if hashlib.sha256(data).hexdigest().encode() != place["sha256"]:
        raise ValueError(f"{describe(path, place)} must be unaltered, got another SHA-256")
    return _walk(lambda at, count: data[at : at + count], path, place, wanted)


def describe(path: Path, place: np.void) -> str:
    """Data set, shard and key, as errors name them."""
    return f"{path}: {place['key'].decode()}"


def _walk(read: Read, path: Path, place: np.void, wanted: frozenset[str]) -> dict[str, bytes]:
    """Go from header to header until every wanted member is found."""
    found: dict[str, bytes] = {}
    start, size = place["key"] + b".", int(place["size"])
    at = 0
    while at < size and len(found) < len(wanted):
        header = read(at, BLOCK)
        name = header[:100].rstrip(b"\0")
        # ustar: the size is 11 octal digits and a zero.
        digits = header[124:135]
        length = int(digits, 8) if digits.isdigit() else -1
        at += BLOCK
        if not (name.startswith(start) and 0 <= length <= size - at):
            raise ValueError(f"{describe(path, place)} must lie at byte {place['offset']}")
        suffix = name[len(start) :].decode("ascii", "replace")
        if suffix in wanted:
            data = read(at, length)
            if len(data) != length:
                raise ValueError(f"{describe(path, place)} must be whole, got an end in {suffix}")
            found[suffix] = data
        at += length + -length % BLOCK
    missing = sorted(wanted - found.keys())
    if missing:
        raise ValueError(f"{describe(path, place)} must have {missing[0]}, got none")
    return found
