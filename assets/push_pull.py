"""Smooth filling of holes in a picture: averages pulled up a pyramid, pushed down into the holes.

Gortler et al. 1996, section 3.2. It fills gutters of the atlas and what is painted over in donors.
"""

import cv2
import numpy as np
from jaxtyping import Float32


def fill(
    values: Float32[np.ndarray, "height width channels"],
    weight: Float32[np.ndarray, "height width"],
) -> Float32[np.ndarray, "height width channels"]:
    """Keep `values` where `weight` is 1 and replace them smoothly from around where it is 0.

    Weights between 0 and 1 blend the two. Raises `ValueError` if no weight is above 0.
    """
    if not (weight > 0).any():
        raise ValueError(f"weight must be above 0 somewhere, got a maximum of {weight.max()}")
    return _level(values * weight[..., None], weight, values)


def _level(premultiplied: np.ndarray, weight: np.ndarray, values: np.ndarray | None) -> np.ndarray:
    height, width = weight.shape
    mean = premultiplied / np.maximum(weight, 1e-6)[..., None]
    if min(height, width) <= 2:
        total = weight.sum()
        flat = premultiplied.sum((0, 1)) / max(float(total), 1e-6)
        return np.where(weight[..., None] > 1e-6, mean, flat).astype(np.float32)
    half = ((width + 1) // 2, (height + 1) // 2)
    coarse_weight = cv2.resize(weight, half, interpolation=cv2.INTER_AREA)
    coarse = cv2.resize(premultiplied, half, interpolation=cv2.INTER_AREA)
    coarse = coarse.reshape(half[1], half[0], -1)
    # A coarse texel that is known in part counts as known: holes close as fast as the pyramid.
    gain = np.minimum(1.0, 4.0 * coarse_weight) / np.maximum(coarse_weight, 1e-6)
    lower = _level(coarse * gain[..., None], coarse_weight * gain, None)
    pushed = cv2.resize(lower, (width, height), interpolation=cv2.INTER_LINEAR)
    pushed = pushed.reshape(height, width, -1)
    known = values if values is not None else mean
    share = np.clip(weight, 0, 1)[..., None]
    return (known * share + pushed * (1 - share)).astype(np.float32)
