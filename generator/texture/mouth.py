"""What else the atlas holds: mouth, teeth, tongue, the inside of the lids, and cloth."""

import cv2
import numpy as np
from jaxtyping import Float32, UInt8

from assets.streams import stream
from generator.looks import Colour, Looks

# What is left of the light on the last molars, red, green and blue (in the bytes of sRGB).
_MOLARS = (0.46, 0.30, 0.26)

Picture = UInt8[np.ndarray, "height width 3"]


def _dappled(
    colour: np.ndarray, shape: tuple[int, int], grain: float, rng: np.random.Generator
) -> Float32[np.ndarray, "height width 3"]:
    """A colour with soft blotches whose deviation is the share `grain` of it."""
    small = rng.standard_normal((max(4, shape[0] // 6), max(4, shape[1] // 6)), np.float32)
    noise = cv2.resize(small, (shape[1], shape[0]), interpolation=cv2.INTER_CUBIC)
    return colour * (1 + np.float32(grain) * noise[..., None])


def _bytes(values: np.ndarray) -> np.ndarray:
    return np.clip(np.rint(values), 0, 255).astype(np.uint8)


def _flesh(colour: Colour, looks: Looks, share: float) -> np.ndarray:
    """Moist flesh: mostly blood, a share of it darkened as the skin is."""
    tone = np.clip(looks.lightness / 70.0, 0.4, 1.05)
    return np.array(colour, np.float32) * np.float32(1 + share * (tone - 1))


def mouth(looks: Looks, shape: tuple[int, int], rng: np.random.Generator) -> Picture:
    """The inside of cheeks, palate and throat."""
    return _bytes(_dappled(_flesh((172, 88, 82), looks, 0.3), shape, 0.06, rng))


def tongue(looks: Looks, shape: tuple[int, int], rng: np.random.Generator) -> Picture:
    """A tongue with a pale coat in the middle and small buds, some of them redder."""
    colour = _dappled(_flesh((208, 126, 120), looks, 0.2), shape, 0.05, rng)
    buds = rng.standard_normal(shape, np.float32)
    red = np.maximum(cv2.blur(rng.standard_normal(shape, np.float32), (3, 3)) - 0.5, 0)
    colour = colour * (1 + np.float32(0.09) * buds)[..., None]
    return _bytes(colour - red[..., None] * np.array([0, 40, 36], np.float32))


def lid_inside(looks: Looks, shape: tuple[int, int], rng: np.random.Generator) -> Picture:
    """The inside of the lids and the caruncle."""
    return _bytes(_dappled(_flesh((176, 104, 96), looks, 0.4), shape, 0.05, rng))


def teeth(
    looks: Looks,
    gum: Float32[np.ndarray, "height width"],
    gap: Float32[np.ndarray, "height width"],
    rng: np.random.Generator,
) -> Picture:
    """Crowns where `gum` is 0, gums where it is 1, dark where `gap` is; age yellows and wears."""
    old = float(np.clip((looks.age_years - 25) / 55, 0, 1))
    hue = 0.35 + 0.5 * float(rng.random())
    crown = np.array([196, 188, 170], np.float32) - np.array([14, 24, 44], np.float32) * old * hue
    # A newborn has gums only.
    bare = float(np.clip(1 - (looks.age_years - 0.6) / 0.4, 0, 1))
    share = np.maximum(gum, bare)[..., None]
    gums = _dappled(_flesh((170, 92, 88), looks, 0.45), gum.shape, 0.04, rng)
    ivory = _dappled(crown, gum.shape, 0.02, rng)
    # Crowns curve away to the gaps between them and let some of the dark behind through.
    near = np.minimum(3.0 * cv2.blur(gap, (7, 7)), 1.0)
    ivory = ivory * (1 - np.float32(0.40) * gap - np.float32(0.16) * near)[..., None]
    # Cheeks hide the molars, which lie at both ends of the tile, from light that is not red.
    aside = np.abs(np.linspace(-1, 1, gum.shape[1], dtype=np.float32))
    lit = np.stack([np.interp(aside, (0.15, 0.6), (1.0, far)) for far in _MOLARS], axis=-1)
    return _bytes((ivory + (gums - ivory) * share) * lit.astype(np.float32)[None])


def gown(colour: Colour, shape: tuple[int, int], rng: np.random.Generator) -> Picture:
    """Plain woven cloth, a thread of it about two texels wide."""
    rows, columns = np.mgrid[: shape[0], : shape[1]].astype(np.float32)
    weave = np.where((rows // 2 + columns // 2) % 2 < 1, 1.03, 0.965).astype(np.float32)
    threads = rng.normal(0, 0.018, (shape[0], 1)) + rng.normal(0, 0.018, (1, shape[1]))
    cloth = _dappled(np.array(colour, np.float32), shape, 0.012, rng)
    return _bytes(cloth * (weave + threads.astype(np.float32))[..., None])


def gown_height(shape: tuple[int, int]) -> Float32[np.ndarray, "height width"]:
    """Height of the weave in mm."""
    rows, columns = np.mgrid[: shape[0], : shape[1]].astype(np.float32)
    noise = stream(0, -1, "cloth").standard_normal(shape, np.float32)
    return 0.05 * np.sin(rows * 1.6) * np.sin(columns * 1.6) + 0.012 * noise
