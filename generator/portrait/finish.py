"""From views of a portrait to a person's albedo: combined, delit, filled, and of the tone asked."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
from jaxtyping import Float32, Int32, UInt8

from assets import atlas, head, skin
from generator.portrait import delight, evened, fill, own, strands, tone
from generator.portrait.combine import Seen, combine


@dataclass(frozen=True, eq=False)
class Paint:
    """What a person brings along: our own sRGB of the head's chart, the L* asked for the face,
    and whether a beard of cards grows on it."""

    albedo: UInt8[np.ndarray, "rows columns 3"]
    lightness: float
    bearded: bool


@dataclass(frozen=True, eq=False)
class Finished:
    """A head's chart made from a portrait.

    `albedo` is sRGB; `confidence` says how much of each texel was seen, of 255. `light` is what
    lit the portrait, as `Light.sh`: the portrait is about albedo x irradiance / pi. `below` is
    what multiplies our own linear light of the chest for it to go on where the head's chart ends.
    """

    albedo: UInt8[np.ndarray, "rows columns 3"]
    confidence: UInt8[np.ndarray, "rows columns"]
    light: Float32[np.ndarray, "9 3"]
    below: Float32[np.ndarray, " 3"]


def finished(
    views: Sequence[Seen], paint: Paint, normals: Float32[np.ndarray, "down across 3"]
) -> Finished:
    """Make a person's albedo; `normals` are those of the chart at `skin.SMOOTH_SIZE`.

    Raises ValueError where the views, the texture or the normals are not of one chart, or where
    the face is not seen or black.
    """
    seen = combine(views)
    size = seen.weight.shape[1]
    base = fill.known(seen, paint.albedo, own.kept(size, paint.bearded))
    if normals.shape[:2] != base.share.shape:
        raise ValueError(f"normals must be {base.share.shape}, got {normals.shape[:2]}")
    light = delight.fitted(base.seen, base.share, normals, paint.lightness)
    shade = delight.shading(light, normals)
    strands.hide(base, shade, paint.lightness)
    shade = shade * evened.uneven(base.seen / shade, base.share)
    membrane = fill.fill(base, shade)
    factor = tone.factor(fill.texels(base, tone.face(size)), paint.lightness)
    albedo, confidence = fill.written(base, factor)
    rows, columns = _collar()
    below = membrane[rows, columns].mean(axis=0) * np.float32(factor)
    return Finished(albedo, confidence, light / np.float32(factor), below)


@cache
def _collar() -> tuple[Int32[np.ndarray, " places"], Int32[np.ndarray, " places"]]:
    """Blocks of the head's chart that lie at the chest's."""
    topology = head.load().topology
    corners, vertices = topology.uv_quads.ravel(), topology.quads.ravel()
    up = topology.uv[:, 1] > atlas.RECTS["head"][1]
    u0, v0, u1, v1 = atlas.RECTS["chest"]
    u, v = topology.uv.T
    chest = (u > u0) & (u < u1) & (v > v0) & (v < v1)
    both = np.intersect1d(vertices[up[corners]], vertices[chest[corners]])
    at = topology.uv[np.unique(corners[up[corners] & np.isin(vertices, both)])]
    rows, columns = skin.head_box(skin.SMOOTH_SIZE)
    column = np.clip(at[:, 0] * skin.SMOOTH_SIZE, 0, columns.stop - 1)
    row = np.clip((1 - at[:, 1]) * skin.SMOOTH_SIZE - rows.start, 0, rows.stop - rows.start - 1)
    return row.astype(np.int32), column.astype(np.int32)
