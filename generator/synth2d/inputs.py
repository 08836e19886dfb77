"""Frames of a person from which pain is painted: PSPI 0, AU43 0, the most frontal first."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from jaxtyping import UInt8

from generator.gan2d.faces import face
from generator.shards.folder import DataSet
from generator.shards.index import Row
from generator.shards.record import Record
from generator.synth2d.config import SynthConfig


@dataclass(frozen=True, eq=False)
class Input:
    """A frame and its record."""

    record: Record
    picture: UInt8[np.ndarray, "size size 3"]
    """At the size of the networks."""


@lru_cache(maxsize=2)
def people(config: SynthConfig) -> dict[str, tuple[Row, ...]]:
    """Everybody's frames that may be inputs, by name; those who have none too."""
    found: dict[str, list[Row]] = {}
    columns = ("key", "identity", "split", "pspi", "au43", "yaw_deg", "shard", "offset", "size",
               "sha256")  # fmt: skip
    for row in config.faces.index.select(columns).to_pylist():
        mine = found.setdefault(row["identity"], [])
        if row["pspi"] == 0.0 and row["au43"] == 0.0:
            mine.append(row)
    return {name: tuple(found[name]) for name in sorted(found)}


def frontal(data: DataSet, rows: Sequence[Row], count: int, size: int) -> list[Input]:
    """Read the most frontal of some frames, as photographed; equal ones in the order of keys."""
    turned = []
    for row in rows:
        record = data.sample(row).record
        assert record.registration is not None
        turned.append((abs(record.registration.pose.yaw), row["key"], row))
    found = []
    for _, _, row in sorted(turned, key=lambda one: one[:2])[:count]:
        sample = data.sample(row)
        found.append(Input(sample.record, face(sample, size, data)))
    return found
