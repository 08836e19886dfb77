"""How diffusion runs: what a user may choose. Needs no torch."""

from dataclasses import dataclass
from typing import Literal

MOST_STEPS = 200
"""The scheduler's steps have one whole length; with more of them the first lies so far down that
what it expects is no longer noise alone (from 831 of 1,000 on it is, to 99.5 % of its spread)."""


@dataclass(frozen=True)
class Settings:
    """Steps of a picture, numbers, device, and whether networks wait outside of the GPU."""

    steps: int = 50
    """Denoising steps of a picture, 1 to 200."""
    dtype: Literal["auto", "float32", "float16", "bfloat16"] = "auto"
    """Numbers that networks compute in; auto is float16 on cuda and float32 on a cpu."""
    device: Literal["cpu", "cuda"] = "cpu"
    """Where networks run."""
    offload: bool = False
    """Keep only the networks that paint now on the GPU: slower, less memory."""

    def __post_init__(self) -> None:
        """Check what no device has to be asked for."""
        if not 1 <= self.steps <= MOST_STEPS:
            raise ValueError(f"steps must be between 1 and {MOST_STEPS}, got {self.steps}")
        if self.device == "cpu" and self.dtype == "float16":
            # Convolutions of half numbers took a hundred times as long as of float32 (tried).
            raise ValueError("dtype must be auto, float32 or bfloat16 on a cpu, got float16")
        if self.device == "cpu" and self.offload:
            raise ValueError("offload must be left out on a cpu, whose memory is the only one")
