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


def eye(look: EyeLook, rng: np.random.Generator) -> UInt8[np.ndarray, "tile tile 3"]:
    """sRGB of one eye; the two eyes of a person take the same `look` and draws of their own."""
    polar = _polar()
    radius = polar.radius
    outer, inner = (np.array(colour, np.float32) for colour in EYES[look.colour])
    fibres = _fibres(rng, polar)
    wavy = radius + 0.05 * fibres
    collarette = 0.48 + 0.06 * float(rng.random())
    share = _step(collarette + 0.22, collarette - 0.1, wavy)[..., None]
    iris = outer + (inner - outer) * share
    bright = 1.0 + 0.42 * fibres + 0.22 * np.exp(-(((wavy - collarette) / 0.07) ** 2))
    bright *= 1.0 - 0.62 * _step(0.80, 1.0, radius)
    bright *= 1.0 - 0.45 * _step(look.pupil + 0.10, look.pupil, wavy)
    iris = iris * bright[..., None]
    soft = 2.5 / (LIMBUS_UV * TILE)
    iris *= _step(look.pupil - soft, look.pupil + soft, radius)[..., None]
    iris += np.float32(6)

    old = float(np.clip((look.age_years - 30) / 50, 0, 1))
    infant = float(np.clip(1 - look.age_years / 2, 0, 1))
    white = np.array([194, 184, 176], np.float32) - old * np.array([12, 14, 22], np.float32)
    white += infant * np.array([-6, 0, 8], np.float32)
    white -= (1 - look.pale) * np.array([22, 26, 34], np.float32)
    aside = _step(1.15, 2.0, radius) * (0.5 + 0.5 * np.cos(4 * np.pi * polar.turn))
    around = _step(1.3, 2.0, radius)
    blush = (0.35 + 0.4 * look.veins) * aside + 0.30 * around
    veins = _veins(rng, look.veins) * (0.35 + 0.5 * look.veins)
    white = white - blush[..., None] * np.array([22, 58, 60], np.float32)
    white = white - veins[..., None] * np.array([28, 110, 105], np.float32)
    # The limbus is a soft band, wider in the young, greyish in the old (arcus senilis).
    arcus = 0.35 * old * np.exp(-(((radius - 0.93) / 0.05) ** 2))[..., None]
    iris = iris + arcus * (np.float32(150) - iris)
    edge = _step(0.93, 1.09, radius)[..., None]
    return np.clip(np.rint(iris + (white - iris) * edge), 0, 255).astype(np.uint8)
