"""Depth of field on the head: what is not at the depth in focus spreads over a disc.

The background comes already out of focus (`render.background`), so head and background are taken
apart by how many samples of a pixel see the head, the head is spread, and the background shows
where the head does not reach. Every pixel gathers from the discs that reach it, each disc with a
weight of 1 in all, so that light is kept; what lies behind a pixel spreads there no farther than
the pixel itself is blurred, so that nothing bleeds over a sharp edge in front of it.
"""

from functools import cache
from typing import no_type_check

import numpy as np
import warp as wp
from jaxtyping import Float32

from render.camera import Camera
from render.device import empty, put
from render.raster import depth_of, triangle_of
from render.surface import SAMPLES

STEP = 16
"""Radii are whole numbers of 1/16 pixel; up to half a pixel there is nothing to spread."""
WIDEST = 48
"""Pixels of radius that a disc has at most."""
DEPTHS = (0.6, 1.6)
"""What is nearer or farther than these times the depth in focus blurs no more than there."""
BEHIND = 0.004
"""A pixel that lies this far (m) behind another is another surface."""


@no_type_check
@wp.struct
class Lens:
    """The lens, and what is known of each pixel.

    `scale` is the radius in pixels of what lies at infinity times `focus`; `radius` is in 1/16
    pixel; `head` is the head's share of the light; `cover` its share of the pixel; `reach` is the
    largest radius in each square of `tile` pixels, in whole pixels.
    """

    width: int
    height: int
    scale: wp.float32
    focus: wp.float32
    tile: int
    tiles: int
    reach: wp.array[wp.int32]
    radius: wp.array[wp.int32]
    depth: wp.array[wp.float32]
    cover: wp.array[wp.float32]
    head: wp.array[wp.vec3]
    whole: wp.array[wp.float32]


@no_type_check
@wp.kernel(enable_backward=False)
def part(
    lens: Lens,
    keys: wp.array[wp.uint64],
    light: wp.array[wp.vec3],
    background: wp.array[wp.vec3],
):
    """Take head and background of one pixel apart, and say how far the head spreads."""
    pixel = wp.tid()
    seen = wp.float32(0.0)
    depth = wp.float32(0.0)
    for sample in range(4):
        key = keys[pixel * SAMPLES + sample]
        if triangle_of(key) >= 0:
            seen += 0.25
            z = depth_of(key)
            depth = wp.where(depth == 0.0, z, wp.min(depth, z))
    radius = wp.int32(0)
    if seen > 0.0:
        blur = lens.scale * wp.abs(depth - lens.focus) / depth
        radius = wp.int32(wp.min(blur, wp.float32(lens.tile)) * wp.float32(STEP) + 0.5)
        if radius <= STEP / 2:
            radius = 0
    lens.radius[pixel] = radius
    lens.depth[pixel] = depth
    lens.cover[pixel] = seen
    own = light[pixel] - background[pixel] * (1.0 - seen)
    lens.head[pixel] = wp.where(
        seen > 0.0, wp.max(own, wp.vec3(0.0, 0.0, 0.0)), wp.vec3(0.0, 0.0, 0.0)
    )
    if radius > 0:
        x = (pixel % lens.width) / lens.tile
        y = (pixel / lens.width) / lens.tile
        wp.atomic_max(lens.reach, y * lens.tiles + x, (radius + STEP / 2 - 1) / STEP)


@no_type_check
@wp.func
def weight(lens: Lens, radius: int, distance: wp.float32) -> wp.float32:
    """Give what a disc of `radius` (1/16 pixel) leaves on a pixel this far from its middle."""
    edge = wp.float32(radius) / wp.float32(STEP) + 0.5 - distance
    return wp.clamp(edge, 0.0, 1.0) * lens.whole[radius]


@no_type_check
@wp.kernel(enable_backward=False)
def gather(
    lens: Lens,
    light: wp.array[wp.vec3],
    background: wp.array[wp.vec3],
    out: wp.array[wp.vec3],
):
    """Write one pixel from all the discs that reach it."""
    pixel = wp.tid()
    x = pixel % lens.width
    y = pixel / lens.width
    reach = wp.int32(0)
    rows = (lens.height + lens.tile - 1) / lens.tile
    for i in range(-1, 2):
        for j in range(-1, 2):
            row = wp.clamp(y / lens.tile + i, 0, rows - 1)
            column = wp.clamp(x / lens.tile + j, 0, lens.tiles - 1)
            reach = wp.max(reach, lens.reach[row * lens.tiles + column])
    out[pixel] = light[pixel]
    if reach == 0:
        return
    own = lens.radius[pixel]
    here = lens.depth[pixel]
    head = wp.vec3(0.0, 0.0, 0.0)
    cover = wp.float32(0.0)
    beyond = wp.float32(0.0)
    for py in range(wp.max(y - reach, 0), wp.min(y + reach + 1, lens.height)):
        for px in range(wp.max(x - reach, 0), wp.min(x + reach + 1, lens.width)):
            other = py * lens.width + px
            seen = lens.cover[other]
            distance = wp.sqrt(wp.float32((px - x) * (px - x) + (py - y) * (py - y)))
            if seen > 0.0:
                radius = lens.radius[other]
                if here > 0.0 and lens.depth[other] > here + BEHIND:
                    radius = wp.min(radius, own)
                share = weight(lens, radius, distance)
                head += lens.head[other] * share
                cover += seen * share
            if here > 0.0 and seen < 1.0:
                beyond += (1.0 - seen) * weight(lens, own, distance)
    if cover == 0.0 and here == 0.0:
        return
    # What nothing covers is background: all of it outside the head, and on it no more than the
    # pixel's own disc sees, since there the rest is head that is hidden.
    missing = wp.max(1.0 - cover, 0.0)
    if here > 0.0:
        missing = wp.min(missing, beyond)
    out[pixel] = (head + background[pixel] * missing) / (cover + missing)


@cache
def _whole(widest: int) -> Float32[np.ndarray, " radii"]:
    """Give one over the sum of the weights of a disc of each radius."""
    grid = np.arange(-widest - 1, widest + 2)
    distance = np.sqrt(grid[:, None] ** 2 + grid**2).ravel()
    radii = np.arange(widest * STEP + 1) / STEP
    sums = [np.clip(radius + 0.5 - distance, 0.0, 1.0).sum() for radius in radii]
    return (1.0 / np.array(sums)).astype(np.float32)


def blur_radius(camera: Camera, aperture: float, focus: float, depth: float) -> float:
    """Give the radius in pixels of the circle of confusion of a point at `depth` (metres).

    For a thin lens of `aperture` metres that is focused at `focus`, and a focal length small
    beside it.
    """
    focal = float(camera.intrinsics[0, 0])
    return 0.5 * focal * aperture * abs(depth - focus) / (depth * focus)


@no_type_check
def focused(
    light: wp.array,
    keys: wp.array,
    background: np.ndarray,
    camera: Camera,
    lens: tuple[float, float],
) -> wp.array:
    """Give linear light through a lens, its aperture and its focus in metres.

    `keys` are the samples of `render.raster`, `background` what stands behind the head.
    """
    aperture, focus = lens
    device = str(light.device)
    pixels = camera.width * camera.height
    out = Lens()
    out.width, out.height = camera.width, camera.height
    out.focus = focus
    out.scale = blur_radius(camera, aperture, focus, 2 * focus) * 2
    # Squares no smaller than the largest disc, so that the nine round a pixel hold all it sees.
    near, far = (blur_radius(camera, aperture, focus, focus * part) for part in DEPTHS)
    out.tile = int(np.clip(np.ceil(max(near, far)) + 1, 8, WIDEST))
    out.tiles = -(-camera.width // out.tile)
    squares = out.tiles * -(-camera.height // out.tile)
    out.reach = wp.zeros(squares, dtype=wp.int32, device=device)
    out.radius = empty(pixels, wp.int32, device)
    out.depth = empty(pixels, wp.float32, device)
    out.cover = empty(pixels, wp.float32, device)
    out.head = empty(pixels, wp.vec3, device)
    out.whole = put(_whole(WIDEST), wp.float32, device)
    behind = put(background.reshape(-1, 3), wp.vec3, device)
    wp.launch(part, dim=pixels, inputs=[out, keys, light, behind], device=device)
    blurred = empty(pixels, wp.vec3, device)
    wp.launch(gather, dim=pixels, inputs=[out, light, behind, blurred], device=device)
    return blurred
