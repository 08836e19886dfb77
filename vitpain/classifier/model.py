"""The classifier: a convolutional network of timm, the mean over its map, 1,024 units, classes.

Thesis, section 5.3. It does not name what follows the 1,024 units; it is a ReLU here, since two
dense layers with nothing between them are one.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import safetensors.torch
import torch
from jaxtyping import Float, Float32
from torch import Tensor, nn

from assets import atomic
from assets.torchvision_ready import declare
from generator.shards import manifest
from generator.shards.manifest import json_bytes, read_json
from vitpain.model import convolutional
from vitpain.model import weights as files

HIDDEN = 1024
Given = Literal["imagenet", "none"] | Path
FRESH_SCALE = 0.1
"""Layer scale of random weights; ConvNeXt's own of 1e-6 would leave its blocks idle for long."""
FORMAT = "pain3d classifier 1"
TENSORS, FACTS = "model.safetensors", "model.json"


class Classifier(nn.Module):
    """Pictures of faces, 0 to 1, to a logit a class; it normalises them itself."""

    def __init__(self, backbone: nn.Module, card: Mapping[str, Any], classes: int) -> None:
        """Put a head on a network without one; the head is random as torch's seed has it."""
        super().__init__()
        self.backbone = backbone
        features: Any = backbone
        self.head = nn.Sequential(
            nn.Linear(features.head_hidden_size, HIDDEN), nn.ReLU(), nn.Linear(HIDDEN, classes)
        )
        for name in ("mean", "std"):
            # Of the weights, and so of the name: no file of weights holds it.
            values = torch.tensor(card[name], dtype=torch.float32).reshape(1, -1, 1, 1)
            self.register_buffer(name, values, persistent=False)

    def forward(
        self, pictures: Float32[Tensor, "batch 3 height width"]
    ) -> Float[Tensor, "batch classes"]:
        """Logits of the classes."""
        mean, std = self.get_buffer("mean"), self.get_buffer("std")
        return self.head(self.backbone((pictures - mean) / std))


@dataclass(frozen=True)
class Origin:
    """A network and the weights that it begins with; `path` is their file, None for random ones."""

    name: str
    """In timm, with the tag of the weights where they were fetched."""
    given: Given
    path: Path | None

    @property
    def facts(self) -> dict[str, Any]:
        """What is begun with, a file by what it holds."""
        given = self.given if isinstance(self.given, str) else "file"
        sha256 = None if self.path is None else manifest.checksum(self.path).sha256
        return {"network": self.name, "weights": given, "sha256": sha256}


def origin(name: str, given: Given) -> Origin:
    """Find a network and its weights, fetched where they are ImageNet's.

    Raises ValueError where timm has no such network, or what to do where weights are out of reach.
    """
    tagged = convolutional.tagged(name)
    known = card(tagged)
    match given:
        case "none":
            return Origin(tagged, given, None)
        case "imagenet":
            if not known.get("hf_hub_id"):
                rule = f"none or a file for {name}, for which timm has none"
                raise ValueError(f"weights must be {rule}, got imagenet")
            return Origin(tagged, given, files.fetch(tagged, known))
        case Path():
            if given.suffix != ".safetensors" or not given.is_file():
                rule = "imagenet, none or a file .safetensors that is there"
                raise ValueError(f"weights must be {rule}, got {given}")
            return Origin(tagged, given, given)


def build(first: Origin, classes: int) -> Classifier:
    """Make a classifier; what no file decides is random as torch's seed has it.

    Raises ValueError that names the first weight of the file that does not fit, with both shapes.
    """
    declare()
    import timm

    known = card(first.name)
    backbone = timm.create_model(first.name.partition(".")[0], pretrained=False, num_classes=0)
    made = Classifier(backbone, known, classes)
    if first.path is not None:
        convolutional.place(backbone, first.path, known, first.name)
    else:
        _wake(backbone)
    return made


def save(model: Classifier, folder: Path, facts: Mapping[str, Any]) -> None:
    """Write a classifier to a folder, the facts last; a folder without them is unfinished.

    `facts` hold what `load` needs, `network` and `classes`, and what the caller wants to be known.
    """
    folder.mkdir(parents=True, exist_ok=True)
    kept = {name: value.detach().cpu().contiguous() for name, value in model.state_dict().items()}
    atomic.write(folder / TENSORS, safetensors.torch.save(kept))
    atomic.write(folder / FACTS, json_bytes({"format": FORMAT, **facts}))


def load(folder: Path) -> Classifier:
    """Read a classifier, ready to answer (`eval`).

    Raises ValueError that names the file where it is none, damaged or another's.
    """
    path = folder / FACTS
    if not path.is_file():
        raise ValueError(f"{folder} must be a folder of a classifier, got none of {FACTS}")
    match read_json(path):
        case {"format": str(found), "network": str(name), "classes": int(classes)} if (
            found == FORMAT
        ):
            made = build(Origin(name, "none", None), classes)
        case _:
            raise ValueError(f"{path} must be of a classifier ({FORMAT}), got another")
    state = files.read(folder / TENSORS)
    files.check(made.state_dict(), state, f"{folder / TENSORS} must hold the weights of {FACTS}")
    made.load_state_dict(state, strict=True)
    return made.eval()


def card(name: str) -> dict[str, Any]:
    """What timm knows of a network and its weights. Raises ValueError for a name it has not."""
    declare()
    import timm
    from timm.models import get_pretrained_cfg

    if not timm.is_model(name.partition(".")[0]):
        raise ValueError(f"model must be a network of timm, such as convnext_small, got {name}")
    try:
        known = get_pretrained_cfg(name, allow_unregistered=False)
    except RuntimeError as error:
        raise ValueError(f"model must have weights that timm knows by its tag, got {name}") from (
            error
        )
    assert known is not None
    if known.fixed_input_size:
        raise ValueError(f"model must take pictures of any size, as ConvNeXt does, got {name}")
    return known.to_dict()


def _wake(backbone: nn.Module) -> None:
    """Let the blocks of a network without trained weights add from the first step on."""
    for name, parameter in backbone.named_parameters():
        if name.endswith(".gamma"):
            nn.init.constant_(parameter, FRESH_SCALE)
