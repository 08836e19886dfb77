"""Glasses: two rims, a bridge, pads on the nose, arms to the ears, and clear lenses."""

from dataclasses import dataclass
from functools import cache

import numpy as np

from assets.head import HeadModel
from generator.occluders.skin import mean_skin
from generator.occluders.solid import Solid, ellipsoid, grid, join, line, mirrored, tube
from generator.occluders.thing import Thing, both_sides, hung, on_face

CHART = "glasses"
FRAME = (0.1, 0.1, 0.9, 0.45)
LENS = (0.1, 0.6, 0.9, 0.9)
# The lens stands 13 mm before the eye; the front is bowed by this radius.
PLANE, BOW = 0.0265, 0.22
CENTRE = np.array([0.0327, -0.003])
AROUND, SIDES = 56, 8


@dataclass(frozen=True)
class Frame:
    """Half width and half height of a lens, exponent of its outline (2 round), and of the rim:
    half depth and half breadth; metres.
    """

    wide: float
    high: float
    square: float
    depth: float
    breadth: float


FRAMES = (
    Frame(0.0250, 0.0185, 3.0, 0.0019, 0.0017),
    Frame(0.0235, 0.0215, 2.1, 0.0010, 0.0008),
    Frame(0.0262, 0.0170, 4.0, 0.0017, 0.0015),
    Frame(0.0250, 0.0195, 2.5, 0.0012, 0.0009),
)
"""Sizes of the lens from 47 to 52 mm, as eyewear is marked; wire and plastic."""


def _front(flat: np.ndarray) -> np.ndarray:
    """Places on the bowed front at (x, y)."""
    depth = PLANE - flat[..., 0] ** 2 / (2 * BOW) - (flat[..., 1] + 0.003) ** 2 / 0.9
    return np.concatenate([flat, depth[..., None]], axis=-1)


def _outline(frame: Frame, share: np.ndarray | float) -> np.ndarray:
    """A lens' outline, made smaller to `share`, counter-clockwise seen from the front."""
    turn = np.linspace(0, 2 * np.pi, AROUND, endpoint=False)
    cosine, sine = np.cos(turn), np.sin(turn)
    power = 2 / frame.square
    x = frame.wide * np.sign(cosine) * np.abs(cosine) ** power
    y = frame.high * np.sign(sine) * np.abs(sine) ** power
    # The lower inner corner is cut away for the nose.
    x = x + 0.0035 * np.clip(-y / frame.high, 0, 1) ** 1.5 * np.clip(-x / frame.wide, 0, 1)
    return CENTRE + np.stack([x, y], axis=-1) * np.asarray(share)[..., None, None]


def _even(outline: np.ndarray) -> np.ndarray:
    """The same closed outline in even steps."""
    closed = np.concatenate([outline, outline[:1]])
    length = np.concatenate([[0], np.cumsum(np.sqrt((np.diff(closed, axis=0) ** 2).sum(1)))])
    at = np.linspace(0, length[-1], AROUND + 1)[:-1]
    return np.stack([np.interp(at, length, closed[:, axis]) for axis in range(2)], axis=1)


def _rim(frame: Frame) -> Solid:
    centre = _front(_even(_outline(frame, 1.0)))
    forward = np.broadcast_to([0.0, 0.0, 1.0], centre.shape)
    size = np.broadcast_to([frame.depth, frame.breadth], (len(centre), 2))
    return tube(centre, forward, size, CHART, FRAME, sides=SIDES, closed=True)


def _lens(frame: Frame) -> Solid:
    shares = np.linspace(0.02, 1.0, 7)
    # A lens is a little fuller than its frame's bow.
    places = _front(_outline(frame, shares)) + (0, 0, 1) * (
        0.0012 * (1 - shares[:, None, None] ** 2)
    )
    return grid(places, CHART, LENS, around=True, clear=True)


def _bridge(frame: Frame) -> Solid:
    inner = CENTRE[0] - frame.wide
    points = [(-inner, 0.0035), (-0.55 * inner, 0.0066), (0.0, 0.0076), (0.55 * inner, 0.0066)]
    flat = line(np.array([(x, y, 0.0) for x, y in [*points, (inner, 0.0035)]]), 15)[:, :2]
    centre = _front(flat) + np.array([0.0, 0.0, 0.0008])
    forward = np.broadcast_to([0.0, 0.0, 1.0], centre.shape)
    size = np.broadcast_to([frame.depth, max(frame.breadth, 0.0011)], (len(centre), 2))
    return tube(centre, forward, size, CHART, FRAME, sides=SIDES)


def _arm(frame: Frame) -> Solid:
    hinge = _front(np.array([CENTRE[0] + frame.wide + 0.001, 0.0055]))
    knots = [
        hinge, (0.0655, 0.0065, hinge[2] - 0.008), (0.0725, 0.0075, -0.010),
        (0.0762, 0.0085, -0.045), (0.0768, 0.0095, -0.070), (0.0772, 0.0080, -0.084),
        (0.0772, -0.0020, -0.097), (0.0760, -0.0170, -0.104),
    ]  # fmt: skip
    centre = line(np.array(knots), 44)
    up = np.broadcast_to([0.0, 1.0, 0.35], centre.shape)
    thick = 0.0009 if frame.breadth < 0.0012 else 0.0014
    tall = np.interp(np.linspace(0, 1, 44), (0, 0.15, 0.8, 1), (1.7, 1.35, 1.0, 1.4)) * thick
    return tube(centre, up, np.stack([1.25 * tall, 0.8 * np.full(44, thick)], 1), CHART, FRAME)


def _pad(frame: Frame) -> tuple[Solid, Solid]:
    centre = np.array([0.0098, -0.0072, 0.0192])
    out = np.array([0.80, 0.1, 0.59])
    out /= np.sqrt((out * out).sum())
    up = np.cross(np.cross(out, [0.25, 1.0, 0.25]), out)
    up /= np.sqrt((up * up).sum())
    axes = np.stack([out * 0.0013, up * 0.0052, np.cross(out, up) * 0.0030])
    pad = ellipsoid(centre, axes, CHART, LENS)
    rim = _front(np.array([CENTRE[0] - frame.wide + 0.001, -0.0052]))
    arm = line(np.stack([rim, 0.5 * (rim + centre) + (0, 0.002, -0.001), centre]), 8)
    wire = tube(
        arm, np.broadcast_to([0.0, 0.0, 1.0], arm.shape), np.full((8, 2), 0.0006), CHART, FRAME
    )
    return pad, wire


@cache
def glasses(model: HeadModel, style: int) -> Thing:
    """Glasses of style `style`, a number into `FRAMES`."""
    frame, skin = FRAMES[style], mean_skin(model)
    pad, wire = _pad(frame)
    rim, arm, lens = _rim(frame), _arm(frame), _lens(frame)
    wired = frame.breadth < 0.0012
    one = (arm, wire) if wired else (arm,)
    clear = [lens, mirrored(lens), *((pad, mirrored(pad)) if wired else ())]
    front = join([rim, _bridge(frame), mirrored(rim)])
    rest = join([*one, *(mirrored(part) for part in one)])
    face = on_face(
        model,
        both_sides(
            np.array([(0, 0.004), (0.009, -0.006), (0.054, 0.004), (0.03, 0.032), (0.034, -0.034)])
        ),
    )
    sides = skin.nearest(
        both_sides(
            np.array([(0.074, 0.0075, -0.045), (0.0755, 0.0075, -0.080), (0.072, -0.02, -0.10)])
        )
    )
    return Thing(
        (front, rest, join(clear)),
        *hung(skin, [face, sides]),
        "skull",
        ahead=(0,),
        clearance=0.0006,
    )
