"""Beards: cards rooted on jaw, chin and upper lip that ride on the skin and leave the lips free."""

from dataclasses import dataclass
from functools import cache

import numpy as np
from jaxtyping import Float, Int32

from assets import hairline
from assets.head import Head, HeadModel
from assets.streams import stream
from generator import anchors
from generator.grooming import BeardStyle
from generator.hair import cards
from generator.hair.card_texture import BEARD, SHORT
from generator.hair.cards import Cards, Lines
from render.mesh import Points

CANDIDATES = 3600
ROWS = 4
# The lips of the mean head: an ellipse (metres) that no hair enters.
LIPS = np.array([0.0, -0.0735])
LIP_RADII = np.array([0.0300, 0.0145])
# Upper edge of a beard by distance from the middle (metres), and how it fades below it.
EDGE_X = (0.0, 0.020, 0.034, 0.052, 0.066, 0.080)
EDGE_Y = (-0.048, -0.050, -0.066, -0.052, -0.026, 0.006)
LOWEST, HINDMOST = -0.122, -0.082
LENGTHS: dict[BeardStyle, float] = {
    "short": 0.007, "full": 0.022, "moustache": 0.008, "goatee": 0.010,
}  # fmt: skip
HALF_WIDTH = 0.0025
# Landmarks of the outer edge of the lips, and how much farther off hair stays.
OUTER_LIPS, LIP_MARGIN = slice(48, 60), 1.15


@dataclass(frozen=True, eq=False)
class Ground:
    """Places of the mean head on which a beard grows, in random order.

    `fall` is the unit direction of growth on the skin, `room` how far (metres) along it the lips
    begin, and `full` how dense hair is there, 0 to 1.
    """

    points: Points
    place: Float[np.ndarray, "roots 3"]
    out: Float[np.ndarray, "roots 3"]
    fall: Float[np.ndarray, "roots 3"]
    room: Float[np.ndarray, " roots"]
    full: Float[np.ndarray, " roots"]


def lip_distance(place: Float[np.ndarray, "*points 3"]) -> Float[np.ndarray, "*points"]:
    """How far places of the mean head are from the middle of the mouth, 1 where hair may begin."""
    return np.linalg.norm((place[..., :2] - LIPS) / LIP_RADII, axis=-1)


def _fullness(place: np.ndarray) -> np.ndarray:
    """How dense a beard is at places of the mean head, 0 to 1."""
    x, y, z = np.abs(place[:, 0]), place[:, 1], place[:, 2]
    below = np.interp(x, EDGE_X, EDGE_Y) - y
    full = np.clip(below / 0.010, 0, 1) * np.clip((y - LOWEST) / 0.012, 0, 1)
    full *= np.clip((z - HINDMOST) / 0.014, 0, 1)
    full *= np.clip((lip_distance(place) - 1.0) / 0.06, 0, 1)
    full *= (hairline.above_hairline(place) < -2.0) * np.clip((0.0735 - x) / 0.004, 0, 1)
    # Bare beside the lower lip, thinner below the nose.
    bare = np.exp(-(((x - 0.024) / 0.006) ** 2 + ((y + 0.090) / 0.006) ** 2))
    return full * (1 - 0.7 * bare) * np.clip(0.65 + x / 0.012, 0, 1)


@cache
def _ground(model: HeadModel) -> Ground:
    mean = anchors.mean_head(model)
    rng = stream(0, -1, "beard roots")
    corners = mean.vertices[model.topology.triangles[mean.skin]].astype(np.float64)
    middle = corners.mean(axis=1)
    near = (middle[:, 1] < 0.01) & (middle[:, 1] > -0.14) & (middle[:, 2] > -0.10)
    normal = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    area = np.linalg.norm(normal, axis=1)
    # Skin that looks outward: not the inside of the mouth.
    outward = (normal * (middle - [0.0, -0.06, -0.07])).sum(1) > 0.3 * area * 0.05
    near &= outward & (_fullness(middle) > 0.02)
    triangles, corners, area = mean.skin[near], corners[near], area[near]
    # A moustache is short and dense.
    area = area * (1 + 4 * _upper_lip(middle[near]))
    steps = (np.arange(CANDIDATES) + rng.random(CANDIDATES)) / CANDIDATES
    pick = np.searchsorted(np.cumsum(area) / area.sum(), steps).clip(0, len(area) - 1)
    pick = pick[rng.permutation(CANDIDATES)]
    one, two = rng.random((2, CANDIDATES))
    root = np.sqrt(one)
    weights = np.stack([1 - root, root * (1 - two), root * two], axis=1).astype(np.float32)
    points = mean.carried(Points(triangles[pick].astype(np.int32), weights))
    refined = anchors.refinement(model.topology)
    frames = anchors.frames(points, refined.apply(mean.vertices), refined.triangles)
    place, out = frames.origin.astype(np.float64), frames.axes[:, 2].astype(np.float64)
    lip = _upper_lip(place)
    side = np.sign(place[:, 0]) * np.clip(np.abs(place[:, 0]) / 0.012, 0.25, 1.0)
    way = np.stack([0.25 * place[:, 0] / 0.06 + 0.9 * lip * side, -np.ones(len(place)),
                    0.35 * (1 - lip)], axis=1)  # fmt: skip
    way += rng.normal(0, 0.16, way.shape)
    fall = way - (way * out).sum(1, keepdims=True) * out
    fall /= np.linalg.norm(fall, axis=1, keepdims=True)
    reach = np.linspace(0.001, 0.030, 30)
    inside = lip_distance(place[:, None] + reach[None, :, None] * fall[:, None]) < 1.0
    room = np.where(inside.any(1), reach[np.argmax(inside, axis=1)], 1.0)
    return Ground(points, place, out, fall, room, _fullness(place))


def _upper_lip(place: np.ndarray) -> np.ndarray:
    """1 where a moustache grows, 0 elsewhere."""
    x, y = np.abs(place[:, 0]), place[:, 1]
    return ((y > LIPS[1]) & (x < 0.034) & (place[:, 2] > -0.01)).astype(float)


def _worn(style: BeardStyle, place: np.ndarray) -> np.ndarray:
    """The share of a beard that stays in a style, by place."""
    x, y = np.abs(place[:, 0]), place[:, 1]
    lip = _upper_lip(place)
    chin = np.clip((0.027 - x) / 0.006, 0, 1) * (y < -0.080)
    beside = ((x > 0.024) & (x < 0.036) & (y <= LIPS[1]) & (y > -0.10)).astype(float)
    match style:
        case "moustache":
            return lip
        case "goatee":
            return np.maximum.reduce([lip, chin, beside * (place[:, 2] > -0.02)])
        case _:
            return np.ones(len(place))


def grow(
    model: HeadModel, head: Head, style: BeardStyle, scale: float, rng: np.random.Generator
) -> Cards | None:
    """One man's beard, None where it is shaved; `scale` is his head's size over the mean head's."""
    if style == "none":
        return None
    ground = _ground(model)
    worn = ground.full * _worn(style, ground.place) * rng.uniform(0.75, 1.0)
    length = LENGTHS[style] * rng.uniform(0.75, 1.35) * rng.uniform(0.7, 1.1, CANDIDATES)
    lip = _upper_lip(ground.place) > 0
    # Cheeks are shorter than the chin; over the lip hair is cut to leave it free.
    high = np.clip((ground.place[:, 1] + 0.085) / 0.05, 0, 1)
    length = np.where(lip, np.minimum(length, 0.010), length * (1 - 0.55 * high))
    # Single hairs where it thins out.
    length *= 0.55 + 0.45 * ground.full
    length = np.minimum(length, np.maximum(0.85 * ground.room, 0.0))
    kept = np.flatnonzero((rng.random(CANDIDATES) < worn) & (length > 0.0022))
    count, size = len(kept), length[kept, None, None]
    step = np.linspace(0, 1, ROWS)[None, :, None]
    place, out, fall = (part[kept, None] for part in (ground.place, ground.out, ground.fall))
    # Short hair lies along the skin, long hair stands off it and then hangs.
    stand = np.clip(size / 0.03, 0.12, 0.5) * rng.uniform(0.6, 1.4, (count, 1, 1))
    hang = np.array([0.0, -1.0, 0.0]) * (step**2 * size * np.clip(size / 0.05, 0, 0.4))
    line = place + size * step * (fall + stand * out * (1 - 0.4 * step)) + hang + 0.0004 * out
    wide = np.cross(out, np.gradient(line, axis=1))
    wide /= np.linalg.norm(wide, axis=2, keepdims=True)
    width = (
        HALF_WIDTH
        * np.where(lip[kept], 0.6, 0.35 + 0.65 * ground.full[kept])
        * rng.uniform(0.7, 1.2, count)
    )
    width = np.minimum(
        width, 0.8 * (lip_distance(ground.place[kept]) - 0.98) * LIP_RADII[1] + 0.0006
    )
    facing = np.broadcast_to(out, line.shape) + rng.normal(0, 0.15, (count, 1, 3))
    facing /= np.linalg.norm(facing, axis=2, keepdims=True)
    anchor = np.repeat(kept.astype(np.int32)[:, None], ROWS, axis=1)
    refined = anchors.refinement(model.topology)
    mean = anchors.mean_head(model)
    frames = anchors.frames(ground.points, refined.apply(mean.vertices), refined.triangles)
    window = cards.variant_window("hair", np.full(count, BEARD), len(SHORT), ROWS)
    drawn = Lines(line, wide * width[:, None, None], facing, anchor)
    grown = cards.cards(ground.points, frames, drawn, window)
    return cards.chosen(grown, _off_the_lips(grown, head, scale), ROWS)


def _off_the_lips(grown: Cards, head: Head, scale: float) -> Int32[np.ndarray, " cards"]:
    """Numbers of the cards that keep off a person's own lips."""
    refined = anchors.refinement(head.topology)
    frames = anchors.frames(grown.points, refined.apply(head.vertices), refined.triangles)
    places = grown.place(frames, scale)[0][:, :2].astype(np.float64)
    outline = head.landmarks(head.vertices)[OUTER_LIPS][:, :2].astype(np.float64)
    outline += (LIP_MARGIN - 1) * (outline - outline.mean(0))
    after = np.roll(outline, -1, axis=0)
    x, y = places[:, None, 0], places[:, None, 1]
    # A place lies inside where an odd number of edges stands to its right.
    with np.errstate(divide="ignore", invalid="ignore"):
        at = outline[:, 0] + (y - outline[:, 1]) / (after - outline)[:, 1] * (after - outline)[:, 0]
    crossed = ((outline[:, 1] > y) != (after[:, 1] > y)) & (x < at)
    inside = (crossed.sum(1) % 2 == 1).reshape(-1, 2 * ROWS).any(1)
    return np.flatnonzero(~inside).astype(np.int32)
