"""One shard: a tar file of samples in the WebDataset convention, the same bytes every time.

A sample is consecutive members `KEY.SUFFIX`; a key has no dot, so the first dot ends it. Headers
are ustar with mode 0644, no owner, time 0; the archive ends in two blocks of zeros. The reader
accepts exactly that, streams it, and never extracts: a header that differs is an error.
"""

import hashlib
import re
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from io import BufferedIOBase
from pathlib import Path

from assets.population import SPLITS

BLOCK = tarfile.BLOCKSIZE
END = bytes(2 * BLOCK)
HIGHEST_MEMBER = 256 * 2**20
KEY = re.compile(r"[A-Za-z0-9_-]{1,80}")
SUFFIX = re.compile(r"[a-z0-9]+(\.[a-z0-9]+)?")
SHARD = re.compile(r"(train|val|test)-(\d{6})\.tar")


def stem(split: str, number: int) -> str:
    """Name of a shard without `.tar`: what is kept beside it while it is made is named so too."""
    return f"{split}-{number:06d}"


def place(name: str) -> tuple[int, str]:
    """Sort key of shards by name: train, val, test, each by number."""
    return [str(split) for split in SPLITS].index(name.partition("-")[0]), name


@dataclass(frozen=True)
class Span:
    """Where a sample lies in its shard: bytes from its first header to the end of its last
    member's padding, and their SHA-256.
    """

    offset: int
    size: int
    sha256: str


@dataclass(frozen=True)
class Stored:
    """A sample as it lies in a shard: its members' bytes by suffix, in their order."""

    key: str
    span: Span
    members: dict[str, bytes]


class ShardWriter:
    """Write samples to an open file and keep count of bytes and their SHA-256."""

    def __init__(self, file: BufferedIOBase) -> None:
        """Begin an empty shard at the start of `file`."""
        self._file = file
        self._whole = hashlib.sha256()
        self.size = 0

    def add(self, key: str, members: dict[str, bytes]) -> Span:
        """Write one sample. Raises ValueError for a key or suffix that readers would split."""
        if not KEY.fullmatch(key):
            raise ValueError(f"key must be 1 to 80 of A-Z a-z 0-9 _ -, got {key!r}")
        digest, offset = hashlib.sha256(), self.size
        for suffix, data in members.items():
            if not SUFFIX.fullmatch(suffix):
                raise ValueError(f"{key}: suffix must be lower case with one dot, got {suffix!r}")
            self._put(digest, header(f"{key}.{suffix}", len(data)))
            self._put(digest, data)
            self._put(digest, bytes(-len(data) % BLOCK))
        return Span(offset, self.size - offset, digest.hexdigest())

    def close(self) -> str:
        """Write the end of the archive and give the SHA-256 of all of it."""
        self._put(hashlib.sha256(), END)
        return self._whole.hexdigest()

    def _put(self, digest: "hashlib._Hash", data: bytes) -> None:
        self._file.write(data)
        digest.update(data)
        self._whole.update(data)
        self.size += len(data)


def header(name: str, size: int) -> bytes:
    """Make the one header that a member of this name and size can have."""
    entry = tarfile.TarInfo(name)
    entry.size = size
    return entry.tobuf(tarfile.USTAR_FORMAT, "ascii", "strict")


def read_shard(path: Path) -> Iterator[Stored]:
    """Stream the samples of a shard.

    Raises ValueError that names file, byte and rule where the file is cut, longer than its
    archive, or not as `ShardWriter` writes it.
    """
    with open(path, "rb") as file:
        sample: Stored | None = None
        digest = hashlib.sha256()
        while entry := _member(file, path):
            key, suffix, data, raw, offset = entry
            if sample is None or key != sample.key:
                if sample is not None:
                    yield sample
                digest = hashlib.sha256()
                sample = Stored(key, Span(offset, 0, ""), {})
            if suffix in sample.members:
                raise ValueError(f"{path} must hold {key}.{suffix} once, got it again at {offset}")
            digest.update(raw)
            span = Span(sample.span.offset, sample.span.size + len(raw), digest.hexdigest())
            sample = Stored(key, span, {**sample.members, suffix: data})
        if sample is not None:
            yield sample


def read_sample(path: Path, offset: int, size: int) -> Stored:
    """Read the one sample that begins at `offset`, without the rest of its shard.

    Raises ValueError that names the file where the bytes there are not one whole sample.
    """
    members: dict[str, bytes] = {}
    keys: list[str] = []
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        file.seek(offset)
        while file.tell() < offset + size:
            entry = _member(file, path)
            if entry is None:
                raise ValueError(f"{path} must hold {size} bytes of a sample at {offset}")
            key, suffix, data, raw, _ = entry
            keys.append(key)
            members[suffix] = data
            digest.update(raw)
        end = file.tell()
    if end != offset + size or len(set(keys)) != 1 or len(members) != len(keys):
        raise ValueError(f"{path} must hold one sample of {size} bytes at {offset}, got {keys}")
    return Stored(keys[0], Span(offset, size, digest.hexdigest()), members)


def _member(file: BufferedIOBase, path: Path) -> tuple[str, str, bytes, bytes, int] | None:
    """Read one member: key, suffix, data, raw bytes with header and padding, offset."""
    offset = file.tell()
    block = file.read(BLOCK)
    if block == END[:BLOCK]:
        # No more than that: what follows may be as long as a disk.
        if block + file.read(len(END)) != END:
            raise ValueError(f"{path} must end in {len(END)} zero bytes after byte {offset}")
        return None
    try:
        entry = tarfile.TarInfo.frombuf(block, "ascii", "strict")
    except (tarfile.HeaderError, UnicodeDecodeError) as error:
        raise ValueError(f"{path} must hold a tar header at byte {offset}, got {error}") from error
    key, dot, suffix = entry.name.partition(".")
    if not (dot and KEY.fullmatch(key) and SUFFIX.fullmatch(suffix)):
        raise ValueError(f"{path} must hold members KEY.SUFFIX, got {entry.name!r} at {offset}")
    if not 0 <= entry.size <= HIGHEST_MEMBER or block != header(entry.name, entry.size):
        raise ValueError(f"{path} must have the plain header of {entry.name} at byte {offset}")
    padded = entry.size + -entry.size % BLOCK
    raw = file.read(padded)
    if len(raw) != padded:
        raise ValueError(f"{path} must hold all of {entry.name}, got {len(raw)} of {padded} bytes")
    if any(raw[entry.size :]):
        raise ValueError(f"{path} must be zero between members, got more after {entry.name}")
    return key, suffix, raw[: entry.size], block + raw, offset
