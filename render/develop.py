"""From linear light to bytes: lens, exposure, noise, tone curve, sRGB.

Noise comes from a hash of seed and pixel, so it does not depend on the order of the pixels. The
tone curve is straight to 0.45 and bends to white from there, as film does: sRGB of light below it
is exact at contrast 1.
"""

from functools import cache
from statistics import NormalDist
from typing import no_type_check

import numpy as np
import warp as wp
from jaxtyping import Float32

from render.device import empty, put
from render.sensor import Sensor

STEPS = 4096
WHITEST = 16.0
"""Light from here on is white."""

SHOULDER = 0.45


@cache
def tone_table(contrast: float) -> Float32[np.ndarray, " steps"]:
    """Give the sRGB code (0–255, a fraction) of light at `WHITEST` · (step / last)²."""
    light = WHITEST * (np.arange(STEPS) / (STEPS - 1)) ** 2
    rest = 1 - SHOULDER
    bent = SHOULDER + rest * (1 - np.exp(-(light - SHOULDER) / rest))
    toned = np.where(light < SHOULDER, light, bent)
    code = np.where(toned <= 0.0031308, 12.92 * toned, 1.055 * toned ** (1 / 2.4) - 0.055)
    middle = 0.46  # the code of an 18 % grey
    low = middle * (np.minimum(code, middle) / middle) ** contrast
    high = 1 - (1 - middle) * ((1 - np.maximum(code, middle)) / (1 - middle)) ** contrast
    return (255 * np.where(code < middle, low, high)).astype(np.float32)


@cache
def quantiles() -> Float32[np.ndarray, " 1024"]:
    """Give 1024 numbers that are as common as each other in a normal distribution."""
    value = np.array([NormalDist().inv_cdf((i + 0.5) / 1024) for i in range(1024)])
    return (value / value.std()).astype(np.float32)


@no_type_check
@wp.struct
class Film:
    """A `Sensor` on the device; `side` is what a neighbour weighs in the lens' blur."""

    width: int
    height: int
    exposure: wp.float32
    vignette: wp.float32
    saturation: wp.float32
    side: wp.float32
    balance: wp.vec3
    grey: int
    noise: wp.float32
    grain: wp.float32
    seed: int
    tone: wp.array[wp.float32]
    bell: wp.array[wp.float32]


@no_type_check
@wp.func
def blurred(film: Film, light: wp.array[wp.vec3], x: int, y: int) -> wp.vec3:
    """Give a pixel's light through the lens."""
    out = wp.vec3(0.0, 0.0, 0.0)
    for dy in range(-1, 2):
        for dx in range(-1, 2):
            weight = wp.where(dx == 0, 1.0 - 2.0 * film.side, film.side)
            weight = weight * wp.where(dy == 0, 1.0 - 2.0 * film.side, film.side)
            px = wp.clamp(x + dx, 0, film.width - 1)
            py = wp.clamp(y + dy, 0, film.height - 1)
            out += weight * light[py * film.width + px]
    return out


@no_type_check
@wp.kernel(enable_backward=False)
def expose(film: Film, light: wp.array[wp.vec3], image: wp.array[wp.vec3ub]):
    """Write the bytes of one pixel."""
    pixel = wp.tid()
    x = pixel % film.width
    y = pixel / film.width
    c = light[pixel]
    if film.side > 0.0:
        c = blurred(film, light, x, y)
    c = wp.cw_mul(c, film.balance)
    u = (2.0 * wp.float32(x) + 1.0) / wp.float32(film.width) - 1.0
    v = (2.0 * wp.float32(y) + 1.0) / wp.float32(film.height) - 1.0
    c = c * (film.exposure * (1.0 - 0.5 * film.vignette * (u * u + v * v)))
    if film.grey != 0:
        c = wp.vec3(c[0], c[0], c[0])
    grey = 0.2126 * c[0] + 0.7152 * c[1] + 0.0722 * c[2]
    state = wp.rand_init(film.seed, pixel)
    bits = wp.randu(state)
    out = wp.vec3ub()
    for channel in range(3):
        # One noise for a camera without colour.
        shift = wp.where(film.grey != 0, 0, 10 * channel)
        value = wp.max(grey + film.saturation * (c[channel] - grey), 0.0)
        shot = film.grain * film.grain * wp.min(value, 1.0)
        drawn = film.bell[wp.int32((bits >> wp.uint32(shift)) & wp.uint32(1023))]
        value += wp.sqrt(film.noise * film.noise + shot) * drawn
        at = wp.sqrt(wp.clamp(value / WHITEST, 0.0, 1.0)) * 4095.0
        step = wp.min(wp.int32(at), 4094)
        part = at - wp.float32(step)
        code = film.tone[step] * (1.0 - part) + film.tone[step + 1] * part
        out[channel] = wp.uint8(wp.int32(code + 0.5))
    image[pixel] = out


def develop(light: wp.array, size: tuple[int, int], exposure: float, sensor: Sensor) -> wp.array:
    """Give the picture's bytes, a pixel a row; `size` is width and height."""
    device = str(light.device)
    film = Film()
    film.width, film.height = size
    film.exposure, film.vignette = exposure * sensor.gain, sensor.vignette
    film.saturation = 0.0 if sensor.monochrome else sensor.saturation
    film.balance, film.grey = wp.vec3(*sensor.balance), int(sensor.monochrome)
    # Three taps of a Gaussian of the lens' deviation, normalised.
    near = np.exp(-0.5 / max(sensor.blur, 1e-3) ** 2)
    film.side = float(near / (1 + 2 * near))
    film.noise, film.grain, film.seed = sensor.noise, sensor.grain, sensor.seed
    film.tone = put(tone_table(sensor.contrast), wp.float32, device)
    film.bell = put(quantiles(), wp.float32, device)
    image = empty(len(light), wp.vec3ub, device)
    wp.launch(expose, dim=len(light), inputs=[film, light, image], device=device)
    return image
