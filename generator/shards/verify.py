"""Reading a data set back, every byte of it, and saying what is wrong.

Nothing is executed, extracted or repaired. A fault names the file, the sample, the rule and the
value. Reading goes on after a fault as far as the bytes make sense. One sample is in memory at a
time; what stays of it is its index row in Arrow columns and the SHA-256 of its picture.
"""

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow as pa

from generator.shards import folder as layout
from generator.shards import index, manifest, set_rules
from generator.shards.card import SYNTHETIC
from generator.shards.derived import Derived, about_derived, derived_faults, read_derived
from generator.shards.drawn_rules import drawn_faults
from generator.shards.findings import Findings
from generator.shards.folder_rules import check_descriptions, check_files, check_index
from generator.shards.imported import about_imported, imported_faults, read_imported
from generator.shards.manifest import Checksum
from generator.shards.map_rules import member_faults
from generator.shards.record import DRAWN, Sample
from generator.shards.rules import record_faults
from generator.shards.stated import Options, read_options
from generator.shards.tarball import SHARD, Stored, place, read_shard

READABLE = "record must be readable"


@dataclass
class Seen:
    """What is remembered of the samples of shards after they have streamed by."""

    rows: pa.Table = field(default_factory=lambda: index.table([]))
    pictures: list[tuple[str, bytes]] = field(default_factory=list)
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
    check_files(folder, files, found)
    try:
        config = layout.read_config(folder)
        part = layout.read_part(folder)
    except ValueError as error:
        # Nothing else can be judged without what the data set says of itself.
        found.add(layout.CONFIG, "", "config must be readable", error)
        return found
    stated = None
    try:
        stated = index.read(folder / layout.INDEX)
    except (ValueError, FileNotFoundError) as error:
        found.add(layout.INDEX, "", "index must be readable", error)
    names = [name for name in files if SHARD.fullmatch(name) and (folder / name).is_file()]
    promised = 0 if stated is None else stated.num_rows
    work = partial(read_one, folder, config)
    seen = Seen()
    tables = [seen.rows]
    for of_shard in each(work, sorted(names, key=place), lambda count: progress(count, promised)):
        tables.append(of_shard.rows)
        seen.pictures += of_shard.pictures
        found.faults += of_shard.findings.faults
    seen.rows = pa.concat_tables(tables)
    options = read_options(config, layout.CONFIG)
    imported = read_imported(config, layout.CONFIG)
    derived = read_derived(config, layout.CONFIG)
    # Card and counts are those of the index: where that is wrong, they are no news.
    if stated is not None and check_index(stated, seen.rows, found):
        sources = set(stated.column("source").unique().to_pylist())
        about = SYNTHETIC if options is not None and sources <= {DRAWN} else None
        if imported is not None:
            about = about_imported(imported)
        if derived is not None:
            about = about_derived(derived)
        check_descriptions(folder, config, stated, about, found)
    _check_set(seen, options, derived, part is None, found)
    found.figures = _figures(files, seen, found)
    return found


def read_one(folder: Path, config: dict[str, Any], name: str, report: Report) -> Seen:
    """Read one shard: every sample by itself, and pairs, which never leave a shard."""
    members, options = tuple(config["members"]), read_options(config, layout.CONFIG)
    imported = read_imported(config, layout.CONFIG)
    derived = read_derived(config, layout.CONFIG)
    path, seen = folder / name, Seen()
    found, rows = seen.findings, list[index.Row]()
    for stored in _stored(path, found):
        report(1)
        if tuple(stored.members) != members:
            found.add(name, stored.key, f"members must be {members}", tuple(stored.members))
        try:
            sample = layout.to_sample(stored, path)
        except ValueError as error:
            found.add(name, stored.key, READABLE, error)
            continue
        rows.append(index.row(sample.record, name, stored.span))
        _check_sample(name, sample, stored, members, found)
        record = sample.record
        for rule, value in (
            *(() if derived is not None else drawn_faults(record, options)),
            *imported_faults(record, imported),
            *derived_faults(record, derived),
        ):
            found.add(name, record.key, rule, value)
        # A camera may take the same picture twice; nothing that is drawn is drawn twice.
        # The blocks of two folds begin with the same inputs, and a network may know no difference.
        if record.kind != "real" and record.translation is None:
            picture = sample.members.get(record.image, b"")
            seen.pictures.append((record.key, hashlib.sha256(picture).digest()))
        if record.source == DRAWN and derived is None:
            scene = set_rules.scene(record, () if options is None else options.vary)
            first, expected = seen.scenes.setdefault(
                (record.identity, record.view), (record.key, scene)
            )
            if scene != expected:
                rule = f"camera, light, background, sensor must be those of {first}"
                found.add(name, record.key, rule, "others")
    seen.scenes.clear()
    seen.rows = _table(name, rows, found)
    return seen


def _table(name: str, rows: list[index.Row], found: Findings) -> pa.Table:
    """Rows of a shard as columns; those that hold what no column takes are faults."""
    try:
        return index.table(rows)
    except (ValueError, OverflowError):
        kept = []
        for row in rows:
            try:
                kept.append(index.table([row]))
            except (ValueError, OverflowError) as error:
                found.add(name, row["key"], READABLE, error)
        return pa.concat_tables([index.table([]), *kept])


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


def _check_set(
    seen: Seen, options: Options | None, derived: Derived | None, whole: bool, found: Findings
) -> None:
    table = seen.rows.select(set_rules.COLUMNS)
    if derived is not None and derived.step != "augment2d":
        # What was left out on the way is listed by the report; counts are not those of its source.
        place, field = table.schema.get_field_index("source"), table.schema.field("source")
        table = table.set_column(place, field, [[derived.step] * table.num_rows])
    rows = index.Rows(table)
    keys = ((row["key"], row["key"]) for row in rows)
    checks = [
        set_rules.duplicate_faults(keys, "key must be that of one sample"),
        set_rules.duplicate_faults(iter(seen.pictures), "picture must be no other's"),
        set_rules.pair_faults(rows),
        set_rules.person_faults(rows),
    ]
    if options is None and any(row["source"] == DRAWN for row in rows):
        found.add(layout.CONFIG, "", "must state the options of pictures drawn here", "none")
    if options is not None:
        checks.append(set_rules.count_faults(rows, options))
        if whole:
            checks.append(set_rules.balance_faults(rows, options))
    for check in checks:
        for key, rule, value in check:
            found.add(layout.INDEX, key, rule, value)


def _figures(files: dict[str, Checksum], seen: Seen, found: Findings) -> dict[str, int]:
    kinds, splits, people = (
        {value: count for (value,), count in index.grouped(seen.rows, name).items()}
        for name in ("kind", "split", "identity")
    )
    return {
        "files": len(files),
        "bytes": sum(checksum.size for checksum in files.values()),
        "shards": sum(bool(SHARD.fullmatch(name)) for name in files),
        "samples": seen.rows.num_rows,
        "people": len(people),
        **{f"{kind} samples": kinds[kind] for kind in sorted(kinds)},
        **{f"{split} samples": splits[split] for split in sorted(splits)},
        "faults": len(found.faults),
    }
