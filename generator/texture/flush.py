"""Blood in the face: it flushes as pain grows, and blanches on the ridges of hard folds.

Haemoglobin adds to the optical density of the skin along the skin model's own axis, most on
cheeks, nose, ears and brow, and in infants on the whole face; less of it shows through dark skin.
"""

from dataclasses import replace
from functools import cache

import cv2
import numpy as np
from jaxtyping import Float32

from assets import skin as skin_model
from assets.facs import HIGHEST_PSPI
from assets.streams import stream
from generator.identity import Identity
from generator.texture import skin_noise
from generator.texture.skin import Texture

MOST = 0.6
"""Density along the haemoglobin axis that the strongest pain adds to pale cheeks."""
BLANCHED = 0.16
"""Density that a ridge a millimetre high loses."""


@cache
def _blush(infant: bool, size: int) -> Float32[np.ndarray, "height width"]:
    """Where the face flushes, 0 to 1, on the head chart."""
    blush = skin_noise.region("flush", size)
    face = skin_noise.region("face", size)
    return np.maximum(blush, np.float32(0.8 if infant else 0.35) * face)


def flushed(
    texture: Texture,
    identity: Identity,
    pspi: float,
    height_mm: Float32[np.ndarray, "height width"] | None,
) -> Texture:
    """The same skin with the blood of a pain of `pspi` (0-16); `height_mm` is that of creases.

    How readily a person flushes is their own. Without pain or relief it is the skin as it was.
    """
    own = float(stream(identity.seed, identity.index, "flush").uniform(0.5, 1.0))
    pale = float(np.interp(identity.looks.lightness, (25.0, 70.0), (0.45, 1.0)))
    share = MOST * own * pale * pspi / HIGHEST_PSPI
    raised = height_mm is not None and bool(height_mm.any())
    if share == 0 and not raised:
        return texture
    size = len(texture.scatter)
    box = skin_model.head_box(size)
    blood = np.float32(share) * _blush(identity.person.age_years < 2, size)
    if height_mm is not None and raised:
        ridge = np.clip(height_mm, 0, 1)
        shape = (blood.shape[1], blood.shape[0])
        blood -= np.float32(BLANCHED * pale) * cv2.resize(ridge, shape)
    # The bytes' own curve has the power 2.4.
    axis = skin_model.load().haemoglobin / np.float32(-2.4)
    keep = cv2.exp(cv2.merge([blood * value for value in axis]))
    out = replace(texture, albedo=texture.albedo.copy())
    skin = out.albedo[box]
    skin[..., :3] = np.minimum(skin[..., :3] * keep + np.float32(0.5), 255).astype(np.uint8)
    return out
