"""How much a picture differs from the neutral, and where: change of lightness on the head.

Change is |ΔL*| pixel by pixel, L* being the lightness of CIE 1976 (0 black, 100 white) of the
sRGB bytes. Camera, head, light and noise of the sensor are the same in both, so that nothing but
the expression is measured, and no alignment is needed. What counts is the head: pixels that show
it in either picture, hair and neck with it, clothes and background not.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from jaxtyping import Bool, Float32, UInt8

from assets import atlas
from assets.au_regions import Region
from assets.classes import CLASSES
from render.frame import Frame

NOT_HEAD = (CLASSES["background"], CLASSES["clothes"])


def lightness(image: UInt8[np.ndarray, "height width 3"]) -> Float32[np.ndarray, "height width"]:
    """L* of sRGB bytes, 0-100."""
    code = np.arange(256) / 255
    linear = np.where(code <= 0.04045, code / 12.92, ((code + 0.055) / 1.055) ** 2.4)
    linear = linear.astype(np.float32)
    red, green, blue = (linear[image[..., channel]] for channel in range(3))
    light = 0.2126 * red + 0.7152 * green + 0.0722 * blue
    # CIE 15:2018, eq. 8.6: straight below (6/29)^3.
    root = np.where(light > (6 / 29) ** 3, np.cbrt(light), light * (29 / 6) ** 2 / 3 + 4 / 29)
    return (116 * root - 16).astype(np.float32)


@dataclass(frozen=True, eq=False)
class Seen:
    """What is measured of a picture: lightness, which pixels show the head, and which texel each.

    `texel` holds atlas coordinates 0-1, v upward, of the nearest pixel that shows skin: an
    eyeball, a brow's hair or an open mouth belongs to the skin beside it.
    """

    lightness: Float32[np.ndarray, "height width"]
    head: Bool[np.ndarray, "height width"]
    texel: Float32[np.ndarray, "height width 2"]


def seen(frame: Frame) -> Seen:
    """Read off a frame what is measured. Raises ValueError where it shows no skin."""
    return Seen(
        lightness(frame.image), ~np.isin(frame.classes, NOT_HEAD), texels(frame.uv, frame.classes)
    )


def texels(
    uv: Float32[np.ndarray, "height width 2"], classes: UInt8[np.ndarray, "height width"]
) -> Float32[np.ndarray, "height width 2"]:
    """Atlas coordinates of the skin that is nearest to each pixel, its own where it shows skin.

    Raises ValueError where no pixel shows skin.
    """
    u0, v0, u1, v1 = atlas.RECTS["head"]
    skin = (uv[..., 0] > u0) & (uv[..., 0] < u1) & (uv[..., 1] > v0) & (uv[..., 1] < v1)
    skin &= classes != CLASSES["background"]
    if not skin.any():
        raise ValueError("uv must show skin, got a picture without any")
    _, label = cv2.distanceTransformWithLabels(
        (~skin).astype(np.uint8), cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL
    )
    own = np.zeros((int(label.max()) + 1, 2), np.float32)
    own[label[skin]] = uv[skin]
    return own[label]


def showing(
    texel: Float32[np.ndarray, "height width 2"], on: Bool[np.ndarray, "size size"]
) -> Bool[np.ndarray, "height width"]:
    """Which pixels show texels of a mask on the atlas."""
    size = len(on)
    column = np.clip((texel[..., 0] * size).astype(int), 0, size - 1)
    row = np.clip(((1 - texel[..., 1]) * size).astype(int), 0, size - 1)
    return on[row, column]


def region_change(neutral: Seen, other: Seen, inside: Bool[np.ndarray, "size size"]) -> float:
    """Mean |ΔL*| over the pixels that show a region in the neutral.

    The pixels are those of the neutral whatever moves, so that every step of an AU is measured on
    the same ones. Raises ValueError where the neutral shows nothing of the region.
    """
    place = showing(neutral.texel, inside) & neutral.head
    if not place.any():
        raise ValueError("neutral must show the region, got no pixel of it")
    return float(np.abs(other.lightness - neutral.lightness)[place].mean(dtype=np.float64))


def share_inside(neutral: Seen, other: Seen, region: Region) -> float | None:
    """Share of all change on the head that lies in region or rim, 0-1; None where nothing changed.

    A pixel lies there where it shows the region or its rim in either picture: skin that has moved
    changes both the place it left and the place it went to.
    """
    head = neutral.head | other.head
    change = np.abs(other.lightness - neutral.lightness) * head
    total = float(change.sum(dtype=np.float64))
    if total == 0.0:
        return None
    place = showing(neutral.texel, region.with_rim) | showing(other.texel, region.with_rim)
    return float(change[place].sum(dtype=np.float64)) / total
