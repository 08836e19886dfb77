"""A convolutional backbone: a ConvNeXt of timm, whose last map is read as tokens.

It trains whole and looks at a face alone or beside neutrals, as any backbone does: the fusion asks
for tokens on a square and for nothing else.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor, nn

from assets.torchvision_ready import declare
from vitpain.model import weights as files
from vitpain.model.config import ModelConfig

FAMILY = "convnext"
"""File of timm in which these networks stand."""
TAG = "fb_in1k"
"""What timm calls the authors' weights that ImageNet-1k alone has trained: those of Keras too."""


class Convolutional(nn.Module):
    """A network whose places of the last map are the patch tokens, their mean the class token.

    The mean is normalised by the network's own head, as timm gives features.
    """

    num_prefix_tokens = 1
    blocks = ()
    """Those that attend."""

    def __init__(self, network: Any) -> None:
        """For a network without a classifier."""
        super().__init__()
        self.network = network
        self.embed_dim = int(network.num_features)
        self.stride = int(network.feature_info[-1]["reduction"])

    def forward_features(
        self, pictures: Float[Tensor, "batch 3 height width"]
    ) -> Float[Tensor, "batch tokens dim"]:
        """The class token and then the places, row by row, of pictures that are normalised."""
        places = self.network.forward_features(pictures)
        mean = self.network.forward_head(places, pre_logits=True)
        return torch.cat([mean[:, None], places.flatten(2).mT], 1)


def named(backbone: str) -> bool:
    """Whether a backbone's name, with a tag or without, is that of a ConvNeXt of timm."""
    declare()
    from timm.models import is_model_in_modules

    return is_model_in_modules(backbone.partition(".")[0], (FAMILY,))


def create(config: ModelConfig) -> Convolutional:
    """Make the network with random weights, its layer scale as timm has it.

    Raises ValueError where the configuration asks for what only a vision transformer can be.
    """
    rules = {"tune": (config.tune, ("all",)), "variant": (config.variant, ("plain", "reference"))}
    for name, (value, allowed) in rules.items():
        if value not in allowed:
            rule = f"{' or '.join(allowed)} where the backbone is {config.backbone}"
            raise ValueError(f"{name} must be {rule}, got {value}")
    declare()
    import timm

    name = config.backbone.partition(".")[0]
    return Convolutional(timm.create_model(name, pretrained=False, num_classes=0))


def tagged(name: str) -> str:
    """The name with the tag of the weights of ImageNet-1k, where it has no tag and there are such.

    timm's own choice has often seen more than ImageNet-1k, which the thesis's weights have not.
    """
    declare()
    from timm.models import list_pretrained

    own = f"{name}.{TAG}"
    return own if "." not in name and own in list_pretrained(f"{name}.*") else name


def place(network: nn.Module, path: Path, card: Mapping[str, Any], name: str) -> None:
    """Set every weight of a network from a file; the file's own classifier is left out.

    `card` is what timm knows of it. Raises ValueError that names the first weight that does not
    fit, with both shapes.
    """
    given = files.without_classifier(files.read(path), card)
    files.check(network.state_dict(), given, f"{path} must hold the weights of {name}")
    network.load_state_dict(given, strict=True)
