"""Fields of chance that every skin is dappled with: made once a process, shifted for each person.

All are on the head chart of the atlas at the size asked for, with mean 0 and standard deviation 1
unless said. A texel of a 1024 atlas is 0.37 mm on the face.
"""

from functools import cache

import cv2
import numpy as np
from jaxtyping import Float32, Int8

from assets import skin
from assets.streams import stream


def _white(height: int, width: int, name: str) -> Float32[np.ndarray, "height width"]:
    return stream(0, -1, f"skin noise {name}").standard_normal((height, width), np.float32)


def _band(noise: np.ndarray, fine: int, coarse: int) -> np.ndarray:
    """What lies between two box widths, with unit deviation."""
    border = cv2.BORDER_REFLECT
    low = cv2.blur(cv2.blur(noise, (fine, fine), borderType=border), (fine, fine))
    band = low - cv2.blur(cv2.blur(noise, (coarse, coarse), borderType=border), (coarse, coarse))
    return band / np.float32(band.std())


@cache
def mottle(width_texels: int) -> Float32[np.ndarray, "height width"]:
    """Blotches of about `width_texels` of a 1024 atlas, at that size."""
    rows, columns = skin.head_box(skin.FIT_SIZE)
    height, width = rows.stop - rows.start, columns.stop - columns.start
    step = max(1, width_texels // 4)
    small = _white(-(-height // step), -(-width // step), f"mottle {width_texels}")
    size = max(1, width_texels // step)
    small = _band(small, size | 1, 4 * size | 1)
    large = cv2.resize(small, (width, height), interpolation=cv2.INTER_CUBIC)
    return large / np.float32(large.std())


@cache
def grain() -> Float32[np.ndarray, "height width"]:
    """What hair ends and single cells look like: nearly white noise."""
    rows, columns = skin.head_box(skin.FIT_SIZE)
    noise = _white(rows.stop - rows.start, columns.stop - columns.start, "grain")
    soft = 0.6 * noise + 0.8 * cv2.blur(noise, (2, 2)) * 2
    return soft / np.float32(soft.std())


@cache
def pore_height(size: int) -> Float32[np.ndarray, "height width"]:
    """Pits of pores and the fine mesh of lines between them, in units of about 0.04 mm."""
    rows, columns = skin.head_box(2048)
    noise = _white(rows.stop - rows.start, columns.stop - columns.start, "pores")
    pits = np.minimum(_band(noise, 3, 7) + 1.0, 0.0)
    mesh = _white(rows.stop - rows.start, columns.stop - columns.start, "mesh")
    along = cv2.blur(mesh, (11, 1)) - cv2.blur(mesh, (11, 9))
    across = cv2.blur(mesh, (2, 9)) - cv2.blur(mesh, (11, 9))
    height = pits + 0.9 * along + 0.6 * across + 0.35 * _band(mesh, 5, 13)
    rows, columns = skin.head_box(size)
    shape = (columns.stop - columns.start, rows.stop - rows.start)
    return cv2.resize(height, shape, interpolation=cv2.INTER_AREA)


@cache
def pore_slope(size: int) -> Int8[np.ndarray, "height width 2"]:
    """Tangent normal x and y of `pore_height` at a depth of 1, times 127 and clipped."""
    texel_mm = 0.37 * skin.FIT_SIZE / size
    across, down = slopes(pore_height(size) * np.float32(0.04), texel_mm)
    normal = np.stack([-across, down], -1)
    return np.clip(np.rint(127 * normal), -127, 127).astype(np.int8)


def slopes(
    height_mm: Float32[np.ndarray, "height width"], texel_mm: float
) -> tuple[Float32[np.ndarray, "height width"], Float32[np.ndarray, "height width"]]:
    """Rise per millimetre to the right and downward, by central differences."""
    scale = 0.5 / texel_mm
    across = cv2.Sobel(height_mm, cv2.CV_32F, 1, 0, ksize=1, scale=scale)
    down = cv2.Sobel(height_mm, cv2.CV_32F, 0, 1, ksize=1, scale=scale)
    return across, down
