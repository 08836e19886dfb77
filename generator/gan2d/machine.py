"""Where networks train and paint: a CPU or a GPU, its numbers, and the same bits every time."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import torch
from torch import nn
from torch.utils import deterministic

from generator.gan2d.config import GanConfig


@dataclass(frozen=True)
class Machine:
    """A device and how it works."""

    device: torch.device
    bf16: bool
    compiled: bool

    def numbers(self) -> torch.autocast:
        """In this context networks work in the precision of the run."""
        return torch.autocast(self.device.type, torch.bfloat16, enabled=self.bf16)

    def placed(self, network: nn.Module) -> nn.Module:
        """The network on the device, its channels last: convolutions are quicker so."""
        placed = network.to(self.device)
        return placed.to(memory_format=torch.channels_last)  # pyright: ignore[reportCallIssue]

    def quick(self, network: nn.Module) -> nn.Module:
        """The network compiled, where that pays, on the same weights."""
        if not self.compiled:
            return network
        made = torch.compile(network)
        assert isinstance(made, nn.Module)
        return made


def machine(config: GanConfig) -> Machine:
    """Find where to work; raises ValueError where a GPU is asked for and there is none."""
    there = torch.cuda.is_available()
    if config.device == "cuda" and not there:
        raise ValueError("device must be auto or cpu where there is no CUDA, got cuda")
    gpu = there and config.device != "cpu"
    return Machine(
        torch.device("cuda" if gpu else "cpu"),
        config.precision == "bf16" or (config.precision == "auto" and gpu),
        config.compiled == "yes" or (config.compiled == "auto" and gpu),
    )


@contextmanager
def repeatable(threads: int) -> Iterator[None]:
    """Same bits each time, and torch's threads, generators and modes left as they were."""
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
