"""A blanket drawn up to the chest or chin: a folded edge across, and cloth that hangs from it."""

from functools import cache
from typing import Literal

import numpy as np

from assets.head import HeadModel
from generator.clothes import INSIDE
from generator.occluders.skin import mean_skin
from generator.occluders.solid import grid
from generator.occluders.thing import Thing, both_sides, hung, on_face

Drawn = Literal["chest", "chin", "side"]
CHART = "blanket"
COLUMNS, ROWS = 97, 30
# Elevation (degrees) of the edge as seen from inside the chest, by azimuth from the person's right
# shoulder (-115) over the front (0) to the left one.
EDGES: dict[Drawn, tuple[float, ...]] = {
    "chest": (40.0, 36.0, 27.0, 23.0, 25.0, 35.0, 40.0),
    "chin": (53.0, 50.0, 44.0, 41.0, 43.0, 50.0, 53.0),
    "side": (56.0, 54.0, 46.0, 34.0, 26.0, 30.0, 36.0),
}
AT = (-125.0, -80.0, -35.0, 0.0, 35.0, 80.0, 125.0)
ROLL, STANDS = 0.0110, 0.019
LOWEST = -62.0


def _on_trunk(model: HeadModel, rays: np.ndarray) -> np.ndarray:
    """Places on chest, shoulders and arms; where the body has been cut off, straight below them."""
    skin = mean_skin(model)
    points, missed = skin.leaving(INSIDE, rays.reshape(-1, 3), INSIDE[1] + 0.115)
    places = skin.place(points).reshape(rays.shape)
    missed = missed.reshape(rays.shape[:2])
    if missed[0].any():
        raise ValueError("a blanket's edge must lie on the body, got one off it")
    for row in range(1, len(rays)):
        places[row, missed[row]] = places[row - 1, missed[row]] - (0.0, 0.03, 0.0)
    return places


def _sheet(model: HeadModel, drawn: Drawn) -> tuple[np.ndarray, np.ndarray]:
    azimuth = np.linspace(AT[0], AT[-1], COLUMNS)
    edge = np.interp(azimuth, AT, EDGES[drawn])
    for _ in range(60):
        edge[1:-1] = 0.25 * edge[:-2] + 0.5 * edge[1:-1] + 0.25 * edge[2:]
    share = np.linspace(0, 1, ROWS)[:, None] ** 1.2
    elevation = np.deg2rad(edge + (LOWEST - edge) * share)
    around = np.deg2rad(azimuth)
    flat = np.cos(elevation)
    rays = np.stack([flat * np.sin(around), np.sin(elevation), flat * np.cos(around)], axis=-1)
    skin = _on_trunk(model, rays)
    # Cloth is stiff: it spans hollows, above all those between neck and shoulders.
    away = skin - INSIDE
    reach = np.sqrt((away * away).sum(-1))
    tight = reach
    for _ in range(30):
        mean = tight.copy()
        mean[:, 1:-1] = 0.25 * tight[:, :-2] + 0.5 * tight[:, 1:-1] + 0.25 * tight[:, 2:]
        mean[1:-1] = 0.25 * mean[:-2] + 0.5 * mean[1:-1] + 0.25 * mean[2:]
        tight = np.maximum(reach, mean)
    ring = np.linspace(0, 1, ROWS)[:, None]
    folds = np.sin(3.1 * around + 4 * ring) * np.sin(7 * around - 6 * ring + 0.4)
    lift = STANDS + 0.007 * folds * np.clip(3 * ring, 0, 1)
    lift = lift + 0.008 * np.clip(4 * ring, 0, 1)
    out = away / reach[..., None]
    return INSIDE + out * (tight + lift)[..., None], out


def _rolled(sheet: np.ndarray, out: np.ndarray) -> np.ndarray:
    """The sheet with its upper edge turned over: a roll that ends on the skin."""
    down = sheet[3] - sheet[0]
    up = -down / np.sqrt((down * down).sum(-1, keepdims=True))
    turn = np.linspace(-0.35 * np.pi, 1.25 * np.pi, 14)[:, None, None]
    across = np.linspace(0, 5 * np.pi, sheet.shape[1])
    radius = ROLL * (1 + 0.12 * np.sin(across) + 0.08 * np.sin(2.7 * across + 1))[:, None]
    roll = sheet[0] + radius * (np.cos(turn) * out[0] + np.sin(turn) * up)
    # The roll's lower front lies over the cloth below it by a fold's breadth.
    return np.concatenate([roll[::-1], sheet[1:] + 0 * out[1:]])


@cache
def blanket(model: HeadModel, drawn: Drawn) -> Thing:
    """A blanket; it moves with the trunk, which expressions leave alone."""
    skin = mean_skin(model)
    sheet, out = _sheet(model, drawn)
    rolled = _rolled(sheet, out)
    picked = sheet[::7, ::12].reshape(-1, 3)
    on_trunk = skin.nearest(picked[picked[:, 1] > -0.34])
    face = on_face(model, both_sides(np.array([(0, -0.1085), (0.045, -0.085), (0, 0.002)])))
    points, points_at = hung(skin, [on_trunk, face])
    return Thing((grid(rolled, CHART),), points, points_at, "skin")
