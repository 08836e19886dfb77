"""A reader on disk: its weights as safetensors and what is to be known of it as JSON."""

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import safetensors
import safetensors.torch

from assets import atomic
from assets.facs import AUS
from generator.shards.manifest import json_bytes, read_json
from vitpain.au_reader.config import HALVINGS, SIZES
from vitpain.au_reader.network import AUNetwork
from vitpain.au_reader.reader import Reader
from vitpain.model import weights

TENSORS, FACTS = "reader.safetensors", "reader.json"
FORMAT = "pain3d au reader 1"


def save(network: AUNetwork, aus: tuple[int, ...], folder: Path, facts: Mapping[str, Any]) -> None:
    """Write a reader, the facts last; a folder without them is unfinished.

    `facts` are what the caller wants to be known: data, options, errors.
    """
    kept = {name: value.cpu().contiguous() for name, value in network.state_dict().items()}
    data = safetensors.torch.save(kept)
    folder.mkdir(parents=True, exist_ok=True)
    atomic.write(folder / TENSORS, data)
    stated = {
        "format": FORMAT,
        "aus": list(aus),
        "size": network.size,
        "sha256": hashlib.sha256(data).hexdigest(),
        "facts": dict(facts),
    }
    atomic.write(folder / FACTS, json_bytes(stated))


def load(folder: Path) -> Reader:
    """Read a reader, ready to answer.

    Raises ValueError that names the file where anything is missing, damaged or another's.
    """
    stated = facts(folder)
    aus = tuple(stated["aus"])
    network = AUNetwork(stated["size"], len(aus))
    path = folder / TENSORS
    try:
        data = path.read_bytes()
        state = safetensors.torch.load(data)
    except (safetensors.SafetensorError, OSError) as error:
        raise ValueError(
            f"{path} must be a whole file of tensors, got {weights.one_line(error)}"
        ) from error
    weights.check(network.state_dict(), state, f"{path} must hold the weights of {FACTS} beside it")
    if hashlib.sha256(data).hexdigest() != stated["sha256"]:
        raise ValueError(f"{path} must be as {FACTS} beside it states, got another SHA-256")
    network.load_state_dict(state, strict=True)
    return Reader(network.eval(), aus, stated["facts"], stated["sha256"])


def facts(folder: Path) -> dict[str, Any]:
    """What a reader's folder says of it. Raises ValueError where it is no folder of a reader."""
    path = folder / FACTS
    if not path.is_file():
        raise ValueError(f"reader must be a folder that train-au-reader made, got {folder}")
    stated = read_json(path)
    if not isinstance(stated, dict) or stated.get("format") != FORMAT:
        raise ValueError(f"{path} must have the format {FORMAT!r}, got another")
    match stated:
        case {"aus": list(aus), "size": int(size), "sha256": str(), "facts": dict()}:
            pass
        case _:
            raise ValueError(f"{path} must have aus, size, sha256 and facts")
    # 25.0 is 25, but no name of a unit.
    whole = all(type(au) is int for au in aus)
    if not aus or not whole or aus != [au for au in AUS if au in aus]:
        raise ValueError(f"{path}: aus must be of {AUS}, in that order, got {aus}")
    low, high = SIZES
    if not low <= size <= high or size % HALVINGS:
        rule = f"a multiple of {HALVINGS} from {low} to {high}"
        raise ValueError(f"{path}: size must be {rule}, got {size}")
    return stated
