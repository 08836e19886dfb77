"""Data sets with something wrong in them, and what `verify` says of them."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from assets import atomic
from generator.shards import folder, index
from generator.shards.card import SYNTHETIC
from generator.shards.findings import Findings
from generator.shards.manifest import Checksum
from generator.shards.record import Sample
from generator.shards.record_json import to_json
from generator.shards.tarball import ShardWriter, read_shard
from generator.shards.verify import verify
from tests.runs import SMALL, ignore

CONFIG = replace(
    SMALL,
    identities=5,
    pain_per_identity=1,
    annotations=("seg", "depth", "normal", "heat", "uv"),
)


def found(path: Path) -> Findings:
    return verify(path, ignore)


def said(path: Path) -> str:
    return "\n".join(f"{f.file}|{f.key}|{f.rule}|{f.value}" for f in found(path).faults)


def rewrite(data: Path, change: Callable[[Sample], Sample | None]) -> None:
    """Make the data set anew with changed samples, so that all checksums and the index hold."""
    rows: list[index.Row] = []
    checksums: dict[str, Checksum] = {}
    members = folder.read_config(data)["members"]
    names = folder.open_folder(data).index["shard"].to_pylist()
    for path in [data / name for name in dict.fromkeys(names)]:
        samples = [change(folder.to_sample(stored, path)) for stored in read_shard(path)]
        with atomic.writing(path) as file:
            writer = ShardWriter(file)
            for sample in samples:
                if sample is None:
                    continue
                parts = {**sample.members, "json": to_json(sample.record)}
                kept = {suffix: parts[suffix] for suffix in members if suffix in parts}
                span = writer.add(sample.record.key, kept)
                rows.append(index.row(sample.record, path.name, span))
            sha256 = writer.close()
        checksums[path.name] = Checksum(writer.size, sha256)
    folder.finish(data, SYNTHETIC, index.table(rows), checksums, None)


def on(key: str, change: Callable[[Sample], Sample | None]) -> Callable[[Sample], Sample | None]:
    return lambda sample: change(sample) if sample.record.key == key else sample


def member(name: str, data: bytes) -> Callable[[Sample], Sample]:
    return lambda sample: replace(sample, members={**sample.members, name: data})


def some_key(data: Path, kind: str) -> str:
    rows = folder.open_folder(data).index.to_pylist()
    return next(row["key"] for row in rows if row["kind"] == kind)
