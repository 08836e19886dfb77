"""All that a run needs to go on as if nothing had happened, in one file that is whole or absent.

A safetensors file: what is trained, the optimiser's moments, sums of the log's next line; how far
the run is stands as JSON in its header. No state of a random generator is in it: each step's draws
are those of (seed, step).
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import safetensors
import torch
from safetensors.torch import save as to_bytes
from torch import Tensor

from assets import atomic
from vitpain.train.selection import Best

NAME = "checkpoint.safetensors"
FORMAT = "pain3d checkpoint 1"
MOMENTS = ("step", "exp_avg", "exp_avg_sq")
"""What AdamW keeps of a parameter."""


@dataclass
class Progress:
    """How far a run is: steps done, seconds they took, bytes of the log that belong to them.

    `counted` steps have been added up for the log's next line.
    """

    step: int = 0
    seconds: float = 0.0
    log_bytes: int = 0
    counted: int = 0
    best: Best | None = None
    warned: bool = False
    collapsed: bool = False
    sums: dict[str, Tensor] = field(default_factory=dict)


def save(
    path: Path,
    trained: Mapping[str, Tensor],
    optimiser: torch.optim.Optimizer,
    names: list[str],
    progress: Progress,
) -> None:
    """Write it; `names` are those of the optimiser's parameters, in its order."""
    tensors = {f"weights.{name}": tensor for name, tensor in trained.items()}
    state = optimiser.state_dict()["state"]
    for number, name in enumerate(names):
        moments = state.get(number, {})
        tensors |= {f"optimiser.{kind}.{name}": moments[kind] for kind in MOMENTS if moments}
    tensors |= {f"sums.{name}": tensor for name, tensor in progress.sums.items()}
    stated = {name: value for name, value in vars(progress).items() if name != "sums"}
    stated["best"] = asdict(progress.best) if progress.best else None
    ready = {name: tensor.detach().contiguous().cpu() for name, tensor in tensors.items()}
    header = {"format": FORMAT, "progress": json.dumps(stated)}
    atomic.write(path, to_bytes(ready, header))


def load(
    path: Path, trained: Mapping[str, Tensor], optimiser: torch.optim.Optimizer, names: list[str]
) -> Progress:
    """Put everything back as it was when the file was written.

    Raises ValueError that names the file where it is damaged or of another model.
    """
    try:
        with safetensors.safe_open(path, "pt") as file:
            header = file.metadata() or {}
            found = {name: file.get_tensor(name) for name in file.keys()}
        if header.get("format") != FORMAT:
            raise ValueError(f"format {header.get('format')!r}")
        stated: dict[str, Any] = json.loads(header["progress"])
        best = stated.pop("best")
        progress = Progress(**stated, best=Best(**best) if best else None)
    except (safetensors.SafetensorError, ValueError, KeyError, TypeError) as error:
        rule = f"a checkpoint ({FORMAT})"
        raise ValueError(f"{path} must be {rule}, got {str(error).strip()}") from error
    with torch.no_grad():
        for name, tensor in trained.items():
            tensor.copy_(_taken(path, found, f"weights.{name}", tensor.shape))
    state: dict[int, dict[str, Tensor]] = {}
    parameters = [one for group in optimiser.param_groups for one in group["params"]]
    for number, (name, parameter) in enumerate(zip(names, parameters, strict=True)):
        # A parameter that no gradient has reached yet has no moments.
        kinds = [kind for kind in MOMENTS if f"optimiser.{kind}.{name}" in found]
        shapes = {kind: torch.Size([]) if kind == "step" else parameter.shape for kind in kinds}
        state[number] = {
            kind: _taken(path, found, f"optimiser.{kind}.{name}", shapes[kind]) for kind in kinds
        }
    state = {number: moments for number, moments in state.items() if moments}
    progress.sums = {
        name.removeprefix("sums."): found.pop(name)
        for name in [key for key in found if key.startswith("sums.")]
    }
    if found:
        raise ValueError(f"{path} must hold this model and no more, got {min(found)} too")
    optimiser.load_state_dict({**optimiser.state_dict(), "state": state})
    return progress


def _taken(path: Path, found: dict[str, Tensor], key: str, shape: torch.Size) -> Tensor:
    if key not in found:
        raise ValueError(f"{path} must hold {key}, got none: it is of another model")
    tensor = found.pop(key)
    if tensor.shape != shape:
        rule, got = tuple(shape), tuple(tensor.shape)
        raise ValueError(f"{path}: {key} must have the shape {rule}, got {got}")
    return tensor
