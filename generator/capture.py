"""What takes the pictures of a view: a camera of the kind that was asked for, drawn once a view.

The ranges stand in `assets.sensors`. Draws of `photo` come from the camera's own stream, those of
every other kind from a stream of theirs, so that pose, lens and light are the same for all kinds.
"""

from dataclasses import dataclass

import numpy as np

from assets.sensors import SENSORS, Range
from assets.streams import stream
from generator.config import GenerateConfig, SensorKind
from render.sensor import Sensor

CONTRAST, SATURATION = 0.06, 0.08
"""Deviations of a photographer's contrast and saturation."""
TINT = 0.25
"""How far green can be off, of what red and blue can."""
LAMP_SIZE = 0.02
"""Angular radius of the lamp of a near-infrared camera, radians: a ring or panel of diodes."""


@dataclass(frozen=True)
class Lamp:
    """The lamp of a near-infrared camera: `angle` from the lens, seen from the head, at `turn`
    round it (radians, 0 to the right, π/2 up); `around` is what the surroundings give of the
    camera's light, 1 by day.
    """

    angle: float
    turn: float
    around: float


def between(rng: np.random.Generator, bounds: Range) -> float:
    """Draw evenly from a range."""
    low, high = bounds
    return low + (high - low) * float(rng.random())


def log_between(rng: np.random.Generator, bounds: Range) -> float:
    """Draw from a range above 0, every doubling as likely as the next."""
    low, high = np.log(bounds).tolist()
    return float(np.exp(low + (high - low) * float(rng.random())))


def near(rng: np.random.Generator, middle: float, spread: float, limit: float) -> float:
    """Draw from a normal about `middle`, cut at `limit` from it."""
    return middle + float(np.clip(spread * rng.standard_normal(), -limit, limit))


def draw_sensor(
    config: GenerateConfig, place: tuple[int, int], shared: np.random.Generator, seed: int
) -> tuple[Sensor, Lamp | None]:
    """Draw the camera of a view, `place` being person and view, and its lamp if it has one.

    `shared` is the stream that the lens was drawn from, `seed` is the noise of one picture.
    """
    match config.sensor:
        case "photo":
            return _photo(shared, seed), None
        case "clean":
            return Sensor(noise=0.0, grain=0.0, seed=seed), None
        case "degraded" | "ward_video" | "near_infrared":
            index, view = place
            rng = stream(config.seed, index, config.sensor, view)
            sensor = draw_poor(config.sensor, config.size, rng, seed)
            return sensor, _lamp(config, rng)
    raise ValueError(f"sensor must be one of {', '.join(SENSORS)}, got {config.sensor}")


def _photo(rng: np.random.Generator, seed: int) -> Sensor:
    """From a good camera to a phone in a dim room."""
    ranges = SENSORS["photo"]
    return Sensor(
        noise=log_between(rng, ranges.noise),
        grain=log_between(rng, ranges.grain),
        contrast=near(rng, 1.0, CONTRAST, ranges.contrast[1] - 1.0),
        saturation=near(rng, 1.0, SATURATION, ranges.saturation[1] - 1.0),
        vignette=between(rng, ranges.vignette),
        blur=between(rng, ranges.blur),
        seed=seed,
    )


def draw_poor(kind: SensorKind, width: int, rng: np.random.Generator, seed: int) -> Sensor:
    """Draw a camera that is no photographer's, for pictures `width` pixels wide."""
    ranges = SENSORS[kind]
    # A wrong balance is that of warmer or colder light: red and blue part, green hardly moves.
    warmth, tint = between(rng, (-1.0, 1.0)), between(rng, (-TINT, TINT))
    red, green, blue = (_stop(ranges.balance, share) for share in (warmth, tint, -warmth))
    length, turn = between(rng, ranges.motion) * width, 2 * np.pi * float(rng.random())
    return Sensor(
        noise=log_between(rng, ranges.noise),
        grain=log_between(rng, ranges.grain),
        contrast=between(rng, ranges.contrast),
        saturation=between(rng, ranges.saturation),
        vignette=between(rng, ranges.vignette),
        blur=between(rng, ranges.blur),
        seed=seed,
        gain=log_between(rng, ranges.gain),
        balance=(red, green, blue),
        defocus=between(rng, ranges.defocus) * width,
        motion=(float(length * np.cos(turn)), float(length * np.sin(turn))),
        columns=ranges.columns,
        interlaced=ranges.interlaced,
        monochrome=ranges.monochrome,
        quality=int(rng.integers(ranges.quality[0], ranges.quality[1] + 1)),
    )


def _stop(bounds: Range, share: float) -> float:
    """A factor from the lower bound at -1 over 1 at 0 to the upper one at 1."""
    return float(bounds[0] ** max(-share, 0.0) * bounds[1] ** max(share, 0.0))


def _lamp(config: GenerateConfig, rng: np.random.Generator) -> Lamp | None:
    ranges = SENSORS[config.sensor]
    if ranges.lamp == (0.0, 0.0):
        return None
    angle, turn = between(rng, ranges.lamp), 2 * np.pi * float(rng.random())
    return Lamp(angle, turn, log_between(rng, ranges.around))
