"""Every action unit at its strongest on one head, as grey clay."""

from collections.abc import Callable, Mapping

import numpy as np
from jaxtyping import Float, Int32, UInt8

from assets import facs
from generator.preview import clay
from generator.preview.lettering import Ink, write

COLUMNS = 5
TILE, BAND = 400, 26
INK = Ink(13, (235, 235, 235))
PAPER = (28, 29, 32)
# Of a head whose crown lies so high above its eyes, what is shown, metres.
CROWN, MIDDLE, HALF = 0.117, -0.038, 0.096

Pose = Callable[[Mapping[int, float]], Float[np.ndarray, "vertices 3"]]
"""From AUs (both sides alike) to vertices, standardised: metres, y up, the face along +z."""


def sheet(
    pose: Pose, triangles: Int32[np.ndarray, "triangles 3"], advance: Callable[[int, int], object]
) -> UInt8[np.ndarray, "height width 3"]:
    """The neutral head and each AU of the set alone, frontal.

    `advance` is called after each picture with 1 and how many there are.
    """
    neutral = pose({})
    size = float(neutral[np.unique(triangles), 1].max()) / CROWN
    window = clay.Window(0.0, MIDDLE * size, HALF * size)
    tiles = []
    for au in (None, *facs.AUS):
        highest = 0.0 if au is None else facs.HIGHEST[au]
        vertices = neutral if au is None else pose({au: highest})
        name = "neutral" if au is None else f"AU{au} {facs.NAMES[au]}, {highest:g}"
        tile = np.full((TILE + BAND, TILE, 3), PAPER, np.uint8)
        tile[BAND:] = clay.draw(vertices, triangles, TILE, window)
        write(tile, name, (10, BAND - 8), INK)
        tiles.append(tile)
        advance(1, 1 + len(facs.AUS))
    tiles += [np.full_like(tiles[0], PAPER)] * (-len(tiles) % COLUMNS)
    rows = [np.hstack(tiles[k : k + COLUMNS]) for k in range(0, len(tiles), COLUMNS)]
    return np.vstack(rows)
