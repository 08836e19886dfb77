"""A surgical mask: pleated cloth from the nose to under the chin, drawn tight, with ear loops."""

from functools import cache

import numpy as np

from assets.head import HeadModel
from generator.occluders.skin import Skin, mean_skin
from generator.occluders.solid import Solid, grid, line, mirrored, tube
from generator.occluders.thing import Thing, both_sides, hung, laid, on_face

CHART = "surgical_mask"
CLOTH, LOOP = (0.03, 0.14, 0.97, 0.97), (0.05, 0.02, 0.95, 0.10)
ROWS, COLUMNS = 41, 65
# Rays start here, inside the jaw of the mean head.
INSIDE = np.array([0.0, -0.062, -0.045])
TOP = ((-0.0615, -0.0335), (-0.0440, -0.0275), (-0.0240, -0.0235), (-0.0110, -0.0160))
TOP += ((0.0, -0.0130),)
BOTTOM = ((-0.0560, -0.0760), (-0.0450, -0.0965), (-0.0240, -0.1120), (0.0, -0.1190))
STANDS = 0.0022
TIGHTENINGS = 600
PLEATS = (0.30, 0.47, 0.64)


def _edges() -> tuple[np.ndarray, np.ndarray]:
    """Top and bottom edge as (x, y, about z), from the person's right to the left."""
    edges = []
    for half, depth in ((TOP, 0.02), (BOTTOM, -0.005)):
        left = np.array([(x, y, depth - 6.0 * x * x) for x, y in half])
        whole = np.concatenate([left, left[-2::-1] * (-1.0, 1.0, 1.0)])
        edges.append(line(whole, COLUMNS))
    return edges[0], edges[1]


def _rays() -> np.ndarray:
    top, bottom = (edge - INSIDE for edge in _edges())
    share = np.linspace(0, 1, ROWS)[:, None, None]
    rays = top + (bottom - top) * share
    # Bring the middle rows forward, so that rows are even on the face.
    middle = 1 - np.linspace(-1, 1, COLUMNS)[:, None] ** 2
    rays = rays + (0, 0, 0.035) * np.sin(np.pi * share) * middle
    return rays / np.sqrt((rays * rays).sum(-1, keepdims=True))


def _tight(radius: np.ndarray) -> np.ndarray:
    """A membrane over the face, pinned at its edges: it touches where it must."""
    least = radius + STANDS
    edge = np.ones(radius.shape, bool)
    edge[1:-1, 1:-1] = False
    least[edge] = radius[edge] + 0.0008
    out = least.copy()
    for _ in range(TIGHTENINGS):
        mean = out.copy()
        mean[1:-1, 1:-1] = 0.25 * (out[:-2, 1:-1] + out[2:, 1:-1] + out[1:-1, :-2] + out[1:-1, 2:])
        out = np.where(edge, least, np.maximum(least, mean))
    return out


def _pleats() -> np.ndarray:
    """How much pleats lift the cloth: it rises to each fold and falls under it."""
    down = np.linspace(0, 1, ROWS)[:, None]
    across = np.abs(np.linspace(-1, 1, COLUMNS))
    lift = np.zeros((ROWS, 1))
    for place in PLEATS:
        to = (down - place) / 0.14
        lift = lift + np.where((to > -1) & (to <= 0), 1 + to, 0) * 0.0022
    flat = np.clip((1 - across) / 0.12, 0, 1)
    return lift * flat


def _cloth(skin: Skin) -> tuple[Solid, np.ndarray]:
    rays = _rays()
    points = skin.outermost(INSIDE, rays.reshape(-1, 3))
    reach = (skin.place(points) - INSIDE).reshape(rays.shape)
    radius = np.sqrt((reach * reach).sum(-1))
    sheet = INSIDE + rays * (_tight(radius) + _pleats())[..., None]
    # The hem turns in to the skin all round.
    hem = [INSIDE + rays[row] * (radius[row] - 0.0010)[:, None] for row in (0, -1)]
    sheet = np.concatenate([hem[:1], sheet, hem[1:]])
    side = [INSIDE + rays[:, column] * (radius[:, column] - 0.0010)[:, None] for column in (0, -1)]
    side = [np.concatenate([part[:1], part, part[-1:]])[:, None] for part in side]
    sheet = np.concatenate([side[0], sheet, side[1]], axis=1)
    return grid(sheet, CHART, CLOTH), rays


def _loop(skin: Skin) -> Solid:
    knots = [
        (0.0500, -0.0345, -0.004), (0.0600, -0.0335, -0.018), (0.0680, -0.0200, -0.042),
        (0.0750, 0.0020, -0.068),
        (0.0790, 0.0085, -0.082), (0.0800, -0.0030, -0.098), (0.0770, -0.0250, -0.105),
        (0.0740, -0.0450, -0.096), (0.0715, -0.0580, -0.074), (0.0650, -0.0690, -0.050),
        (0.0560, -0.0745, -0.028), (0.0480, -0.0770, -0.014),
    ]  # fmt: skip
    middle, out, _ = laid(skin, line(np.array(knots), 56), 0.0012)
    return tube(middle, out, np.broadcast_to([0.0008, 0.0016], (56, 2)), CHART, LOOP, sides=8)


@cache
def surgical_mask(model: HeadModel) -> Thing:
    """The mask; its edges keep to the skin, and the jaw stretches it."""
    skin = mean_skin(model)
    cloth, rays = _cloth(skin)
    loop = _loop(skin)
    rim = np.concatenate([rays[0, ::4], rays[-1, ::4], rays[8:-4:8, 0], rays[8:-4:8, -1]])
    edges = skin.outermost(INSIDE, rim)
    face = on_face(
        model,
        both_sides(
            np.array([(0, -0.0365), (0.0155, -0.043), (0, -0.0655), (0.0262, -0.0735),
                      (0, -0.079), (0, -0.096), (0.020, -0.098), (0.040, -0.055), (0.042, -0.078)])
        ),
    )  # fmt: skip
    ears = skin.nearest(both_sides(loop.vertices[44:-44:40]))
    points, points_at = hung(skin, [edges, face, ears])
    return Thing(
        (cloth, loop, mirrored(loop)),
        points,
        points_at,
        "skin",
        ahead=(0,),
        clearance=0.0030,
        sheet=(ROWS + 2, COLUMNS + 2),
    )
