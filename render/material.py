"""What the surface is made of, as an atlas, and its pyramids on the device.

Two pyramids of four bytes a texel: `albedo` (sRGB red, green, blue, alpha) and `detail` (tangent
normal x and y, roughness, scatter). Level 0 has the atlas' own resolution; row 0 is v = 1. All
levels stand one after the other in one buffer. Albedo is averaged in linear light and by alpha, so
that what a card lets through does not stain its edges.
"""

from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from typing import no_type_check

import cv2
import numpy as np
import warp as wp
from jaxtyping import Float32, UInt8

from render.device import Device, put, start

MASK_SIZE = 1024
"""Side of the class mask."""


def decode_table() -> Float32[np.ndarray, " 256"]:
    """Give the linear light of every sRGB byte, IEC 61966-2-1."""
    code = np.arange(256) / 255
    return np.where(code <= 0.04045, code / 12.92, ((code + 0.055) / 1.055) ** 2.4).astype("f4")


@cache
def encode_table() -> np.ndarray:
    """Give the sRGB byte at 4096 steps of linear light."""
    middle = (decode_table()[1:] + decode_table()[:-1]) / 2
    return np.searchsorted(middle, np.arange(4096) / 4095).astype(np.uint8)


@dataclass(frozen=True, eq=False)
class Material:
    """Pyramids of one person's atlas on a device; see `material` for what they are made from."""

    albedo: wp.array
    detail: wp.array
    classes: wp.array
    decode: wp.array
    size: int
    levels: int
    device: str


@no_type_check
@wp.kernel(enable_backward=False)
def halve(
    texels: wp.array[wp.vec4ub],
    above: int,
    here: int,
    size: int,
    decode: wp.array[wp.float32],
    encode: wp.array[wp.uint8],
):
    """Average four texels of the level that begins at `above` into one of that at `here`."""
    row, column = wp.tid()
    light = wp.vec3(0.0, 0.0, 0.0)
    weight = wp.float32(0.0)
    alpha = wp.float32(0.0)
    for i in range(2):
        for j in range(2):
            texel = texels[above + (row * 2 + i) * size * 2 + column * 2 + j]
            share = wp.float32(texel[3])
            alpha += share
            share += 0.01  # keeps the colour where nothing is opaque
            weight += share
            light += share * wp.vec3(
                decode[wp.int32(texel[0])],
                decode[wp.int32(texel[1])],
                decode[wp.int32(texel[2])],
            )
    light = light * (4095.0 / weight)
    texels[here + row * size + column] = wp.vec4ub(
        encode[wp.int32(light[0] + 0.5)],
        encode[wp.int32(light[1] + 0.5)],
        encode[wp.int32(light[2] + 0.5)],
        wp.uint8(wp.int32(alpha * 0.25 + 0.5)),
    )


def _levels(size: int) -> list[tuple[int, int]]:
    """Give the side and the first texel of every level."""
    sides = [size >> level for level in range(size.bit_length())]
    return [(side, sum(s * s for s in sides[:level])) for level, side in enumerate(sides)]


def _albedo(albedo: np.ndarray, decode: wp.array, device: str) -> wp.array:
    """Build the pyramid of albedo."""
    levels = _levels(len(albedo))
    packed = np.empty((levels[-1][1] + 1, 4), np.uint8)
    packed[: albedo.size // 4] = albedo.reshape(-1, 4)
    texels = put(packed, wp.vec4ub, device)
    encode = put(encode_table(), wp.uint8, device)
    for (_, above), (side, here) in pairwise(levels):
        inputs = [texels, above, here, side, decode, encode]
        wp.launch(halve, dim=(side, side), inputs=inputs, device=device)
    return texels


def _detail(normal: np.ndarray, roughness: np.ndarray, scatter: np.ndarray) -> np.ndarray:
    """Build the pyramid of normal, roughness and scatter."""
    levels = _levels(len(normal))
    packed = np.empty((levels[-1][1] + 1, 4), np.uint8)
    level = packed[: normal.size // 3].reshape(*normal.shape[:2], 4)
    cv2.mixChannels([normal, roughness, scatter], [level], [0, 0, 1, 1, 3, 2, 4, 3])
    for side, here in levels[1:]:
        level = cv2.resize(level, (side, side), interpolation=cv2.INTER_AREA)
        packed[here : here + side * side] = level.reshape(-1, 4)
    return packed


def _check(what: str, values: np.ndarray, shape: tuple[int, ...]) -> None:
    """Raise where an atlas has another size than the albedo."""
    if values.shape != shape:
        raise ValueError(f"{what} must be {shape}, got {values.shape}")


def material(
    albedo: UInt8[np.ndarray, "rows columns 4"],
    normal: UInt8[np.ndarray, "_ _ 3"],
    roughness: UInt8[np.ndarray, "_ _"],
    scatter: UInt8[np.ndarray, "_ _"],
    classes: UInt8[np.ndarray, "_ _"],
    device: Device = "cpu",
) -> Material:
    """Build the pyramids of an atlas.

    `albedo` is sRGB and alpha, square, its side a power of two; `normal` is round(127.5·(n+1)) in
    tangent space, x along u, y along v; `roughness` 0 (mirror) to 255; `scatter` 0 (hard surface)
    to 255 (skin); `classes` holds the class of every texel of the mask.
    """
    size = len(albedo)
    if size & (size - 1) or albedo.shape[1] != size:
        raise ValueError(f"albedo must be square with a side of 2^n, got {albedo.shape[:2]}")
    _check("normal", normal, (size, size, 3))
    _check("roughness", roughness, (size, size))
    _check("scatter", scatter, (size, size))
    _check("classes", classes, (MASK_SIZE, MASK_SIZE))
    name = start(device)
    decode = put(decode_table(), wp.float32, name)
    return Material(
        albedo=_albedo(albedo, decode, name),
        detail=put(_detail(normal, roughness, scatter), wp.vec4ub, name),
        classes=put(classes.reshape(-1), wp.uint8, name),
        decode=decode,
        size=size,
        levels=size.bit_length(),
        device=name,
    )
