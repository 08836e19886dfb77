"""Models on disk: what trained as safetensors, and how it was made as JSON; read strictly."""

import hashlib
from collections.abc import Mapping
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any, get_args

import safetensors
import safetensors.torch
import torch
from torch import Tensor, nn

from assets import atomic
from generator.shards.manifest import json_bytes, read_json
from vitpain.model import build, weights
from vitpain.model.backbone import Weights
from vitpain.model.config import ModelConfig

TENSORS = "model.safetensors"
FACTS = "model.json"
FORMAT = "pain3d vitpain 1"


def save(model: build.Model, folder: Path, facts: Mapping[str, Any]) -> None:
    """Write a model to a folder, the facts last; a folder without them is unfinished.

    A backbone that is frozen and can be had again is named by its hash instead of written.
    `facts` are what the caller wants to be known: data, seed, scores. Of `distilled` the teacher
    is kept too.
    """
    folder.mkdir(parents=True, exist_ok=True)
    whole = _whole(model)
    kept = {name: value.detach().cpu().contiguous() for name, value in _kept(model, whole).items()}
    atomic.write(folder / TENSORS, safetensors.torch.save(kept))
    stated = {
        "format": FORMAT,
        "model": asdict(model.config),
        "backbone": {
            "name": model.config.backbone,
            "weights": model.origin,
            "sha256": None if whole else frozen_hash(model),
            "in_file": whole,
        },
        "facts": dict(facts),
    }
    atomic.write(folder / FACTS, json_bytes(stated))


def load(folder: Path, given: Weights | None = None) -> build.Model:
    """Read a model, ready to answer (`eval`).

    `given` are the weights of its frozen backbone where those are not in the folder; what came from
    the hub is fetched again without being asked. Raises ValueError that names file, key and shapes
    where anything is missing, damaged or another's.
    """
    stated, config = facts(folder)
    frozen = stated["backbone"]
    if frozen["in_file"]:
        source: Weights = "none"
    elif given is None and frozen["weights"] == "hub":
        source = "hub"
    elif isinstance(given, Path) or given == "hub":
        source = given
    else:
        raise ValueError(
            f"{folder} must be given the weights of its backbone {frozen['name']} "
            f"({frozen['weights']}, sha256 {frozen['sha256']}), got none"
        )
    model = build.build(config, source, 0)
    model.origin = frozen["weights"]
    if not frozen["in_file"] and (found := frozen_hash(model)) != frozen["sha256"]:
        raise ValueError(
            f"{folder} must be given the backbone it was trained on, sha256 {frozen['sha256']}, "
            f"got {found} from {source}"
        )
    path = folder / TENSORS
    try:
        state = safetensors.torch.load_file(path)
    except (safetensors.SafetensorError, OSError) as error:
        raise ValueError(
            f"{path} must be a whole file of tensors, got {weights.one_line(error)}"
        ) from error
    wanted = _kept(model, frozen["in_file"])
    weights.check(wanted, state, f"{path} must hold the weights of {FACTS} beside it")
    with torch.no_grad():
        for name, value in wanted.items():
            value.copy_(state[name])
    return model.eval()


def facts(folder: Path) -> tuple[dict[str, Any], ModelConfig]:
    """What a model's folder says of it, and its configuration.

    Raises ValueError where it is no folder of a model.
    """
    path = folder / FACTS
    if not path.is_file():
        raise ValueError(f"{folder} must be a folder of a trained model, got none of {FACTS}")
    stated = read_json(path)
    if not isinstance(stated, dict) or stated.get("format") != FORMAT:
        raise ValueError(f"{path} must have the format {FORMAT!r}, got another")
    known = {field.name for field in fields(ModelConfig)}
    model, backbone = stated.get("model"), stated.get("backbone")
    if not isinstance(model, dict) or set(model) != known:
        raise ValueError(f"{path} must give a model's {', '.join(sorted(known))}, got {model}")
    _check_kinds(path, model)
    if not isinstance(backbone, dict) or set(backbone) != {"name", "weights", "sha256", "in_file"}:
        raise ValueError(f"{path} must say which backbone, got {backbone}")
    return stated, ModelConfig(**model)


def frozen_hash(model: nn.Module) -> str:
    """SHA-256 over names, shapes and float32 values of what is frozen, adapters not counted."""
    digest = hashlib.sha256()
    for name, value in sorted(_frozen(model).items()):
        digest.update(f"{name} {tuple(value.shape)}\n".encode())
        digest.update(value.detach().cpu().to(torch.float32).contiguous().numpy().data)
    return digest.hexdigest()


def _check_kinds(path: Path, model: Mapping[str, Any]) -> None:
    """Raise ValueError where a value is of another kind than the field that it is for."""
    for field in fields(ModelConfig):
        value, kind = model[field.name], type(field.default)
        # A float may have been given, and so written, as a whole number.
        right = type(value) is kind or (kind is float and type(value) is int)
        choices = get_args(field.type)
        if not right or (choices and value not in choices):
            rule = " or ".join(choices) if choices else f"of type {kind.__name__}"
            raise ValueError(f"{path}: {field.name} must be {rule}, got {value!r}")


def _whole(model: build.Model) -> bool:
    """Whether the backbone must be in the file: it trained, or nobody could make it again."""
    return model.config.tune == "all" or model.origin == "none"


def _frozen(model: nn.Module) -> dict[str, Tensor]:
    """What does not train, each tensor once (a second backbone shares those of the first)."""
    return {name: value for name, value in model.named_parameters() if not value.requires_grad}


def _kept(model: nn.Module, whole: bool) -> dict[str, Tensor]:
    """What is written, each tensor once."""
    return {name: value for name, value in model.named_parameters() if whole or value.requires_grad}
