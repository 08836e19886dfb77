"""What each AU does to the skin of one person, lids and lips apart.

An AU is a sum of the head model's facial actions, which alone are too faint for pain and reach too
far, and of pulls of our own: smooth displacements about anatomical places that end where the muscle
does. Lengths are millimetres on an adult's face whose eyes are 63 mm apart; they grow with the
person's own distance and, below the eyes, with the height of the face.
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from jaxtyping import Float32

from assets.facs import Number
from assets.head import SKIN, TONGUE, Head
from rigging import jaw, tissue

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


# Where a pull ends, in units of its reach.
END = 6**0.5


@dataclass(frozen=True)
class Pull:
    """A smooth displacement of the skin about a place; axes are lateral, up, forward.

    `offset` from the place, `reach` and `by` are millimetres. The displacement falls as a bell
    with `reach` its standard deviation, but ends at `END` of them: skin farther out stays.
    """

    place: str
    offset: tuple[Number, Number, Number]
    reach: tuple[Number, Number, Number]
    by: tuple[Number, Number, Number]


@dataclass(frozen=True)
class Zone:
    """An ellipsoid of skin beyond which an AU's facial actions do nothing.

    They act in full up to half its `radius` (millimetres) and fade out to its surface.
    """

    place: str
    offset: tuple[Number, Number, Number]
    radius: tuple[Number, Number, Number]


# Facial actions (sided ones without their side) and pulls of an AU at its highest intensity.
ACTIONS: dict[int, dict[str, float]] = {
    1: {"browInnerUp": 1.0},
    2: {"browOuterUp": 0.85},
    4: {"browDown": 0.75},
    5: {},
    6: {"cheekSquint": 0.3, "eyeSquint": 0.35},
    7: {"eyeSquint": 0.5},
    9: {"noseSneer": 0.9},
    10: {"mouthUpperUp": 0.4, "noseSneer": 0.1},
    12: {"mouthSmile": 0.75, "cheekSquint": 0.15},
    14: {"mouthDimple": 0.9},
    15: {"mouthFrown": 1.0},
    17: {"mouthShrugLower": 0.9},
    20: {"mouthStretch": 1.0},
    23: {"mouthPress": 0.3, "mouthRollUpper": 0.35, "mouthRollLower": 0.45},
    25: {"mouthLowerDown": 0.75, "mouthUpperUp": 0.75},
    26: {"mouthUpperUp": 0.45, "mouthLowerDown": 0.2},
    27: {"mouthUpperUp": 0.75, "mouthLowerDown": 0.3},
    43: {},
    45: {},
}
# Where the actions of an AU may act.
ZONES: dict[int, tuple[Zone, ...]] = {
    4: (
        Zone("brow_inner", (2, 0, 0), (23, 18, 40)),
        Zone("brow_middle", (2, 0, 0), (25, 15, 40)),
    ),
    6: (Zone("eye_outer", (-5, -10, 0), (28, 22, 40)),),
    7: (Zone("eye_outer", (-14, 0, 0), (28, 18, 30)),),
    9: (
        Zone("nose_root", (6, -16, 0), (22, 34, 60)),
        Zone("brow_inner", (-6, -5, 0), (12, 14, 40)),
    ),
    10: (
        Zone("upper_lip", (5, 4, 0), (30, 20, 50)),
        Zone("wing", (6, 0, 0), (22, 22, 50)),
    ),
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
        Pull("brow_inner", (3, 1, 0), (10, 9, 25), (-1.0, -3.6, 1.1)),
        Pull("brow_inner", (-5, -4, 0), (6, 8, 20), (0.0, -1.2, 0.9)),
        Pull("brow_middle", (0, -2, 0), (12, 8, 20), (-0.4, -2.6, 1.2)),
    ),
    6: (
        Pull("eye_outer", (-6, -18, 0), (13, 7.5, 30), (-0.8, 6.2, 5.0)),
        Pull("eye_outer", (-13, -10, 0), (13, 5, 20), (0.0, 0.6, 3.0)),
        Pull("eye_outer", (12, -3, 0), (10, 8, 18), (-2.4, 1.0, 0.8)),
        Pull("brow_outer", (3, -3, 0), (8, 6, 16), (-0.6, -1.0, 0.3)),
    ),
    7: (
        Pull("eye_outer", (-13, -8, 0), (13, 4, 20), (-0.5, 1.8, 1.0)),
        Pull("eye_outer", (-13, 9, 0), (13, 4, 20), (0.0, -1.2, 0.4)),
    ),
    9: (
        Pull("wing", (-1, 3, 0), (7, 8, 14), (1.0, 4.3, 0.6)),
        Pull("nose_root", (7, -15, 0), (8, 9, 16), (-0.6, 5.0, 2.2)),
        Pull("eye_inner", (3, -19, 0), (8, 8, 20), (-1.2, 4.6, 2.6)),
        Pull("brow_inner", (-4, -3, 0), (6, 6, 20), (-0.4, -1.6, 0.5)),
        Pull("nose_root", (2, 5, 0), (6, 6, 20), (0.0, -1.8, 1.0)),
        Pull("upper_lip", (4, 6, 0), (9, 8, 20), (0.3, 2.6, 0.3)),
    ),
    10: (
        Pull("upper_lip", (6, 4, 0), (10, 8, 20), (0.7, 4.6, 0.9)),
        Pull("wing", (9, -3, 0), (9, 9, 20), (0.6, 3.8, 3.0)),
        Pull("wing", (0, 2, 0), (6, 6, 14), (0.5, 1.0, 0.0)),
    ),
    12: (Pull("eye_outer", (-7, -26, 0), (14, 11, 30), (0.0, 2.0, 2.0)),),
    14: (Pull("corner", (4, 0, 0), (5, 7, 12), (0.8, 0.3, -2.0)),),
    15: (Pull("corner", (1, -3, 0), (8, 8, 16), (0.0, -1.5, 0.0)),),
    17: (Pull("chin", (0, 14, 0), (15, 9, 20), (0.0, 3.6, 1.6)),),
    20: (Pull("corner", (2, -2, 0), (9, 10, 18), (2.0, -0.6, -0.8)),),
}
# Angle in radians to which the jaw is opened.
JAW_OPENS = {25: 0.02, 26: 0.16, 27: 0.38}
# What else the model's jaw does to lips and cheeks, as a share of its whole opening.
JAW_RELAXES = {25: 0.05, 26: 0.4, 27: 0.9}
# At rest it lies on the palate; parted lips show it lowered (up and forward, millimetres).
TONGUE_LOWERED = {25: (-7.0, -6.0), 26: (-9.0, -9.0), 27: (-9.0, -11.0)}
# Pulls on the midline act once, not from both sides.
MIDLINE = ("chin",)
# Actions of these AUs lie at brows and eyes: those of all others are lower where the face is.
UPPER = (1, 2, 4, 5, 6, 7)
# Places whose upward measure is that of the upper face, and of the lower one, wherever the offset.
ABOVE = ("brow_inner", "brow_middle", "brow_outer")
BELOW = ("nose_tip", "wing", "corner", "upper_lip", "lower_lip", "chin")
# Depth of the mouth under the eyes in an adult, in eye distances, and how much others' may differ.
MOUTH_DEPTH, HEIGHTS = 1.18, (0.6, 1.15)
SHORTER = 1.4


@dataclass(frozen=True, eq=False)
class Fields:
    """Displacements at full strength: `field[au]` is [side (left, right), vertices, 3] in metres.

    `size` holds their lengths, `jaw` is what `JAW_OPENS` turns,
    `tissue` the skin that all of them move.
    """

    field: dict[int, Float32[np.ndarray, "sides=2 vertices 3"]]
    size: dict[int, Float32[np.ndarray, "sides=2 vertices"]]
    jaw: jaw.Jaw
    tissue: tissue.Tissue


def _action(head: Head, name: str) -> np.ndarray:
    """A facial action on both sides; what has no sides is shared out across the midline.

    The package's actions differ left and right by up to 2 mm: each is the mean of both, mirrored.
    """
    mirror, flip = head.topology.mirror, np.array([-1.0, 1.0, 1.0], np.float32)
    sided = f"{name}Left" in head.actions
    left, right = (head.actions[f"{name}{side}" if sided else name] for side in ("Left", "Right"))
    even = np.float32(0.5) * (left + right[mirror] * flip)
    both = np.stack([even, even[mirror] * flip])
    return both if sided else both * _sides(head)[..., None]


def _sides(head: Head) -> np.ndarray:
    """How far each vertex belongs to the left and to the right: together 1."""
    unit = np.abs(head.eyes.centre[:, 0]).mean() / 3
    left = 0.5 * (1 + np.tanh(head.vertices[:, 0] / unit))
    return np.stack([left, 1 - left])


@dataclass(frozen=True, eq=False)
class _Face:
    """One person's landmarks and measures: `metre[low]` are (lateral, up, forward) millimetres.

    Below the eyes an infant's face is shorter than its width says: `low` is 1 there.
    """

    head: Head
    landmarks: np.ndarray
    metre: tuple[np.ndarray, np.ndarray]

    @property
    def height(self) -> float:
        """Of the lower face over that of an adult as wide."""
        return float(self.metre[1][1] / self.metre[0][1])

    def away(self, spot: Pull | Zone, side: int, radius: tuple) -> tuple[np.ndarray, np.ndarray]:
        """Squared distance of every vertex from a spot, in its radii, and its measures."""
        low = spot.place in BELOW or (spot.place not in ABOVE and spot.offset[1] < 0)
        measure = self.metre[low]
        centre = self.landmarks[PLACES[spot.place][side]] + np.array(spot.offset) * measure * (
            np.array([1.0 - 2.0 * side, 1.0, 1.0])
        )
        scale = (1.0 / (np.array(radius) * measure)).astype(np.float32)
        away = (self.head.vertices - centre.astype(np.float32)) * scale
        return np.einsum("vx,vx->v", away, away), measure


def _face(head: Head) -> _Face:
    landmarks = head.landmarks(head.vertices)
    distance = float(head.eyes.centre[0, 0] - head.eyes.centre[1, 0])
    millimetre = distance / EYE_DISTANCE_MM
    depth = -float(landmarks[list(PLACES["corner"]), 1].mean())
    height = float(np.clip(depth / distance / MOUTH_DEPTH, *HEIGHTS)) ** SHORTER
    upper, lower = (np.array([1.0, h, 1.0]) * millimetre for h in (1.0, height))
    return _Face(head, landmarks, (upper, lower))


def _pull(face: _Face, pull: Pull, total: np.ndarray) -> None:
    """Add the displacement of the skin on the left and on the right, in place."""
    skin = face.head.topology.part == SKIN
    for side, sign in ((0, 1.0), (1, -1.0)):
        away, measure = face.away(pull, side, pull.reach)
        near = np.flatnonzero((away < END**2) & skin)
        rest = 1 - away[near] / np.float32(END**2)
        # The cube of what is left to the end is close to a bell with `reach` as its deviation.
        weight = rest * rest * rest
        if pull.place in MIDLINE:
            weight *= 0.5
        height = measure[0] if pull.place in BELOW else measure[1]
        by = np.array(pull.by) * np.array([sign * measure[0], height, measure[2]])
        total[side, near] += weight[:, None] * by


def _window(face: _Face, zones: tuple[Zone, ...]) -> np.ndarray:
    """How far an AU's facial actions act on each vertex, on the left and on the right."""
    out = np.zeros((2, len(face.head.vertices), 1))
    for side in range(2):
        for zone in zones:
            away, _ = face.away(zone, side, zone.radius)
            part = np.clip(2 * (1 - np.sqrt(away)), 0.0, 1.0)
            out[side, :, 0] = np.maximum(out[side, :, 0], part * part * (3 - 2 * part))
    return out


@lru_cache(maxsize=4)
def fields(head: Head) -> Fields:
    """The displacements of every AU on this person (kept for the last few people)."""
    face = _face(head)
    millimetre = float(face.metre[0][0])
    scale = millimetre * EYE_DISTANCE_MM / ACTION_EYE_DISTANCE
    relaxed = jaw.hinge(head.topology).rest
    tongue = head.topology.part == TONGUE
    field, size = {}, {}
    for au, actions in ACTIONS.items():
        total = np.zeros((2, len(head.vertices), 3), np.float32)
        for name, weight in actions.items():
            total += np.float32(weight * scale) * _action(head, name)
        if au not in UPPER:
            total[..., 1] *= np.sqrt(face.height)
        if au in ZONES:
            total *= _window(face, ZONES[au])
        for pull in PULLS.get(au, ()):
            _pull(face, pull, total)
        if au in JAW_OPENS:
            total += 0.5 * JAW_RELAXES[au] * scale * relaxed
            total[:, tongue, 1:] += 0.5 * millimetre * np.array(TONGUE_LOWERED[au])
        field[au], size[au] = total, np.sqrt(np.einsum("svx,svx->sv", total, total))
    return Fields(field, size, jaw.of(head), tissue.of(head))
