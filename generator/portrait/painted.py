"""A person's painted skin: what is kept of it, and how it is laid on their atlas."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import cv2
import numpy as np
from jaxtyping import Float, UInt8

from assets import atlas, skin
from generator.portrait import store
from generator.shards import codec
from generator.texture.skin import Texture
from render.camera import Camera

SIZE = 2048
"""Side of the atlas that a portrait is laid on: some two texels a pixel of the portrait."""
BELOW = ("chest", "left_cavity", "right_cavity")
"""Charts of skin beside the head's, whose colour follows it."""
_ALBEDO, _CONFIDENCE, _PORTRAIT = "albedo.png", "confidence.png", "portrait.png"


@dataclass(frozen=True, eq=False)
class Painted:
    """Skin that a portrait gave.

    `albedo` (sRGB) and `confidence` (how much of a texel the portrait showed, of 255) cover
    `skin.head_box(SIZE)`. `portrait` was painted before `camera`; `light` is what lit it, as
    `Light.sh`. `below` multiplies our own linear light of `BELOW`. `facts` say how it was painted.
    """

    albedo: UInt8[np.ndarray, "rows columns 3"]
    confidence: UInt8[np.ndarray, "rows columns"]
    portrait: UInt8[np.ndarray, "height width 3"]
    camera: Camera
    light: Float[np.ndarray, "9 3"]
    below: Float[np.ndarray, " 3"]
    facts: Mapping[str, Any]

    def keep(self, key: str) -> None:
        """Put it into the store, as pictures to look at and facts to read."""
        files = {
            _ALBEDO: codec.encode_image(self.albedo, "png"),
            _CONFIDENCE: codec.encode_seg(self.confidence),
            _PORTRAIT: codec.encode_image(self.portrait, "png"),
        }
        numbers = {
            "intrinsics": self.camera.intrinsics.tolist(),
            "extrinsics": self.camera.extrinsics.tolist(),
            "light": self.light.tolist(),
            "below": self.below.tolist(),
        }
        store.keep("textures", key, {**self.facts, **numbers}, files)


def load(key: str, name: str) -> Painted:
    """Read a person's skin from the store; `name` is theirs.

    Raises ValueError where it is not there.
    """
    facts, files = store.load("textures", key, name)
    portrait = codec.decode(f"{name}.png", files[_PORTRAIT])
    height, width = portrait.shape[:2]
    intrinsics, extrinsics = np.array(facts.pop("intrinsics")), np.array(facts.pop("extrinsics"))
    return Painted(
        albedo=np.asarray(codec.decode(f"{name}.png", files[_ALBEDO])),
        confidence=np.asarray(codec.decode(f"{name}.seg.png", files[_CONFIDENCE])),
        portrait=np.asarray(portrait),
        camera=Camera(intrinsics, extrinsics, width, height),
        light=np.array(facts.pop("light")),
        below=np.array(facts.pop("below")),
        facts=facts,
    )


def laid(texture: Texture, painted: Painted) -> Texture:
    """A person's own atlas with the painted skin in place of the pigments of the head."""
    size = len(texture.scatter)
    albedo = texture.albedo.copy()
    rows, columns = skin.head_box(size)
    shape = (columns.stop - columns.start, rows.stop - rows.start)
    how = cv2.INTER_AREA if size < SIZE else cv2.INTER_LINEAR
    albedo[rows, columns, :3] = cv2.resize(painted.albedo, shape, interpolation=how)
    for name in BELOW:
        chart = albedo[atlas.pixel_rect(name, size)]
        chart[..., :3] = _brought(chart[..., :3], painted.below)
    return replace(texture, albedo=albedo)


def _brought(
    albedo: UInt8[np.ndarray, "height width 3"], factor: Float[np.ndarray, " 3"]
) -> UInt8[np.ndarray, "height width 3"]:
    """Multiply linear light: the bytes' own curve has the power 2.4."""
    shown = (
        (albedo.astype(np.float32) / 255 + 0.055) / 1.055 * factor.astype(np.float32) ** (1 / 2.4)
    )
    return np.clip(np.rint(255 * (1.055 * shown - 0.055)), 0, 255).astype(np.uint8)
