"""Pictures for cards of hair: strands along v with roots at v = 0 and tips at v = 1, with alpha.

A card shows the whole tile or any strip of it between two values of u: strands are spread evenly.
Outside the strands the colour goes on, so that smaller levels of the picture keep it at the edges.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from jaxtyping import UInt8

from generator.looks import WHITE_HAIR, Colour


@dataclass(frozen=True)
class Strands:
    """How the strands of a tile look; widths are shares of the tile's width.

    `taper` is the share of a strand, from the tip, over which it thins out; `lean` how far a tip
    lies beside its root at most; `shortest` the length of the shortest, 1 reaches the top.
    """

    count: int
    width: float
    taper: float
    lean: float
    shortest: float
    colour: Colour
    grey: float


# Tiles of strands that a person gives a colour to.
HAIR_TILE = Strands(
    count=34, width=0.022, taper=0.5, lean=0.06, shortest=0.7, colour=(0, 0, 0), grey=0.0
)
BROW_TILE = Strands(
    count=14, width=0.034, taper=0.8, lean=0.08, shortest=0.6, colour=(0, 0, 0), grey=0.0
)
LASH_TILE = Strands(
    count=16, width=0.024, taper=0.9, lean=0.05, shortest=0.7, colour=(0, 0, 0), grey=0.0
)
_FINE = 3


def card(
    strands: Strands, shape: tuple[int, int], rng: np.random.Generator
) -> UInt8[np.ndarray, "height width 4"]:
    """RGBA picture of `shape` (height, width); row 0 is v = 1."""
    height, width = shape[0] * _FINE, shape[1] * _FINE
    alpha = np.zeros((height, width), np.uint8)
    shade = np.zeros((height, width), np.uint8)
    white = np.zeros((height, width), np.uint8)
    roots = (np.arange(strands.count) + 0.5 + rng.uniform(-0.3, 0.3, strands.count)) / strands.count
    for root in roots[rng.permutation(strands.count)]:
        outline = _outline(strands, float(root), rng) * [width, height]
        fixed = np.rint(outline * 16).astype(np.int32)
        cv2.fillPoly(alpha, [fixed], 255, cv2.LINE_AA, 4)
        cv2.fillPoly(shade, [fixed], int(rng.integers(150, 256)), cv2.LINE_8, 4)
        cv2.fillPoly(white, [fixed], 255 * int(rng.random() < strands.grey), cv2.LINE_8, 4)
    size = (shape[1], shape[0])
    alpha, shade, white = (
        cv2.resize(layer, size, interpolation=cv2.INTER_AREA) for layer in (alpha, shade, white)
    )
    light = np.where(alpha > 0, shade, 200).astype(np.float32) / 215
    along = np.linspace(1.08, 0.86, shape[0], dtype=np.float32)[:, None]
    mixed = white[..., None].astype(np.float32) / 255
    mixed = np.where(alpha[..., None] > 0, mixed, np.float32(strands.grey))
    colour = np.array(strands.colour, np.float32)
    colour = colour + (np.array(WHITE_HAIR, np.float32) - colour) * mixed
    picture = np.empty((*shape, 4), np.uint8)
    picture[..., :3] = np.clip(np.rint(colour * (light * along)[..., None]), 0, 255)
    picture[..., 3] = alpha
    return picture


def _outline(strands: Strands, root: float, rng: np.random.Generator) -> np.ndarray:
    """Closed outline of one bent, tapered strand in a unit square with y down."""
    length = strands.shortest + (1.0 - strands.shortest) * float(rng.random())
    along = np.linspace(0, 1, 13)
    lean, bend = rng.uniform(-1, 1, 2) * strands.lean
    x = root + lean * along + bend * along * (1 - along)
    x = np.clip(x, 0.5 * strands.width, 1 - 0.5 * strands.width)
    half = 0.5 * strands.width * np.clip((1 - along) / strands.taper, 0.0, 1.0) ** 0.7
    y = 1 - 0.985 * length * along
    left, right = np.stack([x - half, y], 1), np.stack([x + half, y], 1)
    return np.concatenate([left, right[::-1]])


def lash_colour(brow: Colour) -> Colour:
    """Lashes are darker than brows, and do not turn white with them."""
    red, green, blue = (round(18 + 0.35 * min(value, 110)) for value in brow)
    return red, green, blue
