"""What decides the weights of a classifier, what is compared, and what only decides how a run goes.

The defaults are those of the thesis, section 5.3.
"""

import math
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from vitpain.train.config import HIGHEST_SEED

Division = Literal["thesis6"]
NAME = re.compile(r"[A-Za-z0-9_]{1,40}")
SIZES = (32, 1024)
"""Sides of pictures: a ConvNeXt makes one feature of 32 pixels."""


@dataclass(frozen=True)
class ClassifyConfig:
    """What to train and how; all of it decides the weights."""

    model: str = "convnext_small"
    """A network of timm, with the tag of its weights after a dot if they are to be others than
    those that ImageNet-1k alone has trained."""
    classes: Division = "thesis6"
    """PSPI 0, 1-3, 4-6, 7-9, 10-12 and 13 or more; a fraction is of the class below it."""
    size: int = 224
    """Side of the pictures in pixels, 32 to 1024."""
    epochs: int = 12
    """Times that every picture is learnt from, 1 or more."""
    batch: int = 128
    """Pictures a step, 1 or more; the last step of an epoch has what is left."""
    learning_rate: float = 1e-4
    """Of Adam, from the first step to the last."""
    seed: int = 0
    """Of first weights, order, and of the photographs that are class 0 of made pictures."""
    device: Literal["auto", "cpu", "cuda"] = "auto"
    """Where to train; auto takes a GPU where there is one (bf16, compiled). The same weights are
    promised on one machine with the same number of threads."""
    threads: int | None = None
    """Threads of a CPU; if none is given, as many as the machine has, or as the run began with."""

    def __post_init__(self) -> None:
        """Refuse what cannot be trained, naming option, rule and value."""
        low, high = SIZES
        if not low <= self.size <= high:
            raise ValueError(f"size must be from {low} to {high}, got {self.size}")
        for name in ("epochs", "batch", "threads"):
            value = getattr(self, name)
            if value is not None and value < 1:
                raise ValueError(f"{name} must be at least 1, got {value}")
        if not (self.learning_rate > 0.0 and math.isfinite(self.learning_rate)):
            raise ValueError(f"learning_rate must be above 0 and finite, got {self.learning_rate}")
        if not 0 <= self.seed <= HIGHEST_SEED:
            raise ValueError(f"seed must be from 0 to {HIGHEST_SEED}, got {self.seed}")


@dataclass(frozen=True)
class ClassifyRun:
    """Where and how to train; none of it decides the weights."""

    out: Path
    """Folder of the run; empty or not there, or one to resume."""
    resume: bool = False
    """Go on with a run that was stopped; of one that has ended, make the report anew."""
    workers: int | None = None
    """Processes that read pictures; 0 reads in the one that trains. If none is given, 1, and beside
    a GPU as many as there are CPUs, 8 at most."""
    checkpoint_every: int = 500
    """Steps that a kill may cost, at most; the end of every epoch is kept too."""

    def __post_init__(self) -> None:
        """Refuse a run that would never save."""
        if self.workers is not None and self.workers < 0:
            raise ValueError(f"workers must be at least 0, got {self.workers}")
        if self.checkpoint_every < 1:
            raise ValueError(f"checkpoint_every must be at least 1, got {self.checkpoint_every}")


@dataclass(frozen=True)
class Synth:
    """A set of made pictures, by the name that tables show."""

    name: str
    folder: Path


@dataclass(frozen=True)
class Compared:
    """The photographs that folds divide, the made pictures that are tried, and which folds."""

    real: Path
    synth: tuple[Synth, ...] = ()
    folds: Literal["thesis5", "public5"] = "thesis5"
    only: tuple[int, ...] = ()
    """Numbers of folds, from 1; all where none is named."""

    def __post_init__(self) -> None:
        """Refuse two sets of one name; case is no difference, as it is none to some disks."""
        names = [one.name.lower() for one in self.synth]
        twice = next((one.name for one in self.synth if names.count(one.name.lower()) > 1), None)
        if twice is not None:
            raise ValueError(f"synth must name each set once, got {twice} twice")


def named(text: str) -> Synth:
    """Read `NAME=DIR`. Raises ValueError for anything else."""
    name, equals, folder = text.partition("=")
    if not (equals and folder and NAME.fullmatch(name)):
        raise ValueError(f"synth must be NAME=DIR, a name of letters, digits and _, got {text!r}")
    return Synth(name, Path(folder))
