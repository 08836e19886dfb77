"""Marks on a person's skin: freckles, moles and the spots of age, as pictures of added pigment."""

from collections.abc import Mapping

import cv2
import numpy as np
from jaxtyping import Float32, UInt8

from assets import skin
from generator.looks import Looks

# cv2 draws with this many binary digits below the texel.
_SHIFT = 4


def _places(
    region: UInt8[np.ndarray, "size size"], count: int, rng: np.random.Generator
) -> Float32[np.ndarray, "count 2"]:
    """Column and row, in texels of the head chart at FIT_SIZE, drawn as the region is dense."""
    small = region[skin.head_box(skin.FIT_SIZE)][::4, ::4]
    cumulative = np.cumsum(small.ravel(), dtype=np.int64)
    chosen = np.searchsorted(cumulative, rng.integers(0, cumulative[-1], count), side="right")
    row, column = np.divmod(chosen, small.shape[1])
    places = 4.0 * np.stack([column, row], 1) + 4.0 * rng.random((count, 2))
    return places.astype(np.float32)


def _discs(
    canvas: np.ndarray, places: np.ndarray, radii: np.ndarray, strength: np.ndarray
) -> np.ndarray:
    """Draw discs, weakest first so that a stronger one stays whole."""
    for i in np.argsort(strength, kind="stable"):
        centre = tuple(int(value) for value in np.rint(places[i] * (1 << _SHIFT)))
        radius = max(1, round(float(radii[i]) * (1 << _SHIFT)))
        cv2.circle(canvas, centre, radius, int(strength[i]), -1, cv2.LINE_AA, _SHIFT)
    return canvas


def freckles(
    regions: Mapping[str, UInt8[np.ndarray, "size size"]], looks: Looks, rng: np.random.Generator
) -> UInt8[np.ndarray, "height width"]:
    """Freckles: hundreds of small soft dots over nose and cheeks, 0 to 255."""
    canvas = _canvas()
    count = round(900 * looks.freckles)
    places = _places(regions["freckle"], count, rng)
    radii = 0.7 + 1.5 * rng.random(count) ** 2
    strength = 40 + 190 * rng.random(count) ** 1.5
    return cv2.blur(_discs(canvas, places, radii, strength), (2, 2))


def age_spots(
    regions: Mapping[str, UInt8[np.ndarray, "size size"]], looks: Looks, rng: np.random.Generator
) -> UInt8[np.ndarray, "height width"]:
    """Solar lentigines: irregular flat patches of 2 to 8 mm on cheeks, temples and forehead."""
    canvas = _canvas()
    count = round(26 * looks.age_spots)
    for place in _places(regions["face"], count, rng):
        parts = int(rng.integers(3, 7))
        radius = 2.0 + 6.0 * float(rng.random()) ** 2
        around = place + rng.normal(0, 0.7 * radius, (parts, 2))
        strength = np.full(parts, 60 + 150 * float(rng.random()))
        _discs(canvas, around, radius * (0.5 + 0.5 * rng.random(parts)), strength)
    return cv2.blur(cv2.blur(canvas, (3, 3)), (3, 3))


def moles(
    regions: Mapping[str, UInt8[np.ndarray, "size size"]], looks: Looks, rng: np.random.Generator
) -> UInt8[np.ndarray, "height width"]:
    """A few dark round moles of 1 to 4 mm."""
    count = looks.moles
    places = _places(regions["face"], count, rng)
    radii = 1.1 + 2.6 * rng.random(count) ** 3
    strength = 120 + 130 * rng.random(count)
    return cv2.blur(_discs(_canvas(), places, radii, strength), (2, 2))


def _canvas() -> np.ndarray:
    rows, columns = skin.head_box(skin.FIT_SIZE)
    return np.zeros((rows.stop - rows.start, columns.stop - columns.start), np.uint8)
