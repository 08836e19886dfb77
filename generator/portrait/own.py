"""What no portrait may paint: eyes, lids, the lips' opening, brows, neck, and the scalp under hair.

Lids must be there when eyes close, lips must part without teeth on them, and brows and hair are
those that the person's cards grow from: a portrait's, painted where they happen to lie, would be
seen beside them. Of the neck a portrait shows a part, in the shadow of the chin. A beard's shadow
stays the portrait's; where a beard of ours grows, the skin under it is ours as well.
"""

from functools import cache

import cv2
import numpy as np
from jaxtyping import Float32, UInt8

from assets import atlas, head, skin
from assets.classes import CLASSES
from generator.texture import skin_noise

SOFT_MM = 3.0
"""Breadth of the edge over which what is ours gives way to the portrait."""
BROW_MM = 4.0
"""A portrait's brow can lie so far from ours."""
RIM_MM = 1.5
"""From the opening of lips and lids outward nothing of the portrait stays."""
HAIRLINE_MM = 3.0
"""So far below our hairline a portrait's hair may hang."""
NECK_MM = 12.0
"""Breadth of the edge over which the neck gives way to the face."""


@cache
def kept(size: int, bearded: bool) -> UInt8[np.ndarray, "rows columns"]:
    """255 where the portrait may stand, 0 where only the person's own paint does.

    Of the head's chart in an atlas of `size`; `bearded` where a beard of cards grows.
    """
    ours = [
        _grown(skin_noise.region("brow"), BROW_MM),
        _grown(skin_noise.region("scalp"), HAIRLINE_MM),
        # An ellipse of 21 x 13 mm half axes round each eye, and the edge of the slit in it.
        np.clip(skin_noise.region("lid") / 0.35 - 0.4, 0, 1),
        *(_grown(skin_noise.region(name), RIM_MM) for name in ("margin", "lash_line")),
        np.clip(1 - (_from_opening() - RIM_MM) / SOFT_MM, 0, 1),
    ]
    ours.append(_neck())
    if bearded:
        ours.append(np.clip(2 * skin_noise.region("beard"), 0, 1))
    rows, columns = skin.head_box(size)
    shape = (columns.stop - columns.start, rows.stop - rows.start)
    left = 1 - np.maximum.reduce(ours)
    how = cv2.INTER_AREA if size < skin.FIT_SIZE else cv2.INTER_LINEAR
    return cv2.convertScaleAbs(cv2.resize(left, shape, interpolation=how), alpha=255)


def _grown(
    region: Float32[np.ndarray, "rows columns"], by_mm: float
) -> Float32[np.ndarray, "rows columns"]:
    """A region that ends `by_mm` farther out, and softly from there."""
    away = cv2.distanceTransform((region < 0.25).astype(np.uint8), cv2.DIST_L2, 5)
    return np.clip(1 - (away * np.float32(skin_noise.TEXEL_MM) - by_mm) / SOFT_MM, 0, 1)


def _neck() -> Float32[np.ndarray, "rows columns"]:
    """The neck, softly from its border with the face on."""
    classes = head.load().topology.mask[skin.head_box(skin.FIT_SIZE)]
    neck = (classes == CLASSES["neck"]).astype(np.uint8)
    inside = cv2.distanceTransform(neck, cv2.DIST_L2, 5) * np.float32(skin_noise.TEXEL_MM)
    return np.clip(inside / NECK_MM, 0, 1)


def _from_opening() -> Float32[np.ndarray, "rows columns"]:
    """Distance (mm) from the hole in the chart between the inner edges of the lips."""
    topology = head.load().topology
    loop = [*topology.loops["upper_lip"], *topology.loops["lower_lip"][-2:0:-1]]
    low = atlas.RECTS["head"][1]
    place = {
        int(vertex): topology.uv[corner]
        for vertex, corner in zip(topology.quads.flat, topology.uv_quads.flat, strict=True)
        if topology.uv[corner, 1] > low
    }
    outline = np.array([place[int(vertex)] for vertex in loop], np.float64) * [1, -1] + [0, 1]
    rows, columns = skin.head_box(skin.FIT_SIZE)
    texels = outline * skin.FIT_SIZE - [columns.start + 0.5, rows.start + 0.5]
    closed = np.ones((rows.stop - rows.start, columns.stop - columns.start), np.uint8)
    cv2.fillPoly(closed, [np.rint(texels).astype(np.int32)], 0)
    return cv2.distanceTransform(closed, cv2.DIST_L2, 5) * np.float32(skin_noise.TEXEL_MM)
