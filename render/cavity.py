"""How light reaches the inside of a mouth: through the opening between the lips."""

from dataclasses import dataclass
from typing import no_type_check

import numpy as np
import warp as wp
from jaxtyping import Float32

from assets.atlas import RECTS

PASSED_ON = 0.42
"""Power of the share of sky that reaches a place straight: what walls and tongue pass on comes to
more than that where little does."""

FLESH = wp.constant(wp.vec3(0.92, 0.56, 0.52))
"""What the walls leave of light that they pass on."""


@dataclass(frozen=True, eq=False)
class MouthShape:
    """The opening between the lips: its middle (m, world axes) and its area as seen from in front.

    The area is in square metres, 0 where the lips are closed.
    """

    centre: Float32[np.ndarray, " 3"]
    area: float

    def __post_init__(self) -> None:
        """Raise where the area is none."""
        if not (np.isfinite(self.area) and self.area >= 0):
            raise ValueError(f"area must be finite and at least 0, got {self.area}")


@no_type_check
@wp.struct
class Mouth:
    """`MouthShape` on the device."""

    centre: wp.vec3
    area: wp.float32


@no_type_check
def mouth(shape: MouthShape) -> Mouth:
    """Bring an opening to the device."""
    out = Mouth()
    out.centre, out.area = wp.vec3(*shape.centre.tolist()), shape.area
    return out


_MOUTH, _TEETH, _TONGUE = (wp.vec4(*RECTS[name]) for name in ("mouth", "teeth", "tongue"))
_MOUTH, _TEETH, _TONGUE = wp.constant(_MOUTH), wp.constant(_TEETH), wp.constant(_TONGUE)


@no_type_check
@wp.func
def within(uv: wp.vec2, rect: wp.vec4) -> bool:
    """Tell whether texture coordinates lie in a chart of the atlas."""
    return uv[0] >= rect[0] and uv[1] >= rect[1] and uv[0] <= rect[2] and uv[1] <= rect[3]


@no_type_check
@wp.func
def in_mouth(uv: wp.vec2) -> bool:
    """Tell whether a place belongs to the mouth's walls, the teeth or the tongue."""
    return within(uv, _MOUTH) or within(uv, _TEETH) or within(uv, _TONGUE)


@no_type_check
@wp.func
def through_lips(on: Mouth, point: wp.vec3, n: wp.vec3) -> wp.vec4:
    """Give the way to the opening and the share (0-1) of the sky that comes through it.

    From a disc of the same area that faces forward; 1 within it.
    """
    way = on.centre - point
    square = wp.dot(way, way) + 1.0e-12
    way = way / wp.sqrt(square)
    if way[2] <= 0.0:
        return wp.vec4(n[0], n[1], n[2], 1.0)
    facing = 0.6 + 0.4 * wp.max(wp.dot(n, way), 0.0)
    share = facing * on.area * way[2] / (3.14159265 * square + on.area)
    near = wp.clamp(1.0 - way[2] * 4.0, 0.0, 1.0)
    return wp.vec4(way[0], way[1], way[2], share + near * (1.0 - share))


@no_type_check
@wp.func
def passed_on(share: wp.float32) -> wp.vec3:
    """Give the light a channel where a share of the sky is seen: straight, and by way of flesh."""
    return wp.vec3(share, share, share) + FLESH * (wp.pow(share, PASSED_ON) - share)
