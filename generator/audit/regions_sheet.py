"""The regions drawn on the mean head, seen from the front: what is judged, for a person to see."""

import cv2
import numpy as np

from assets import au_regions
from assets.facs import AUS, NAMES
from generator.preview.lettering import Ink, write

SCALE, LEFT, TOP = 34, 2.6, 2.7
TILE, LABEL, COLUMNS = (177, 224), 24, 7
PAPER, FACE, RIM, INSIDE, INK = (
    (246, 246, 244), (214, 200, 190), (240, 208, 96), (205, 70, 60), (32, 33, 36),
)  # fmt: skip


def regions_sheet() -> bytes:
    """JPEG bytes: a tile an AU."""
    width, height = TILE
    rows = -(-len(AUS) // COLUMNS)
    sheet = np.full((rows * (height + LABEL), COLUMNS * width, 3), PAPER, np.uint8)
    for number, au in enumerate(AUS):
        top, left = (number // COLUMNS) * (height + LABEL), (number % COLUMNS) * width
        sheet[top + LABEL : top + LABEL + height, left : left + width] = _tile(au)
        share = au_regions.share(au_regions.region(au).inside)
        write(sheet, f"AU{au}  {share:.0%}", (left + 6, top + 17), Ink(13, INK))
        write(sheet, NAMES[au], (left + 62, top + 17), Ink(10, INK))
    done, data = cv2.imencode(".jpg", sheet[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, 92])
    assert done, "OpenCV encodes into memory"
    return data.tobytes()


def _tile(au: int) -> np.ndarray:
    position = au_regions.chart().position
    region = au_regions.region(au)
    front = au_regions.area() > 0
    column = np.floor((position[..., 0] + LEFT) * SCALE).astype(int)
    row = np.floor((TOP - position[..., 1]) * SCALE).astype(int)
    width, height = TILE
    seen = front & (column >= 0) & (column < width) & (row >= 0) & (row < height)
    tile = np.full((height, width, 3), PAPER, np.uint8)
    layers = ((au_regions.face(), FACE), (region.with_rim, RIM), (region.inside, INSIDE))
    for texels, colour in layers:
        on = np.zeros((height, width), np.uint8)
        drawn = seen & texels
        on[row[drawn], column[drawn]] = 1
        # Texels are farther apart than pixels at the sides: close what is left between them.
        tile[cv2.morphologyEx(on, cv2.MORPH_CLOSE, np.ones((3, 3), np.uint8)) > 0] = colour
    return tile
