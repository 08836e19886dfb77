"""`rig.safetensors`: the trained weights, and what made them."""

import json
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import safetensors.torch

from assets import atomic
from rigging.network import Network
from rigging.weights import FORMAT, read

NAME = "rig.safetensors"
ROOT = Path(__file__).parents[2]


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


def commit() -> str:
    """The commit of this code, `-dirty` where files differ from it; `unknown` outside git.

    No tag may stand for it: tags are moved.
    """
    if not (ROOT / ".git").exists():
        return "unknown"
    say = ["describe", "--always", "--abbrev=40", "--dirty", "--exclude=*"]
    command = ["git", "-C", str(ROOT), *say]
    try:
        found = subprocess.run(command, capture_output=True, text=True, timeout=30, check=True)
    except (OSError, subprocess.SubprocessError):
        return "unknown"
    return found.stdout.strip()
