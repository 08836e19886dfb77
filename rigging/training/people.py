"""Whom a rig learns from, and how their samples are spread over processes: given from outside."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from assets.head import Head
from rigging.training.items import Split

Report = Callable[[int, int], None]
"""Called with what was done since the last call, and with what there is to do in all."""
Done = Callable[[int], None]
"""Called with what was done since the last call."""
Spread = Callable[[Callable[[Any, Done], Any], Sequence[Any], int, Done], list[Any]]
"""Calls `work(task, done)` for every task in so many processes, as `generator.pool.run` does."""


@dataclass(frozen=True)
class People:
    """Whom to learn from and whom to try on, each by number; `stated` says how to make them again.

    The two functions are pickled for the processes that prepare samples.
    """

    seen: Callable[[int], Head]
    unseen: Callable[[int], Head]
    stated: Mapping[Split, Mapping[str, object]]
