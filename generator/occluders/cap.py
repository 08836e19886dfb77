"""A cap on the scalp: knitted with a turned-up edge, or of thin cloth with a hem."""

from functools import cache

import numpy as np
from jaxtyping import Bool, Float

from assets.hairline import SKULL
from assets.head import HeadModel
from generator.occluders.skin import mean_skin
from generator.occluders.solid import Solid, grid
from generator.occluders.thing import Thing, hung

CHART = "cap"
CLOTH, EDGE = (0.04, 0.34, 0.96, 0.96), (0.04, 0.04, 0.96, 0.26)
COLUMNS, ROWS = 96, 30
# Elevation (degrees) of the edge about the skull by azimuth from the front: it covers the hairline
# and ends over the ears.
LINE = ((0, 31.0), (25, 30.0), (45, 25.0), (70, 11.0), (90, 4.0), (115, -2.0), (145, -14.0))
LINE += ((180, -18.0),)
STANDS = {"knitted": 0.0052, "thin": 0.0062}


def edge(azimuth: Float[np.ndarray, "*points"]) -> Float[np.ndarray, "*points"]:
    """Elevation (degrees) of the cap's edge at azimuths from the front, degrees."""
    return np.interp(np.abs(azimuth), *np.array(LINE, np.float64).T)


def under(places: Float[np.ndarray, "places 3"]) -> Bool[np.ndarray, " places"]:
    """Which places on or over the mean head the cap covers."""
    relative = places - SKULL
    azimuth = np.degrees(np.arctan2(relative[:, 0], relative[:, 2]))
    across = np.hypot(relative[:, 0], relative[:, 2])
    return np.degrees(np.arctan2(relative[:, 1], across)) > edge(azimuth) - 1.0


def _sheet(model: HeadModel, elevation: np.ndarray, lift: np.ndarray) -> np.ndarray:
    """A sheet over the skull at elevations (degrees, a row a ring), `lift` metres over the skin."""
    skin = mean_skin(model)
    azimuth = np.linspace(-np.pi, np.pi, COLUMNS, endpoint=False)
    up = np.deg2rad(elevation)
    rays = np.stack(
        np.broadcast_arrays(np.cos(up) * np.sin(azimuth), np.sin(up), np.cos(up) * np.cos(azimuth)),
        axis=-1,
    )
    points = skin.outermost(SKULL, rays.reshape(-1, 3))
    reach = (skin.place(points) - SKULL).reshape(rays.shape)
    radius = np.sqrt((reach * reach).sum(-1, keepdims=True))
    # Cloth spans what is hollow.
    wide = radius
    for _ in range(6):
        wide = (np.roll(wide, 1, axis=1) + 2 * wide + np.roll(wide, -1, axis=1)) / 4
        wide[1:-1] = (wide[:-2] + 2 * wide[1:-1] + wide[2:]) / 4
        wide = np.maximum(wide, radius)
    return SKULL + rays * (wide + lift[..., None])


def _folds(rows: int, azimuth: np.ndarray, amount: float) -> np.ndarray:
    ring = np.linspace(0, 1, rows)[:, None]
    waves = np.sin(17 * azimuth + 3 * ring) * np.sin(7 * azimuth - 5 * ring + 0.7)
    return amount * (0.5 + 0.5 * waves) * np.sin(np.pi * np.clip(1.15 * ring, 0, 1)) ** 0.7


def _crown(model: HeadModel, knitted: bool) -> Solid:
    azimuth = np.linspace(-np.pi, np.pi, COLUMNS, endpoint=False)
    low = edge(np.degrees(azimuth))
    share = np.linspace(0, 1, ROWS)[:, None]
    elevation = 89.5 + (low - 89.5) * share
    lift = np.full((ROWS, COLUMNS), STANDS["knitted" if knitted else "thin"])
    lift = lift + _folds(ROWS, azimuth, 0.0015 if knitted else 0.009)
    # A knitted cap stands off the crown, as its tip is not pulled down.
    lift += (0.008 if knitted else 0.004) * np.clip(1 - 2.2 * share, 0, 1) ** 2
    lift *= 0.35 + 0.65 * np.clip((1 - share) / 0.16, 0, 1) ** 0.5
    lift[-2:] = [[0.0012], [-0.0005]]
    return grid(_sheet(model, elevation, lift), CHART, CLOTH, around=True)


def _cuff(model: HeadModel, knitted: bool) -> Solid:
    """The turned-up edge, or the hem: a flat roll about the head."""
    azimuth = np.linspace(-np.pi, np.pi, COLUMNS, endpoint=False)
    low = edge(np.degrees(azimuth))
    high, thick, inside = (17.0, 0.0036, 0.0034) if knitted else (5.0, 0.0010, 0.0022)
    turn = np.linspace(0, np.pi, 7)
    ups = np.concatenate([[high - 1], np.linspace(high, 1.0, 8), 0.8 - 1.1 * np.sin(turn[2:])])
    lift = np.concatenate(
        [[inside - 0.003], np.full(8, inside + thick), inside + thick * np.cos(turn[2:]) * 1.1]
    )
    lift[1] -= 0.35 * thick
    lift[-1] = -0.0006
    lift = np.broadcast_to(lift[:, None], (len(ups), COLUMNS))
    lift = lift + 0.0004 * np.sin(9 * azimuth) * (lift > 0.004)
    return grid(_sheet(model, low + ups[:, None], lift), CHART, EDGE, around=True)


@cache
def cap(model: HeadModel, knitted: bool) -> Thing:
    """The cap; it lies on the scalp and does not move with the face."""
    skin = mean_skin(model)
    turn = np.arange(0, 360, 30.0)
    rings = [(low, turn) for low in (30.0, 62.0)]
    places = [(edge(turn - 360 * (turn > 180)), turn), *rings, (np.array([90.0]), np.array([0.0]))]
    up, around = (
        np.deg2rad(np.concatenate([np.broadcast_to(pair[part], len(pair[1])) for pair in places]))
        for part in (0, 1)
    )
    rays = np.stack([np.cos(up) * np.sin(around), np.sin(up), np.cos(up) * np.cos(around)], axis=1)
    points = skin.outermost(SKULL, rays)
    points, points_at = hung(skin, [points])
    return Thing((_crown(model, knitted), _cuff(model, knitted)), points, points_at, "skull")
