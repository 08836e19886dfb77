"""Fields of chance that every skin is dappled with: made once a process, shifted for each person.

All are on the head chart of the atlas at the size asked for, with mean 0 and standard deviation 1
unless said.
"""

from functools import cache

import cv2
import numpy as np
from jaxtyping import Float32, UInt8

from assets import skin
from assets.streams import stream

TEXEL_MM = 0.37
"""Millimetres on the face of a texel of the atlas at `skin.FIT_SIZE`."""


@cache
def region(name: str, size: int = skin.FIT_SIZE) -> Float32[np.ndarray, "height width"]:
    """A soft mask of the skin model on the head chart, 0 to 1, at `size`."""
    stored = skin.load().regions[name][skin.head_box(skin.FIT_SIZE)]
    values = stored.astype(np.float32) / np.float32(255)
    rows, columns = skin.head_box(size)
    shape = (columns.stop - columns.start, rows.stop - rows.start)
    how = cv2.INTER_AREA if size < skin.FIT_SIZE else cv2.INTER_LINEAR
    return cv2.resize(values, shape, interpolation=how)


def _white(height: int, width: int, name: str) -> Float32[np.ndarray, "height width"]:
    return stream(0, -1, f"skin noise {name}").standard_normal((height, width), np.float32)


def _blur(noise: np.ndarray, width: int, height: int) -> np.ndarray:
    """Box average that goes round sideways, so that a field can be rolled without a seam."""
    side = min(max(width, 1), noise.shape[1])
    wide = cv2.copyMakeBorder(noise, 0, 0, side, side, cv2.BORDER_WRAP)
    return cv2.blur(wide, (width, height), borderType=cv2.BORDER_REFLECT)[:, side:-side]


def _band(noise: np.ndarray, fine: int, coarse: int) -> np.ndarray:
    """What lies between two box widths, with unit deviation."""
    low = _blur(_blur(noise, fine, fine), fine, fine)
    band = low - _blur(_blur(noise, coarse, coarse), coarse, coarse)
    return band / np.float32(band.std())


def _grown(small: np.ndarray, step: int, shape: tuple[int, int]) -> np.ndarray:
    """Each value spread smoothly over `step` texels, cut to `shape`; goes round sideways."""
    edge = 4
    wide = cv2.copyMakeBorder(small, 0, 0, edge, edge, cv2.BORDER_WRAP)
    size = (wide.shape[1] * step, wide.shape[0] * step)
    large = cv2.resize(wide, size, interpolation=cv2.INTER_CUBIC)
    return np.ascontiguousarray(large[: shape[0], edge * step : edge * step + shape[1]])


@cache
def mottle(width_texels: int) -> Float32[np.ndarray, "height width"]:
    """Blotches of about `width_texels` (4 times a power of two) of a 1024 atlas, at that size."""
    rows, columns = skin.head_box(skin.FIT_SIZE)
    height, width = rows.stop - rows.start, columns.stop - columns.start
    step = width_texels // 4
    small = _white(-(-height // step), width // step, f"mottle {width_texels}")
    large = _grown(_band(small, 5, 17), step, (height, width))
    return large / np.float32(large.std())


@cache
def grain() -> Float32[np.ndarray, "height width"]:
    """What hair ends and single cells look like: nearly white noise."""
    rows, columns = skin.head_box(skin.FIT_SIZE)
    noise = _white(rows.stop - rows.start, columns.stop - columns.start, "grain")
    soft = 0.6 * noise + 1.6 * _blur(noise, 2, 2)
    return soft / np.float32(soft.std())


@cache
def pore_height(size: int) -> Float32[np.ndarray, "height width"]:
    """Pits of pores, the mesh of lines between them, lines across the lips; unit about 0.04 mm."""
    rows, columns = skin.head_box(2048)
    noise = _white(rows.stop - rows.start, columns.stop - columns.start, "pores")
    pits = np.minimum(_band(noise, 3, 7) + 0.8, 0.0)
    mesh = _white(rows.stop - rows.start, columns.stop - columns.start, "mesh")
    along = _blur(mesh, 11, 1) - _blur(mesh, 11, 9)
    across = _blur(mesh, 2, 9) - _blur(mesh, 11, 9)
    coarse = _band(mesh, 5, 13)
    lips = region("lips", 2048)
    open_pores = 0.75 + 0.9 * np.maximum(region("flush", 2048), 0.6 * region("tzone", 2048))
    open_pores -= 0.6 * region("lid", 2048)
    skin_height = open_pores * pits + 1.2 * along + 0.8 * across + 0.62 * coarse
    furrows = 1.5 * _band(_blur(mesh, 2, 21), 3, 13)
    height = skin_height + lips * (furrows - skin_height)
    rows, columns = skin.head_box(size)
    shape = (columns.stop - columns.start, rows.stop - rows.start)
    return cv2.resize(height, shape, interpolation=cv2.INTER_AREA)


@cache
def pore_slope(size: int) -> UInt8[np.ndarray, "height width 2"]:
    """Tangent normal x and y of `pore_height` at a depth of 1, times 127.5, about 128."""
    texel_mm = TEXEL_MM * skin.FIT_SIZE / size
    across, down = slopes(pore_height(size) * np.float32(0.04), texel_mm)
    normal = 127.5 * cv2.merge([-across, down]) + 128
    return np.clip(normal, 0, 255).astype(np.uint8)


def slopes(
    height_mm: Float32[np.ndarray, "height width"], texel_mm: float
) -> tuple[Float32[np.ndarray, "height width"], Float32[np.ndarray, "height width"]]:
    """Rise per millimetre to the right and downward, by central differences."""
    scale = 0.5 / texel_mm
    across = cv2.Sobel(height_mm, cv2.CV_32F, 1, 0, ksize=1, scale=scale)
    down = cv2.Sobel(height_mm, cv2.CV_32F, 0, 1, ksize=1, scale=scale)
    return across, down
