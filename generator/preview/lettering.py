"""Text on a picture, with the stroke font that comes with OpenCV."""

from dataclasses import dataclass

import cv2
import numpy as np
from jaxtyping import UInt8

FONT = cv2.FONT_HERSHEY_SIMPLEX
# Letters are drawn this many times too large and reduced: strokes come out even.
FINE = 4
PAD = 8


@dataclass(frozen=True)
class Ink:
    """Height of a line's capitals and ascenders in pixels, nearly, and sRGB colour."""

    size: int
    colour: tuple[int, int, int]


def wrap(text: str, size: int, width: int, lines: int) -> list[str]:
    """Break a text at blanks into lines of at most `width` pixels.

    What does not fit in `lines` is cut and ends in "...".
    """
    broken: list[str] = []
    for word in text.split():
        longer = f"{broken[-1]} {word}" if broken else word
        if broken and _measure(longer, size)[0] <= width * FINE:
            broken[-1] = longer
        else:
            broken.append(word)
    kept = broken[:lines]
    return [
        _cut(line, size, width, number == lines - 1 and len(broken) > lines)
        for number, line in enumerate(kept)
    ]


def write(
    sheet: UInt8[np.ndarray, "height width 3"], text: str, place: tuple[int, int], ink: Ink
) -> None:
    """Write a line whose baseline begins at `place` (x, y), cut at the edges of the sheet.

    The font has no letters beyond ASCII: others show as "?".
    """
    shown = _ascii(text)
    width, height, below = _measure(shown, ink.size)
    high, wide = height + below + 2 * PAD, width + 2 * PAD
    mask = np.zeros((high + -high % FINE, wide + -wide % FINE), np.uint8)
    stroke = _stroke(ink.size)
    start = (PAD, PAD + height)
    cv2.putText(mask, shown, start, FONT, _scale(ink.size), 255, stroke, cv2.LINE_AA)
    small = (mask.shape[1] // FINE, mask.shape[0] // FINE)
    mask = cv2.resize(mask, small, interpolation=cv2.INTER_AREA)
    left, top = place[0] - PAD // FINE, place[1] - (PAD + height) // FINE
    above, before = max(-top, 0), max(-left, 0)
    area = sheet[top + above : max(top + small[1], 0), left + before : max(left + small[0], 0)]
    mask = mask[above : above + area.shape[0], before : before + area.shape[1]]
    share = mask[..., None].astype(np.float32) / 255
    inked = area * (1 - share) + np.array(ink.colour, np.float32) * share
    area[:] = np.rint(inked).astype(np.uint8)


def _cut(line: str, size: int, width: int, more: bool) -> str:
    if not more and _measure(line, size)[0] <= width * FINE:
        return line
    while line and _measure(f"{line}...", size)[0] > width * FINE:
        line = line[:-1]
    return f"{line.rstrip()}..."


def _measure(text: str, size: int) -> tuple[int, int, int]:
    (width, height), below = cv2.getTextSize(_ascii(text), FONT, _scale(size), _stroke(size))
    return width, height, below


def _ascii(text: str) -> str:
    return "".join(letter if " " <= letter <= "~" else "?" for letter in text)


def _scale(size: int) -> float:
    return size * FINE / 22


def _stroke(size: int) -> int:
    return max(1, round(size * FINE / 12))
