"""What is asked of `explain`, and the rules of it."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Asked:
    """How a run is explained."""

    frames: int = 600
    """Most frames that are looked at, 2 or more."""
    seed: int = 0
    """Of the choice of frames, orders of patches, folds of probes, t-SNE and intervals."""
    device: Literal["auto", "cpu", "cuda"] = "auto"
    """Where to work; auto takes a GPU where there is one."""
    workers: int = 1
    """Processes that read pictures; 0 reads in the one that works."""

    def __post_init__(self) -> None:
        """Refuse what explains nothing."""
        if self.frames < 2:
            raise ValueError(f"frames must be at least 2, got {self.frames}")
        if not 0 <= self.seed < 2**64:
            raise ValueError(f"seed must be from 0 to 2**64 - 1, got {self.seed}")
        if self.workers < 0:
            raise ValueError(f"workers must be at least 0, got {self.workers}")
