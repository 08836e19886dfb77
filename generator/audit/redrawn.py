"""A portrait drawn again from the albedo and the light that were found in it."""

import cv2
import numpy as np
from jaxtyping import Bool, Float32

from assets import skin
from generator.portrait.painted import SIZE, Painted
from render.device import Device
from render.light import irradiance
from render.maps import maps
from render.material import Material, encode_table
from render.mesh import Mesh
from render.sight import Sight, look
from render.unlit import unlit

CONFIDENT = 0.5
"""Share of a texel that the portrait must have given for the texel to count."""


def psnr(painted: Painted, mesh: Mesh, material: Material, device: Device) -> float | None:
    """Peak signal-to-noise ratio (dB) of a portrait drawn again, where its texels are confident.

    `mesh` is the person at rest, `material` what they wear: its albedo, seen by the portrait's
    camera and lit by its light, against the portrait in sRGB, 255 the peak. None where no pixel
    shows what the portrait gave.
    """
    camera = painted.camera
    sight = look(mesh, camera, material, device)
    light, cover = unlit(sight, material)
    normal, uv = _maps(sight, mesh, material)
    shown = _confident(painted, uv, cover)
    if not shown.any():
        return None
    # From the camera's axes (y up, z to the viewer) to the world's.
    facing = (normal[shown] * (1, -1, -1)) @ camera.extrinsics[:, :3]
    lit = light[shown] * np.maximum(irradiance(painted.light, facing), 0) / np.pi
    drawn = encode_table()[(np.clip(lit, 0, 1) * 4095 + 0.5).astype(np.int32)]
    apart = drawn.astype(np.float64) - painted.portrait[shown]
    return float(10 * np.log10(255**2 / max((apart * apart).mean(), 1e-6)))


def _maps(
    sight: Sight, mesh: Mesh, material: Material
) -> tuple[Float32[np.ndarray, "height width 3"], Float32[np.ndarray, "height width 2"]]:
    """Normals in the camera's axes and texture coordinates."""
    view = sight.posed.view
    read = maps(sight.posed, mesh, material, sight.keys)
    normal, uv = (values.numpy() for values in (read.normal, read.uv))
    return normal.reshape(view.height, view.width, 3), uv.reshape(view.height, view.width, 2)


def _confident(
    painted: Painted,
    uv: Float32[np.ndarray, "height width 2"],
    cover: Float32[np.ndarray, "height width"],
) -> Bool[np.ndarray, "height width"]:
    """Which pixels, and those around them, show what the portrait gave."""
    rows, columns = skin.head_box(SIZE)
    row = np.floor((1 - uv[..., 1]) * SIZE).astype(np.int32) - rows.start
    column = np.floor(uv[..., 0] * SIZE).astype(np.int32) - columns.start
    down, across = painted.confidence.shape
    inside = (cover == 1) & (row >= 0) & (row < down) & (column >= 0) & (column < across)
    known = painted.confidence[np.where(inside, row, 0), np.where(inside, column, 0)]
    inside &= known > 255 * CONFIDENT
    return cv2.erode(inside.astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
