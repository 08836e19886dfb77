"""The MakeHuman pack that a user may add: which of its files are taken, and how they are checked.

A zip or a folder is looked through for files whose names are known, wherever below its root the
pack's folders lie. Each must have the size and SHA-256 that `data/makehuman.json` states. Members
of a zip are streamed, never extracted.
"""

import hashlib
import json
import os
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from functools import cache
from lzma import LZMAError
from pathlib import Path, PurePosixPath
from typing import Protocol, runtime_checkable

from assets import added
from assets.manifest import DATA

NAME = "makehuman"
TABLE = DATA / "makehuman.json"
KINDS = ("hair", "eyebrows", "eyelashes")
MOST_FILES = 100_000
"""Files looked at in a zip or folder; the official pack has some thousand."""
_CHUNK = 1 << 20
# Parts of a name: kind, piece, file.
_DEPTH = 3


@runtime_checkable
class Readable(Protocol):
    """What bytes come from: a file, or a member of a zip."""

    def read(self, size: int, /) -> bytes:
        """At most `size` bytes, none at the end."""
        ...


_Reader = Callable[[str], AbstractContextManager[Readable]]


@dataclass(frozen=True)
class Known:
    """One file of the pack: its size in bytes and its SHA-256."""

    size: int
    sha256: str


@dataclass(frozen=True)
class Taken:
    """What was taken from a pack, and how many of its files are none of those that are used."""

    files: tuple[str, ...]
    ignored: int


@cache
def known() -> Mapping[str, Known]:
    """Every file that is used, by its name in the pack, such as hair/short01/short01.obj."""
    rows = json.loads(TABLE.read_text())["files"]
    return {name: Known(size, sha256) for name, (size, sha256) in rows.items()}


def piece(name: str) -> str:
    """The piece that a file belongs to: hair/short01 of hair/short01/short01.obj."""
    return name.rpartition("/")[0]


def pieces(kind: str) -> tuple[str, ...]:
    """Names of the pieces of a kind that were added, such as short01, in order."""
    names = {piece(name) for name in added.there(NAME)}
    return tuple(sorted(name.partition("/")[2] for name in names if name.startswith(f"{kind}/")))


def folder(kind: str, name: str) -> Path:
    """Where an added piece lies. Raises ValueError where the pack was not added."""
    return added.folder(NAME, "hair makehuman") / kind / name


@cache
def sha256() -> str:
    """One SHA-256 of what was added, every file checked once a process.

    Raises ValueError where the pack was not added, or is not what was added any more.
    """
    added.folder(NAME, "hair makehuman")
    return added.verified(NAME, {name: file.sha256 for name, file in known().items()})


def add(source: Path) -> Taken:
    """Take the known files of a zip or folder into the user's folder, whole or not at all.

    What was added before stays. Raises ValueError for a file with other bytes, a piece that is not
    complete, a source without known files, and a zip that is damaged or not safe.
    """
    added.mend(NAME)
    with _opened(source) as (names, read):
        found, ignored = _matched(source, names)
        before = {n: p for n, p in added.there(NAME).items() if n in known() and n not in found}
        _check_complete(source, {*found, *before})
        with added.filling(NAME) as place:
            for name, path in before.items():
                with open(path, "rb") as file:
                    _copy(file, place / name, known()[name], f"{path}")
            for name, member in found.items():
                with read(member) as file:
                    _copy(file, place / name, known()[name], f"{source}: {member}")
    sha256.cache_clear()
    return Taken(tuple(sorted(found)), ignored)


def _matched(source: Path, names: list[str]) -> tuple[dict[str, str], int]:
    """Known name -> name in the source, and how many others there are."""
    found: dict[str, str] = {}
    ignored = 0
    for member in names:
        name = "/".join(PurePosixPath(member).parts[-_DEPTH:])
        if name not in known():
            ignored += 1
        elif name in found:
            raise ValueError(f"{source} must hold {name} once, got {found[name]} and {member}")
        else:
            found[name] = member
    if not found:
        example = next(iter(known()))
        raise ValueError(f"{source} must hold files of the pack such as {example}, got none")
    return found, ignored


def _check_complete(source: Path, names: set[str]) -> None:
    begun = {piece(name) for name in names}
    missing = sorted(name for name in known() if piece(name) in begun and name not in names)
    if missing:
        rule = f"{missing[0]} beside the other files of {piece(missing[0])}"
        raise ValueError(f"{source} must hold {rule}, got none")


def _copy(file: Readable, path: Path, expected: Known, what: str) -> None:
    """Copy no more than the known size, and hold it to its hash."""
    path.parent.mkdir(parents=True, exist_ok=True)
    digest, left = hashlib.sha256(), expected.size
    with open(path, "wb") as copy:
        while chunk := file.read(min(_CHUNK, left + 1)):
            left -= len(chunk)
            if left < 0:
                raise ValueError(f"{what} must have {expected.size} bytes, got more")
            digest.update(chunk)
            copy.write(chunk)
    if digest.hexdigest() != expected.sha256:
        raise ValueError(f"{what} must have sha256 {expected.sha256}, got {digest.hexdigest()}")


class _Folder:
    """Files of a folder by their names in it; links to folders are not followed."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def names(self) -> list[str]:
        found: list[str] = []
        for base, _, files in os.walk(self.path):
            for file in files:
                path = Path(base) / file
                if path.is_file():
                    found.append(path.relative_to(self.path).as_posix())
            if len(found) > MOST_FILES:
                raise ValueError(f"{self.path} must have at most {MOST_FILES} files, got more")
        return sorted(found)

    @contextmanager
    def read(self, name: str) -> Iterator[Readable]:
        with open(self.path / name, "rb") as file:
            yield file


class _Zip:
    """Members of a zip; one whose name could lead out of a folder makes it unsafe."""

    def __init__(self, path: Path, archive: zipfile.ZipFile) -> None:
        self.path, self.archive = path, archive

    def names(self) -> list[str]:
        members = self.archive.infolist()
        if len(members) > MOST_FILES:
            raise ValueError(f"{self.path} must have at most {MOST_FILES} files, got more")
        for member in members:
            name = member.filename
            parts = name.replace("\\", "/").split("/")
            if name.startswith(("/", "\\")) or ".." in parts or ":" in parts[0] or "\0" in name:
                rule = "names inside the archive"
                raise ValueError(f"{self.path} must have {rule}, got {name!r}")
        return [member.filename for member in members if not member.is_dir()]

    @contextmanager
    def read(self, name: str) -> Iterator[Readable]:
        try:
            with self.archive.open(name) as file:
                yield file
        except (zipfile.BadZipFile, zlib.error, LZMAError, EOFError, RuntimeError) as error:
            # RuntimeError: encrypted, or compressed in a way that Python cannot undo.
            text = f"{self.path}: {name} must be a member that can be read"
            raise ValueError(f"{text}: {error}") from error


@contextmanager
def _opened(source: Path) -> Iterator[tuple[list[str], _Reader]]:
    """Names of the files of a zip or folder, and the way to read one."""
    if source.is_dir():
        inside = _Folder(source)
        yield inside.names(), inside.read
        return
    try:
        archive = zipfile.ZipFile(source)
    except zipfile.BadZipFile as error:
        raise ValueError(f"{source} must be a zip or a folder: {error}") from error
    with archive:
        members = _Zip(source, archive)
        yield members.names(), members.read
