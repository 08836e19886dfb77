"""`manifest.json`: every file of a finished data set with its size and SHA-256, and no clock.

Written last: a folder without one is unfinished. Files that are not in it do not belong to the
data set, but for the folder `preview`, which anybody may make anew.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from assets import atomic

NAME = "manifest.json"
FORMAT = "pain3d shards 1"
OUTSIDE = "preview"
CHUNK = 2**20


@dataclass(frozen=True)
class Checksum:
    """Size in bytes and SHA-256 of a file."""

    size: int
    sha256: str


def checksum(path: Path) -> Checksum:
    """Read a file for its size and SHA-256."""
    digest, size = hashlib.sha256(), 0
    with open(path, "rb") as file:
        while chunk := file.read(CHUNK):
            digest.update(chunk)
            size += len(chunk)
    return Checksum(size, digest.hexdigest())


def write(folder: Path, files: Mapping[str, Checksum], counts: Mapping[str, int]) -> None:
    """Write the manifest of files by name; `counts` are figures for people to read."""
    atomic.write(folder / NAME, content(files, counts))


def content(files: Mapping[str, Checksum], counts: Mapping[str, int]) -> bytes:
    """The bytes of the manifest of these files."""
    listed = {name: {"bytes": files[name].size, "sha256": files[name].sha256} for name in files}
    return json_bytes({"format": FORMAT, **counts, "files": dict(sorted(listed.items()))})


def read(folder: Path) -> dict[str, Checksum]:
    """Read the checksums by file name.

    Raises ValueError that names the file where the folder is unfinished or the manifest is not
    of this format.
    """
    path = folder / NAME
    if not path.is_file():
        got = f"none of {NAME}" if folder.is_dir() else "no such folder"
        raise ValueError(f"{folder} must be a finished data set, got {got}")
    stated = read_json(path)
    if not isinstance(stated, dict) or stated.get("format") != FORMAT:
        raise ValueError(f"{path} must have the format {FORMAT!r}, got another")
    files = stated.get("files")
    if not isinstance(files, dict):
        raise ValueError(f"{path} must list files, got {files!r}")
    return {name: _entry(path, name, files[name]) for name in files}


def _entry(path: Path, name: str, entry: Any) -> Checksum:
    match entry:
        case {"bytes": int(size), "sha256": str(sha256)}:
            pass
        case _:
            raise ValueError(f"{path}: {name} must have bytes and sha256, got {entry!r}")
    # A name is joined to a folder: it must not lead out of it.
    if "/" in name or "\\" in name or name in ("", ".", ".."):
        raise ValueError(f"{path} must list plain file names, got {name!r}")
    return Checksum(size, sha256)


def json_bytes(content: Any) -> bytes:
    """JSON for people to read, the same bytes for the same content."""
    return (json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False) + "\n").encode()


def read_json(path: Path) -> Any:
    """Read JSON. Raises ValueError that names the file where it is none."""
    try:
        return json.loads(path.read_bytes())
    # No JSON, no UTF-8, a number of thousands of digits, or nested too deep.
    except (ValueError, RecursionError) as error:
        raise ValueError(f"{path} must be JSON, got {error}") from error


def content_hash(folder: Path) -> str:
    """Hash of everything in a finished data set: that of its manifest, which lists the rest."""
    return f"sha256:{checksum(folder / NAME).sha256}"
