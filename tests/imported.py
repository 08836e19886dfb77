"""Data sets imported in this process, and what lies in them by key."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float64, UInt8

from assets.facs import AUS
from generator import jobs
from generator.importers.config import ImportConfig
from generator.importers.notes import REPORT
from generator.importers.producer import PRODUCER
from generator.jobs import Run
from generator.shards.codec import decode
from generator.shards.folder import open_folder
from generator.shards.record import Record, Sample
from generator.shards.verify import verify
from tests.runs import here, ignore


def make(config: ImportConfig, out: Path) -> Path:
    """Import a source; what is made must be without fault."""
    unverified(config, out)
    assert verify(out, ignore).faults == []
    return out


def unverified(config: ImportConfig, out: Path) -> Path:
    """Import a source to bytes that are compared with those of a set without fault."""
    with here():
        jobs.generate(config, PRODUCER, Run(out), ignore)
    return out


class Samples(Mapping[str, Sample]):
    """The samples of a data set by key, each read when it is first asked for."""

    def __init__(self, out: Path) -> None:
        self._data = open_folder(out)
        self._rows = {row["key"]: row for row in self._data.index.to_pylist()}
        self._read: dict[str, Sample] = {}

    def __getitem__(self, key: str) -> Sample:
        if key not in self._read:
            self._read[key] = self._data.sample(self._rows[key])
        return self._read[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._rows)

    def __len__(self) -> int:
        return len(self._rows)


def samples(out: Path) -> Samples:
    return Samples(out)


def report(out: Path) -> dict[str, Any]:
    return json.loads((out / REPORT).read_text())


def told(out: Path, topic: str) -> list[tuple[str, str, str]]:
    """Notes of a topic: file name, rule, value."""
    notes = report(out)["notes"][topic]
    return [(Path(one["file"]).name, one["rule"], one["value"]) for one in notes]


def known(record: Record) -> dict[int, float]:
    """The action units of the labels that are not null."""
    assert record.labels is not None
    labels = record.labels.label
    return {au: value for au in AUS if (value := labels[au]) is not None}


def pixels(sample: Sample) -> UInt8[np.ndarray, "h w 3"]:
    return np.asarray(decode(f"{sample.record.key}.jpg", sample.members["jpg"]))


def affine(record: Record) -> Float64[np.ndarray, "2 3"]:
    return np.array(record.crop)


def mapped(record: Record, points: Float64[np.ndarray, "n 2"]) -> Float64[np.ndarray, "n 2"]:
    """Points of the original picture in pixels of the sample."""
    return np.c_[points, np.ones(len(points))] @ affine(record).T


def original(record: Record) -> Float64[np.ndarray, "h w 2"]:
    """Where in the original picture the middle of every pixel of the sample lies: x, y."""
    matrix = affine(record)
    y, x = np.mgrid[: record.height, : record.width] + 0.5
    return (np.stack([x, y], axis=2) - matrix[:, 2]) @ np.linalg.inv(matrix[:, :2]).T
