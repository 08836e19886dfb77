"""The device that networks run on, the numbers they compute in, and who lies on it when."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import torch
from torch import nn

from generator.portrait.settings import Settings

FULL = re.compile(r"out of memory|ALLOC_FAILED|CUDNN_STATUS_NOT_INITIALIZED", re.I)
"""What libraries of CUDA say where memory does not suffice, beside torch's own error."""


@dataclass(frozen=True)
class Machine:
    """Where networks run, in which numbers; with `offload` those that wait lie elsewhere."""

    device: torch.device
    dtype: torch.dtype
    offload: bool

    @contextmanager
    def running(self, *networks: nn.Module) -> Iterator[None]:
        """Have networks on the device; with `offload` they leave it at the end.

        Raises ValueError with the way out where its memory does not hold what they need.
        """
        try:
            for network in networks:
                network.to(self.device)
            yield
        except RuntimeError as error:
            if not (isinstance(error, torch.cuda.OutOfMemoryError) or FULL.search(str(error))):
                raise
            why = str(error).partition("\n")[0]
            way = "--offload, or --dtype float16, or another device"
            raise ValueError(f"{self.device} must have more memory: {why} ({way})") from error
        finally:
            if self.offload:
                for network in networks:
                    network.to("cpu")


def machine(settings: Settings) -> Machine:
    """The machine that settings ask for. Raises ValueError where there is no such device."""
    if settings.device == "cuda" and not torch.cuda.is_available():
        raise ValueError("device must be cpu where torch finds no CUDA device, got cuda")
    fitting = "float16" if settings.device == "cuda" else "float32"
    name = fitting if settings.dtype == "auto" else settings.dtype
    return Machine(torch.device(settings.device), getattr(torch, name), settings.offload)
