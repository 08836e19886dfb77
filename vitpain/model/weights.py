"""Weights of backbones: fetched from their hub or read from a file, and placed strictly."""

import contextlib
import io
import pickle
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import safetensors
import safetensors.torch
import torch
from torch import Tensor

FILE = "model.safetensors"
PICKLED = (".pth", ".pt", ".bin")
# What a file of trained weights may hold beside the backbone: what classified, and what was masked.
BESIDE = ("head.", "head_dist.", "fc_norm.", "attn_pool.", "pre_logits.", "mask_token")
# What timm's filter meets in a file of another model's weights.
STUMBLES = (AttributeError, IndexError, KeyError, RuntimeError, TypeError, ValueError)
NO_BIAS = 1e-6
"""Biases up to this one are none: DINOv3's own files hold zeros."""


def fetch(name: str, card: Mapping[str, Any]) -> Path:
    """Fetch a backbone's weights, or find them where they were fetched before.

    Raises ValueError that says what to fetch by hand where there is no connection.
    """
    from huggingface_hub import hf_hub_download
    from huggingface_hub.errors import HfHubHTTPError

    place = card.get("hf_hub_id")
    if not place:
        raise ValueError(f"weights must be none or a file for {name}, which no hub has, got hub")
    try:
        return Path(hf_hub_download(place, FILE))
    except (HfHubHTTPError, OSError) as error:
        raise ValueError(
            f"weights of {name} must be within reach: fetch {FILE} from "
            f"https://huggingface.co/{place} (licence: {card.get('license')}) and pass "
            f"--weights PATH, or start from random ones with --weights none; "
            f"got {type(error).__name__}"
        ) from error


def read(path: Path) -> dict[str, Any]:
    """Read a file of weights; nothing in it is executed.

    Raises ValueError that names the file where it is of another kind or damaged.
    """
    if path.suffix not in (".safetensors", *PICKLED):
        kinds = ", ".join((".safetensors", *PICKLED))
        raise ValueError(f"weights must be a file ending in one of {kinds}, got {path}")
    if not path.is_file():
        raise ValueError(f"weights must be a file that exists, got {path}")
    try:
        if path.suffix == ".safetensors":
            return safetensors.torch.load_file(path)
        with warnings.catch_warnings():
            # Of pickles by others: what is not understood is an error anyway.
            warnings.simplefilter("ignore")
            state = torch.load(path, map_location="cpu", weights_only=True)
    except (safetensors.SafetensorError, pickle.UnpicklingError, RuntimeError, EOFError) as error:
        raise ValueError(
            f"{path} must be whole and hold tensors alone, got {one_line(error)}"
        ) from error
    if not isinstance(state, dict):
        raise ValueError(f"{path} must hold tensors by name, got {type(state).__name__}")
    odd = next((key for key in state if not isinstance(key, str)), None)
    if odd is not None:
        raise ValueError(f"{path} must hold tensors by name, got one called {odd!r}")
    return state


def place(backbone: Any, state: Mapping[str, Any], name: str, path: Path) -> None:
    """Set every weight of the backbone from a file in timm's own or in the authors' naming.

    Position tables are resampled to the backbone's size. Raises ValueError that names the first
    key that does not fit, with both shapes.
    """
    given = _renamed(backbone, state, path)
    given = {key: value for key, value in given.items() if not key.startswith(BESIDE)}
    check(backbone.state_dict(), given, f"{path} must hold the weights of {name}")
    backbone.load_state_dict(given, strict=True)


def check(wanted: Mapping[str, Tensor], given: Mapping[str, Tensor], rule: str) -> None:
    """Raise ValueError that begins with `rule` where names or shapes are not those wanted."""
    wrong = [f"no {key}" for key in wanted if key not in given]
    for key, value in given.items():
        if key not in wanted:
            wrong.append(f"{key} of {shape(value)} that it has not")
        elif value.shape != wanted[key].shape:
            wrong.append(f"{key} of {shape(value)} where {shape(wanted[key])} is wanted")
    if wrong:
        # A shape says more than a name.
        first = next((text for text in wrong if "where" in text), wrong[0])
        more = f" and {len(wrong) - 1} more" if len(wrong) > 1 else ""
        raise ValueError(f"{rule}, got {first}{more}")


def shape(value: Tensor) -> str:
    """A tensor's shape in words."""
    return "x".join(str(side) for side in value.shape) or "a number"


def _renamed(backbone: Any, state: Mapping[str, Any], path: Path) -> dict[str, Tensor]:
    """Names as timm has them, by the filter that timm itself applies to fetched weights."""
    from timm.models import eva, vision_transformer

    kernel = next((state[key] for key in state if key.endswith("patch_embed.proj.weight")), None)
    wanted = backbone.patch_embed.proj.weight
    if isinstance(kernel, Tensor) and kernel.shape != wanted.shape:
        # The filter would resample patches of another size without a word.
        raise ValueError(
            f"{path} must have patches of {shape(wanted)}, got patch_embed.proj.weight of "
            f"{shape(kernel)}"
        )
    _check_biases(backbone, state, path)
    known: Any = eva if isinstance(backbone, eva.Eva) else vision_transformer
    try:
        # The filter prints what it skips.
        with contextlib.redirect_stdout(io.StringIO()):
            renamed = known.checkpoint_filter_fn(dict(state), backbone)
    except STUMBLES as error:
        raise ValueError(
            f"{path} must hold the weights of a {type(backbone).__name__}, got {one_line(error)}"
        ) from error
    odd = next((key for key, value in renamed.items() if not isinstance(value, Tensor)), None)
    if odd is not None:
        raise ValueError(
            f"{path} must hold tensors by name, got {odd} of {type(renamed[odd]).__name__}"
        )
    return renamed


def _check_biases(backbone: Any, state: Mapping[str, Any], path: Path) -> None:
    """The filter leaves biases out that the backbone has no place for; that must change nothing."""
    for key, value in state.items():
        layer = key.removesuffix(".qkv.bias")
        if layer == key or "storage_tokens" not in state or not isinstance(value, Tensor):
            continue
        query, _, last = value.chunk(3)
        largest = float(torch.stack([query, last]).abs().max())
        if f"{layer}.q_bias" not in backbone.state_dict() and not largest <= NO_BIAS:
            raise ValueError(
                f"{path} must have no biases where the backbone has none (one whose name has qkvb"
                f" does), got {key} of up to {largest:g}"
            )


def one_line(error: Exception) -> str:
    """An error's first sentence."""
    return " ".join(str(error).split())[:200]


def without_classifier(state: Mapping[str, Tensor], card: Mapping[str, Any]) -> dict[str, Tensor]:
    """Weights of a network of timm but those of the layers that classify, named by its card."""
    named = card.get("classifier") or ()
    layers = (named,) if isinstance(named, str) else tuple(named)
    beside = tuple(f"{layer}." for layer in layers)
    return {key: value for key, value in state.items() if not key.startswith(beside)}
