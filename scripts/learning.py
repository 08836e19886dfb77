"""What `pretrain` and `finetune` share: their options held to rules, progress, figures."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tqdm import tqdm

from scripts.options import built
from scripts.progress import Bar
from vitpain.train.config import Run, TrainConfig

if TYPE_CHECKING:
    from vitpain.train.fitted import Told

NEEDED = ("torch", "timm", "peft", "accelerate", "tensorboard")


@dataclass(frozen=True)
class GivenTraining(TrainConfig):
    """How to train; all of it decides the weights."""

    def __post_init__(self) -> None:
        """Hold nothing to a rule yet: `checked` does when all is parsed."""

    @classmethod
    def of(cls, preset: TrainConfig) -> "GivenTraining":
        """Options whose defaults are those of a preset."""
        return built(cls, preset)

    def checked(self) -> TrainConfig:
        """Hold the options to their rules."""
        return built(TrainConfig, self)


@dataclass(frozen=True)
class GivenRun(Run):
    """Where and how to train; none of it decides the weights."""

    def __post_init__(self) -> None:
        """Hold nothing to a rule yet: `checked` does when all is parsed."""

    def checked(self) -> Run:
        """Hold the options to their rules."""
        return built(Run, self)


def check_installed(command: str, more: tuple[str, ...] = ()) -> None:
    """Raise ValueError that says how to install what is not there."""
    for package in (*NEEDED, *more):
        if find_spec(package) is None:
            raise ValueError(f'{command} needs {package}: pip install -e ".[learn]"')


def device_of(asked: str) -> str:
    """Where to work, `cpu` or `cuda`; raises ValueError where a GPU is asked for in vain."""
    # Imported here: --help needs no torch.
    import torch

    there = torch.cuda.is_available()
    if asked == "cuda" and not there:
        raise ValueError("device must be auto or cpu where there is no CUDA, got cuda")
    return "cuda" if there and asked != "cpu" else "cpu"


def weights_of(text: str) -> Any:
    """Weights by their name, or a file."""
    return text if text in ("hub", "none") else Path(text)


@contextmanager
def told(command: str) -> Iterator["Told"]:
    """Show progress on stderr, one bar for steps and one for predictions; say what is to know."""
    # Imported here: this needs torch.
    from vitpain.train.fitted import Told

    def say(text: str) -> None:
        # Above the bars, where there are any.
        tqdm.write(f"pain3d {command}: {text}", file=sys.stderr)

    with Bar(" steps", resumed=True) as learning, Bar(" frames") as trying:
        yield Told(learning.advance, trying.advance, say)
