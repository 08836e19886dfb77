"""What `pretrain` and `finetune` share: their options held to rules, progress, figures."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, fields
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tqdm import tqdm

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
        return cls(**_values(preset))

    def checked(self) -> TrainConfig:
        """Hold the options to their rules."""
        return TrainConfig(**_values(self))


@dataclass(frozen=True)
class GivenRun(Run):
    """Where and how to train; none of it decides the weights."""

    def __post_init__(self) -> None:
        """Hold nothing to a rule yet: `checked` does when all is parsed."""

    def checked(self) -> Run:
        """Hold the options to their rules."""
        return Run(**_values(self))


def check_installed(command: str, more: tuple[str, ...] = ()) -> None:
    """Raise ValueError that says how to install what is not there."""
    for package in (*NEEDED, *more):
        if find_spec(package) is None:
            raise ValueError(f'{command} needs {package}: pip install -e ".[learn]"')


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


def _values(given: Any) -> dict[str, Any]:
    return {item.name: getattr(given, item.name) for item in fields(given)}
