"""Tables of the data set card: the fields of a record and the columns of the index.

They are made from the types and texts of `Record` and of `index`, so card and data agree.
"""

from dataclasses import is_dataclass
from typing import Any, Literal, get_args, get_origin

from generator.shards.index import SCHEMA, TEXTS
from generator.shards.record import Intensities
from generator.shards.record_json import field_texts, field_types, without_none


def fields(cls: type, prefix: str) -> list[str]:
    """A row a field of a dataclass and of those in it: name, type in JSON, text beside it."""
    lines = []
    texts = field_texts(cls)
    for name, hint in field_types(cls).items():
        inner, optional = without_none(hint)
        kind = _kind(inner) + (" or null" if optional else "")
        lines.append(f"| `{prefix}{name}` | {kind} | {texts[name]} |")
        if is_dataclass(inner) and isinstance(inner, type):
            # The three sources of AUs, and two eyes, have the same fields: once is enough.
            if f"`{prefix}{name}" in ("`aus.manual", "`aus.openface", "`gaze.right"):
                continue
            lines += fields(inner, f"{prefix}{name}.")
    return lines


def _kind(hint: Any) -> str:
    """Name a type as a reader finds it in JSON, lists with the shape and type of their items."""
    if hint == Intensities:
        return "object au1 ... au45 of float or null"
    if is_dataclass(hint):
        return "object"
    if get_origin(hint) is Literal:
        return f"str: {', '.join(get_args(hint))}"
    if get_origin(hint) is tuple:
        shape, item = _shape(hint)
        return f"list [{', '.join(shape)}] of {item}"
    return hint.__name__


def _shape(hint: Any) -> tuple[list[str], str]:
    """Lengths of nested lists from the outermost in, `n` where it varies, and what they hold."""
    if get_origin(hint) is not tuple:
        return [], _kind(hint)
    items = get_args(hint)
    shape, item = _shape(items[0])
    return ["n" if items[-1] is Ellipsis else str(len(items)), *shape], item


def columns() -> list[str]:
    """A row a column of the index: name, type in Parquet, unit and convention."""
    rows = []
    for column in SCHEMA:
        dtype = str(column.type).replace("list<element: string>", "list of string")
        null = " or null" if column.nullable else ""
        rows.append(f"| `{column.name}` | {dtype}{null} | {TEXTS[column.name]} |")
    return rows
