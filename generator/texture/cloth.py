"""Prints and seams of the cloth on the shoulders: the small pattern of a hospital gown, a hem.

The chart is laid out in `generator.clothes`: the hem along its top, the rest below.
"""

import cv2
import numpy as np
from jaxtyping import Float32, UInt8

from generator.clothes import CLOTH_HIGH, CLOTH_WIDE, HEM_STRIP

PLAIN = 0.3
"""Share of gowns without a print."""
REPEAT = (0.014, 0.028)
"""Metres after which a print repeats."""
Picture = UInt8[np.ndarray, "height width 3"]


def printed(cloth: Picture, rng: np.random.Generator) -> Picture:
    """Lay a print over a gown's cloth: diamonds, dots, checks or stripes, or none."""
    chance, kind, size, dark = rng.random(4).tolist()
    if chance < PLAIN:
        return cloth
    height, width = cloth.shape[:2]
    repeat = REPEAT[0] + size * (REPEAT[1] - REPEAT[0])
    row, column = np.mgrid[:height, :width].astype(np.float32)
    x = column * np.float32(CLOTH_WIDE / (0.96 * width * repeat))
    y = row * np.float32(CLOTH_HIGH / ((0.96 - HEM_STRIP) * height * repeat))
    ink = _ink(int(4 * kind), x, y, np.float32(2 * CLOTH_WIDE / (width * repeat)))
    ground = cv2.mean(cloth)[:3]
    # A shade of the ground, or white.
    print_colour = [(0.62 if dark < 0.65 else 1.25) * value for value in ground]
    colour = np.minimum(np.array(print_colour, np.float32), 236)
    mixed = cloth + (ink * np.float32(0.85))[..., None] * (colour - np.array(ground, np.float32))
    return np.clip(np.rint(mixed), 0, 255).astype(np.uint8)


def _ink(
    kind: int, x: Float32[np.ndarray, "h w"], y: Float32[np.ndarray, "h w"], texel: np.float32
) -> Float32[np.ndarray, "h w"]:
    """How much ink (0-1) each texel has; `x` and `y` in repeats of the print."""
    # Every other row is set off by half a repeat.
    row = np.floor(y)
    across = np.abs((x + 0.5 * (row % 2)) % 1.0 - 0.5)
    down = np.abs(y % 1.0 - 0.5)
    match kind:
        case 0:
            inside = 0.26 - across - down
        case 1:
            inside = 0.17 - np.sqrt(across * across + down * down)
        case 2:
            inside = 0.06 - np.minimum(np.abs(x % 1.0 - 0.5), down)
        case _:
            inside = 0.10 - np.abs(x % 1.0 - 0.5)
    return np.clip(inside / texel + 0.5, 0.0, 1.0)


def hemmed(cloth: Picture) -> Picture:
    """Paint the strip of the hem: the cloth's plain colour, ribbed along it, and a seam below."""
    out = cloth.copy()
    high = max(2, round(HEM_STRIP * len(cloth)))
    plain = np.array(cv2.mean(cloth)[:3], np.float32)
    keep = np.full((high, 1, 1), 0.94, np.float32)
    keep[-1] = 0.72
    ribs = 1 + 0.03 * (np.arange(cloth.shape[1]) % 2)[None, :, None]
    out[:high] = np.clip(np.rint(plain * keep * ribs), 0, 255)
    return out
