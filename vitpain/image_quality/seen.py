"""One look at every picture of a set: how sharp it is, its features, its action units.

Pictures are read in small groups and forgotten; what stays of each is a few numbers and a vector.
"""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
import torch
from jaxtyping import Float32, Float64, Int64, UInt8

from assets import face_crop
from generator.shards.codec import decode
from vitpain.au_reader.reader import Reader
from vitpain.data.frames import Frames
from vitpain.data.members import describe, read_members
from vitpain.image_quality.cpbd import cpbd
from vitpain.image_quality.features import Features


@dataclass(frozen=True)
class Looking:
    """What looks, where it works and how much at once."""

    features: Features
    reader: Reader | None
    device: str = "cpu"
    batch: int = 32
    workers: int = 1
    """Threads that read and decode."""


@dataclass(frozen=True)
class Seen:
    """What was seen of rows of a set, in their order."""

    rows: Int64[np.ndarray, " rows"]
    sharp: Float64[np.ndarray, " rows"]
    """CPBD; NaN where a picture has no edges."""
    features: Float32[np.ndarray, "rows features"]
    aus: Float32[np.ndarray, "rows aus"] | None
    """What the reader reads, FACS."""

    def first(self, count: int) -> "Seen":
        """Of the first rows alone."""
        aus = None if self.aus is None else self.aus[:count]
        return Seen(self.rows[:count], self.sharp[:count], self.features[:count], aus)


class _One(NamedTuple):
    sharp: float
    crops: list[UInt8[np.ndarray, "3 size size"]]


def look(
    looking: Looking,
    frames: Frames,
    rows: Int64[np.ndarray, " rows"],
    advance: Callable[[int], None],
) -> Seen:
    """Look at the pictures of some rows of a registered set: whole ones, sharpness at their own
    size, the rest at the size that network and reader take.

    `advance` is told how many pictures were read since the last call. Raises ValueError that names
    shard and key of a sample that is not whole.
    """
    sharp = np.full(len(rows), np.nan)
    vectors, read = [], []
    sizes = [looking.features.size]
    if looking.reader is not None:
        sizes.append(looking.reader.network.size)
    looking.features.to(looking.device)
    at = 0
    for group in _groups(looking, frames, rows, sizes):
        sharp[at : at + len(group)] = [one.sharp for one in group]
        stacked = [
            torch.from_numpy(np.stack(faces)).to(looking.device)
            for faces in zip(*(one.crops for one in group), strict=True)
        ]
        with torch.inference_mode():
            vectors.append(looking.features(stacked[0]).float().cpu().numpy())
        if looking.reader is not None:
            read.append(looking.reader.read(stacked[1]).cpu().numpy())
        at += len(group)
        advance(len(group))
    return Seen(rows, sharp, np.concatenate(vectors), np.concatenate(read) if read else None)


def _groups(
    looking: Looking, frames: Frames, rows: Int64[np.ndarray, " rows"], sizes: list[int]
) -> Iterator[list[_One]]:
    """Pictures in groups, the next one read while this one is looked at."""
    places = frames.places(rows)

    def one(place: np.void) -> _One:
        return _look_at(frames.paths[place["path"]], place, sizes)

    def begin(start: int) -> list:
        return [pool.submit(one, place) for place in places[start : start + looking.batch]]

    with ThreadPoolExecutor(looking.workers) as pool:
        waiting = begin(0)
        for start in range(0, len(rows), looking.batch):
            ahead = begin(start + looking.batch)
            yield [future.result() for future in waiting]
            waiting = ahead


def _look_at(path: Path, place: np.void, sizes: list[int]) -> _One:
    suffix, what = place["suffix"].decode(), describe(path, place)
    members = read_members(path, place, frozenset({suffix}), check=True)
    picture = np.asarray(decode(f"{what}.{suffix}", members[suffix]))
    height, width = picture.shape[:2]
    # Registered faces fill their pictures alike, whereas the landmarks of painted ones are unknown.
    whole = face_crop.middle(width, height)
    drawn = (face_crop.cut(picture, face_crop.matrix(whole, size), size) for size in sizes)
    found = cpbd(cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY))
    return _One(np.nan if found is None else found, [one.transpose(2, 0, 1) for one in drawn])
