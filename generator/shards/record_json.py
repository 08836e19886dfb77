"""`Record` to the bytes of `KEY.json` and back, driven by the types of its fields.

The same types give the column types that the data set card states, so a new field is one line in
`record.py`. Bytes are stable: keys in the order of the fields, AUs in the order of the set, floats
in their shortest form that reads back the same.
"""

import json
import math
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from functools import cache
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

from assets.facs import AUS
from generator.shards.record import Intensities, Record

AU_KEYS = {au: f"au{au}" for au in AUS}
# Types are looked into once: a record has hundreds of values of a few types.
_origin, _arguments, _is_dataclass = cache(get_origin), cache(get_args), cache(is_dataclass)


def to_json(record: Record) -> bytes:
    """Write a record. Raises ValueError that names key and field for a number not finite."""
    plain = _plain(record, Record, f"{record.key}")
    return json.dumps(plain, separators=(",", ":"), allow_nan=False).encode()


def from_json(data: bytes, name: str) -> Record:
    """Read a record back; `name` stands at the head of every error.

    Raises ValueError where the bytes are no JSON, a key is missing or unknown, or a value has
    another type than its field: nothing is filled in.
    """
    try:
        plain = json.loads(data)
    # No JSON, no UTF-8, a number of thousands of digits, or nested too deep.
    except (ValueError, RecursionError) as error:
        raise ValueError(f"{name} must be JSON, got {error}") from error
    return read_value(plain, Record, name)


@cache
def field_types(cls: type) -> dict[str, Any]:
    """Types of a dataclass's fields, `Annotated` texts taken off."""
    return {name: plain_type(hint) for name, hint in _hints(cls).items()}


@cache
def field_texts(cls: type) -> dict[str, str]:
    """The text beside each field of a dataclass: unit, range, convention."""
    return {name: get_args(hint)[1] for name, hint in _hints(cls).items()}


@cache
def _hints(cls: type) -> dict[str, Any]:
    hints = get_type_hints(cls, include_extras=True)
    return {item.name: hints[item.name] for item in fields(cls)}


def plain_type(hint: Any) -> Any:
    """Take the text off an annotated type."""
    return get_args(hint)[0] if get_origin(hint) is Annotated else hint


@cache
def without_none(hint: Any) -> tuple[Any, bool]:
    """Split `X | None` into X and whether None is allowed."""
    if get_origin(hint) in (UnionType, Union):
        kept = [arm for arm in get_args(hint) if arm is not NoneType]
        assert len(kept) == 1, f"one type beside None, got {hint}"
        return kept[0], True
    return hint, False


def item_types(hint: Any, count: int) -> Iterator[Any]:
    """Types of the items of a tuple type, repeated where it ends in `...`."""
    arms = _arguments(hint)
    if len(arms) == 2 and arms[1] is Ellipsis:
        return iter([arms[0]] * count)
    return iter(arms)


def _plain(value: Any, hint: Any, where: str) -> Any:
    hint, _ = without_none(hint)
    if value is None:
        return None
    if hint == Intensities:
        return {name: _plain(value[au], float, f"{where}.{name}") for au, name in AU_KEYS.items()}
    if _is_dataclass(hint):
        assert isinstance(hint, type)
        return {
            name: _plain(getattr(value, name), kind, f"{where}.{name}")
            for name, kind in field_types(hint).items()
        }
    if _origin(hint) is tuple:
        kinds = item_types(hint, len(value))
        return [_plain(item, kind, where) for item, kind in zip(value, kinds, strict=True)]
    if hint is float:
        number = float(value)
        if not math.isfinite(number):
            raise ValueError(f"{where} must be finite, got {number}")
        return number
    return int(value) if hint is int else bool(value) if hint is bool else str(value)


def read_value(plain: Any, hint: Any, where: str) -> Any:
    """Read parsed JSON as a value of a field's type; `where` stands at the head of every error.

    Raises ValueError where it is of another type: nothing is converted or filled in.
    """
    hint, optional = without_none(hint)
    if plain is None:
        if optional:
            return None
        raise ValueError(f"{where} must not be null")
    if hint == Intensities:
        _check_keys(plain, AU_KEYS.values(), where)
        kind = float | None
        return {au: read_value(plain[key], kind, f"{where}.{key}") for au, key in AU_KEYS.items()}
    if _is_dataclass(hint):
        assert isinstance(hint, type)
        kinds = field_types(hint)
        _check_keys(plain, kinds, where)
        return hint(**{key: read_value(plain[key], kinds[key], f"{where}.{key}") for key in kinds})
    if _origin(hint) is tuple:
        return _items(plain, hint, where)
    if _origin(hint) is Literal:
        if plain not in _arguments(hint):
            raise ValueError(f"{where} must be one of {_arguments(hint)}, got {plain!r}")
        return plain
    # bool is an int to isinstance, and 1 for 1.0 is what readers of the files trip over.
    if type(plain) is not hint:
        raise ValueError(f"{where} must be a {hint.__name__}, got {plain!r}")
    if hint is float and not math.isfinite(plain):
        raise ValueError(f"{where} must be finite, got {plain}")
    return plain


def _items(plain: Any, hint: Any, where: str) -> tuple[Any, ...]:
    if not isinstance(plain, list):
        raise ValueError(f"{where} must be a list, got {plain!r}")
    kinds = list(item_types(hint, len(plain)))
    if len(kinds) != len(plain):
        raise ValueError(f"{where} must have {len(kinds)} items, got {len(plain)}")
    if {*kinds} == {float} and {*map(type, plain)} == {float} and all(map(math.isfinite, plain)):
        # Half of a record's values are coordinates.
        return tuple(plain)
    return tuple(read_value(item, kind, where) for item, kind in zip(plain, kinds, strict=True))


def _check_keys(plain: Any, expected: Any, where: str) -> None:
    if not isinstance(plain, dict):
        raise ValueError(f"{where} must be an object, got {plain!r}")
    missing = [key for key in expected if key not in plain]
    if missing:
        raise ValueError(f"{where} must have every key, got none for {', '.join(missing)}")
    unknown = [key for key in plain if key not in expected]
    if unknown:
        raise ValueError(f"{where} must have known keys only, got {', '.join(unknown)}")
