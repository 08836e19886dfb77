"""Annotation maps as pictures that a person can read."""

import colorsys

import cv2
import numpy as np
from jaxtyping import Float32, UInt8

from assets.classes import CLASSES

Picture = UInt8[np.ndarray, "height width 3"]

# Heat is drawn on one scale for all pictures, so that they can be compared by eye.
HOTTEST_MM = 8.0
PAPER = np.array([38, 40, 44], np.uint8)


def class_colours() -> UInt8[np.ndarray, "256 3"]:
    """A colour for every class number, hues apart by the golden section; background is dark."""
    table = np.zeros((256, 3), np.uint8)
    for order, number in enumerate(CLASSES.values()):
        hue, step = (0.07 + order * 0.618034) % 1.0, order % 3
        rgb = colorsys.hls_to_rgb(hue, (0.62, 0.48, 0.74)[step], (0.55, 0.62, 0.5)[step])
        table[number] = np.round(np.array(rgb) * 255)
    table[CLASSES["background"]] = PAPER
    table[CLASSES["skin"]] = (222, 184, 160)
    return table


def segmentation(classes: UInt8[np.ndarray, "height width"]) -> Picture:
    """Each class in its colour."""
    return class_colours()[classes]


def depth(metres: Float32[np.ndarray, "height width"]) -> Picture:
    """Near is bright, far is dark, over the range of this picture; background is dark grey."""
    covered = metres > 0
    if not covered.any():
        return np.broadcast_to(PAPER, (*metres.shape, 3)).copy()
    near, far = float(metres[covered].min()), float(metres[covered].max())
    share = (far - metres) / max(far - near, 1e-6)
    levels = np.clip(share * 255, 0, 255).astype(np.uint8)
    coloured = cv2.applyColorMap(levels, cv2.COLORMAP_VIRIDIS)[..., ::-1]
    return np.where(covered[..., None], coloured, PAPER)


def normals(vectors: Float32[np.ndarray, "height width 3"]) -> Picture:
    """The usual colours: x red, y green, towards the viewer blue."""
    covered = np.abs(vectors).max(axis=-1, keepdims=True) > 0
    return np.where(covered, np.rint(127.5 * (vectors + 1)).astype(np.uint8), PAPER)


def heat(
    picture: Picture, millimetres: Float32[np.ndarray, "height width"]
) -> UInt8[np.ndarray, "height width 3"]:
    """Motion of the skin over the picture in dimmed grey."""
    grey = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)[..., None] * np.float32(0.5)
    share = np.clip(millimetres / HOTTEST_MM, 0, 1)
    levels = (60 + share * 195).astype(np.uint8)  # the map's own beginning is black
    coloured = cv2.applyColorMap(levels, cv2.COLORMAP_INFERNO)[..., ::-1].astype(np.float32)
    weight = np.clip(share * 3, 0, 1)[..., None]
    return np.rint(grey * (1 - weight) + coloured * weight).astype(np.uint8)


def texture_coordinates(uv: Float32[np.ndarray, "2 height width"]) -> Picture:
    """The atlas as a chequered field of colour: u red, v green."""
    u, v = uv
    chequer = ((np.floor(u * 32) + np.floor(v * 32)) % 2) * 60
    covered = uv.max(axis=0)[..., None] > 0
    field = np.rint(np.stack([u * 195 + 30, v * 195 + 30, 70 + chequer], axis=-1))
    return np.where(covered, field.astype(np.uint8), PAPER)
