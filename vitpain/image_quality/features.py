"""Features of faces for distances and identity: Inception v3 as FID has it, or a timm backbone.

Figures are comparable only between tables of the same features, so their name stands in every
heading, and "random weights" beside it where nothing was learnt.
"""

import pickle
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Literal

import torch
from jaxtyping import Float, UInt8
from torch import Tensor, nn

from assets.torchvision_ready import declare
from generator.shards.manifest import checksum
from vitpain.model import weights as files

INCEPTION = "inception"
INCEPTION_SIDE = 299
INCEPTION_FILE = "pt_inception-2015-12-05-6726825d.pth of torch-fidelity"
POOLED = "2048"
"""The layer of Inception that FID is defined on."""


class Features(nn.Module):
    """Pictures (sRGB bytes, `size` square) to a vector each; never trains."""

    def __init__(self, name: str, size: int, network: nn.Module, sha256: str | None) -> None:
        """Wrap a network that takes bytes; `name` says in headings what it is."""
        super().__init__()
        self.name, self.size, self.sha256 = name, size, sha256
        self.network = network.eval().requires_grad_(False)

    def forward(
        self, pictures: UInt8[Tensor, "batch 3 size size"]
    ) -> Float[Tensor, "batch features"]:
        """Vectors of cropped faces."""
        return self.network(pictures)


class _Normalised(nn.Module):
    """A timm backbone behind the normalisation that it was trained with."""

    mean: Tensor
    std: Tensor

    def __init__(self, backbone: nn.Module, config: Mapping[str, Any]) -> None:
        super().__init__()
        self.backbone = backbone
        for name in ("mean", "std"):
            self.register_buffer(name, torch.tensor(config[name]).view(3, 1, 1) * 255.0)

    def forward(self, pictures: Tensor) -> Tensor:
        return self.backbone((pictures.to(self.mean.dtype) - self.mean) / self.std)


def build(name: str, weights: Path | Literal["none"] | None, seed: int = 0) -> Features:
    """Make what gives features: `inception`, or a model of timm by its name.

    Weights are a file, or `none` for a timm model with random ones, the same for the same seed.
    Raises ValueError where the name is unknown, or weights are missing, damaged or another's.
    """
    if name == INCEPTION:
        return _inception(weights)
    return _timm(name, weights, seed)


def _inception(weights: Path | Literal["none"] | None) -> Features:
    if not isinstance(weights, Path):
        rule = f"a file for {INCEPTION} ({INCEPTION_FILE})"
        way = "without it take a model of timm: --features resnet18 --weights none"
        raise ValueError(f"weights must be {rule}, got {weights or 'nothing'}; {way}")
    if find_spec("torch_fidelity") is None:
        raise ValueError('--features inception needs torch-fidelity: pip install -e ".[quality]"')
    # The class below unpickles the file without restraint: what passes here holds tensors alone.
    files.read(weights)
    declare()
    from torchmetrics.image.fid import NoTrainInceptionV3

    try:
        network = NoTrainInceptionV3("inception-v3-compat", [POOLED], str(weights))
    except (RuntimeError, pickle.UnpicklingError) as error:
        raise ValueError(
            f"{weights} must hold the weights of {INCEPTION_FILE}, got {files.one_line(error)}"
        ) from error
    return Features("Inception v3", INCEPTION_SIDE, network, checksum(weights).sha256)


def _timm(name: str, weights: Path | Literal["none"] | None, seed: int) -> Features:
    declare()
    import timm

    if not timm.is_model(name):
        raise ValueError(f"features must be {INCEPTION} or a model of timm, got {name}")
    if weights is None:
        rule = f"a file, or none for random ones, with --features {name}"
        raise ValueError(f"weights must be {rule}, got nothing")
    with torch.random.fork_rng([]):
        torch.manual_seed(seed)
        backbone: Any = timm.create_model(name, pretrained=False, num_classes=0)
    config = dict(backbone.pretrained_cfg)
    size = int(config["input_size"][-1])
    if weights == "none":
        return Features(f"{name}, random weights", size, _Normalised(backbone, config), None)
    state = files.without_classifier(files.read(weights), config)
    files.check(backbone.state_dict(), state, f"{weights} must hold the weights of {name}")
    backbone.load_state_dict(state, strict=True)
    sha256 = checksum(weights).sha256
    named = f"{name}, weights {sha256[:8]}"
    return Features(named, size, _Normalised(backbone, config), sha256)
