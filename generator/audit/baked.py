"""Light baked into a skin: how left and right differ, and how much of it is light from a side.

A face is nearly its own mirror image, so what differs at large between its halves is its own, or a
lamp's that was painted with it. What a lamp does goes with the normals, and what is one's own does
not.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from jaxtyping import Float32, UInt8

from assets.skin import lab_from_linear
from generator.portrait.combine import mirrored
from generator.texture import skin_noise
from render.material import decode_table

SMOOTH = 9
"""Blocks (13 mm of a face) over which lightness is averaged: no spot is a shade."""


@dataclass(frozen=True)
class Balance:
    """How far the halves of a face are from each other in L*.

    `uneven` is the mean |left - right| of bare skin; `side_light` is that of the part which goes
    with how far the skin is turned to a side, as the shade of a lamp there does: a spherical
    harmonic of order 1.
    """

    uneven: float
    side_light: float


def balance(
    albedo: UInt8[np.ndarray, "rows columns 3"], normals: Float32[np.ndarray, "down across 3"]
) -> Balance:
    """Measure the head's chart; `normals` are those of the chart at `skin.SMOOTH_SIZE`."""
    across, down = normals.shape[1], normals.shape[0]
    light = decode_table()[albedo]
    low = cv2.resize(light, (across, down), interpolation=cv2.INTER_AREA)
    lightness = lab_from_linear(low)[..., 0].astype(np.float32)
    bare = (skin_noise.region("bare", across) > 0.99) & normals.any(axis=2)
    bare &= mirrored(bare.astype(np.float32)) == 1
    weight = bare.astype(np.float32)
    total = np.maximum(cv2.blur(weight, (SMOOTH, SMOOTH)), 1e-6)
    smooth = cv2.blur(lightness * weight, (SMOOTH, SMOOTH)) / total
    apart = (smooth - mirrored(smooth))[bare].astype(np.float64)
    turned = (normals[..., 0] - mirrored(normals[..., 0]))[bare].astype(np.float64)
    by_turn = (apart * turned).sum() / (turned * turned).sum() * turned
    return Balance(float(np.abs(apart).mean()), float(np.abs(by_turn).mean()))
