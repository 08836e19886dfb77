"""Paint the semantic mask on the atlas, from the mean adult head and the package's own masks.

Used by `scripts/bake_head.py`. Every texel of a chart gets the position of its point on the mean
head; regions are smooth shapes in space (distance from lid margins, a brow line, the outline of the
nose, a hairline in angles about the skull) or the CC0 masks that come with the package in
MakeHuman's UV (lips, ears), so that no region has the polygon edges of the mesh.
"""

from collections.abc import Mapping
from itertools import pairwise
from pathlib import Path

import cv2
import numpy as np

from assets import atlas
from assets.classes import CLASSES
from assets.eyeball import LIMBUS_UV
from assets.hairline import above_hairline

SIZE = 1024
# Metres on the mean head, person's left half.
BROW = np.array(
    [(0.0095, 0.0160), (0.0195, 0.0210), (0.0290, 0.0228), (0.0385, 0.0208), (0.0480, 0.0150)]
)
NOSE = [(0.0, 0.004), (0.006, 0.0), (0.009, -0.015), (0.0155, -0.030), (0.0195, -0.042)]
NOSE += [(0.0185, -0.049), (0.0085, -0.0530), (0.0, -0.0525)]


def position_map(
    arrays: Mapping[str, np.ndarray], mean: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Position on the mean head `[SIZE, SIZE, 3]` and chart number (-1: none) of every texel."""
    position = np.zeros((SIZE, SIZE, 3))
    chart = np.full((SIZE, SIZE), -1, np.int8)
    triangles = arrays["quads"][:, [0, 1, 2, 0, 2, 3]].reshape(-1, 3)
    uvs = arrays["uv"][arrays["uv_quads"][:, [0, 1, 2, 0, 2, 3]].reshape(-1, 3)]
    corners = np.stack([uvs[..., 0], 1 - uvs[..., 1]], -1) * SIZE - 0.5
    for number, (xy, vertices) in enumerate(zip(corners, mean[triangles], strict=True)):
        low = np.maximum(np.floor(xy.min(0)).astype(int) - 1, 0)
        high = np.minimum(np.ceil(xy.max(0)).astype(int) + 2, SIZE)
        x, y = np.meshgrid(np.arange(low[0], high[0]), np.arange(low[1], high[1]))
        one, two = xy[1] - xy[0], xy[2] - xy[0]
        area = one[0] * two[1] - one[1] * two[0]
        if area == 0:
            continue
        v = ((x - xy[0, 0]) * two[1] - (y - xy[0, 1]) * two[0]) / area
        w = (one[0] * (y - xy[0, 1]) - one[1] * (x - xy[0, 0])) / area
        inside = (v >= -0.02) & (w >= -0.02) & (v + w <= 1.02)
        weights = np.stack([1 - v - w, v, w], -1)[inside]
        position[y[inside], x[inside]] = weights @ vertices
        chart[y[inside], x[inside]] = arrays["chart"][number // 2]
    return position, chart


def source_mask(path: Path) -> np.ndarray:
    """One of the package's grey masks, carried to the head chart of the atlas, 0-1."""
    picture = cv2.imread(str(path), cv2.IMREAD_GRAYSCALE)
    if picture is None:
        raise ValueError(f"{path} must be a readable picture")
    rows, columns = np.mgrid[0:SIZE, 0:SIZE]
    uv = np.stack([(columns + 0.5) / SIZE, 1 - (rows + 0.5) / SIZE], -1)
    source = atlas.head_to_source(uv)
    x = (source[..., 0] * picture.shape[1] - 0.5).astype(np.float32)
    y = ((1 - source[..., 1]) * picture.shape[0] - 0.5).astype(np.float32)
    return cv2.remap(picture, x, y, cv2.INTER_LINEAR) / 255.0


def distance_to_curve(points: np.ndarray, curve: np.ndarray) -> np.ndarray:
    """Least distance of points `[..., d]` to a polyline `[n, d]`."""
    best = np.full(points.shape[:-1], np.inf)
    for a, b in pairwise(curve):
        along = np.clip(((points - a) @ (b - a)) / ((b - a) @ (b - a)), 0, 1)
        best = np.minimum(best, np.linalg.norm(points - (a + along[..., None] * (b - a)), axis=-1))
    return best


def below_jaw(position: np.ndarray) -> np.ndarray:
    """True on the neck: under the line from the chin to the ear lobe and on to the nape."""
    z = position[..., 2]
    line = np.interp(z, [-0.14, -0.075, -0.03, 0.0, 0.03], [-0.055, -0.062, -0.092, -0.110, -0.118])
    return position[..., 1] < line


def paint_face(
    mask: np.ndarray,
    position: np.ndarray,
    where: np.ndarray,
    loops: Mapping[str, np.ndarray],
    mean: np.ndarray,
) -> None:
    """Regions of the head chart, later ones over earlier ones."""
    x, y, z = np.abs(position[..., 0]), position[..., 1], position[..., 2]
    mask[where] = CLASSES["skin"]
    mask[where & below_jaw(position)] = CLASSES["neck"]
    mask[where & (above_hairline(position) > 0)] = CLASSES["scalp"]
    frontal = np.stack([x, y], -1)
    outline = (np.array(NOSE, np.float32) * 1e5).astype(np.int32)
    grid = np.stack([x, y], -1)[where] * 1e5
    inside = [cv2.pointPolygonTest(outline, (float(a), float(b)), False) >= 0 for a, b in grid]
    nose = np.zeros_like(where)
    nose[where] = inside
    mask[nose & (z > 0.0)] = CLASSES["nose"]
    taper = np.interp(x, [0.009, 0.014, 0.036, 0.049], [0.0030, 0.0042, 0.0032, 0.0010])
    brow = (distance_to_curve(frontal, BROW) < taper) & (z > -0.02)
    mask[where & brow] = CLASSES["brow"]
    for side in ("left", "right"):
        for name, reach in (("upper_lid", 0.0085), ("lower_lid", 0.0050)):
            near = distance_to_curve(position, mean[loops[f"{side}_{name}"]]) < reach
            other = "lower_lid" if name == "upper_lid" else "upper_lid"
            nearer = distance_to_curve(position, mean[loops[f"{side}_{name}"]]) <= (
                distance_to_curve(position, mean[loops[f"{side}_{other}"]])
            )
            mask[where & near & nearer] = CLASSES[name]


def semantic_mask(
    arrays: Mapping[str, np.ndarray],
    mean: np.ndarray,
    loops: Mapping[str, np.ndarray],
    textures: Path,
) -> np.ndarray:
    """Class numbers on the atlas, uint8 `[SIZE, SIZE]`, row = (1 - v) * SIZE."""
    position, chart = position_map(arrays, mean)
    mask = np.zeros((SIZE, SIZE), np.uint8)
    head = chart == 0
    paint_face(mask, position, head, loops, mean)
    mask[head & (source_mask(textures / "mpfb_ears.jpg") > 0.5)] = CLASSES["ear"]
    mask[head & (source_mask(textures / "mpfb_lips.jpg") > 0.5)] = CLASSES["lips"]
    mask[chart == 1] = CLASSES["neck"]
    mask[chart == 2] = CLASSES["mouth_inside"]
    for number, side in ((3, "left"), (4, "right")):
        middle = mean[loops[f"{side}_lower_lid"], 1].mean() + 0.003
        cavity = chart == number
        mask[cavity & (position[..., 1] >= middle)] = CLASSES["upper_lid"]
        mask[cavity & (position[..., 1] < middle)] = CLASSES["lower_lid"]
    mask[chart == 5] = CLASSES["teeth"]
    mask[chart == 6] = CLASSES["tongue"]
    # Texels outside the charts take the nearest class: what is drawn is never background.
    _, nearest = cv2.distanceTransformWithLabels(
        (mask == 0).astype(np.uint8), cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL
    )
    by_label = np.zeros(nearest.max() + 1, np.uint8)
    by_label[nearest[mask > 0]] = mask[mask > 0]
    mask = by_label[nearest]
    for name in atlas.RECTS:
        label = {"gown": "clothes", "locks": "hair"}.get(name, name)
        if label in CLASSES and name not in ("teeth", "tongue"):
            mask[atlas.pixel_rect(name, SIZE)] = CLASSES[label]
    for name in ("left_eye", "right_eye"):
        tile = mask[atlas.pixel_rect(name, SIZE)]
        rows, columns = np.mgrid[0 : tile.shape[0], 0 : tile.shape[1]]
        radius = np.hypot((rows + 0.5) / tile.shape[0] - 0.5, (columns + 0.5) / tile.shape[1] - 0.5)
        iris = radius < LIMBUS_UV
        tile[:] = np.where(iris, CLASSES["iris"], CLASSES["sclera"])
    return mask
