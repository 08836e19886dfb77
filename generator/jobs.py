"""Making a data set with worker processes so that any kill can be resumed.

While a folder is unfinished it holds `.unfinished`: a lock, and for every finished shard its index
rows with the shard's checksum. A shard is finished when those rows stand there, and they are
written after the shard has its final name. Workers write whole shards; nothing big passes between
processes, and memory does not grow with the data set.
"""

import platform
import shutil
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from assets import atomic
from generator import plan, pool
from generator.lock import UNFINISHED, claimed, workers_gone, working
from generator.plan import Shard
from generator.producer import Config, Deciding, Note, Producer
from generator.shards import folder, index, manifest
from generator.shards.folder import Part
from generator.shards.manifest import Checksum, json_bytes, read_json
from generator.shards.record import Sample
from generator.shards.record_json import to_json
from generator.shards.tarball import ShardWriter


@dataclass(frozen=True)
class Run:
    """How to make a data set; none of it decides bytes."""

    out: Path
    workers: int = 1
    resume: bool = False
    part: Part | None = None

    def __post_init__(self) -> None:
        """Refuse a run without workers."""
        if self.workers < 1:
            raise ValueError(f"workers must be at least 1, got {self.workers}")


@dataclass(frozen=True)
class Person:
    """Somebody for whom something is made ahead."""

    index: int

    def __str__(self) -> str:
        """Name the person in errors."""
        return f"person {self.index}"


Progress = Callable[[int, int], None]
"""Called with pictures done since the last call, and pictures of the run in all."""


def _unseen(done: int, total: int) -> None:
    """Tell nobody."""


def stated(config: Config, producer: Producer[Config]) -> dict[str, Any]:
    """Say what `config.json` says: what decides bytes."""
    made_with = {
        "machine": platform.machine(),
        "numpy": np.__version__,
        "opencv": cv2.__version__,
        "pyarrow": pa.__version__,
        **producer.made_with(config),
    }
    return {
        "format": manifest.FORMAT,
        "members": list(config.members),
        **producer.stated(config),
        "made_with": made_with,
    }


def generate(
    config: Config,
    producer: Producer[Config],
    run: Run,
    progress: Progress,
    people: Progress = _unseen,
) -> None:
    """Make a data set, or a part of one, in `run.out`; at the end its manifest stands there.

    `people` is told of those for whom something is made ahead. Raises ValueError where the folder
    is not empty and not resumed, was begun with another configuration or part, or is being written;
    OSError where the disk is full. What was finished is kept.
    """
    wanted = stated(config, producer)
    planned = plan.shards(producer.splits(config), config.people_per_shard)
    shards = plan.of_part(planned, run.part)
    with claimed(run.out, run.resume):
        if (run.out / folder.CONFIG).exists():
            _check_same(run, wanted)
        if (run.out / manifest.NAME).exists():
            return
        workers_gone(run.out)
        todo = [shard for shard in shards if not _finished(run.out, shard)]
        if todo:
            # Before anything is written: what cannot start leaves an empty folder.
            producer.prepare(config)
        total = producer.pictures(config, _people(shards))
        _begin(run, wanted)
        _ahead(config, producer, run, _people(todo), people)
        progress(total - producer.pictures(config, _people(todo)), total)
        work = partial(_make_shard, config, producer, run.out)
        pool.run(work, todo, run.workers, lambda done: progress(done, total))
        _finish(run, config, producer, shards)


def _people(shards: Sequence[Shard]) -> list[int]:
    return [person for shard in shards for person in shard.people]


def _ahead(
    config: Config, producer: Producer[Config], run: Run, people: Sequence[int], progress: Progress
) -> None:
    """Make ahead what the people need, in one process of its own, which ends before the others."""
    if producer.ahead is None or not people:
        return
    progress(0, len(people))
    work = partial(_make_ahead, config, producer.ahead, run.out)
    pool.run(work, list(map(Person, people)), 1, lambda done: progress(done, len(people)))


def _make_ahead(
    config: Config,
    ahead: Callable[[Config, int], None],
    out: Path,
    person: Person,
    report: pool.Report,
) -> None:
    """Make ahead what one person needs; in a worker."""
    with working(out):
        ahead(config, person.index)
    report(1)


def _begin(run: Run, wanted: dict[str, Any]) -> None:
    """Clear away half files of a killed run, and write the configuration if it is not there."""
    atomic.remove_temporary(run.out)
    atomic.remove_temporary(run.out / UNFINISHED)
    if (run.out / folder.CONFIG).exists():
        return
    if any(path.suffix == ".tar" for path in run.out.iterdir()):
        raise ValueError(f"{run.out} must have {folder.CONFIG} to be resumed, got shards without")
    (run.out / folder.PART).unlink(missing_ok=True)
    folder.write_config(run.out, wanted, run.part)


def _check_same(run: Run, wanted: dict[str, Any]) -> None:
    changed = folder.difference(folder.read_config(run.out), wanted)
    if changed:
        rule = "resumed with the configuration it was begun with"
        raise ValueError(f"{run.out} must be {rule}, got a change: {changed}{_way_out(changed)}")
    before = folder.read_part(run.out)
    if before != run.part:
        rule = f"resumed as {_named(before)}"
        raise ValueError(f"{run.out} must be {rule}, got {_named(run.part)}")


def _way_out(changed: str) -> str:
    """What to do where the change is none of the options that a user gives."""
    if not changed.startswith("made_with."):
        return ""
    return "; go on with the code, files and kind of machine it was begun with, or begin anew"


def _named(part: Part | None) -> str:
    return "the whole set" if part is None else f"part {part.number}/{part.of}"


def _rows_path(out: Path, shard: Shard) -> Path:
    return out / UNFINISHED / f"{shard.stem}.parquet"


def _notes_path(out: Path, shard: Shard) -> Path:
    return out / UNFINISHED / f"{shard.stem}.json"


def _finished(out: Path, shard: Shard) -> bool:
    path = _rows_path(out, shard)
    if not path.exists():
        return False
    tar = out / shard.name
    size = _stated_checksum(path).size
    if not tar.is_file() or tar.stat().st_size != size:
        raise ValueError(f"{tar} must have the {size} bytes that were written, got another file")
    return True


def _stated_checksum(path: Path) -> Checksum:
    metadata = pq.read_schema(path).metadata
    return Checksum(int(metadata[b"size"]), metadata[b"sha256"].decode())


def _make_shard(
    config: Config, producer: Producer[Config], out: Path, shard: Shard, report: pool.Report
) -> None:
    """Make one shard, its notes and its rows; in a worker."""
    with working(out):
        rows: list[index.Row] = []
        notes: list[Note] = []
        keys: set[str] = set()
        with atomic.writing(out / shard.name) as file:
            writer = ShardWriter(file)
            for person in shard.people:
                for made in producer.make_person(config, person):
                    if isinstance(made, Note):
                        notes.append(made)
                        report(made.pictures)
                        continue
                    _check(made, shard, config, keys)
                    span = writer.add(made.record.key, _members(made, config))
                    rows.append(index.row(made.record, shard.name, span))
                    report(1)
            sha256 = writer.close()
        # Rows come last: where they are, the shard is finished.
        if notes:
            atomic.write(_notes_path(out, shard), json_bytes([asdict(note) for note in notes]))
        metadata = {"size": str(writer.size), "sha256": sha256}
        index.write(_rows_path(out, shard), index.table(rows), metadata)


def _members(sample: Sample, config: Deciding) -> dict[str, bytes]:
    everything = {**sample.members, "json": to_json(sample.record)}
    return {suffix: everything[suffix] for suffix in config.members}


def _check(sample: Sample, shard: Shard, config: Deciding, keys: set[str]) -> None:
    """Hold a producer to its contract, and remember the key."""
    record = sample.record
    expected = set(config.members) - {"json"}
    if set(sample.members) != expected:
        got = ", ".join(sample.members)
        raise ValueError(f"{record.key} must have the members {sorted(expected)}, got {got}")
    if record.split != shard.split:
        raise ValueError(f"{record.key} must be in split {shard.split}, got {record.split}")
    if record.key in keys:
        raise ValueError(f"{record.key} must be the key of one sample, got a second")
    keys.add(record.key)


def _finish(
    run: Run, config: Config, producer: Producer[Config], shards: tuple[Shard, ...]
) -> None:
    paths = [_rows_path(run.out, shard) for shard in shards]
    checksums = {
        shard.name: _stated_checksum(path) for shard, path in zip(shards, paths, strict=True)
    }
    tables = [index.read(path).replace_schema_metadata(None) for path in paths]
    rows = pa.concat_tables(tables) if tables else index.table([])
    noted = [_notes_path(run.out, shard) for shard in shards]
    notes = [Note(**note) for path in noted if path.exists() for note in read_json(path)]
    beside = producer.beside(config, notes, rows)
    for name, data in beside.items():
        atomic.write(run.out / name, data)
    folder.finish(run.out, producer.about(config), rows, checksums, run.part, tuple(beside))
    shutil.rmtree(run.out / UNFINISHED)
