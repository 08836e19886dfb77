"""UNBC-McMaster as three HDF5 files, the form that the released ViTPain reads.

```
frames_unbc_2020-09-21-05-42-04.hdf5        image [frames, height, width, 3] uint8, index [frames]
annotations_unbc_2020-10-13-22-55-04.hdf5   subject_name, index, label_AU_4 ..., label_pspi
UNBC_CVFolds_2019-05-16-15-16-36.hdf5       fold-K/train_subjects, fold-K/validation_subjects
```
A row of annotations is of the frame with its `index`. NaN is null; where a unit has several values
a row, its label is the largest; AU43 is 1 where it is above 0. `fold` is the fold K in which a
person validates, who stands there by name or by the number that the name begins with. There are
neither landmarks nor sequences.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path

import h5py
import numpy as np

from assets import picture_file
from assets.facs import CLOSED, HIGHEST_PSPI
from assets.unbc import CODED, WITHOUT_INTENSITY
from generator.importers import coded, inside_hdf5
from generator.importers.config import ImportConfig
from generator.importers.names import key_of
from generator.importers.notes import note, refused
from generator.importers.picture import Image, Picture
from generator.producer import Note
from generator.shards.record import AUSources, Record

FRAMES = "frames_unbc_2020-09-21-05-42-04.hdf5"
ANNOTATIONS = "annotations_unbc_2020-10-13-22-55-04.hdf5"
FOLDS = "UNBC_CVFolds_2019-05-16-15-16-36.hdf5"
FILES = (FRAMES, ANNOTATIONS, FOLDS)
HIGHEST_INDEX = 2**31 - 1
HIGHEST_NUMBER = 999
"""Highest number of a person."""


@dataclass(frozen=True)
class Subject:
    """A person: rows of annotations, each with the place of its frame, and their fold."""

    name: str
    rows: tuple[tuple[int, int], ...]
    fold: int | None


@dataclass(frozen=True)
class Source:
    """People, labels by row, and what belongs to nobody."""

    subjects: tuple[Subject, ...]
    indices: np.ndarray
    aus: dict[int, np.ndarray]
    pspi: np.ndarray | None
    notes: tuple[Note, ...]


@cache
def source(root: Path) -> Source:
    """Read everything but pictures. Raises ValueError that names what is missing or unlike this."""
    missing = [name for name in FILES if not (root / name).is_file()]
    if missing:
        raise ValueError(f"{root} must hold {', '.join(FILES)}, got none of {', '.join(missing)}")
    with inside_hdf5.opened(root / FRAMES) as file:
        places = _places(file)
    with inside_hdf5.opened(root / ANNOTATIONS) as file:
        names = inside_hdf5.texts(file, "subject_name", ANNOTATIONS)
        indices = inside_hdf5.whole(file, "index", ANNOTATIONS, HIGHEST_INDEX)
        if indices.shape != (len(names),):
            rule = f"index must have {len(names)} rows"
            raise ValueError(f"{ANNOTATIONS}: {rule}, got {indices.shape}")
        wanted = {au: f"label_AU_{au}" for au in CODED}
        labels = {
            au: _label(file, name, len(names))
            for au, name in wanted.items()
            if inside_hdf5.has(file, name)
        }
        has_pspi = inside_hdf5.has(file, "label_pspi")
        pspi = _label(file, "label_pspi", len(names)) if has_pspi else None
    notes = [
        note("missing", ANNOTATIONS, f"must hold {wanted[au]}; it is null", "no such data")
        for au in CODED
        if au not in labels
    ]
    if not labels and pspi is None:
        raise ValueError(f"{ANNOTATIONS} must hold label_AU_4 ... or label_pspi, got neither")
    folds = _folds(root)
    rows: dict[str, list[tuple[int, int]]] = {}
    used: set[int] = set()
    for row, (name, index) in enumerate(zip(names, indices.tolist(), strict=True)):
        place = places.get(index)
        if place is None or place in used:
            rule = "rows must be of a frame of their own"
            notes.append(note("ignored", ANNOTATIONS, rule, f"row {row} with index {index}"))
            continue
        used.add(place)
        rows.setdefault(name, []).append((row, place))
    unlabelled = len(places) - len(used)
    if unlabelled:
        rule = "frames must have a row of annotations"
        notes.append(note("ignored", FRAMES, rule, f"{unlabelled} without"))
    if not rows:
        raise ValueError(f"{ANNOTATIONS} must have rows of frames in {FRAMES}, got none")
    for name in sorted(rows):
        if _fold(name, folds) is None:
            rule = f"{name} must validate in a fold; fold is null"
            notes.append(note("missing", FOLDS, rule, "none"))
    subjects = tuple(Subject(name, tuple(rows[name]), _fold(name, folds)) for name in sorted(rows))
    return Source(subjects, indices, labels, pspi, tuple(notes))


def pictures(config: ImportConfig, number: int) -> Iterator[Picture | Note]:
    """Everything of one subject; the file of frames is open as long."""
    of_all = source(config.root)
    subject = of_all.subjects[number]
    with inside_hdf5.opened(config.root / FRAMES) as file:
        images = _images(file)
        for row, place in subject.rows:
            index = int(of_all.indices[row])
            name, where = f"{FRAMES}: frame {index}", f"{ANNOTATIONS}: row {row}"
            aus, stated = None, None
            try:
                aus = _aus(of_all, row, where)
            except ValueError as error:
                yield refused("labels", where, error)
            try:
                stated = _pspi(of_all, row, where)
            except ValueError as error:
                yield refused("labels", where, error)
            computed = coded.pspi_of(aus)
            yield from coded.disagreement(where, stated, computed)
            pspi = stated if computed is None else computed
            manual = coded.told_by_people(aus, pspi)
            record = Record(
                key=key_of(subject.name, f"{index:06d}"),
                identity=subject.name,
                split="train",
                kind="real",
                source=config.source,
                width=0,
                height=0,
                fold=subject.fold,
                frame=index,
                pspi=pspi,
                label_source=None if manual is None else "manual",
                aus=AUSources(manual=manual),
            )
            yield Picture(record, name, partial(_read, images, place, name))


def _read(images: h5py.Dataset, place: int, name: str) -> Image:
    try:
        image = np.asarray(images[place])
    except inside_hdf5.DAMAGED as error:
        raise ValueError(f"{name} must be readable, got {error}") from error
    if image.ndim == 2:
        image = np.repeat(image[..., None], 3, axis=2)
    return np.ascontiguousarray(image)


def _images(file: h5py.File) -> h5py.Dataset:
    images = inside_hdf5.dataset(file, "image", FRAMES)
    shape = images.shape
    shaped = len(shape) in (3, 4) and (len(shape) == 3 or shape[3] == 3)
    if images.dtype != np.uint8 or not shaped:
        rule = "image must be uint8 [frames, height, width, 3]"
        raise ValueError(f"{FRAMES}: {rule}, got {images.dtype} {shape}")
    small, pixels = min(shape[1:3]), shape[1] * shape[2]
    if small < picture_file.SMALLEST_SIDE or pixels > picture_file.HIGHEST_PIXELS:
        rule = f"pictures must have {picture_file.SMALLEST_SIDE} pixels a side and more"
        raise ValueError(f"{FRAMES}: {rule}, at most {picture_file.HIGHEST_PIXELS}, got {shape}")
    return images


def _places(file: h5py.File) -> dict[int, int]:
    """Place of every frame by its index."""
    count = _images(file).shape[0]
    indices = inside_hdf5.whole(file, "index", FRAMES, HIGHEST_INDEX)
    if indices.shape != (count,) or len(np.unique(indices)) != count:
        got = f"{len(np.unique(indices))} different of {indices.shape}"
        raise ValueError(f"{FRAMES}: index must be {count} different numbers, got {got}")
    return {index: place for place, index in enumerate(indices.tolist())}


def _label(file: h5py.File, name: str, count: int) -> np.ndarray:
    """Values of a label by row, as one or several numbers a row."""
    values = inside_hdf5.numbers(file, name, ANNOTATIONS)
    if values.ndim not in (1, 2) or values.shape[0] != count or values.size == 0:
        raise ValueError(f"{ANNOTATIONS}: {name} must have {count} rows, got {values.shape}")
    return values.astype(np.float64).reshape(count, -1)


def _aus(of_all: Source, row: int, where: str) -> coded.Intensities:
    aus: dict[int, float | None] = {}
    for au, values in of_all.aus.items():
        value = _largest(values[row])
        if au != WITHOUT_INTENSITY:
            aus[au] = None if value is None else coded.checked(au, value, where)
            continue
        if value is not None and not 0.0 <= value <= CLOSED:
            raise ValueError(f"{where}: AU{au} must be from 0 to {CLOSED:g}, got {value:g}")
        aus[au] = None if value is None else float(value > 0)
    return coded.only(aus)


def _pspi(of_all: Source, row: int, where: str) -> float | None:
    value = None if of_all.pspi is None else _largest(of_all.pspi[row])
    if value is not None and not 0.0 <= value <= HIGHEST_PSPI:
        raise ValueError(f"{where}: PSPI must be from 0 to {HIGHEST_PSPI}, got {value:g}")
    return value


def _largest(values: np.ndarray) -> float | None:
    known = values[~np.isnan(values)]
    return float(known.max()) if known.size else None


def _folds(root: Path) -> dict[str, int]:
    """Fold in which everybody validates, by name or by the number that it begins with."""
    folds: dict[str, int] = {}
    with inside_hdf5.opened(root / FOLDS) as file:
        names = sorted(name for name in map(str, file) if name.startswith("fold-"))
        if not names:
            raise ValueError(f"{FOLDS} must hold fold-0 ..., got none")
        for name in names:
            number = name.removeprefix("fold-")
            if not (number.isascii() and number.isdigit() and len(number) <= 4):
                raise ValueError(f"{FOLDS} must hold folds by number, got {name}")
            group, where = inside_hdf5.member(file, name, FOLDS), f"{FOLDS}: {name}"
            if not isinstance(group, h5py.Group):
                raise ValueError(f"{where} must be a group, got a data set")
            validate = _people(group, "validation_subjects", where)
            both = sorted(set(validate) & set(_people(group, "train_subjects", where)))
            if both:
                rule = "people in train or in validation"
                raise ValueError(f"{where} must have {rule}, got {', '.join(both)} in both")
            for person in validate:
                if person in folds:
                    got = f"fold {folds[person]} and {number}"
                    raise ValueError(f"{FOLDS}: {person} must validate in one fold, got {got}")
                folds[person] = int(number)
    return folds


def _people(group: h5py.Group, name: str, where: str) -> list[str]:
    """People of a fold: names, or their numbers in three digits."""
    if inside_hdf5.is_text(group, name, where):
        return [_number(person) for person in inside_hdf5.texts(group, name, where)]
    numbers = inside_hdf5.whole(group, name, where, HIGHEST_NUMBER)
    return [f"{number:03d}" for number in numbers.ravel().tolist()]


def _number(name: str) -> str:
    """What a name is known by: the number that it begins with, or all of it."""
    number = name.partition("-")[0]
    if number.isascii() and number.isdigit() and len(number) <= 3:
        return f"{int(number):03d}"
    return name


def _fold(name: str, folds: dict[str, int]) -> int | None:
    return folds.get(_number(name))
