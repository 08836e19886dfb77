"""What diffusion painted, kept by the hash of all that decides it, and never painted again.

The store is a folder of the user's, outside of data sets and shared by all of them: one folder an
entry, whole or not there, its files held to their hashes when they are read. Whatever lies in it
may be deleted; it is painted anew when it is asked for. What a killed run left ends in `.tmp`.
"""

import hashlib
import json
import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

from assets import atomic

VARIABLE = "PAIN3D_CACHE"
"""Environment variable that names the folder; else it is `pain3d` in the user's cache folder."""
FACTS, HASHES = "facts.json", "files"

Kind = Literal["textures", "backgrounds"]


def root() -> Path:
    """The folder of what was painted, which need not exist yet."""
    named = os.environ.get(VARIABLE, "")
    if named:
        return Path(named)
    cache = os.environ.get("XDG_CACHE_HOME", "")
    return (Path(cache) if cache else Path.home() / ".cache") / "pain3d"


def check() -> None:
    """Refuse a folder that cannot be written, before anything is painted for it."""
    folder = root()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        atomic.write(folder / "writable", b"")
    except OSError as error:
        rule = f"a folder that can be written ({VARIABLE} names another)"
        raise ValueError(f"the store {folder} must be {rule}, got {error.strerror}") from error


def place(kind: Kind, key: str) -> Path:
    """The folder of an entry."""
    return root() / kind / key


def there(kind: Kind, key: str) -> bool:
    """Whether an entry was kept."""
    return (place(kind, key) / FACTS).is_file()


def find(kind: Kind, key: str) -> tuple[dict[str, Any], dict[str, bytes]] | None:
    """Facts and files by name of an entry, None where there is none.

    Raises ValueError for an entry whose files are not those that were kept.
    """
    folder = place(kind, key)
    if not there(kind, key):
        return None
    facts = json.loads((folder / FACTS).read_text())
    files = {}
    for name, sha256 in facts.pop(HASHES).items():
        data = (folder / name).read_bytes() if (folder / name).is_file() else b""
        got = hashlib.sha256(data).hexdigest()
        if got != sha256:
            rule = f"the file that was kept (sha256 {sha256}); delete {folder}, it is made anew"
            raise ValueError(f"{folder / name} must be {rule}, got sha256 {got}")
        files[name] = data
    return facts, files


def load(kind: Kind, key: str, whose: str) -> tuple[dict[str, Any], dict[str, bytes]]:
    """Facts and files by name of an entry; raises ValueError as `find`, and where there is none."""
    found = find(kind, key)
    if found is None:
        rule = f"in {root()}, where pain3d generate puts it for these options"
        raise ValueError(f"{whose} must have a painted {kind.removesuffix('s')} {rule}, got none")
    return found


def keep(kind: Kind, key: str, facts: Mapping[str, Any], files: Mapping[str, bytes]) -> None:
    """Keep an entry, whole or not at all; where another process kept it first, that one stays."""
    folder = place(kind, key)
    half = folder.with_name(f"{key}.{os.getpid()}{atomic.TEMPORARY}")
    shutil.rmtree(half, ignore_errors=True)
    half.mkdir(parents=True)
    try:
        for name, data in files.items():
            atomic.write(half / name, data)
        hashes = {name: hashlib.sha256(data).hexdigest() for name, data in files.items()}
        text = json.dumps({**facts, HASHES: hashes}, indent=1, sort_keys=True)
        # Last: where it stands, the entry is whole.
        atomic.write(half / FACTS, f"{text}\n".encode())
        if not there(kind, key):
            # What is left of an entry that somebody began to delete.
            shutil.rmtree(folder, ignore_errors=True)
        try:
            half.rename(folder)
        except OSError:
            if not there(kind, key):
                raise
        atomic.flush(folder.parent)
    finally:
        shutil.rmtree(half, ignore_errors=True)
