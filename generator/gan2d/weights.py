"""Weights of the networks of a GAN's folder, written whole and read strictly."""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import safetensors
from safetensors.torch import load as from_bytes
from safetensors.torch import save as to_bytes
from torch import nn

from assets import atomic
from generator.gan2d.folder import FORMAT, GAN, WEIGHTS, Gan, Network
from generator.gan2d.network import Critic, Generator


def save(path: Path, network: nn.Module, facts: Mapping[str, Any]) -> str:
    """Write a network's weights with what they are; gives the file's SHA-256."""
    ready = {name: one.detach().contiguous().cpu() for name, one in network.state_dict().items()}
    # One entry: safetensors writes several in an order of its own, and bytes would differ.
    data = to_bytes(ready, {"pain3d": json.dumps({"format": FORMAT, **facts})})
    atomic.write(path, data)
    return hashlib.sha256(data).hexdigest()


def generator(folder: Path, gan: Gan, network: Network) -> Generator:
    """The generator of a network with its weights.

    Raises ValueError where its file is not the one that `gan.json` names.
    """
    made = Generator(len(gan.shape.aus), gan.shape.width, gan.shape.blocks)
    _load(folder / network.name / WEIGHTS["generator"], made, network.sha256)
    return made


def critic(folder: Path, gan: Gan, network: Network) -> Critic:
    """The critic of a network; raises ValueError where it was not kept."""
    made = Critic(len(gan.shape.aus), gan.shape.size, gan.shape.width)
    _load(folder / network.name / WEIGHTS["critic"], made, None)
    return made


def _load(path: Path, network: nn.Module, sha256: str | None) -> None:
    if not path.is_file():
        raise ValueError(f"{path} must be there, got no such file")
    data = path.read_bytes()
    if sha256 is not None and hashlib.sha256(data).hexdigest() != sha256:
        raise ValueError(f"{path} must be the file that {GAN} names, got another SHA-256")
    try:
        network.load_state_dict(from_bytes(data))
    except (safetensors.SafetensorError, RuntimeError) as error:
        got = " ".join(str(error).split())[:200]
        raise ValueError(f"{path} must hold the weights of this network, got {got}") from error
