"""An oxygen mask: a clear shell from nose to chin with a soft rim, a strap, and a tube."""

from functools import cache

import numpy as np
from scipy.interpolate import CubicSpline

from assets.head import HeadModel
from generator.occluders.skin import mean_skin
from generator.occluders.solid import Solid, grid, line, mirrored, tube
from generator.occluders.thing import Thing, both_sides, hung, laid, on_face, thinned

CHART = "oxygen_mask"
SHELL = (0.1, 0.6, 0.9, 0.9)
STRAP, ROLL = (0.1, 0.1, 0.45, 0.45), (0.6, 0.1, 0.9, 0.45)
HOSE, PORT = (0.1, 0.1, 0.9, 0.45), (0.1, 0.6, 0.9, 0.9)
# Half of the rim on the mean face, from the bridge of the nose to the chin: an adult's is 9 to
# 11 cm high and 7 to 8 wide.
RIM = ((0.0, -0.004), (0.0105, -0.0105), (0.0185, -0.0245), (0.0265, -0.0405), (0.0335, -0.056))
RIM += ((0.0370, -0.071), (0.0350, -0.086), (0.0270, -0.0985), (0.0140, -0.1060), (0.0, -0.1085))
MIDDLE = np.array([0.0, -0.0640])
DEEP = 0.068
AROUND = 64


def _rim() -> np.ndarray:
    """The rim as (x, y), counter-clockwise seen from the front, from the bridge of the nose."""
    half = np.array(RIM)
    whole = np.concatenate([half * (-1.0, 1.0), half[-2:0:-1], half[:1] * (-1.0, 1.0)])
    spline = CubicSpline(np.linspace(0, 1, len(whole)), whole, bc_type="periodic")
    fine = spline(np.linspace(0, 1, 40 * AROUND))
    length = np.concatenate([[0], np.cumsum(np.sqrt((np.diff(fine, axis=0) ** 2).sum(1)))])
    at = np.linspace(0, length[-1], AROUND + 1)[:-1]
    return np.stack([np.interp(at, length, fine[:, axis]) for axis in range(2)], axis=1)


def _shell(rim: np.ndarray) -> Solid:
    step = np.linspace(0, 0.5 * np.pi, 18)[:, None]
    inward, ahead = 1 - np.cos(step) ** 0.75, np.sin(step) ** 0.85
    inward[-1] = 0.985
    flat = rim[None, :, :2] + (MIDDLE - rim[:, :2]) * inward[..., None]
    depth = rim[:, 2] + (DEEP - rim[:, 2]) * ahead
    # Walls are ribbed a little, as these masks are.
    depth = depth + 0.0006 * np.sin(6 * step) * np.sin(2 * step) ** 2
    positions = np.concatenate([flat, depth[..., None]], axis=-1)
    return grid(positions[::-1], CHART, SHELL, around=True, clear=True)


def _port() -> tuple[Solid, Solid]:
    """The port under the middle of the shell, and the hose that hangs from it over the chest."""
    knots = [(0, -0.079, 0.058), (0, -0.084, 0.068), (0.0, -0.094, 0.0755), (0.0, -0.104, 0.0785)]
    centre = line(np.array(knots), 16)
    forward = np.broadcast_to([0.0, 0.45, 0.9], centre.shape)
    size = np.interp(np.linspace(0, 1, 16), (0, 0.5, 0.55, 1), (0.0105, 0.0095, 0.0075, 0.0070))
    port = tube(centre, forward, np.stack([size, size], 1), "tube", PORT, sides=18)
    knots = [
        (0, -0.102, 0.078), (0.003, -0.118, 0.079), (0.010, -0.140, 0.072), (0.024, -0.170, 0.058),
        (0.046, -0.205, 0.047), (0.075, -0.245, 0.042), (0.105, -0.300, 0.035), (0.12, -0.37, 0.03),
    ]  # fmt: skip
    centre = line(np.array(knots), 48)
    forward = np.broadcast_to([0.0, 0.2, 1.0], centre.shape)
    hose = tube(centre, forward, np.full((48, 2), 0.0037), "tube", HOSE, sides=12)
    return port, hose


@cache
def oxygen_mask(model: HeadModel) -> Thing:
    """The mask, whose rim keeps to the skin whatever the face does."""
    skin = mean_skin(model)
    flat = _rim()
    on_rim = on_face(model, flat)
    rim = skin.place(on_rim) + skin.out(on_rim) * 0.0012
    out = skin.out(on_rim)
    size = np.broadcast_to([0.0016, 0.0026], (AROUND, 2))
    roll = tube(rim, out, size, CHART, ROLL, sides=10, closed=True, clear=True)
    places = [
        (0.0350, -0.060, 0.020), (0.046, -0.052, 0.008), (0.0605, -0.036, -0.020),
        (0.0705, -0.012, -0.052), (0.0755, 0.0035, -0.070), (0.078, 0.0125, -0.084),
        (0.080, 0.006, -0.110), (0.072, -0.004, -0.145), (0.040, -0.010, -0.178),
        (0.0, -0.012, -0.186),
    ]  # fmt: skip
    middle, out, _ = laid(skin, line(np.array(places), 40), 0.0015)
    strap = tube(middle, out, np.broadcast_to([0.0007, 0.0034], (40, 2)), CHART, STRAP, sides=10)
    inner = on_face(model, both_sides(np.array([(0, -0.037), (0, -0.066), (0.026, -0.0735)])))
    beside = skin.nearest(both_sides(middle[np.arange(2, 40, 3)]))
    port, hose = _port()
    low = skin.nearest(hose.vertices[130::80])
    points, points_at = hung(skin, [thinned(on_rim, 2), inner, beside, low])
    solids = (_shell(rim), roll, strap, mirrored(strap), port, hose)
    return Thing(solids, points, points_at, "skin")
