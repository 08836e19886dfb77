"""What movement, a lens out of focus and too few pixels do to a picture, in linear light.

A blur is a list of shifts with weights that sum to 1, taken in one order; fewer pixels are exact
averages over the squares that they cover.
"""

from functools import cache
from typing import no_type_check

import numpy as np
import warp as wp
from jaxtyping import Float32

from render.device import empty, put
from render.sensor import Sensor

FINE = 4
"""Steps a pixel at which a blur is drawn before it is brought to whole pixels."""


@cache
def spread(
    defocus: float, motion: tuple[float, float], lines: float
) -> Float32[np.ndarray, "taps 3"]:
    """Give a blur as (right, down, weight), in whole pixels.

    `defocus` is the radius of an even disc, `motion` a straight even line, `lines` the height of
    a line of interlaced video, of which each field shows every other one; all in pixels.
    """
    across, down = motion
    grid = np.arange(-(np.ceil(defocus) + 1) * FINE, (np.ceil(defocus) + 1) * FINE) + 0.5
    x, y = (axis.ravel() / FINE for axis in np.meshgrid(grid, grid))
    inside = x * x + y * y <= max(defocus, 0.25) ** 2
    disc = np.stack([x[inside], y[inside]], axis=1)
    steps = max(1, int(np.ceil(2 * np.hypot(across, down))))
    along = ((np.arange(steps) + 0.5) / steps - 0.5)[:, None] * np.array([across, down])
    # A field's line and the two of the other field beside it: 1, 2, 1.
    fields = np.array([[0.0, -lines], [0.0, 0.0], [0.0, 0.0], [0.0, lines]])
    if lines == 0:
        fields = np.zeros((1, 2))
    points = (disc[:, None, None] + along[:, None] + fields).reshape(-1, 2)
    if defocus == 0:
        points = (along[:, None] + fields).reshape(-1, 2)
    # Each point is shared between the four pixels round it.
    first = np.floor(points).astype(np.int64)
    part = points - first
    shares, places = [], []
    for i in range(2):
        for j in range(2):
            weight_x = part[:, 0] if i else 1 - part[:, 0]
            weight_y = part[:, 1] if j else 1 - part[:, 1]
            shares.append(weight_x * weight_y)
            places.append(first + np.array([i, j]))
    share, place = np.concatenate(shares), np.concatenate(places)
    low = place.min(axis=0)
    weights = np.zeros(place.max(axis=0) - low + 1)
    np.add.at(weights, tuple((place - low).T), share)
    taps = np.argwhere(weights > 1e-9)
    weight = weights[tuple(taps.T)]
    return np.column_stack([taps + low, weight / weight.sum()]).astype(np.float32)


@no_type_check
@wp.kernel(enable_backward=False)
def move(
    width: int,
    height: int,
    taps: wp.array[wp.vec3],
    light: wp.array[wp.vec3],
    out: wp.array[wp.vec3],
):
    """Write one pixel of a blurred picture; beyond the edge the picture goes on as it ends."""
    pixel = wp.tid()
    x = pixel % width
    y = pixel / width
    total = wp.vec3(0.0, 0.0, 0.0)
    for number in range(taps.shape[0]):
        tap = taps[number]
        px = wp.clamp(x + wp.int32(tap[0]), 0, width - 1)
        py = wp.clamp(y + wp.int32(tap[1]), 0, height - 1)
        total += light[py * width + px] * tap[2]
    out[pixel] = total


@no_type_check
@wp.kernel(enable_backward=False)
def average(
    width: int,
    height: int,
    columns: int,
    rows: int,
    light: wp.array[wp.vec3],
    out: wp.array[wp.vec3],
):
    """Write one pixel of a smaller picture: the mean over the pixels that it covers."""
    pixel = wp.tid()
    wide = wp.float32(width) / wp.float32(columns)
    high = wp.float32(height) / wp.float32(rows)
    left = wp.float32(pixel % columns) * wide
    top = wp.float32(pixel / columns) * high
    total = wp.vec3(0.0, 0.0, 0.0)
    covered = wp.float32(0.0)
    for y in range(wp.int32(top), wp.min(wp.int32(wp.ceil(top + high)), height)):
        down = wp.min(wp.float32(y) + 1.0, top + high) - wp.max(wp.float32(y), top)
        for x in range(wp.int32(left), wp.min(wp.int32(wp.ceil(left + wide)), width)):
            across = wp.min(wp.float32(x) + 1.0, left + wide) - wp.max(wp.float32(x), left)
            share = wp.max(across, 0.0) * wp.max(down, 0.0)
            total += light[y * width + x] * share
            covered += share
    out[pixel] = total / covered


def fewer(size: tuple[int, int], sensor: Sensor) -> tuple[int, int]:
    """Give the pixels across and down that a camera has for a picture of this size."""
    width, height = size
    if not 0 < sensor.columns < width:
        return size
    return sensor.columns, max(1, round(height * sensor.columns / width))


@no_type_check
def smeared(light: wp.array, size: tuple[int, int], sensor: Sensor) -> wp.array:
    """Give the light on the camera's own pixels, `fewer(size, sensor)`; itself where nothing is."""
    device = str(light.device)
    columns, rows = fewer(size, sensor)
    lines = size[1] / rows if sensor.interlaced else 0.0
    if sensor.defocus > 0 or any(sensor.motion) or lines > 0:
        taps = put(spread(sensor.defocus, sensor.motion, lines), wp.vec3, device)
        moved = empty(len(light), wp.vec3, device)
        wp.launch(move, dim=len(light), inputs=[*size, taps, light, moved], device=device)
        light = moved
    if (columns, rows) != size:
        small = empty(columns * rows, wp.vec3, device)
        inputs = [*size, columns, rows, light, small]
        wp.launch(average, dim=columns * rows, inputs=inputs, device=device)
        light = small
    return light
