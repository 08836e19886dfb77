"""What the members of a sample must show: that they read, fit the picture, and agree.

Depth, normals and classes name the same pixels as covered; heat lies on covered pixels, and only
where the label says that its action unit acts.
"""

from collections.abc import Iterator

import numpy as np

from assets.classes import NAMES
from assets.facs import PAIN_AUS
from generator.shards.codec import decode
from generator.shards.record import Record, Sample
from generator.shards.rules import Wrong

UNIT = 0.02
"""A stored normal's length may differ from 1 by its rounding, at most 0.007, and by little else."""


def member_faults(sample: Sample, expected: tuple[str, ...]) -> Iterator[Wrong]:
    """Yield what is wrong with a sample's members; `expected` are the suffixes of every sample."""
    record = sample.record
    got = tuple(suffix for suffix in expected if suffix == "json" or suffix in sample.members)
    if got != expected or len(sample.members) + 1 != len(expected):
        yield f"members must be {', '.join(expected)}", ", ".join(sample.members)
    maps: dict[str, np.ndarray] = {}
    for suffix, data in sample.members.items():
        try:
            maps[suffix] = decode(suffix, data)
        except ValueError as error:
            yield "member must read", str(error)
    for suffix, array in maps.items():
        stacked = suffix in ("heat.png", "uv.png")
        size = array.shape[1:3] if stacked else array.shape[:2]
        if size != (record.height, record.width):
            yield f"{suffix} must be {record.height} x {record.width}", size
            return
    yield from _map_faults(record, maps)


def _map_faults(record: Record, maps: dict[str, np.ndarray]) -> Iterator[Wrong]:
    seg = maps.get("seg.png")
    covered = None if seg is None else seg > 0
    if seg is not None:
        unknown = [int(number) for number in np.unique(seg) if int(number) not in NAMES]
        if unknown:
            yield "seg must hold known classes", unknown
    for suffix, array in maps.items():
        match suffix:
            case "depth.png":
                shown = array > 0
            case "normal.png":
                shown = np.asarray(array.any(axis=2))
                yield from _unit_faults(array, shown)
            case "heat.png":
                yield from _heat_faults(record, array, covered)
                continue
            case _:
                continue
        if covered is not None and not np.array_equal(shown, covered):
            pixels = int(np.count_nonzero(shown != covered))
            yield f"{suffix} must cover the pixels of seg", f"{pixels} pixels that differ"


def _unit_faults(normal: np.ndarray, shown: np.ndarray) -> Iterator[Wrong]:
    lengths = np.sqrt((normal[shown] ** 2).sum(axis=1))
    off = np.abs(lengths - 1.0) > UNIT
    if off.any():
        yield "normals must be unit vectors", f"{int(off.sum())} pixels, such as {lengths[off][0]}"


def _heat_faults(record: Record, heat: np.ndarray, covered: np.ndarray | None) -> Iterator[Wrong]:
    labels = record.labels
    for au, shown in zip(PAIN_AUS, heat > 0, strict=True):
        acts = labels is not None and bool(labels.label[au])
        if not acts and shown.any():
            yield f"heat must be zero where AU{au} is 0", f"{int(shown.sum())} pixels"
        if covered is not None and (shown & ~covered).any():
            yield "heat must lie on covered pixels", f"AU{au}, {int((shown & ~covered).sum())}"
