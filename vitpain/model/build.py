"""Makes a model of a configuration and weights, and says what of it trains at which rate."""

from pathlib import Path
from typing import Any

import torch
from torch import nn

from vitpain.model import adapters, backbone
from vitpain.model.backbone import Weights
from vitpain.model.config import ModelConfig
from vitpain.model.distilled import Distilled
from vitpain.model.vitpain import ViTPain

Model = ViTPain | Distilled


def build(config: ModelConfig, weights: Weights, seed: int) -> Model:
    """Make a model; what is not read from `weights` is random by `seed`, whatever came before.

    It does as it is told: adapters on random weights learn next to nothing, and what trains begins
    with `train.begin.fresh`. Raises ValueError as `backbone.create` does.
    """
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        encoder = backbone.create(config, weights)
        if config.tune == "lora":
            adapters.add(encoder, config)
        model: Model = ViTPain(config, encoder)
        if config.variant == "distilled":
            # The teacher starts where the student does; what is frozen is the same tensor.
            model = Distilled(model, adapters.twin(model))
    model.origin = weights.name if isinstance(weights, Path) else weights
    return model


def groups(model: nn.Module, rate: float, share: float, decay: float) -> list[dict[str, Any]]:
    """Parameter groups for an optimizer: every parameter that trains is in exactly one.

    The backbone, or its adapters, learns at `share` of the heads' `rate`; vectors (biases, norms,
    tokens, queries) do not decay.
    """
    found: dict[tuple[bool, bool], list[nn.Parameter]] = {}
    for name, parameter in model.named_parameters():
        if parameter.requires_grad:
            decays = parameter.ndim > 1 and not name.endswith(("_token", "pos_embed", "queries"))
            found.setdefault((_in_backbone(name), decays), []).append(parameter)
    trained = sum(parameter.requires_grad for parameter in model.parameters())
    assert sum(len(group) for group in found.values()) == trained
    return [
        {
            "name": f"{'backbone' if inside else 'heads'}{'' if decays else ', no decay'}",
            "params": parameters,
            "lr": rate * share if inside else rate,
            "weight_decay": decay if decays else 0.0,
        }
        for (inside, decays), parameters in found.items()
    ]


def _in_backbone(name: str) -> bool:
    # The heat maps' patches are new: they learn as heads do.
    return "backbone." in name and ".heat." not in name
