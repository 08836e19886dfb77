"""Torch that gives the same bits each time, and is left as it was: what every training shares."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch.utils import deterministic


@contextmanager
def repeatable(threads: int) -> Iterator[None]:
    """Same bits each time, and torch's generators, threads and modes left as they were."""
    # CUDA's matrix products are the same bits again only with a workspace of fixed size.
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    exact, before = torch.are_deterministic_algorithms_enabled(), torch.get_num_threads()
    filled = deterministic.fill_uninitialized_memory  # pyright: ignore[reportAttributeAccessIssue]
    with torch.random.fork_rng(list(range(torch.cuda.device_count()))):
        torch.use_deterministic_algorithms(True)
        # Nothing here reads what it has not written; filling it costs time.
        deterministic.fill_uninitialized_memory = False  # pyright: ignore[reportAttributeAccessIssue]
        torch.set_num_threads(threads)
        try:
            yield
        finally:
            torch.use_deterministic_algorithms(exact)
            deterministic.fill_uninitialized_memory = filled  # pyright: ignore[reportAttributeAccessIssue]
            torch.set_num_threads(before)
