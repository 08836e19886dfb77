"""A breathing tube at a corner of the mouth, its connector and hose, held by tape."""

from functools import cache

import numpy as np

from assets.head import HeadModel
from generator.occluders.skin import Skin, mean_skin
from generator.occluders.solid import Solid, grid, line, mirrored, tube
from generator.occluders.thing import Thing, both_sides, hung, laid, on_face

# Outer diameter of an adult's tube 10.5 mm, of the connector 15 mm, of the hose 22 mm.
RADIUS = 0.0050
PLASTIC, PORT = (0.1, 0.1, 0.9, 0.45), (0.1, 0.6, 0.9, 0.9)
WAY = (
    (0.0060, -0.0690, -0.0120), (0.0100, -0.0705, 0.0080), (0.0125, -0.0725, 0.0260),
    (0.0150, -0.0765, 0.0430), (0.0190, -0.0830, 0.0590), (0.0255, -0.0920, 0.0735),
)  # fmt: skip
ON = ((0.0245, -0.0908, 0.0720), (0.0300, -0.0985, 0.0810), (0.0370, -0.1075, 0.0890))
HOSE = (
    (0.0360, -0.1065, 0.0880), (0.0480, -0.1200, 0.0960), (0.0660, -0.1410, 0.0960),
    (0.0900, -0.1720, 0.0850), (0.1200, -0.2150, 0.0680), (0.1600, -0.2850, 0.0500),
    (0.1900, -0.3600, 0.0400),
)  # fmt: skip


def _plain(way: tuple, count: int, radius: np.ndarray | float, window: tuple) -> Solid:
    centre = line(np.array(way), count)
    forward = np.broadcast_to([0.0, 0.6, 0.8], centre.shape)
    size = np.broadcast_to(np.asarray(radius, np.float64), count)
    return tube(centre, forward, np.stack([size, size], 1), "tube", window, sides=18)


def _tube() -> tuple[Solid, ...]:
    rings = 0.5 + 0.5 * np.cos(np.linspace(0, 2 * np.pi * 44, 177))
    collar = np.interp(
        np.linspace(0, 1, 17), (0, 0.12, 0.16, 0.6, 0.65, 1), (75, 75, 62, 62, 78, 78)
    )
    return (
        _plain(WAY, 40, RADIUS, PLASTIC),
        _plain(ON, 17, collar * 1e-4, PORT),
        _plain(HOSE, 177, 0.0098 + 0.0012 * rings, PLASTIC),
    )


def _sleeve() -> Solid:
    """Tape wound round the tube before the lips."""
    centre = line(np.array(WAY), 60)[36:47]
    forward = np.broadcast_to([0.0, 0.6, 0.8], centre.shape)
    size = np.full((len(centre), 2), RADIUS + 0.0006)
    return tube(centre, forward, size, "tape", sides=18)


def _strip(skin: Skin, way: list, wide: float) -> Solid:
    """A strip of tape on the skin along a way; its edges are pressed in."""
    count, columns = 41, 9
    middle = line(np.array(way), count)
    along = np.gradient(middle, axis=0)
    _, out, _ = laid(skin, middle, 0.0)
    across = np.cross(out, along)
    across /= np.sqrt((across * across).sum(1, keepdims=True))
    places = middle[:, None] + wide * np.linspace(-1, 1, columns)[None, :, None] * across[:, None]
    lift = np.full((count, columns), 0.0013)
    lift[[0, -1], :] = lift[:, [0, -1]] = -0.0003
    sheet, _, _ = laid(skin, places.reshape(-1, 3), lift.reshape(-1))
    return grid(sheet.reshape(count, columns, 3).transpose(1, 0, 2)[::-1], "tape")


def _taped(skin: Skin) -> tuple[Solid, ...]:
    upper = [(-0.046, -0.049, 0.006), (-0.026, -0.0560, 0.020), (0.0, -0.0565, 0.030),
             (0.026, -0.0560, 0.020), (0.050, -0.050, 0.000)]  # fmt: skip
    lower = [(0.0560, -0.0600, -0.010), (0.0400, -0.0790, 0.008), (0.0200, -0.0905, 0.020),
             (-0.0080, -0.0930, 0.022)]  # fmt: skip
    return _strip(skin, upper, 0.0060), _strip(skin, lower, 0.0055)


@cache
def breathing_tube(model: HeadModel, left: bool) -> tuple[Thing, Thing]:
    """The tube at the left or the right corner of the mouth, lips close round it; and its tape."""
    skin = mean_skin(model)
    strips = _taped(skin)
    tubes = [*_tube(), _sleeve()]
    ways = np.concatenate([strips[0].vertices[::11], strips[1].vertices[::11]])
    low = line(np.array(HOSE), 12)[3:]
    if not left:
        strips = tuple(mirrored(solid) for solid in strips)
        tubes = [mirrored(solid) for solid in tubes]
        ways, low = ways * (-1.0, 1.0, 1.0), low * (-1.0, 1.0, 1.0)
    places = both_sides(np.array([(0, -0.0655), (0, -0.0785), (0.0262, -0.0735), (0, -0.037)]))
    face = on_face(model, np.concatenate([places, [(0.0, 0.004)]]))
    far = both_sides(np.array([(0.0745, -0.02, -0.065), (0.06, 0.02, -0.015)]))
    mouth, mouth_at = hung(skin, [face, skin.nearest(np.concatenate([far, low]))])
    cheeks, cheeks_at = hung(skin, [face, skin.nearest(np.concatenate([far, ways]))])
    # It is held by the upper lip and the corner beside it.
    held = (0, int(places[:, 0].argmax() if left else places[:, 0].argmin()))
    return (
        Thing(tuple(tubes), mouth, mouth_at, "mouth", held=held),
        Thing(strips, cheeks, cheeks_at, "skin"),
    )
