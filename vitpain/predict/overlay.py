"""A picture with what was read in it: the square, PSPI on a bar, action units, what counted.

What counted is Grad-CAM of PSPI, laid over the crop that the model saw; of a run by folds it is
the mean of theirs, each of them with its highest value 1.
"""

import textwrap
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from jaxtyping import Float, UInt8

from assets import atomic, picture_file
from assets.face_crop import Square
from assets.facs import HIGHEST, HIGHEST_PSPI, PAIN_AUS
from generator.shards import codec
from vitpain.evaluate.predictions import LEVELS
from vitpain.predict.table import Row

HEIGHT = 480
"""Height of an overlay, pixels."""
PANEL, MARGIN = 260, 14
INSIDE = PANEL - 2 * MARGIN
INK, PAPER, BAR, RAIL = (30, 30, 30), (250, 250, 248), (190, 60, 40), (222, 222, 218)
SQUARE = (255, 200, 0)
FONT = cv2.FONT_HERSHEY_SIMPLEX
MOST = 0.55
"""Share of the colour over the picture where a map is at its highest."""
YELLOW = 190
"""Number of yellow in OpenCV's map of colours from black over red to white."""
LONGEST = 1280
"""Longer side of what is kept of a picture to be drawn on, pixels."""
WIDEST = 2 * HEIGHT
"""Most that the picture takes beside its crop."""

Picture = UInt8[np.ndarray, "height width 3"]
Resized = UInt8[np.ndarray, "rows columns 3"]


@dataclass(frozen=True)
class Shown:
    """One face to draw: its picture and square in it, the crop, its map, and its row."""

    image: UInt8[np.ndarray, "height width 3"]
    square: Square
    crop: UInt8[np.ndarray, "size size 3"]
    saliency: Float[np.ndarray, "side side"]
    row: Row


def smaller(image: Picture, square: Square) -> tuple[Resized, Square]:
    """A picture and the square in it, no larger than `LONGEST`."""
    share = min(1.0, LONGEST / max(image.shape[:2]))
    return (image, square) if share == 1.0 else _resized(image, square, share)


def overlay(shown: Shown) -> Resized:
    """Draw the picture with its square, the crop with its map, and the numbers, side by side."""
    height, width = shown.image.shape[:2]
    share = min(HEIGHT / height, WIDEST / width)
    whole, square = _resized(shown.image, shown.square, share)
    first, last = (
        (round(square.x + sign * square.side / 2), round(square.y + sign * square.side / 2))
        for sign in (-1, 1)
    )
    cv2.rectangle(whole, first, last, SQUARE, 2, cv2.LINE_AA)
    beside = np.full((HEIGHT, whole.shape[1], 3), PAPER, np.uint8)
    beside[: whole.shape[0]] = whole[:HEIGHT]
    crop = cv2.resize(shown.crop, (HEIGHT, HEIGHT), interpolation=cv2.INTER_LINEAR)
    return np.concatenate([beside, warm(crop, shown.saliency), _panel(shown.row)], axis=1)


def warm(
    picture: UInt8[np.ndarray, "height width 3"], saliency: Float[np.ndarray, "side side"]
) -> UInt8[np.ndarray, "height width 3"]:
    """Lay a map over a picture of the same field: red some, yellow most."""
    height, width = picture.shape[:2]
    highest = float(saliency.max())
    share = (saliency / highest if highest > 0 else saliency).astype(np.float32)
    share = cv2.resize(share, (width, height), interpolation=cv2.INTER_CUBIC).clip(0, 1)
    # Hot ends in white, which over a picture is a grey.
    colour = cv2.applyColorMap((YELLOW * share).astype(np.uint8), cv2.COLORMAP_HOT)[..., ::-1]
    weight = MOST * share[..., None]
    return np.rint((1 - weight) * picture + weight * colour).astype(np.uint8)


def _resized(image: Picture, square: Square, share: float) -> tuple[Resized, Square]:
    few = (max(1, round(share * image.shape[1])), max(1, round(share * image.shape[0])))
    how = cv2.INTER_AREA if share < 1 else cv2.INTER_LINEAR
    made = cv2.resize(image, few, interpolation=how)
    return made, Square(share * square.x, share * square.y, share * square.side)


def _panel(row: Row) -> UInt8[np.ndarray, "height width 3"]:
    panel = np.full((HEIGHT, PANEL, 3), PAPER, np.uint8)
    _write(panel, f"PSPI {row['pspi_hat']:.1f} of {HIGHEST_PSPI}", 34, 0.8, 2)
    _bar(panel, 48, row["pspi_hat"] / HIGHEST_PSPI, 16)
    levels = "   ".join(f">={at} {100 * row[f'p{at}']:.0f}%" for at in LEVELS)
    _write(panel, levels, 92, 0.45)
    for number, au in enumerate(PAIN_AUS):
        value, top = row[f"au{au}_hat"], 130 + 44 * number
        _write(panel, f"AU{au}  {value:.1f} of {HIGHEST[au]:g}", top, 0.5)
        _bar(panel, top + 8, value / HIGHEST[au], 8)
    neutral = {"given": "neutral given", "own": "own neutral", "none": "NO NEUTRAL"}
    _write(panel, neutral[row["neutral"]], 400, 0.45)
    _write(panel, row["read_by"], 420, 0.4)
    for number, text in enumerate(textwrap.wrap(row["note"] or "", 36)[:4]):
        _write(panel, text, 438 + 13 * number, 0.36)
    return panel


def _write(
    panel: UInt8[np.ndarray, "height width 3"], text: str, y: int, scale: float, thick: int = 1
) -> None:
    (width, _), _ = cv2.getTextSize(text, FONT, scale, thick)
    scale *= min(1.0, INSIDE / width)
    cv2.putText(panel, text, (MARGIN, y), FONT, scale, INK, thick, cv2.LINE_AA)


def _bar(panel: UInt8[np.ndarray, "height width 3"], top: int, share: float, height: int) -> None:
    rows, done = slice(top, top + height), round(INSIDE * min(max(share, 0.0), 1.0))
    panel[rows, MARGIN : MARGIN + INSIDE] = RAIL
    panel[rows, MARGIN : MARGIN + done] = BAR


class Overlays:
    """Where overlays are written: one PNG or JPEG for one picture, else a file each in a folder."""

    def __init__(self, path: Path, several: bool) -> None:
        """Raises ValueError where several pictures are to go into one file, or a folder is full."""
        self._path = path
        self._single = path.suffix.lower() in picture_file.SUFFIXES
        self._taken: set[str] = set()
        if self._single and path.suffix.lower() not in (".png", ".jpg", ".jpeg"):
            raise ValueError(f"overlay must be a PNG, a JPEG or a folder, got {path}")
        if self._single and several:
            raise ValueError(f"overlay must be a folder for more than one picture, got {path}")
        if not path.parent.is_dir() or (self._single and path.is_dir()):
            kind = "a file" if self._single else "a folder"
            raise ValueError(f"overlay must be {kind} in a folder that is there, got {path}")
        if not self._single and path.exists() and not (path.is_dir() and not any(path.iterdir())):
            raise ValueError(f"overlay must be an empty folder or not there, got {path}")

    def add(self, shown: Shown) -> None:
        """Draw and write one; names that are taken are numbered."""
        path = self._path
        if not self._single:
            path.mkdir(exist_ok=True)
            path /= self._name(shown)
        suffix = "png" if path.suffix.lower() == ".png" else "jpg"
        atomic.write(path, codec.encode_image(overlay(shown), suffix))

    def _name(self, shown: Shown) -> str:
        frame = shown.row["frame"]
        stem = shown.row["key"] or Path(shown.row["file"]).stem
        stem += "" if frame is None else f"_{frame:06d}"
        name, number = stem, 1
        while name in self._taken:
            number += 1
            name = f"{stem}_{number}"
        self._taken.add(name)
        return f"{name}.jpg"
