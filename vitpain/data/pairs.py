"""Pairs of a face and its neutrals: which are chosen, where they lie, and how a batch is drawn.

The process that trains holds the index and chooses; what it sends to a worker is a `Request`, the
places and labels of one batch, so that a worker's memory does not grow with the data.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
from jaxtyping import Int64, Integer

from vitpain.data import crops
from vitpain.data.augment import NONE, Augment
from vitpain.data.frames import Frames
from vitpain.data.neutrals import Neutrals, Views, Whose, choose, find

REPEATS = 2**20
"""A row is drawn less often than this in an epoch."""


@dataclass(frozen=True)
class PairConfig:
    """What a batch holds and how its pictures are varied."""

    size: int = 224
    """Side of the pictures, pixels."""
    references: int = 1
    """Neutrals a face."""
    views: Views = "same"
    """Neutrals of the face's own view, or of any."""
    neutral: Whose = "right"
    """The person's own neutral, another person's, or none."""
    same_geometry: bool = True
    """Turn a face and its neutrals alike."""
    heat: bool = False
    """Give the heat maps too."""
    check: bool = True
    """Hold every sample to its SHA-256."""
    augment: Augment = NONE
    seed: int = 0

    def __post_init__(self) -> None:
        """Refuse sizes and counts that make no batch."""
        if not 8 <= self.size <= 4096:
            raise ValueError(f"size must be 8 to 4096, got {self.size}")
        if not 0 <= self.references <= 64:
            raise ValueError(f"references must be 0 to 64, got {self.references}")


class Request(NamedTuple):
    """One batch, before its pictures are read; places are of type `vitpain.data.members.PLACE`."""

    config: PairConfig
    paths: tuple[str, ...]
    faces: np.ndarray
    neutrals: np.ndarray
    draws: np.ndarray
    rows: np.ndarray
    neutral_rows: np.ndarray
    labels: np.ndarray

    def take(self, chosen: Integer[np.ndarray, " chosen"]) -> "Request":
        """The request of some of its faces."""
        return Request(self.config, self.paths, *(part[chosen] for part in self[2:]))


@dataclass(frozen=True)
class Pairs:
    """Every frame as a face that is to be judged, with its neutrals."""

    frames: Frames
    config: PairConfig

    def __post_init__(self) -> None:
        """Refuse heat maps of data that was made without them."""
        missing = crops.HEAT not in self.frames.members(np.arange(len(self.frames)))
        if self.config.heat and missing:
            raise ValueError("heat must be off, or every data set have heat maps, got some without")

    @cached_property
    def known(self) -> Neutrals:
        """Every person's neutrals, and how they were found."""
        return find(self.frames)

    def neutrals(
        self, rows: Integer[np.ndarray, " drawn"], epoch: int = 0
    ) -> Int64[np.ndarray, "drawn references"]:
        """The rows of the neutrals that rows get in an epoch, -1 for none."""
        return self._choose(rows, draws(rows, epoch))

    def _choose(self, rows: np.ndarray, drawn: np.ndarray) -> np.ndarray:
        config = self.config
        how = (config.neutral, config.views)
        return choose(self.known, rows, drawn, config.references, how, config.seed)

    def plan(self, rows: Integer[np.ndarray, " drawn"], epoch: int) -> "Plan":
        """Choose what an epoch over some rows takes."""
        wrong = rows[(rows < 0) | (rows >= len(self.frames))]
        if len(wrong):
            raise ValueError(f"rows must be 0 to {len(self.frames) - 1}, got {wrong[0]}")
        drawn = draws(rows, epoch)
        return Plan(self, rows.astype(np.int64), drawn, self._choose(rows, drawn))


@dataclass(frozen=True)
class Plan:
    """The faces and neutrals of an epoch, in their order."""

    pairs: Pairs
    rows: Int64[np.ndarray, " faces"]
    draws: Int64[np.ndarray, " faces"]
    neutrals: Int64[np.ndarray, "faces references"]

    def request(self, chosen: Integer[np.ndarray, " batch"] | slice) -> Request:
        """Make the request of a batch of some of the faces."""
        frames = self.pairs.frames
        rows, neutrals = self.rows[chosen], self.neutrals[chosen]
        faces = frames.places(rows)
        found = neutrals.reshape(-1)
        places = frames.places(np.maximum(found, 0))
        places["size"][found < 0] = 0
        used, inverse = np.unique(
            np.concatenate([faces["path"], places["path"]]), return_inverse=True
        )
        faces["path"], places["path"] = inverse[: len(rows)], inverse[len(rows) :]
        labels = np.concatenate([frames.pspi[rows, None], frames.aus[rows]], axis=1)
        return Request(
            self.pairs.config,
            tuple(str(frames.paths[number]) for number in used),
            faces,
            places.reshape(neutrals.shape),
            self.draws[chosen],
            rows,
            neutrals,
            labels,
        )


def draws(rows: Integer[np.ndarray, " drawn"], epoch: int) -> Int64[np.ndarray, " drawn"]:
    """Number what is drawn for each row: the epoch, and how often the row came before in it."""
    order = np.argsort(rows, kind="stable")
    ordered = rows[order]
    first = np.searchsorted(ordered, ordered, "left")
    times = np.empty(len(rows), np.int64)
    times[order] = np.arange(len(rows)) - first
    return epoch * REPEATS + times
