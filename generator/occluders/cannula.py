"""A nasal cannula: two prongs under the nose, a tube over cheeks and ears, tape on the cheeks."""

from functools import cache

import numpy as np

from assets.head import HeadModel
from generator.occluders.skin import Skin, mean_skin
from generator.occluders.solid import Solid, grid, line, mirrored, tube
from generator.occluders.thing import Thing, both_sides, hung, laid, on_face, thinned
from render.mesh import Points

CHART = "nasal_cannula"
# Outer diameter of the tube 4.4 mm, of the prongs 5 to 4 mm.
RADIUS = 0.0022
RINGS = 72
# Half of the way on the mean head: under the nose, over the cheek, over the ear, behind it, down.
WAY = (
    (0.0, -0.0535, 0.0318), (0.0100, -0.0532, 0.0300), (0.0200, -0.0505, 0.0235),
    (0.0310, -0.0450, 0.0170), (0.0430, -0.0365, 0.0080), (0.0560, -0.0235, -0.010),
    (0.0675, -0.0080, -0.038), (0.0745, 0.0040, -0.064), (0.0775, 0.0110, -0.080),
    (0.0785, 0.0040, -0.097), (0.0765, -0.0150, -0.106), (0.0720, -0.0380, -0.100),
)  # fmt: skip


def _tube(skin: Skin) -> tuple[Solid, Points]:
    half = line(np.array(WAY), RINGS // 2 + 1)
    whole = np.concatenate([(half * (-1.0, 1.0, 1.0))[:0:-1], half])
    centre, out, points = laid(skin, whole, RADIUS + 0.0002)
    # Smooth the line: skin has its ups and downs, a tube does not bend so sharply.
    for _ in range(3):
        centre[1:-1] = 0.25 * centre[:-2] + 0.5 * centre[1:-1] + 0.25 * centre[2:]
    deep = RADIUS + 0.0002 - ((centre - skin.place(points)) * out).sum(axis=1)
    centre += np.clip(deep, 0, None)[:, None] * out
    size = np.full((len(centre), 2), RADIUS)
    return tube(centre, out, size, CHART, sides=10), points


def _prong() -> Solid:
    knots = [(0.0074, -0.0538, 0.0320), (0.0075, -0.0512, 0.0308), (0.0074, -0.0480, 0.0262),
             (0.0070, -0.0440, 0.0200)]  # fmt: skip
    centre = line(np.array(knots), 12)
    forward = np.broadcast_to([0.0, 0.3, 1.0], centre.shape)
    size = np.linspace(0.0025, 0.0019, 12)
    return tube(centre, forward, np.stack([size, size], 1), CHART, sides=12)


def _tape(skin: Skin) -> tuple[Solid, Points]:
    """A strip of tape over the tube on the cheek."""
    way = line(np.array(WAY), 200)
    nearest = int(np.abs(way[:, 0] - 0.041).argmin())
    middle, out, _ = laid(skin, way[nearest : nearest + 1], 0.0)
    along = way[nearest + 1] - way[nearest - 1]
    along -= (along * out[0]).sum() * out[0]
    along /= np.sqrt((along * along).sum())
    up = np.cross(out[0], along)
    places = middle + (
        0.0105 * np.linspace(1, -1, 15)[:, None, None] * up
        + 0.0085 * np.linspace(-1, 1, 11)[None, :, None] * along
    )
    flat, out, points = laid(skin, places.reshape(-1, 3), 0.0)
    away = np.sqrt(((flat[:, None] - way[None]) ** 2).sum(2)).min(1)
    # The tape rises over the tube and is pressed on the skin beside it.
    lift = 0.0005 + (2 * RADIUS + 0.0002) * np.exp(-((away / 0.0040) ** 2))
    edge = np.zeros((15, 11), bool)
    edge[[0, -1], :] = edge[:, [0, -1]] = True
    lift = np.where(edge.reshape(-1), -0.0003, lift)
    sheet = (flat + out * lift[:, None]).reshape(15, 11, 3)
    return grid(sheet, "tape"), thinned(points, 7)


@cache
def nasal_cannula(model: HeadModel, taped: bool) -> Thing:
    """The cannula; tube and, by wish, tape lie on the skin and move with it."""
    skin = mean_skin(model)
    way, under = _tube(skin)
    tape, beneath = _tape(skin)
    other = skin.nearest(skin.place(beneath) * (-1.0, 1.0, 1.0))
    face = on_face(
        model, both_sides(np.array([(0, -0.030), (0.0135, -0.040), (0, -0.060), (0.008, -0.0497)]))
    )
    anchors, anchors_at = hung(
        skin, [thinned(under, 2), face, *((beneath, other) if taped else ())]
    )
    prong = _prong()
    return Thing(
        (way, prong, mirrored(prong), *((tape, mirrored(tape)) if taped else ())),
        anchors,
        anchors_at,
        "skin",
    )
