"""The skin model that ships: donors, pigment axes, regions, resting lines, and skin's colours.

Densities are -ln of linear RGB. A donor's map is its density relative to the median of its own face
on the part of the atlas that holds the head, so that any median colour can be laid under it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

import cv2
import numpy as np
from jaxtyping import Float, Float32, UInt8

from assets import atlas, manifest

FILE = "skin.npz"
# The fit's atlas size; donors have fewer texels than this on the face (330 from hairline to chin).
FIT_SIZE = 1024
SMOOTH_SIZE = 256
# Range of relative density that a donor's 8 bits cover.
DENSITY_LOW, DENSITY_HIGH = -0.7, 1.3

# Median L* of the face's albedo for Monk tones 1 to 10 (our choice: the swatches themselves are
# chalk at one end and blue-black at the other).
TONE_LIGHTNESS = (78.0, 75.0, 72.0, 68.0, 63.0, 55.0, 46.0, 37.0, 30.0, 25.0)
# Skin's locus: L*, a*, b*. Medians of the donors where they lie (22-32 and 54-73), drawn in from
# the most saturated third of them, and smooth between.
LOCUS = np.array(
    [
        [12.0, 6.5, 7.5],
        [20.0, 10.5, 13.0],
        [25.0, 12.5, 16.0],
        [30.0, 14.0, 18.5],
        [37.0, 15.5, 21.5],
        [46.0, 16.5, 24.0],
        [55.0, 16.5, 24.5],
        [63.0, 16.0, 24.0],
        [68.0, 15.5, 22.5],
        [72.0, 14.5, 20.5],
        [78.0, 11.5, 16.5],
        [86.0, 7.5, 11.0],
    ]
)


@dataclass(frozen=True, eq=False)
class Donor:
    """One photographed skin: 8-bit relative density of the head chart, and its smooth part."""

    name: str
    age_years: float
    female: bool
    dark: bool
    density: UInt8[np.ndarray, "height width 3"]
    smooth: Float32[np.ndarray, "low_height low_width 3"]


@dataclass(frozen=True, eq=False)
class SkinModel:
    """All of `skin.npz`, decoded.

    `regions` are soft masks of the whole atlas, 0 to 255; `lines` are heights of resting lines on
    the head chart with 128 as level, in units of `LINE_DEPTH_MM / 115`.
    """

    donors: tuple[Donor, ...]
    melanin: Float32[np.ndarray, " 3"]
    haemoglobin: Float32[np.ndarray, " 3"]
    regions: Mapping[str, UInt8[np.ndarray, "size size"]]
    lines: Mapping[str, UInt8[np.ndarray, "height width"]]


def encode_density(relative: Float32[np.ndarray, "*shape"]) -> UInt8[np.ndarray, "*shape"]:
    """8 bits of a relative density; what lies outside the range is clipped."""
    share = (relative - DENSITY_LOW) / (DENSITY_HIGH - DENSITY_LOW)
    return np.clip(np.rint(255 * share), 0, 255).astype(np.uint8)


def decode_density(stored: UInt8[np.ndarray, "*shape"]) -> Float32[np.ndarray, "*shape"]:
    """Inverse of `encode_density` to half a step."""
    scale = np.float32((DENSITY_HIGH - DENSITY_LOW) / 255)
    return stored.astype(np.float32) * scale + np.float32(DENSITY_LOW)


def linear_from_lab(lab: Float[np.ndarray, "*n 3"]) -> Float[np.ndarray, "*n 3"]:
    """Linear sRGB of CIE L*a*b* (D65); values can leave 0 to 1 for colours out of gamut."""
    y = (lab[..., 0] + 16) / 116
    f = np.stack([y + lab[..., 1] / 500, y, y - lab[..., 2] / 200], -1)
    xyz = np.where(f > 6 / 29, f**3, 3 * (6 / 29) ** 2 * (f - 4 / 29)) * _WHITE
    return xyz @ np.linalg.inv(_TO_XYZ).T


def lab_from_linear(rgb: Float[np.ndarray, "*n 3"]) -> Float[np.ndarray, "*n 3"]:
    """CIE L*a*b* (D65) of linear sRGB."""
    ratio = rgb @ _TO_XYZ.T / _WHITE
    low = (29 / 6) ** 2 / 3 * ratio + 4 / 29
    f = np.where(ratio > (6 / 29) ** 3, np.cbrt(np.maximum(ratio, 0)), low)
    x, y, z = f[..., 0], f[..., 1], f[..., 2]
    return np.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], -1)


_TO_XYZ = np.array(
    [
        [0.4124564, 0.3575761, 0.1804375],
        [0.2126729, 0.7151522, 0.0721750],
        [0.0193339, 0.1191920, 0.9503041],
    ]
)
_WHITE = _TO_XYZ.sum(1)


def locus(lightness: float, red: float = 0.0, yellow: float = 0.0) -> Float[np.ndarray, " 3"]:
    """Linear RGB of skin of a lightness L*, moved by `red` in a* and `yellow` in b*."""
    a, b = (np.interp(lightness, LOCUS[:, 0], LOCUS[:, k]) for k in (1, 2))
    # Dark skin has less room for chroma: the offsets shrink with it.
    room = min(1.0, lightness / 55.0)
    return np.maximum(
        linear_from_lab(np.array([lightness, a + red * room, b + yellow * room])), 4e-3
    )


def head_box(size: int) -> tuple[slice, slice]:
    """Rows and columns of the head chart in an atlas of `size` texels, in whole blocks of 4."""
    rows, _ = atlas.pixel_rect("head", FIT_SIZE)
    block = FIT_SIZE // SMOOTH_SIZE
    top, bottom = rows.start // block * block, -(-rows.stop // block) * block
    scale = size / FIT_SIZE
    return slice(round(top * scale), round(bottom * scale)), slice(0, size)


def _decoded(data: np.ndarray, flags: int) -> np.ndarray:
    picture = cv2.imdecode(data, flags)
    if picture is None:
        raise ValueError(f"{FILE} must hold pictures that can be read, got {len(data)} bytes")
    return picture


@cache
def load() -> SkinModel:
    """The shipped skin model, checked against its hash and decoded once a process."""
    with np.load(manifest.verified(FILE), allow_pickle=False) as arrays:
        return from_arrays(dict(arrays))


def from_arrays(arrays: Mapping[str, np.ndarray]) -> SkinModel:
    """Decode what `scripts/fit_skin.py` writes."""
    donors = []
    for index, name in enumerate(arrays["donor_names"]):
        stored = _decoded(arrays[f"donor_{index:02d}"], cv2.IMREAD_COLOR)
        height, width = (side * SMOOTH_SIZE // FIT_SIZE for side in stored.shape[:2])
        smooth = cv2.resize(stored, (width, height), interpolation=cv2.INTER_AREA)
        donors.append(
            Donor(
                name=str(name),
                age_years=float(arrays["donor_ages"][index]),
                female=bool(arrays["donor_female"][index]),
                dark=bool(arrays["donor_dark"][index]),
                density=stored,
                smooth=decode_density(smooth),
            )
        )

    def pictures(prefix: str) -> dict[str, np.ndarray]:
        return {
            key.removeprefix(prefix): _decoded(value, cv2.IMREAD_GRAYSCALE)
            for key, value in arrays.items()
            if key.startswith(prefix)
        }

    return SkinModel(
        tuple(donors),
        arrays["melanin"],
        arrays["haemoglobin"],
        pictures("region_"),
        pictures("line_"),
    )
