"""`rig.safetensors`: the trained weights, and what made them."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import safetensors.torch

from assets import atomic
from rigging.network import Network
from rigging.weights import FORMAT, read

NAME = "rig.safetensors"


def write(path: Path, network: Network, facts: Mapping[str, Any]) -> None:
    """Write all weights; each of `facts` becomes a text of JSON in the file's metadata.

    The decoder's maps, nearly all of the file, are halved: what they find changes by less than a
    thousandth.
    """
    tensors = {name: value.cpu().contiguous() for name, value in network.state_dict().items()}
    tensors["maps"] = tensors["maps"].half()
    tensors["pairs"] = tensors["pairs"].int()
    metadata = {"format": FORMAT} | {name: json.dumps(fact) for name, fact in facts.items()}
    atomic.write(path, safetensors.torch.save(tensors, metadata))


def facts(path: Path) -> dict[str, Any]:
    """Read what a file of weights says of itself.

    Raises ValueError for a file that the rig could not use; see `rigging.weights.read`.
    """
    return dict(read(path).facts)
