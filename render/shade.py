"""The light that a place on the surface sends to the camera: skin, wet eyes, cloth, strands."""

from typing import no_type_check

import cv2
import numpy as np
import warp as wp

from assets.classes import CLASSES
from render.cavity import in_mouth, mouth
from render.device import put
from render.eye import eye, eye_chart
from render.light import BASIS, Light
from render.maps import class_at
from render.material import Material
from render.raster import triangle_of
from render.reflectance import Lamp, strand
from render.skin import skin, wet_flesh
from render.stage import Stage, frames_at, spot_at
from render.surface import Posed, blend, corner_at
from render.tears import ball
from render.texture import Texels, level_of, look_up

HAIR = CLASSES["hair"]
BROW = CLASSES["brow"]
LASH = CLASSES["lash"]

SHARPER = -0.35
"""Added to the level of the pyramids: trilinear filtering errs on the soft side."""

PANORAMA = (64, 128)
"""Rows and columns that a wet surface sees: an eye shows no more."""


@no_type_check
@wp.func
def shade(stage: Stage, key: wp.uint64, x: int, y: int, reached: wp.vec4) -> wp.vec3:
    """Give the light that comes from what is seen at (x, y), in 1/256 pixel."""
    triangle = triangle_of(key)
    corner = corner_at(stage.surface, triangle, x, y)
    point = blend(stage.surface.vertices, stage.surface.triangles[triangle], corner.weights)
    level = level_of(stage.surface, triangle, stage.texels.size) + SHARPER
    if stage.surface.card[triangle] != wp.uint8(0):
        kind = wp.int32(class_at(stage.texels.classes, corner.uv))
        if kind == HAIR or kind == BROW or kind == LASH:
            s = look_up(stage.texels, corner.uv, level)
            f = frames_at(stage.surface, corner)
            v = wp.normalize(stage.eye - point)
            return strand(stage.lamp, s.albedo, f.normal, f.along_v, v, reached)
    spot = spot_at(stage, corner, point, reached, level)
    if stage.moist:
        which = eye_chart(corner.uv)
        if which > 0:
            return eye(stage, which, spot, corner.uv, point, level)
        if in_mouth(corner.uv):
            return wet_flesh(stage, spot, point)
    return skin(stage, spot)


@no_type_check
def _lamp(light: Light, device: str) -> Lamp:
    """Bring a light to the device."""
    out = Lamp()
    even, linear, cross, polar, sector = BASIS
    sh = light.sh.astype(np.float64)
    out.even = wp.vec3(*(even * sh[0]).tolist())
    out.linear = wp.mat33(*(linear * sh[[3, 1, 2]].T).ravel().tolist())
    out.cross = wp.mat33(*(cross * sh[[4, 5, 7]].T).ravel().tolist())
    out.polar = wp.vec3(*(polar * sh[6]).tolist())
    out.sector = wp.vec3(*(sector * sh[8]).tolist())
    out.direction = wp.vec3(*light.key_direction.tolist())
    out.colour = wp.vec3(*light.key_colour.tolist())
    out.size = light.key_size
    out.rotation = light.rotation
    out.rows, out.columns = (0, 0) if light.panorama is None else PANORAMA
    small = np.zeros((1, 3), np.float32)
    if light.panorama is not None:
        small = cv2.resize(light.panorama, PANORAMA[::-1], interpolation=cv2.INTER_AREA)
    out.panorama = put(small.reshape(-1, 3), wp.vec3, device)
    return out


@no_type_check
def stage(posed: Posed, material: Material, light: Light, position: np.ndarray) -> Stage:
    """Gather what the shading kernel needs; `position` is the camera's."""
    out = Stage()
    out.view, out.surface = posed.view, posed.surface
    out.lamp = _lamp(light, posed.device)
    out.eye = wp.vec3(*position.tolist())
    texels = Texels()
    texels.albedo, texels.detail = material.albedo, material.detail
    texels.classes, texels.decode = material.classes, material.decode
    texels.size, texels.levels = material.size, material.levels
    out.texels = texels
    lids = np.zeros((1, 2), np.float32)
    out.moist = posed.moist is not None
    if posed.moist is not None:
        left, right = posed.moist.eyes
        lids = np.concatenate([left.lids, right.lids])
        out.left, out.right = ball(left, 0), ball(right, len(left.lids))
        out.mouth = mouth(posed.moist.mouth)
    out.lids = put(lids, wp.vec2, posed.device)
    return out
