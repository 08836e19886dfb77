"""Sheets of what a generator paints: faces in rows, one AU from 0 to 1 in columns."""

import numpy as np
from jaxtyping import UInt8

from assets.facs import NAMES
from generator.gan2d.painter import Painter
from generator.preview.lettering import Ink, write

STEPS = (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)
GAP, HEAD = 4, 26
SMALLEST = 96
"""Least side of a picture on a sheet, pixels."""
PAPER, INK = 250, Ink(13, (30, 30, 34))
Pictures = UInt8[np.ndarray, "faces size size 3"]


def of_au(
    painter: Painter, pictures: Pictures, aus: tuple[int, ...], au: int
) -> UInt8[np.ndarray, "height width 3"]:
    """Faces as they are, then with one AU at 0 to 1 and all others at 0."""
    columns = [pictures]
    for step in STEPS:
        wanted = np.zeros((len(pictures), len(aus)), np.float32)
        wanted[:, aus.index(au)] = step
        columns.append(painter.paint(pictures, wanted))
    titles = ("input", *(f"{step:g}" for step in STEPS))
    return laid(columns, titles, f"AU{au} {NAMES[au]}")


def of_all(
    painter: Painter, pictures: Pictures, aus: tuple[int, ...]
) -> UInt8[np.ndarray, "height width 3"]:
    """Faces as they are, with every AU at 0, then with each at 1."""
    columns, titles = [pictures], ["input", "none"]
    rows = np.vstack([np.zeros((1, len(aus))), np.eye(len(aus))]).astype(np.float32)
    for wanted in rows:
        columns.append(painter.paint(pictures, np.tile(wanted, (len(pictures), 1))))
    return laid(columns, (*titles, *(f"AU{au}" for au in aus)), "each AU at 1")


def laid(
    columns: list[np.ndarray], titles: tuple[str, ...], title: str
) -> UInt8[np.ndarray, "height width 3"]:
    """Lay columns of pictures side by side, a title above each and one above all."""
    # Small pictures are shown larger, so that titles have room.
    times = -(-SMALLEST // columns[0].shape[1])
    columns = [column.repeat(times, axis=1).repeat(times, axis=2) for column in columns]
    faces, size = columns[0].shape[:2]
    width = len(columns) * (size + GAP) + GAP
    sheet = np.full((2 * HEAD + faces * (size + GAP) + GAP, width, 3), PAPER, np.uint8)
    write(sheet, title, (GAP, HEAD - 8), INK)
    for at, (column, name) in enumerate(zip(columns, titles, strict=True)):
        left = GAP + at * (size + GAP)
        write(sheet, name, (left, 2 * HEAD - 8), INK)
        for row, picture in enumerate(column):
            top = 2 * HEAD + row * (size + GAP)
            sheet[top : top + size, left : left + size] = picture
    return sheet
