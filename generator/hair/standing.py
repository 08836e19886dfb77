"""Hair that stands round the head or is bound up: coils in a cloud, a tail, a bun."""

import numpy as np

from generator.grooming import Hair
from generator.hair.clearance import Field
from generator.hair.cuts import Cut
from generator.hair.fall import Locks, fall
from generator.hair.rooting import Roots, bearing

# Where hair is tied on the mean head: in the nape, at the back, on top.
KNOTS = np.array([(0.0, -0.040, -0.165), (0.0, 0.045, -0.185), (0.0, 0.108, -0.125)])
LOW_KNOTS = np.array([(0.0, -0.035, -0.165), (0.0, 0.030, -0.190), (0.0, 0.085, -0.165)])
TAIL, WOUND = 46, 80
TAIL_ROWS, BUN_ROWS = 8, 7
CORE = 3
"""One lock of a cloud in so many lies within it."""


def tail(
    field: Field, hair: Hair, knot: tuple[np.ndarray, np.ndarray], rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Locks that hang from a knot (place, and which way is out): lines, way out, half widths."""
    place, out = knot
    spread = rng.normal(0, 0.14, (TAIL, 3))
    heading = out + np.array([0.0, 0.1, 0.0]) + spread
    length = hair.length * rng.uniform(0.75, 1.05, TAIL)
    room = rng.uniform(0.006, 0.026, TAIL)
    zeros = np.zeros(TAIL)
    locks = Locks(
        place + rng.normal(0, 0.003, (TAIL, 3)), heading, length, room,
        rng.uniform(0.9, 1.3, TAIL), zeros - 0.6, np.zeros(TAIL, bool),
    )  # fmt: skip
    line, facing = fall(field, locks, TAIL_ROWS)
    return line, facing, 0.008 * rng.uniform(0.8, 1.2, TAIL)


def bun(
    field: Field, hair: Hair, knot: tuple[np.ndarray, np.ndarray], rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Locks wound round a ball behind a knot: lines, way out, half widths."""
    place, out = knot
    size = rng.uniform(0.025, 0.034) * (1 + 0.2 * hair.curl)
    centre = place + out * (0.6 * size)
    one = np.cross(out, [1.0, 0.0, 0.0])
    one /= np.linalg.norm(one)
    two = np.cross(out, one)
    start = rng.uniform(0, 2 * np.pi, WOUND)[:, None]
    # From the rim inward, all wound one way.
    share = np.linspace(0, 1, BUN_ROWS)[None]
    turn = start + rng.uniform(1.4, 2.2, (WOUND, 1)) * share
    polar = np.deg2rad(rng.uniform(20, 105, (WOUND, 1)) + rng.normal(0, 12, (WOUND, 1)) * share)
    radius = size * rng.uniform(0.86, 1.05, (WOUND, 1)) * (1 + 0.06 * np.sin(5 * turn))
    ring = np.cos(turn)[..., None] * one + np.sin(turn)[..., None] * two
    facing = np.sin(polar)[..., None] * ring + np.cos(polar)[..., None] * out
    line = centre + radius[..., None] * (facing - 0.25 * np.cos(polar)[..., None] * out)
    return line, facing, 0.0075 * rng.uniform(0.8, 1.2, WOUND)


def cloud(
    field: Field, hair: Hair, cut: Cut, roots: Roots, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Coils that fill the space round the scalp: lines, way out, half widths, roots, variants."""
    which = bearing(roots, hair, cut, rng)
    count = len(which)
    place, out = roots.place[which], roots.out[which]
    low = np.clip((60.0 - roots.elevation[which]) / 40.0, 0.0, 1.0)
    share = 1 + low * (np.interp(roots.azimuth[which], (90, 160), (cut.side, cut.nape)) - 1)
    tall = cut.lift * hair.length * share * np.clip(roots.above[which] / 14.0 + 0.12, 0.12, 1.0)
    depth = rng.uniform(0.0, 1.0, count) ** 0.5
    # Wide dense locks within, level with the scalp: nothing shines through the cloud.
    core = np.arange(count) % CORE == 0
    depth[core] *= 0.82
    # Round from the front: hair at the sides stands out, on top it stands up.
    aside = np.clip(place[:, 0] / 0.05, -1.0, 1.0)
    stand = out + 0.35 * np.stack([aside, np.ones(count), np.zeros(count)], 1)
    stand /= np.linalg.norm(stand, axis=1, keepdims=True)
    middle = place + stand * (tall * depth)[:, None]
    way = rng.normal(0, 1, (count, 3))
    flat = way - (way * stand).sum(1, keepdims=True) * stand
    flat /= np.linalg.norm(flat, axis=1, keepdims=True)
    rise = rng.uniform(0.0, 1.1, (count, 1)) * depth[:, None]
    way = flat + stand * np.where(core[:, None], 0.0, rise)
    way /= np.linalg.norm(way, axis=1, keepdims=True)
    length = np.minimum(rng.uniform(0.014, 0.022, count), 0.010 + tall) * np.where(core, 1.5, 1.0)
    step = np.linspace(-0.5, 0.5, cut.rows)[None, :, None]
    line = middle[:, None] + step * (length[:, None] * way)[:, None]
    # Bent round the head, as the cloud is.
    line = line - (2.5 * step**2 * length[:, None, None] ** 2 / 0.10) * stand[:, None]
    flat_line, facing = field.outside(line.reshape(-1, 3), np.full(count * cut.rows, 0.0015))
    line = flat_line.reshape(line.shape)
    facing = 0.8 * stand[:, None] + 0.2 * facing.reshape(line.shape)
    variant = np.where(core, 0, np.minimum((depth**1.5 * 2.4).astype(int), 2))
    wide = cut.wide * rng.uniform(0.8, 1.25, count) * np.where(core, 2.2, 1.0)
    return line, facing, wide, which, variant
