"""Pictures of the pack for the charts of cards: the part that is used, in a person's own colour."""

from pathlib import Path

import cv2
import numpy as np
from jaxtyping import Float32, UInt8

from generator.looks import Colour
from generator.makehuman.piece import Piece

LARGEST = 4096
"""Side of a picture, pixels; those of the pack have 2048."""


def read_picture(path: Path) -> UInt8[np.ndarray, "height width 4"]:
    """RGBA of a PNG file, its size looked at first. Raises ValueError that names the file."""
    data = path.read_bytes()
    if data[:8] != b"\x89PNG\r\n\x1a\n" or data[12:16] != b"IHDR":
        raise ValueError(f"{path} must be a PNG picture, got another file")
    width, height = (int.from_bytes(data[at : at + 4], "big") for at in (16, 20))
    if not (0 < width <= LARGEST and 0 < height <= LARGEST):
        raise ValueError(f"{path} must have sides up to {LARGEST}, got {width} x {height}")
    picture = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    if picture is None or picture.dtype != np.uint8 or picture.ndim != 3 or picture.shape[2] != 4:
        raise ValueError(f"{path} must be an RGBA picture of 8 bits that can be read")
    return cv2.cvtColor(picture, cv2.COLOR_BGRA2RGBA)


def shade(piece: Piece, shape: tuple[int, int]) -> Float32[np.ndarray, "height width 2"]:
    """How light a piece is against its own mean, and its alpha (0-1), in a chart of `shape`.

    Texels without alpha continue the shade of those beside them as far as averages reach.
    """
    picture = read_picture(piece.picture)
    height, width = picture.shape[:2]
    u0, v0, u1, v1 = piece.box
    rows = slice(int((1 - v1) * height), int(np.ceil((1 - v0) * height)))
    picture = picture[rows, int(u0 * width) : int(np.ceil(u1 * width))]
    alpha = picture[..., 3].astype(np.float32) / 255
    light = cv2.cvtColor(picture[..., :3], cv2.COLOR_RGB2GRAY).astype(np.float32)
    both = cv2.resize(
        cv2.merge([light * alpha, alpha]), (shape[1], shape[0]), interpolation=cv2.INTER_AREA
    )
    weight, cover = both[..., 0], both[..., 1]
    mean = float(weight.sum() / max(float(cover.sum()), 1e-6))
    relative = np.where(cover > 0.02, weight / np.maximum(cover, 0.02), mean) / max(mean, 1.0)
    return cv2.merge([relative.astype(np.float32), cover])


def inside(shape: tuple[int, int], rim: float) -> tuple[int, int]:
    """Height and width of a chart without a share `rim` on each side."""
    height, width = (max(1, side - 2 * round(rim * side)) for side in shape)
    return height, width


def framed(
    shades: Float32[np.ndarray, "height width 2"], shape: tuple[int, int]
) -> Float32[np.ndarray, "whole_height whole_width 2"]:
    """Lay shades in the middle of a chart of `shape`; round them lies nothing."""
    top, left = ((whole - part) // 2 for whole, part in zip(shape, shades.shape, strict=False))
    below, right = shape[0] - top - shades.shape[0], shape[1] - left - shades.shape[1]
    light = cv2.copyMakeBorder(shades[..., 0], top, below, left, right, cv2.BORDER_REPLICATE)
    cover = cv2.copyMakeBorder(shades[..., 1], top, below, left, right, cv2.BORDER_CONSTANT)
    return cv2.merge([light, cover])


def tinted(
    shades: Float32[np.ndarray, "height width 2"], colour: Colour, contrast: float, cover: float
) -> UInt8[np.ndarray, "height width 4"]:
    """RGBA of a chart: the shade, to a power that gives it `contrast`, times a colour (sRGB).

    `contrast` is the standard deviation of the shade's logarithm, at most the picture's own:
    highlights are painted into some pictures, and light comes from the scene. A share `cover` of
    the alpha is kept.
    """
    log = np.log(np.clip(shades[..., :1], 0.15, 2.6))
    weight = shades[..., 1:].astype(np.float64)
    whole = max(float(weight.sum()), 1e-6)
    middle = float((weight * log).sum()) / whole
    own = float(np.sqrt((weight * (log - middle) ** 2).sum() / whole))
    light = np.exp(log * np.float32(min(1.0, contrast / max(own, 1e-6))))
    colours = np.clip(np.rint(light * np.array(colour, np.float32)), 0, 255)
    alpha = np.clip(np.rint(shades[..., 1:] * np.float32(255 * cover)), 0, 255)
    return np.concatenate([colours, alpha], axis=2).astype(np.uint8)
