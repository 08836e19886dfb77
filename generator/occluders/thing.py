"""A thing that is worn: its solids on the mean head, and the skin that it hangs on."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from jaxtyping import Float, Float64

from assets.head import HeadModel
from generator import anchors
from generator.occluders.skin import Skin
from generator.occluders.solid import Solid
from render.mesh import Points

APART = 0.003
"""Anchors nearer than this (m) to another would say the same twice."""

Follows = Literal["skull", "skin", "mouth"]


@dataclass(frozen=True, eq=False)
class Thing:
    """Solids in metres about the mean head, and anchors on its skin that carry them to others.

    `follows` tells what moves it in an expression: nothing (`skull`), the skin under it, or the
    mouth as a whole, whose place is that of the anchors `held`. `clearance` (m), where it is
    given, is how far in front of the face the solids listed in `ahead` touch nearest: the whole is
    moved, or where the first solid is a `sheet` of rows and columns, those places that lack it.
    """

    solids: tuple[Solid, ...]
    anchors: Points
    anchored: Float64[np.ndarray, "anchors 3"]
    follows: Follows
    held: tuple[int, ...] = ()
    ahead: tuple[int, ...] = ()
    clearance: float | None = None
    sheet: tuple[int, int] | None = None


def both_sides(places: Float[np.ndarray, "places axes"]) -> Float64[np.ndarray, "all axes"]:
    """Places on one side of the face and on the other; those in the middle once."""
    places = np.asarray(places, np.float64)
    aside = places[:, 0] > 0
    other = places[aside] * np.r_[-1.0, np.ones(places.shape[1] - 1)]
    return np.concatenate([places, other])


def on_face(model: HeadModel, places: Float[np.ndarray, "places 2"]) -> Points:
    """The frontmost skin at (x, y), metres on the mean head."""
    mean = anchors.mean_head(model)
    return mean.carried(mean.frontal(np.asarray(places, np.float64)))


def hung(skin: Skin, parts: Sequence[Points]) -> tuple[Points, Float64[np.ndarray, "anchors 3"]]:
    """Anchors and their places on the mean head: all points but those close to one before them."""
    points = Points(
        np.concatenate([part.triangle for part in parts]),
        np.concatenate([part.barycentric for part in parts]),
    )
    places = skin.place(points)
    kept: list[int] = []
    for number, place in enumerate(places):
        away = places[kept] - place
        if (np.sqrt((away * away).sum(axis=1)) > APART).all():
            kept.append(number)
    return Points(points.triangle[kept], points.barycentric[kept]), places[kept]


def thinned(points: Points, step: int) -> Points:
    """Every so manyth of points."""
    return Points(points.triangle[::step], points.barycentric[::step])


def laid(
    skin: Skin,
    places: Float[np.ndarray, "places 3"],
    lift: float | Float[np.ndarray, " places"],
) -> tuple[Float64[np.ndarray, "places 3"], Float64[np.ndarray, "places 3"], Points]:
    """Places moved to `lift` metres over the nearest skin; its normals there; its points."""
    points = skin.nearest(places)
    out = skin.out(points)
    return skin.place(points) + out * np.broadcast_to(lift, len(places))[:, None], out, points
