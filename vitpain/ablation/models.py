"""Which models are compared: instances by name, of one size, with the same heads for all that is
read.
"""

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType

from vitpain.model.config import ModelConfig

CONVOLUTIONAL = "convnext_small"
"""The network of the thesis's classifier (section 5.3), here with the heads of all others."""
MODELS: Mapping[str, ModelConfig] = MappingProxyType(
    {
        "reference": ModelConfig(),
        "plain": ModelConfig(variant="plain"),
        CONVOLUTIONAL: ModelConfig(backbone=CONVOLUTIONAL, variant="plain", tune="all"),
    }
)
"""By the names that a study is given; the first two take the study's backbone."""


def model(name: str, backbone: str, size: int) -> ModelConfig:
    """The model of that name in a study; one that is named for its backbone keeps it.

    `size` is the side of its pictures in pixels. Raises ValueError that lists what there is.
    """
    if name not in MODELS:
        raise ValueError(f"model must be {', '.join(MODELS)}, got {name}")
    known = MODELS[name]
    own = known.backbone if known.backbone == name else backbone
    return replace(known, backbone=own, size=size)
