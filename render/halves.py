"""Work on separate texels by two threads of a CPU at once; a GPU has enough of its own.

A kernel runs in one thread of a CPU, and lets others run beside it. What every thread writes is its
own, so the bytes are the same however many there are.
"""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from itertools import pairwise
from typing import TypeVar

THREADS = 2
"""As many as the cores that a run of ours is counted on having."""
PARTS = 4
"""Into which work is cut, so that a thread whose part was short takes another."""

Part = TypeVar("Part")


@cache
def _pool() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(THREADS, "texels")


def each(work: Callable[[Part], None], parts: Sequence[Part]) -> None:
    """Call `work` for every part, in any order; raises what a call raised."""
    for _ in _pool().map(work, parts):
        pass


def spans(count: int, device: str) -> list[tuple[int, int]]:
    """First and end of each part of `count`: `PARTS` on a CPU, one on a GPU."""
    parts = PARTS if device == "cpu" else 1
    cuts = [count * part // parts for part in range(parts + 1)]
    return [span for span in pairwise(cuts) if span[1] > span[0]]
