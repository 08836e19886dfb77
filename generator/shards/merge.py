"""Joining parts made apart into one data set, the same bytes as a single run.

Parts hold disjoint shards of one plan, so joining is copying; index and card are written anew from
the rows of all parts. Every copied byte is held to the part's manifest.
"""

import hashlib
from collections.abc import Callable, Sequence
from pathlib import Path

import pyarrow as pa

from assets.population import SPLITS
from generator.shards import atomic, folder, index, manifest
from generator.shards.card import About
from generator.shards.folder import Part
from generator.shards.manifest import Checksum
from generator.shards.tarball import SHARD

Progress = Callable[[int, int], None]
"""Called with bytes copied since the last call, and bytes in all."""


def merge(parts: Sequence[Path], out: Path, about: About, progress: Progress) -> None:
    """Join all parts of one data set in the empty folder `out`.

    Raises ValueError where a part is unfinished, altered, of another configuration, there twice
    or missing, or where `out` is not empty; then `out` holds no manifest.
    """
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise ValueError(f"out must be an empty folder, got {out}")
    _check_parts(parts)
    listed = {part: manifest.read(part) for part in parts}
    shards: dict[str, Path] = {}
    for part in parts:
        for name in listed[part]:
            if not SHARD.fullmatch(name):
                continue
            if name in shards:
                raise ValueError(f"{name} must be in one part, got {shards[name]} and {part}")
            shards[name] = part
    names = sorted(shards, key=_place)
    _check_numbers(names)
    # Refused before anything is copied: what cannot be read or does not fit.
    rows = _rows(parts, listed, names)
    out.mkdir(parents=True, exist_ok=True)
    config = folder.read_config(parts[0])
    folder.write_config(out, config, None)
    checksums = {name: listed[shards[name]][name] for name in names}
    total = sum(checksum.size for checksum in checksums.values())
    for name in names:
        _copy(shards[name] / name, out / name, checksums[name], lambda n: progress(n, total))
    folder.finish(out, about, rows, checksums, None)


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


def _place(name: str) -> tuple[int, str]:
    split = name.partition("-")[0]
    return [str(known) for known in SPLITS].index(split), name


def _check_numbers(names: Sequence[str]) -> None:
    for split in SPLITS:
        got = [name for name in names if name.startswith(f"{split}-")]
        expected = [f"{split}-{number:06d}.tar" for number in range(len(got))]
        gaps = sorted(set(expected) - set(got))
        if gaps:
            raise ValueError(f"parts must hold every shard, got none named {gaps[0]}")


def _rows(
    parts: Sequence[Path], listed: dict[Path, dict[str, Checksum]], names: Sequence[str]
) -> pa.Table:
    """Read the rows of all parts, in the order of the shards."""
    tables: dict[str, pa.Table] = {}
    for part in parts:
        path = part / folder.INDEX
        if manifest.checksum(path) != listed[part].get(folder.INDEX):
            raise ValueError(f"{path} must have the checksum in its manifest, got another")
        rows = index.read(path)
        shard = rows.column("shard").to_pylist()
        for name in dict.fromkeys(shard):
            tables[name] = rows.filter(pa.array([of == name for of in shard], pa.bool_()))
    if set(tables) != set(names):
        wrong = sorted(set(tables) ^ set(names))
        raise ValueError(f"indices must name the shards of their parts, got {', '.join(wrong)}")
    return pa.concat_tables([tables[name] for name in names]) if names else index.table([])


def _copy(source: Path, to: Path, expected: Checksum, progress: Callable[[int], None]) -> None:
    digest, size = hashlib.sha256(), 0
    with open(source, "rb") as read, atomic.writing(to) as written:
        while chunk := read.read(manifest.CHUNK):
            digest.update(chunk)
            written.write(chunk)
            size += len(chunk)
            progress(len(chunk))
        if Checksum(size, digest.hexdigest()) != expected:
            rule = f"{expected.size} bytes with SHA-256 {expected.sha256}"
            raise ValueError(f"{source} must have {rule}, got {size} with {digest.hexdigest()}")
