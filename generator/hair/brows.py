"""Eyebrows: short cards that lie on the skin along the brow and follow it in every row."""

from dataclasses import dataclass
from functools import cache

import numpy as np

from assets.head import HeadModel
from assets.streams import stream
from generator import anchors
from generator.hair import cards
from generator.hair.cards import Cards, Lines

# Middle of the brow on the mean head (metres, person's left), its half height, and the direction
# its hairs grow in (degrees from the temple upward), from the inner end to the tail.
SPINE = np.array(
    [(0.0098, 0.0162), (0.0195, 0.0204), (0.0290, 0.0226), (0.0385, 0.0208), (0.0478, 0.0152)]
)
HALF_HEIGHT = (0.0034, 0.0040, 0.0034, 0.0025, 0.0011)
GROWTH = (72.0, 36.0, 14.0, -10.0, -26.0)
CANDIDATES = 760
ROWS = 3
# Widest band, in usual half heights, from which a person's brow is taken.
WIDEST = 1.75
HALF_WIDTH = 0.00075


@dataclass(frozen=True, eq=False)
class Candidates:
    """Cards of both brows; `across` is 0 on the middle line and ±1 at its usual edges (above 0
    is up), `along` 0 at the inner end and 1 at the tail."""

    drawn: Cards
    across: np.ndarray
    along: np.ndarray


@cache
def _candidates(model: HeadModel) -> Candidates:
    mean = anchors.mean_head(model)
    rng = stream(0, -1, "brow candidates")
    along = (np.arange(CANDIDATES) + rng.random(CANDIDATES)) / CANDIDATES
    across = rng.uniform(-WIDEST, WIDEST, CANDIDATES)
    knots = np.linspace(0, 1, len(SPINE))
    root = np.stack([np.interp(along, knots, SPINE[:, axis]) for axis in (0, 1)], axis=1)
    root[:, 1] += across * np.interp(along, knots, HALF_HEIGHT)
    # Hairs of the upper edge lean down to the middle line, those below lean up to it.
    lean = np.interp(along, (0.0, 0.25, 1.0), (4.0, 20.0, 22.0))
    angle = np.deg2rad(np.interp(along, knots, GROWTH) - lean * across)
    angle += rng.normal(0, 0.16, CANDIDATES)
    length = np.interp(along, (0, 0.2, 0.8, 1), (0.0052, 0.0078, 0.0078, 0.0050))
    length *= rng.uniform(0.6, 1.15, CANDIDATES)
    bend = np.deg2rad(rng.normal(-10, 8, CANDIDATES))[:, None] * np.linspace(0, 1, ROWS)
    heading = angle[:, None] + bend
    step = length[:, None] / (ROWS - 1)
    way = np.stack([np.cos(heading) * step, np.sin(heading) * step], axis=-1)
    places = root[:, None] + np.cumsum(way, axis=1) - way[:, :1]
    half = HALF_WIDTH * np.stack([-np.sin(heading), np.cos(heading)], axis=-1)
    both = np.concatenate([places, places * [-1, 1]])
    halves = np.concatenate([half, half * [-1, 1]])
    points = mean.carried(mean.frontal(both.reshape(-1, 2)))
    refined = anchors.refinement(model.topology)
    frames = anchors.frames(points, refined.apply(mean.vertices), refined.triangles)
    anchor = np.arange(len(frames.origin), dtype=np.int32).reshape(-1, ROWS)
    out = frames.axes[anchor][:, :, 2]
    wide = np.concatenate([halves, np.zeros((*halves.shape[:2], 1))], axis=2)
    wide -= (wide * out).sum(-1, keepdims=True) * out
    lift = np.array([0.0002, 0.0006, 0.0008])[None, :, None]
    centre = frames.origin[anchor] + lift * out
    window = cards.variant_window("brow", rng.integers(0, 3, len(anchor)), 3, ROWS)
    drawn = cards.cards(points, frames, Lines(centre, wide, out, anchor), window)
    return Candidates(drawn, np.tile(across, 2), np.tile(along, 2))


def grow(model: HeadModel, density: float, width: float, rng: np.random.Generator) -> Cards:
    """One person's brows: `density` 0-1 of the cards, within `width` usual half heights.

    How far they arch and tilt, where they are thickest and where they end is drawn.
    """
    found = _candidates(model)
    across, along = found.across, found.along
    arch, tilt, heavy = rng.normal(0, (0.28, 0.18, 0.15))
    end, start = rng.uniform(0.86, 1.05), rng.uniform(-0.04, 0.08)
    middle = arch * np.sin(np.pi * np.clip(along, 0, 1) ** 1.4) + tilt * (2 * along - 1)
    room = width * (1 + heavy * (1 - 2 * along))
    far = np.abs(across - middle) / np.maximum(room, 0.2)
    # Brows thin out towards their edges, their inner end and their tail, and are sparser above.
    chance = density * np.interp(far, (0.2, 0.6, 1.0, 1.35), (0.95, 0.62, 0.22, 0.0))
    chance *= np.interp(along, (start - 0.04, start + 0.24), (0.10, 1.0))
    chance *= np.interp(along, (end - 0.10, end), (1.0, 0.0))
    kept = np.flatnonzero(rng.random(len(across)) < chance).astype(np.int32)
    some = cards.chosen(found.drawn, kept, ROWS)
    # Faint brows have finer hairs, not only fewer.
    return cards.thinned(some, float(np.interp(density, (0.1, 0.8), (0.5, 1.0))))
