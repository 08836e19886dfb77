"""Pictures for cards of hair: strands along v with roots at v = 0 and tips at v = 1, with alpha.

A tile holds several variants side by side, each a lock of its own that thins out towards its tip
and its sides; a card shows one of them. Outside the strands the colour goes on, so that smaller
levels of the picture keep it at the edges.
"""

from dataclasses import dataclass, replace
from functools import cache

import cv2
import numpy as np
from jaxtyping import UInt8

from generator.looks import WHITE_HAIR, Colour

_FINE = 3
_BENDS = 13
# How much darker a lock is than its outer part at the root, in the shade of what lies over it.
_ROOT = 0.68


@dataclass(frozen=True)
class Strands:
    """How the strands of one variant look; widths are shares of the variant's width.

    `taper` is the share of a strand, from the tip, over which it thins out; `lean` how far a tip
    lies beside its root at most; `shortest` the length of the shortest, 1 reaches the top.
    `drawn` is how far tips are drawn together; `body` the length to which the lock has no gaps, 0
    for none; `coil` the height of the waves of each strand and `turns` their number; `shade` a
    factor on the colour.
    """

    count: int
    width: float
    taper: float
    lean: float
    shortest: float
    drawn: float = 0.0
    body: float = 0.0
    coil: float = 0.0
    turns: float = 1.0
    shade: float = 1.0


@dataclass(frozen=True)
class Dye:
    """Colour (sRGB) of the strands of a tile, and the share of them that are white."""

    colour: Colour
    grey: float


LOCK = Strands(64, 0.030, 0.35, 0.10, 0.80, drawn=0.16, body=0.80, coil=0.008)
# What the tiles hold, by chart of the atlas.
LOCKS = (
    replace(LOCK, shade=0.74, body=0.88),
    replace(LOCK, shade=0.88, body=0.84),
    replace(LOCK, count=52, shade=0.98, body=0.72, drawn=0.26, lean=0.14, shortest=0.7),
    replace(LOCK, count=34, shade=1.04, body=0.45, drawn=0.40, lean=0.20, shortest=0.5, coil=0.02),
    Strands(4, 0.026, 0.7, 0.35, 0.35, coil=0.03, shade=0.95),
)
SHORT = (
    replace(LOCK, count=24, width=0.060, shade=0.75, body=0.6, taper=0.6, shortest=0.7),
    replace(LOCK, count=18, width=0.055, shade=0.92, body=0.35, taper=0.7, shortest=0.6, drawn=0.3),
    replace(LOCK, count=12, width=0.050, shade=1.02, body=0.0, taper=0.8, shortest=0.5, drawn=0.4),
    Strands(4, 0.040, 0.8, 0.35, 0.4, coil=0.03, shade=0.95),
    Strands(10, 0.045, 0.8, 0.22, 0.5, coil=0.03, shade=0.9),
)
BROW = (
    Strands(4, 0.080, 0.85, 0.22, 0.6),
    Strands(3, 0.080, 0.85, 0.32, 0.6),
    Strands(2, 0.085, 0.85, 0.32, 0.6),
)
LASH = (
    Strands(4, 0.085, 0.9, 0.20, 0.7),
    Strands(3, 0.085, 0.9, 0.30, 0.6),
    Strands(3, 0.090, 0.9, 0.10, 0.8),
)
WISP, BEARD = 3, 4
"""Variants of `SHORT` that are no locks: single hairs, and those of a beard."""


def coiled(variants: tuple[Strands, ...], curl: float) -> tuple[Strands, ...]:
    """The same variants for hair that waves (`curl` 0.3) or coils (1): wavier and fuller."""
    wave = float(np.interp(curl, (0.1, 0.4, 0.6, 1.0), (0.0, 0.03, 0.09, 0.14)))
    turns = float(np.interp(curl, (0.1, 0.5, 1.0), (1.5, 4.0, 7.0)))
    loose = float(np.interp(curl, (0.5, 0.9), (1.0, 0.0)))
    # Coils have gaps, but for those that lie deepest.
    inner = min(one.shade for one in variants)
    return tuple(
        replace(
            one,
            coil=one.coil + wave,
            turns=turns,
            drawn=one.drawn * loose,
            body=one.body * max(loose, 0.8 * (one.shade == inner)),
        )
        for one in variants
    )


def tile(
    variants: tuple[Strands, ...],
    dyes: tuple[Dye, ...],
    shape: tuple[int, int],
    rng: np.random.Generator,
) -> UInt8[np.ndarray, "height width 4"]:
    """RGBA picture of `shape` (height, width), a dye a variant; row 0 is v = 1."""
    edges = np.rint(np.linspace(0, shape[1], len(variants) + 1)).astype(int)
    picture = np.empty((*shape, 4), np.uint8)
    for one, dye, left, right in zip(variants, dyes, edges[:-1], edges[1:], strict=True):
        picture[:, left:right] = card(one, dye, (shape[0], int(right - left)), rng)
    return picture


def card(
    strands: Strands, dye: Dye, shape: tuple[int, int], rng: np.random.Generator
) -> UInt8[np.ndarray, "height width 4"]:
    """One variant as an RGBA picture of `shape` (height, width); row 0 is v = 1."""
    height, width = shape[0] * _FINE, shape[1] * _FINE
    alpha = np.zeros((height, width), np.uint8)
    shade = np.full((height, width), 185, np.uint8)
    white = np.full((height, width), round(255 * dye.grey), np.uint8)
    if strands.body > 0:
        inner = np.rint(_body(strands) * [width, height] * 16).astype(np.int32)
        cv2.fillPoly(alpha, [inner], 255, cv2.LINE_AA, 4)
        cv2.fillPoly(shade, [inner], 160, cv2.LINE_8, 4)
    shades = np.clip(rng.normal(200, 24, strands.count), 130, 255).astype(int)
    grey = np.where(
        rng.random(strands.count) < dye.grey, rng.uniform(0.15, 0.8, strands.count), 0.0
    )
    for outline, level, is_white in zip(_outlines(strands, rng), shades, grey, strict=True):
        fixed = np.rint(outline * [width, height] * 16).astype(np.int32)
        cv2.fillPoly(alpha, [fixed], 255, cv2.LINE_AA, 4)
        cv2.fillPoly(shade, [fixed], int(level), cv2.LINE_8, 4)
        cv2.fillPoly(white, [fixed], round(255 * float(is_white)), cv2.LINE_8, 4)
    size = (shape[1], shape[0])
    alpha, shade, white = (
        cv2.resize(layer, size, interpolation=cv2.INTER_AREA) for layer in (alpha, shade, white)
    )
    light = shade.astype(np.float32) * np.float32(strands.shade / 200)
    up = np.linspace(1, 0, shape[0], dtype=np.float32)
    along = np.interp(up, (0.0, 0.35, 1.0), (_ROOT, 1.0, 1.08)).astype(np.float32)[:, None]
    mixed = white[..., None].astype(np.float32) / 255
    colour = np.array(dye.colour, np.float32)
    colour = colour + (np.array(WHITE_HAIR, np.float32) - colour) * mixed
    picture = np.empty((*shape, 4), np.uint8)
    picture[..., :3] = np.clip(np.rint(colour * (light * along)[..., None]), 0, 255)
    picture[..., 3] = alpha
    return picture


@cache
def _body(strands: Strands) -> np.ndarray:
    """Outline of the part of a lock that has no gaps, in a unit square with y down."""
    along = np.linspace(min(0.05, 0.5 * strands.body), strands.body, 9)
    half = 0.37 * (1 - strands.drawn * along) * np.sqrt(1 - (along / strands.body) ** 3)
    left = np.stack([0.5 - half, 1 - along], 1)
    right = np.stack([0.5 + half, 1 - along], 1)
    return np.concatenate([left, right[::-1]])


def _outlines(strands: Strands, rng: np.random.Generator) -> np.ndarray:
    """Closed outlines of bent, tapered strands in a unit square with y down."""
    count = strands.count
    root = (np.arange(count) + 0.5 + rng.uniform(-0.4, 0.4, count)) / count
    root = (0.06 + 0.88 * root[rng.permutation(count)])[:, None]
    length = (strands.shortest + (1.0 - strands.shortest) * rng.random(count))[:, None]
    share = np.linspace(0, 1, max(_BENDS, round(4 * strands.turns)))[None]
    lean, bend = rng.uniform(-1, 1, (2, count, 1)) * strands.lean
    phase = rng.uniform(0, 2 * np.pi, (count, 1))
    wave = strands.coil * np.sin(2 * np.pi * strands.turns * share + phase)
    x = root + (0.5 - root) * strands.drawn * share + lean * share + bend * share * (1 - share)
    x = np.clip(x + wave, 0.5 * strands.width + 0.02, 0.98 - 0.5 * strands.width)
    half = 0.5 * strands.width * np.clip((1 - share) / strands.taper, 0.0, 1.0) ** 0.7
    half = np.broadcast_to(half, x.shape)
    # Strands begin one after the other, so that roots make no edge.
    first = rng.uniform(0.0, 0.06, (count, 1))
    y = 1 - first - (0.985 * length - first) * share
    left, right = np.stack([x - half, y], 2), np.stack([x + half, y], 2)
    return np.concatenate([left, right[:, ::-1]], axis=1)


def lash_colour(brow: Colour) -> Colour:
    """Lashes are darker than brows, and do not turn white with them."""
    red, green, blue = (round(18 + 0.35 * min(value, 110)) for value in brow)
    return red, green, blue
