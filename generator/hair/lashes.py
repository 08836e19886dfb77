"""Eyelashes: cards rooted on the outer edge of the lid margins, which turn with the lids."""

from dataclasses import replace
from functools import cache

import numpy as np

from assets.eyes import RIM
from assets.head import HeadModel
from assets.lid_grid import LidGrid
from assets.streams import stream
from generator import anchors
from generator.hair import cards
from generator.hair.cards import Cards, Lines
from render.mesh import Points

ROWS = 4
UPPER, LOWER = 58, 34
# Length the cards are drawn at; a person's own is a factor on it.
LENGTH = 0.008


def _roots(
    grid: LidGrid, columns: np.ndarray, count: int, mean: anchors.MeanHead, rng: np.random.Generator
) -> tuple[Points, np.ndarray]:
    """Anchors along a stretch of the rim, and their place from inner (0) to outer corner (1)."""
    row = grid.rows[RIM][columns]
    length = np.linalg.norm(np.diff(mean.vertices[row], axis=0), axis=1)
    share = np.concatenate([[0], np.cumsum(length)]) / length.sum()
    place = np.linspace(0.10, 0.985, count) + rng.uniform(-0.4, 0.4, count) / count
    piece = np.clip(np.searchsorted(share, place) - 1, 0, len(length) - 1)
    between = (place - share[piece]) / (share[piece + 1] - share[piece])
    triangles, weights = [], []
    faces = mean.topology.triangles
    beyond = set(grid.rows[RIM + 1].tolist())
    for a, b, part in zip(row[piece], row[piece + 1], between, strict=True):
        has = np.flatnonzero((faces == a).any(1) & (faces == b).any(1))
        number = next(int(t) for t in has if beyond & set(faces[t].tolist()))
        corner = faces[number]
        triangles.append(number)
        weights.append(np.where(corner == a, 1 - part, np.where(corner == b, part, 0.0)))
    found = Points(np.array(triangles, np.int32), np.array(weights, np.float32))
    return mean.carried(found), place


def _stretch(model: HeadModel, side: int, upper: bool, rng: np.random.Generator) -> Cards:
    """Lashes of one lid."""
    mean = anchors.mean_head(model)
    grid = model.topology.lids[side]
    last = grid.rows.shape[1]
    around = [*range(grid.outer, last), 0][::-1]
    columns = np.arange(grid.outer + 1) if upper else np.array(around)
    count = UPPER if upper else LOWER
    points, place = _roots(grid, columns, count, mean, rng)
    refined = anchors.refinement(model.topology)
    frames = anchors.frames(points, refined.apply(mean.vertices), refined.triangles)
    radial = frames.origin - mean.vertices[-2 + side]
    radial /= np.linalg.norm(radial, axis=1, keepdims=True)
    fan = np.zeros_like(radial)
    fan[:, 0] = grid.side * (place - 0.42) * 1.1
    up = np.array([0.0, 1.0 if upper else -1.0, 0.0])
    size = np.interp(place, (0, 0.3, 0.8, 1), (0.6, 0.9, 1, 0.85)) * rng.uniform(0.85, 1.1, count)
    size *= LENGTH * (1.0 if upper else 0.55)
    step = np.linspace(0, 1, ROWS)[None, :, None]
    forward = (radial + fan)[:, None] * (0.85 * step - 0.15 * step**2)
    curl = up * (0.10 * step + (0.45 if upper else 0.30) * step**2)
    centre = frames.origin[:, None] + size[:, None, None] * (forward + curl)
    along = np.gradient(centre, axis=1)
    sideways = np.cross(along, np.broadcast_to(up, along.shape))
    sideways /= np.linalg.norm(sideways, axis=2, keepdims=True)
    half = sideways * 0.00050 * np.array([1.0, 1.0, 1.15, 1.3])[None, :, None]
    facing = np.cross(sideways, along)
    facing /= np.linalg.norm(facing, axis=2, keepdims=True)
    anchor = np.repeat(np.arange(count, dtype=np.int32)[:, None], ROWS, axis=1)
    window = cards.variant_window("lash", rng.integers(0, 3, count), 3, ROWS)
    return cards.cards(points, frames, Lines(centre, half, facing, anchor), window)


@cache
def _candidates(model: HeadModel) -> Cards:
    """Lashes of all four lids."""
    rng = stream(0, -1, "lash candidates")
    lids = ((side, upper) for side in (0, 1) for upper in (True, False))
    return cards.join([_stretch(model, side, upper, rng) for side, upper in lids])


def grow(model: HeadModel, density: float, length: float, rng: np.random.Generator) -> Cards:
    """One person's lashes: a share `density` of them, `length` in metres at full size."""
    drawn = _candidates(model)
    kept = np.flatnonzero(rng.random(2 * (UPPER + LOWER)) < density).astype(np.int32)
    some = cards.chosen(drawn, kept, ROWS)
    offset = some.offset.reshape(len(kept), ROWS, 2, 3)
    root = offset[:, :1].mean(axis=2, keepdims=True)
    middle = offset.mean(axis=2, keepdims=True)
    stretched = offset + (middle - root) * (length / LENGTH - 1)
    return replace(some, offset=stretched.reshape(-1, 3).astype(np.float32))
