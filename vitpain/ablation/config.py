"""What decides the cells of a study beside its data sets and its arms."""

import math
from dataclasses import dataclass
from typing import Literal

from assets.folds import How
from generator.shards.derived import Registered
from vitpain.model.config import ModelConfig
from vitpain.train.config import FINETUNE, PRETRAIN, RANDOM, TRAINED, TrainConfig

WHOLE = 1.0
"""All training subjects of a fold."""


@dataclass(frozen=True)
class StudyConfig:
    """What is trained in every arm, how, and on whom; all of it decides what is found."""

    models: tuple[str, ...] = ("reference", "plain", "convnext_small")
    """Models that every arm trains."""
    folds: How = "public5"
    """How real subjects are divided: the public five folds of UNBC-McMaster, the thesis's five, or
    leave-one-subject-out of any data."""
    only: tuple[int, ...] = ()
    """Numbers of the folds to train, from 1; all if none is named."""
    seeds: int = 3
    """Models a cell is trained anew with, of the seeds from 0 on; 1 or more."""
    fractions: tuple[float, ...] = (WHOLE,)
    """Shares of a fold's training subjects to learn from, 1 among them."""
    shares: tuple[float, ...] = ()
    """Shares, between 0 and 1, of the matched number of synthetic frames to add to real ones."""
    mode: Registered = "3d"
    """How all faces are aligned: drawn from the front through a fitted head, or in the plane."""
    side: int = 128
    """Side of the aligned pictures, pixels, from which every model's size is made."""
    backbone: str = ModelConfig.backbone
    """A vision transformer of timm, or a small one of ours."""
    size: int = ModelConfig.size
    """Side of what the models see, pixels."""
    weights: str = "hub"
    """First weights of the backbone: `hub` fetches what was learnt from photographs, `none` begins
    with random ones and trains all of them, or a file."""
    epochs: int = FINETUNE.epochs
    """Times that as many frames are drawn as the training subjects of a fold have; every arm
    takes as many steps. 1 or more."""
    first_epochs: int = PRETRAIN.epochs
    """Of what is learnt before the real frames, in steps of its own. 1 or more."""
    batch: int = FINETUNE.batch
    """Frames a step."""
    learning_rate: float = FINETUNE.learning_rate
    """Of the heads, by AdamW, after the warm-up."""
    au_weight: float = FINETUNE.au_weight
    """Weight of the error of the action units, beside that of PSPI."""
    sampling: Literal["none", "flat", "double"] = FINETUNE.sampling
    """Draw every frame alike, every PSPI level alike, or frames in pain twice as often."""
    device: Literal["auto", "cpu", "cuda"] = "auto"
    """Where to train; auto takes a GPU where there is one."""
    precision: Literal["auto", "float32", "bf16"] = "auto"
    """Numbers of the forward pass: auto is bf16 on a GPU, float32 on a CPU."""
    compiled: Literal["auto", "yes", "no"] = "auto"
    """Compile models: auto does on a GPU."""
    threads: int = 1
    """Threads of a CPU that a cell takes, 1 or more; they decide last bits."""

    def __post_init__(self) -> None:
        """Refuse what is no study, naming option, rule and value."""
        for name in ("models", "fractions", "shares", "only"):
            listed = getattr(self, name)
            twice = next((one for one in listed if listed.count(one) > 1), None)
            if twice is not None:
                raise ValueError(f"{name} must name each once, got {twice} twice")
        if not self.models:
            raise ValueError("models must be one or more, got none")
        for name in ("seeds", "first_epochs"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} must be at least 1, got {getattr(self, name)}")
        for one in self.fractions:
            if not (math.isfinite(one) and 0.0 < one <= WHOLE):
                raise ValueError(f"fractions must be above 0 and at most 1, got {one}")
        if WHOLE not in self.fractions:
            # Arms without real frames know no other, and all are held against each other.
            got = ", ".join(f"{one:g}" for one in self.fractions) or "none"
            raise ValueError(f"fractions must have 1 among them, got {got}")
        for one in self.shares:
            if not (math.isfinite(one) and 0.0 < one < 1.0):
                raise ValueError(f"shares must be above 0 and below 1, got {one}")
        if not 32 <= self.side <= 4096:
            raise ValueError(f"side must be from 32 to 4096, got {self.side}")
        # What is left is held to the rules of those who read it.
        self.training(0)

    def training(
        self,
        seed: int,
        epoch_frames: int | None = None,
        classical: bool = False,
        first: bool = False,
    ) -> TrainConfig:
        """How a cell of a seed trains, in epochs of so many frames: what comes `first`, or the
        rest; `classical`: varied as photographs usually are, else not at all.
        """
        return TrainConfig(
            epochs=self.first_epochs if first else self.epochs,
            epoch_frames=epoch_frames,
            batch=self.batch,
            learning_rate=self.learning_rate,
            # By what all arms begin with: what follows another fit is to differ in its start alone.
            backbone_share=RANDOM if self.weights == "none" else TRAINED,
            au_weight=self.au_weight,
            sampling=self.sampling,
            augment="real" if classical else "none",
            seed=seed,
            device=self.device,
            precision=self.precision,
            compiled=self.compiled,
            threads=self.threads,
        )


STUDY = StudyConfig()
"""As in the papers: a large backbone that has seen photographs, three seeds."""
SMALL = StudyConfig(
    models=("reference",),
    only=(1, 2),
    seeds=1,
    side=64,
    backbone="vit_mini_patch16_dinov3",
    size=64,
    weights="none",
    epochs=24,
    first_epochs=24,
    batch=32,
    learning_rate=1e-3,
)
"""What a CPU trains in minutes, from random weights."""
