"""Picture to texture: what a picture of a mesh shows of each texel of a chart.

A texel takes its colour from where it lies in the picture, if that place shows its own surface and
nothing else: each sample of the four pixels it is read from must see a triangle of the chart, at a
point close to the plane that the texel lies in. Compared with that plane, and not by depth, a
slanted surface hides nothing of itself. So no colour comes across an outline, from a strand of
hair, or from the nose onto the cheek behind it.
"""

from typing import no_type_check

import numpy as np
import warp as wp
from jaxtyping import Float32

from render import halves
from render.chart import Chart, Layout, lay_out
from render.device import empty, put
from render.plane import Plane, around, on_plane, plane_of, survey
from render.raster import depth_of, triangle_of
from render.sight import Sight
from render.surface import SAMPLES, Surface, View

APART = 1.0
"""What lies farther from a texel's plane than so many times the width of a pixel there is another
surface: skin bends less over the pixels that a texel is read from. On heads at 768 pixels 1 texel
in 2,000 is then read from another place than its own, most of them where the lips meet."""
ASKANCE = 0.2
"""Cosine between normal and direction to the camera up to which nothing is believed: a pixel is
stretched over five times as much skin as one seen from the front."""


@no_type_check
@wp.struct
class Linear:
    """What a triangle interpolates, by columns and rows from its first corner."""

    start: wp.vec3
    across: wp.vec3
    down: wp.vec3


@no_type_check
@wp.kernel(enable_backward=False)
def sift(layout: Layout, keys: wp.array[wp.uint64], depths: wp.array[wp.vec4]):
    """Write the depths of a pixel's four samples, 0 where one sees what is not the chart's."""
    pixel = wp.tid()
    depths[pixel] = wp.vec4(0.0, 0.0, 0.0, 0.0)
    out = wp.vec4(0.0, 0.0, 0.0, 0.0)
    for sample in range(4):
        key = keys[pixel * SAMPLES + sample]
        triangle = triangle_of(key)
        if triangle < 0 or triangle >= layout.own.shape[0]:
            return
        if layout.own[triangle] == wp.uint8(0):
            return
        out[sample] = depth_of(key)
    depths[pixel] = out


@no_type_check
@wp.func
def in_camera(view: View, vector: wp.vec3) -> wp.vec3d:
    """Turn a vector into camera axes."""
    return view.rotation * wp.vec3d(
        wp.float64(vector[0]), wp.float64(vector[1]), wp.float64(vector[2])
    )


@no_type_check
@wp.func
def single(vector: wp.vec3d) -> wp.vec3:
    """Round to single precision."""
    return wp.vec3(wp.float32(vector[0]), wp.float32(vector[1]), wp.float32(vector[2]))


@no_type_check
@wp.func
def linear(turn: wp.mat22d, start: wp.vec3d, one: wp.vec3d, two: wp.vec3d) -> Linear:
    """Give what is `start` at the first corner, and more by `one` and `two` at the others."""
    out = Linear()
    out.start = single(start)
    out.across = single(one * turn[0, 0] + two * turn[1, 0])
    out.down = single(one * turn[0, 1] + two * turn[1, 1])
    return out


@no_type_check
@wp.struct
class Shown:
    """A picture of a mesh, what each of its pixels sees (`sift`), and the chart it is laid on."""

    view: View  # pyright: ignore[reportGeneralTypeIssues]
    surface: Surface  # pyright: ignore[reportGeneralTypeIssues]
    layout: Layout  # pyright: ignore[reportGeneralTypeIssues]
    depths: wp.array[wp.vec4]
    picture: wp.array[wp.vec3]


@no_type_check
@wp.func
def four_on_plane(plane: Plane, depths: wp.array[wp.vec4], width: int, left: int, top: int) -> bool:
    """Tell whether all that four pixels see lies close to a plane."""
    above = top * width + left
    below = above + width
    shown = on_plane(plane, depths[above], left, top)
    shown = shown and on_plane(plane, depths[above + 1], left + 1, top)
    shown = shown and on_plane(plane, depths[below], left, top + 1)
    return shown and on_plane(plane, depths[below + 1], left + 1, top + 1)


@no_type_check
@wp.func
def between(
    picture: wp.array[wp.vec3], width: int, above: int, x: wp.float32, y: wp.float32
) -> wp.vec3:
    """Read a picture between the pixel `above` and those to its right and below."""
    below = above + width
    upper = picture[above] * (1.0 - x) + picture[above + 1] * x
    lower = picture[below] * (1.0 - x) + picture[below + 1] * x
    return upper * (1.0 - y) + lower * y


@no_type_check
@wp.kernel(enable_backward=False)
def fetch(begin: int, shown_by: Shown, light: wp.array[wp.vec3], weight: wp.array[wp.float32]):
    """Write the texels of one triangle that the picture shows, counted from `begin`."""
    view = shown_by.view
    surface = shown_by.surface
    layout = shown_by.layout
    depths = shown_by.depths
    owner = begin + wp.tid()
    triangle = layout.owners[owner]
    index = surface.triangles[triangle]
    for i in range(3):
        if surface.inverse_depth[index[i]] == 0.0:
            return
    start = in_camera(view, surface.vertices[index[0]]) + view.shift
    one = in_camera(view, surface.vertices[index[1]]) + view.shift - start
    two = in_camera(view, surface.vertices[index[2]]) + view.shift - start
    outward = wp.normalize(wp.cross(one, two))
    plane = plane_of(view, single(outward), wp.float32(wp.dot(outward, start)))
    plane.apart = APART * wp.float32(start[2] / view.focal[0])
    if plane.away > -plane.apart:
        return  # seen from behind, or so askance that depth 0 would lie close to it
    # Mostly one answer does for all texels of a triangle: nothing hides any of it, or all.
    box = around(surface, index)
    inside = box[0] >= 0 and box[2] >= 0 and box[1] < view.width and box[3] < view.height
    asked = survey(view, plane, depths, box)
    if asked[1] == 0:
        return
    whole = inside and asked[0] == asked[1]

    flat = surface.uv_triangles[triangle]
    corner = surface.uv[flat[0]]
    b = surface.uv[flat[1]] - corner
    c = surface.uv[flat[2]] - corner
    sides = wp.mat22d(wp.float64(b[0]), wp.float64(c[0]), -wp.float64(b[1]), -wp.float64(c[1]))
    turn = wp.inverse(sides * layout.size)
    half = wp.float64(0.5)
    column = wp.float64(corner[0]) * layout.size - layout.left - half
    row = (wp.float64(1.0) - wp.float64(corner[1])) * layout.size - layout.top - half
    point = linear(turn, start, one, two)
    start = in_camera(view, surface.normals[index[0]])
    one = in_camera(view, surface.normals[index[1]]) - start
    two = in_camera(view, surface.normals[index[2]]) - start
    normal = linear(turn, start, one, two)
    focal = wp.vec2(wp.float32(view.focal[0]), wp.float32(view.focal[1]))
    middle = wp.vec2(wp.float32(view.centre[0]) - 0.5, wp.float32(view.centre[1]) - 0.5)
    last = wp.int32(-1)
    shown = wp.bool(False)
    for place in range(layout.first[owner], layout.first[owner + 1]):
        texel = layout.texels[place]
        across = wp.float32(wp.float64(texel % layout.columns) - column)
        down = wp.float32(wp.float64(texel / layout.columns) - row)
        p = point.start + point.across * across + point.down * down
        px = p[0] / p[2] * focal[0] + middle[0]
        py = p[1] / p[2] * focal[1] + middle[1]
        left = wp.int32(wp.floor(px))
        top = wp.int32(wp.floor(py))
        above = top * view.width + left
        if whole:
            shown = True
        elif left < 0 or top < 0 or left + 1 >= view.width or top + 1 >= view.height:
            shown = False
            last = -1
        elif above != last:
            # Texels beside each other are mostly read from the same four pixels.
            last = above
            shown = four_on_plane(plane, depths, view.width, left, top)
        if shown:
            n = normal.start + normal.across * across + normal.down * down
            cosine = -wp.dot(n, p) / wp.sqrt(wp.dot(n, n) * wp.dot(p, p))
            if cosine > ASKANCE:
                x = px - wp.float32(left)
                y = py - wp.float32(top)
                light[texel] = between(shown_by.picture, view.width, above, x, y)
                weight[texel] = cosine


def _zeros(shape: tuple[int, ...], dtype: type, device: str) -> wp.array:
    """Give zeros; on the CPU the system's own, which cost nothing where nothing is written."""
    if device == "cpu":
        return put(np.zeros(shape, np.float32), dtype, device)
    return wp.zeros(shape[0], dtype=dtype, device=device)


@no_type_check
def unwrap(
    picture: Float32[np.ndarray, "height width 3"], sight: Sight, chart: Chart
) -> tuple[Float32[np.ndarray, "rows columns 3"], Float32[np.ndarray, "rows columns"]]:
    """Give the light of each texel in a picture of what is seen, and how squarely it is seen.

    `picture` is linear light. The second is the cosine between the surface's normal and the
    direction to the camera; both are 0 where the picture does not show the texel. Raises where
    the picture has another size than the view.
    """
    posed = sight.posed
    view, device = posed.view, posed.device
    if picture.shape[:2] != (view.height, view.width):
        raise ValueError(f"picture must be {view.height} x {view.width}, got {picture.shape[:2]}")
    pixels = view.width * view.height
    shown = Shown()
    shown.view, shown.surface, shown.layout = view, posed.surface, lay_out(chart, device)
    shown.depths = empty(pixels, wp.vec4, device)
    shown.picture = put(picture.reshape(-1, 3), wp.vec3, device)
    wp.launch(sift, dim=pixels, inputs=[shown.layout, sight.keys, shown.depths], device=device)
    count, grid = chart.triangle.size, chart.triangle.shape
    light = _zeros((count, 3), wp.vec3, device)
    weight = _zeros((count,), wp.float32, device)

    def part(span: tuple[int, int]) -> None:
        inputs = [span[0], shown, light, weight]
        wp.launch(fetch, dim=span[1] - span[0], inputs=inputs, device=device)

    halves.each(part, halves.spans(len(chart.owners), device))
    return light.numpy().reshape(*grid, 3), weight.numpy().reshape(grid)
