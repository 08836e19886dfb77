"""Rows of one or several finished data sets, in one numbering: columns, labels, records, pictures.

The index stays in Arrow columns and labels in arrays: there is no Python object a row. A row is
the place of a sample in the order of the sets and of their indexes.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from jaxtyping import Float32, Int64, Integer, UInt8

from assets.facs import PAIN_AUS
from assets.unbc import SURROGATE
from generator.shards import manifest
from generator.shards.codec import decode
from generator.shards.derived import Registered, read_derived, stands_in
from generator.shards.folder import DataSet, open_folder
from generator.shards.record import Record, Sample
from vitpain.data.crops import HEAT
from vitpain.data.members import PLACE

PAIN_COLUMNS = tuple(f"au{au}" for au in PAIN_AUS)
_KEPT = ("key", "sha256")


@dataclass(frozen=True)
class Frames:
    """Frames of `sets` with the columns of `generator.shards.index.SCHEMA` and `set`.

    `subject` is the identity, after the number of its set where two sets have people of one name;
    `pspi` and `aus` (columns `PAIN_AUS`) are NaN where they are null.
    """

    sets: tuple[DataSet, ...]
    index: pa.Table
    subject: np.ndarray
    pspi: Float32[np.ndarray, " rows"]
    aus: Float32[np.ndarray, "rows 6"]

    def __len__(self) -> int:
        """Number of rows."""
        return self.index.num_rows

    def take(self, rows: Integer[np.ndarray, " taken"]) -> "Frames":
        """The frames of some rows, numbered anew in that order."""
        index = self.index.take(pa.array(rows))
        return Frames(self.sets, index, self.subject[rows], self.pspi[rows], self.aus[rows])

    def column(self, name: str) -> np.ndarray:
        """A column of the index; null is NaN in numbers and empty in text."""
        column = self.index.column(name)
        if pa.types.is_string(column.type):
            return _texts(column)
        return column.to_numpy()

    @cached_property
    def registered(self) -> tuple[Registered | None, ...]:
        """How the faces of each set were aligned."""
        derived = [read_derived(one.config, str(one.folder)) for one in self.sets]
        return tuple(None if one is None else one.registered for one in derived)

    @property
    def surrogate(self) -> bool:
        """Whether any frames stand in for UNBC-McMaster, or were painted from such."""
        named = SURROGATE in self.index.column("source").unique().to_pylist()
        return named or any(stands_in(one.config) for one in self.sets)

    def keys(self, rows: Integer[np.ndarray, " taken"]) -> list[str]:
        """Names of the samples of some rows."""
        return self.index.column("key").take(pa.array(rows)).to_pylist()

    def sample(self, row: int) -> Sample:
        """Read a record and every member.

        Raises ValueError that names shard and key where the bytes are not those of the index.
        """
        stated = self.index.slice(row, 1).to_pylist()[0]
        return self.sets[stated["set"]].sample(stated)

    def record(self, row: int) -> Record:
        """Read the record of a row."""
        return self.sample(row).record

    def picture(self, row: int) -> UInt8[np.ndarray, "height width 3"]:
        """Read the whole picture of a row, sRGB, neither cropped nor augmented."""
        sample = self.sample(row)
        suffix = sample.record.image
        return np.asarray(decode(f"{sample.record.key}.{suffix}", sample.members[suffix]))

    def heat(self, row: int) -> Float32[np.ndarray, "6 height width"]:
        """Read how far each of `PAIN_AUS` moves the skin, mm, on the grid of the whole picture.

        Raises ValueError that names the key where the data set was made without these maps.
        """
        sample = self.sample(row)
        key = sample.record.key
        if HEAT not in sample.members:
            raise ValueError(f"{key} must have heat maps, got {', '.join(sample.members)}")
        return np.asarray(decode(f"{key}.{HEAT}", sample.members[HEAT]), np.float32)

    def members(self, rows: Integer[np.ndarray, " taken"]) -> set[str]:
        """Suffixes that the samples of every set of some rows have."""
        used = [self.sets[number].config["members"] for number in np.unique(self._set[rows])]
        return set.intersection(*map(set, used)) if used else set()

    @cached_property
    def paths(self) -> tuple[Path, ...]:
        """The shards, in the order of the sets and of their indexes."""
        return self._shards[0]

    @cached_property
    def shard(self) -> Int64[np.ndarray, " rows"]:
        """Of every row, which of `paths` holds it."""
        return self._shards[1]

    @cached_property
    def _set(self) -> np.ndarray:
        return self.index.column("set").to_numpy()

    @cached_property
    def _shards(self) -> tuple[tuple[Path, ...], np.ndarray]:
        paths: list[Path] = []
        number = np.zeros(len(self), np.int64)
        for at, one in enumerate(self.sets):
            rows = np.flatnonzero(self._set == at)
            names = self.index.column("shard").take(pa.array(rows)).combine_chunks()
            coded = names.dictionary_encode()
            number[rows] = coded.indices.to_numpy() + len(paths)
            paths += [one.folder / name for name in coded.dictionary.to_pylist()]
        return tuple(paths), number

    def places(self, rows: Integer[np.ndarray, " taken"]) -> np.ndarray:
        """Where the samples of some rows lie, of type `PLACE`, with `path` numbering `paths`."""
        made = np.zeros(len(rows), PLACE)
        made["path"] = self.shard[rows]
        taken = pa.array(rows)
        for name in ("offset", "size"):
            made[name] = self.index.column(name).take(taken).to_numpy()
        for name in _KEPT:
            made[name] = self.index.column(name).take(taken).to_pylist()
        made["share"] = np.array([_share(one.config) for one in self.sets])[self._set[rows]]
        made["suffix"] = np.array([_suffix(one) for one in self.sets])[self._set[rows]]
        return made


def _share(config: dict[str, Any]) -> float:
    """Side of the face's square in pictures that were cut without landmarks: the importer cut them
    with a margin.
    """
    margin = config.get("imported", {}).get("margin", 0.0)
    return 1.0 / (1.0 + float(margin))


def _suffix(one: DataSet) -> str:
    pictures = [suffix for suffix in one.config["members"] if suffix in ("jpg", "png")]
    if len(pictures) != 1:
        raise ValueError(f"{one.folder} must hold one jpg or png a sample, got {pictures}")
    return pictures[0]


def open_frames(folders: Sequence[Path]) -> Frames:
    """Open finished data sets.

    Raises ValueError where there is none, one is named twice or is not finished, or its index
    and its manifest do not fit together.
    """
    if not folders:
        raise ValueError("data must be one data set or more, got none")
    resolved = [folder.resolve() for folder in folders]
    for at, folder in enumerate(resolved):
        if folder in resolved[:at]:
            raise ValueError(f"data must be different folders, got {folders[at]} twice")
    sets = tuple(open_folder(folder) for folder in folders)
    for one in sets:
        _check_places(one)
    numbered = [
        one.index.append_column(
            pa.field("set", pa.int32(), nullable=False),
            pa.array(np.full(one.index.num_rows, at, np.int32)),
        )
        for at, one in enumerate(sets)
    ]
    index = pa.concat_tables(numbered).combine_chunks()
    aus = [_numbers(index.column(name)) for name in PAIN_COLUMNS]
    pspi = _numbers(index.column("pspi"))
    return Frames(sets, index, _subjects(sets), pspi, np.stack(aus, axis=1))


def _check_places(one: DataSet) -> None:
    """Hold the index to the sizes of the shards, so that nothing is read beyond one."""
    files = manifest.read(one.folder)
    shards = one.index.column("shard").combine_chunks().dictionary_encode()
    names = shards.dictionary.to_pylist()
    for name in names:
        path = one.folder / name
        if name not in files:
            raise ValueError(f"{one.folder} must list every shard of its index, got none of {name}")
        if not path.is_file() or path.stat().st_size != files[name].size:
            raise ValueError(f"{path} must have the {files[name].size} bytes that are stated")
    lengths = np.array([files[name].size for name in names], np.int64)
    offset, size = (one.index.column(name).to_numpy() for name in ("offset", "size"))
    if len(offset) == 0:
        raise ValueError(f"{one.folder} must hold samples, got none")
    wrong = (offset < 0) | (size <= 0) | (size > lengths[shards.indices.to_numpy()] - offset)
    if wrong.any():
        row = int(np.flatnonzero(wrong)[0])
        key, shard = (one.index.column(name)[row].as_py() for name in ("key", "shard"))
        raise ValueError(
            f"{one.folder}: {shard}: {key} must lie within its shard, "
            f"got {size[row]} bytes at {offset[row]}"
        )


def _subjects(sets: tuple[DataSet, ...]) -> np.ndarray:
    """Identities, in fixed width; a name that two sets have begins with the number of its set."""
    named = Counter(
        name for one in sets for name in one.index.column("identity").unique().to_pylist()
    )
    parts = []
    for at, one in enumerate(sets):
        coded = one.index.column("identity").combine_chunks().dictionary_encode()
        names = coded.dictionary.to_pylist()
        told = [f"{at}:{name}" if named[name] > 1 else name for name in names]
        parts.append(np.array(told, np.str_)[coded.indices.to_numpy()])
    return np.concatenate(parts)


def _numbers(column: pa.ChunkedArray) -> Float32[np.ndarray, " rows"]:
    return column.to_numpy().astype(np.float32)


def _texts(column: pa.ChunkedArray) -> np.ndarray:
    filled = pc.fill_null(column, "").combine_chunks().dictionary_encode()
    names = np.array(filled.dictionary.to_pylist(), dtype=np.str_)
    if len(names) == 0:
        return np.zeros(len(column), np.str_)
    return names[filled.indices.to_numpy()]
