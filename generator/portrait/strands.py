"""Hair of a portrait that hangs where we have none, a brow beside ours, and shadows that are cast.

What is much darker than skin can be, where there is nothing but skin, is not taken from a portrait.
"""

from functools import cache

import cv2
import numpy as np
import warp as wp
from jaxtyping import Bool, Float32

from assets import skin
from generator.portrait import delight
from generator.portrait.fill import Known
from generator.texture import skin_noise
from render.device import put
from render.panorama import LUMINANCE

DARK = 0.55
"""Luminance, of the face's median without shade, below which it is no skin. A block has 0.63 at
least in our own skins of every age and tone; dark hair has 0.05 to 0.4."""
SHADED, REACH = 0.85, 8.0
"""The same at the edge of what was seen, and how far (blocks of 1.5 mm of a face) from there it
comes down to `DARK`: skin beside hair that hides the rest lies in its shadow."""
AROUND = 2
"""Blocks (of 1.5 mm of a face) by which hair is taken to reach farther than it is that dark."""


@cache
def _bare() -> Bool[np.ndarray, "down across"]:
    """Where there is nothing but skin, and no beard."""
    bare = skin_noise.region("bare", skin.SMOOTH_SIZE) > 0.5
    return bare & (skin_noise.region("beard", skin.SMOOTH_SIZE) < 0.1)


def hide(base: Known, shade: Float32[np.ndarray, "down across 3"], lightness: float) -> None:
    """Let nothing of a portrait's hair stand; `lightness` is the L* of the person's skin."""
    even = base.seen / shade / delight.typical(lightness)
    bright = cv2.transform(even, LUMINANCE.astype(np.float32)[None])
    there = _bare() & (base.share > 0)
    if not there.any():
        return
    away = cv2.distanceTransform((base.share > 0.05).astype(np.uint8), cv2.DIST_L2, 5)
    least = DARK + (SHADED - DARK) * np.clip(1 - away / np.float32(REACH), 0, 1)
    dark = (bright < least * np.median(bright[there])) & there
    side = 2 * AROUND + 1
    clear = 1 - cv2.dilate(dark.astype(np.float32), np.ones((side, side), np.uint8))
    # All of a block must be clear for it to be taken as a whole, and those beside it shade into it.
    base.share[:] *= cv2.erode(cv2.blur(clear, (3, 3)), np.ones((3, 3), np.uint8))
    sure = base.layers.sure.numpy() * cv2.blur(clear, (3, 3))
    base.layers.sure = put(sure, wp.float32, base.device)
