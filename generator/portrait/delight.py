"""The light that a portrait brings along, found by the normals of the face and taken out.

Light from afar on matte skin is a spherical harmonic of order 2 of the normal (Ramamoorthi &
Hanrahan 2001), so nine numbers a channel are fitted to the smooth part of the skin. A channel has
its own nine: with one shading for all three a warm lamp on one side and a cool window on the other
would stay in the skin, which our own lights cannot explain. The mean shade of a channel over the
face is 1, so the colour of the light as a whole stays in the skin's.
"""

from functools import cache

import numpy as np
from jaxtyping import Bool, Float32, Float64

from assets import skin
from generator.portrait.combine import mirrored
from generator.texture import skin_noise
from render.light import COSINE, basis
from render.panorama import LUMINANCE

DARKEST = 0.2
"""No shade is darker: what little came from there would be mostly noise."""
SCALES = (0.4, 0.25, 0.15, 0.1, 0.1, 0.1)
"""Misfits (in -ln of light) at which a texel loses most of its say, step by step: a shade is off
by less in the end, and spots of gloss, hair and beards by more."""
RIDGE = 1e-3
"""What ties down directions to which no skin is turned, of what a mean one gives."""
LEAST = 200
"""Smooth texels that must be seen for nine numbers."""


@cache
def _density(dark: bool) -> Float32[np.ndarray, "down across 3"]:
    """Mean density of the skins of a side of the tones, of what each has on average."""
    mean = np.mean([one.smooth for one in skin.load().donors if one.dark == dark], axis=0)
    return (mean + mirrored(mean)) / 2


def typical(lightness: float) -> Float32[np.ndarray, "down across 3"]:
    """Light that skin of a lightness L* sends back by place, of what it does on average.

    Cheeks are redder and the hollows of eyes darker than the forehead whatever the light: that
    must not be taken for shade.
    """
    # As the skin model mixes its donors.
    dark = np.float32(np.interp(lightness, (34.0, 52.0), (1.0, 0.0)))
    return np.exp(-(dark * _density(True) + (1 - dark) * _density(False)))


@cache
def _skin() -> Bool[np.ndarray, "down across"]:
    """Where there is nothing but skin, every second texel of every second row: no brows, lids,
    lips or hair."""
    out = skin_noise.region("bare", skin.SMOOTH_SIZE) > 0.99
    out[1::2] = out[:, 1::2] = False
    return out


def _terms(normals: Float32[np.ndarray, "*n 3"]) -> Float32[np.ndarray, "*n 9"]:
    """What each number of the light adds to the shade of normals."""
    return basis(normals) * (np.repeat(COSINE, (1, 3, 5)) / np.pi).astype(np.float32)


def _product(left: np.ndarray, right: np.ndarray) -> np.ndarray:
    """A matrix product whose bytes do not depend on the number of threads."""
    return np.einsum("...k,kc->...c", left, right)


def fitted(
    light: Float32[np.ndarray, "down across 3"],
    share: Float32[np.ndarray, "down across"],
    normals: Float32[np.ndarray, "down across 3"],
    lightness: float,
) -> Float32[np.ndarray, "9 3"]:
    """Radiance from around, as `Light.sh`, whose irradiance over pi is the shade that was seen.

    All are the head's chart at `skin.SMOOTH_SIZE`: linear light, how far it can be trusted (0-1),
    unit normals (0 outside the skin). `lightness` is the L* of the person's skin. Raises
    ValueError where too little skin is seen, or without light.
    """
    there = (share > 0) & normals.any(axis=2)
    used = there & _skin()
    if used.sum() < LEAST:
        raise ValueError(f"the face must be seen in a portrait, got {used.sum()} blocks of it")
    seen = light[used].astype(np.float64) / typical(lightness)[used]
    level = np.median(seen, axis=0)
    if not (np.isfinite(seen).all() and (level > 1e-4).all()):
        raise ValueError(f"light on the face must be finite and above 0, got a median of {level}")
    terms = _terms(normals)
    sh = _robust(terms[used].astype(np.float64), seen / level, share[used].astype(np.float64))
    weight = np.where(there, share, 0)
    mean = (terms * weight[..., None]).sum(axis=(0, 1), dtype=np.float64) / weight.sum()
    return (sh / _product(mean, sh)).astype(np.float32)


def _robust(
    terms: Float64[np.ndarray, "texels 9"],
    seen: Float64[np.ndarray, "texels 3"],
    share: Float64[np.ndarray, " texels"],
) -> Float64[np.ndarray, "9 3"]:
    """Least squares of relative misfits, of which large ones count less and less."""
    products = (terms[:, :, None] * terms[:, None, :]).reshape(len(terms), 81)
    against = (terms[:, :, None] * seen[:, None, :]).reshape(len(terms), 27)
    ridge = np.diag(np.repeat((0.0, 1.0, 4.0), (1, 3, 5)))
    luminance = LUMINANCE[:, None]
    bright = np.log(np.maximum(_product(seen, luminance)[:, 0], DARKEST / 2))
    shade = np.ones(len(terms))
    sh = np.zeros((9, 3))
    for scale in SCALES:
        say = share / (shade * (1 + ((bright - np.log(shade)) / scale) ** 2)) ** 2
        left = np.add.reduce(products * say[:, None], axis=0).reshape(9, 9)
        right = np.add.reduce(against * say[:, None], axis=0).reshape(9, 3)
        sh = np.linalg.solve(left + RIDGE * np.trace(left) / 9 * ridge, right)
        shade = np.maximum(_product(terms, _product(sh, luminance))[:, 0], DARKEST)
    return sh


def shading(
    sh: Float32[np.ndarray, "9 3"], normals: Float32[np.ndarray, "down across 3"]
) -> Float32[np.ndarray, "down across 3"]:
    """The shade of normals, 1 on average over the face; 1 where there is no normal."""
    shade = np.maximum(_product(_terms(normals), sh), np.float32(DARKEST))
    shade[~normals.any(axis=2)] = 1
    return shade
