"""What is left of a portrait's light where the two sides of a face differ over a wide area.

Shadows and lamps that are near are no spherical harmonic of order 2. The pigments of a face are the
same left and right over centimetres, so what differs there is light: each side bears half of it.
"""

import cv2
import numpy as np
from jaxtyping import Float32

from assets import push_pull
from generator.portrait.combine import mirrored
from generator.portrait.fill import LEAST

WIDE = 13
"""Blocks (20 mm of a face) over which sides are compared: spots, moles and scars stay."""


def uneven(
    light: Float32[np.ndarray, "down across 3"], share: Float32[np.ndarray, "down across"]
) -> Float32[np.ndarray, "down across 3"]:
    """How much brighter (a factor) a side is than the middle of both, where both were seen.

    `light` is without the shade that is known; `share` says how far it stands (0-1). What one side
    alone shows has the factor of what is next to it.
    """
    both = np.minimum(share, mirrored(share))
    if not (both > 0.5).any():
        return np.ones_like(light)
    bright = np.log(np.maximum(light, LEAST)) * both[..., None]
    total = np.maximum(_wide(both), 1e-6)[..., None]
    mean = _wide(bright) / total
    apart = (mean - mirrored(mean)) / 2
    return np.exp(push_pull.fill(apart, (both > 0.5).astype(np.float32)))


def _wide(field: np.ndarray) -> np.ndarray:
    """Averaged twice over `WIDE` blocks, so that no edge of the window shows."""
    for _ in range(2):
        field = cv2.blur(field, (WIDE, WIDE), borderType=cv2.BORDER_CONSTANT)
    return field
