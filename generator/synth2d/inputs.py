"""Frames of a person from which pain is painted: PSPI 0, AU43 0, the most frontal first."""

import heapq
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import UInt8

from generator.gan2d.faces import face
from generator.origin import Origin
from generator.shards.folder import DataSet
from generator.shards.index import Row
from generator.shards.record import Record, Sample


@dataclass(frozen=True, eq=False)
class Input:
    """A frame and its record."""

    record: Record
    picture: UInt8[np.ndarray, "size size 3"]
    """At the size of the networks."""


def candidates(origin: Origin, person: int) -> list[Row]:
    """Frames of somebody that may be inputs."""
    return [row for row in origin.rows(person) if row["pspi"] == 0.0 and row["au43"] == 0.0]


def frontal(data: DataSet, rows: Sequence[Row], count: int, size: int) -> list[Input]:
    """Read the most frontal of some frames, as photographed; equal ones in the order of keys."""
    samples = heapq.nsmallest(count, (data.sample(row) for row in rows), key=_turned)
    return [Input(sample.record, face(sample, size, data)) for sample in samples]


def _turned(sample: Sample) -> tuple[float, str]:
    registration = sample.record.registration
    assert registration is not None
    return abs(registration.pose.yaw), sample.record.key
