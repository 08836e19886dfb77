"""What decides the weights of a trained model, and what only decides how a run goes."""

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

HIGHEST_SEED = 2**63 - 1
TRAINED, RANDOM = 0.1, 1.0
"""Learning rate of a backbone as a share of the heads': of one that was trained before (ViTPain as
released), and of one that was not."""
WHOLE = {
    "epochs": 1, "batch": 1, "references": 1, "validate_every": 1, "seed": 0, "kept": 1,
}  # fmt: skip
SHARES = ("warm_up", "lowest")
ABOVE = ("learning_rate", "clip")
LEAST = ("weight_decay", "au_weight", "consistency")

Augment = Literal["synthetic", "real", "none"]


def _at_least(name: str, value: int, low: int) -> None:
    if value < low:
        raise ValueError(f"{name} must be at least {low}, got {value}")


@dataclass(frozen=True)
class TrainConfig:
    """How to train; all of it decides the weights."""

    epochs: int = 150
    """Times that `epoch_frames` frames are drawn, 1 or more."""
    epoch_frames: int | None = None
    """Frames an epoch; if none is given, as many as there are to learn from. Runs on more frames
    and on fewer then take as many steps and trials."""
    batch: int = 48
    """Frames a step, each with its neutral, over all processes; 1 or more."""
    learning_rate: float = 1e-4
    """Of the heads, by AdamW, after the warm-up."""
    backbone_share: float | None = None
    """Learning rate of the backbone or its adapters, as a share of the heads'; if none is given,
    0.1 for weights that have been trained before and 1 for random ones."""
    weight_decay: float = 0.1
    """Of AdamW."""
    warm_up: float = 0.02
    """Share of the steps, 0 to 1, in which the learning rate rises to its full height."""
    lowest: float = 0.01
    """Where the cosine ends, as a share of the learning rate."""
    clip: float = 1.0
    """Longest gradient that a step follows in full."""
    au_weight: float = 1.0
    """Weight of the error of the action units, beside that of PSPI."""
    consistency: float = 0.0
    """Weight of the distance between PSPI and PSPI of the predicted action units."""
    sampling: Literal["none", "flat", "double"] = "none"
    """Draw every frame alike, every PSPI level alike, or frames in pain (PSPI 1 and more) twice as
    often."""
    augment: Augment = "synthetic"
    """How pictures are varied: as synthetic ones were for ViTPain, as UNBC-McMaster's, or not."""
    same_geometry: bool = True
    """Turn, shift and scale a face and its neutral alike."""
    views: Literal["same", "any"] = "same"
    """Take the neutral from the same view of a person, or from any."""
    references: int = 1
    """Neutrals a face, 1 or more."""
    validate_every: int = 1
    """Epochs from one trial on validation subjects to the next; the last one is always tried."""
    kept: int = 10_000
    """Most frames of training subjects whose predictions are stored, drawn with the seed; the
    threshold of a report is chosen on them."""
    seed: int = 0
    """Of first weights, order, augmentation, neutrals and dropout; 0 to 2**63 - 1."""
    device: Literal["auto", "cpu", "cuda"] = "auto"
    """Where to train; auto takes a GPU where there is one. The same weights are promised on one
    machine with the same number of threads and processes."""
    precision: Literal["auto", "float32", "bf16"] = "auto"
    """Numbers of the forward pass: auto is bf16 on a GPU, float32 on a CPU."""
    compiled: Literal["auto", "yes", "no"] = "auto"
    """Compile the model: auto does on a GPU, where a long run wins more than it costs."""
    threads: int | None = None
    """Threads of a CPU; if none is given, as many as the machine has, or as the run began with."""

    def __post_init__(self) -> None:
        """Refuse what cannot be trained, naming option, rule and value."""
        for name, low in WHOLE.items():
            _at_least(name, getattr(self, name), low)
        if self.seed > HIGHEST_SEED:
            raise ValueError(f"seed must be at most {HIGHEST_SEED}, got {self.seed}")
        for name in SHARES:
            if not 0.0 <= getattr(self, name) <= 1.0:
                raise ValueError(f"{name} must be from 0 to 1, got {getattr(self, name)}")
        for name in ABOVE:
            if not (getattr(self, name) > 0.0 and math.isfinite(getattr(self, name))):
                raise ValueError(f"{name} must be above 0 and finite, got {getattr(self, name)}")
        for name in LEAST:
            if not (getattr(self, name) >= 0.0 and math.isfinite(getattr(self, name))):
                raise ValueError(f"{name} must be at least 0 and finite, got {getattr(self, name)}")
        if self.backbone_share is not None and not 0.0 <= self.backbone_share <= 10.0:
            raise ValueError(f"backbone_share must be from 0 to 10, got {self.backbone_share}")
        if self.threads is not None:
            _at_least("threads", self.threads, 1)
        if self.epoch_frames is not None:
            _at_least("epoch_frames", self.epoch_frames, self.batch)


# ViTPain as released; the warm-up is ours.
PRETRAIN = TrainConfig()
FINETUNE = TrainConfig(epochs=50, batch=100, au_weight=0.1, sampling="double", augment="real")


@dataclass(frozen=True)
class Run:
    """Where and how to train; none of it decides the weights."""

    out: Path
    """Folder of the run; empty or not there, or one to resume."""
    resume: bool = False
    """Go on with a run that was stopped."""
    workers: int = 1
    """Processes that read pictures for each that trains; 0 reads in the one that trains."""
    log_every: int = 20
    """Steps a line of the log."""
    checkpoint_every: int = 500
    """Steps that a kill may cost, at most; every trial is kept too."""

    def __post_init__(self) -> None:
        """Refuse a run that would never log or save."""
        _at_least("workers", self.workers, 0)
        for name in ("log_every", "checkpoint_every"):
            _at_least(name, getattr(self, name), 1)
