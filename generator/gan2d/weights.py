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
    assert network.done is not None
    made = Generator(len(gan.aus), gan.config.width, gan.config.blocks)
    _load(folder / network.name / WEIGHTS["generator"], made, network.done.generator)
    return made


def critic(folder: Path, gan: Gan, network: Network) -> Critic:
    """The critic of a network; raises ValueError where it was not kept, or is another."""
    path = folder / network.name / WEIGHTS["critic"]
    if network.done is None or network.done.critic is None:
        raise ValueError(f"{path} must have been kept, got a network of a fold")
    made = Critic(len(gan.aus), gan.config.size, gan.config.width)
    _load(path, made, network.done.critic)
    return made


def _load(path: Path, network: nn.Module, sha256: str) -> None:
    if not path.is_file():
        raise ValueError(f"{path} must be there, got no such file")
    data = path.read_bytes()
    if hashlib.sha256(data).hexdigest() != sha256:
        raise ValueError(f"{path} must be the file that {GAN} names, got another SHA-256")
    try:
        network.load_state_dict(from_bytes(data))
    except (safetensors.SafetensorError, RuntimeError) as error:
        got = " ".join(str(error).split())[:200]
        raise ValueError(f"{path} must hold the weights of this network, got {got}") from error
