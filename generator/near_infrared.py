"""What a camera at 850 nm sees: other albedos, and the light of its own lamp beside the lens.

Melanin absorbs little there and blood less, so skins come out bright and alike, lips and blotches
fade, dark irises and dark hair are lighter, a white of the eye is darker than the skin about it,
and dyes of cloth are clear. Each is a law from the density (-ln of linear light) that the atlas
has in red to that at 850 nm. Skin's goes from 0.65 for the lightest to 0.45 for the darkest, after
the reflectances of 100 skins by Cooksey et al. 2017 (NIST); the others are our choice, by eye.
"""

from dataclasses import replace
from functools import cache

import cv2
import numpy as np
from jaxtyping import Float, Float32, UInt8

from assets import atlas
from assets.classes import CLASSES
from generator.capture import LAMP_SIZE, Lamp
from generator.texture.skin import Texture
from render.camera import Camera
from render.light import Light
from render.material import decode_table

Law = tuple[tuple[float, ...], tuple[float, ...]]

SKIN: Law = ((0.0, 6.0), (0.39, 1.26))
MOUTH: Law = ((0.0, 6.0), (0.4, 2.2))
HAIR: Law = ((0.0, 6.0), (0.25, 2.95))
SCLERA: Law = ((0.0, 6.0), (0.18, 3.5))
# An iris of any colour, and then the pupil, which stays black.
IRIS: Law = ((0.0, 1.5, 3.5, 5.0, 6.2), (0.9, 1.3, 1.65, 3.0, 4.0))
TEETH: Law = ((0.0, 6.0), (0.25, 3.25))
CLOTH: Law = ((0.0, 6.0), (0.3, 2.1))

BY_CLASS = {
    "mouth_inside": MOUTH, "tongue": MOUTH, "teeth": TEETH, "sclera": SCLERA,
    "iris": IRIS, "hair": HAIR, "lash": HAIR, "clothes": CLOTH, "blanket": CLOTH, "cap": CLOTH,
    "surgical_mask": CLOTH, "glasses": CLOTH, "oxygen_mask": CLOTH, "nasal_cannula": CLOTH,
    "tube": CLOTH, "tape": CLOTH, "pacifier": CLOTH,
}  # fmt: skip
STRANDS = ("hair", "brow", "lash", "locks")
"""Charts of strands, where the class alone does not tell a brow's hair from the skin below it."""
STUBBLE = (0.3, 0.4)
"""Density above the skin's own from which on it is hair painted on it, and its slope from there."""
LEVEL = 0.85
"""Radiance of a white matte face in the lamp's light, of a clipping white."""
RED, GREEN = 0.6, 0.4
"""What stands for the surroundings' light at 850 nm, which no panorama has."""


@cache
def _table(law: Law, median: int | None = None) -> UInt8[np.ndarray, " 256"]:
    """Give the sRGB code at 850 nm of every sRGB code in red.

    `median` is the code of a person's skin: what is much darker on it is hair, and stays dark.
    """
    densities = -np.log(np.maximum(decode_table().astype(np.float64), 1e-3))
    seen = np.interp(densities, *law)
    if median is not None:
        seen += STUBBLE[1] * np.maximum(densities - densities[median] - STUBBLE[0], 0.0)
    light = np.exp(-seen)
    middle = (decode_table()[1:] + decode_table()[:-1]) / 2
    return np.searchsorted(middle, light).astype(np.uint8)


def _tables(median: int) -> UInt8[np.ndarray, "classes 256"]:
    """Give the table of every class number: skin's where nothing else is said."""
    tables = np.tile(_table(SKIN, median), (max(CLASSES.values()) + 1, 1))
    for name, law in BY_CLASS.items():
        tables[CLASSES[name]] = _table(law)
    return tables


def at_850(texture: Texture, mask: UInt8[np.ndarray, "_ _"]) -> Texture:
    """Give a person's atlas as a camera at 850 nm sees it; `mask` holds the class of its texels."""
    size = len(texture.scatter)
    if mask.shape != (size, size):
        mask = cv2.resize(mask, (size, size), interpolation=cv2.INTER_NEAREST)
    red = texture.albedo[..., 0]
    median = int(np.median(red[mask == CLASSES["skin"]]))
    grey = _tables(median)[mask, red]
    for chart in STRANDS:
        place = atlas.pixel_rect(chart, size)
        grey[place] = _table(HAIR)[red[place]]
    albedo = cv2.merge([grey, grey, grey, texture.albedo[..., 3]])
    return replace(texture, albedo=albedo)


def grey(light: Float[np.ndarray, "*shape 3"]) -> Float32[np.ndarray, "*shape 3"]:
    """Give the same light in all three channels."""
    one = (RED * light[..., :1] + GREEN * light[..., 1:2]).astype(np.float32)
    return np.broadcast_to(one, light.shape).copy()


def lamplight(light: Light, camera: Camera, lamp: Lamp, distance: float) -> Light:
    """Give the light of a lamp beside the lens, and a little of the surroundings in `light`.

    `distance` (metres) is how far off the face is, where the lamp gives its full light. What the
    surroundings' own key gives is left out: by night there is none.
    """
    share = lamp.around * light.exposure
    right, up, ahead = camera.extrinsics[:, :3] * np.array([[1.0], [-1.0], [-1.0]])
    sideways = np.cos(lamp.turn) * right + np.sin(lamp.turn) * up
    direction = np.cos(lamp.angle) * ahead + np.sin(lamp.angle) * sideways
    return Light(
        sh=grey(light.sh) * np.float32(share),
        key_direction=direction.astype(np.float32),
        key_colour=np.full(3, np.pi * LEVEL, np.float32),
        key_size=LAMP_SIZE,
        exposure=1.0,
        panorama=None if light.panorama is None else grey(light.panorama) * np.float32(share),
        rotation=light.rotation,
        name=light.name,
        key_distance=distance,
    )
