"""Eyebrows: short cards that lie on the skin along the brow and follow it in every row."""

from functools import cache

import numpy as np

from assets.head import HeadModel
from assets.streams import stream
from generator import anchors, cards
from generator.cards import Cards, Lines

# Middle of the brow on the mean head (metres, person's left), its half height, and the direction
# its hairs grow in (degrees from the temple upward), from the inner end to the tail.
SPINE = np.array(
    [(0.0098, 0.0162), (0.0195, 0.0208), (0.0290, 0.0227), (0.0385, 0.0206), (0.0478, 0.0152)]
)
HALF_HEIGHT = (0.0032, 0.0040, 0.0034, 0.0024, 0.0009)
GROWTH = (68.0, 32.0, 14.0, -8.0, -24.0)
CANDIDATES = 620
ROWS = 3
# Widest band, in usual half heights, from which a person's brow is taken.
WIDEST = 1.35


@cache
def _candidates(model: HeadModel) -> tuple[Cards, np.ndarray, np.ndarray]:
    """Cards of both brows, how far across the brow each stands (0 middle, 1 usual edge), and how
    far along it (0 inner end, 1 tail)."""
    mean = anchors.mean_head(model)
    rng = stream(0, -1, "brow candidates")
    along = rng.random(CANDIDATES)
    across = rng.uniform(-WIDEST, WIDEST, CANDIDATES)
    knots = np.linspace(0, 1, len(SPINE))
    root = np.stack([np.interp(along, knots, SPINE[:, axis]) for axis in (0, 1)], axis=1)
    root[:, 1] += across * np.interp(along, knots, HALF_HEIGHT)
    # Hairs of the upper edge lean down to the middle line, those below lean up to it.
    lean = np.interp(along, (0.0, 0.25, 1.0), (4.0, 22.0, 26.0))
    angle = np.deg2rad(np.interp(along, knots, GROWTH) - lean * across)
    angle += rng.normal(0, 0.12, CANDIDATES)
    length = np.interp(along, (0, 0.2, 0.8, 1), (0.0050, 0.0075, 0.0075, 0.0055))
    length *= rng.uniform(0.75, 1.15, CANDIDATES)
    direction = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    steps = np.linspace(0, 1, ROWS)[None, :, None] * length[:, None, None]
    places = root[:, None] + steps * direction[:, None]
    half = 0.00045 * np.stack([-direction[:, 1], direction[:, 0]], axis=1)
    half = half[:, None] * np.array([1.0, 0.95, 0.8])[None, :, None]
    both = np.concatenate([places, places * [-1, 1]])
    halves = np.concatenate([half, half * [-1, 1]])
    points = mean.carried(mean.frontal(both.reshape(-1, 2)))
    refined = anchors.refinement(model.topology)
    frames = anchors.frames(points, refined.apply(mean.vertices), refined.triangles)
    anchor = np.arange(len(frames.origin), dtype=np.int32).reshape(-1, ROWS)
    out = frames.axes[anchor][:, :, 2]
    wide = np.concatenate([halves, np.zeros((*halves.shape[:2], 1))], axis=2)
    wide -= (wide * out).sum(-1, keepdims=True) * out
    lift = np.array([0.0002, 0.0007, 0.0010])[None, :, None]
    centre = frames.origin[anchor] + lift * out
    window = cards.tile_window("brow", rng.uniform(0, 0.82, len(anchor)), 0.17, ROWS)
    drawn = cards.cards(points, frames, Lines(centre, wide, out, anchor), window)
    return drawn, np.tile(np.abs(across), 2), np.tile(along, 2)


def grow(model: HeadModel, density: float, width: float, rng: np.random.Generator) -> Cards:
    """One person's brows: `density` 0-1 of the cards, within `width` usual half heights."""
    drawn, across, along = _candidates(model)
    # Brows thin out towards their edges and their inner end.
    chance = density * np.interp(across / width, (0.35, 1.0), (1.0, 0.3))
    chance *= np.interp(along, (0.0, 0.18), (0.45, 1.0))
    kept = (across < width) & (rng.random(len(across)) < chance)
    some = cards.chosen(drawn, np.flatnonzero(kept).astype(np.int32), ROWS)
    # Faint brows have finer hairs, not only fewer.
    return cards.thinned(some, float(np.interp(density, (0.1, 0.8), (0.5, 1.0))))
