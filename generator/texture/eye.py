"""The picture of an eye: iris with fibres, pupil, limbus, and a white that is not white.

Polar about the middle of a square tile, as `assets.eyeball` lays it out: the limbus at
`LIMBUS_UV` of the tile from the middle, the rim of the drawn cap at half of it.
"""

from dataclasses import dataclass
from functools import cache

import cv2
import numpy as np
from jaxtyping import Float32, UInt8

from assets.eyeball import LIMBUS_UV
from assets.streams import stream
from generator.looks import EYES

TILE = 256


@dataclass(frozen=True)
class EyeLook:
    """What tells eyes apart; `pupil` is its radius as a share of the iris,
    `pale` 1 for light skin and 0 for the darkest, whose whites hold some pigment too."""

    colour: str
    pupil: float
    age_years: float
    veins: float
    pale: float


@dataclass(frozen=True, eq=False)
class _Polar:
    radius: Float32[np.ndarray, "tile tile"]  # 1 at the limbus
    turn: Float32[np.ndarray, "tile tile"]  # 0 to 1 around


@cache
def _polar() -> _Polar:
    middle = (np.arange(TILE, dtype=np.float32) + 0.5) / TILE - 0.5
    x, y = np.meshgrid(middle, -middle)
    turn = np.arctan2(y, x) / (2 * np.pi) % 1.0
    return _Polar(np.hypot(x, y) / np.float32(LIMBUS_UV), turn.astype(np.float32))


def _fibres(rng: np.random.Generator, polar: _Polar) -> Float32[np.ndarray, "tile tile"]:
    """Radial streaks that thicken outward, about -1 to 1."""
    around, out = 256, 24
    noise = rng.standard_normal((out, around), np.float32)
    noise = np.concatenate([noise] * 3, 1)
    streaks = cv2.blur(noise, (2, 9)) * 2.6 + cv2.blur(noise, (5, 5)) * 2.2
    streaks = streaks[:, around : 2 * around]
    column = (polar.turn * around).astype(np.int32) % around
    row = np.minimum((np.clip(polar.radius, 0, 0.999) * out).astype(np.int32), out - 1)
    return cv2.blur(np.clip(streaks[row, column], -2, 2) / 2, (2, 2))


def _step(low: float, high: float, value: np.ndarray) -> np.ndarray:
    share = np.clip((value - low) / (high - low), 0, 1)
    return share * share * (3 - 2 * share)


def _veins(rng: np.random.Generator, amount: float) -> Float32[np.ndarray, "tile tile"]:
    """Thin wandering vessels that come from the rim and thin out toward the limbus."""
    canvas = np.zeros((TILE, TILE), np.uint8)
    for _ in range(round(10 + 26 * amount)):
        side = np.pi if rng.random() < 0.5 else 0.0
        angle = side + float(rng.normal(0, 0.55))
        radius, strength = 1.95, 90 + 130 * float(rng.random())
        stop = 1.12 + 0.6 * float(rng.random())
        points = []
        while radius > stop:
            points.append((radius * np.cos(angle), radius * np.sin(angle)))
            radius -= 0.05
            angle += float(rng.normal(0, 0.035))
        pixels = np.array(points) * LIMBUS_UV * TILE * [1, -1] + TILE / 2
        fixed = np.rint(pixels * 16).astype(np.int32)
        cv2.polylines(canvas, [fixed], False, int(strength), 1, cv2.LINE_AA, 4)
    return cv2.blur(canvas, (2, 2)).astype(np.float32) / 255


def _crypts(rng: np.random.Generator, polar: _Polar, collarette: float) -> np.ndarray:
    """Dark lens-shaped openings between the fibres, most of them by the collarette, 0 to 1."""
    out = np.zeros((TILE, TILE), np.float32)
    for _ in range(int(rng.integers(5, 16))):
        turn, at = float(rng.random()), collarette + float(abs(rng.normal(0.04, 0.10)))
        wide, long = 0.008 + 0.016 * float(rng.random()), 0.03 + 0.06 * float(rng.random())
        apart = np.abs(polar.turn - turn)
        apart = np.minimum(apart, 1 - apart)
        shape = 1.2 - (apart / wide) ** 2 - ((polar.radius - at) / long) ** 2
        np.maximum(out, np.clip(shape, 0, 1), out=out)
    return out


def _iris(look: EyeLook, rng: np.random.Generator, polar: _Polar) -> np.ndarray:
    """The iris from the pupil to the limbus: fibres, collarette, crypts, furrows, dark rim."""
    radius = polar.radius
    outer, inner = (np.array(colour, np.float32) for colour in EYES[look.colour])
    fibres = _fibres(rng, polar)
    wavy = radius + 0.05 * fibres
    collarette = 0.48 + 0.06 * float(rng.random())
    share = _step(collarette + 0.22, collarette - 0.1, wavy)[..., None]
    iris = outer + (inner - outer) * share
    bright = 1.0 + 0.42 * fibres + 0.22 * np.exp(-(((wavy - collarette) / 0.07) ** 2))
    bright *= 1.0 - 0.38 * _crypts(rng, polar, collarette)
    # Folds that run round the iris when the pupil is wide.
    folds = np.sin(38.0 * wavy + 4.0 * np.sin(2 * np.pi * polar.turn))
    bright += 0.05 * folds * _step(0.6, 0.75, radius)
    bright *= 1.0 - 0.66 * _step(0.78, 1.0, radius)
    bright *= 1.0 - 0.45 * _step(look.pupil + 0.10, look.pupil, wavy)
    # Pigment is still to come in the first months: irises are slate.
    bright *= 1.0 - 0.3 * float(np.clip(1 - look.age_years, 0, 1))
    iris = iris * bright[..., None]
    # The pupil's brown ruff, then the dark.
    ruff = np.exp(-(((radius - look.pupil - 0.015) / 0.02) ** 2))[..., None]
    iris = iris + 0.6 * ruff * (np.array([34, 22, 15], np.float32) - iris)
    soft = 2.5 / (LIMBUS_UV * TILE)
    iris *= _step(look.pupil - soft, look.pupil + soft, radius)[..., None]
    # Arcus senilis: a greyish ring in the old.
    arcus = 0.5 * float(np.clip((look.age_years - 50) / 35, 0, 1))
    ring = arcus * np.exp(-(((radius - 0.92) / 0.05) ** 2))[..., None]
    return iris + np.float32(6) + ring * (np.float32(140) - iris)


def _white(look: EyeLook, rng: np.random.Generator, polar: _Polar) -> np.ndarray:
    """The white: yellower in the old, bluish in infants, red toward the corners, with vessels."""
    radius = polar.radius
    old = float(np.clip((look.age_years - 30) / 50, 0, 1))
    infant = float(np.clip(1 - look.age_years / 2, 0, 1))
    white = np.array([194, 184, 176], np.float32) - old * np.array([12, 15, 27], np.float32)
    white += infant * np.array([-9, 0, 9], np.float32)
    white -= (1 - look.pale) * np.array([22, 26, 34], np.float32)
    aside = _step(1.15, 2.0, radius) * (0.5 + 0.5 * np.cos(4 * np.pi * polar.turn))
    around = _step(1.3, 2.0, radius)
    blush = (0.35 + 0.4 * look.veins) * aside + 0.30 * around
    veins = _veins(rng, look.veins) * (0.35 + 0.5 * look.veins) * (1 - 0.6 * infant)
    white = white - blush[..., None] * np.array([22, 58, 60], np.float32)
    return white - veins[..., None] * np.array([28, 110, 105], np.float32)


def eye(look: EyeLook, rng: np.random.Generator) -> UInt8[np.ndarray, "tile tile 3"]:
    """sRGB of one eye; the two eyes of a person take the same `look` and draws of their own."""
    polar = _polar()
    iris = _iris(look, rng, polar)
    white = _white(look, rng, polar)
    # The limbus is a soft band.
    edge = _step(0.93, 1.09, polar.radius)[..., None]
    return np.clip(np.rint(iris + (white - iris) * edge), 0, 255).astype(np.uint8)


@cache
def unevenness() -> Float32[np.ndarray, "tile tile 2"]:
    """Tangent normal x and y of the white, which breaks up what it mirrors; 0 on the cornea."""
    noise = stream(0, -1, "white of the eye").standard_normal((24, 24), np.float32)
    height = cv2.resize(noise, (TILE, TILE), interpolation=cv2.INTER_CUBIC)
    slope = np.stack(
        [cv2.Sobel(height, cv2.CV_32F, *axis, ksize=3) for axis in ((1, 0), (0, 1))], 2
    )
    return slope * (0.06 / slope.std() * _step(1.02, 1.3, _polar().radius)[..., None])
