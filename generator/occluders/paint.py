"""What occluders are made of: pictures of plastic, tape and cloth, laid in their charts."""

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from jaxtyping import Float32

from assets import atlas
from generator.looks import Colour
from generator.texture.skin import Texture
from generator.texture.skin_noise import slopes

FRAMES: tuple[tuple[Colour, float], ...] = (
    ((22, 22, 24), 0.28), ((64, 38, 22), 0.3), ((34, 44, 74), 0.3), ((120, 122, 126), 0.22),
    ((150, 118, 66), 0.22), ((92, 30, 34), 0.3), ((52, 54, 58), 0.25),
)  # fmt: skip
"""Colours (sRGB) and roughness of frames: plastic, horn, steel and gilt."""
CLOTHS: tuple[Colour, ...] = (
    (206, 208, 206), (164, 196, 214), (150, 200, 186), (214, 186, 196), (222, 208, 158),
    (126, 148, 188), (170, 174, 178),
)  # fmt: skip
"""Colours of caps and blankets."""
MASKS: tuple[Colour, ...] = (
    (142, 186, 214),
    (146, 200, 190),
    (232, 234, 234),
    (158, 196, 222),
    (150, 190, 210),
)
SOFT: tuple[Colour, ...] = ((232, 168, 176), (140, 190, 216), (236, 222, 150), (160, 206, 170))
KNOBS: tuple[Colour, ...] = ((246, 246, 242), (250, 232, 190), (214, 228, 240))


@dataclass(frozen=True)
class Stuff:
    """Colours (sRGB) of one person's things; frames with roughness, striped or plain cloth."""

    frame: tuple[Colour, float]
    cap: Colour
    blanket: Colour
    stripe: Colour
    striped: bool
    mask: Colour
    shield: Colour
    knob: Colour


def draw_stuff(rng: np.random.Generator) -> Stuff:
    """Draw colours for one person."""
    picks = rng.random(8).tolist()

    def one(colours: tuple[Any, ...], pick: float) -> Any:
        return colours[min(int(pick * len(colours)), len(colours) - 1)]

    return Stuff(
        frame=one(FRAMES, picks[0]),
        cap=one(CLOTHS, picks[1]),
        blanket=one(CLOTHS, picks[2]),
        stripe=one(SOFT, picks[3]),
        striped=picks[4] < 0.5,
        mask=one(MASKS, picks[5]),
        shield=one(SOFT, picks[6]),
        knob=one(KNOBS, picks[7]),
    )


def paint(texture: Texture, stuff: Stuff, rng: np.random.Generator) -> None:
    """Lay the pictures of all things into a person's atlas, in place."""
    plain(texture, "glasses", (stuff.frame[0], (236, 246, 242)), stuff.frame[1], 0.05, alpha=9)
    plain(texture, "oxygen_mask", ((218, 230, 222), (206, 230, 218)), 0.5, 0.17, alpha=34)
    plain(texture, "tube", ((206, 220, 222), (120, 168, 200)), 0.3, 0.35)
    plain(texture, "nasal_cannula", ((206, 226, 214), (206, 226, 214)), 0.28, 0.28)
    plain(texture, "pacifier", (stuff.shield, stuff.knob), 0.3, 0.3)
    weave(texture, "tape", (218, 207, 192), 0.8, 0.5, rng)
    weave(texture, "cap", stuff.cap, 0.92, 1.0, rng)
    weave(texture, "blanket", stuff.blanket, 0.95, 1.4, rng)
    weave(texture, "surgical_mask", stuff.mask, 0.85, 0.5, rng)


def plain(
    texture: Texture, chart: str, colours: tuple[Colour, Colour], low: float, high: float,
    alpha: int = 255,
) -> None:  # fmt: skip
    """Lower and upper half of a chart in a colour and a roughness each; alpha is the upper's."""
    rows, columns = atlas.pixel_rect(chart, len(texture.scatter))
    middle = (rows.start + rows.stop) // 2
    for part, colour, rough in (
        (slice(rows.start, middle), colours[1], high),
        (slice(middle, rows.stop), colours[0], low),
    ):
        texture.albedo[part, columns, :3] = colour
        texture.roughness[part, columns] = round(255 * rough)
        texture.scatter[part, columns] = 0
        texture.normal[part, columns] = (128, 128, 255)
    texture.albedo[rows.start : middle, columns, 3] = alpha


def weave(
    texture: Texture, chart: str, colour: Colour, rough: float, deep: float,
    rng: np.random.Generator,
) -> None:  # fmt: skip
    """Woven or knitted cloth: threads in colour and relief."""
    rows, columns = atlas.pixel_rect(chart, len(texture.scatter))
    shape = (rows.stop - rows.start, columns.stop - columns.start)
    height = threads(shape)
    blotch = rng.standard_normal((8, 8), np.float32)
    blotch = cv2.resize(blotch, shape[::-1], interpolation=cv2.INTER_CUBIC)
    shade = 1 + 0.06 * deep * (height - 0.5) + 0.012 * blotch
    cloth = np.array(colour, np.float32) * shade[..., None]
    texture.albedo[rows, columns, :3] = np.clip(np.rint(cloth), 0, 255)
    across, down = slopes((0.06 * deep * height).astype(np.float32), 0.5)
    texture.normal[rows, columns, 0] = np.clip(127.5 - 127.5 * across, 20, 235)
    texture.normal[rows, columns, 1] = np.clip(127.5 + 127.5 * down, 20, 235)
    texture.roughness[rows, columns] = round(255 * rough)
    texture.scatter[rows, columns] = 0


def threads(shape: tuple[int, int]) -> Float32[np.ndarray, "height width"]:
    """Height of a plain weave, 0 to 1, a thread some three texels wide."""
    row, column = np.mgrid[: shape[0], : shape[1]].astype(np.float32)
    return (0.5 + 0.5 * np.sin(row * 2.1) * np.sin(column * 2.1)).astype(np.float32)
