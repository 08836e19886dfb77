"""A figure with its interval, and why there is none where it is undefined."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from vitpain.metrics import bootstrap


@dataclass(frozen=True)
class Value:
    """A figure; `low` and `high` bound its 95 % interval over subjects, where it has one.

    `why` says why there is no value, or, where there is one, no interval.
    """

    value: float | None
    low: float | None = None
    high: float | None = None
    why: str | None = None

    @property
    def figures(self) -> dict[str, Any]:
        """For JSON."""
        return asdict(self)


Values = Mapping[str, Value]

ONE_SUBJECT = "one subject: no interval"
UNLABELLED = "no frame has this label"
FEW_DEFINED = "undefined in more than 5 % of the resamples: no interval"


def plain(value: float, why: str | None) -> Value:
    """A figure without an interval; NaN becomes None, for the reason `why`."""
    if np.isnan(value):
        return Value(None, why=why or "undefined")
    return Value(float(value))


def ranged(value: float, resampled: np.ndarray, subjects: int, why: str | None) -> Value:
    """A figure with the interval of its resamples."""
    found = plain(value, why)
    if found.value is None:
        return found
    if subjects < 2:
        return Value(found.value, why=ONE_SUBJECT)
    between = bootstrap.interval(resampled)
    if between is None:
        return Value(found.value, why=FEW_DEFINED)
    return Value(found.value, *between)


def mean(values: list[Value]) -> tuple[Value, int, float | None]:
    """Mean of those that are defined, how many those are, and their standard deviation."""
    known = [one.value for one in values if one.value is not None]
    if not known:
        return Value(None, why="undefined in every fold"), 0, None
    spread = float(np.std(known, ddof=1)) if len(known) > 1 else None
    return Value(float(np.mean(known))), len(known), spread
