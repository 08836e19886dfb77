"""What users add to the project themselves: where it lies, and that it is there and whole.

A folder of the user's holds one folder for each thing that was added (`makehuman`); it is written
whole or not at all, and every file is held to its hash again when it is used.
"""

import hashlib
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from assets import atomic

VARIABLE = "PAIN3D_ASSETS"
"""Environment variable that names the folder; else it is `pain3d` in the user's data folder."""
_HALF, _OLD = ".half", ".old"


def root() -> Path:
    """The folder of added assets, which need not exist yet."""
    named = os.environ.get(VARIABLE, "")
    if named:
        return Path(named)
    data = os.environ.get("XDG_DATA_HOME", "")
    return (Path(data) if data else Path.home() / ".local" / "share") / "pain3d"


def folder(name: str, option: str) -> Path:
    """The folder of a thing that an option needs.

    Raises ValueError that names option, folder and command where it was not added.
    """
    path = root() / name
    if not path.is_dir():
        way = f"pain3d assets add {name} PATH puts it there"
        raise ValueError(f"{option} needs what is not in {path}: {way}")
    return path


def there(name: str) -> dict[str, Path]:
    """Files of a thing that was added, by their names in its folder; none where it was not."""
    base = root() / name
    found = sorted(path for path in base.rglob("*") if path.is_file())
    return {path.relative_to(base).as_posix(): path for path in found}


def verified(name: str, hashes: Mapping[str, str]) -> str:
    """One SHA-256 over names and hashes of the files of a thing, each held to `hashes`.

    Raises ValueError for a file that is not listed or has other bytes.
    """
    digest = hashlib.sha256()
    for file, path in there(name).items():
        if file not in hashes:
            raise ValueError(f"{path} must be a file that was added, got one without a hash")
        got = hashlib.sha256(path.read_bytes()).hexdigest()
        if got != hashes[file]:
            raise ValueError(f"{path} must have sha256 {hashes[file]}, got {got}")
        digest.update(f"{file}\0{got}\n".encode())
    return digest.hexdigest()


def mend(name: str) -> None:
    """Put back what a command that was killed while it changed a thing had set aside."""
    final, old = root() / name, root() / f"{name}{_OLD}"
    if old.exists() and not final.exists():
        old.rename(final)


@contextmanager
def filling(name: str) -> Iterator[Path]:
    """Give an empty folder that takes the place of a thing's when the block ends without an error.

    Whatever kills the block leaves what was there before; the next one clears what was left.
    """
    base = root()
    base.mkdir(parents=True, exist_ok=True)
    final, half, old = base / name, base / f"{name}{_HALF}", base / f"{name}{_OLD}"
    mend(name)
    for left in (half, old):
        shutil.rmtree(left, ignore_errors=True)
    half.mkdir()
    try:
        yield half
        for path in [*half.rglob("*"), half]:
            atomic.flush(path)
        if final.exists():
            final.rename(old)
        half.rename(final)
        atomic.flush(base)
    except BaseException:
        mend(name)
        shutil.rmtree(half, ignore_errors=True)
        raise
    shutil.rmtree(old, ignore_errors=True)
