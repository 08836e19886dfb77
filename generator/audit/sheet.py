"""The sheet of one person: a row an action unit, a column an intensity from 0 to 5."""

import cv2
import numpy as np
from jaxtyping import UInt8

from assets.facs import NAMES
from generator.preview.lettering import Ink, write
from render.frame import Frame

TILE, GAP, HEAD, TOP = 168, 4, 150, 44
COLUMNS = 6
PAPER, INK, FAINT = (246, 246, 244), (32, 33, 36), (120, 122, 126)
QUALITY = 88
# The face with some forehead, in spans from brow to chin about the middle of the landmarks.
MARGIN, FOREHEAD = 0.08, 0.22

Picture = UInt8[np.ndarray, "_ _ 3"]


class Sheet:
    """Gathers pictures of one person; every tile is cut at the same place of the picture."""

    def __init__(self, neutral: Frame) -> None:
        """Begin with the neutral, in which the face is found."""
        low, high = neutral.landmarks.min(axis=0), neutral.landmarks.max(axis=0)
        span = float((high - low).max())
        side = round(span * (1 + MARGIN + FOREHEAD))
        left = round(float(low[0] + high[0]) / 2 - side / 2)
        top = round(float(high[1]) + MARGIN * span - side)
        self._corner, self._side = (max(left, 0), max(top, 0)), side
        self._neutral = self._tile(neutral.image)
        self._rows: dict[int, dict[int, Picture]] = {}

    def add(self, au: int, intensity: int, image: Picture) -> None:
        """Put a picture in its row and column."""
        self._rows.setdefault(au, {})[intensity] = self._tile(image)

    def jpeg(self, title: str) -> bytes:
        """The sheet, encoded."""
        height = TOP + len(self._rows) * (TILE + GAP)
        width = HEAD + COLUMNS * (TILE + GAP)
        sheet = np.full((height, width, 3), PAPER, np.uint8)
        write(sheet, title, (10, 28), Ink(16, INK))
        for number, (au, tiles) in enumerate(self._rows.items()):
            top = TOP + number * (TILE + GAP)
            write(sheet, f"AU{au}", (10, top + 30), Ink(17, INK))
            write(sheet, NAMES[au], (10, top + 52), Ink(11, FAINT))
            for intensity, tile in {0: self._neutral, **tiles}.items():
                left = HEAD + intensity * (TILE + GAP)
                sheet[top : top + TILE, left : left + TILE] = tile
                write(sheet, str(intensity), (left + 6, top + 20), Ink(14, PAPER))
        done, data = cv2.imencode(".jpg", sheet[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, QUALITY])
        assert done, "OpenCV encodes into memory"
        return data.tobytes()

    def _tile(self, image: Picture) -> Picture:
        (left, top), side = self._corner, self._side
        cut = image[top : top + side, left : left + side]
        how = cv2.INTER_AREA if side >= TILE else cv2.INTER_CUBIC
        return np.asarray(cv2.resize(cut, (TILE, TILE), interpolation=how))
