"""Column types of `KEY.json` for readers that would otherwise infer them from the first rows.

Hugging Face `datasets` takes integers in its first rows for a column of integers and turns 2.5
into 2 later; the data set card states the types, drawn from the types of `Record`.
"""

from dataclasses import is_dataclass
from typing import Any, Literal, get_origin

from generator.shards.record import Intensities, Record
from generator.shards.record_json import AU_KEYS, field_types, item_types, without_none

Feature = dict[str, Any]
_DTYPES = {float: "float64", int: "int64", bool: "bool", str: "string"}


def dataset_features(members: tuple[str, ...]) -> list[Feature]:
    """State every column that `load_dataset` makes of samples with these members, in YAML form."""
    columns = [_member(suffix) for suffix in members]
    keys = [{"name": name, "dtype": "string"} for name in ("__key__", "__url__")]
    return [*columns, *keys]


def _member(suffix: str) -> Feature:
    if suffix == "json":
        return {"name": "json", **_feature(Record)}
    return {"name": suffix, "dtype": "image"}


def _feature(hint: Any) -> Feature:
    hint, _ = without_none(hint)
    if hint == Intensities:
        return {"struct": [{"name": key, "dtype": "float64"} for key in AU_KEYS.values()]}
    if is_dataclass(hint):
        assert isinstance(hint, type)
        kinds = field_types(hint)
        return {"struct": [{"name": name, **_feature(kind)} for name, kind in kinds.items()]}
    if get_origin(hint) is tuple:
        item = _feature(next(item_types(hint, 1)))
        return {"list": item["dtype"] if set(item) == {"dtype"} else item}
    if get_origin(hint) is Literal:
        return {"dtype": "string"}
    return {"dtype": _DTYPES[hint]}
