"""What diffusion painted around a head, made whole behind it, so that every expression fits."""

from dataclasses import dataclass

import cv2
import numpy as np
from jaxtyping import Float32, UInt8

from assets import push_pull
from generator.portrait import store
from generator.shards import codec

SMALLEST, LARGEST = 512, 768
"""Sides (pixels) that Kandinsky 2.2 paints well; what it paints is brought to the picture's."""
STEP = 64
RIM = 0.015
"""How far (in sides of the picture) beyond hair and skin what was painted still shows them."""
_PICTURE = "background.png"


@dataclass(frozen=True, eq=False)
class Plate:
    """A whole background, sRGB, and the words that it was painted after."""

    picture: UInt8[np.ndarray, "height width 3"]
    prompt: str


def side_for(size: int) -> int:
    """The side at which a background is painted for pictures of `size` pixels."""
    return min(max(-(-size // STEP) * STEP, SMALLEST), LARGEST)


def whole(
    painted: UInt8[np.ndarray, "side side 3"], cover: Float32[np.ndarray, "side side"], size: int
) -> UInt8[np.ndarray, "size size 3"]:
    """What was painted, carried on smoothly behind the head, `size` pixels wide and high.

    `cover` is the share of each pixel that the head takes. Raises ValueError where it takes all.
    """
    reach = 2 * round(RIM * len(cover)) + 1
    near = cv2.dilate((cover > 0).astype(np.uint8), np.ones((reach, reach), np.uint8))
    if near.all():
        raise ValueError("background must be seen beside the head, got none of it")
    filled = push_pull.fill(painted.astype(np.float32), 1.0 - near.astype(np.float32))
    how = cv2.INTER_AREA if size < len(painted) else cv2.INTER_CUBIC
    sized = cv2.resize(filled, (size, size), interpolation=how)
    return np.clip(np.rint(sized), 0, 255).astype(np.uint8)


def keep(key: str, plate: Plate) -> None:
    """Put a background into the store."""
    files = {_PICTURE: codec.encode_image(plate.picture, "png")}
    store.keep("backgrounds", key, {"prompt": plate.prompt}, files)


def load(key: str, name: str) -> Plate:
    """Read a background from the store; `name` is that of the person before it.

    Raises ValueError where it is not there.
    """
    facts, files = store.load("backgrounds", key, name)
    picture = codec.decode(f"{name}.png", files[_PICTURE])
    return Plate(np.asarray(picture), facts["prompt"])
