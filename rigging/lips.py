"""Lips meet and part without crossing."""

import numpy as np
from jaxtyping import Float32

from assets.head import Head


def meet(
    head: Head, pushed: Float32[np.ndarray, "vertices 3"], parted: bool
) -> Float32[np.ndarray, "vertices 3"]:
    """Correct lips."""
    return pushed
