"""The albedo alone, as a camera sees it: no light, no shade, nothing behind."""

from typing import no_type_check

import numpy as np
import warp as wp
from jaxtyping import Float32

from render.device import empty
from render.material import Material
from render.paint import same_surface
from render.raster import triangle_of
from render.shade import SHARPER
from render.sight import Sight
from render.stage import Stage
from render.surface import CENTRE, SAMPLES, corner_at, offset_x, offset_y
from render.texture import Texels, level_of, look_up


@no_type_check
@wp.kernel(enable_backward=False)
def gather(
    stage: Stage,
    keys: wp.array[wp.uint64],
    light: wp.array[wp.vec3],
    cover: wp.array[wp.float32],
):
    """Write the albedo of one pixel, the mean of the samples that see anything."""
    pixel = wp.tid()
    x = (pixel % stage.view.width) * 256
    y = (pixel / stage.view.width) * 256
    total = wp.vec3(0.0, 0.0, 0.0)
    seen = wp.float32(0.0)
    first = keys[pixel * SAMPLES + CENTRE]
    even = wp.bool(True)
    for sample in range(4):
        even = even and same_surface(stage, keys[pixel * SAMPLES + sample], first)
    sample = wp.where(even, CENTRE, 0)
    last = wp.where(even, CENTRE, 3)
    while sample <= last:
        triangle = triangle_of(keys[pixel * SAMPLES + sample])
        if triangle >= 0:
            corner = corner_at(stage.surface, triangle, x + offset_x(sample), y + offset_y(sample))
            level = level_of(stage.surface, triangle, stage.texels.size) + SHARPER
            share = wp.where(even, 4.0, 1.0)
            total += share * look_up(stage.texels, corner.uv, level).albedo
            seen += share
        sample += 1
    light[pixel] = total / wp.max(seen, 1.0)
    cover[pixel] = seen * 0.25


@no_type_check
def unlit(
    sight: Sight, material: Material
) -> tuple[Float32[np.ndarray, "height width 3"], Float32[np.ndarray, "height width"]]:
    """Give the linear albedo of what is seen, and the share of each pixel that sees anything.

    The albedo is the mean over that share: it is not darkened towards the background, and is 0
    where nothing is seen. Textured as pictures are, so a texture seen from the front comes back.
    Raises where the material lies on another device.
    """
    posed = sight.posed
    if material.device != posed.device:
        raise ValueError(f"material must be on {posed.device}, got {material.device}")
    stage = Stage()
    stage.view, stage.surface = posed.view, posed.surface
    texels = Texels()
    texels.albedo, texels.detail = material.albedo, material.detail
    texels.classes, texels.decode = material.classes, material.decode
    texels.size, texels.levels = material.size, material.levels
    pixels = posed.view.width * posed.view.height
    light = empty(pixels, wp.vec3, posed.device)
    cover = empty(pixels, wp.float32, posed.device)
    stage.texels = texels
    inputs = [stage, sight.keys, light, cover]
    wp.launch(gather, dim=pixels, inputs=inputs, device=posed.device)
    grid = (posed.view.height, posed.view.width)
    return light.numpy().reshape(*grid, 3), cover.numpy().reshape(grid)
