"""One person's skin in optical density: donors mixed, tone laid under, life laid over.

Works on the head chart at `assets.skin.FIT_SIZE`. Everything is added in density (-ln of linear
light), where pigments add up; the median over the face is then moved to the tone wanted, so that
no layer can change it.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from jaxtyping import Float32, UInt8

from assets import skin
from assets.skin import SkinModel
from generator import skin_marks, skin_noise
from generator.identity import Identity
from generator.looks import Colour, Looks


@dataclass(frozen=True, eq=False)
class Layers:
    """Density of the skin, height of its coarse relief in mm, and hair painted on it (0 to 1)."""

    density: Float32[np.ndarray, "height width 3"]
    height_mm: Float32[np.ndarray, "height width"]
    hair: Float32[np.ndarray, "height width"]
    hair_colour: Colour


def _weights(model: SkinModel, looks: Looks, rng: np.random.Generator) -> np.ndarray:
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


def _mixed(model: SkinModel, looks: Looks, rng: np.random.Generator) -> np.ndarray:
    """Smooth parts of several donors and the detail of one, each mirrored or not."""
    weights = _weights(model, looks, rng)
    mirrored = rng.random(len(weights)) < 0.5
    lead = int(np.argmax(weights))
    share = np.interp(looks.age_years, (0.0, 3.0, 14.0, 22.0, 60.0), (0.1, 0.2, 0.4, 0.6, 0.8))
    contrast = np.float32(np.interp(looks.age_years, (0.0, 12.0, 20.0), (0.75, 0.9, 1.0)))
    smooth = np.zeros_like(model.donors[0].smooth)
    for donor, weight, flip in zip(model.donors, weights, mirrored, strict=True):
        if weight > 0:
            part = donor.smooth[:, ::-1] if flip else donor.smooth
            smooth += (weight * contrast) * part
    donor = model.donors[lead]
    own, stored = donor.smooth, donor.density
    if mirrored[lead]:
        own, stored = own[:, ::-1], cv2.flip(stored, 1)
    step = (skin.DENSITY_HIGH - skin.DENSITY_LOW) / 255
    smooth = smooth + np.float32(share) * (skin.DENSITY_LOW - own)
    height, width = stored.shape[:2]
    large = cv2.resize(smooth, (width, height), interpolation=cv2.INTER_LINEAR)
    return cv2.scaleAdd(stored.astype(np.float32), float(share * step), large)


def _shifted(noise: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """The field rolled sideways and perhaps mirrored."""
    rolled = np.roll(noise, int(rng.integers(noise.shape[1])), axis=1)
    return rolled[:, ::-1] if rng.random() < 0.5 else rolled


def region(model: SkinModel, name: str) -> Float32[np.ndarray, "height width"]:
    """A soft mask on the head chart, 0 to 1."""
    return model.regions[name][skin.head_box(skin.FIT_SIZE)].astype(np.float32) / np.float32(255)


def _pigments(
    model: SkinModel, looks: Looks, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Melanin and haemoglobin that life adds, in units of density along the two axes."""
    pale = float(np.interp(looks.lightness, (25.0, 70.0), (0.45, 1.0)))
    young = float(np.interp(looks.age_years, (0.5, 6.0), (1.0, 0.0)))
    wide = _shifted(skin_noise.mottle(48), rng)
    fine = _shifted(skin_noise.mottle(12), rng)
    finest = _shifted(skin_noise.mottle(5), rng)
    lid, socket = region(model, "lid"), region(model, "socket")
    blood = (0.30 * looks.flush) * region(model, "flush")
    blood += looks.blotches * (0.028 * wide + 0.030 * fine)
    blood += (0.07 + 0.08 * young) * lid + (0.05 * looks.circles) * socket
    blood += 0.32 * region(model, "margin")
    blood += (rng.uniform(0.0, 0.2) + (0.05 if looks.female else 0.0)) * region(model, "lips")
    calm = float(np.interp(looks.age_years, (0.0, 15.0, 25.0), (0.3, 0.6, 1.0)))
    melanin = calm * (0.022 * wide + 0.018 * fine + 0.020 * finest)
    melanin += (0.05 * calm) * lid + (0.10 * looks.circles) * socket
    if looks.freckles > 0:
        melanin += skin_marks.freckles(model.regions, looks, rng) * np.float32(0.55 / 255)
    if looks.age_spots > 0:
        melanin += skin_marks.age_spots(model.regions, looks, rng) * np.float32(0.50 / 255)
    if looks.moles > 0:
        melanin += skin_marks.moles(model.regions, looks, rng) * np.float32(1.3 / 255)
    return melanin, pale * blood


def _hair(model: SkinModel, identity: Identity, rng: np.random.Generator) -> np.ndarray:
    """How much of each texel is covered by hair too short to be anything but paint."""
    looks, grooming = identity.looks, identity.grooming
    grain = _shifted(skin_noise.grain(), rng)
    ragged = _shifted(skin_noise.mottle(12), rng)
    # Hairs thin out over the soft edge of the scalp, here and there more; a bald crown shows skin.
    bare = grooming.hair.balding * region(model, "crown")
    edge = np.clip(2.2 * region(model, "scalp") - 0.6 + 0.10 * ragged - 1.1 * bare, 0, 1)
    cover = {"shaved": 0.42, "stubble": 0.68, "cropped": 0.86}[grooming.hair.style]
    hair = (cover * grooming.hair.density) * edge * np.clip(0.8 + 0.2 * grain, 0, 1)
    brow = (0.34 * grooming.brow_density) * region(model, "brow")
    brow = brow * np.clip(0.8 + 0.4 * grain, 0, 1)
    beard = (0.42 * looks.beard) * region(model, "beard") * np.clip(0.45 + 0.35 * grain, 0, 1)
    lash = (0.35 * grooming.lash_density) * region(model, "lash_line")
    return np.maximum(np.maximum(hair, brow), np.maximum(beard, lash))


def _relief(
    model: SkinModel, looks: Looks, shape: tuple[int, int], rng: np.random.Generator
) -> np.ndarray:
    """Height in mm: lines of age at rest, and what the donors' detail tells of theirs."""
    height = np.zeros(shape, np.float32)
    flip = rng.random() < 0.5
    for stored in model.lines.values():
        depth = looks.lines * float(rng.uniform(0.25, 1.0)) * 0.30
        picture = cv2.flip(stored, 1) if flip else stored
        if depth > 0.02:
            height += np.float32(depth / 115) * (picture.astype(np.float32) - 128)
    return height


def layers(model: SkinModel, identity: Identity, rng: np.random.Generator) -> Layers:
    """Compose a person's skin; the face's median colour is that of `looks` to rounding."""
    looks = identity.looks
    density = _mixed(model, looks, rng)
    grey = cv2.transform(density, np.full((1, 3), 1 / 3, np.float32))
    height = np.float32(-0.16) * (grey - cv2.blur(grey, (9, 9)))
    height += _relief(model, looks, grey.shape, rng)
    melanin, blood = _pigments(model, looks, rng)
    # Valleys hold shade that no renderer of ours resolves.
    shade = np.float32(-0.55) * np.minimum(height, 0)
    for channel in range(3):
        density[..., channel] += melanin * model.melanin[channel] + shade
        density[..., channel] += blood * model.haemoglobin[channel]
    face = model.regions["bare"][skin.head_box(skin.FIT_SIZE)][::3, ::3] > 230
    median = np.median(density[::3, ::3][face], axis=0)
    base = -np.log(skin.locus(looks.lightness, looks.red, looks.yellow))
    density += (base - median).astype(np.float32)
    return Layers(density, height, _hair(model, identity, rng), looks.hair)


def to_srgb(density: Float32[np.ndarray, "height width 3"]) -> UInt8[np.ndarray, "height width 3"]:
    """8-bit sRGB of a density: the power law of the standard, whose linear toe skin never meets."""
    power = cv2.exp(density * np.float32(-1 / 2.4))
    return cv2.convertScaleAbs(power, alpha=1.055 * 255, beta=-0.055 * 255)
