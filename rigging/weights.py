"""`rig.safetensors`: the neural rig's trained weights, read strictly and without torch.

What is in the file follows from the sizes that it states; a file that differs from them in a key, a
shape or a type is refused before anything is computed with it.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float32, Int
from safetensors import SafetensorError, safe_open

from assets import head, manifest
from rigging.features import AUS, INPUTS, LOCALS

FILE = "rig.safetensors"
FORMAT = "pain3d rig 1"
SIZES = ("width", "blocks", "code", "eigenvectors")
HALVED, NUMBERS = "maps", "pairs"
"""The array of half floats and that of whole numbers; all others are floats."""


@dataclass(frozen=True, eq=False)
class Weights:
    """A trained network, and what it says of itself (`facts`: configuration, commit, figures)."""

    arrays: Mapping[str, Float32[np.ndarray, "..."]]
    pairs: Int[np.ndarray, "pairs 2"]
    facts: Mapping[str, Any]

    @property
    def blocks(self) -> int:
        """How many blocks of diffusion."""
        return int(self.facts["configuration"]["blocks"])

    @property
    def eigenvectors(self) -> int:
        """How many eigenvectors of the Laplacian."""
        return int(self.facts["configuration"]["eigenvectors"])

    def linear(self, name: str, x: Float32[np.ndarray, "n before"]) -> np.ndarray:
        """A layer of the network."""
        return x @ self.arrays[f"{name}.weight"].T + self.arrays[f"{name}.bias"]


def read(path: Path) -> Weights:
    """Weights as `pain3d train-rig` writes them.

    Raises ValueError that names the file, what it must hold and what it holds; OSError where it
    cannot be opened.
    """
    try:
        with safe_open(path, "np") as file:
            metadata = dict(file.metadata() or {})
            found = metadata.pop("format", None)
            if found != FORMAT:
                raise ValueError(f"{path} must have the format {FORMAT!r}, got {found!r}")
            arrays = {name: file.get_tensor(name) for name in file.keys()}
    except SafetensorError as error:
        raise ValueError(f"{path} must hold weights of a rig, got {error}") from error
    facts = _facts(path, metadata)
    _check(path, arrays, facts["configuration"])
    pairs = arrays.pop(NUMBERS).astype(np.int64)
    # Maps lie with the codes innermost, so that decoding runs along memory.
    arrays[HALVED] = np.ascontiguousarray(arrays[HALVED].transpose(0, 2, 1))
    return Weights({name: a.astype(np.float32) for name, a in arrays.items()}, pairs, facts)


@cache
def load() -> Weights:
    """The weights that ship."""
    return read(manifest.verified(FILE))


def _facts(path: Path, metadata: Mapping[str, str]) -> dict[str, Any]:
    """What a file says of itself, the network's sizes among it."""
    try:
        facts = {name: json.loads(text) for name, text in metadata.items()}
    except json.JSONDecodeError as error:
        raise ValueError(f"{path} must hold facts as JSON, got {error}") from error
    sizes = facts.get("configuration")
    if not (
        isinstance(sizes, dict)
        and sorted(sizes) == sorted(SIZES)
        and all(type(size) is int and size >= 1 for size in sizes.values())
    ):
        rule = f"a configuration of {', '.join(SIZES)}, each a whole number from 1"
        raise ValueError(f"{path} must state {rule}, got {sizes!r}")
    return facts


def shapes(sizes: Mapping[str, int], pairs: int) -> dict[str, tuple[int, ...]]:
    """Shape of every array of a network of these sizes, by name; see `rigging.network`."""
    width, code = sizes["width"], sizes["code"]
    layers = {"enter": (width, INPUTS), "leave": (code, width)}
    out: dict[str, tuple[int, ...]] = {}
    for block in range(sizes["blocks"]):
        name = f"blocks.{block}"
        out[f"{name}.log_time"] = (width,)
        layers |= {f"{name}.first": (width, 2 * width), f"{name}.second": (width, width)}
    for name, shape in layers.items():
        out |= {f"{name}.weight": shape, f"{name}.bias": shape[:1]}
    return out | {HALVED: (pairs, LOCALS + code, 3), NUMBERS: (pairs, 2)}


def _check(path: Path, arrays: Mapping[str, np.ndarray], sizes: Mapping[str, int]) -> None:
    """Hold arrays to the sizes that the file states."""
    wanted = shapes(sizes, arrays[NUMBERS].size // 2 if NUMBERS in arrays else 0)
    if arrays.keys() != wanted.keys():
        missing, over = sorted(wanted.keys() - arrays), sorted(arrays.keys() - wanted)
        got = f"{', '.join(missing) or 'none'} missing and {', '.join(over) or 'none'} too many"
        raise ValueError(f"{path} must hold exactly the arrays {', '.join(sorted(wanted))}: {got}")
    types = {HALVED: np.float16, NUMBERS: np.int32}
    for name, array in arrays.items():
        dtype = np.dtype(types.get(name, np.float32))
        if (array.shape, array.dtype) != (wanted[name], dtype):
            rule, got = (f"{dtype} of shape {wanted[name]}", f"{array.dtype} of {array.shape}")
            raise ValueError(f"{path}: {name} must be {rule}, got {got}")
        if not np.isfinite(array).all():
            raise ValueError(f"{path}: {name} must be finite, got NaN or infinity")
    most = np.array([len(head.load().topology.part), len(AUS)])
    if ((arrays[NUMBERS] < 0) | (arrays[NUMBERS] >= most)).any():
        low, high = arrays[NUMBERS].min(0).tolist(), arrays[NUMBERS].max(0).tolist()
        rule = f"control vertices and AUs from [0, 0] to below {most.tolist()}"
        raise ValueError(f"{path}: {NUMBERS} must be {rule}, got {low} to {high}")
    if (np.diff(arrays[NUMBERS][:, 0]) < 0).any():
        raise ValueError(f"{path}: {NUMBERS} must be sorted by control vertex, got them unsorted")
