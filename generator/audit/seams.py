"""Seams: whether the colour of skin jumps where two borders of the atlas meet on the head.

On both sides of a border colours are looked up at `INSET_MM`, so twice that apart, and held against
what lies as far apart on either side alone: a skin that goes on has a ratio of about 1.
"""

from dataclasses import dataclass
from functools import cache

import numpy as np
from jaxtyping import Bool, Float, Float32, Int32, UInt8

from assets import atlas
from assets.head import Head, Topology
from assets.skin import lab_from_linear
from generator.anchors import refinement
from generator.body import scale_of
from render.material import decode_table

CHARTS = ("head", "chest")
"""Charts of skin."""
INSET_MM = 3.0
"""From the border, on an adult's head: at 1024 texels the chest's are 1.3 mm wide, and nearer to
the border than one of them lies what is beside the chart."""
PLACES = (0.25, 0.75)
"""Where along an edge colours are compared."""
LEAST = 0.1
"""Colours of 8 bits that differ by less, in Lab and on average, are one colour."""


@dataclass(frozen=True, eq=False)
class Border:
    """Edges of the refined head at which texture coordinates jump, skin on both sides.

    `ends` are vertices; `end_uv` are theirs on both sides. `apex` and `apex_uv` are the third
    corner of the triangle on each side. `between` tells edges where two charts meet from those
    where the head's meets itself.
    """

    ends: Int32[np.ndarray, "edges 2"]
    end_uv: Float32[np.ndarray, "edges sides=2 ends=2 2"]
    apex: Int32[np.ndarray, "edges sides=2"]
    apex_uv: Float32[np.ndarray, "edges sides=2 2"]
    between: Bool[np.ndarray, " edges"]


@cache
def border(topology: Topology) -> Border:
    """The border of a head model's skin, found once a process."""
    refined = refinement(topology)
    corners, flat = refined.triangles, refined.uv_triangles
    # Every edge of every triangle, from the smaller vertex to the larger one.
    along = np.stack([corners, np.roll(corners, -1, axis=1)], axis=-1).reshape(-1, 2)
    along_uv = np.stack([flat, np.roll(flat, -1, axis=1)], axis=-1).reshape(-1, 2)
    turned = along[:, 0] > along[:, 1]
    along[turned], along_uv[turned] = along[turned][:, ::-1], along_uv[turned][:, ::-1]
    order = np.lexsort((along[:, 1], along[:, 0]))
    one, other = order[:-1], order[1:]
    chart = np.repeat(_charts(refined.uv[flat].mean(axis=1)), 3)
    jumps = (along[one] == along[other]).all(axis=1)
    jumps &= (along_uv[one] != along_uv[other]).any(axis=1)
    jumps &= (chart[one] >= 0) & (chart[other] >= 0)
    # No picture shows the back of the chest, where its own chart meets itself.
    jumps &= (chart[one] == 0) | (chart[other] == 0)
    sides = np.stack([one[jumps], other[jumps]], axis=1)
    return Border(
        ends=along[sides[:, 0]],
        end_uv=refined.uv[along_uv[sides]],
        apex=np.roll(corners, 1, axis=1).ravel()[sides],
        apex_uv=refined.uv[np.roll(flat, 1, axis=1).ravel()[sides]],
        between=chart[sides[:, 0]] != chart[sides[:, 1]],
    )


def _charts(uv: Float32[np.ndarray, "triangles 2"]) -> Int32[np.ndarray, " triangles"]:
    """The number of the chart of skin that each place lies in, -1 where it lies in none."""
    found = np.full(len(uv), -1, np.int32)
    for number, name in enumerate(CHARTS):
        u0, v0, u1, v1 = atlas.RECTS[name]
        found[((uv > (u0, v0)) & (uv < (u1, v1))).all(axis=1)] = number
    return found


def seam(albedo: UInt8[np.ndarray, "size size 4"], head: Head) -> float | None:
    """How much more colour changes across a border than beside it; None for a head without one.

    The distance of colours in Lab, averaged along the border, over that of places as far apart on
    one side of it; of the head with the chest and of the head with itself the larger.
    """
    on = border(head.topology)
    length, uv = beside_border(on, head)
    colour = lab_from_linear(_looked_up(albedo, uv))
    across = _distance(colour[:, :, 0, 0], colour[:, :, 1, 0])
    beside = _distance(colour[:, :, :, 0], colour[:, :, :, 1]).mean(axis=2)
    ratios = []
    for kind in (on.between, ~on.between):
        if kind.any():
            jump, usual = ((length * each.mean(axis=1))[kind].sum() for each in (across, beside))
            ratios.append(float(jump / max(usual, LEAST * length[kind].sum())))
    return max(ratios, default=None)


def beside_border(
    on: Border, head: Head
) -> tuple[Float[np.ndarray, " edges"], Float[np.ndarray, "edges places sides=2 depths=2 2"]]:
    """Lengths of the edges (m), and where on the atlas colours are looked up.

    At each of `PLACES`, on each side, at one and at three times `INSET_MM` from the border.
    """
    vertices = refinement(head.topology).apply(head.vertices).astype(np.float64)
    start = vertices[on.ends[:, 0], None]
    edge = vertices[on.ends[:, 1], None] - start
    length = np.sqrt((edge * edge).sum(axis=2))
    to = vertices[on.apex] - start
    foot = (to * edge).sum(axis=2) / (length * length)
    inward = to - foot[..., None] * edge
    height = np.sqrt((inward * inward).sum(axis=2))
    # The same ways on the atlas: straight along the border, and from it to the apex.
    along = on.end_uv[:, :, 1] - on.end_uv[:, :, 0]
    rise = on.apex_uv - on.end_uv[:, :, 0] - foot[..., None] * along
    reach = INSET_MM / 1000 * scale_of(head) / height
    place = on.end_uv[:, None, :, 0] + np.array(PLACES)[:, None, None] * along[:, None]
    step = (rise * reach[..., None])[:, None, :, None]
    uv = place[:, :, :, None] + step * np.array([1.0, 3.0])[:, None]
    return length[:, 0], uv


def _looked_up(
    albedo: UInt8[np.ndarray, "size size 4"], uv: Float[np.ndarray, "*places 2"]
) -> Float[np.ndarray, "*places 3"]:
    """Linear light between texels."""
    size = len(albedo)
    at = np.stack([uv[..., 0], 1 - uv[..., 1]], axis=-1) * size - 0.5
    first = np.floor(at)
    share = (at - first)[..., None]
    column, row = np.moveaxis(first.astype(np.int64), -1, 0)
    light = np.zeros((*uv.shape[:-1], 3))
    for down in (0, 1):
        for right in (0, 1):
            texel = albedo[
                np.clip(row + down, 0, size - 1), np.clip(column + right, 0, size - 1), :3
            ]
            weight = np.abs(1 - right - share[..., 0, :]) * np.abs(1 - down - share[..., 1, :])
            light += weight * decode_table()[texel]
    return light


def _distance(
    one: Float[np.ndarray, "*places 3"], other: Float[np.ndarray, "*places 3"]
) -> Float[np.ndarray, "*places"]:
    return np.sqrt(((one - other) ** 2).sum(axis=-1))
