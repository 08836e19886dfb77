"""What is drawn for a step of training: which faces, what they shall become, mirrored or not.

All of it is that of (seed, network, step), so a run that was killed goes on with the same draws.
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from jaxtyping import Bool, Float32, Int64

from assets.streams import stream

JITTER = 0.1
"""Targets are another face's AUs, each moved by up to this: GANimation, released code."""


@dataclass(frozen=True)
class Draw:
    """One step's draws for a batch."""

    faces: Int64[np.ndarray, " batch"]
    """Places in the network's own list of faces."""
    wanted: Int64[np.ndarray, " batch"]
    """Faces whose AUs are the targets."""
    moved: Float32[np.ndarray, "batch aus"]
    """Added to the targets."""
    mirrored: Bool[np.ndarray, " batch"]
    mix: Float32[np.ndarray, " batch"]
    """Where between real and painted the critic's gradient is held, 0-1."""


@lru_cache(maxsize=2)
def _order(seed: int, network: str, epoch: int, count: int) -> Int64[np.ndarray, " count"]:
    """The order of an epoch, drawn once: it takes milliseconds where there are many faces."""
    order = stream(seed, -1, f"gan order {network}", epoch).permutation(count)
    order.setflags(write=False)
    return order


@dataclass(frozen=True)
class Draws:
    """Draws of a network over `count` faces; every epoch sees each face once, in a new order."""

    seed: int
    network: str
    count: int
    batch: int
    aus: int

    @property
    def steps(self) -> int:
        """Steps an epoch: what does not fill a batch is left for another order."""
        return max(1, self.count // self.batch)

    def step(self, step: int) -> Draw:
        """The draws of a step, counted from 0 over all epochs."""
        epoch, at = divmod(step, self.steps)
        order = _order(self.seed, self.network, epoch, self.count)
        rng = stream(self.seed, -1, f"gan step {self.network}", step)
        faces = order[at * self.batch : (at + 1) * self.batch].astype(np.int64)
        batch = len(faces)
        return Draw(
            faces,
            rng.integers(self.count, size=batch),
            rng.uniform(-JITTER, JITTER, (batch, self.aus)).astype(np.float32),
            rng.random(batch) < 0.5,
            rng.random(batch).astype(np.float32),
        )
