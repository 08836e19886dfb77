"""A pacifier: a shield before the lips, cut out for the nose, with a knob and a ring."""

from functools import cache

import numpy as np

from assets.head import HeadModel
from generator.occluders.skin import mean_skin
from generator.occluders.solid import Solid, grid, join, tube
from generator.occluders.thing import Thing, both_sides, hung, on_face

CHART = "pacifier"
SHIELD = (0.1, 0.1, 0.9, 0.45)
KNOB = (0.1, 0.6, 0.9, 0.9)
# Worn by infants, whose faces are 0.6 to 0.75 times the mean adult's: 42 mm by 31 mm on them.
WIDE, HIGH, THICK = 0.0315, 0.0225, 0.0021
MIDDLE = np.array([0.0, -0.0725, 0.0350])
BEND = (0.060, 0.105)
AROUND = 48


def _outline(turn: np.ndarray) -> np.ndarray:
    """Distance from the middle in shares of the half axes: a butterfly, hollow under the nose."""
    up = np.clip(np.sin(turn), 0, 1)
    return 1.0 - 0.30 * up**6 - 0.05 * np.clip(-np.sin(turn), 0, 1) ** 6


def _sheet(shares: np.ndarray, ahead: np.ndarray) -> np.ndarray:
    turn = np.linspace(0, 2 * np.pi, AROUND, endpoint=False)
    reach = shares[:, None] * _outline(turn)
    x, y = WIDE * np.cos(turn) * reach, HIGH * np.sin(turn) * reach
    z = ahead[:, None] - x * x / (2 * BEND[0]) - y * y / (2 * BEND[1])
    return MIDDLE + np.stack([x, y, z], axis=-1)


def _shield() -> Solid:
    edge = np.linspace(-0.5 * np.pi, 0.5 * np.pi, 9)[1:-1]
    shares = np.concatenate([[0.02, 0.3, 0.6, 0.8], 0.95 + 0.05 * np.cos(edge), [0.8, 0.4, 0.02]])
    ahead = np.concatenate([[-1, -1, -1, -1], np.sin(edge), [1, 1, 1]]) * THICK
    # From the back over the edge to the front; rows run outward there, so turn them round.
    sheet = _sheet(shares, ahead)
    return grid(sheet[::-1], CHART, SHIELD, around=True)


def _knob() -> Solid:
    profile = np.array(
        [(0.0, 0.0145), (0.0055, 0.0142), (0.0082, 0.0130), (0.0092, 0.0110), (0.0090, 0.0085),
         (0.0100, 0.0040), (0.0118, 0.0010)]
    )  # fmt: skip
    turn = np.linspace(0, 2 * np.pi, 32, endpoint=False)
    radius = np.maximum(profile[:, :1], 2e-4)
    places = np.stack(
        np.broadcast_arrays(radius * np.cos(turn), radius * np.sin(turn), profile[:, 1:]), axis=-1
    )
    return grid(MIDDLE + places, CHART, KNOB, around=True)


def _ring() -> Solid:
    turn = np.linspace(0, 2 * np.pi, 40, endpoint=False)
    radius = 0.0150
    lean = 0.35
    centre = MIDDLE + np.array([0.0, -0.0125, 0.0135])
    flat = np.stack([np.cos(turn), np.sin(turn) * np.cos(lean), -np.sin(turn) * np.sin(lean)], 1)
    out = np.stack([np.cos(turn), np.sin(turn), 0 * turn], 1)
    return tube(
        centre + radius * flat, out, np.full((40, 2), 0.0019), CHART, KNOB, sides=8, closed=True
    )


@cache
def pacifier(model: HeadModel) -> Thing:
    """The pacifier; it moves as the middle and the corners of the mouth do."""
    places = both_sides(
        np.array([(0, -0.058), (0, -0.0655), (0, -0.078), (0.0262, -0.0735), (0, -0.100),
                  (0.045, -0.035), (0.045, -0.075), (0, 0.002), (0, -0.037)])
    )  # fmt: skip
    face = on_face(model, places)
    skin = mean_skin(model)
    ears = skin.nearest(both_sides(np.array([(0.075, -0.02, -0.068)])))
    points, points_at = hung(skin, [face, ears])
    held = [1, 2, *np.flatnonzero(np.abs(places[:, 1] + 0.0735) < 1e-9).tolist()]
    return Thing(
        (_shield(), join([_knob(), _ring()])),
        points,
        points_at,
        "mouth",
        held=tuple(held),
        ahead=(0,),
        clearance=0.0004,
    )
