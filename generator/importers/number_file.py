"""Text files of rows of numbers, as label and landmark files are; anything else is refused."""

import math
import re
from pathlib import Path

HIGHEST_BYTES = 2**16
_NUMBER = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]{1,3})?|[+-]?[Nn][Aa][Nn]")


def rows(path: Path, what: str) -> list[tuple[float, ...]] | None:
    """Read the rows of a file, None where there is no file; an empty file has none.

    NaN is read as such. Raises ValueError that begins with `what` where the file cannot be read,
    is larger than 64 KiB or holds anything but numbers.
    """
    try:
        with open(path, "rb") as file:
            data = file.read(HIGHEST_BYTES + 1)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise ValueError(f"{what} must be readable, got {error.strerror}") from error
    if len(data) > HIGHEST_BYTES:
        raise ValueError(f"{what} must have at most {HIGHEST_BYTES} bytes, got more")
    lines = data.decode("utf-8", "replace").splitlines()
    return [_row(line, what) for line in lines if line.strip()]


def one(path: Path, what: str, highest: float) -> float | None:
    """Read a file of one number from 0 to `highest`, None where there is no file."""
    read = rows(path, what)
    if read is None:
        return None
    values = [value for row in read for value in row]
    if len(values) != 1 or not 0.0 <= values[0] <= highest:
        got = ", ".join(f"{value:g}" for value in values[:8]) or "nothing"
        raise ValueError(f"{what} must be one number from 0 to {highest:g}, got {got}")
    return values[0]


def points(path: Path, what: str, count: int) -> list[tuple[float, ...]] | None:
    """Read a file of `count` rows "x y", None where there is no file."""
    read = rows(path, what)
    if read is None:
        return None
    if len(read) != count or any(len(row) != 2 for row in read):
        widths = sorted({len(row) for row in read})
        raise ValueError(f"{what} must be {count} rows x y, got {len(read)} rows of {widths}")
    if not all(math.isfinite(value) for row in read for value in row):
        raise ValueError(f"{what} must be {count} rows of finite numbers, got NaN")
    return read


def _row(line: str, what: str) -> tuple[float, ...]:
    for word in line.split():
        if not _NUMBER.fullmatch(word):
            raise ValueError(f"{what} must hold numbers, got {word[:40]!r}")
    return tuple(float(word) for word in line.split())
