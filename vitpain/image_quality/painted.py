"""What records say of generated pictures: input frame, list of action units, what was asked for."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float32, Int64

from assets.facs import AUS
from generator.shards.record import Record, Translation
from vitpain.image_quality.sets import Compared

CLOSING = {43: 45, 45: 43}
"""A network that was told one of these was told the other."""


@dataclass(frozen=True)
class Painted:
    """Generated pictures, row by row: places of their inputs in the real set, and their lists.

    `target` has a column for each AU of `assets.facs.AUS`, FACS, NaN where the list does not state
    it or the network was not told it.
    """

    rows: Int64[np.ndarray, " rows"]
    inputs: Int64[np.ndarray, " rows"]
    target: Float32[np.ndarray, "rows aus"]


def painted(compared: Compared, advance: Callable[[int], None]) -> Painted:
    """Read the records of every picture of a generated set that a network painted.

    Raises ValueError that names set and key where a record does not say how its picture came about,
    or its input is no frame of that person in the real set.
    """
    made = compared.made
    rows = made.hurting
    inputs = np.empty(len(rows), np.int64)
    target = np.full((len(rows), len(AUS)), np.nan, np.float32)
    for at, row in enumerate(rows.tolist()):
        record = made.frames.record(row)
        what = f"generated set {made.name}: {record.key}"
        told = record.translation
        if told is None or told.network is None or record.aus.target is None:
            raise ValueError(f"{what} must say how it was painted (translation, aus.target)")
        inputs[at] = _input(compared, record, told, what)
        target[at] = _target(record, told)
        advance(1)
    return Painted(rows, inputs, target)


def _input(compared: Compared, record: Record, told: Translation, what: str) -> int:
    real = compared.real
    row = real.rows.get(told.input_key)
    if row is None:
        raise ValueError(
            f"{what} must be painted from a frame of real set {real.name}, got {told.input_key}"
        )
    if real.identity[row] != record.identity:
        raise ValueError(
            f"{what} must be painted from a frame of {record.identity}, got one of "
            f"{real.identity[row]}: {told.input_key}"
        )
    return row


def _target(record: Record, told: Translation) -> Float32[np.ndarray, " aus"]:
    assert record.aus.target is not None
    listed, condition = record.aus.target.label, told.condition or {}
    found = np.full(len(AUS), np.nan, np.float32)
    for place, au in enumerate(AUS):
        asked = condition.get(au)
        if asked is None and au in CLOSING:
            asked = condition.get(CLOSING[au])
        value = listed[au]
        if asked is not None and value is not None:
            found[place] = value
    return found
