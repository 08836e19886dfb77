"""The light that skin, cloth and the inside of a mouth send to the camera."""

from typing import no_type_check

import warp as wp

from render.cavity import passed_on, through_lips
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
from render.stage import Spot, Stage

WET = 0.16
"""Rougher surfaces mirror the harmonics, smoother ones the panorama."""

GRAZING = 0.3
"""The mirror share grows down to this cosine: skin's own roughness hides the rest from a grazing
eye, and without it jaws had a rim of sky."""

F0 = 0.028
"""Share of light that skin and cornea mirror head-on: refractive index 1.4."""

FUZZ = 0.06
"""Most that down on skin adds to its albedo, at the rim."""

GLAZE = 0.35
"""Roughness of what saliva wets."""


@no_type_check
@wp.func
def key_light(lamp: Lamp, spot: Spot, spread: wp.vec3) -> wp.vec3:
    """Give the cosine of the key light a channel, with its shadow and what shines through ears."""
    nl = wp.dot(spot.fine, lamp.direction)
    sl = wp.dot(spot.smooth, lamp.direction)
    share = spot.reached[1]
    key = wp.vec3(0.0, 0.0, 0.0)
    if share > 0.0:
        leak = share * (1.0 - share)  # red light leaks into the edge of a shadow
        key = wp.vec3(
            wrapped(nl, sl, spread[0]) * (share + 0.8 * spread[0] * leak),
            wrapped(nl, sl, spread[1]) * (share + 0.25 * spread[1] * leak),
            wrapped(nl, sl, spread[2]) * share,
        )
    scatter = spot.s.scatter
    if sl < 0.25 and scatter > 0.0:
        behind = wp.clamp(0.3 - sl, 0.0, 1.0) * scatter * 0.45
        through = spot.reached[2] * 1000.0  # millimetres
        key += behind * wp.vec3(
            wp.exp(-through * 0.22), 0.4 * wp.exp(-through * 0.6), 0.25 * wp.exp(-through * 0.9)
        )
    return key


@no_type_check
@wp.func
def key_gloss(lamp: Lamp, spot: Spot, rough: wp.float32) -> wp.float32:
    """Give the share of the key light that is mirrored: a wide lobe, oil's tight one over it."""
    share = spot.reached[1]
    if share <= 0.0 or wp.dot(spot.fine, lamp.direction) <= 0.0:
        return 0.0
    alpha = rough * rough
    spot_size = 0.25 * lamp.size * lamp.size
    wide = wp.min(wp.sqrt(alpha * alpha + spot_size), 1.0)
    shine = lobe(spot.fine, spot.v, lamp.direction, wide, F0)
    if rough > 0.25:
        tight = wp.min(wp.sqrt(0.2 * alpha * alpha + spot_size), 1.0)
        shine = 0.75 * shine + 0.25 * lobe(spot.fine, spot.v, lamp.direction, tight, F0)
    return share * shine


@no_type_check
@wp.func
def around(lamp: Lamp, spot: Spot, rough: wp.float32, below: wp.vec3) -> wp.vec3:
    """Give what the surface mirrors of the surroundings; blocked rays see skin, `below`."""
    r = spot.fine * (2.0 * wp.dot(spot.fine, spot.v)) - spot.v
    seen = wp.vec3(0.0, 0.0, 0.0)
    if rough < WET and lamp.rows > 0:
        seen = mirrored(lamp, r)
    else:
        seen = reflected(lamp, r, rough)
    return seen * spot.reached[3] + below * (0.28 * (1.0 - spot.reached[3]))


@no_type_check
@wp.func
def mirror_open(openness: wp.float32, nv: wp.float32) -> wp.float32:
    """Give how much of what it mirrors a surface in a hollow sees; less where seen head-on."""
    return wp.clamp(openness * openness * (0.4 + 0.6 * nv) + 0.6 * openness * (1.0 - nv), 0.0, 1.0)


@no_type_check
@wp.func
def skin(stage: Stage, spot: Spot) -> wp.vec3:
    """Give the light that any surface but an eye or a strand sends to the camera."""
    lamp = stage.lamp
    s = spot.s
    spread = s.scatter * wp.vec3(0.72, 0.38, 0.26)
    nv = wp.clamp(wp.dot(spot.fine, spot.v), 0.0, 1.0)
    edge = 1.0 - wp.clamp(wp.dot(spot.smooth, spot.v), 0.0, 1.0)
    fuzz = FUZZ * s.scatter * edge * edge * edge
    albedo = s.albedo + (wp.vec3(1.0, 1.0, 1.0) - s.albedo) * fuzz
    # Where what it would mirror is blocked, light comes from the viewer's side.
    bent = spot.v * (1.5 * (1.0 - spot.reached[3]))
    fine = wp.normalize(spot.fine + bent)
    sky = soft_irradiance(lamp, fine, wp.normalize(spot.smooth + bent), spread)
    sky = wp.cw_mul(sky, bounced(spot.reached[0], s.albedo))
    key = key_light(lamp, spot, spread)
    rough = wp.clamp(s.roughness, 0.04, 1.0)
    mirror = mirror_share(rough, wp.max(nv, GRAZING), F0)
    seen = around(lamp, spot, rough, wp.cw_mul(s.albedo, sky)) * mirror_open(spot.reached[0], nv)
    light = wp.cw_mul(albedo, sky + wp.cw_mul(key, lamp.colour)) * (0.31830989 * (1.0 - mirror))
    return light + seen * mirror + lamp.colour * key_gloss(lamp, spot, rough)


@no_type_check
@wp.func
def wet_flesh(stage: Stage, spot: Spot, point: wp.vec3) -> wp.vec3:
    """Give the light of what lies in the mouth: lit through the lips, glazed with saliva."""
    way = through_lips(stage.mouth, point, spot.fine)
    share = way[3]
    to_lips = wp.vec3(way[0], way[1], way[2])
    lit = spot
    # What light there is comes from the opening, whichever way a wall faces.
    lit.smooth = wp.normalize(spot.smooth + (to_lips - spot.smooth) * (1.0 - share))
    lit.fine = wp.normalize(spot.fine + (to_lips - spot.smooth) * (1.0 - share))
    lamp = stage.lamp
    s = spot.s
    spread = s.scatter * wp.vec3(0.72, 0.38, 0.26)
    openness = 0.4 + 0.6 * spot.reached[0]
    sky = soft_irradiance(lamp, lit.fine, lit.smooth, spread)
    sky = wp.cw_mul(wp.cw_mul(sky, passed_on(share)), bounced(openness, s.albedo))
    key = key_light(lamp, spot, spread)
    nv = wp.clamp(wp.dot(spot.fine, spot.v), 0.0, 1.0)
    mirror = mirror_share(GLAZE, wp.max(nv, GRAZING), F0)
    r = spot.fine * (2.0 * wp.dot(spot.fine, spot.v)) - spot.v
    out = wp.clamp(wp.dot(r, to_lips) * 2.0, 0.0, 1.0) * (1.0 - share) + share
    seen = reflected(lamp, r, GLAZE) * (mirror * out * share * openness)
    light = wp.cw_mul(s.albedo, sky + wp.cw_mul(key, lamp.colour)) * (0.31830989 * (1.0 - mirror))
    return light + seen + lamp.colour * key_gloss(lamp, spot, GLAZE)
