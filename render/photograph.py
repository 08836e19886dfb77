"""The picture as a camera hands it over: smeared, developed, compressed, enlarged.

What a sensor leaves out costs nothing. Compression and enlargement are OpenCV's whole-number
arithmetic, the same on every machine.
"""

import cv2
import numpy as np
import warp as wp
from jaxtyping import UInt8

from render.develop import develop
from render.sensor import Sensor
from render.smear import fewer, smeared


def photograph(
    light: wp.array, size: tuple[int, int], exposure: float, sensor: Sensor
) -> UInt8[np.ndarray, "height width 3"]:
    """Give the sRGB picture of linear light, a vector a pixel; `size` is width and height."""
    taken = fewer(size, sensor)
    developed = develop(smeared(light, size, sensor), taken, exposure, sensor)
    image = np.asarray(developed.numpy(), np.uint8).reshape(taken[1], taken[0], 3)
    if sensor.quality > 0:
        image = compressed(image, sensor.quality)
    if taken != size:
        image = cv2.resize(image, size, interpolation=cv2.INTER_CUBIC)
    return image


def compressed(
    image: UInt8[np.ndarray, "height width 3"], quality: int
) -> UInt8[np.ndarray, "height width 3"]:
    """Give a picture after JPEG with half the colour's resolution, as video and phones have it."""
    how = [cv2.IMWRITE_JPEG_QUALITY, quality]
    how += [cv2.IMWRITE_JPEG_SAMPLING_FACTOR, cv2.IMWRITE_JPEG_SAMPLING_FACTOR_420]
    done, data = cv2.imencode(".jpg", image[..., ::-1], how)
    assert done
    decoded = cv2.imdecode(data, cv2.IMREAD_COLOR)
    assert decoded is not None
    return decoded[..., ::-1].copy()
