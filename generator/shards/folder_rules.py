"""What holds between the files of a data set's folder: checksums, index, card, descriptions.

Index, card, descriptions and manifest follow from shards and configuration, so they are made anew
and compared byte for byte (the index value for value: its bytes are those of one pyarrow).
"""

from pathlib import Path
from typing import Any

import pyarrow as pa

from generator.shards import folder as layout
from generator.shards import manifest
from generator.shards.card import About
from generator.shards.findings import Findings
from generator.shards.manifest import Checksum
from generator.shards.tarball import SHARD


def check_files(folder: Path, files: dict[str, Checksum], found: Findings) -> None:
    """Hold every file to size and SHA-256, and the folder to the files of the manifest."""
    present = {path.name for path in folder.iterdir()} - {manifest.NAME, manifest.OUTSIDE}
    for name in sorted(present - set(files)):
        rule = "must be in the manifest"
        if name == ".unfinished":
            rule = "must be gone: run generate again with --resume"
        found.add(name, "", rule, "a file that is not")
    for name in sorted(set(files) - present):
        found.add(name, "", "must be there, as the manifest says", "no file")
    required = {layout.CONFIG, *layout.DESCRIPTIONS}
    for name in sorted(required - set(files)):
        found.add(manifest.NAME, "", f"must list {name}", "no entry")
    for name in sorted(set(files) & present):
        if not (folder / name).is_file():
            found.add(name, "", "must be a file", "another thing")
            continue
        got = manifest.checksum(folder / name)
        if got.size != files[name].size:
            found.add(name, "", f"must have {files[name].size} bytes", got.size)
        elif got.sha256 != files[name].sha256:
            found.add(name, "", f"must have SHA-256 {files[name].sha256}", got.sha256)


def check_index(stated: pa.Table, true: pa.Table, found: Findings) -> bool:
    """Hold the index to the rows that the shards give, in their order; True where it is those."""
    if stated.equals(true):
        return True
    rows = stated.to_pylist()
    by_key = {row["key"]: row for row in true.to_pylist()}
    for key in sorted(set(by_key) - {row["key"] for row in rows}):
        found.add(layout.INDEX, key, "index must have a row for every sample", "none")
    for row in rows:
        expected = by_key.get(row["key"])
        if expected is None:
            found.add(layout.INDEX, row["key"], "index must name samples of the shards", "no such")
            continue
        for name, value in expected.items():
            if row[name] != value:
                rule = f"{name} must be {value!r}, as in {expected['shard']}"
                found.add(layout.INDEX, row["key"], rule, row[name])
    known = [row["key"] for row in rows if row["key"] in by_key]
    order = [key for key in by_key if key in set(known)]
    for place, (got, expected) in enumerate(zip(known, order, strict=False)):
        if got != expected:
            rule = f"index must have the order of the shards, {expected} in row {place}"
            found.add(layout.INDEX, got, rule, got)
            break
    return False


def check_descriptions(
    folder: Path,
    config: dict[str, Any],
    rows: pa.Table,
    about: About | None,
    found: Findings,
) -> None:
    """Hold card, Croissant, timm's listing and manifest to what rows and configuration give.

    Without `about`, whose words stand in card and Croissant, those two are not compared.
    """
    files = manifest.read(folder)
    described = {name: files[name] for name in files if SHARD.fullmatch(name)}
    if layout.INDEX in files:
        described[layout.INDEX] = files[layout.INDEX]
    expected = {manifest.NAME: manifest.content(files, layout.counts(rows))}
    if about is not None:
        expected |= layout.descriptions(about, config, rows, described)
    else:
        expected[layout.TIMM] = manifest.json_bytes(layout.timm_info(rows))
    for name, data in expected.items():
        path = folder / name
        if path.is_file() and path.read_bytes() != data:
            rule = "must be what configuration and index give, byte for byte"
            found.add(name, "", rule, _first_difference(path.read_bytes(), data))


def _first_difference(got: bytes, expected: bytes) -> str:
    lines = [data.decode(errors="replace").split("\n") for data in (got, expected)]
    longest = max(map(len, lines))
    padded = [[*line, *["no line"] * (longest - len(line))] for line in lines]
    for number, (one, other) in enumerate(zip(*padded, strict=True), start=1):
        if one != other:
            return f"line {number}: {one.strip()[:120]!r} and not {other.strip()[:120]!r}"
    return "other bytes"
