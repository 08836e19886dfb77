"""The files of a source, links to folders followed, and one hash of all they hold."""

import hashlib
import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from generator.shards.manifest import CHUNK

THREADS = 4


def folders(root: Path) -> Iterator[tuple[str, list[str]]]:
    """Every folder below `root` and itself, by its path from there, with the names of its files.

    In the order of their names; what begins with a dot is passed over, and so is a folder that was
    reached before by another way. Raises OSError where a folder cannot be read.
    """
    seen = set()
    for folder, inside, names in os.walk(root, onerror=_raise, followlinks=True):
        status = os.stat(folder)
        here = (status.st_dev, status.st_ino)
        if here in seen:
            inside.clear()
            continue
        seen.add(here)
        inside[:] = sorted(name for name in inside if not name.startswith("."))
        files = sorted(name for name in names if not name.startswith("."))
        yield Path(folder).relative_to(root).as_posix(), files


def content_hash(*roots: Path | None) -> str:
    """SHA-256 of names and content of all files in some folders."""
    digest = hashlib.sha256()
    for root in roots:
        if root is None:
            continue
        files = [
            f"{folder}/{name}"
            for folder, names in folders(root)
            for name in names
            if (root / folder / name).is_file()
        ]
        # Reading and hashing let go of the interpreter: a disk is faster than one thread.
        with ThreadPoolExecutor(THREADS) as threads:
            paths = [root / file for file in files]
            for file, content in zip(files, threads.map(_hash, paths), strict=True):
                name = os.fsencode(file)
                digest.update(f"{len(name)} ".encode())
                digest.update(name)
                digest.update(content)
    return f"sha256:{digest.hexdigest()}"


def _raise(error: OSError) -> None:
    raise error


def _hash(path: Path) -> bytes:
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        while chunk := file.read(CHUNK):
            digest.update(chunk)
    return digest.digest()
