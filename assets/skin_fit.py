"""Fitting the skin model to photographic skins: optical density, pigment axes, clean donors.

Optical density is -ln of linear RGB; pigments add up in it (Tsumura 1999). A donor is kept as its
density relative to the median of its own face, without what is painted on it: lashes, eyes, teeth
between the lips, brows, hair on the scalp, seams, and most of the shade.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import cv2
import numpy as np
from jaxtyping import Float32, UInt8

from assets.push_pull import fill
from assets.skin_regions import Chart, smooth_step

# Ratio of red to green density of haemoglobin in sRGB primaries; its chroma is what we fit.
BLOOD_RED_TO_GREEN = 0.3


@dataclass(frozen=True)
class DonorFacts:
    """Which picture a donor is, and of whom."""

    path: str
    age_years: float
    sex: str
    dark: bool


def linear(srgb: UInt8[np.ndarray, "*shape"]) -> Float32[np.ndarray, "*shape"]:
    """Linear light, 0 to 1, of 8-bit sRGB (IEC 61966-2-1)."""
    value = srgb.astype(np.float32) / 255
    return np.where(value <= 0.04045, value / 12.92, ((value + 0.055) / 1.055) ** 2.4)


def density(srgb: UInt8[np.ndarray, "*shape"]) -> Float32[np.ndarray, "*shape"]:
    """Optical density of 8-bit sRGB; black is held at 0.2 % reflectance."""
    return -np.log(np.maximum(linear(srgb), 2e-3)).astype(np.float32)


def melanin_axis(medians: Float32[np.ndarray, "donors 3"]) -> Float32[np.ndarray, " 3"]:
    """The direction in which people differ: first principal axis between donors' medians."""
    _, _, axes = np.linalg.svd(medians - medians.mean(0))
    axis = axes[0] * np.sign(axes[0].sum())
    return (axis / np.linalg.norm(axis)).astype(np.float32)


def haemoglobin_axis(
    within: Float32[np.ndarray, "samples 3"], melanin: Float32[np.ndarray, " 3"]
) -> Float32[np.ndarray, " 3"]:
    """The blood axis from what varies within faces, by ICA in the plane across grey.

    The plane's two independent components are searched by angle for the least Gaussian pair
    (negentropy by log cosh, Hyvärinen 1999); blood is the one that points away from melanin. Its
    share of grey is fixed by `BLOOD_RED_TO_GREEN`, since shade hides it.
    """
    grey = np.full(3, 3**-0.5)
    plane = np.linalg.svd(np.eye(3) - np.outer(grey, grey))[0][:, :2]
    flat = within @ plane
    flat = flat - flat.mean(0)
    values, vectors = np.linalg.eigh(np.cov(flat.T))
    whitening = vectors / np.sqrt(values)
    white = np.clip(flat @ whitening, -6, 6)

    def rotation(angle: float) -> np.ndarray:
        return np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])

    def contrast(angle: float) -> float:
        # 0.3746 is the mean of log cosh of a standard normal.
        return np.abs(np.log(np.cosh(white @ rotation(angle))).mean(0) - 0.3746).sum()

    best = max(np.linspace(0, np.pi / 2, 91), key=contrast)
    mixing = plane @ np.linalg.pinv(whitening @ rotation(best)).T
    mixing = mixing / np.linalg.norm(mixing, axis=0)
    pigment = melanin - grey * (melanin @ grey)
    aligned = mixing * np.sign(pigment @ mixing)
    blood = aligned[:, np.argmin(pigment @ aligned)]
    # Add grey until red / green has the ratio: (b_r + s) = ratio (b_g + s).
    shift = (BLOOD_RED_TO_GREEN * blood[1] - blood[0]) / (1 - BLOOD_RED_TO_GREEN)
    axis = blood + shift
    return (axis / np.linalg.norm(axis)).astype(np.float32)


def known(
    chart: Chart, regions: Mapping[str, Float32[np.ndarray, "size size"]]
) -> Float32[np.ndarray, "size size"]:
    """Weight of texels whose donor colour is bare skin or lip: 1 keeps, 0 is filled."""
    x, y = np.abs(chart.position[..., 0]), chart.position[..., 1]
    z = chart.position[..., 2]
    front = chart.inside & (z > -0.9)
    eye = np.hypot((x - 1.03) / 0.78, (y - 0.02) / 0.34)
    brow = np.hypot((x - 1.12) / 0.95, (y - 0.55) / 0.42)
    painted = np.minimum(eye, brow)
    weight = np.where(front, smooth_step(0.95, 1.12, painted), 1.0)
    hole = ~chart.inside & _enclosed(chart)
    border = cv2.erode((chart.inside | hole).astype(np.uint8), np.ones((17, 17), np.uint8)) == 0
    weight[border] = 0
    # Donors' hair reaches further than the hairline of the head's mask: sideburns and nape.
    hair = (regions["scalp"] > 0.3).astype(np.uint8)
    hair = cv2.dilate(hair, np.ones((25, 25), np.uint8))
    aside = cv2.dilate(hair, np.ones((101, 101), np.uint8)) * ((y < 1.2) | (x > 1.5))
    hair = cv2.blur(np.maximum(hair, aside).astype(np.float32), (41, 41))
    hair = np.clip(1.6 * hair - 0.1, 0, 1)
    hair = np.maximum(hair, smooth_step(-2.7, -3.0, z))
    weight *= np.maximum(1 - hair, smooth_step(0.5, 0.9, regions["ear"]))
    return np.where(chart.inside, weight, 0).astype(np.float32)


def lip_rim(chart: Chart) -> Float32[np.ndarray, "size size"]:
    """1 on the inner rim of the lips, where donors have teeth and a dark gap painted on."""
    rim = cv2.dilate(_openings(chart, mouth=True), np.ones((25, 41), np.uint8))
    return cv2.blur(rim.astype(np.float32), (5, 5))


def _enclosed(chart: Chart) -> np.ndarray:
    """Texels that no path outside the chart connects with the border: eye and mouth openings."""
    outside = (~chart.inside).astype(np.uint8)
    _, labels = cv2.connectedComponents(np.pad(outside, 1, constant_values=1))
    labels = labels[1:-1, 1:-1]
    return (outside > 0) & (labels != labels[0, 0])


def _openings(chart: Chart, mouth: bool) -> UInt8[np.ndarray, "size size"]:
    """1 in the opening of the mouth, or in those of the eyes, which lie above the nose's tip."""
    hole = (~chart.inside & _enclosed(chart)).astype(np.uint8)
    below = int(np.flatnonzero(chart.position[:, chart.size // 2, 1] < -1.5)[0])
    hole[slice(0, below) if mouth else slice(below, None)] = 0
    if not hole.any():
        raise ValueError("chart must have openings for eyes and mouth, got none")
    return hole


def lid_edges(chart: Chart) -> tuple[np.ndarray, np.ndarray]:
    """Soft masks of the moist margin of both lids, and of the roots of the upper lashes."""
    hole = _openings(chart, mouth=False)
    away = cv2.distanceTransform(1 - hole, cv2.DIST_L2, 5)
    margin = smooth_step(4.5, 1.5, away)
    above = np.zeros_like(hole)
    above[:-6] = hole[6:]
    upper = cv2.distanceTransform(1 - above, cv2.DIST_L2, 5)
    line = smooth_step(4.0, 1.0, upper) * (1 - hole)
    return margin.astype(np.float32), line.astype(np.float32)


@dataclass(frozen=True, eq=False)
class Cleaning:
    """What every donor is cleaned with: see `known` and `lip_rim`; `shade` is the grey kept."""

    chart: Chart
    regions: Mapping[str, Float32[np.ndarray, "size size"]]
    weight: Float32[np.ndarray, "size size"]
    rim: Float32[np.ndarray, "size size"]
    shade: float


def clean(
    relative: Float32[np.ndarray, "size size 3"], how: Cleaning
) -> Float32[np.ndarray, "size size 3"]:
    """A donor's relative density without what is painted on it.

    Its smooth part is made mostly symmetric, keeps `shade` of its grey away from lips and nose, and
    fades to the face's median at the lower border of the chart, where the chest begins.
    """
    chart = how.chart
    y, z = chart.position[..., 1], chart.position[..., 2]
    # Painted lips and nostrils are darker than any that skin needs: a soft knee at 0.6.
    over = np.maximum(relative - 0.6, 0)
    relative = np.maximum(np.minimum(relative, 0.6) + 0.4 * np.tanh(over / 0.4), -0.9)
    filled = fill(relative, how.weight)
    lips = how.weight * (1 - how.rim) * (how.regions["lips"] > 0.7)
    filled += (fill(relative, lips) - filled) * how.rim[..., None]
    size = chart.size // 4
    smooth = cv2.resize(filled, (size, size), interpolation=cv2.INTER_AREA)
    smooth = cv2.blur(smooth, (3, 3))
    smooth = 0.85 * (smooth + smooth[:, ::-1]) / 2 + 0.15 * smooth
    smooth = cv2.resize(smooth, (chart.size, chart.size), interpolation=cv2.INTER_LINEAR)
    detail = filled - cv2.blur(cv2.blur(filled, (9, 9)), (9, 9))
    middle = np.hypot(chart.position[..., 0] / 1.1, (y + 1.8) / 1.2)
    keep = how.shade + (1 - how.shade) * smooth_step(1.2, 0.7, middle)
    smooth = smooth - (np.clip(smooth.mean(-1), -1, 1) * (1 - keep))[..., None]
    fade = np.where(z > -1.6, smooth_step(-3.72, -3.1, y), smooth_step(-2.3, -1.2, y))
    wide = cv2.blur(cv2.blur(how.regions["scalp"], (61, 61)), (61, 61))
    fade = fade * (1 - 0.7 * wide)
    fade = cv2.blur(np.where(chart.inside, fade, how.rim).astype(np.float32), (25, 25))
    detail = detail * np.clip(how.weight + how.rim, 0, 1)[..., None]
    drawn = chart.inside | (how.rim > 0.1)
    return np.where(drawn[..., None], smooth * fade[..., None] + detail, 0)
