"""Large files of a user that stay where they are: known by size, time and SHA-256."""

import hashlib
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

_CHUNK = 1 << 24

Report = Callable[[int, int], None]
"""Takes the bytes that were hashed since the last call, and those there are in all."""


def stated(path: Path, total: int, report: Report | None = None) -> dict[str, Any]:
    """Size, time of the last change (ns) and SHA-256 of a file, one of files of `total` bytes."""
    before, digest = path.stat(), hashlib.sha256()
    with open(path, "rb") as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
            if report is not None:
                report(len(chunk), total)
    return {
        "size": before.st_size,
        "mtime_ns": before.st_mtime_ns,
        "sha256": digest.hexdigest(),
    }


def check_unchanged(path: Path, before: Mapping[str, Any], way: str) -> None:
    """Hold a file to what was stated of it; one of another size or time is hashed again.

    Raises ValueError that names the file and the command, `way`, that puts it right.
    """
    if not path.is_file():
        raise ValueError(f"{path} must be where it was added, got none: {way}")
    now = path.stat()
    if (now.st_size, now.st_mtime_ns) == (before["size"], before["mtime_ns"]):
        return
    got = _sha256(path, now.st_size, now.st_mtime_ns)
    if got != before["sha256"]:
        raise ValueError(f"{path} must have sha256 {before['sha256']}, got {got}: {way}")


@cache
def _sha256(path: Path, size: int, mtime_ns: int) -> str:
    """The hash of a file, read once for each size and time that it has."""
    return stated(path, size)["sha256"]
