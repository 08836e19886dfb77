"""What takes a picture: kinds of camera, and the ranges that each number of one is drawn from.

Numbers are those of `render.sensor.Sensor`; `defocus` and `motion` are in shares of the picture's
width here, so that they look alike at any size. The ranges are our choice, by eye: `photo` goes
from a good camera to a phone in a dim room, `degraded` to a webcam that is held by hand and set
wrong, `ward_video` is some 320 x 240 from a wall, as UNBC-McMaster has it, and `near_infrared` a
monitoring camera at 850 nm with its own lamp.
"""

from dataclasses import dataclass

Range = tuple[float, float]
APERTURES: Range = (0.004, 0.035)
"""Metres across the smallest and the largest lens."""
FIXED: Range = (1.0, 1.0)
NONE: Range = (0.0, 0.0)


@dataclass(frozen=True)
class Ranges:
    """Lowest and highest of every number of a camera; equal where nothing is drawn.

    `balance` holds for each of red, green and blue; `motion` is a length. `lamp` is the angle
    (radians) between the lens and a lamp beside it, `around` what the surroundings give of the
    camera's light against what they give by day; both are 0 and 1 where there is no lamp.
    """

    noise: Range = NONE
    grain: Range = NONE
    contrast: Range = FIXED
    saturation: Range = FIXED
    vignette: Range = NONE
    blur: Range = NONE
    gain: Range = FIXED
    balance: Range = FIXED
    defocus: Range = NONE
    motion: Range = NONE
    columns: int = 0
    interlaced: bool = False
    monochrome: bool = False
    quality: tuple[int, int] = (0, 0)
    lamp: Range = NONE
    around: Range = FIXED


SENSORS = {
    "photo": Ranges(
        noise=(0.001, 0.005),
        grain=(0.003, 0.012),
        contrast=(0.88, 1.12),
        saturation=(0.82, 1.18),
        vignette=(0.0, 0.2),
        blur=(0.0, 0.5),
    ),
    "clean": Ranges(),
    "degraded": Ranges(
        noise=(0.008, 0.03),
        grain=(0.03, 0.09),
        contrast=(0.8, 1.25),
        saturation=(0.6, 1.2),
        vignette=(0.1, 0.5),
        blur=(0.3, 1.0),
        gain=(0.5, 2.0),
        balance=(0.75, 1.35),
        defocus=(0.0, 0.004),
        motion=(0.0, 0.014),
        quality=(20, 60),
    ),
    "ward_video": Ranges(
        noise=(0.006, 0.02),
        grain=(0.03, 0.06),
        contrast=(0.85, 1.1),
        saturation=(0.5, 0.95),
        vignette=(0.0, 0.3),
        blur=(0.3, 0.8),
        gain=(0.7, 1.3),
        balance=(0.88, 1.14),
        defocus=(0.0, 0.002),
        motion=(0.0, 0.005),
        columns=320,
        interlaced=True,
        quality=(30, 60),
    ),
    "near_infrared": Ranges(
        noise=(0.004, 0.015),
        grain=(0.015, 0.05),
        contrast=(0.9, 1.1),
        vignette=(0.1, 0.45),
        blur=(0.2, 0.7),
        gain=(0.8, 1.2),
        monochrome=True,
        quality=(50, 85),
        lamp=(0.05, 0.14),
        around=(0.03, 0.2),
    ),
}
