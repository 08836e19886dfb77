"""Where networks train and paint: a CPU or a GPU, its numbers, and the same bits every time."""

import os
from dataclasses import dataclass, replace

import torch
from torch import nn

from generator.gan2d.config import GanConfig
from generator.provenance import vectors


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


def decided(config: GanConfig) -> GanConfig:
    """The options with what was left open; raises ValueError where a GPU is asked for in vain."""
    there = torch.cuda.is_available()
    if config.device == "cuda" and not there:
        raise ValueError("device must be auto or cpu where there is no CUDA, got cuda")
    gpu = there and config.device != "cpu"
    if config.precision == "auto":
        config = replace(config, precision="bf16" if gpu else "float32")
    if config.compiled == "auto":
        config = replace(config, compiled="yes" if gpu else "no")
    threads = config.threads or os.cpu_count() or 1
    return replace(config, device="cuda" if gpu else "cpu", threads=threads)


def machine(config: GanConfig) -> Machine:
    """Where to work; see `decided`."""
    config = decided(config)
    return Machine(
        torch.device(config.device), config.precision == "bf16", config.compiled == "yes"
    )


def named(device: torch.device) -> str:
    """What decides the last bits: version of torch, and the device's name or its vectors."""
    where = torch.cuda.get_device_name() if device.type == "cuda" else vectors()
    return f"torch {torch.__version__}, {where}"
