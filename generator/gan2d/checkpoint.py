"""A network in training as one file, whole or absent: weights, moments of Adam, how far it is.

A safetensors file. No state of a random generator is in it: a step's draws are those of its number.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import safetensors
import torch
from safetensors.torch import save as to_bytes
from torch import Tensor, nn

from assets import atomic

FORMAT = "pain3d gan checkpoint 1"
MOMENTS = ("step", "exp_avg", "exp_avg_sq")


@dataclass
class Progress:
    """How far a network is."""

    step: int = 0
    """Steps of the critic that were done."""
    log_bytes: int = 0
    """Of the log that belong to them."""
    attention: float = 0.5
    """Moving mean of the attention."""
    warned: list[str] = field(default_factory=list)


def save(
    path: Path,
    networks: Mapping[str, nn.Module],
    optimisers: Mapping[str, torch.optim.Optimizer],
    progress: Progress,
) -> None:
    """Write it; an optimiser has the name of its network."""
    tensors: dict[str, Tensor] = {}
    for name, network in networks.items():
        tensors |= {f"{name}.weights.{key}": one for key, one in network.state_dict().items()}
        state = optimisers[name].state_dict()["state"]
        for number, moments in state.items():
            tensors |= {f"{name}.moments.{number}.{kind}": moments[kind] for kind in MOMENTS}
    ready = {name: tensor.detach().contiguous().cpu() for name, tensor in tensors.items()}
    header = {"format": FORMAT, "progress": json.dumps(asdict(progress))}
    atomic.write(path, to_bytes(ready, header))


def load(
    path: Path,
    networks: Mapping[str, nn.Module],
    optimisers: Mapping[str, torch.optim.Optimizer],
) -> Progress:
    """Put everything back as it was when the file was written.

    Raises ValueError that names the file where it is damaged or of other networks.
    """
    try:
        with safetensors.safe_open(path, "pt") as file:
            header = file.metadata() or {}
            found = {name: file.get_tensor(name) for name in file.keys()}
        if header.get("format") != FORMAT:
            raise ValueError(f"format {header.get('format')!r}")
        progress = Progress(**json.loads(header["progress"]))
        for name, network in networks.items():
            weights = _under(found, f"{name}.weights.")
            network.load_state_dict(weights)
            state: dict[int, dict[str, Any]] = {}
            parameters = list(network.parameters())
            for key, tensor in _under(found, f"{name}.moments.").items():
                number, _, kind = key.partition(".")
                state.setdefault(int(number), {})[kind] = _laid(tensor, parameters[int(number)])
            optimiser = optimisers[name]
            optimiser.load_state_dict({**optimiser.state_dict(), "state": state})
    except (safetensors.SafetensorError, ValueError, KeyError, TypeError, RuntimeError) as error:
        rule = f"a checkpoint ({FORMAT}) of these networks"
        got = " ".join(str(error).split())[:200]
        raise ValueError(f"{path} must be {rule}, got {got}") from error
    return progress


def _laid(moment: Tensor, parameter: Tensor) -> Tensor:
    """A moment as its parameter lies in memory: arithmetic on tensors that lie otherwise takes
    another way, with other last bits.
    """
    if moment.dim() == 0:
        return moment
    return torch.empty_like(parameter).copy_(moment)


def _under(found: Mapping[str, Tensor], prefix: str) -> dict[str, Tensor]:
    return {
        name.removeprefix(prefix): one for name, one in found.items() if name.startswith(prefix)
    }
