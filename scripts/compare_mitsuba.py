"""Mitsuba beside our own shading: `python -m scripts.compare_mitsuba [--sheet docs/mitsuba.jpg]`.

Draws people in the shipped environments with both, through one lens, without noise and blur, and
prints how far the colours are apart, an environment a line and then a class a line: mean colour
difference on skin (CIE 1976 Delta E*ab of the pictures, sRGB under D65) and the mean of L*, a* and
b* of ours minus Mitsuba's. The sheet shows ours, Mitsuba's and four times the difference about
grey. Mitsuba has no light under the skin and no cornea that bends light, its hair is flat glossy
cards, and its noise counts as difference. The documentation's sheet is
`--people 4 --size 320 --paths 96 --sheet docs/mitsuba.jpg`.
"""

import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np
import tyro
from jaxtyping import Float32, UInt8
from tqdm import tqdm

from assets.classes import NAMES as CLASS_NAMES
from assets.environments import NAMES
from generator import synth3d
from generator.config import GenerateConfig
from generator.preview.lettering import Ink, write
from render.backend import Backend
from render.device import Device
from render.frame import Frame
from render.image import draw
from render.scene import Scene
from render.sensor import Sensor
from scripts.figures import table, write_json

SKIN = ("skin", "nose", "ear", "neck", "upper_lid", "lower_lid")
FEWEST = 30
"""Pixels of a class in a picture below which its mean says nothing."""
STRONGER = 4
QUALITY = 88
INK = Ink(11, (255, 255, 255))


@dataclass(frozen=True)
class Options:
    """Draw people with Mitsuba and with our own shading, and compare."""

    people: int = 12
    """How many; they take the environments in turn."""
    size: int = 256
    """Side of the picture, pixels."""
    paths: int = 64
    """Paths a pixel."""
    seed: int = 5
    """Seed of the people."""
    ages: str = "0-90"
    """Completed years."""
    device: Device = "cpu"
    """Where pictures are drawn."""
    sheet: Path | None = None
    """JPEG of all pairs, with their difference."""
    json: Path | None = None
    """Write the figures here too."""


@dataclass(frozen=True, eq=False)
class Pair:
    """One scene drawn with both, and the seconds that each took."""

    environment: str
    ours: Frame
    theirs: Frame
    seconds: tuple[float, float]


def scene_of(options: Options, index: int) -> Scene:
    """A person in an environment: the neutral and the pain by turns."""
    config = GenerateConfig(
        identities=options.people,
        pain_per_identity=1,
        views=1,
        size=options.size,
        seed=options.seed,
        ages=options.ages,
        environments=(NAMES[index % len(NAMES)],),
    )
    scenes = [scene for _, _, scene in synth3d.scenes(config, index)]
    return replace(scenes[index % 2], sensor=Sensor(noise=0.0, grain=0.0), aperture=0.0)


def pairs(options: Options) -> Iterator[Pair]:
    """Draw every person with both."""
    for index in tqdm(range(options.people), unit="person"):
        scene = scene_of(options, index)
        draw(scene, options.device)
        begun = time.perf_counter()
        ours = draw(scene, options.device)
        between = time.perf_counter()
        theirs = draw(scene, options.device, Backend(shading="mitsuba", paths=options.paths))
        seconds = between - begun, time.perf_counter() - between
        yield Pair(scene.light.name, ours, theirs, seconds)


def lab(image: UInt8[np.ndarray, "rows columns 3"]) -> Float32[np.ndarray, "rows columns 3"]:
    """CIE L*a*b* of an sRGB picture, L* from 0 to 100."""
    return cv2.cvtColor(image.astype(np.float32) / 255, cv2.COLOR_RGB2LAB)


def apart(pair: Pair, classes: tuple[str, ...]) -> np.ndarray | None:
    """Mean of Delta E and of L*, a*, b* of ours minus theirs on some classes."""
    numbers = [number for number, name in CLASS_NAMES.items() if name in classes]
    inside = np.isin(pair.ours.classes, numbers)
    if inside.sum() < FEWEST:
        return None
    off = (lab(pair.ours.image) - lab(pair.theirs.image))[inside].astype(np.float64)
    return np.array([np.sqrt((off**2).sum(axis=1)).mean(), *off.mean(axis=0)])


def means(found: list[Pair], classes: tuple[str, ...]) -> str | None:
    """A line of `apart`, over pictures."""
    each = [off for pair in found if (off := apart(pair, classes)) is not None]
    if not each:
        return None
    delta, light, red, yellow = np.mean(each, axis=0)
    return f"{delta:5.1f}   L* {light:+5.1f}  a* {red:+5.1f}  b* {yellow:+5.1f}"


def figures(found: list[Pair]) -> dict[str, str | float]:
    """Colour differences by environment and by class, and seconds a picture."""
    lines: dict[str, str | None] = {"skin, all": means(found, SKIN)}
    for name in NAMES:
        lines[f"skin, {name}"] = means([pair for pair in found if pair.environment == name], SKIN)
    for name in CLASS_NAMES.values():
        lines[f"{name}, all"] = means(found, (name,))
    seconds = np.mean([pair.seconds for pair in found], axis=0)
    ours, theirs = (float(value) for value in seconds)
    kept = {name: line for name, line in lines.items() if line is not None}
    return kept | {"seconds a picture, ours": ours, "seconds a picture, Mitsuba": theirs}


def row(pair: Pair) -> UInt8[np.ndarray, "rows columns 3"]:
    """Ours, theirs, and the difference about grey."""
    off = pair.ours.image.astype(np.int16) - pair.theirs.image
    shown = np.clip(128 + STRONGER * off, 0, 255).astype(np.uint8)
    out = np.concatenate([pair.ours.image, pair.theirs.image, shown], axis=1)
    write(out, pair.environment, (6, 16), INK)
    return out


def main() -> None:
    """Draw, write the sheet, print the figures."""
    options = tyro.cli(Options)
    found = list(pairs(options))
    if options.sheet is not None:
        rows = [row(pair) for pair in found]
        across = 2 if len(rows) > 3 else 1
        rows += [np.zeros_like(rows[0])] * (-len(rows) % across)
        lines = [np.concatenate(rows[i : i + across], axis=1) for i in range(0, len(rows), across)]
        sheet = np.ascontiguousarray(np.concatenate(lines)[..., ::-1])
        if not cv2.imwrite(str(options.sheet), sheet, [cv2.IMWRITE_JPEG_QUALITY, QUALITY]):
            raise ValueError(f"sheet must be a file that can be written, got {options.sheet}")
    measured = figures(found)
    print(table(measured))
    write_json(options.json, measured)


if __name__ == "__main__":
    main()
