"""Checks of the idea that lie beside a run, as tables and pictures: whatever `checks.json` holds.

A key whose value is an object or a list of objects is one table; a text is a note, but for the
banner, which a report has of its own. An object of the fields of `Value` is one cell. A picture
stands under the table whose key its name begins with.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from assets.facs import AUS
from generator.shards.manifest import read_json
from vitpain.evaluate.table import NONE, Reasons, Table
from vitpain.evaluate.value import Value

FOLDER, NAME = "checks", "checks.json"
NOTES = ("note", "notes")
BANNER = "banner"
FIGURE = frozenset(field.name for field in fields(Value))
SIGNED = "change"
"""A column whose name ends so is written with its sign."""
SHORT = {name: name.upper() for name in ("pspi", "mae", "ccc", "cam", *(f"au{au}" for au in AUS))}
SHORT["pearson"] = "Pearson"
LARGEST = 8 * 2**20
"""Bytes of a picture that is put into a page."""
PNG = b"\x89PNG\r\n\x1a\n"


@dataclass(frozen=True)
class Checks:
    """Notes, and tables each with its pictures by file name; then pictures of no table."""

    notes: tuple[str, ...] = ()
    tables: tuple[tuple[Table, Mapping[str, bytes]], ...] = ()
    pictures: Mapping[str, bytes] | None = None
    figures: Mapping[str, Any] | None = None


def read(run: Path) -> Checks | None:
    """Read the checks of a run; None where there are none.

    Raises ValueError that names the file where it is no object, or a picture is none.
    """
    path = run / FOLDER / NAME
    if not path.is_file():
        return None
    content = read_json(path)
    if not isinstance(content, dict):
        raise ValueError(f"{path} must hold an object, got {type(content).__name__}")
    pictures = {one.name: _picture(one) for one in sorted(path.parent.glob("*.png"))}
    notes, made = [], []
    # The longest key first: "saliency_maps" before "saliency".
    of_key: dict[str, dict[str, bytes]] = {key: {} for key in content}
    left = {}
    for name, data in pictures.items():
        key = next((k for k in sorted(content, key=len, reverse=True) if name.startswith(k)), None)
        (left if key is None else of_key[key])[name] = data
    for key, value in content.items():
        if key == BANNER:
            continue
        if isinstance(value, dict | list) and value:
            made.append((_table(key, value), of_key[key]))
        elif not isinstance(value, dict | list):
            notes.append(
                value if isinstance(value, str) else f"{_words(key)}: {_cell(value, Reasons())}"
            )
            left |= of_key[key]
    return Checks(tuple(notes), tuple(made), left, content)


def _picture(path: Path) -> bytes:
    if path.stat().st_size > LARGEST:
        raise ValueError(f"{path} must have at most {LARGEST} bytes, got {path.stat().st_size}")
    data = path.read_bytes()
    if not data.startswith(PNG):
        raise ValueError(f"{path} must be a PNG, got other bytes")
    return data


def _table(key: str, value: Any) -> Table:
    title = _words(key)
    title = title[:1].upper() + title[1:]
    notes: tuple[str, ...] = ()
    reasons = Reasons()
    if isinstance(value, dict):
        told = [value[name] for name in NOTES if isinstance(value.get(name), str | list)]
        notes = tuple(
            str(one) for part in told for one in (part if isinstance(part, list) else [part])
        )
        value = {name: one for name, one in value.items() if name not in NOTES}
        rows = [one for one in value.values() if isinstance(one, dict) and set(one) != FIGURE]
        if not rows or len(rows) != len(value):
            lines = tuple((name, cell) for name, cell in _flat(value, reasons).items())
            return Table(title, ("", "value"), lines, (*reasons.notes, *notes))
        flat = [{"": _words(name), **_flat(one, reasons)} for name, one in value.items()]
    else:
        flat = [
            _flat(one, reasons) if isinstance(one, dict) else {"": _cell(one, reasons)}
            for one in value
        ]
    head = tuple(dict.fromkeys(name for row in flat for name in row))
    lines = tuple(tuple(row.get(name, "") for name in head) for row in flat)
    return Table(title, head, lines, (*reasons.notes, *notes))


def _flat(value: Mapping[str, Any], reasons: Reasons) -> dict[str, str]:
    """Cells by the words of their columns; objects in objects come out side by side."""
    found: dict[str, str] = {}
    for name, one in value.items():
        if isinstance(one, dict) and set(one) != FIGURE:
            inside = _flat(one, reasons)
            found |= {f"{_words(name)}, {inner}": cell for inner, cell in inside.items()}
        else:
            found[_words(name)] = _cell(one, reasons, name.endswith(SIGNED))
    return found


def _cell(value: Any, reasons: Reasons, signed: bool = False) -> str:
    match value:
        case None:
            return NONE
        case bool():
            return "yes" if value else "no"
        case float():
            return f"{value:.3f}"
        case int():
            return f"{value:,}"
        case list():
            return ", ".join(_cell(one, reasons) for one in value)
        case dict() if set(value) == FIGURE:
            return reasons.cell(Value(**value), signed)
        case _:
            return str(value)


def _words(key: str) -> str:
    return " ".join(SHORT.get(word, word) for word in key.replace("_", " ").split(" "))
