"""A user's own CSV of labels: `sequence, frame`, and of `subject, pspi, au4 ...` what there is.

`sequence` is the folder of a picture, from the source's folder (`.` is that itself), `frame` its
number among the folder's pictures in order of their names, from 1. An empty cell is null.
"""

import csv
import re
from dataclasses import dataclass
from pathlib import Path

from assets.facs import AUS, HIGHEST_PSPI
from generator.importers import coded
from generator.importers.notes import note, refused
from generator.producer import Note
from generator.shards.record import Intensities

AU = re.compile(r"au_?0*([1-9][0-9]?)(_r)?")
KNOWN = ("subject", "sequence", "frame", "pspi")
NEEDED = ("sequence", "frame")


@dataclass(frozen=True)
class Told:
    """What a row says of a picture."""

    subject: str | None
    pspi: float | None
    aus: Intensities


@dataclass(frozen=True)
class LabelList:
    """Rows by sequence and frame; `labels` says whether any column is a label."""

    rows: dict[tuple[str, int], Told]
    labels: bool
    notes: tuple[Note, ...]


def read(path: Path) -> LabelList:
    """Read the list. A row that breaks a rule is left out and noted.

    Raises ValueError that names the file where it is no CSV or has no column that it needs.
    """
    try:
        with open(path, newline="", encoding="utf-8-sig") as file:
            header, *rows = list(csv.reader(file)) or [[]]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise ValueError(f"{path} must be a CSV of labels, got {error}") from error
    names = [name.strip().lower() for name in header]
    missing = [name for name in NEEDED if name not in names]
    if missing or len(set(names)) != len(names):
        got = f"none named {', '.join(missing)}" if missing else "one twice"
        raise ValueError(f"{path} must have the columns {', '.join(KNOWN)}, au4 ..., got {got}")
    aus = {
        name: au for name in names if (match := AU.fullmatch(name)) and (au := int(match[1])) in AUS
    }
    notes = [
        note("ignored", path.name, f"columns must be {', '.join(KNOWN)} or of a known AU", name)
        for name in names
        if name not in KNOWN and name not in aus
    ]
    found: dict[tuple[str, int], Told] = {}
    for line, row in enumerate(rows, start=2):
        if not any(row):
            continue
        where = f"{path.name}: line {line}"
        try:
            place, told = _row(dict(zip(names, row, strict=False)), aus, where)
            if place in found:
                raise ValueError(f"{where} must be the one of its frame, got a second")
        except ValueError as error:
            notes.append(refused("labels", path.name, error))
            continue
        found[place] = told
    return LabelList(found, bool(aus) or "pspi" in names, tuple(notes))


def _row(cells: dict[str, str], aus: dict[str, int], where: str) -> tuple[tuple[str, int], Told]:
    given = {name: value.strip() for name, value in cells.items()}
    frame = given.get("frame", "")
    if not (frame.isascii() and frame.isdigit() and len(frame) <= 9 and int(frame) >= 1):
        raise ValueError(f"{where}: frame must be a whole number from 1, got {frame[:40]!r}")
    if "sequence" not in given:
        raise ValueError(f"{where} must have a sequence, got a row of {len(given)} cells")
    sequence = given["sequence"].strip("/") or "."
    read: dict[int, float | None] = {}
    for name, au in aus.items():
        value = _number(given.get(name, ""), f"{where}: {name}")
        read[au] = None if value is None else coded.checked(au, value, where)
    pspi = _number(given.get("pspi", ""), f"{where}: pspi")
    if pspi is not None and not 0.0 <= pspi <= HIGHEST_PSPI:
        raise ValueError(f"{where}: pspi must be from 0 to {HIGHEST_PSPI}, got {pspi:g}")
    told = Told(given.get("subject") or None, pspi, coded.only(read))
    return (sequence, int(frame)), told


def _number(word: str, where: str) -> float | None:
    if not word or word.lower() == "nan":
        return None
    try:
        return float(word)
    except ValueError:
        raise ValueError(f"{where} must be a number or empty, got {word[:40]!r}") from None
