"""The MakeHuman base mesh on the mean adult head: what assets of its community are bound to."""

from functools import cache

import numpy as np
from jaxtyping import Bool, Float64, Int64

from assets import manifest

NAME = "base_mesh.npz"
STEP = 2e-5
"""Metres a step of the numbers in the file."""
UNKNOWN = -32768
"""Stands for vertices too far from the head to be stored."""
VERTICES = 19158
"""Vertices of the base mesh `hm08`, helper parts among them."""


@cache
def _steps() -> np.ndarray:
    with np.load(manifest.verified(NAME), allow_pickle=False) as arrays:
        return np.asarray(arrays["steps"])


def near(numbers: Int64[np.ndarray, "*shape"]) -> Bool[np.ndarray, "*shape"]:
    """Whether vertices of the base mesh lie within 65 cm of the eyes, where places are known."""
    return _steps()[numbers, 0] != UNKNOWN


def places(numbers: Int64[np.ndarray, "*shape"]) -> Float64[np.ndarray, "*shape 3"]:
    """Positions on the mean adult head before eyes and lips are fitted, metres, axes of the head.

    Raises ValueError for vertices whose places are not known.
    """
    if not near(numbers).all():
        far = int(numbers[~near(numbers)].flat[0])
        raise ValueError(f"vertices of the base mesh must be near the head, got {far}")
    return _steps()[numbers].astype(np.float64) * STEP
