"""What shading looks at: mesh, camera, material, light, and a place to be shaded."""

from typing import no_type_check

import warp as wp

from render.cavity import Mouth
from render.reflectance import Lamp
from render.surface import Corner, Surface, View, blend
from render.tears import Ball
from render.texture import Sample, Texels, look_up


@no_type_check
@wp.struct
class Stage:
    """Everything a place needs to be shaded.

    `lids` holds the columns of `render.tears` for the left eye, then for the right; `moist` tells
    whether `left`, `right` and `mouth` say anything.
    """

    view: View  # pyright: ignore[reportGeneralTypeIssues]
    surface: Surface  # pyright: ignore[reportGeneralTypeIssues]
    texels: Texels  # pyright: ignore[reportGeneralTypeIssues]
    lamp: Lamp  # pyright: ignore[reportGeneralTypeIssues]
    eye: wp.vec3
    moist: wp.bool
    left: Ball  # pyright: ignore[reportGeneralTypeIssues]
    right: Ball  # pyright: ignore[reportGeneralTypeIssues]
    lids: wp.array[wp.vec2]
    mouth: Mouth  # pyright: ignore[reportGeneralTypeIssues]


@no_type_check
@wp.struct
class Frames:
    """Normal and tangents at a place: along u, along v."""

    normal: wp.vec3
    along_u: wp.vec3
    along_v: wp.vec3


@no_type_check
@wp.struct
class Spot:
    """A place to be shaded: the way to the viewer, the mesh's normal, the fine one, the material.

    `reached` is what `render.occlusion` found: openness, share of the key light, thickness towards
    it (m), open mirror.
    """

    v: wp.vec3
    smooth: wp.vec3
    fine: wp.vec3
    s: Sample  # pyright: ignore[reportGeneralTypeIssues]
    reached: wp.vec4


@no_type_check
@wp.func
def frames_at(surface: Surface, corner: Corner) -> Frames:
    """Give the tangent frame of a triangle at the smooth normal; zero tangents where uv is flat."""
    index = surface.triangles[corner.triangle]
    flat = surface.uv_triangles[corner.triangle]
    p = surface.vertices[index[0]]
    first = surface.vertices[index[1]] - p
    second = surface.vertices[index[2]] - p
    origin = surface.uv[flat[0]]
    d1 = surface.uv[flat[1]] - origin
    d2 = surface.uv[flat[2]] - origin
    turn = d1[0] * d2[1] - d1[1] * d2[0]
    out = Frames()
    out.normal = wp.normalize(blend(surface.normals, index, corner.weights))
    if wp.abs(turn) > 1.0e-14:
        u = (first * d2[1] - second * d1[1]) * wp.sign(turn)
        v = (second * d1[0] - first * d2[0]) * wp.sign(turn)
        out.along_u = wp.normalize(u - out.normal * wp.dot(out.normal, u))
        out.along_v = wp.normalize(v - out.normal * wp.dot(out.normal, v))
    return out


@no_type_check
@wp.func
def spot_at(
    stage: Stage, corner: Corner, point: wp.vec3, reached: wp.vec4, level: wp.float32
) -> Spot:
    """Read the material and the normals of a place; a card's normal faces the viewer."""
    out = Spot()
    out.v = wp.normalize(stage.eye - point)
    out.s = look_up(stage.texels, corner.uv, level)
    out.reached = reached
    f = frames_at(stage.surface, corner)
    out.smooth = f.normal
    if stage.surface.card[corner.triangle] != wp.uint8(0) and wp.dot(out.smooth, out.v) < 0.0:
        out.smooth = -out.smooth
    slope = out.s.slope
    rise = wp.sqrt(wp.max(1.0 - wp.dot(slope, slope), 0.05))
    out.fine = wp.normalize(f.along_u * slope[0] + f.along_v * slope[1] + out.smooth * rise)
    return out
