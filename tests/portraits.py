"""Skins on the head's chart, lit by known light and seen from known sides."""

from functools import cache

import cv2
import numpy as np
from jaxtyping import Float32, UInt8

from assets import atlas, head, skin, skin_regions
from generator.identity import Identity, make_identity
from generator.texture.skin import skin as paint
from render.light import irradiance
from render.material import decode_table

SIZE = 512
# A baby boy and an old man, both pale, and an old woman of dark skin.
PEOPLE = ((0, "0-1"), (1, "18-90"), (6, "18-90"))


def person(key: tuple[int, str]) -> Identity:
    return make_identity(key[0], 24, 3, key[1])


@cache
def own(key: tuple[int, str]) -> UInt8[np.ndarray, "rows columns 3"]:
    """Our own sRGB of the head's chart."""
    return np.ascontiguousarray(paint(person(key), SIZE).albedo[skin.head_box(SIZE)][..., :3])


def linear(albedo: UInt8[np.ndarray, "rows columns 3"]) -> Float32[np.ndarray, "rows columns 3"]:
    return decode_table()[albedo]


@cache
def normals() -> Float32[np.ndarray, "down across 3"]:
    """Unit normals of the mean head at `skin.SMOOTH_SIZE`, 0 outside the chart."""
    model = head.load()
    topology = model.topology
    vertices = model.person(model.mean_phenotypes(), {}, 30.0).vertices.astype(np.float64)
    faces = topology.triangles
    corner = vertices[faces]
    facing = np.cross(corner[:, 1] - corner[:, 0], corner[:, 2] - corner[:, 0])
    normal = np.zeros_like(vertices)
    for place in range(3):
        np.add.at(normal, faces[:, place], facing)
    uv = topology.uv[topology.uv_triangles]
    there = (uv[..., 1] > atlas.RECTS["head"][1] - 1e-6).all(axis=1)
    length = np.linalg.norm(normal, axis=1, keepdims=True)
    values = (normal / np.maximum(length, 1e-12))[faces[there]].astype(np.float32)
    drawn, _ = skin_regions.rasterise(uv[there], values, skin.SMOOTH_SIZE)
    drawn = drawn[skin.head_box(skin.SMOOTH_SIZE)]
    length = np.linalg.norm(drawn, axis=2, keepdims=True)
    return np.where(length > 0.1, drawn / np.maximum(length, 1e-9), 0).astype(np.float32)


def seen_from(yaw_deg: float) -> Float32[np.ndarray, "down across"]:
    """Cosines at which the mean head is seen from a side, below 0.2 nothing; nothing hides it."""
    yaw = np.radians(yaw_deg)
    cosine = normals() @ np.array([np.sin(yaw), 0, np.cos(yaw)], np.float32)
    return np.where(cosine > 0.2, cosine, 0).astype(np.float32)


def enlarged(field: np.ndarray) -> np.ndarray:
    """A smooth field of the chart at `SIZE`."""
    rows, columns = skin.head_box(SIZE)
    return cv2.resize(field, (columns.stop, rows.stop - rows.start))


def shade(light: np.ndarray) -> Float32[np.ndarray, "down across 3"]:
    """What light does to white skin, 1 outside the chart."""
    out = irradiance(light, normals().astype(np.float64)) / np.pi
    out[np.abs(normals()).sum(axis=2) == 0] = 1
    return np.maximum(out, 0.05).astype(np.float32)


def lamp() -> np.ndarray:
    """A strong warm light from the person's left, a little from above, over a cool rest."""
    light = np.zeros((9, 3))
    light[0] = 3.2, 3.4, 3.7
    light[3] = 2.0, 1.6, 1.1
    light[1], light[2] = 0.8, 0.5
    light[4:] = np.array([[0.3], [-0.2], [0.2], [0.3], [-0.3]])
    return light
