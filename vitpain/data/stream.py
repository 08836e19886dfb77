"""Batches of shards that are read front to back, for disks on which random access is slow.

Shards are dealt to ranks, and within one to lanes, in an order that the seed shuffles. A lane reads
some shards at a time, shuffles their rows and forms batches; lanes take turns. Workers serve whole
lanes, so batches and their order are the same with any number of workers that divides the lanes.
A lane holds the encoded pictures of its block: memory does not grow with the data.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Int64, Integer
from torch import Tensor
from torch.utils.data import IterableDataset, get_worker_info

from assets.streams import stream
from vitpain.data import crops
from vitpain.data.batch import Batch
from vitpain.data.loader import begun, reading
from vitpain.data.members import describe, whole
from vitpain.data.pairs import Pairs, Plan, Request
from vitpain.data.reading import read

Lane = list[Int64[np.ndarray, " _"]]
"""The blocks of a lane, as places in a plan."""


@dataclass(frozen=True)
class Streaming:
    """How shards are streamed."""

    batch: int = 48
    """Faces a batch of one rank."""
    workers: int = 0
    """Processes that read, a divisor of `lanes`; 0: this one."""
    rank: int = 0
    world: int = 1
    """Number of ranks."""
    lanes: int = 4
    """Streams that take turns."""
    shards: int = 4
    """Shards that a lane reads and shuffles at a time."""
    whole: bool = False
    """Leave out short batches, and give every rank as many."""
    pin: bool = False
    """Put batches into pinned memory, from which a GPU copies without waiting."""

    def __post_init__(self) -> None:
        """Refuse numbers that share nothing out."""
        for name in ("batch", "lanes", "shards"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} must be at least 1, got {getattr(self, name)}")
        if not 0 <= self.rank < self.world:
            raise ValueError(f"rank must be 0 to {self.world - 1}, got {self.rank}")
        if self.workers < 0 or (self.workers and self.lanes % self.workers):
            rule = f"0 or a divisor of {self.lanes} lanes"
            raise ValueError(f"workers must be {rule}, got {self.workers}")

    def count(self, lane: Lane) -> int:
        """Number of batches of a lane."""
        rows = sum(len(block) for block in lane)
        return rows // self.batch if self.whole else -(-rows // self.batch)


def stream_batches(
    streaming: Streaming,
    pairs: Pairs,
    rows: Integer[np.ndarray, " drawn"],
    epoch: int = 0,
    start: int = 0,
) -> Iterator[Batch]:
    """Stream the batches of an epoch over `rows`, in an order of their own, from `start` on.

    A row comes as often as it stands in `rows`, varied as the loader varies it. Raises ValueError
    where a neutral lies in another shard than its face, as another person's does, and what
    `vitpain.data.loader` raises.
    """
    plan = pairs.plan(rows, epoch)
    _check_shards(plan)
    ranks = [deal(streaming, plan, epoch, rank) for rank in range(streaming.world)]
    turns = [_turns(streaming, lanes) for lanes in ranks]
    there = [slot for slot, lane in enumerate(turns[streaming.rank]) if lane]
    last = min(sum(of_rank) for of_rank in turns) if streaming.whole else len(there)
    if last == 0:
        raise ValueError(f"batch must leave every rank one or more, got {streaming.batch}")
    if start >= last:
        return
    data = _Lanes(streaming, plan, ranks[streaming.rank], there[start])
    loader = reading(data, streaming.workers, streaming.pin)
    left = last - start
    for batch in begun(loader):
        if isinstance(batch, str):
            raise ValueError(batch)
        if isinstance(batch, Batch):
            yield batch
            left -= 1
            if left == 0:
                return


def deal(streaming: Streaming, plan: Plan, epoch: int, rank: int) -> list[Lane]:
    """Deal the shards that hold faces of a plan to a rank's lanes, and shuffle each block."""
    seed = plan.pairs.config.seed
    shard = plan.pairs.frames.shard[plan.rows]
    by_shard = np.argsort(shard, kind="stable")
    used, first = np.unique(shard[by_shard], return_index=True)
    groups = np.split(by_shard, first[1:])
    shuffled = stream(seed, -1, "stream", epoch).permutation(len(used))
    mine = shuffled[rank :: streaming.world]
    lanes: list[Lane] = []
    for lane in range(streaming.lanes):
        shards = mine[lane :: streaming.lanes]
        blocks: Lane = []
        for at in range(0, len(shards), streaming.shards):
            block = np.concatenate([groups[one] for one in shards[at : at + streaming.shards]])
            rng = stream(seed, int(shards[at]), "block", epoch)
            blocks.append(block[rng.permutation(len(block))])
        lanes.append(blocks)
    return lanes


def _turns(streaming: Streaming, lanes: list[Lane]) -> list[bool]:
    """Turn by turn, whether the lane whose turn it is has a batch."""
    counts = np.array([streaming.count(lane) for lane in lanes])
    return (np.arange(counts.max())[:, None] < counts).reshape(-1).tolist()


def _check_shards(plan: Plan) -> None:
    frames = plan.pairs.frames
    shard = frames.shard[plan.rows][:, None]
    apart = (plan.neutrals >= 0) & (frames.shard[np.maximum(plan.neutrals, 0)] != shard)
    if apart.any():
        row = plan.rows[np.flatnonzero(apart.any(axis=1))[0]]
        key = frames.keys(np.array([row]))[0]
        raise ValueError(f"{key} must have its neutral in its own shard to be streamed")


class _Lanes(IterableDataset[Batch | str | None]):
    """The lanes of a rank; what they take turns in giving is a batch, nothing, or an error."""

    def __init__(self, streaming: Streaming, plan: Plan, lanes: list[Lane], start: int) -> None:
        self._streaming = streaming
        self._start = start
        self._turns = max(streaming.count(lane) for lane in lanes)
        # One copy for all workers.
        request = plan.request(np.concatenate([np.zeros(0, np.int64), *map(_joined, lanes)]))
        self._config, self._paths = request.config, request.paths
        self._arrays = [_share(part) for part in request[2:]]
        self._types = [(part.dtype, part.shape) for part in request[2:]]
        self._lengths = [[len(block) for block in lane] for lane in lanes]

    def __iter__(self) -> Iterator[Batch | str | None]:
        worker = get_worker_info()
        number, of = (worker.id, worker.num_workers) if worker else (0, 1)
        parts = (
            tensor.numpy().view(kind).reshape(shape)
            for tensor, (kind, shape) in zip(self._arrays, self._types, strict=True)
        )
        request = Request(self._config, self._paths, *parts)
        lanes = self._lanes(request)
        every = len(lanes)
        mine = {at: lanes[at] for at in range(number, every, of)}
        for slot in range(self._turns * every):
            if slot % every in mine:
                batch = next(mine[slot % every], None)
                # What lies before the start was not drawn.
                if slot >= self._start:
                    yield batch

    def _lanes(self, request: Request) -> list[Iterator[Batch | str | None]]:
        made, at = [], 0
        every = len(self._lengths)
        for lane, lengths in enumerate(self._lengths):
            blocks: Lane = []
            for length in lengths:
                blocks.append(np.arange(at, at + length))
                at += length
            skipped = len(range(lane, self._start, every))
            made.append(self._lane(request, blocks, skipped))
        return made

    def _lane(self, request: Request, blocks: Lane, skipped: int) -> Iterator[Batch | str | None]:
        held: dict[bytes, dict[str, bytes]] = {}
        waiting = np.zeros(0, np.int64)
        size = self._streaming.batch

        def fetch(path: str, place: np.void, wanted: frozenset[str]) -> dict[str, bytes]:
            return held[_name(place)]

        def batch(chosen: Int64[np.ndarray, " batch"]) -> Batch | str | None:
            nonlocal skipped
            if skipped > 0:
                skipped -= 1
                return None
            try:
                return read(request.take(chosen), fetch)
            except (ValueError, OSError) as error:
                return str(error)

        for block in blocks:
            try:
                held |= _read_block(request.take(block))
            except (ValueError, OSError) as error:
                yield str(error)
                return
            waiting = np.concatenate([waiting, block])
            while len(waiting) >= size:
                yield batch(waiting[:size])
                waiting = waiting[size:]
            kept = {_name(place) for place in _places(request.take(waiting))}
            held = {name: members for name, members in held.items() if name in kept}
        if len(waiting) and not self._streaming.whole:
            yield batch(waiting)


def _joined(lane: Lane) -> Int64[np.ndarray, " rows"]:
    return np.concatenate([np.zeros(0, np.int64), *lane])


def _share(array: np.ndarray) -> Tensor:
    return torch.from_numpy(array.reshape(-1).view(np.uint8).copy()).share_memory_()


def _name(place: np.void) -> bytes:
    """What tells the samples of a plan apart."""
    return bytes(place["path"].tobytes() + place["key"])


def _places(request: Request) -> np.ndarray:
    """Places of faces and neutrals, each once, shard by shard in the order of their bytes."""
    places = np.concatenate([request.faces, request.neutrals.reshape(-1)])
    places = np.unique(places[places["size"] > 0])
    return places[np.lexsort((places["offset"], places["path"]))]


def _read_block(request: Request) -> dict[bytes, dict[str, bytes]]:
    """Read the members that a block needs, each shard from front to back."""
    held: dict[bytes, dict[str, bytes]] = {}
    places = _places(request)
    heat = {crops.HEAT} if request.config.heat else set()
    for number in np.unique(places["path"]):
        path = Path(request.paths[number])
        with open(path, "rb", buffering=2**20) as file:
            for place in places[places["path"] == number]:
                file.seek(int(place["offset"]))
                data = file.read(int(place["size"]))
                wanted = frozenset({place["suffix"].decode(), crops.JSON} | heat)
                if len(data) != place["size"]:
                    raise ValueError(
                        f"{describe(path, place)} must be whole, got {len(data)} bytes"
                    )
                held[_name(place)] = whole(data, path, place, wanted)
    return held
