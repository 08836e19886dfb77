"""The skin's lightness is the one asked for: how long a portrait was exposed is nobody's tone."""

from functools import cache

import numpy as np
from jaxtyping import Float32, Int32

from assets import skin
from generator.texture import skin_noise
from render.panorama import LUMINANCE


@cache
def face(size: int) -> Int32[np.ndarray, " texels"]:
    """Flat indices of texels of the head's chart that show the face, as `skin_layers` has it.

    Every third one of every third row of an atlas of `skin.FIT_SIZE`; all in a small one.
    """
    shown = skin_noise.region("face", size) > 0.5
    step = max(1, 3 * size // skin.FIT_SIZE)
    some = np.zeros_like(shown)
    some[::step, ::step] = shown[::step, ::step]
    return np.flatnonzero(some).astype(np.int32)


def factor(light: Float32[np.ndarray, "texels 3"], lightness: float) -> float:
    """What brings the median L* of linear light to `lightness`; hue and chroma's share stay.

    Raises ValueError where the median is black.
    """
    median = float(np.median(np.einsum("tc,c->t", light, LUMINANCE)))
    if not median > 0:
        raise ValueError(f"the face's median light must be above 0, got {median}")
    wanted = ((lightness + 16) / 116) ** 3 if lightness > 8 else lightness * (3 / 29) ** 3
    return wanted / median
