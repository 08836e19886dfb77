"""What decides the weights of a reader."""

import math
from dataclasses import dataclass

from vitpain.data.augment import Augment

SIZES = (32, 256)
HALVINGS = 16
"""A side is a multiple of this: the network halves it four times."""
MILD = Augment(
    flip=0.5,
    rotation_deg=5.0,
    translate=0.02,
    scale=0.03,
    place_error=0.015,
    side_error=0.02,
    brightness=0.3,
    contrast=0.3,
    saturation=0.3,
    hue=0.03,
    blur=0.5,
)
"""Labels are the larger side, so mirroring changes none. Faces that are judged are aligned: they
move less than a detector's crops, but may be softer than a rendering and lit otherwise."""


@dataclass(frozen=True)
class ReaderConfig:
    """How a reader is trained; all of it decides the weights."""

    size: int = 64
    """Side of the pictures it looks at, pixels, a multiple of 16; larger ones are shrunk to it."""
    epochs: int = 20
    """Times that every frame of split `train` is seen, 1 or more."""
    batch: int = 48
    """Frames a step, 1 or more."""
    learning_rate: float = 2e-3
    """Of AdamW after the first twentieth of the steps; it falls along a cosine to nothing."""
    weight_decay: float = 0.05
    """Of AdamW."""
    seed: int = 0
    """Of first weights, order and augmentation."""

    def __post_init__(self) -> None:
        """Refuse what cannot be trained, naming option, rule and value."""
        low, high = SIZES
        if not low <= self.size <= high or self.size % HALVINGS:
            rule = f"a multiple of {HALVINGS} from {low} to {high}"
            raise ValueError(f"size must be {rule}, got {self.size}")
        for name in ("epochs", "batch"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} must be at least 1, got {getattr(self, name)}")
        if not (self.learning_rate > 0.0 and math.isfinite(self.learning_rate)):
            raise ValueError(f"learning_rate must be above 0, got {self.learning_rate}")
        if not (self.weight_decay >= 0.0 and math.isfinite(self.weight_decay)):
            raise ValueError(f"weight_decay must be at least 0, got {self.weight_decay}")
        if not 0 <= self.seed < 2**63:
            raise ValueError(f"seed must be from 0 to 2**63 - 1, got {self.seed}")
