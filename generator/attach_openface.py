"""What OpenFace 2 read from the exported pictures of a data set, put into a copy of it.

One CSV a folder of pictures, `<sequence>.csv` (`generator.export_frames` says which pictures are in
it), rows numbered from 1 in the order of the pictures' names. Pictures stay byte for byte, PSPI and
what `label_source` names stay too.
"""

import hashlib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import cache, cached_property
from pathlib import Path
from typing import Any

import pyarrow as pa

from assets.population import Split
from generator.config import file_hash
from generator.export_frames import places
from generator.importers import coded, openface_csv
from generator.origin import origin
from generator.producer import Note, Producer, by_topic
from generator.provenance import source
from generator.shards.card import About
from generator.shards.derived import DERIVED, Derived, about_derived
from generator.shards.manifest import content_hash, json_bytes
from generator.shards.record import Sample

REPORT = "openface_report.json"
TOPICS = {
    "no_csv": "pictures without a CSV of their folder, null",
    "no_row": "pictures without a row, null",
    "not_found": "pictures in which no face was found, null",
    "refused": "pictures whose row is refused, null",
}


@dataclass(frozen=True)
class AttachConfig:
    """A data set, and the folder of CSVs that OpenFace made of its exported pictures."""

    data: Path
    csv: Path
    people_per_shard: int = 1
    """People a tar file, 1 or more."""

    def __post_init__(self) -> None:
        """Refuse what cannot be made, naming option, rule and value."""
        if self.people_per_shard < 1:
            raise ValueError(f"people_per_shard must be at least 1, got {self.people_per_shard}")

    @property
    def members(self) -> tuple[str, ...]:
        """Suffixes of the members that every sample has: those of the data set."""
        return tuple(origin(self.data).data.config["members"])


@dataclass(frozen=True, eq=False)
class Tables:
    """Where every picture's row stands: folder and number by key; the CSVs by folder."""

    placed: dict[str, tuple[str, int]]
    files: dict[str, Path]

    @property
    def missing(self) -> list[str]:
        """Folders of pictures without a CSV."""
        return sorted({folder for folder, _ in self.placed.values()} - self.files.keys())

    @cached_property
    def sizes(self) -> Counter[str]:
        """How many pictures each folder has."""
        return Counter(folder for folder, _ in self.placed.values())


@cache
def tables(config: AttachConfig) -> Tables:
    """Find the CSVs; raises ValueError where there is none for any folder of the pictures."""
    if not config.csv.is_dir():
        raise ValueError(f"csv must be a folder of CSVs of OpenFace, got {config.csv}")
    columns = origin(config.data).data.index.select(["key", "sequence", "identity"])
    placed = places(columns.to_pylist())
    folders = sorted({folder for folder, _ in placed.values()})
    paths = {folder: config.csv / f"{folder}.csv" for folder in folders}
    files = {folder: path for folder, path in paths.items() if path.is_file()}
    if not files:
        rule = f"a CSV a folder of exported pictures, such as {folders[0]}.csv"
        raise ValueError(f"{config.csv} must hold {rule}, got none")
    return Tables(placed, files)


def make_person(config: AttachConfig, index: int) -> Iterator[Sample | Note]:
    """Samples and notes of one person, one picture in memory at a time."""
    found = tables(config)
    for sample in origin(config.data).samples(index):
        record = sample.record
        read = _reading(found, record.key)
        if isinstance(read, Note):
            yield read
            codes = None
        else:
            codes = coded.codes(read)
        labels = record.label_source
        if labels in (None, "openface"):
            labels = None if codes is None else "openface"
        aus = replace(record.aus, openface=codes)
        yield replace(sample, record=replace(record, aus=aus, label_source=labels))


def _reading(found: Tables, key: str) -> coded.Intensities | Note:
    """What OpenFace says of a picture, or why that is not known."""
    folder, number = found.placed[key]
    name = f"{folder}.csv"
    if folder not in found.files:
        return Note("no_csv", key, f"{name} must be there", "none")
    try:
        frames = openface_csv.read(found.files[folder], name)
        last, pictures = max(frames, default=0), found.sizes[folder]
        if last > pictures:
            # Rows of other pictures would be attached to these without a word.
            raise ValueError(f"{name} must have the {pictures} rows of its pictures, got {last}")
    except ValueError as error:
        return Note("refused", key, *_told(error))
    if number not in frames:
        return Note("no_row", key, f"{name} must have row {number}", "none")
    read = frames[number]
    if isinstance(read, ValueError):
        return Note("refused", key, *_told(read))
    if read is None:
        return Note("not_found", key, f"{name}: OpenFace must have found a face", "success 0")
    return read.aus


def _told(error: ValueError) -> tuple[str, str]:
    rule, _, value = " ".join(str(error).split()).rpartition(", got ")
    return rule or str(error), value[:300]


def derived(config: AttachConfig) -> Derived:
    """How the set is made, as `config.json` states it."""
    whole, found = origin(config.data), tables(config)
    before = whole.derived
    if before is not None and before.step == "augment2d":
        rule = "pictures of people, not of a network"
        raise ValueError(f"{config.data} must have {rule}, got those of augment2d")
    return Derived(
        step="attach-openface",
        data=content_hash(config.data),
        source=whole.source,
        surrogate=whole.surrogate,
        registered=None if before is None else before.registered,
        size=0 if before is None else before.size,
        people_per_shard=config.people_per_shard,
        head=None if before is None else before.head,
        csv=_hash(found.files),
    )


def _hash(files: Mapping[str, Path]) -> str:
    """SHA-256 of names and content of the CSVs that are read."""
    digest = hashlib.sha256()
    for folder, path in sorted(files.items()):
        digest.update(f"{folder}\0{file_hash(path, 'csv')}\n".encode())
    return f"sha256:{digest.hexdigest()}"


def splits(config: AttachConfig) -> list[Split]:
    """Split of everybody."""
    return list(origin(config.data).splits)


def pictures(config: AttachConfig, people: Sequence[int]) -> int:
    """How many pictures the data set has of some people."""
    return origin(config.data).pictures(people)


def made_with(config: AttachConfig) -> dict[str, str]:
    """What decides bytes beside what every data set states."""
    return {"source": f"sha256:{source('assets', 'generator')}"}


def stated(config: AttachConfig) -> dict[str, Any]:
    """What `config.json` says: data set and CSVs stand there by their hashes."""
    return {DERIVED: asdict(derived(config))}


def about(config: AttachConfig) -> About:
    """What the card says."""
    return about_derived(derived(config))


def beside(config: AttachConfig, notes: Sequence[Note], rows: pa.Table) -> dict[str, bytes]:
    """The report, which lies with the data set."""
    found = tables(config)
    topics = Counter(item.topic for item in notes)
    content = {
        "derived": asdict(derived(config)),
        "figures": {
            "pictures": rows.num_rows,
            "pictures with action units of OpenFace": rows.num_rows - len(notes),
            **{text: topics[topic] for topic, text in TOPICS.items()},
            "CSVs read": len(found.files),
            "folders without a CSV": len(found.missing),
        },
        "missing": [f"{folder}.csv" for folder in found.missing],
        "notes": by_topic(notes, TOPICS, "key"),
    }
    return {REPORT: json_bytes(content)}


PRODUCER = Producer(
    make_person, splits, pictures, made_with, about=about, stated=stated, beside=beside
)
