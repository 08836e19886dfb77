"""How skin, wet eyes and hair send light back; everything in linear light and world axes.

Skin: diffuse light wrapped round the terminator, more in red, which travels farther under the
surface; two specular lobes; key light shining through thin parts. Hair: Kajiya & Kay 1989.
"""

from typing import no_type_check

import warp as wp


@no_type_check
@wp.struct
class Lamp:
    """`render.light.Light` on the device; `panorama` is small and only wet surfaces look at it.

    The harmonics stand as the radiance towards n = (x, y, z): even + linear n + cross (xy, yz, xz)
    + polar (3z² - 1) + sector (x² - y²).
    """

    even: wp.vec3
    linear: wp.mat33
    cross: wp.mat33
    polar: wp.vec3
    sector: wp.vec3
    direction: wp.vec3
    colour: wp.vec3
    size: wp.float32
    panorama: wp.array[wp.vec3]
    rows: int
    columns: int
    rotation: wp.float32


@no_type_check
@wp.func
def square_band(lamp: Lamp, n: wp.vec3) -> wp.vec3:
    """Give the sum of the quadratic harmonics."""
    return (
        lamp.cross * wp.vec3(n[0] * n[1], n[1] * n[2], n[0] * n[2])
        + lamp.polar * (3.0 * n[2] * n[2] - 1.0)
        + lamp.sector * (n[0] * n[0] - n[1] * n[1])
    )


@no_type_check
@wp.func
def above(v: wp.vec3) -> wp.vec3:
    """Cut what is below 0: harmonics ring."""
    return wp.max(v, wp.vec3(0.0, 0.0, 0.0))


@no_type_check
@wp.func
def soft_irradiance(lamp: Lamp, fine: wp.vec3, smooth: wp.vec3, s: wp.vec3) -> wp.vec3:
    """Give the irradiance of the surroundings at skin.

    `s` is how far light spreads (0–1 a channel): the cosine is wrapped by it (Sloan 2011, "Wrap
    shading": bands pi, pi (2 - w) / 3, pi (1 - w)² / 4), and the smooth normal replaces the fine.
    """
    one = wp.vec3(1.0, 1.0, 1.0)
    wrap = 0.5 * s
    linear = wp.cw_mul(lamp.linear * fine, one - s) + wp.cw_mul(lamp.linear * smooth, s)
    square = wp.cw_mul(square_band(lamp, fine), one - s)
    square = square + wp.cw_mul(square_band(lamp, smooth), s)
    total = (
        3.14159265 * lamp.even
        + wp.cw_mul(linear, 1.04719755 * (2.0 * one - wrap))
        + wp.cw_mul(square, 0.78539816 * wp.cw_mul(one - wrap, one - wrap))
    )
    return above(total)


@no_type_check
@wp.func
def wrapped(fine: wp.float32, smooth: wp.float32, s: wp.float32) -> wp.float32:
    """Give the wrapped cosine of one channel; its integral over the sphere stays pi."""
    w = 0.5 * s
    cosine = wp.max((fine * (1.0 - s) + smooth * s + w) / (1.0 + w), 0.0)
    return cosine / (1.0 + w) * (1.0 - s) + cosine * cosine * s * 1.5 / (1.0 + w)


@no_type_check
@wp.func
def lobe(n: wp.vec3, v: wp.vec3, light: wp.vec3, alpha: wp.float32, f0: wp.float32) -> wp.float32:
    """Give GGX with Schlick's Fresnel term, times the cosine of the light.

    Visibility after Hammon 2017, "PBR diffuse lighting for GGX+Smith".
    """
    nl = wp.dot(n, light)
    if nl <= 0.0:
        return 0.0
    nv = wp.max(wp.dot(n, v), 0.02)
    h = wp.normalize(v + light)
    nh = wp.max(wp.dot(n, h), 0.0)
    square = alpha * alpha
    d = nh * nh * (square - 1.0) + 1.0
    away = 1.0 - wp.max(wp.dot(v, h), 0.0)
    fresnel = f0 + (1.0 - f0) * away * away * away * away * away
    visible = 0.5 / (2.0 * nl * nv * (1.0 - alpha) + (nl + nv) * alpha)
    return square / (3.14159265 * d * d) * visible * fresnel * nl


@no_type_check
@wp.func
def mirror_share(roughness: wp.float32, nv: wp.float32, f0: wp.float32) -> wp.float32:
    """Give the share of even surroundings that the specular lobe sends back.

    Fit of Karis 2014, "Physically based shading on mobile".
    """
    r = wp.vec4(-1.0, -0.0275, -0.572, 0.022) * roughness + wp.vec4(1.0, 0.0425, 1.04, -0.04)
    a = wp.min(r[0] * r[0], wp.exp(-6.4324 * nv)) * r[0] + r[1]
    return f0 * (-1.04 * a + r[2]) + (1.04 * a + r[3])


@no_type_check
@wp.func
def reflected(lamp: Lamp, r: wp.vec3, roughness: wp.float32) -> wp.vec3:
    """Give what a lobe about `r` sees of the surroundings, from the harmonics."""
    kept = wp.exp(-roughness * roughness)
    return above(lamp.even + lamp.linear * r * kept + square_band(lamp, r) * (kept * kept * kept))


@no_type_check
@wp.func
def mirrored(lamp: Lamp, r: wp.vec3) -> wp.vec3:
    """Give what a mirror sees of the panorama towards `r`."""
    across = 0.5 - (wp.atan2(r[0], r[2]) - lamp.rotation) * 0.15915494
    x = (across - wp.floor(across)) * wp.float32(lamp.columns) - 0.5
    y = wp.acos(wp.clamp(r[1], -1.0, 1.0)) * 0.31830989 * wp.float32(lamp.rows) - 0.5
    column = wp.int32(wp.floor(x))
    row = wp.int32(wp.floor(y))
    fx = x - wp.float32(column)
    fy = y - wp.float32(row)
    left = (column + lamp.columns) % lamp.columns
    right = (column + 1) % lamp.columns
    top = wp.clamp(row, 0, lamp.rows - 1) * lamp.columns
    bottom = wp.clamp(row + 1, 0, lamp.rows - 1) * lamp.columns
    upper = lamp.panorama[top + left] * (1.0 - fx) + lamp.panorama[top + right] * fx
    lower = lamp.panorama[bottom + left] * (1.0 - fx) + lamp.panorama[bottom + right] * fx
    return upper * (1.0 - fy) + lower * fy


@no_type_check
@wp.func
def bounced(openness: wp.float32, albedo: wp.vec3) -> wp.vec3:
    """Give the openness a channel with light that bounces in the hollow, Jimenez et al. 2016."""
    a = 2.0404 * albedo - wp.vec3(0.3324, 0.3324, 0.3324)
    b = -4.7951 * albedo + wp.vec3(0.6417, 0.6417, 0.6417)
    c = 2.7552 * albedo + wp.vec3(0.6903, 0.6903, 0.6903)
    once = wp.vec3(openness, openness, openness)
    again = openness * (openness * (openness * a + b) + c)
    return wp.max(once, again)


@no_type_check
@wp.func
def along_strand(t: wp.vec3, light: wp.vec3, v: wp.vec3) -> wp.float32:
    """Give the cosine between the eye and the cone in which a strand mirrors light."""
    tl = wp.dot(t, light)
    tv = wp.dot(t, v)
    return wp.max(wp.sqrt(wp.max((1.0 - tl * tl) * (1.0 - tv * tv), 0.0)) - tl * tv, 0.0)


@no_type_check
@wp.func
def strand(
    lamp: Lamp, albedo: wp.vec3, n: wp.vec3, t: wp.vec3, v: wp.vec3, reached: wp.vec4
) -> wp.vec3:
    """Give the light of a strand along `t` that grows from a surface with normal `n`.

    Two highlights after Marschner et al. 2003: white, moved to the root, and coloured, moved to
    the tip. Among strands light goes on from one to the next, so that what lies deep is darker and
    more coloured.
    """
    root = wp.normalize(t - 0.07 * n)
    tip = wp.normalize(t + 0.12 * n)
    tl = wp.dot(t, lamp.direction)
    sine_l = wp.sqrt(wp.max(1.0 - tl * tl, 0.0))
    white = along_strand(root, lamp.direction, v)
    coloured = along_strand(tip, lamp.direction, v)
    facing = wp.clamp(0.30 + 0.70 * wp.dot(n, lamp.direction), 0.0, 1.0)
    depth = reached[0] * (0.35 + 0.65 * reached[0])
    sky = soft_irradiance(lamp, n, n, wp.vec3(0.5, 0.5, 0.5)) * depth
    # Light that locks on top keep off goes on among them.
    key = lamp.colour * ((0.25 + 0.75 * reached[1]) * facing)
    diffuse = wp.cw_mul(albedo, sky * 0.31830989 + key * (0.25 * sine_l))
    shine = key * (wp.pow(white, 60.0) * 0.028 * sine_l)
    shine += wp.cw_mul(key, albedo) * (0.20 * wp.pow(coloured, 10.0))
    # Of what strands mirror of the sky most is caught by other strands: little, and not blue.
    glow = reflected(lamp, wp.normalize(n * 0.7 + v * 0.3), 0.8)
    grey = (glow[0] + glow[1] + glow[2]) / 3.0
    glow = (glow * 0.4 + wp.vec3(grey, grey, grey) * 0.6) * (0.0045 * depth)
    return diffuse + shine + glow
