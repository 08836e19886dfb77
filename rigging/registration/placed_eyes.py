"""Eyeballs of a registered head: the mesh's own, or such as its lids lie on."""

import numpy as np
from jaxtyping import Float64

from assets import eyeball
from assets import head as head_models
from assets.eyes import CLEARANCE, MARGIN, TOUCHING, Eyes
from rigging.registration import shapes
from rigging.registration.fit import Fitted
from rigging.registration.parts import Ball

# An iris has at most this share of its eyeball's radius.
WIDEST_IRIS = 0.6
OLDEST = 90.0
# How closely an eyeball keeps to where the fitted person has it, beside a vertex of the margin.
KEPT, STEPS = 2.0, 4


def eyes_of(
    vertices: Float64[np.ndarray, "controls 3"],
    fitted: Fitted,
    balls: tuple[Ball, Ball] | None,
) -> tuple[Eyes, float]:
    """Eyes in the frame of `vertices`, and the years of age that the fitted shape looks.

    A mesh's own eyeballs are kept; iris and missing eyeballs are those of that age.
    """
    radius, iris, years = shapes.load().facts(fitted.coefficients)
    radius, iris = radius * fitted.scale, iris * fitted.scale
    years = float(np.clip(years, 0.0, OLDEST))
    if balls is not None:
        centre = np.stack([one.centre for one in balls])
        radii = np.array([one.radius for one in balls])
        irises = np.minimum(iris, WIDEST_IRIS * radii)
    else:
        centre = np.stack([_touching(vertices, eye, radius, iris) for eye in range(2)])
        radii, irises = np.full(2, radius), np.full(2, iris)
    found = Eyes(centre.astype(np.float32), radii.astype(np.float32), irises.astype(np.float32))
    return found, years


def _touching(vertices: np.ndarray, eye: int, radius: float, iris: float) -> np.ndarray:
    """Centre of a ball that the margins of an eye's lids touch, but for the corners."""
    margin = vertices[head_models.load().topology.lids[eye].rows[MARGIN]]
    first = vertices[len(vertices) - 2 + eye]
    centre = first.copy()
    for _ in range(STEPS):
        away = margin - centre
        away = away[np.abs(away[:, 0]) < TOUCHING * radius]
        length = np.linalg.norm(away, axis=1)
        facing = away / length[:, None]
        goal = radius * (eyeball.surface(facing[:, 2], iris / radius) + CLEARANCE)
        rows = facing.T @ facing + KEPT * np.eye(3)
        centre += np.linalg.solve(rows, facing.T @ (length - goal) + KEPT * (first - centre))
    return centre
