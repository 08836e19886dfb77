"""Networks of Kandinsky 2.2 from their folders: every weight of the file placed, and no other.

Each component is loaded by its own class, from safetensors alone and from no other place than its
folder: no hub is asked and no code comes with the weights.
"""

import importlib
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import torch
from torch import nn

from assets.torchvision_ready import declare

KNOWN = (
    # A key of DDIM that every scheduler of Kandinsky 2.2 still states.
    "The config attributes {'set_alpha_to_one': False} were passed to DDPMScheduler",
    # Errors of ours say it.
    "Some weights of",
    "LOAD REPORT",
)
"""What the libraries log while they load, and nobody needs to read."""


@dataclass(frozen=True, eq=False)
class Prior:
    """What turns a prompt into the embedding of a picture.

    A `PriorTransformer` and an `UnCLIPScheduler` of diffusers, a `CLIPTextModelWithProjection` and
    a `CLIPTokenizer` of transformers.
    """

    network: Any
    text_encoder: Any
    tokenizer: Any
    scheduler: Any


@dataclass(frozen=True, eq=False)
class Decoder:
    """What turns the embedding of a picture into one.

    A `UNet2DConditionModel`, a `VQModel` and a `DDPMScheduler` of diffusers.
    """

    unet: Any
    movq: Any
    scheduler: Any


def library(name: Literal["diffusers", "transformers"]) -> Any:
    """A library of networks, which beside a CPU build of torch needs torchvision declared first."""
    declare()
    return importlib.import_module(name)


def prior(folder: Path, dtype: torch.dtype) -> Prior:
    """The prior of a folder. Raises ValueError as `network` does."""
    diffusers, transformers = library("diffusers"), library("transformers")
    tokenizer, scheduler = transformers.CLIPTokenizer, diffusers.UnCLIPScheduler
    encoder = transformers.CLIPTextModelWithProjection
    with _quiet():
        return Prior(
            network(diffusers.PriorTransformer, folder / "prior", torch_dtype=dtype),
            network(encoder, folder / "text_encoder", dtype=dtype),
            _described(tokenizer, folder / "tokenizer"),
            _described(scheduler, folder / "scheduler"),
        )


def decoder(folder: Path, dtype: torch.dtype) -> Decoder:
    """The decoder of a folder. Raises ValueError as `network` does."""
    diffusers = library("diffusers")
    with _quiet():
        return Decoder(
            network(diffusers.UNet2DConditionModel, folder / "unet", torch_dtype=dtype),
            network(diffusers.VQModel, folder / "movq", torch_dtype=dtype),
            _described(diffusers.DDPMScheduler, folder / "scheduler"),
        )


def _described(kind: Any, folder: Path) -> Any:
    """A tokenizer or scheduler of a folder. Raises ValueError that names it where it is none."""
    try:
        return kind.from_pretrained(folder, local_files_only=True)
    except (OSError, ValueError, TypeError, AttributeError, KeyError) as error:
        why = " ".join(str(error).split())
        rule = f"what {kind.__name__} reads; fetch it again"
        raise ValueError(f"{folder} must be {rule}, got {why}") from error


def network(kind: Any, folder: Path, **dtype: torch.dtype) -> nn.Module:
    """A network in evaluation, its weights those of the folder.

    Raises ValueError with folder and names where weights are missing, left over or of another
    shape, and where the folder cannot be read.
    """
    try:
        made, told = kind.from_pretrained(
            folder,
            local_files_only=True,
            use_safetensors=True,
            output_loading_info=True,
            # They are an error all the same, one that names them.
            ignore_mismatched_sizes=True,
            **dtype,
        )
    except (OSError, RuntimeError, ValueError) as error:
        why = " ".join(str(error).split())
        raise ValueError(f"{folder} must hold the weights of a {kind.__name__}: {why}") from error
    for what in ("missing_keys", "unexpected_keys", "mismatched_keys"):
        if told[what]:
            names = ", ".join(sorted(str(name) for name in told[what]))
            rule = f"exactly the weights of a {kind.__name__}"
            raise ValueError(f"{folder} must hold {rule}, got {what.replace('_', ' ')}: {names}")
    # Weights still ask for gradients, of which none are made: without, torch on a CPU multiplies
    # some matrices in another way than for the library, and the last bits differ.
    return made


class _Unknown(logging.Filter):
    """Lets through what is not known."""

    def filter(self, record: logging.LogRecord) -> bool:
        return not any(text in record.getMessage() for text in KNOWN)


@contextmanager
def _quiet() -> Iterator[None]:
    """No progress bars and nothing of `KNOWN` while the libraries load."""
    told = library("transformers").utils.logging
    libraries = [logging.getLogger(name) for name in ("diffusers", "transformers")]
    handlers = [handler for library in libraries for handler in library.handlers]
    bars, unknown = told.is_progress_bar_enabled(), _Unknown()
    told.disable_progress_bar()
    for handler in handlers:
        handler.addFilter(unknown)
    try:
        yield
    finally:
        for handler in handlers:
            handler.removeFilter(unknown)
        if bars:
            told.enable_progress_bar()
