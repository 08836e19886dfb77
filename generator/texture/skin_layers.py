"""One person's skin in optical density: donors mixed, tone laid under, life laid over.

Works on the head chart at `assets.skin.FIT_SIZE`. Everything is added in density (-ln of linear
light), where pigments add up; the median over the face is then moved to the tone wanted, so that
no layer can change it.
"""

from dataclasses import dataclass
from functools import cache

import cv2
import numpy as np
from jaxtyping import Bool, Float32, UInt8

from assets import skin
from assets.skin import SkinModel
from generator.grooming import Grooming, Hair
from generator.identity import Identity
from generator.looks import Colour, Looks
from generator.texture import skin_marks, skin_noise

# Density that pores add to the median, which are painted later.
_PORE_SHADE = 0.012


@dataclass(frozen=True, eq=False)
class Layers:
    """Density of the skin, height of its coarse relief in mm, and hair painted on it (0 to 1)."""

    density: Float32[np.ndarray, "height width 3"]
    height_mm: Float32[np.ndarray, "height width"]
    hair: Float32[np.ndarray, "height width"]
    hair_colour: Colour


def donor_weights(
    model: SkinModel, looks: Looks, rng: np.random.Generator
) -> Float32[np.ndarray, " donors"]:
    """Shares of the donors: near in age, mostly of the same sex, of the tone's side, by chance."""
    dark_share = float(np.interp(looks.lightness, (34.0, 52.0), (1.0, 0.0)))
    age = max(looks.age_years, 22.0)
    female = looks.female or looks.age_years < 12
    prior = np.array(
        [
            np.exp(-0.5 * ((donor.age_years - age) / 13.0) ** 2)
            * (1.0 if donor.female == female else 0.3)
            for donor in model.donors
        ]
    )
    chance = prior * rng.exponential(size=len(prior)) ** 1.5 + 1e-6
    dark = np.array([donor.dark for donor in model.donors])
    chance[dark] *= dark_share / chance[dark].sum()
    chance[~dark] *= (1 - dark_share) / chance[~dark].sum()
    chance[chance < 0.04] = 0
    return (chance / chance.sum()).astype(np.float32)


def _shifted(noise: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """The field rolled sideways and perhaps mirrored."""
    rolled = np.roll(noise, int(rng.integers(noise.shape[1])), axis=1)
    return cv2.flip(rolled, 1) if rng.random() < 0.5 else rolled


def _low(name: str) -> Float32[np.ndarray, "low_height low_width"]:
    return skin_noise.region(name, skin.SMOOTH_SIZE)


def _wide_pigments(model: SkinModel, looks: Looks, rng: np.random.Generator) -> np.ndarray:
    """Density that life adds in wide soft patches, at the donors' smooth size."""
    pale = float(np.interp(looks.lightness, (25.0, 70.0), (0.45, 1.0)))
    young = float(np.interp(looks.age_years, (0.5, 6.0), (1.0, 0.0)))
    calm = _calm(looks)
    wide = _shifted(skin_noise.mottle(64), rng)[::4, ::4]
    lid, socket = _low("lid"), _low("socket")
    blood = (0.30 * looks.flush) * _low("flush") + (0.05 * looks.circles) * socket
    blood += (0.07 + 0.08 * young) * lid + (0.03 * looks.blotches) * wide
    blood += (rng.uniform(0.0, 0.2) + (0.05 if looks.female else 0.0)) * _low("lips")
    # Veins: less red comes back, so they look blue through pale, thin skin.
    thin = pale * max(0.35 * young, float(np.interp(looks.age_years, (30.0, 75.0), (0.12, 0.3))))
    veins = (0.16 * thin) * _low("veins")[..., None] * np.array([1.0, 0.65, 0.45], np.float32)
    melanin = (0.05 * calm) * lid + (0.10 * looks.circles) * socket + (0.022 * calm) * wide
    return (
        melanin[..., None] * model.melanin
        + np.float32(pale) * blood[..., None] * model.haemoglobin
        + veins
    ).astype(np.float32)


def _calm(looks: Looks) -> float:
    """How uneven pigment is: children have little of it yet."""
    return float(np.interp(looks.age_years, (0.0, 15.0, 25.0), (0.3, 0.6, 1.0)))


@dataclass(frozen=True, eq=False)
class Mix:
    """How a person's skin is mixed: a share of every donor, and which of them are mirrored.

    `detail` is the share that stays of the detail of the donor with the largest share, `contrast`
    that of the smooth parts, `shaven` that of them on the chin: most donors are men.
    """

    weights: Float32[np.ndarray, " donors"]
    mirrored: Bool[np.ndarray, " donors"]
    detail: float
    contrast: float
    shaven: float


def mixed(
    model: SkinModel, mix: Mix, life: Float32[np.ndarray, "low_height low_width 3"]
) -> Float32[np.ndarray, "height width 3"]:
    """Relative density: smooth parts of several donors, `life` added to them, detail of one."""
    smooth = np.zeros_like(life)
    for donor, weight, flip in zip(model.donors, mix.weights, mix.mirrored, strict=True):
        if weight > 0:
            part = donor.smooth[:, ::-1] if flip else donor.smooth
            smooth += np.float32(weight * mix.contrast) * part
    smooth *= (1 - np.float32(1 - mix.shaven) * _low("beard"))[..., None]
    smooth += life
    lead = int(np.argmax(mix.weights))
    own, stored = model.donors[lead].smooth, model.donors[lead].density
    if mix.mirrored[lead]:
        own, stored = own[:, ::-1], cv2.flip(stored, 1)
    # Detail is the donor less its own smooth part: the latter goes out before growing.
    smooth += np.float32(mix.detail) * (skin.DENSITY_LOW - own)
    height, width = stored.shape[:2]
    density = cv2.resize(smooth, (width, height), interpolation=cv2.INTER_LINEAR)
    step = mix.detail * (skin.DENSITY_HIGH - skin.DENSITY_LOW) / 255
    return cv2.scaleAdd(stored.astype(np.float32), float(step), density)


def _mix(model: SkinModel, looks: Looks, rng: np.random.Generator) -> Mix:
    weights = donor_weights(model, looks, rng)
    ages = (0.0, 3.0, 14.0, 22.0, 60.0)
    return Mix(
        weights=weights,
        mirrored=rng.random(len(weights)) < 0.5,
        detail=float(np.interp(looks.age_years, ages, (0.1, 0.2, 0.4, 0.75, 1.05))),
        contrast=float(np.interp(looks.age_years, ages, (0.75, 0.8, 0.9, 1.0, 1.0))),
        shaven=0.4 if looks.female or looks.age_years < 15 else 1.0,
    )


def _fine_pigments(looks: Looks, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Melanin and haemoglobin of small things, in units of density along the two axes."""
    pale = float(np.interp(looks.lightness, (25.0, 70.0), (0.45, 1.0)))
    fine = _shifted(skin_noise.mottle(16), rng)
    finest = _shifted(skin_noise.mottle(4), rng)
    blood = np.float32(0.044 * looks.blotches * pale) * fine
    blood += np.float32(0.20 * pale) * skin_noise.region("margin")
    melanin = np.float32(0.012 + 0.020 * _calm(looks)) * (finest - np.float32(0.6) * fine)
    regions = skin.load().regions
    for amount, marks, weight in (
        (looks.freckles, skin_marks.freckles, 0.45),
        (looks.age_spots, skin_marks.age_spots, 0.50),
        (looks.moles, skin_marks.moles, 1.3),
    ):
        if amount > 0:
            melanin += marks(regions, looks, rng) * np.float32(weight / 255)
    return melanin, blood


def _hair(identity: Identity, rng: np.random.Generator) -> np.ndarray:
    """How much of each texel is covered by hair too short to be anything but paint."""
    looks, grooming = identity.looks, identity.grooming
    grain = _shifted(skin_noise.grain(), rng)
    ragged = _shifted(skin_noise.mottle(16), rng)
    # Hairs thin out one by one over the soft edge of the scalp; a bald crown shows skin.
    edge = np.float32(1.7) * skin_noise.region("scalp") - np.float32(0.5)
    edge += np.float32(0.10) * ragged
    edge += np.float32(0.16) * grain
    if grooming.hair.balding > 0:
        edge -= np.float32(1.1 * grooming.hair.balding) * skin_noise.region("crown")
    # Hair ends that are lighter than the skin hardly show on it.
    light = skin.lab_from_linear(((np.array(looks.hair) / 255 + 0.055) / 1.055) ** 2.4)[0]
    pale = float(np.interp(light - looks.lightness, (-15.0, 5.0, 20.0), (1.0, 0.4, 0.1)))
    style = grooming.hair.style
    cover = {"shaved": 0.42 * pale, "stubble": 0.68 * pale, "wispy": 0.85}.get(style, 0.95)
    grown = style not in ("shaved", "stubble", "wispy")
    if grown:
        # Locks cover the edge: paint begins behind it, and lets no skin through.
        edge = np.float32(1.5) * (edge - np.float32(0.05))
    if style == "wispy":
        edge = _down() + np.float32(0.08) * grain - np.float32(0.05)
    hair = np.clip(edge, 0, 1, out=edge)
    if grown:
        hair *= np.float32(cover)
    else:
        hair *= np.float32(cover * grooming.hair.density) * np.clip(0.8 + 0.2 * grain, 0, 1)
    for name, amount, level, spread in (
        ("brow", 0.26 * grooming.brow_density, 0.8, 0.4),
        ("beard", _beard_paint(looks, grooming, pale), 0.45, 0.35),
        ("lash_line", 0.35 * grooming.lash_density, 1.0, 0.0),
    ):
        if amount > 0:
            rows = _rows(name)
            paint = np.clip(level + spread * grain[rows], 0, 1) * skin_noise.region(name)[rows]
            np.maximum(hair[rows], np.float32(amount) * paint, out=hair[rows])
    return hair


def _under(hair: Hair, grey: float) -> float:
    """How dark hair painted on the skin is against its colour: under locks it lies in shade."""
    if hair.style in ("shaved", "stubble", "wispy"):
        return 1.0
    # White hair lets light through to its roots.
    dark = 0.75 if hair.style == "cropped" else 0.55
    return dark + (0.9 - dark) * grey


def _beard_paint(looks: Looks, grooming: Grooming, pale: float) -> float:
    """How much of the skin hair of a beard covers: its shadow when shaved, more under locks."""
    shadow = (0.34 if grooming.hair.length > 0.0035 else 0.42) * pale * looks.beard
    return max(shadow, 0.85) if grooming.beard in ("short", "full") else shadow


@cache
def _down() -> Float32[np.ndarray, "height width"]:
    """Where a baby's down grows: the scalp without an edge."""
    soft = cv2.blur(cv2.blur(skin_noise.region("scalp"), (61, 61)), (61, 61))
    return np.clip(1.25 * soft - 0.25, 0, 1).astype(np.float32)


@cache
def _rows(name: str) -> slice:
    """The rows that a region has any part in."""
    rows = np.flatnonzero(skin_noise.region(name).any(1))
    return slice(int(rows[0]), int(rows[-1]) + 1)


def _relief(model: SkinModel, looks: Looks, rng: np.random.Generator) -> np.ndarray:
    """Height in mm of the lines of age that show at rest."""
    flip = rng.random() < 0.5
    shape = model.donors[0].density.shape[:2]
    height = np.zeros(shape, np.float32)
    for stored in model.lines.values():
        depth = looks.lines * float(rng.uniform(0.3, 1.0)) * 0.42
        if depth > 0.02:
            height = cv2.scaleAdd(stored.astype(np.float32), depth / 115, height)
            height -= np.float32(depth / 115 * 128)
    return cv2.flip(height, 1) if flip else height


def layers(identity: Identity, rng: np.random.Generator) -> Layers:
    """Compose a person's skin; the face's median colour is that of `looks` to rounding."""
    model, looks = skin.load(), identity.looks
    mix = _mix(model, looks, rng)
    density = mixed(model, mix, _wide_pigments(model, looks, rng))
    grey = cv2.transform(density, np.full((1, 3), 1 / 3, np.float32))
    # What is darker than around it lies deeper.
    height = np.float32(-0.20) * (grey - cv2.blur(grey, (9, 9)))
    height += _relief(model, looks, rng)
    melanin, blood = _fine_pigments(looks, rng)
    # Valleys hold shade that no renderer of ours resolves.
    melanin -= np.float32(0.9) * np.minimum(height, 0)
    pigments = cv2.merge([melanin, blood])
    density += cv2.transform(pigments, np.stack([model.melanin, model.haemoglobin], 1))
    hair = _hair(identity, rng)
    under = _under(identity.grooming.hair, looks.grey)
    red, green, blue = looks.hair
    hair_colour = round(under * red), round(under * green), round(under * blue)
    # Newton's method on the median of the painted face: hair and pores darken it a little.
    base = -np.log(skin.locus(looks.lightness, looks.red, looks.yellow))
    face = density[::3, ::3][_face()]
    cover = hair[::3, ::3][_face()][:, None]
    shift = base - np.median(face, axis=0) - _PORE_SHADE
    for _ in range(2):
        colour = to_srgb((face + shift).astype(np.float32)[None])[0]
        painted = (1 - cover) * colour + cover * np.array(hair_colour)
        reached = -np.log(((np.median(painted, axis=0) / 255 + 0.055) / 1.055) ** 2.4)
        shift += base - reached - _PORE_SHADE
    density += shift.astype(np.float32)
    return Layers(density, height, hair, hair_colour)


@cache
def _face() -> np.ndarray:
    """The face from the hairline to the chin, every third texel of the chart."""
    return skin_noise.region("face")[::3, ::3] > 0.5


def to_srgb(density: Float32[np.ndarray, "height width 3"]) -> UInt8[np.ndarray, "height width 3"]:
    """8-bit sRGB of a density: the power law of the standard, whose linear toe skin never meets."""
    power = cv2.exp(density * np.float32(-1 / 2.4))
    return cv2.convertScaleAbs(power, alpha=1.055 * 255, beta=-0.055 * 255)
