"""What each AU does to the skin of one person, lids and lips apart.

An AU is a sum of the head model's facial actions, which alone are too faint or too local for pain,
and of pulls of our own: smooth displacements about anatomical places. Lengths are millimetres on a
face whose eyes are 63 mm apart and grow with the person's own distance.
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from jaxtyping import Float32

from assets.facs import Number
from assets.head import SKIN, TONGUE, Head

EYE_DISTANCE_MM = 63.0
# Eye distance of the head that the facial actions were made for.
ACTION_EYE_DISTANCE = 0.0626
# Places on the person's left side as numbers of the 68 landmarks (ibug), right twins beside.
PLACES = {
    "brow_inner": (22, 21),
    "brow_middle": (24, 19),
    "brow_outer": (25, 18),
    "eye_inner": (42, 39),
    "eye_outer": (45, 36),
    "nose_root": (27, 27),
    "nose_tip": (30, 30),
    "wing": (35, 31),
    "corner": (54, 48),
    "upper_lip": (52, 50),
    "lower_lip": (56, 58),
    "chin": (8, 8),
}


@dataclass(frozen=True)
class Pull:
    """A smooth displacement of the skin about a place; axes are lateral, up, forward.

    `offset` from the place, `reach` (one standard deviation) and `by` are millimetres.
    """

    place: str
    offset: tuple[Number, Number, Number]
    reach: tuple[Number, Number, Number]
    by: tuple[Number, Number, Number]


# Facial actions (sided ones without their side) and pulls of an AU at its highest intensity.
ACTIONS: dict[int, dict[str, float]] = {
    1: {"browInnerUp": 1.0},
    2: {"browOuterUp": 0.85},
    4: {"browDown": 0.8},
    5: {},
    6: {"cheekSquint": 0.45, "eyeSquint": 0.35},
    7: {"eyeSquint": 0.7},
    9: {"noseSneer": 1.0},
    10: {"mouthUpperUp": 0.45, "noseSneer": 0.15},
    12: {"mouthSmile": 0.7, "cheekSquint": 0.15},
    14: {"mouthDimple": 0.9},
    15: {"mouthFrown": 1.0},
    17: {"mouthShrugLower": 0.9},
    20: {"mouthStretch": 1.0},
    23: {"mouthPress": 0.3, "mouthRollUpper": 0.35, "mouthRollLower": 0.45},
    25: {"mouthLowerDown": 0.75, "mouthUpperUp": 0.65, "jawOpen": 0.07},
    26: {"jawOpen": 0.4, "mouthUpperUp": 0.35},
    27: {"jawOpen": 0.85, "mouthUpperUp": 0.4},
    43: {},
    45: {},
}
PULLS: dict[int, tuple[Pull, ...]] = {
    1: (
        Pull("brow_inner", (4, 5, 0), (13, 15, 30), (0.0, 2.8, 0.3)),
        Pull("brow_inner", (7, -8, 0), (10, 6, 20), (0.0, 1.0, 0.0)),
    ),
    2: (
        Pull("brow_outer", (-1, 4, 0), (13, 12, 25), (0.0, 3.5, -0.3)),
        Pull("brow_outer", (-3, -8, 0), (11, 6, 15), (0.0, 1.5, -0.2)),
    ),
    4: (
        Pull("brow_inner", (3, 2, 0), (10, 11, 25), (-0.8, -3.3, 0.9)),
        Pull("brow_inner", (-5, -4, 0), (6, 8, 20), (0.0, -0.9, 0.9)),
        Pull("brow_middle", (0, -2, 0), (13, 8, 20), (0.0, -2.4, 1.2)),
    ),
    6: (
        Pull("eye_outer", (-7, -21, 0), (16, 11, 30), (-0.6, 4.6, 2.7)),
        Pull("eye_outer", (-13, -10, 0), (13, 4.5, 20), (0.0, 2.2, 1.7)),
        Pull("eye_outer", (7, -4, 0), (7, 8, 15), (-2.4, 1.0, 0.4)),
        Pull("brow_outer", (5, -1, 0), (10, 8, 20), (-0.8, -1.8, 0.4)),
    ),
    7: (
        Pull("eye_outer", (-13, -8, 0), (13, 4, 20), (-0.5, 1.4, 0.9)),
        Pull("eye_outer", (-13, 9, 0), (13, 4, 20), (0.0, -1.0, 0.4)),
    ),
    9: (
        Pull("wing", (-2, 4, 0), (6, 8, 14), (0.2, 3.2, 0.3)),
        Pull("nose_root", (9, -14, 0), (7, 9, 14), (-0.3, 3.1, 1.6)),
        Pull("eye_inner", (5, -18, 0), (9, 8, 20), (-0.4, 3.4, 1.8)),
        Pull("brow_inner", (1, 0, 0), (9, 9, 25), (-0.2, -1.6, 0.3)),
        Pull("nose_root", (2, 6, 0), (6, 7, 20), (0.0, -0.8, 0.5)),
        Pull("upper_lip", (4, 3, 0), (10, 8, 20), (0.4, 2.2, 0.2)),
    ),
    10: (
        Pull("upper_lip", (6, 0, 0), (11, 7, 20), (0.4, 4.3, 0.6)),
        Pull("wing", (8, -3, 0), (9, 10, 20), (0.4, 3.0, 1.8)),
        Pull("wing", (0, 2, 0), (6, 7, 14), (0.2, 0.8, 0.0)),
    ),
    12: (Pull("eye_outer", (-7, -26, 0), (14, 11, 30), (0.0, 2.0, 2.0)),),
    14: (Pull("corner", (4, 0, 0), (5, 7, 12), (0.8, 0.3, -2.0)),),
    15: (Pull("corner", (1, -3, 0), (8, 8, 16), (0.0, -1.5, 0.0)),),
    17: (Pull("chin", (0, 14, 0), (15, 9, 20), (0.0, 3.2, 1.4)),),
    20: (Pull("corner", (2, -2, 0), (9, 10, 18), (2.0, -0.6, -0.8)),),
}
# The tongue sinks with the jaw, its root by this share, so that the mouth opens on a cavity.
ROOT_SINKS = 0.75
# At rest it lies on the palate; parted lips show it lowered (up and forward, millimetres).
TONGUE_LOWERED = {25: (-5.0, -3.0), 26: (-8.0, -6.0), 27: (-8.0, -8.0)}
# Pulls on the midline act once, not from both sides.
MIDLINE = ("chin",)


@dataclass(frozen=True, eq=False)
class Fields:
    """Displacements at full strength: `field[au]` is [side (left, right), vertices, 3] in metres.

    `size` holds their lengths.
    """

    field: dict[int, Float32[np.ndarray, "sides=2 vertices 3"]]
    size: dict[int, Float32[np.ndarray, "sides=2 vertices"]]


def _action(head: Head, name: str) -> np.ndarray:
    """A facial action on both sides; what has no sides is shared out across the midline.

    The package's actions differ left and right by up to 2 mm: each is the mean of both, mirrored.
    """
    mirror, flip = head.topology.mirror, np.array([-1.0, 1.0, 1.0])
    sided = f"{name}Left" in head.actions
    left, right = (head.actions[f"{name}{side}" if sided else name] for side in ("Left", "Right"))
    even = 0.5 * (left + right[mirror] * flip)
    both = np.stack([even, even[mirror] * flip])
    return both if sided else both * _sides(head)[..., None]


def _sides(head: Head) -> np.ndarray:
    """How far each vertex belongs to the left and to the right: together 1."""
    unit = np.abs(head.eyes.centre[:, 0]).mean() / 3
    left = 0.5 * (1 + np.tanh(head.vertices[:, 0] / unit))
    return np.stack([left, 1 - left])


def _pull(head: Head, pull: Pull, landmarks: np.ndarray, millimetre: float) -> np.ndarray:
    skin = head.topology.part == SKIN
    out = np.zeros((2, len(head.vertices), 3))
    for side, sign in ((0, 1.0), (1, -1.0)):
        turn = np.array([sign, 1.0, 1.0]) * millimetre
        centre = landmarks[PLACES[pull.place][side]] + np.array(pull.offset) * turn
        away = (head.vertices[skin] - centre) / (np.array(pull.reach) * millimetre)
        weight = np.exp(-0.5 * (away * away).sum(1))
        if pull.place in MIDLINE:
            weight *= 0.5
        out[side, skin] = weight[:, None] * (np.array(pull.by) * turn)
    return out


def _sink_tongue(head: Head, total: np.ndarray, lowered: np.ndarray) -> None:
    """Let the whole tongue sink about as far as its tip, which the jaw carries, in place."""
    tongue = head.topology.part == TONGUE
    depth = head.vertices[tongue, 2]
    forward = (depth - depth.min()) / np.ptp(depth)
    tip = total[:, tongue][:, forward > 0.95].mean(axis=1)
    total[:, tongue] = tip[:, None] * (ROOT_SINKS + (1 - ROOT_SINKS) * forward)[:, None]
    total[:, tongue, 1:] += 0.5 * lowered


@lru_cache(maxsize=4)
def fields(head: Head) -> Fields:
    """The displacements of every AU on this person (kept for the last few people)."""
    landmarks = head.landmarks(head.vertices)
    distance = float(head.eyes.centre[0, 0] - head.eyes.centre[1, 0])
    millimetre = distance / EYE_DISTANCE_MM
    field, size = {}, {}
    for au, actions in ACTIONS.items():
        total = np.zeros((2, len(head.vertices), 3))
        for name, weight in actions.items():
            total += weight * distance / ACTION_EYE_DISTANCE * _action(head, name)
        for pull in PULLS.get(au, ()):
            total += _pull(head, pull, landmarks, millimetre)
        if "jawOpen" in actions:
            _sink_tongue(head, total, np.array(TONGUE_LOWERED[au]) * millimetre)
        field[au] = total.astype(np.float32)
        size[au] = np.linalg.norm(total, axis=-1).astype(np.float32)
    return Fields(field, size)
