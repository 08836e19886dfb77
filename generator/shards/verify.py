"""Reading a data set back, every byte of it, and saying what is wrong.

Nothing is executed, extracted or repaired. A fault names the file, the sample, the rule and the
value. Reading goes on after a fault as far as the bytes make sense.
"""

import hashlib
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from generator.shards import folder as layout
from generator.shards import index, manifest, set_rules
from generator.shards.manifest import Checksum, read_json
from generator.shards.map_rules import member_faults
from generator.shards.record import Sample
from generator.shards.rules import record_faults
from generator.shards.tarball import SHARD, Stored, read_shard


@dataclass(frozen=True)
class Fault:
    """One thing that is wrong: where, which rule, which value."""

    file: str
    key: str
    rule: str
    value: str


@dataclass
class Findings:
    """What was read and what is wrong with it."""

    figures: dict[str, int] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)

    def add(self, file: str, key: str, rule: str, value: object) -> None:
        """Note a fault."""
        self.faults.append(Fault(file, key, rule, str(value)[:300]))


@dataclass
class Seen:
    """What is remembered of the samples of shards after they have streamed by."""

    rows: list[index.Row] = field(default_factory=list)
    pictures: list[tuple[str, str]] = field(default_factory=list)
    scenes: dict[tuple[str, int | None], tuple[str, object]] = field(default_factory=dict)
    findings: Findings = field(default_factory=Findings)


Report = Callable[[int], None]
"""Called with a number of samples that were read."""
Work = Callable[[str, Report], Seen]
Mapping = Callable[[Work, list[str], Report], list[Seen]]
"""Calls the work for every shard's name, here or in other processes, in any order."""


def one_by_one(work: Work, names: list[str], report: Report) -> list[Seen]:
    """Read shards here, one after the other."""
    return [work(name, report) for name in names]


def verify(
    folder: Path, progress: Callable[[int, int], None], each: Mapping = one_by_one
) -> Findings:
    """Read everything in `folder`; `progress` is told of samples read, and of samples in all.

    Raises ValueError where there is no data set to read.
    """
    found = Findings()
    files = manifest.read(folder)
    _check_files(folder, files, found)
    try:
        config = layout.read_config(folder)
    except ValueError as error:
        # Nothing else can be judged without what the data set says of itself.
        found.add(layout.CONFIG, "", "config must be readable", error)
        return found
    stated = None
    try:
        stated = index.read(folder / layout.INDEX).to_pylist()
    except (ValueError, FileNotFoundError) as error:
        found.add(layout.INDEX, "", "index must be readable", error)
    names = [name for name in sorted(files) if SHARD.fullmatch(name) and (folder / name).is_file()]
    promised = 0 if stated is None else len(stated)
    work = partial(read_one, folder, config)
    seen = Seen()
    for of_shard in each(work, names, lambda count: progress(count, promised)):
        seen.rows += of_shard.rows
        seen.pictures += of_shard.pictures
        found.faults += of_shard.findings.faults
    if stated is not None:
        _check_index(stated, seen.rows, found)
    _check_set(folder, config, seen, found)
    _check_descriptions(folder, seen, found)
    found.figures = _figures(files, seen, found)
    return found


def _check_files(folder: Path, files: dict[str, Checksum], found: Findings) -> None:
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
        got = manifest.checksum(folder / name)
        if got.size != files[name].size:
            found.add(name, "", f"must have {files[name].size} bytes", got.size)
        elif got.sha256 != files[name].sha256:
            found.add(name, "", f"must have SHA-256 {files[name].sha256}", got.sha256)


def read_one(folder: Path, config: dict[str, Any], name: str, report: Report) -> Seen:
    """Read one shard: every sample by itself, and pairs, which never leave a shard."""
    members = tuple(config["members"])
    vary = list(config.get("options", {}).get("vary", []))
    path, seen = folder / name, Seen()
    found = seen.findings
    for stored in _stored(path, found):
        report(1)
        if tuple(stored.members) != members:
            found.add(name, stored.key, f"members must be {members}", tuple(stored.members))
        try:
            sample = layout.to_sample(stored, path)
        except ValueError as error:
            found.add(name, stored.key, "record must be readable", error)
            continue
        _check_sample(name, sample, stored, members, found)
        record = sample.record
        seen.rows.append(index.row(record, name, stored.span))
        picture = sample.members.get(record.image, b"")
        seen.pictures.append((record.key, hashlib.sha256(picture).hexdigest()))
        if record.source == "3d":
            scene = set_rules.scene(record, vary)
            first, expected = seen.scenes.setdefault(
                (record.identity, record.view), (record.key, scene)
            )
            if scene != expected:
                rule = f"camera, light, background, sensor must be those of {first}"
                found.add(name, record.key, rule, "others")
    seen.scenes.clear()
    return seen


def _stored(path: Path, found: Findings) -> Iterator[Stored]:
    try:
        yield from read_shard(path)
    except ValueError as error:
        found.add(path.name, "", "shard must be readable to its end", error)


def _check_sample(
    file: str, sample: Sample, stored: Stored, members: tuple[str, ...], found: Findings
) -> None:
    record = sample.record
    if record.key != stored.key:
        found.add(file, stored.key, "record must have the key of its sample", record.key)
    if not file.startswith(f"{record.split}-"):
        found.add(file, stored.key, "split must be that of the shard", record.split)
    for rule, value in (*record_faults(record), *member_faults(sample, members)):
        found.add(file, stored.key, rule, value)


def _check_index(stated: list[index.Row], rows: list[index.Row], found: Findings) -> None:
    """Hold the index to the rows that the shards give, in their order."""
    by_key = {row["key"]: row for row in rows}
    missing = set(by_key) - {row["key"] for row in stated}
    for key in sorted(missing):
        found.add(layout.INDEX, key, "index must have a row for every sample", "none")
    for row in stated:
        true = by_key.get(row["key"])
        if true is None:
            found.add(layout.INDEX, row["key"], "index must name samples of the shards", "no such")
            continue
        for name, value in true.items():
            if row[name] != value:
                rule = f"{name} must be {value!r}, as in {true['shard']}"
                found.add(layout.INDEX, row["key"], rule, row[name])


def _check_set(folder: Path, config: dict[str, Any], seen: Seen, found: Findings) -> None:
    rows = seen.rows
    keys = ((row["key"], row["key"]) for row in rows)
    checks = [
        set_rules.duplicate_faults(keys, "key must be that of one sample"),
        set_rules.duplicate_faults(iter(seen.pictures), "picture must be no other's"),
        set_rules.pair_faults(rows),
        set_rules.person_faults(rows),
    ]
    options = config.get("options")
    if options is not None and layout.read_part(folder) is None:
        checks.append(set_rules.balance_faults(rows, options))
    for check in checks:
        for key, rule, value in check:
            found.add(layout.INDEX, key, rule, value)


def _check_descriptions(folder: Path, seen: Seen, found: Findings) -> None:
    path = folder / layout.TIMM
    if not path.is_file():
        return
    # The checksums hold the bytes; this holds what timm reads to the samples that are there.
    try:
        stated = read_json(path)
    except ValueError as error:
        found.add(layout.TIMM, "", "must be readable", error)
        return
    if stated != layout.timm_info(index.table(seen.rows)):
        found.add(layout.TIMM, "", "must list the shards and how many samples each holds", "others")


def _figures(files: dict[str, Checksum], seen: Seen, found: Findings) -> dict[str, int]:
    kinds = Counter(row["kind"] for row in seen.rows)
    splits = Counter(row["split"] for row in seen.rows)
    return {
        "files": len(files),
        "bytes": sum(checksum.size for checksum in files.values()),
        "shards": sum(bool(SHARD.fullmatch(name)) for name in files),
        "samples": len(seen.rows),
        "people": len({row["identity"] for row in seen.rows}),
        **{f"{kind} samples": kinds[kind] for kind in sorted(kinds)},
        **{f"{split} samples": splits[split] for split in sorted(splits)},
        "faults": len(found.faults),
    }
