"""A CSV of OpenFace 2 (FeatureExtraction): 17 intensities a frame, by option 68 landmarks.

Header names may begin with a blank. `frame` counts from 1; `success` 0 means that no face was
found, and then nothing of the row is believed.
"""

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np

from assets.facs import OPENFACE_AUS
from generator.importers import coded
from generator.importers.picture import Points
from generator.shards.record import Intensities

MARKS = 68


@dataclass(frozen=True)
class Reading:
    """What OpenFace says of a frame."""

    aus: Intensities
    points: Points | None
    """Landmarks (`ibug68`) in the picture's pixels, where the CSV has them."""


@lru_cache(maxsize=4)
def read(path: Path, what: str) -> dict[int, Reading | ValueError | None]:
    """Read what is said of every frame: None where no face was found, an error where it is refused.

    Raises ValueError that begins with `what` where the file is no such CSV.
    """
    frames: dict[int, Reading | ValueError | None] = {}
    rows = _rows(path, what)
    columns = _columns(next(rows, []), what)
    for line, row in enumerate(rows, start=2):
        if not row:
            continue
        where = f"{what}: line {line}"
        try:
            number = _whole(row, columns["frame"], where)
        except ValueError:
            # Of no frame: the picture it is of has no row, and that is told.
            continue
        if number in frames:
            frames[number] = ValueError(f"{what}: frame {number} must have one row, got several")
            continue
        try:
            frames[number] = _reading(row, columns, where)
        except ValueError as error:
            frames[number] = error
    return frames


def has_landmarks(path: Path, what: str) -> bool:
    """Whether a CSV has landmarks in pixels; raises as `read` does."""
    return "x_0" in _columns(next(_rows(path, what), []), what)


def _rows(path: Path, what: str) -> Iterator[list[str]]:
    try:
        with open(path, newline="", encoding="utf-8-sig") as file:
            yield from csv.reader(file)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise ValueError(f"{what} must be a CSV of OpenFace, got {error}") from error


def _columns(header: list[str], what: str) -> dict[str, int]:
    columns = {name.strip(): place for place, name in enumerate(header)}
    wanted = ["frame", "success", *(f"AU{au:02d}_r" for au in OPENFACE_AUS)]
    missing = [name for name in wanted if name not in columns]
    if missing:
        got = f"none named {', '.join(missing[:4])}"
        raise ValueError(f"{what} must have the columns of OpenFace 2, got {got}")
    return columns


def _reading(row: list[str], columns: dict[str, int], where: str) -> Reading | None:
    if _whole(row, columns["success"], where) == 0:
        return None
    names = {au: f"AU{au:02d}_r" for au in OPENFACE_AUS}
    aus = {
        au: coded.checked(au, _number(row, columns[name], where), where)
        for au, name in names.items()
    }
    if "x_0" not in columns:
        return Reading(coded.only(aus), None)
    marks = []
    for mark in range(MARKS):
        places = [columns.get(f"{axis}_{mark}") for axis in "xy"]
        if None in places:
            raise ValueError(f"{where} must have {MARKS} landmarks x_0 ... y_67, got no {mark}")
        marks.append([_number(row, place, where) for place in places if place is not None])
    return Reading(coded.only(aus), np.array(marks, np.float64))


def _whole(row: list[str], place: int, where: str) -> int:
    value = _number(row, place, where)
    if value != int(value):
        raise ValueError(f"{where} must hold whole numbers of frames, got {value:g}")
    return int(value)


def _number(row: list[str], place: int, where: str) -> float:
    word = row[place].strip() if place < len(row) else "nothing"
    try:
        value = float(word)
    except ValueError:
        value = float("nan")
    if not np.isfinite(value):
        raise ValueError(f"{where} must hold numbers, got {word[:40]!r}")
    return value
