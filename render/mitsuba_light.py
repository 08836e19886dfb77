"""Our distant light as Mitsuba's emitters: a panorama for the surroundings, a disc for the key.

Nothing is lit twice: the panorama of a `Light` comes without its key, the disc has the key's
direction, angular radius and irradiance, on top of what it hides.
"""

from typing import Any

import numpy as np
from jaxtyping import Float, Float32

from render.light import Light, basis, column, radiance
from render.panorama import about_y, directions, solid_angles
from render.surroundings import turn

ROWS, COLUMNS = 256, 512
"""Size of the panorama that Mitsuba gets: its own texels are 0.7 degrees wide, as ours are."""

AWAY = 100.0
"""How far (m) the disc stands: from all of a head it is seen in one direction to 0.1 degrees."""


def grid() -> Float[np.ndarray, "rows columns 3"]:
    """Where Mitsuba looks up the panorama's texels: as we do across, but pole to pole down."""
    polar = np.linspace(0, np.pi, ROWS)[:, None]
    across = directions(2, COLUMNS)[0]
    across = across[:, [0, 2]] / np.linalg.norm(across[:, [0, 2]], axis=1, keepdims=True)
    level = np.sin(polar)[..., None] * across
    upward = np.broadcast_to(np.cos(polar), level.shape[:2])
    return np.stack([level[..., 0], upward, level[..., 1]], axis=-1)


def surroundings(light: Light) -> Float32[np.ndarray, "rows columns 3"]:
    """Radiance from everywhere but the key, in the `grid` directions.

    The light's panorama, turned, at the gain a channel that fits the harmonics best (its own white
    balance), and what the harmonics hold beyond that (light that a photographer's reflector adds):
    so order 2 of it are the light's harmonics. Where there is no panorama the harmonics are all.
    """
    towards = grid()
    if light.panorama is None:
        return np.maximum(radiance(light.sh, towards), 0.0).astype(np.float32)
    own = turn(projected(light.panorama), about_y(light.rotation))
    shape = own[1:].astype(np.float64)
    wanted = light.sh[1:].astype(np.float64)
    gain = (shape * wanted).sum(axis=0) / np.maximum((shape * shape).sum(axis=0), 1e-12)
    gain = np.clip(gain, 0.0, light.sh[0] / np.maximum(own[0], 1e-12))
    rest = radiance((light.sh - own * gain).astype(np.float32), towards)
    seen = looked_up(light.panorama, towards, light.rotation) * gain
    return np.maximum(seen + rest, 0.0).astype(np.float32)


def projected(panorama: Float32[np.ndarray, "rows columns 3"]) -> Float32[np.ndarray, "9 3"]:
    """Harmonics of a panorama at rotation 0."""
    rows, columns = panorama.shape[:2]
    towards, weight = directions(rows, columns), solid_angles(rows, columns)
    return np.einsum("hwk,hwc,hw->kc", basis(towards), panorama, weight).astype(np.float32)


def looked_up(
    panorama: Float32[np.ndarray, "rows columns 3"],
    towards: Float[np.ndarray, "*shape 3"],
    rotation: float,
) -> Float32[np.ndarray, "*shape 3"]:
    """What stands in these directions, linear between columns and from the nearest row."""
    rows, columns = panorama.shape[:2]
    across = column(towards, rotation) * columns - 0.5
    left = np.floor(across).astype(int)
    part = (across - left)[..., None].astype(np.float32)
    polar = np.arccos(np.clip(towards[..., 1], -1.0, 1.0))
    row = np.minimum((polar / np.pi * rows).astype(int), rows - 1)
    first, second = (panorama[row, (left + i) % columns] for i in (0, 1))
    return first * (1 - part) + second * part


def hidden(around: Float32[np.ndarray, "rows columns 3"], light: Light) -> np.ndarray:
    """Mean radiance of the surroundings behind the key's disc, which the disc sends in their place.

    A disc too small for the grid hides what stands in its middle.
    """
    cosine = grid() @ light.key_direction.astype(np.float64)
    level = np.broadcast_to(np.sin(np.linspace(0, np.pi, ROWS))[:, None], cosine.shape)
    weight = np.where(cosine >= min(np.cos(light.key_size), cosine.max()), level + 1e-9, 0.0)
    return np.einsum("hw,hwc->c", weight / weight.sum(), around)


def emitters(light: Light, mi: Any) -> dict[str, Any]:
    """Mitsuba's description of the light; `mi` is the package with a variant chosen."""
    around = surroundings(light)
    made: dict[str, Any] = {"surroundings": {"type": "envmap", "bitmap": mi.Bitmap(around)}}
    if light.key_colour.any():
        towards = light.key_direction.astype(np.float64)
        radius = float(np.tan(light.key_size))
        emitted = light.key_colour / (np.pi * np.sin(light.key_size) ** 2)
        emitted = emitted + hidden(around, light)
        up = [0.0, 0.0, 1.0] if abs(towards[1]) > 0.9 else [0.0, 1.0, 0.0]
        placed = mi.ScalarTransform4f().look_at(
            origin=(towards * AWAY).tolist(), target=[0.0, 0.0, 0.0], up=up
        )
        made["key"] = {
            "type": "disk",
            "to_world": placed @ mi.ScalarTransform4f().scale(AWAY * radius),
            "emitter": {"type": "area", "radiance": {"type": "rgb", "value": emitted.tolist()}},
        }
    return made
