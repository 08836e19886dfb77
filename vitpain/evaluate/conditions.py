"""The same frames with their own neutral, with another person's, and with none."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from vitpain.evaluate.cases import Cases
from vitpain.evaluate.predictions import CONDITIONS, LEVELS
from vitpain.evaluate.score import (
    REGRESSION,
    Detector,
    Scored,
    Thresholds,
    Weights,
    agree,
    detect,
)
from vitpain.evaluate.value import Value, ranged


@dataclass(frozen=True)
class Condition:
    """Figures under one condition, and how much higher they are than under the first, which is
    that of the right neutral; both are resampled with the same subjects."""

    name: str
    agreement: Scored
    detection: Mapping[int, Scored]
    difference: Mapping[str, Value]


def conditions(
    rows: Cases, role: str, thresholds: Mapping[int, Thresholds], weights: Weights
) -> tuple[Condition, ...]:
    """Figures of frames of a role that are there under every condition; none under fewer than two.

    Thresholds by level are those that were chosen with the right neutral.
    """
    own = rows.of("role", [role])
    by_name = {name: own.of("condition", [name]) for name in CONDITIONS}
    there = [name for name in CONDITIONS if len(by_name[name])]
    if len(there) < 2:
        return ()
    same = _same_frames([by_name[name] for name in there])
    made: list[Condition] = []
    for name, cases in zip(there, same, strict=True):
        agreed = agree(cases, "pspi", "pspi_hat", weights)
        found = {
            level: detect(cases, _detector(level), thresholds[level], weights) for level in LEVELS
        }
        first = made[0] if made else None
        above = {} if first is None else _above(first, agreed, found)
        made.append(Condition(name, agreed, found, above))
    return tuple(made)


def _detector(level: int) -> Detector:
    return Detector("pspi", float(level), f"p{level}")


def _above(first: Condition, agreed: Scored, found: Mapping[int, Scored]) -> dict[str, Value]:
    """How much higher figures are than under the first condition."""
    pairs = {name: (agreed, first.agreement, name) for name in REGRESSION}
    for level, one in found.items():
        names = ("auroc", "ap", "f1")
        pairs |= {f"{name}_{level}": (one, first.detection[level], name) for name in names}
    made = {}
    for name, (one, other, figure) in pairs.items():
        own, against = one.values[figure], other.values[figure]
        if own.value is None or against.value is None:
            made[name] = Value(None, why=own.why or against.why)
            continue
        drawn = one.drawn[figure] - other.drawn[figure]
        made[name] = ranged(own.value - against.value, drawn, one.subjects, None)
    return made


def _same_frames(parts: Sequence[Cases]) -> list[Cases]:
    """The frames that all have, in one order."""
    # A validation subject may stand in several folds.
    names = ("fold", "set", "key")
    columns = [[cases.rows[name].to_pylist() for name in names] for cases in parts]
    keys = [np.array([f"{a}:{b}:{c}" for a, b, c in zip(*one, strict=True)]) for one in columns]
    common = keys[0]
    for one in keys[1:]:
        common = np.intersect1d(common, one, assume_unique=True)
    made = []
    for cases, one in zip(parts, keys, strict=True):
        order = np.argsort(one, kind="stable")
        made.append(cases.at(order[np.searchsorted(one[order], common)]))
    return made
