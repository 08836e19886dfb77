"""Batches in order, read here or by worker processes, and shared out among ranks.

Workers start once, by spawn, and serve any pairs and any epoch; each is sent the request of a
whole batch. Batches are the same, in the same order, with any number of workers, and from any
batch on.
"""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import TracebackType
from typing import Any

import cv2
import numpy as np
import torch
from jaxtyping import Int64, Integer
from torch.utils.data import DataLoader, Dataset, Sampler

from vitpain.data.batch import Batch
from vitpain.data.pairs import Pairs, Plan, Request
from vitpain.data.reading import read


@dataclass(frozen=True)
class Loading:
    """How batches are read."""

    batch: int = 48
    """Faces a batch of one rank."""
    workers: int = 0
    """Processes that read; 0: this one."""
    rank: int = 0
    world: int = 1
    """Number of ranks."""
    whole: bool = False
    """Leave out the rows that do not fill a batch of every rank."""
    pin: bool = False
    """Put batches into pinned memory, from which a GPU copies without waiting."""

    def __post_init__(self) -> None:
        """Refuse numbers that share nothing out."""
        if self.batch < 1:
            raise ValueError(f"batch must be at least 1, got {self.batch}")
        if self.workers < 0:
            raise ValueError(f"workers must be at least 0, got {self.workers}")
        if not 0 <= self.rank < self.world:
            raise ValueError(f"rank must be 0 to {self.world - 1}, got {self.rank}")

    def count(self, rows: int) -> int:
        """Number of batches that this rank gets of so many rows."""
        return len(self.share(rows))

    def share(self, rows: int) -> list[Int64[np.ndarray, " batch"]]:
        """Which rows, by their place in the order, this rank gets in each batch.

        Ranks get a batch each of the same part of the order. Raises ValueError where `whole` leaves
        nothing.
        """
        together = self.batch * self.world
        if self.whole and rows < together:
            raise ValueError(f"batch must be at most {rows // self.world}, got {self.batch}")
        end = rows - rows % together if self.whole else rows
        parts = (np.arange(at, min(at + together, end)) for at in range(0, end, together))
        mine = (part[self.rank :: self.world] for part in parts)
        return [part for part in mine if len(part)]


class Loader:
    """Reads batches as `Loading` says; a context that ends its workers.

    There is one iterator at a time: a new one ends the last.
    """

    def __init__(self, loading: Loading) -> None:
        """Start nothing yet: workers start with the first batch."""
        self.loading = loading
        self._requests = _Requests()
        self._loader: DataLoader[Batch | str] | None = reading(
            _Reading(),
            loading.workers,
            loading.pin,
            sampler=self._requests,
            persistent_workers=loading.workers > 0,
        )

    def batches(
        self, pairs: Pairs, rows: Integer[np.ndarray, " drawn"], epoch: int = 0, start: int = 0
    ) -> Iterator[Batch]:
        """Read the batches of an epoch over `rows`, in that order, from batch `start` on.

        Raises ValueError that names data set, shard and key of a sample that is not whole.
        """
        assert self._loader is not None, "a loader that was closed reads nothing"
        plan = pairs.plan(rows, epoch)
        self._requests.set(plan, self.loading.share(len(rows))[start:])
        for batch in begun(self._loader):
            if isinstance(batch, str):
                raise ValueError(batch)
            yield batch

    def close(self) -> None:
        """End the workers."""
        self._loader = None

    def __enter__(self) -> "Loader":
        """Begin."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End the workers."""
        self.close()


class _Requests(Sampler[Request]):
    """The requests of the epoch that was set."""

    def __init__(self) -> None:
        self._plan: Plan | None = None
        self._parts: list[np.ndarray] = []

    def set(self, plan: Plan, parts: list[np.ndarray]) -> None:
        """Ask for these parts of a plan next."""
        self._plan, self._parts = plan, parts

    def __iter__(self) -> Iterator[Request]:
        assert self._plan is not None, "requests are set before they are read"
        for part in self._parts:
            yield self._plan.request(part)

    def __len__(self) -> int:
        return len(self._parts)


class _Reading(Dataset[Batch | str]):
    """What a worker does. An error comes back as its text, so that it stays one line."""

    def __getitem__(self, request: Request) -> Batch | str:
        try:
            return read(request)
        except (ValueError, OSError) as error:
            return str(error)


@contextmanager
def any_number() -> Iterator[None]:
    """Keep torch from judging the number of workers, which is the user's choice."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "This DataLoader will create", UserWarning)
        yield


def reading(data: Dataset[Any], workers: int, pin: bool, **more: Any) -> DataLoader[Any]:
    """Make the `DataLoader` that reads whole batches, in workers that start by spawn."""
    with any_number():
        return DataLoader(
            data,
            batch_size=None,
            num_workers=workers,
            pin_memory=pin and torch.cuda.is_available(),
            worker_init_fn=_begin_worker if workers else None,
            multiprocessing_context="spawn" if workers else None,
            # Torch draws a seed for the workers; nothing here uses it.
            generator=torch.Generator(),
            **more,
        )


def begun(loader: DataLoader[Any]) -> Iterator[Any]:
    """Begin an epoch."""
    with any_number():
        return iter(loader)


def _begin_worker(worker: int) -> None:
    cv2.setNumThreads(1)
