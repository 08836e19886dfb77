"""Cropped hair: cards rooted on the scalp that fall away from the whorl."""

from functools import cache

import numpy as np

from assets import hairline
from assets.head import HeadModel
from assets.streams import stream
from generator import anchors, cards
from generator.anchors import Frames
from generator.cards import Cards, Lines
from generator.grooming import Hair
from render.mesh import Points

CANDIDATES = 9000
ROWS = 3
# Hair shorter than this is painted on the scalp, not grown.
SHORTEST = 0.0035
# The whorl on the mean head, from which hair falls away.
WHORL = np.array([0.012, 0.095, -0.135])
HALF_WIDTH = 0.0023
# How high over the skin hair lies once it has fallen.
LAID = 0.0045


@cache
def _roots(model: HeadModel) -> tuple[Points, Frames, np.ndarray]:
    """Anchors spread evenly over the scalp, their frames and places on the mean head."""
    mean = anchors.mean_head(model)
    rng = stream(0, -1, "hair candidates")
    corners = mean.vertices[model.topology.triangles[mean.skin]].astype(np.float64)
    middle = corners.mean(axis=1)
    scalp = (hairline.above_hairline(middle) > -4.0) & (middle[:, 1] > -0.09)
    # Ears hang on the head within the hairline's angles: hair grows on the skull behind them.
    scalp &= np.linalg.norm((middle - hairline.SKULL)[:, [0, 2]], axis=1) < 0.118
    triangles, corners = mean.skin[scalp], corners[scalp]
    area = np.linalg.norm(
        np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]), axis=1
    )
    # Evenly spaced steps through the summed areas give an even spread.
    steps = (np.arange(CANDIDATES) + rng.random(CANDIDATES)) / CANDIDATES
    pick = np.searchsorted(np.cumsum(area) / area.sum(), steps).clip(0, len(area) - 1)
    one, two = rng.random((2, CANDIDATES))
    root = np.sqrt(one)
    weights = np.stack([1 - root, root * (1 - two), root * two], axis=1).astype(np.float32)
    points = mean.carried(Points(triangles[pick].astype(np.int32), weights))
    refined = anchors.refinement(model.topology)
    frames = anchors.frames(points, refined.apply(mean.vertices), refined.triangles)
    return points, frames, (corners[pick] * weights[:, :, None]).sum(axis=1)


def _comb(place: np.ndarray, out: np.ndarray) -> np.ndarray:
    """Unit directions on the skin in which hair falls: from the whorl forward, down and back."""
    away = place - WHORL
    away[:, 1] -= 0.35 * np.linalg.norm(away, axis=1)
    away -= (away * out).sum(1, keepdims=True) * out
    return away / np.maximum(np.linalg.norm(away, axis=1, keepdims=True), 1e-6)


def _kept(place: np.ndarray, hair: Hair, rng: np.random.Generator) -> np.ndarray:
    """Which roots bear hair: thinner at the hairline, none where a man has gone bald."""
    above = hairline.above_hairline(place)
    chance = np.clip((above + 1.0 + rng.normal(0, 1.2, len(above))) / 4.0, 0, 1)
    azimuth, elevation = hairline.skull_angles(place)
    # Male pattern: temples recede, then the crown thins, until a fringe is left.
    fringe = np.interp(azimuth, (0, 60, 120, 180), (34, 40, 34, 30))
    edge = np.interp(hair.balding, (0.25, 1.0), (1.0, 0.0)) * (100.0 - fringe) + fringe
    chance *= 1 - np.clip((elevation - edge) / 14.0 + 0.5, 0, 1) * (hair.balding > 0)
    recede = np.interp(azimuth, (0, 40, 75, 110), (10.0, 26.0, 10.0, 0.0)) * hair.balding
    chance *= np.clip((above - recede) / 4.0 + 0.5, 0, 1)
    cover = np.interp(hair.length, (SHORTEST, 0.025), (1.0, 0.6))
    return rng.random(len(place)) < chance * hair.density * cover


def grow(model: HeadModel, hair: Hair, rng: np.random.Generator) -> Cards | None:
    """One person's scalp hair; None where there is too little to stand off the skin."""
    if hair.length < SHORTEST:
        return None
    points, frames, place = _roots(model)
    which = np.flatnonzero(_kept(place, hair, rng))
    if len(which) == 0:
        return None
    count = len(which)
    out, place = frames.axes[which, 2].astype(np.float64), place[which]
    loose = np.interp(hair.curl, (0, 1), (0.28, 1.6))
    fall = _comb(place, out)
    turn = rng.normal(0, loose, count)
    across = np.cross(out, fall)
    fall = fall * np.cos(turn)[:, None] + across * np.sin(turn)[:, None]
    above = hairline.above_hairline(place)
    length = hair.length * rng.uniform(0.7, 1.15, count)
    # Shorter down the sides and towards the hairline, as it is cut.
    length *= np.interp(above, (-2, 6, 40), (0.35, 0.7, 1.0))
    length = np.maximum(length, 0.003)
    step = np.linspace(0, 1, ROWS)[None, :, None]
    size = length[:, None, None]
    laid = LAID * rng.uniform(0.5, 1.25, count)[:, None, None] * (1 + 0.6 * hair.curl)
    lift = laid * (1 - np.exp(-1.3 * step * size / laid)) + 0.0003
    forward = size * step * np.interp(step * size / laid, (0, 2), (0.55, 0.95))
    root = frames.origin[which].astype(np.float64)[:, None]
    # The skull bends away under long cards: follow it.
    sink = 0.5 * (forward**2) / 0.095
    centre = root + forward * fall[:, None] + (lift - sink) * out[:, None]
    wide = np.cross(out, fall) * HALF_WIDTH
    half = wide[:, None] * np.array([1.0, 1.05, 0.9])[None, :, None]
    lean = rng.normal(0, 0.18, (count, 1, 3))
    facing = out[:, None] + 0.25 * fall[:, None] * step + lean
    facing /= np.linalg.norm(facing, axis=2, keepdims=True)
    anchor = np.repeat(which.astype(np.int32)[:, None], ROWS, axis=1)
    window = cards.tile_window("hair", rng.uniform(0, 0.62, count), 0.38, ROWS)
    grown = cards.cards(points, frames, Lines(centre, half, facing, anchor), window)
    # Thin hair is finer, not only sparser.
    return cards.thinned(grown, float(np.interp(hair.density, (0.25, 0.9), (0.4, 1.0))))
