"""A data set's folder: what is written first, what is written last, and how it is opened.

`config.json` comes first. When every shard lies there, the index, the card and the descriptions
for readers are written from the rows, and `manifest.json` last. All of it depends on rows and
configuration alone, so a merged or resumed data set has the bytes of a single run.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa

from assets import atomic
from assets.population import SPLITS
from generator.shards import index, manifest
from generator.shards.card import About, about_options, card
from generator.shards.croissant import croissant
from generator.shards.derived import DERIVED
from generator.shards.imported import IMPORTED
from generator.shards.index import Row
from generator.shards.manifest import Checksum, json_bytes, read_json
from generator.shards.record import Sample
from generator.shards.record_json import from_json
from generator.shards.stated import check_config
from generator.shards.tarball import Stored, read_sample

CONFIG = "config.json"
PART = "part.json"
INDEX = index.NAME
TIMM = "_info.json"
CARD = "README.md"
CROISSANT = "croissant.json"
DESCRIPTIONS = (INDEX, TIMM, CARD, CROISSANT)


@dataclass(frozen=True)
class Part:
    """Part `number` (from 1) of a data set that is made in `of` parts."""

    number: int
    of: int

    def __post_init__(self) -> None:
        """Refuse a part that is not one of them."""
        if not 1 <= self.number <= self.of:
            rule = "K/N with 1 <= K <= N"
            raise ValueError(f"part must be {rule}, got {self.number}/{self.of}")


def parse_part(text: str) -> Part:
    """Read a part such as "3/16". Raises ValueError for anything else."""
    number, slash, of = text.partition("/")
    if not (slash and number.isascii() and of.isascii() and number.isdigit() and of.isdigit()):
        raise ValueError(f"part must be K/N, such as 3/16, got {text!r}")
    return Part(int(number), int(of))


def write_config(folder: Path, config: dict[str, Any], part: Part | None) -> None:
    """Write `config.json`, and for a part `part.json`."""
    if part is not None:
        stated = {"part": part.number, "of": part.of}
        atomic.write(folder / PART, json_bytes(stated))
    atomic.write(folder / CONFIG, json_bytes(config))


def read_config(folder: Path) -> dict[str, Any]:
    """Read `config.json`.

    Raises ValueError where there is none, or naming the field that is not of its type.
    """
    path = folder / CONFIG
    if not path.is_file():
        raise ValueError(f"{folder} must be a data set, got no {CONFIG}")
    return check_config(read_json(path), str(path))


def read_part(folder: Path) -> Part | None:
    """Read which part a folder holds, None for a whole data set."""
    path = folder / PART
    if not path.is_file():
        return None
    match read_json(path):
        case {"part": int(number), "of": int(of)}:
            return Part(number, of)
        case content:
            raise ValueError(f"{path} must have part and of, got {content!r}")


def difference(old: Mapping[str, Any], new: Mapping[str, Any]) -> str | None:
    """Name the first field in which two configurations differ, with both values."""
    flat_old, flat_new = _flat(old, ""), _flat(new, "")
    for name in sorted({*flat_old, *flat_new}):
        before, after = flat_old.get(name, "nothing"), flat_new.get(name, "nothing")
        if before != after:
            return f"{name} was {before} and is {after}"
    return None


def _flat(config: Mapping[str, Any], prefix: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, value in config.items():
        if isinstance(value, Mapping):
            found |= _flat(value, f"{prefix}{name}.")
        else:
            found[f"{prefix}{name}"] = json.dumps(value)
    return found


def finish(
    folder: Path,
    about: About,
    rows: pa.Table,
    shards: Mapping[str, Checksum],
    part: Part | None,
    beside: Sequence[str] = (),
) -> None:
    """Write index, card, descriptions and, last, the manifest of a folder whose shards are there.

    `rows` are in the order of the shards; `shards` has the checksum of each by name; `beside` are
    the names of files that stand there already, such as a report.
    """
    config = read_config(folder)
    files = dict(shards)
    index.write(folder / INDEX, rows)
    files[INDEX] = manifest.checksum(folder / INDEX)
    for name, data in descriptions(about, config, rows, files).items():
        atomic.write(folder / name, data)
    stated = (CONFIG, PART) if part is not None else (CONFIG,)
    for name in (TIMM, CARD, CROISSANT, *stated, *beside):
        files[name] = manifest.checksum(folder / name)
    manifest.write(folder, files, counts(rows))


def descriptions(
    about: About, config: Mapping[str, Any], rows: pa.Table, files: Mapping[str, Checksum]
) -> dict[str, bytes]:
    """What is written for readers, by name: card, Croissant, timm's listing.

    `files` has the checksums of the shards and of the index.
    """
    options = config.get("options")
    about = about_options(about, options, config.get("made_with"))
    said = options or config.get(IMPORTED) or config.get(DERIVED)
    return {
        CROISSANT: croissant(about, files),
        TIMM: json_bytes(timm_info(rows)),
        CARD: card(about, tuple(config["members"]), rows, said).encode(),
    }


def counts(rows: pa.Table) -> dict[str, int]:
    """The figures that the manifest states."""
    return {"samples": rows.num_rows, "people": len(rows.column("identity").unique())}


def timm_info(rows: pa.Table) -> dict[str, Any]:
    """What timm's reader wants: shards of every split and how many samples each holds."""
    lengths: dict[str, dict[str, int]] = {}
    for (split, shard), count in index.grouped(rows, "split", "shard").items():
        lengths.setdefault(split, {})[shard] = count
    return {
        "splits": {
            split: {
                "name": split,
                "num_samples": sum(lengths[split].values()),
                "filenames": list(lengths[split]),
                "shard_lengths": list(lengths[split].values()),
            }
            for split in SPLITS
            if split in lengths
        }
    }


@dataclass(frozen=True)
class DataSet:
    """A finished data set on disk: its folder, configuration and index."""

    folder: Path
    config: dict[str, Any]
    index: pa.Table

    def __iter__(self) -> Iterator[Sample]:
        """Read every sample, in the order of the index; raises as `sample` does."""
        return map(self.sample, index.Rows(self.index))

    def sample(self, row: Row) -> Sample:
        """Read one sample of the index.

        Raises ValueError where the shard does not hold it at the place that the row states.
        """
        path = self.folder / row["shard"]
        stored = read_sample(path, row["offset"], row["size"])
        if stored.key != row["key"] or stored.span.sha256 != row["sha256"]:
            raise ValueError(f"{path} must hold {row['key']} unaltered, got {stored.key}")
        return to_sample(stored, path)


def open_folder(folder: Path) -> DataSet:
    """Open a finished data set. Raises ValueError where it is unfinished or not one."""
    manifest.read(folder)
    return DataSet(folder, read_config(folder), index.read(folder / INDEX))


def to_sample(stored: Stored, path: Path) -> Sample:
    """Read the record of a stored sample; raises ValueError where it has none or is not whole."""
    members = dict(stored.members)
    data = members.pop("json", None)
    if data is None:
        raise ValueError(f"{path} must hold {stored.key}.json, got {', '.join(members)}")
    return Sample(from_json(data, f"{path}: {stored.key}.json"), members)
