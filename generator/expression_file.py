"""Expressions that a user gives as a CSV file: a column an AU, a row an expression."""

import csv
import math
from pathlib import Path

from assets.facs import AUS, BILATERAL, HIGHEST, AUVector, complete

MOST_ROWS = 10_000
SIDES = ("L", "R")
Column = tuple[int, str]


def _column(name: str, where: str) -> Column:
    """Read a header cell: AU4 for both sides, AU4L or AU4R for one. `side` is empty for both."""
    text = name.strip().upper()
    side = text[-1:] if text[-1:] in SIDES else ""
    number = text.removeprefix("AU").removesuffix(side)
    known = text.startswith("AU") and number.isascii() and number.isdigit() and number[0] != "0"
    if not known or int(number) not in AUS:
        rule = f"AU and one of {', '.join(map(str, AUS))}, with L or R for one side"
        raise ValueError(f"{where}: column must be {rule}, got {name!r}")
    if side and int(number) not in BILATERAL:
        raise ValueError(f"{where}: column must be without side, AU{number} has none, got {name!r}")
    return int(number), side


def _header(row: list[str], where: str) -> list[Column]:
    columns = [_column(name, where) for name in row]
    for au in {au for au, _ in columns}:
        sides = sorted(side for number, side in columns if number == au)
        if sides not in ([""], list(SIDES)):
            got = ", ".join(f"AU{au}{side}" for side in sides)
            raise ValueError(f"{where}: AU{au} must stand once, or as L and R, got {got}")
    return columns


def _cell(text: str, au: int, where: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not 0.0 <= value <= HIGHEST[au]:
        raise ValueError(f"{where}: must be a number from 0 to {HIGHEST[au]:g}, got {text!r}")
    return value


def _tie_lids(side: dict[int, float], given: set[int]) -> dict[int, float]:
    """Fill the one of AU43 and AU45 that has no column from the other."""
    if 45 not in given and side.get(43) == 1.0:
        return side | {45: HIGHEST[45]}
    if 43 not in given and side.get(45) == HIGHEST[45]:
        return side | {43: 1.0}
    return side


def read_expressions(path: Path) -> tuple[AUVector, ...]:
    """Read the expressions of a CSV file in UTF-8.

    The header names AUs (`AU4`, or `AU4L` and `AU4R`); AUs without a column are 0, but AU43 and
    AU45 follow each other where one of them has none. Raises ValueError that names file, line,
    column and value for anything that is not an intensity or breaks a rule of `assets.facs`, and
    file and line for what is no CSV.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise ValueError(f"expressions must be a readable CSV file, got {path}: {error}") from error
    reader = csv.reader(text.splitlines(), strict=True)
    try:
        rows = [(reader.line_num, row) for row in reader if any(cell.strip() for cell in row)]
    except csv.Error as error:
        raise ValueError(f"{path} line {reader.line_num}: must be CSV, got {error}") from error
    if len(rows) < 2:
        raise ValueError(f"{path} must have a header and at least one row, got {len(rows)} lines")
    if len(rows) > MOST_ROWS + 1:
        raise ValueError(f"{path} must have at most {MOST_ROWS} rows, got {len(rows) - 1}")
    columns = _header(rows[0][1], f"{path} line {rows[0][0]}")
    return tuple(_vector(columns, row, f"{path} line {line}") for line, row in rows[1:])


def _vector(columns: list[Column], row: list[str], where: str) -> AUVector:
    if len(row) != len(columns):
        raise ValueError(f"{where}: row must have {len(columns)} values, got {len(row)}")
    sides: dict[str, dict[int, float]] = {side: {} for side in SIDES}
    for (au, side), text in zip(columns, row, strict=True):
        value = _cell(text, au, f"{where}, column AU{au}{side}")
        for name in side or SIDES:
            sides[name][au] = value
    given = {au for au, _ in columns}
    left, right = (complete(_tie_lids(sides[side], given)) for side in SIDES)
    try:
        return AUVector(left, right)
    except ValueError as error:
        raise ValueError(f"{where}: {error}") from error
