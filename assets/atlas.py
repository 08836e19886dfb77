"""The layout of our one texture atlas, and the way from MakeHuman's UV into it.

UV runs from 0 to 1, v upward; the texel of (u, v) in a square picture of `size` is column
`u * size`, row `(1 - v) * size`. Everything that is drawn has its place here: the head upright in
the upper part, the rest in rectangles below. The head chart is MakeHuman's, turned by 90
degrees and stretched so that the face has 2.6 times the texels of the original while scalp and
neck shrink; both axes are warped apart by a monotone function, so the map can be inverted.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

# (u0, v0, u1, v1) of every chart.
RECTS: dict[str, tuple[float, float, float, float]] = {
    "head": (0.005, 0.300, 0.995, 0.995),
    "chest": (0.005, 0.005, 0.195, 0.290),
    "locks": (0.205, 0.005, 0.345, 0.290),
    "cap": (0.355, 0.205, 0.445, 0.290),
    "blanket": (0.355, 0.120, 0.445, 0.195),
    "surgical_mask": (0.355, 0.065, 0.445, 0.110),
    "glasses": (0.355, 0.035, 0.380, 0.055),
    "nasal_cannula": (0.390, 0.035, 0.415, 0.055),
    "oxygen_mask": (0.420, 0.035, 0.445, 0.055),
    "tube": (0.355, 0.005, 0.380, 0.025),
    "tape": (0.390, 0.005, 0.415, 0.025),
    "pacifier": (0.420, 0.005, 0.445, 0.025),
    "gown": (0.455, 0.005, 0.655, 0.145),
    "mouth": (0.455, 0.155, 0.655, 0.290),
    "left_cavity": (0.665, 0.230, 0.725, 0.290),
    "right_cavity": (0.665, 0.160, 0.725, 0.220),
    "left_eye": (0.735, 0.165, 0.860, 0.290),
    "right_eye": (0.870, 0.165, 0.995, 0.290),
    "teeth": (0.735, 0.090, 0.860, 0.155),
    "tongue": (0.870, 0.090, 0.995, 0.155),
    "hair": (0.665, 0.005, 0.805, 0.080),
    "brow": (0.815, 0.005, 0.900, 0.080),
    "lash": (0.910, 0.005, 0.995, 0.080),
}


@dataclass(frozen=True)
class _Axis:
    """One warped axis: texel density 1 far away, `magnified` times that within [low, high]."""

    start: float
    stop: float
    low: float
    high: float
    ramp: float
    magnified: float

    def table(self) -> tuple[Float[np.ndarray, " knots"], Float[np.ndarray, " knots"]]:
        """Source coordinates and the share of the rectangle (0 to 1) each is sent to."""
        source = np.linspace(self.start, self.stop, 2049)
        away = np.maximum(self.low - source, source - self.high) / self.ramp
        blend = np.clip(away, 0.0, 1.0)
        blend = blend * blend * (3.0 - 2.0 * blend)
        density = self.magnified + (1.0 - self.magnified) * blend
        length = np.concatenate([[0.0], np.cumsum((density[1:] + density[:-1]) / 2)])
        return source, length / length[-1]


# In MakeHuman's UV the hairline lies at u 0.767, the chin at 0.945, the ears at v 0.37 and 0.60.
_DOWN = _Axis(start=0.640, stop=0.996, low=0.780, high=0.940, ramp=0.06, magnified=4.2)
_ACROSS = _Axis(start=0.148, stop=0.819, low=0.400, high=0.567, ramp=0.08, magnified=3.4)


def head_from_source(source: Float[np.ndarray, "*n 2"]) -> Float[np.ndarray, "*n 2"]:
    """Atlas UV of points of MakeHuman's head chart."""
    u0, v0, u1, v1 = RECTS["head"]
    down = np.interp(source[..., 0], *_DOWN.table())
    across = np.interp(source[..., 1], *_ACROSS.table())
    # The person's left is on MakeHuman's high v side, and on the right of the atlas.
    return np.stack([u0 + across * (u1 - u0), v1 - down * (v1 - v0)], -1)


def head_to_source(uv: Float[np.ndarray, "*n 2"]) -> Float[np.ndarray, "*n 2"]:
    """Inverse of `head_from_source`."""
    u0, v0, u1, v1 = RECTS["head"]
    source_down, down = _DOWN.table()
    source_across, across = _ACROSS.table()
    return np.stack(
        [
            np.interp((v1 - uv[..., 1]) / (v1 - v0), down, source_down),
            np.interp((uv[..., 0] - u0) / (u1 - u0), across, source_across),
        ],
        -1,
    )


def in_rect(name: str, unit: Float[np.ndarray, "*n 2"]) -> Float[np.ndarray, "*n 2"]:
    """Atlas UV of points given in the unit square of the chart `name`."""
    u0, v0, u1, v1 = RECTS[name]
    return np.asarray([u0, v0]) + unit * np.asarray([u1 - u0, v1 - v0])


def pixel_rect(name: str, size: int) -> tuple[slice, slice]:
    """Rows and columns of a chart in a square picture of `size` texels."""
    u0, v0, u1, v1 = RECTS[name]
    rows = slice(round((1 - v1) * size), round((1 - v0) * size))
    return rows, slice(round(u0 * size), round(u1 * size))
