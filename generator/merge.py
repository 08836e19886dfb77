"""Joining parts made apart into one data set, the same bytes as a single run.

Parts hold disjoint shards of one plan, so joining is copying; index and card are written anew from
the rows of all parts. Every byte of every part is held to its manifest before anything is written.
"""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from io import BufferedIOBase
from pathlib import Path

import numpy as np
import pyarrow as pa

from assets import atomic
from assets.population import SPLITS
from generator.filling import check_free, filling
from generator.shards import folder, index, manifest
from generator.shards.card import About
from generator.shards.folder import Part
from generator.shards.manifest import Checksum
from generator.shards.tarball import SHARD, place, stem

Progress = Callable[[int, int], None]
"""Called with bytes done since the last call, and bytes in all: each is read, then copied."""


def merge(parts: Sequence[Path], out: Path, about: About, progress: Progress) -> None:
    """Join all parts of one data set in the empty folder `out`.

    Raises ValueError where a part is unfinished, altered, of another configuration, there twice
    or missing, or where `out` is not empty or is being written; then `out` is as it was.
    """
    check_free(out)
    _check_parts(parts)
    listed = {part: manifest.read(part) for part in parts}
    shards = _shards(listed)
    names = sorted(shards, key=place)
    _check_numbers(names)
    checksums = {name: listed[shards[name]][name] for name in names}
    total = 2 * sum(checksum.size for checksum in checksums.values())
    # Refused before anything is written: what cannot be read, was altered or does not fit.
    for part, files in listed.items():
        for name in files:
            if name not in shards:
                _check_file(part / name, files[name], lambda _: None)
    rows = _rows(parts, names)
    for name in names:
        _check_file(shards[name] / name, checksums[name], lambda n: progress(n, total))
    written = {folder.CONFIG, *folder.DESCRIPTIONS, *names}
    with filling(out, frozenset(written)):
        folder.write_config(out, folder.read_config(parts[0]), None)
        for name in names:
            _copy(shards[name] / name, out / name, checksums[name], lambda n: progress(n, total))
        folder.finish(out, about, rows, checksums, None)


def _shards(listed: dict[Path, dict[str, Checksum]]) -> dict[str, Path]:
    """Which part holds each shard."""
    shards: dict[str, Path] = {}
    for part, files in listed.items():
        for name in files:
            if not SHARD.fullmatch(name):
                continue
            if name in shards:
                raise ValueError(f"{name} must be in one part, got {shards[name]} and {part}")
            shards[name] = part
    return shards


def _check_parts(parts: Sequence[Path]) -> None:
    """Hold the parts to be all parts of one data set."""
    if not parts:
        raise ValueError("parts must be at least one folder, got none")
    known: dict[Part, Path] = {}
    first = folder.read_config(parts[0])
    for path in parts:
        manifest.read(path)
        changed = folder.difference(first, folder.read_config(path))
        if changed:
            raise ValueError(f"{path} must have the configuration of {parts[0]}, got {changed}")
        part = folder.read_part(path)
        if part is None:
            raise ValueError(f"{path} must be a part, got a whole data set")
        if part in known:
            rule = f"part {part.number}/{part.of} must be given once"
            raise ValueError(f"{rule}, got {known[part]} and {path}")
        known[part] = path
    of = next(iter(known)).of
    for part, path in known.items():
        if part.of != of:
            raise ValueError(f"{path} must be a part of {of}, got part {part.number}/{part.of}")
    missing = [number for number in range(1, of + 1) if Part(number, of) not in known]
    if missing:
        got = ", ".join(f"{number}/{of}" for number in missing)
        raise ValueError(f"parts must be all of {of}, got none for {got}")


def _check_numbers(names: Sequence[str]) -> None:
    for split in SPLITS:
        got = [name for name in names if name.startswith(f"{split}-")]
        expected = [f"{stem(split, number)}.tar" for number in range(len(got))]
        gaps = sorted(set(expected) - set(got))
        if gaps:
            raise ValueError(f"parts must hold every shard, got none named {gaps[0]}")


def _rows(parts: Sequence[Path], names: Sequence[str]) -> pa.Table:
    """Read the rows of all parts, in the order of the shards."""
    tables: dict[str, pa.Table] = {}
    for part in parts:
        tables |= _by_shard(index.read(part / folder.INDEX))
    if set(tables) != set(names):
        wrong = sorted(set(tables) ^ set(names))
        raise ValueError(f"indices must name the shards of their parts, got {', '.join(wrong)}")
    return pa.concat_tables([tables[name] for name in names]) if names else index.table([])


def _by_shard(rows: pa.Table) -> dict[str, pa.Table]:
    """The rows of each shard, in their order; in one pass, as a part may hold thousands of both."""
    coded = rows.column("shard").combine_chunks().dictionary_encode()
    names, number = coded.dictionary.to_pylist(), coded.indices.to_numpy()
    ordered = rows.take(pa.array(np.argsort(number, kind="stable")))
    counts = np.bincount(number, minlength=len(names))
    starts = np.cumsum(counts) - counts
    return {
        name: ordered.slice(start, count)
        for name, start, count in zip(names, starts, counts, strict=True)
    }


def _check_file(path: Path, expected: Checksum, progress: Callable[[int], None]) -> None:
    if not path.is_file():
        raise ValueError(f"{path} must be there, as its manifest says, got no file")
    with open(path, "rb") as file:
        _hold(path, _chunks(file, progress), expected)


def _copy(source: Path, to: Path, expected: Checksum, progress: Callable[[int], None]) -> None:
    with open(source, "rb") as file, atomic.writing(to) as written:
        chunks = ((chunk, written.write(chunk))[0] for chunk in _chunks(file, progress))
        _hold(source, chunks, expected)


def _chunks(file: BufferedIOBase, progress: Callable[[int], None]) -> Iterator[bytes]:
    while chunk := file.read(manifest.CHUNK):
        yield chunk
        progress(len(chunk))


def _hold(path: Path, chunks: Iterable[bytes], expected: Checksum) -> None:
    digest, size = hashlib.sha256(), 0
    for chunk in chunks:
        digest.update(chunk)
        size += len(chunk)
    if Checksum(size, digest.hexdigest()) != expected:
        rule = f"{expected.size} bytes with SHA-256 {expected.sha256}"
        raise ValueError(f"{path} must have {rule}, got {size} with {digest.hexdigest()}")
