"""Where things lie on the skin: soft regions and lines of age, drawn by face coordinates.

Used when the skin model is fitted; what it draws ships inside the skin file. Face coordinates have
their origin between the eyes and half the distance between the eyes as unit, so that they mean the
same on every head. Axes as in `assets.head`.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from jaxtyping import Bool, Float32, UInt8
from scipy.interpolate import CubicSpline

LINE_GROUPS = ("forehead", "glabella", "eye_corner", "under_eye", "nasolabial", "mouth", "neck")


@dataclass(frozen=True, eq=False)
class Chart:
    """Face coordinates of every texel of the atlas, and where there is skin."""

    position: Float32[np.ndarray, "size size 3"]
    inside: Bool[np.ndarray, "size size"]

    @property
    def size(self) -> int:
        """Texels along one side."""
        return self.inside.shape[0]


def rasterise(
    corners: Float32[np.ndarray, "triangles 3 2"],
    values: Float32[np.ndarray, "triangles 3 channels"],
    size: int,
) -> tuple[Float32[np.ndarray, "size size channels"], Bool[np.ndarray, "size size"]]:
    """Interpolate values over triangles given in UV; texel centres, row (1 - v) * size."""
    picture = np.zeros((size, size, values.shape[2]), np.float32)
    inside = np.zeros((size, size), bool)
    pixels = corners.astype(np.float64) * [1, -1] * size + [-0.5, size - 0.5]
    for (a, b, c), value in zip(pixels, values, strict=True):
        low = np.maximum(np.floor(np.minimum(np.minimum(a, b), c)), 0).astype(int)
        high = np.minimum(np.ceil(np.maximum(np.maximum(a, b), c)), size - 1).astype(int)
        column, row = np.meshgrid(
            np.arange(low[0], high[0] + 1), np.arange(low[1], high[1] + 1), indexing="xy"
        )
        area = (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])
        if abs(area) < 1e-9 or column.size == 0:
            continue
        second = ((column - a[0]) * (c[1] - a[1]) - (row - a[1]) * (c[0] - a[0])) / area
        third = ((b[0] - a[0]) * (row - a[1]) - (b[1] - a[1]) * (column - a[0])) / area
        weights = np.stack([1 - second - third, second, third], -1)
        covered = (weights >= -1e-3).all(-1)
        picture[row[covered], column[covered]] = weights[covered] @ value
        inside[row[covered], column[covered]] = True
    return picture, inside


def smooth_step(low: float, high: float, value: np.ndarray) -> np.ndarray:
    """0 at `low`, 1 at `high` (which may be the smaller one), smooth between."""
    share = np.clip((value - low) / (high - low), 0.0, 1.0)
    return (share * share * (3.0 - 2.0 * share)).astype(np.float32)


def _blob(chart: Chart, centre: tuple[float, float], radii: tuple[float, float]) -> np.ndarray:
    """1 inside half an ellipse on both sides of the face, 0 at its edge."""
    x, y = np.abs(chart.position[..., 0]), chart.position[..., 1]
    distance = np.hypot((x - centre[0]) / radii[0], (y - centre[1]) / radii[1])
    front = chart.inside & (chart.position[..., 2] > -1.3)
    return np.where(front, smooth_step(1.0, 0.35, distance), 0.0).astype(np.float32)


def hairline(chart: Chart) -> Float32[np.ndarray, "size size"]:
    """1 on the scalp, 0 on face and neck, soft over about 6 mm."""
    y, z = chart.position[..., 1], chart.position[..., 2]
    # Height of the hairline by depth: forehead, temple, sideburn, over the ear, nape.
    depths = [-6.0, -5.0, -4.0, -3.2, -2.75, -2.5, -1.9, -1.45, -1.15, -0.75, -0.35, 0.5]
    heights = [-2.2, -2.1, -1.7, -1.1, -0.2, 0.5, 0.5, -0.35, 0.1, 1.35, 2.1, 2.55]
    edge = np.interp(z, depths, heights)
    return np.where(chart.inside, smooth_step(-0.14, 0.2, y - edge), 0.0).astype(np.float32)


def regions(chart: Chart) -> dict[str, Float32[np.ndarray, "size size"]]:
    """Soft masks, 0 to 1, by name."""
    position = chart.position
    x, y, z = np.abs(position[..., 0]), position[..., 1], position[..., 2]
    front = np.where(chart.inside, smooth_step(-2.0, -1.2, z), 0.0)
    scalp = hairline(chart)
    lower = smooth_step(-3.75, -3.2, y) * front
    cheek_edge = np.interp(x, [0.0, 0.7, 1.2, 1.9, 2.3], [-1.55, -1.6, -2.15, -1.75, -0.9])
    beard = smooth_step(0.25, -0.25, y - cheek_edge) * lower
    lips = _blob(chart, (0.0, -2.3), (0.95, 0.52))
    face = front * smooth_step(-3.35, -3.1, y) * (1 - scalp)
    ears = _blob_ear(chart)
    flush = np.maximum.reduce(
        [
            1.0 * _blob(chart, (0.0, -1.15), (0.62, 0.62)),
            0.75 * _blob(chart, (1.25, -1.05), (0.85, 0.75)),
            0.45 * _blob(chart, (0.0, -2.95), (0.6, 0.35)),
            0.9 * ears,
        ]
    )
    freckle = np.maximum(
        _blob(chart, (0.9, -0.75), (1.25, 0.85)), 0.8 * _blob(chart, (0.0, -0.8), (0.8, 0.9))
    )
    freckle = np.maximum(freckle, 0.35 * _blob(chart, (0.6, 1.3), (1.6, 1.0)))
    tzone = np.maximum(_blob(chart, (0.0, 1.3), (1.5, 1.0)), _blob(chart, (0.0, -0.7), (0.55, 1.6)))
    return {
        "face": face,
        "scalp": scalp,
        "beard": beard * (1 - 0.9 * np.clip(1.5 * lips, 0, 1)) * (1 - scalp),
        "flush": flush,
        "freckle": freckle,
        "tzone": np.maximum(tzone, 0.8 * _blob(chart, (0.0, -2.9), (0.5, 0.4))),
        "lid": _blob(chart, (1.0, -0.02), (1.0, 0.62)),
        "socket": _blob(chart, (0.95, -0.35), (0.95, 0.5)),
        "brow": _blob(chart, (1.1, 0.62), (0.95, 0.34)),
        "ear": ears,
        "crown": np.where(chart.inside, smooth_step(1.2, 2.2, y + 0.25 * (z + 1.5)), 0),
    }


def _blob_ear(chart: Chart) -> np.ndarray:
    """The part of the head that stands out sideways between cheek and nape."""
    x, y, z = np.abs(chart.position[..., 0]), chart.position[..., 1], chart.position[..., 2]
    around = np.hypot((z + 2.3) / 0.9, (y + 0.4) / 1.15)
    return np.where(chart.inside & (x > 2.0), smooth_step(1.0, 0.6, around), 0).astype(np.float32)


# Polylines on the person's left half, (x, y) in face coordinates. One that starts at x = 0 goes on
# to the right half, the others are drawn on both sides; every point is moved a little by chance.
_LINES: dict[str, Sequence[Sequence[tuple[float, float]]]] = {
    "forehead": [
        [(0.0, 1.12), (0.5, 1.14), (0.95, 1.26), (1.35, 1.2)],
        [(0.0, 1.42), (0.5, 1.44), (1.0, 1.55), (1.5, 1.42)],
        [(0.0, 1.72), (0.45, 1.75), (0.9, 1.84), (1.4, 1.74)],
        [(0.0, 2.02), (0.5, 2.06), (1.0, 2.1)],
    ],
    "glabella": [
        [(0.2, 0.22), (0.2, 0.5), (0.27, 0.85)],
        [(0.0, 0.12), (0.22, 0.08)],
    ],
    "eye_corner": [
        [(1.62, 0.12), (1.82, 0.26), (2.02, 0.46)],
        [(1.64, 0.03), (1.87, 0.07), (2.1, 0.17)],
        [(1.63, -0.09), (1.86, -0.15), (2.1, -0.16)],
        [(1.57, -0.2), (1.78, -0.34), (1.97, -0.45)],
        [(1.5, -0.3), (1.7, -0.5), (1.87, -0.68)],
    ],
    "under_eye": [
        [(0.58, -0.26), (0.8, -0.48), (1.1, -0.56), (1.4, -0.44)],
        [(0.62, -0.42), (0.9, -0.72), (1.25, -0.82)],
        [(0.8, -0.3), (1.05, -0.38), (1.35, -0.3)],
    ],
    "nasolabial": [[(0.56, -1.12), (0.72, -1.45), (0.93, -1.85), (1.04, -2.3)]],
    "mouth": [
        [(0.82, -2.42), (0.92, -2.65), (0.95, -2.95)],
        [(0.12, -1.9), (0.12, -1.72)],
        [(0.28, -1.93), (0.29, -1.75)],
        [(0.43, -1.97), (0.46, -1.8)],
        [(0.57, -2.02), (0.62, -1.88)],
        [(0.2, -2.62), (0.2, -2.75)],
        [(0.42, -2.58), (0.46, -2.72)],
        [(0.0, -2.68), (0.3, -2.74), (0.5, -2.66)],
    ],
    "neck": [
        [(0.0, -3.42), (0.5, -3.4), (1.0, -3.25)],
        [(0.0, -3.58), (0.6, -3.55), (1.15, -3.4)],
    ],
}
# Width of the valley in texels of a 1024 atlas (0.37 mm on the face) and relative depth.
_WIDTH = {"forehead": 3.0, "glabella": 3.5, "nasolabial": 4.5, "neck": 3.5, "under_eye": 2.4}


def lines(chart: Chart, rng: np.random.Generator) -> dict[str, UInt8[np.ndarray, "size size"]]:
    """Height of resting lines by group: 128 is level, below is a valley, above a bulge beside."""
    return {group: _draw(chart, group, rng) for group in LINE_GROUPS}


# Veins that show through thin pale skin: temples, beside the eyes, forehead of infants.
_VEINS: Sequence[Sequence[tuple[float, float]]] = [
    [(1.72, 0.55), (1.9, 0.95), (1.86, 1.4), (1.98, 1.9)],
    [(1.9, 0.95), (2.08, 1.2), (2.12, 1.6)],
    [(0.62, 0.15), (0.68, -0.15), (0.85, -0.42)],
    [(0.35, 1.0), (0.42, 1.5), (0.36, 2.1)],
    [(1.25, -0.7), (1.5, -0.95), (1.55, -1.3)],
]


def veins(chart: Chart, rng: np.random.Generator) -> Float32[np.ndarray, "size size"]:
    """Where faint veins lie, 0 to 1, soft over 3 mm."""
    depth = -_strokes(chart, _VEINS, 5.0 * chart.size / 1024, rng)
    return np.clip(1.6 * cv2.blur(depth, (5, 5)), 0, 1).astype(np.float32)


def _draw(chart: Chart, group: str, rng: np.random.Generator) -> np.ndarray:
    total = _strokes(chart, _LINES[group], _WIDTH.get(group, 2.0) * chart.size / 1024, rng)
    soft = cv2.blur(cv2.blur(total, (9, 9)), (9, 9))
    return np.clip(128 + 115 * (total - 1.1 * soft), 0, 255).astype(np.uint8)


def _strokes(
    chart: Chart,
    polylines: Sequence[Sequence[tuple[float, float]]],
    width: float,
    rng: np.random.Generator,
) -> np.ndarray:
    """Valleys along polylines of face coordinates, on both halves of the face."""
    front = chart.inside & (chart.position[..., 2] > -1.6)
    rows, columns = np.nonzero(front)
    plane = chart.position[rows, columns, :2]
    total = np.zeros((chart.size, chart.size), np.float32)
    for polyline in polylines:
        mirrored = [(-x, y) for x, y in polyline]
        crosses = polyline[0][0] == 0.0
        curves = [mirrored[:0:-1] + list(polyline)] if crosses else [polyline, mirrored]
        for curve in curves:
            points = np.array(curve) + rng.normal(0, 0.025, (len(curve), 2))
            nearest = [((plane - point) ** 2).sum(1).argmin() for point in points]
            pixels = np.stack([columns[nearest], rows[nearest]], 1).astype(float)
            np.minimum(total, _valley(pixels, width, chart.size, rng), out=total)
    return total


def _valley(pixels: np.ndarray, width: float, size: int, rng: np.random.Generator) -> np.ndarray:
    """One tapered valley, up to 1 deep, along a smooth curve that wanders a little."""
    knots = np.linspace(0, 1, len(pixels))
    along = np.linspace(0, 1, 120)
    curve = CubicSpline(knots, pixels)(along) if len(pixels) > 2 else _chord(pixels, along)
    wander = CubicSpline(np.linspace(0, 1, 7), rng.normal(0, width / 4, 7))(along)
    curve[:, 1] += wander
    taper = np.minimum(1.0, 5 * along * (1 - along))
    depth = taper * CubicSpline(np.linspace(0, 1, 6), rng.uniform(0.5, 1.0, 6))(along)
    result = np.zeros((size, size), np.float32)
    for start, stop, deep in zip(curve[:-1], curve[1:], depth[:-1], strict=True):
        # Drawn with 3 binary digits below the texel; a later stroke replaces what it covers.
        ends = [tuple(round(8 * float(value)) for value in point) for point in (start, stop)]
        cv2.line(result, ends[0], ends[1], -float(deep), max(1, round(width * 0.5)), cv2.LINE_8, 3)
    return cv2.blur(result, (round(width) | 1, round(width) | 1))


def _chord(pixels: np.ndarray, along: np.ndarray) -> np.ndarray:
    return pixels[0] + along[:, None] * (pixels[1] - pixels[0])
