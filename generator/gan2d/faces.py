"""Faces of a data set as a GAN trains on them: cut and scaled once, in a file that is mapped.

Memory does not grow with the data: pictures lie in a NumPy file of bytes, of which the operating
system keeps what is used. A face is cut by the rule of every estimator (`assets.face_crop`); one
that was registered is whole as it is.
"""

import json
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import get_args

import cv2
import numpy as np
from jaxtyping import Float32, Int64, UInt8

from assets import atomic, face_crop
from assets.face_crop import Square
from assets.facs import AUS, HIGHEST
from generator.shards.codec import decode
from generator.shards.folder import DataSet, to_sample
from generator.shards.imported import IMPORTED
from generator.shards.record import LabelSource, Record, Sample
from generator.shards.tarball import read_shard

Progress = Callable[[int, int], None]
"""Called with faces since the last call, and faces in all."""
PICTURES, LABELS, DONE = "pictures.npy", "labels.npy", "faces.json"


@dataclass(frozen=True)
class Skipped:
    """A picture that is not learned from, and why."""

    key: str
    why: str


@dataclass(frozen=True)
class Faces:
    """Faces in the order of the index, those without labels left out."""

    pictures: UInt8[np.ndarray, "rows size size 3"]
    """sRGB, mapped from the disk."""
    rows: Int64[np.ndarray, " faces"]
    """Where in `pictures` a face lies."""
    aus: Float32[np.ndarray, "faces aus"]
    """0-1, intensity over its highest."""
    person: Int64[np.ndarray, " faces"]
    """Number in `people`."""
    people: tuple[str, ...]
    skipped: tuple[Skipped, ...]
    """What was left out."""

    def __len__(self) -> int:
        """Number of faces."""
        return len(self.rows)

    def take(self, numbers: Int64[np.ndarray, " taken"]) -> UInt8[np.ndarray, "taken size size 3"]:
        """Pictures of some faces."""
        return np.asarray(self.pictures[self.rows[numbers]])

    def of(self, people: Sequence[str]) -> Int64[np.ndarray, " chosen"]:
        """Numbers of the faces of some people."""
        wanted = np.isin(np.array(self.people), np.array(people))
        return np.flatnonzero(wanted[self.person])


@dataclass(frozen=True)
class Labels:
    """Whose AUs, and which; none named: those that no face lacks."""

    source: LabelSource
    aus: tuple[int, ...]

    def of(self, record: Record) -> dict[int, float | None] | None:
        """Intensities that a record has of this source."""
        codes = getattr(record.aus, self.source)
        return None if codes is None else codes.label


def conditions(data: DataSet, labels: LabelSource | None, aus: tuple[int, ...]) -> Labels:
    """Whose AUs a data set is learned from, and which.

    Raises ValueError where it has no AUs of that source, or none that all faces have.
    """
    if labels is not None:
        return Labels(labels, aus)
    found = set(data.index.column("label_source").unique().to_pylist())
    named: list[LabelSource] = [name for name in get_args(LabelSource) if name in found]
    if len(named) != 1:
        rule = "action units of one source, or be told which to take (--labels)"
        raise ValueError(f"{data.folder} must have {rule}, got {', '.join(named) or 'none'}")
    return Labels(named[0], aus)


def cut(
    data: DataSet, labels: Labels, size: int, place: Path, progress: Progress
) -> tuple[Faces, tuple[int, ...]]:
    """Cut the faces of a data set into `place`, or take those that lie there, and their AUs.

    Raises ValueError that names the data set where it has no AUs of that source, no AU that all
    faces have, or lacks one that was named.
    """
    if not (place / DONE).is_file():
        place.mkdir(parents=True, exist_ok=True)
        _write(data, labels, size, place, progress)
    done = json.loads((place / DONE).read_text())
    numbers, skipped = done["rows"], [Skipped(*one) for one in done["skipped"]]
    table = np.load(place / LABELS)
    identities = data.index.column("identity").to_pylist()
    names = [identities[number] for number in numbers]
    people = tuple(sorted(set(names)))
    there = {name: at for at, name in enumerate(people)}
    aus, kept = _chosen(table, labels, str(data.folder))
    columns = [AUS.index(au) for au in aus]
    if len(kept) < len(numbers):
        keys = data.index.column("key").to_pylist()
        lacking = sorted(set(range(len(numbers))) - set(kept.tolist()))
        why = f"must have AUs {', '.join(map(str, aus))} of {labels.source}, got nulls among them"
        skipped += [Skipped(keys[numbers[at]], why) for at in lacking]
    if len(kept) == 0:
        rule = f"a face with the action units {', '.join(map(str, aus))} of {labels.source}"
        raise ValueError(f"{data.folder} must have {rule}, got none")
    highest = np.array([HIGHEST[au] for au in aus], np.float32)
    person = np.array([there[name] for name in names], np.int64)
    faces = Faces(
        np.load(place / PICTURES, mmap_mode="r"),
        kept,
        (table[kept][:, columns] / highest).astype(np.float32),
        person[kept],
        people,
        tuple(skipped),
    )
    return faces, aus


def spread(count: int, most: int) -> Int64[np.ndarray, " places"]:
    """Places in a list of `count`, evenly over it from end to end, `most` at most."""
    return np.unique(np.linspace(0, count - 1, min(most, count)).round().astype(np.int64))


def _chosen(
    table: Float32[np.ndarray, "rows 19"], labels: Labels, folder: str
) -> tuple[tuple[int, ...], Int64[np.ndarray, " kept"]]:
    """AUs of the condition, and the rows that have all of them."""
    if labels.aus:
        aus = labels.aus
        lacking = [au for au in aus if np.isnan(table[:, AUS.index(au)]).all()]
        if lacking:
            rule = f"AU{lacking[0]} of {labels.source}, which the condition has"
            raise ValueError(f"{folder} must have {rule}, got only nulls")
    else:
        some = table[~np.isnan(table).all(axis=1)]
        aus = tuple(
            au for at, au in enumerate(AUS) if len(some) and not np.isnan(some[:, at]).any()
        )
        if not aus:
            way = "; name some (--aus)" if len(some) else ""
            rule = f"action units of {labels.source} that are null in no face"
            raise ValueError(f"{folder} must have {rule}, got none{way}")
    columns = [AUS.index(au) for au in aus]
    return aus, np.flatnonzero(~np.isnan(table[:, columns]).any(axis=1))


def _write(data: DataSet, labels: Labels, size: int, place: Path, progress: Progress) -> None:
    number = {key: at for at, key in enumerate(data.index.column("key").to_pylist())}
    rows: list[int] = []
    skipped: list[tuple[str, str]] = []
    table = np.full((len(number), len(AUS)), np.nan, np.float32)
    pictures = _room(place / PICTURES, (len(number), size, size, 3))
    for shard in data.index.column("shard").unique().to_pylist():
        path = data.folder / shard
        for stored in read_shard(path):
            progress(1, len(number))
            sample = to_sample(stored, path)
            known = labels.of(sample.record)
            if known is None:
                why = f"must have action units of {labels.source}, got none"
                skipped.append((stored.key, why))
                continue
            at = len(rows)
            try:
                pictures[at] = face(sample, size, data)
            except ValueError as error:
                skipped.append((stored.key, " ".join(str(error).split())))
                continue
            table[at] = [np.nan if known[au] is None else known[au] for au in AUS]
            rows.append(number[stored.key])
    pictures.flush()
    with atomic.writing(place / LABELS) as file:
        np.save(file, table[: len(rows)])
    atomic.write(place / DONE, json.dumps({"rows": rows, "skipped": skipped}).encode())


def _room(path: Path, shape: tuple[int, ...]) -> np.memmap:
    """A mapped file of pictures, its room taken: else a full disk would be a signal later."""
    pictures = np.lib.format.open_memmap(path, "w+", np.uint8, shape)
    with open(path, "r+b") as file:
        os.posix_fallocate(file.fileno(), 0, path.stat().st_size)
    return pictures


def face(sample: Sample, size: int, data: DataSet) -> UInt8[np.ndarray, "size size 3"]:
    """The face of a sample, `size` pixels wide: cut by its landmarks, or whole if registered."""
    record = sample.record
    image = decode(record.image, sample.members[record.image])
    if record.registration is not None:
        if record.width == size:
            return image
        # Half a picture or less is averaged, more is bilinear: nothing is sharper than it was.
        how = cv2.INTER_AREA if record.width > size else cv2.INTER_LINEAR
        return cv2.resize(image, (size, size), interpolation=how)
    square = _square(record, float(data.config.get(IMPORTED, {}).get("margin", 0.0)))
    return face_crop.cut(image, face_crop.matrix(square, size), size)


def _square(record: Record, margin: float) -> Square:
    if record.landmarks is None:
        return face_crop.middle(record.width, record.height, 1.0 / (1.0 + margin))
    return face_crop.around(np.array(record.landmarks.points, np.float64), record.key)
