"""A lamp beside the lens: its light falls with the square of the distance, which is the depth."""

from typing import no_type_check

import numpy as np
import warp as wp

from render.device import empty, put
from render.raster import depth_of, triangle_of
from render.surface import SAMPLES


@no_type_check
@wp.kernel(enable_backward=False)
def fall(
    distance: wp.float32,
    keys: wp.array[wp.uint64],
    light: wp.array[wp.vec3],
    background: wp.array[wp.vec3],
    out: wp.array[wp.vec3],
):
    """Scale the head's share of one pixel; the background has its own light."""
    pixel = wp.tid()
    seen = wp.float32(0.0)
    nearness = wp.float32(0.0)
    for sample in range(4):
        key = keys[pixel * SAMPLES + sample]
        if triangle_of(key) >= 0:
            seen += 0.25
            z = depth_of(key)
            nearness += 0.25 * distance * distance / (z * z)
    out[pixel] = light[pixel]
    if seen > 0.0:
        behind = background[pixel] * (1.0 - seen)
        own = wp.max(light[pixel] - behind, wp.vec3(0.0, 0.0, 0.0))
        out[pixel] = behind + own * (nearness / seen)


@no_type_check
def fallen(light: wp.array, keys: wp.array, background: np.ndarray, distance: float) -> wp.array:
    """Give linear light of a head that a lamp beside the lens lights.

    `light` is what the lamp would give from far away with its irradiance at `distance` metres;
    `keys` are the samples of `render.raster`, `background` what stands behind the head.
    """
    device = str(light.device)
    out = empty(len(light), wp.vec3, device)
    behind = put(background.reshape(-1, 3), wp.vec3, device)
    inputs = [distance, keys, light, behind, out]
    wp.launch(fall, dim=len(light), inputs=inputs, device=device)
    return out
