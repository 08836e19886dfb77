"""The network under a model: a timm backbone, with weights or without, called whole."""

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal, NamedTuple

import torch
from torch import nn

from assets.torchvision_ready import declare
from vitpain.model import convolutional
from vitpain.model import weights as files
from vitpain.model.config import ModelConfig

Weights = Literal["hub", "none"] | Path
Encoder = Any
"""A timm vision transformer, whose classes share no base that names what all of them have, or a
`Convolutional`."""

# Eva as DINOv3 is, small enough to learn from random weights on a CPU. Blocks add at once: with
# DINOv3's own layer scale of 1e-5 the first hundreds of steps would see the patch embedding alone.
SMALL: Mapping[str, Mapping[str, Any]] = MappingProxyType(
    {
        "vit_mini_patch8_dinov3": {"patch_size": 8, "embed_dim": 96, "depth": 4, "num_heads": 3},
        "vit_mini_patch16_dinov3": {"patch_size": 16, "embed_dim": 96, "depth": 4, "num_heads": 3},
        "vit_tiny_patch8_dinov3": {"patch_size": 8, "embed_dim": 192, "depth": 6, "num_heads": 3},
    }
)
"""Backbones for which no trained weights exist."""
FRESH_SCALE = 0.1
"""Layer scale of a backbone that starts from random weights."""


class Normalisation(NamedTuple):
    """Mean and standard deviation of the channels that the backbone was trained on."""

    mean: tuple[float, float, float]
    std: tuple[float, float, float]


IMAGENET = Normalisation((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))


def create(config: ModelConfig, weights: Weights) -> Encoder:
    """Make the backbone, all of it trainable, with features out and no classifier.

    Its weights are random as torch's seed has it (`none`), fetched (`hub`) or read from a file.
    Raises ValueError where there is no such backbone, it is neither a ConvNeXt nor a vision
    transformer with a class token, the size is no multiple of its patch, or the weights are
    another's or of satellites.
    """
    if weights != "none":
        _check_photographs(config.backbone)
    backbone = _bare(config)
    match weights:
        case "none":
            _wake(backbone)
        case "hub":
            _place(backbone, config.backbone, files.fetch(config.backbone, card(config.backbone)))
        case Path():
            _place(backbone, config.backbone, weights)
    return backbone


def normalisation(config: ModelConfig) -> Normalisation:
    """What the backbone's pictures are normalised with."""
    if config.backbone in SMALL:
        return IMAGENET
    known = card(config.backbone)
    return Normalisation(tuple(known["mean"]), tuple(known["std"]))


def patch(backbone: Encoder) -> int:
    """Side of a patch in pixels; of a convolutional one, how far its places are apart."""
    if isinstance(backbone, convolutional.Convolutional):
        return backbone.stride
    return int(backbone.patch_embed.patch_size[0])


def card(name: str) -> dict[str, Any]:
    """What timm knows of a backbone and its weights; nothing of one of `SMALL`.

    Raises ValueError for a name that is neither's.
    """
    if name in SMALL:
        return {}
    declare()
    import timm
    from timm.models import get_pretrained_cfg

    base = name.partition(".")[0]
    if convolutional.named(base):
        name = convolutional.tagged(name)
    if not timm.is_model(base):
        known = ", ".join(SMALL)
        raise ValueError(f"backbone must be {known} or a model of timm, got {name}")
    try:
        known = get_pretrained_cfg(name, allow_unregistered=False)
    except RuntimeError as error:
        rule = "weights that timm knows by that tag"
        raise ValueError(f"backbone must have {rule}, got {name}") from error
    assert known is not None
    return known.to_dict()


def _check_photographs(name: str) -> None:
    if str(card(name).get("tag") or "").startswith("sat"):
        raise ValueError(f"backbone must have weights of photographs, got satellite ones: {name}")


def _bare(config: ModelConfig) -> Encoder:
    """The backbone with features out, its weights as timm draws them."""
    if convolutional.named(config.backbone):
        made = convolutional.create(config)
        _check_size(config, made.stride)
        return made
    backbone = _small(config) if config.backbone in SMALL else _timm(config)
    for name in ("fc_norm", "head"):
        setattr(backbone, name, nn.Identity())
    # It would train, and nothing would ask it.
    backbone.attn_pool = None
    return backbone


def _place(backbone: Encoder, name: str, path: Path) -> None:
    if isinstance(backbone, convolutional.Convolutional):
        convolutional.place(backbone.network, path, card(name), name)
    else:
        files.place(backbone, files.read(path), name, path)


def _timm(config: ModelConfig) -> Encoder:
    card(config.backbone)
    import timm
    from timm.models.eva import Eva
    from timm.models.vision_transformer import VisionTransformer

    # timm says what it refuses with assertions and errors of many kinds; what can be asked
    # beforehand is asked, on a model without memory.
    name = config.backbone.partition(".")[0]
    with torch.device("meta"):
        plan = timm.create_model(name, pretrained=False)
    # Others of timm put their class token elsewhere, or name their layers otherwise.
    if not isinstance(plan, Eva | VisionTransformer) or plan.cls_token is None:
        rule = "a ConvNeXt, or a vision transformer with a class token"
        raise ValueError(f"backbone must be {rule}, got {config.backbone}")
    _check_size(config, patch(plan))
    return timm.create_model(
        name, pretrained=False, num_classes=0, img_size=config.size, dynamic_img_size=False
    )


def _small(config: ModelConfig) -> Encoder:
    declare()
    from timm.models.eva import Eva

    shape = SMALL[config.backbone]
    _check_size(config, shape["patch_size"])
    return Eva(
        img_size=config.size,
        num_classes=0,
        qkv_bias=False,
        init_values=FRESH_SCALE,
        use_abs_pos_emb=False,
        use_rot_pos_emb=True,
        rope_type="dinov3",
        rope_temperature=100.0,
        rope_rotate_half=True,
        num_reg_tokens=4,
        use_fc_norm=False,
        **shape,
    )


def _check_size(config: ModelConfig, side: int) -> None:
    if config.size % side:
        raise ValueError(f"size must be a multiple of the patch of {side}, got {config.size}")


def _wake(backbone: Encoder) -> None:
    """Let the blocks of a backbone without trained weights add from the first step on."""
    for name, parameter in backbone.named_parameters():
        if name.endswith((".gamma_1", ".gamma_2", ".gamma")):
            nn.init.constant_(parameter, FRESH_SCALE)
