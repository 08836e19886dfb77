"""Creases drawn on the atlas once a process: which texels each curve folds, and how deeply.

A curve of `assets.crease_curves` is laid on the mean head and sampled; every texel near it gets
the profile of the fold (a valley with bulges beside it) and the sample that it belongs to, so that
a pose only has to say how deep each sample is.
"""

from dataclasses import dataclass
from functools import cache

import numpy as np
from jaxtyping import Float32, Int32
from scipy.interpolate import CubicSpline
from scipy.spatial import KDTree

from assets import skin
from assets.crease_curves import FOLDS, Curve, Fold
from assets.head import HeadModel, load
from assets.streams import stream
from generator import anchors
from generator.body import MEAN_EYES
from render.mesh import Points

SAMPLES = 24
VARIANTS = 3
"""Every curve is drawn this many times, each a little astray: people share no creases."""
FACE_UNIT = MEAN_EYES / 2
"""Half the distance between the eyes of the mean head, metres."""
WANDER = 0.022
REACH = 4.5
"""A profile ends at so many half widths."""


@dataclass(frozen=True, eq=False)
class Crease:
    """One curve on one side of the face.

    `points` are its samples on the control mesh; `texel` indexes the head chart at
    `skin.FIT_SIZE`, `profile` is the height there for a depth of 1 (negative in the valley),
    `sample` which sample sets the depth.
    """

    fold: str
    points: Points
    texel: Int32[np.ndarray, " texels"]
    profile: Float32[np.ndarray, " texels"]
    sample: Int32[np.ndarray, " texels"]


@cache
def drawn(variant: int, breadth: float) -> tuple[Crease, ...]:
    """Every crease of both sides, in the order of the table; `breadth` is a factor on widths."""
    model = load()
    out: list[Crease] = []
    for name, fold in FOLDS.items():
        rng = stream(0, variant, f"crease {name}")
        for curve in fold.curves:
            out += [_crease(model, (name, fold), path, breadth) for path in _both_sides(curve, rng)]
    return tuple(out)


def _both_sides(curve: Curve, rng: np.random.Generator) -> list[np.ndarray]:
    """The curve and its mirror image, or one curve over the midline; each goes its own way."""
    left = np.array(curve)
    mirrored = left * [-1, 1]
    whole = [np.concatenate([mirrored[:0:-1], left])] if left[0, 0] == 0 else [left, mirrored]
    return [path + rng.normal(0, WANDER, path.shape) for path in whole]


def _crease(model: HeadModel, what: tuple[str, Fold], path: np.ndarray, breadth: float) -> Crease:
    name, fold = what
    mean = anchors.mean_head(model)
    along = np.linspace(0, 1, SAMPLES)
    knots = np.concatenate([[0], np.cumsum(np.linalg.norm(np.diff(path, axis=0), axis=1))])
    smooth = CubicSpline(knots / knots[-1], path)
    points = mean.frontal(smooth(along) * FACE_UNIT)
    dense = mean.frontal(smooth(np.linspace(0, 1, 4 * SAMPLES)) * FACE_UNIT)
    place, scale = _texels(model, mean.vertices, dense)
    texel, profile, nearest = _profile(place, scale, (fold, breadth))
    return Crease(name, points, texel, profile, (nearest // 4).astype(np.int32))


def _texels(
    model: HeadModel, vertices: np.ndarray, points: Points
) -> tuple[np.ndarray, np.ndarray]:
    """Place (column, row) of points on the head chart, and the squares of millimetres a texel:
    a matrix for each, since the chart is stretched differently across and down."""
    topology = model.topology
    uv = topology.uv[topology.uv_triangles[points.triangle]].astype(np.float64)
    pixel = np.stack([uv[..., 0], 1 - uv[..., 1]], axis=-1) * skin.FIT_SIZE - 0.5
    corner = vertices[topology.triangles[points.triangle]].astype(np.float64) * 1000
    flat = (pixel[:, 1:] - pixel[:, :1]).transpose(0, 2, 1)
    solid = (corner[:, 1:] - corner[:, :1]).transpose(0, 2, 1)
    # solid = map flat: the columns of `map` are millimetres of one texel right and one down.
    mapped = solid @ np.linalg.inv(flat)
    square = mapped.transpose(0, 2, 1) @ mapped
    place = (pixel * points.barycentric[:, :, None]).sum(1)
    rows, _ = skin.head_box(skin.FIT_SIZE)
    return place - [0, rows.start], square


def _profile(
    place: np.ndarray, square: np.ndarray, how: tuple[Fold, float]
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Texels near a sampled curve, height there for a depth of 1, and the nearest sample."""
    fold, breadth = how
    width = fold.width_mm * breadth
    rows, columns = skin.head_box(skin.FIT_SIZE)
    height = rows.stop - rows.start
    # The same affine map for the whole short curve.
    square = square.mean(0)
    margin = np.ceil(REACH * width / np.sqrt(np.linalg.eigvalsh(square)[0]))
    low = np.maximum(np.floor(place.min(0) - margin), 0).astype(int)
    high = np.minimum(np.ceil(place.max(0) + margin) + 1, [columns.stop, height]).astype(int)
    x, y = np.meshgrid(np.arange(low[0], high[0]), np.arange(low[1], high[1]))
    texels = np.stack([x.ravel(), y.ravel()], axis=1)
    to_mm = np.linalg.cholesky(square).T
    curve, here = place @ to_mm.T, texels @ to_mm.T
    distance, nearest = KDTree(curve).query(here, distance_upper_bound=REACH * width)
    near = distance < REACH * width
    here, nearest, distance, texels = here[near], nearest[near], distance[near], texels[near]  # pyright: ignore[reportIndexIssue]
    tangent = np.gradient(curve, axis=0)[nearest]
    beside = here - curve[nearest]
    side = np.sign(tangent[:, 0] * beside[:, 1] - tangent[:, 1] * beside[:, 0])
    # Positive towards larger x (upright curves) or larger y, which is up (level ones).
    run = place[-1] - place[0]
    toward = -np.sign(run[1]) if abs(run[1]) > abs(run[0]) else -np.sign(run[0])
    if abs(run[1]) > abs(run[0]) and place[:, 0].mean() < 0.5 * columns.stop:
        toward = -toward  # the right half of the face: outward is to smaller x
    lean = 1 + fold.lean * side * toward
    from_width = distance / width
    valley = -np.exp(-(from_width**1.6))
    bulge = fold.swell * lean * np.exp(-(((from_width - 2.0) / 1.15) ** 2))
    taper = np.minimum(1.0, 5 * (t := nearest / (len(place) - 1)) * (1 - t) + 0.12)
    profile = (valley + bulge) * taper
    index = texels[:, 1] * (columns.stop - columns.start) + texels[:, 0]
    return index.astype(np.int32), profile.astype(np.float32), nearest
