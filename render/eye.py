"""The light that an eye sends to the camera: iris behind the cornea, white, tears, reflections."""

from typing import no_type_check

import warp as wp

from assets.atlas import RECTS
from assets.eyeball import LIMBUS_UV
from render.reflectance import (
    Lamp,
    bounced,
    lobe,
    mirror_share,
    mirrored,
    reflected,
    soft_irradiance,
    wrapped,
)
from render.skin import GRAZING
from render.stage import Spot, Stage
from render.tears import (
    TEARS,
    Ball,
    between_lids,
    cornea_normal,
    from_lids,
    tear_normal,
    through_cornea,
)
from render.texture import look_up

BOWL = 0.85
"""How hollow the iris looks to light: what enters the cornea gathers on the side away from it."""

GATHERED = 0.25
"""How much more of the key light the iris gets than bare skin would: the cornea is a lens."""

DEEP = 0.74
"""What light keeps on its way through cornea and chamber to the iris and back."""

WATER = 0.022
"""Share of light that tears mirror head-on."""

CLEAR, BUMPY = 0.05, 0.22
"""Roughness of the cornea and of tears, and of the white, which is uneven."""

FLESH = wp.constant(wp.vec3(0.78, 0.36, 0.30))
"""What lids and conjunctiva leave of light that comes to the white by way of them."""

_LIMBUS = wp.constant(float(LIMBUS_UV))
_CHARTS = {name: wp.vec4(*RECTS[name]) for name in ("left_eye", "right_eye")}
_LEFT, _RIGHT = wp.constant(_CHARTS["left_eye"]), wp.constant(_CHARTS["right_eye"])


@no_type_check
@wp.struct
class Place:
    """A place on an eye: from its middle in radii and its own axes, in its tile, between the lids.

    `flat` is 0 in the middle of the tile; `rim` is 1 at the limbus; `iris` falls from 1 to 0 there;
    `lids` as `from_lids` gives it; `surface` is the normal of the clean ball, in the eye's axes.
    """

    p: wp.vec3
    surface: wp.vec3
    flat: wp.vec2
    rim: wp.float32
    iris: wp.float32
    lids: wp.vec3


@no_type_check
@wp.func
def eye_chart(uv: wp.vec2) -> int:
    """Tell whose chart a place lies in: 1 the left eye's, 2 the right eye's, 0 neither."""
    if uv[1] < _LEFT[1] or uv[1] > _LEFT[3] or uv[0] < _LEFT[0]:
        return 0
    if uv[0] <= _LEFT[2]:
        return 1
    return wp.where(uv[0] >= _RIGHT[0], 2, 0)


@no_type_check
@wp.func
def step(low: wp.float32, high: wp.float32, value: wp.float32) -> wp.float32:
    """Step softly from 0 at `low` to 1 at `high`."""
    share = wp.clamp((value - low) / (high - low), 0.0, 1.0)
    return share * share * (3.0 - 2.0 * share)


@no_type_check
@wp.func
def place_on(
    on: Ball, lids: wp.array[wp.vec2], chart: wp.vec4, uv: wp.vec2, point: wp.vec3
) -> Place:
    """Find a place on an eye; `chart` is the eye's in the atlas."""
    out = Place()
    from_middle = (point - on.centre) / on.radius
    out.p = on.turn * from_middle
    out.lids = from_lids(lids, on, wp.normalize(from_middle))
    size = wp.vec2(chart[2] - chart[0], chart[3] - chart[1])
    out.flat = wp.cw_div(uv - wp.vec2(chart[0], chart[1]), size) - wp.vec2(0.5, 0.5)
    out.rim = wp.length(out.flat) / _LIMBUS
    out.iris = 1.0 - step(0.94, 1.04, out.rim)
    dome = cornea_normal(out.p, on.iris)
    out.surface = wp.normalize(out.p + (dome - out.p) * (1.0 - step(0.90, 1.12, out.rim)))
    return out


@no_type_check
@wp.func
def iris_seen(on: Ball, place: Place, v: wp.vec3) -> wp.vec2:
    """Give the place of the tile that is seen through the cornea; `v` in world axes."""
    seen = through_cornea(place.p, cornea_normal(place.p, on.iris), on.turn * v, on.iris)
    reach = wp.length(seen)
    seen = seen * (wp.min(reach, 1.02) / wp.max(reach, 1.0e-6)) * _LIMBUS
    return seen + (place.flat - seen) * (1.0 - place.iris)


@no_type_check
@wp.func
def below_surface(stage: Stage, on: Ball, place: Place, spot: Spot, seen: wp.vec2) -> wp.vec3:
    """Give the light of iris and white, `seen` at a place of the tile, `spot` with its material."""
    lamp, s = stage.lamp, spot.s
    n = spot.fine
    if place.iris > 0.0:
        hollow = wp.vec3(-BOWL * seen[0] / _LIMBUS, -BOWL * seen[1] / _LIMBUS, 1.0)
        inner = wp.transpose(on.turn) * wp.normalize(hollow)
        n = wp.normalize(n + (inner - n) * place.iris)
    # The white takes on the pink of lids near them, and that of the caruncle beside it.
    near = wp.exp(-wp.max(wp.min(place.lids[0], place.lids[1]), 0.0) * 900.0)
    corner = 1.0 - step(0.10, 0.50, place.lids[2] / on.radius)
    deep = 1.0 - (1.0 - DEEP) * place.iris
    pink = wp.clamp(0.40 * near + 0.9 * corner, 0.0, 0.9) * (1.0 - place.iris)
    albedo = s.albedo + (wp.cw_mul(s.albedo, FLESH) - s.albedo) * pink
    spread = s.scatter * wp.vec3(0.5, 0.35, 0.3) * (1.0 - place.iris)
    # The depth map has part of the lids' shade, too.
    openness = (0.6 + 0.4 * spot.reached[0]) * between_lids(place.lids)
    sky = wp.cw_mul(soft_irradiance(lamp, n, n, spread), bounced(openness, albedo))
    # Lashes are too thin for the map of shadows.
    share = spot.reached[1] * (1.0 - 0.25 * wp.exp(-wp.max(place.lids[0], 0.0) * 500.0))
    share = share * (1.0 + GATHERED * place.iris)
    nl = wp.dot(n, lamp.direction)
    key = wp.vec3(
        wrapped(nl, nl, spread[0]), wrapped(nl, nl, spread[1]), wrapped(nl, nl, spread[2])
    )
    return wp.cw_mul(albedo, sky + wp.cw_mul(key, lamp.colour) * share) * (0.31830989 * deep)


@no_type_check
@wp.func
def mirrored_by(
    lamp: Lamp, n: wp.vec3, spot: Spot, rough: wp.float32, mirror: wp.float32
) -> wp.vec3:
    """Give what a wet surface mirrors; `mirror` is the share that it does of the surroundings."""
    r = n * (2.0 * wp.dot(n, spot.v)) - spot.v
    around = wp.vec3(0.0, 0.0, 0.0)
    if lamp.rows > 0 and rough < 0.2:
        around = mirrored(lamp, r)
    else:
        around = reflected(lamp, r, rough)
    wide = wp.sqrt(rough * rough * rough * rough + 0.25 * lamp.size * lamp.size)
    shine = spot.reached[1] * lobe(n, spot.v, lamp.direction, wp.min(wide, 1.0), WATER)
    return around * mirror + lamp.colour * shine


@no_type_check
@wp.func
def eye(
    stage: Stage, which: int, spot: Spot, uv: wp.vec2, point: wp.vec3, level: wp.float32
) -> wp.vec3:
    """Give the light of the left (1) or right (2) eye at a place on its ball."""
    on = stage.left
    chart = _LEFT
    if which == 2:
        on = stage.right
        chart = _RIGHT
    place = place_on(on, stage.lids, chart, uv, point)
    seen = place.flat
    if place.iris > 0.0:
        seen = iris_seen(on, place, spot.v)
        size = wp.vec2(chart[2] - chart[0], chart[3] - chart[1])
        at = wp.cw_mul(seen + wp.vec2(0.5, 0.5), size) + wp.vec2(chart[0], chart[1])
        spot.s = look_up(stage.texels, at, level)
    diffuse = below_surface(stage, on, place, spot, seen)
    tears = wp.clamp(1.0 - place.lids[1] / TEARS, 0.0, 1.0)
    tears = tears * step(0.35, 0.8, place.lids[2] / on.radius)
    uneven = (spot.fine - spot.smooth) * (1.0 - place.iris)
    n = wp.transpose(on.turn) * place.surface
    n = wp.normalize(tear_normal(n, tears) + uneven)
    rough = CLEAR + (BUMPY - CLEAR) * (1.0 - place.iris) * (1.0 - tears)
    mirror = mirror_share(rough, wp.max(wp.dot(n, spot.v), GRAZING), WATER)
    # Lid and lashes stand before the upper part of what an eye mirrors.
    bare = (0.35 + 0.65 * step(0.0, 0.0022, place.lids[0])) * spot.reached[0]
    return diffuse * (1.0 - mirror) + mirrored_by(stage.lamp, n, spot, rough, mirror * bare)
