"""An eye between its lids, in closed form: cornea over iris, shade of lids, the line of tears.

Lengths in radii of the ball and directions in the eye's own axes (z the direction of gaze) unless
said; lids in world axes, in which a head is upright and looks along +z.
"""

from dataclasses import dataclass
from typing import no_type_check

import numpy as np
import warp as wp
from jaxtyping import Float32

from assets.eyeball import CORNEA_FACTOR

LID_COLUMNS = 24
"""Places across the opening at which the height of both lids is known."""

AQUEOUS = 1.336
"""Refractive index of what stands between cornea and iris."""

IRIS_DEPTH = 0.04
"""The iris lies this far behind the plane of its rim: half a millimetre in adults."""

LID_EDGE = 0.0018
LASH_REACH = 0.007
LASH_COVER = 0.2
"""Thickness of a lid (m), how far the upper lashes stand out (m), and how much light they take."""

TEARS = 0.00045
"""Height (m) of the line of tears; in life 0.2 to 0.4 mm, of which a picture would show nothing."""

_CORNEA = wp.constant(float(CORNEA_FACTOR))


@dataclass(frozen=True, eq=False)
class EyeShape:
    """One posed eye.

    `centre` (m) in the world; rows of `turn` are the eye's axes; `radius` of ball and `iris` in
    metres. `columns` of x (m, from the centre) lie evenly from `low` to `high`, the corners;
    `lids` has the heights of the upper and lower margin there, as angles (rad) about the x axis.
    """

    centre: Float32[np.ndarray, " 3"]
    turn: Float32[np.ndarray, "3 3"]
    radius: float
    iris: float
    low: float
    high: float
    lids: Float32[np.ndarray, "columns 2"]

    def __post_init__(self) -> None:
        """Raise where no eye can be so."""
        if not 0.0 < self.iris < self.radius:
            raise ValueError(f"iris must be above 0 and below {self.radius}, got {self.iris}")
        if not self.low < self.high:
            raise ValueError(f"low must be below high ({self.high}), got {self.low}")
        if len(self.lids) != LID_COLUMNS:
            raise ValueError(f"lids must have {LID_COLUMNS} columns, got {len(self.lids)}")


@no_type_check
@wp.struct
class Ball:
    """`EyeShape` on the device; `iris`, `low` and `high` in radii, `lids` from row `first`."""

    centre: wp.vec3
    turn: wp.mat33
    radius: wp.float32
    iris: wp.float32
    low: wp.float32
    high: wp.float32
    first: int


@no_type_check
def ball(shape: EyeShape, first: int) -> Ball:
    """Bring an eye to the device; `first` is the row of its lids in the stage's."""
    out = Ball()
    out.centre = wp.vec3(*shape.centre.tolist())
    out.turn = wp.mat33(*shape.turn.ravel().tolist())
    out.radius, out.iris = shape.radius, shape.iris / shape.radius
    out.low, out.high = shape.low / shape.radius, shape.high / shape.radius
    out.first = first
    return out


@no_type_check
@wp.func
def cornea_normal(p: wp.vec3, iris: wp.float32) -> wp.vec3:
    """Give the normal of the dome over the iris at a place on it."""
    steep = _CORNEA * iris
    centre = wp.sqrt(1.0 - iris * iris) - wp.sqrt(steep * steep - iris * iris)
    return wp.normalize(p - wp.vec3(0.0, 0.0, centre))


@no_type_check
@wp.func
def through_cornea(p: wp.vec3, n: wp.vec3, v: wp.vec3, iris: wp.float32) -> wp.vec2:
    """Give where on the plane of the iris a viewer towards `v` looks at through a place `p`.

    By Snell's law; in radii of the iris, so that its rim lies at 1.
    """
    eta = 1.0 / AQUEOUS
    cosine = wp.max(wp.dot(n, v), 0.0)
    inside = wp.sqrt(1.0 - eta * eta * (1.0 - cosine * cosine))
    t = n * (eta * cosine - inside) - v * eta
    plane = wp.sqrt(1.0 - iris * iris) - IRIS_DEPTH
    steps = wp.max(p[2] - plane, 0.0) / wp.max(-t[2], 0.25)
    return wp.vec2(p[0] + t[0] * steps, p[1] + t[1] * steps) / iris


@no_type_check
@wp.func
def from_lids(lids: wp.array[wp.vec2], on: Ball, d: wp.vec3) -> wp.vec3:
    """Give how far (m, along the ball) the upper and the lower lid and the nearer corner are.

    `d` is the direction from the ball's centre in world axes.
    """
    share = wp.clamp((d[0] - on.low) / (on.high - on.low), 0.0, 1.0) * wp.float32(LID_COLUMNS - 1)
    column = wp.min(wp.int32(share), LID_COLUMNS - 2)
    part = share - wp.float32(column)
    edge = lids[on.first + column] * (1.0 - part) + lids[on.first + column + 1] * part
    ring = wp.sqrt(wp.max(1.0 - d[0] * d[0], 0.04)) * on.radius
    height = wp.atan2(d[1], d[2])
    corner = wp.min(d[0] - on.low, on.high - d[0]) * on.radius
    return wp.vec3((edge[0] - height) * ring, (height - edge[1]) * ring, corner)


@no_type_check
@wp.func
def wall(away: wp.float32, height: wp.float32) -> wp.float32:
    """Give the share of light that an endless wall takes from the ground `away` from its foot."""
    d = wp.max(away, 0.0)
    return 0.5 - 0.5 * d / wp.sqrt(d * d + height * height)


@no_type_check
@wp.func
def between_lids(lids: wp.vec3) -> wp.float32:
    """Give how open (0-1) a place on the ball is between lids and lashes."""
    lashes = 1.0 - LASH_COVER * 2.0 * wall(lids[0], LASH_REACH)
    return (1.0 - wall(lids[0], LID_EDGE)) * (1.0 - wall(lids[1], LID_EDGE)) * lashes


@no_type_check
@wp.func
def tear_normal(n: wp.vec3, share: wp.float32) -> wp.vec3:
    """Bend the normal of the ball upward where tears stand on the lower lid.

    Their surface is a hollow quarter round: along the ball where `share` is 0, level on the lid,
    where it is 1.
    """
    up = wp.vec3(0.0, 1.0, 0.0)
    level = wp.normalize(up - n * wp.dot(n, up))
    angle = wp.asin(share)
    return n * wp.cos(angle) + level * wp.sin(angle)
