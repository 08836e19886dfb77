"""Where each action unit shows on a face, from anatomy: the regions by which pictures are judged.

Drawn once in face coordinates (origin between the eyes, half the distance between the eyes as
unit, x to the person's left, y up) on the mean adult head, from where the muscle of each AU moves
and folds the skin (Ekman, Friesen & Hager 2002), not from what any rig of ours does. The atlas
carries them to every head and picture. Both halves of the face mirror each other.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
from jaxtyping import Bool, Float, Float32
from scipy.spatial import KDTree

from assets import atlas, head, skin_regions
from assets.classes import CLASSES
from assets.facs import AUS

SIZE = 512
"""Side of the atlas that regions are drawn on: 0.75 mm a texel in the middle of the face."""
RIM = 0.05
"""Breadth of the rim round a region, in widths of the face."""
LARGEST = 0.15
"""No region is a larger share of the face than this."""
FACE = ("skin", "upper_lid", "lower_lid", "brow", "lips", "nose")
# Jaw joints as landmarks, which the width of the face is measured between.
SIDES = (0, 16)
# Behind this the frontal outlines would fall on ears and neck.
FRONT = -1.75

Outline = Sequence[tuple[float, float]]

# Outlines on the person's left half, (x, y) in face coordinates. Landmarks for orientation: pupils
# (1, 0), corners of the eye (0.56, -0.09) and (1.44, -0.04), brow from (0.33, 0.56) over
# (0.91, 0.76) to (1.48, 0.52), root of the nose (0, 0.1), wing (0.5, -1.5), corner of the mouth
# (0.84, -2.3), top of the lip (0, -1.95), its lower end (0, -2.65), chin (0, -3.5).
_EYE: Outline = (
    (0.42, -0.1), (0.65, -0.38), (1.05, -0.46), (1.45, -0.3), (1.68, 0.0), (1.62, 0.28),
    (1.3, 0.48), (0.8, 0.46), (0.48, 0.2),
)  # fmt: skip
OUTLINES: dict[int, Outline] = {
    # Frontalis, middle part: inner brow and the middle of the forehead.
    1: ((0, 0.45), (0.5, 0.3), (1.0, 0.45), (1.1, 0.9), (1.0, 1.5), (0.7, 1.8), (0, 1.85)),
    # Frontalis, outer part: outer brow, the skin over the outer lid, the side of the forehead.
    2: ((0.75, 0.4), (1.2, 0.25), (1.7, 0.15), (1.9, 0.6), (1.8, 1.3), (1.4, 1.65), (0.85, 1.5)),
    # Corrugator, depressor supercilii, procerus: brow, glabella, root of the nose.
    4: (
        (0, -0.15), (0.3, -0.1), (0.48, 0.18), (0.9, 0.28), (1.4, 0.25), (1.7, 0.35), (1.62, 0.75),
        (1.2, 1.0), (0.7, 1.15), (0.35, 1.3), (0, 1.35),
    ),
    # Levator palpebrae: the upper lid and what it uncovers.
    5: _EYE,
    # Orbicularis oculi, outer ring: lower lid, cheek below the eye, crow's feet, tail of the brow.
    6: (
        (0.55, -0.14), (0.95, -0.18), (1.42, -0.08), (1.5, 0.15), (1.2, 0.35), (1.25, 0.7),
        (1.7, 0.65), (2.05, 0.45), (2.12, -0.2), (1.9, -0.72), (1.5, -1.02), (0.95, -0.98),
        (0.6, -0.6),
    ),
    # Orbicularis oculi, inner ring: both lids to the edge of the orbit, folds below and beside.
    7: (
        (0.42, -0.1), (0.6, -0.45), (1.0, -0.62), (1.45, -0.5), (1.75, -0.2), (1.8, 0.1),
        (1.65, 0.32), (1.3, 0.48), (0.8, 0.46), (0.48, 0.2),
    ),
    # Levator labii superioris alaeque nasi, procerus: between the brows, root and sides of the
    # nose, wings, the middle of the upper lip.
    9: (
        (0, 0.72), (0.5, 0.72), (0.6, 0.4), (0.45, 0.05), (0.55, -0.4), (0.8, -0.75), (0.82, -1.3),
        (0.68, -1.7), (0.5, -1.97), (0, -1.97),
    ),
    # Levator labii superioris: upper lip, upper half of the nasolabial furrow, wings.
    10: (
        (0, -1.55), (0.4, -1.35), (0.52, -0.9), (0.85, -0.8), (1.15, -1.25), (1.2, -1.9),
        (0.95, -2.4), (0.5, -2.45), (0, -2.42),
    ),
    # Zygomaticus major: corner of the mouth, nasolabial furrow, cheek.
    12: (
        (0.4, -2.1), (0.6, -1.45), (0.95, -0.95), (1.45, -0.95), (1.65, -1.5), (1.5, -2.3),
        (1.0, -2.75), (0.45, -2.65),
    ),
    # Buccinator: the corner of the mouth and the skin beside it.
    14: (
        (0.4, -2.0), (0.75, -1.75), (1.25, -1.8), (1.5, -2.3), (1.3, -2.8), (0.8, -2.9),
        (0.4, -2.6),
    ),
    # Depressor anguli oris: corner of the mouth, and from there down to the jaw.
    15: (
        (0.3, -2.1), (0.85, -1.95), (1.2, -2.2), (1.35, -2.8), (1.1, -3.2), (0.6, -3.2),
        (0.3, -2.8),
    ),
    # Mentalis: chin and lower lip.
    17: ((0, -2.15), (0.6, -2.15), (0.9, -2.4), (0.95, -2.9), (0.75, -3.35), (0, -3.45)),
    # Risorius, platysma: both lips to beyond their corners.
    20: (
        (0, -1.9), (0.5, -1.85), (1.0, -1.95), (1.45, -2.1), (1.5, -2.6), (1.1, -2.95),
        (0.5, -2.9), (0, -2.8),
    ),
    # Orbicularis oris: the lips and a border round them.
    23: ((0, -1.75), (0.5, -1.8), (0.95, -2.05), (1.1, -2.35), (0.9, -2.7), (0.5, -2.9), (0, -2.9)),
    # Lips apart: the lips and what opens between them.
    25: ((0, -1.7), (0.5, -1.75), (1.0, -2.1), (1.1, -2.4), (0.9, -2.8), (0.55, -3.05), (0, -3.1)),
    # Jaw: lips, lower lip and chin.
    26: ((0, -1.9), (0.45, -1.9), (1.0, -2.2), (1.1, -2.7), (0.95, -3.2), (0.65, -3.5), (0, -3.6)),
    27: ((0, -1.9), (0.45, -1.9), (1.0, -2.2), (1.1, -2.7), (0.95, -3.2), (0.65, -3.5), (0, -3.6)),
    # Levator palpebrae relaxed, orbicularis oculi: the lids and the eye between.
    43: _EYE,
    45: _EYE,
}  # fmt: skip


@dataclass(frozen=True, eq=False)
class Region:
    """Where one AU acts, on the atlas: texels of the region, and of region and rim together."""

    inside: Bool[np.ndarray, "size size"]
    with_rim: Bool[np.ndarray, "size size"]


@cache
def chart() -> skin_regions.Chart:
    """Face coordinates of the head chart, on the mean adult head."""
    model = head.load()
    mean = model.person(model.mean_phenotypes(), {}, 30.0)
    topology = mean.topology
    corners = topology.uv[topology.uv_triangles]
    u0, v0, u1, v1 = atlas.RECTS["head"]
    centre = corners.mean(1)
    skin = ((centre > [u0, v0]) & (centre < [u1, v1])).all(1)
    position, inside = skin_regions.rasterise(
        corners[skin], mean.vertices[topology.triangles[skin]] / unit(mean), SIZE
    )
    return skin_regions.Chart(position, inside)


def unit(person: head.Head) -> np.float32:
    """Half the distance between the eyes, metres."""
    return np.float32(np.abs(person.eyes.centre[:, 0]).mean())


@cache
def face() -> Bool[np.ndarray, "size size"]:
    """Texels of the face: skin from hairline to jaw and from ear to ear, lids and lips with it."""
    mask = head.load().topology.mask
    step = len(mask) // SIZE
    numbers = [CLASSES[name] for name in FACE]
    return np.isin(mask[step // 2 :: step, step // 2 :: step], numbers) & chart().inside


@cache
def area() -> Float32[np.ndarray, "size size"]:
    """How large each texel is to somebody who looks at the face from the front, unit squared.

    0 where there is no skin and where skin is turned away.
    """
    position, inside = chart().position, chart().inside
    across, down = np.zeros_like(position[..., :2]), np.zeros_like(position[..., :2])
    across[:, :-1] = position[:, 1:, :2] - position[:, :-1, :2]
    down[:-1] = position[1:, :, :2] - position[:-1, :, :2]
    whole = inside.copy()
    whole[:, :-1] &= inside[:, 1:]
    whole[:-1] &= inside[1:]
    # Rows run down the face, columns to the person's left.
    size = across[..., 1] * down[..., 0] - across[..., 0] * down[..., 1]
    # A step as long as this leads over a seam of the chart.
    return np.where(whole & (size > 0) & (size < 0.05), size, 0.0).astype(np.float32)


@cache
def rim() -> float:
    """Breadth of the rim in face coordinates."""
    model = head.load()
    mean = model.person(model.mean_phenotypes(), {}, 30.0)
    points = mean.landmarks(mean.vertices) / unit(mean)
    return RIM * float(np.abs(points[SIDES[1], 0] - points[SIDES[0], 0]))


@cache
def region(au: int) -> Region:
    """The region of an AU. Raises ValueError for an AU outside the set."""
    if au not in OUTLINES:
        raise ValueError(f"AU must be one of {AUS}, got {au}")
    position = chart().position
    front = chart().inside & (position[..., 2] > FRONT)
    plane = np.stack([np.abs(position[..., 0]), position[..., 1]], axis=-1)
    inside = front & within(np.array(OUTLINES[au], np.float32), plane)
    away, _ = KDTree(position[inside]).query(position[front], distance_upper_bound=rim())
    with_rim = inside.copy()
    with_rim[front] |= np.isfinite(away)
    return Region(inside, with_rim)


def share(texels: Bool[np.ndarray, "size size"]) -> float:
    """Share of the face, 0-1, that these texels take, seen from the front."""
    weight = area() * face()
    return float(weight[texels].sum(dtype=np.float64) / weight.sum(dtype=np.float64))


def within(
    outline: Float[np.ndarray, "corners 2"], points: Float[np.ndarray, "*points 2"]
) -> Bool[np.ndarray, "*points"]:
    """Which points lie inside a polygon: a ray to the right crosses its outline an odd time."""
    odd = np.zeros(points.shape[:-1], bool)
    x, y = points[..., 0], points[..., 1]
    for (x0, y0), (x1, y1) in zip(outline, np.roll(outline, -1, axis=0), strict=True):
        if y0 != y1:
            crosses = (y0 > y) != (y1 > y)
            odd ^= crosses & (x < x0 + (y - y0) * ((x1 - x0) / (y1 - y0)))
    return odd
