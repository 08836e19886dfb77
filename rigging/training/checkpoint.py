"""All that a run needs to go on as if nothing had happened, in one file that is whole or absent."""

import io
import pickle
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import nn

from assets import atomic

NAME = "checkpoint.pt"


@dataclass
class Progress:
    """How far a run is: steps done, seconds they took, bytes of the log that belong to them.

    `sums` are what the log's next line will be the mean of, over `count` samples since the last.
    """

    step: int = 0
    seconds: float = 0.0
    log_bytes: int = 0
    sums: dict[str, float] = field(default_factory=dict)
    count: int = 0
    commits: list[str] = field(default_factory=list)


def save(
    path: Path, network: nn.Module, optimiser: torch.optim.Optimizer, progress: Progress
) -> None:
    """Write weights, the optimiser's moments, random states and progress."""
    state: dict[str, Any] = {
        "network": network.state_dict(),
        "optimiser": optimiser.state_dict(),
        "random": torch.get_rng_state(),
        "random_cuda": torch.cuda.get_rng_state_all() if torch.cuda.is_initialized() else [],
        "progress": asdict(progress),
    }
    buffer = io.BytesIO()
    torch.save(state, buffer)
    atomic.write(path, buffer.getvalue())


def load(path: Path, network: nn.Module, optimiser: torch.optim.Optimizer) -> Progress:
    """Put everything back as it was when the file was written.

    Nothing in the file is run. Raises ValueError for a file that is damaged or of another network.
    """
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
        network.load_state_dict(state["network"])
        optimiser.load_state_dict(state["optimiser"])
        progress = Progress(**state["progress"])
    except (RuntimeError, pickle.UnpicklingError, EOFError, KeyError, TypeError) as error:
        first = str(error).partition("\n")[0]
        raise ValueError(f"{path} must be a checkpoint of this network, got {first}") from error
    torch.set_rng_state(state["random"])
    if state["random_cuda"]:
        torch.cuda.set_rng_state_all(state["random_cuda"])
    return progress
