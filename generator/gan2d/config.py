"""What decides the weights of a GAN, and what only decides how a run goes."""

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from assets.facs import AUS
from generator.config import HIGHEST_SEED
from generator.shards.record import LabelSource

SMALLEST, LARGEST = 32, 512
WHOLE = {"width": 4, "blocks": 1, "epochs": 1, "decay": 0, "batch": 1, "critic_steps": 1}


@dataclass(frozen=True)
class GanConfig:
    """How to train. Defaults are GANimation's; its weights of losses are in `losses.py`."""

    size: int = 128
    """Side of the pictures, pixels, a power of two from 32 to 512."""
    width: int = 64
    """Channels of the first layers of generator and critic."""
    blocks: int = 6
    """Residual blocks of the generator."""
    epochs: int = 30
    """Times that the critic sees every face."""
    decay: int = 10
    """The last epochs, over which the learning rate falls to 0."""
    batch: int = 25
    """Faces a step."""
    learning_rate: float = 1e-4
    """Of Adam, for generator and critic."""
    critic_steps: int = 5
    """Steps of the critic for each of the generator."""
    aus: tuple[int, ...] = ()
    """Action units of the condition; all that are null in no face if none is named."""
    labels: LabelSource | None = None
    """Whose action units they are: `target` (of what was drawn), `openface` or `manual`; those that
    the data set goes by if none is named."""
    seed: int = 0
    """Of first weights, order, targets and mirroring; 0 to 2**63 - 1."""
    device: Literal["auto", "cpu", "cuda"] = "auto"
    """Where to train; auto takes a GPU where there is one."""
    precision: Literal["auto", "float32", "bf16"] = "auto"
    """Numbers of the networks: auto is bf16 on a GPU, float32 on a CPU."""
    compiled: Literal["auto", "yes", "no"] = "auto"
    """Compile what has no second derivative: auto does on a GPU."""
    threads: int | None = None
    """Threads of a CPU; as many as the machine has, or as the run began with, if none is given."""

    def __post_init__(self) -> None:
        """Refuse what cannot be trained, naming option, rule and value."""
        if not (SMALLEST <= self.size <= LARGEST and self.size & (self.size - 1) == 0):
            rule = f"a power of two from {SMALLEST} to {LARGEST}"
            raise ValueError(f"size must be {rule}, got {self.size}")
        for name, low in WHOLE.items():
            if getattr(self, name) < low:
                raise ValueError(f"{name} must be at least {low}, got {getattr(self, name)}")
        if self.decay > self.epochs:
            raise ValueError(f"decay must be at most the epochs {self.epochs}, got {self.decay}")
        if not (self.learning_rate > 0.0 and math.isfinite(self.learning_rate)):
            rule = "above 0 and finite"
            raise ValueError(f"learning_rate must be {rule}, got {self.learning_rate}")
        if self.threads is not None and self.threads < 1:
            raise ValueError(f"threads must be at least 1, got {self.threads}")
        if not 0 <= self.seed <= HIGHEST_SEED:
            raise ValueError(f"seed must be 0 to {HIGHEST_SEED}, got {self.seed}")
        unknown = [au for au in self.aus if au not in AUS]
        if unknown or len(set(self.aus)) != len(self.aus):
            rule = f"among {', '.join(map(str, AUS))}, each once"
            raise ValueError(f"aus must be {rule}, got {', '.join(map(str, self.aus))}")


@dataclass(frozen=True)
class Run:
    """Where and how to train; none of it decides the weights."""

    out: Path
    """Folder of the networks; empty or not there, or one to resume."""
    resume: bool = False
    """Go on with a run that was stopped."""
    log_every: int = 50
    """Steps a line of the log."""
    checkpoint_every: int = 1000
    """Steps that a kill may cost, at most."""
    sheet_every: int = 2000
    """Steps from one sheet of faces in TensorBoard to the next."""

    def __post_init__(self) -> None:
        """Refuse a run that would never log, save or show."""
        for name in ("log_every", "checkpoint_every", "sheet_every"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} must be at least 1, got {getattr(self, name)}")
