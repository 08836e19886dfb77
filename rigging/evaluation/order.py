"""What a rig must keep whatever it has learnt: zero, mirror images, and order of intensities."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from rigging.evaluation.errors import Motions
from rigging.evaluation.subject import Pose, Rig, Subject
from rigging.evaluation.vectors import Vector

# Landmark (ibug) on the person's left and the way that an AU moves it (lateral, up, forward).
DIRECTIONS: dict[int, tuple[int, tuple[float, float, float]]] = {
    1: (22, (0, 1, 0)),
    2: (25, (0, 1, 0)),
    4: (22, (-0.5, -1, 0)),
    5: (43, (0, 1, 0)),
    6: (46, (0, 1, 0)),
    7: (47, (0, 1, 0)),
    9: (35, (0, 1, 0)),
    10: (52, (0, 1, 0)),
    12: (54, (0.6, 1, 0)),
    14: (54, (1, 0, -0.5)),
    15: (54, (0, -1, 0)),
    17: (57, (0, 1, 0)),
    20: (54, (1, 0, 0)),
    25: (57, (0, -1, 0)),
    26: (8, (0, -1, 0)),
    27: (8, (0, -1, 0)),
    45: (43, (0, -1, 0)),
}
# The landmark on the person's right; those not named lie in the middle.
TWINS = {25: 18, 22: 21, 43: 38, 46: 41, 47: 40, 35: 31, 52: 50, 54: 48}
TIGHT, LIPS = 23, (51, 57)
"""AU23 makes the lips thinner: these two come together."""


@dataclass(frozen=True)
class Course:
    """What an AU moves at 1, 2, ... 5, along its way, in mm; by the teacher and by the rig.

    `side` is the person's left 0 or right 1.
    """

    au: int
    side: int
    teacher: tuple[float, ...]
    rig: tuple[float, ...]

    @property
    def grows(self) -> bool:
        """Whether the rig moves more with every step."""
        return _grows(self.rig)

    @property
    def told(self) -> bool:
        """Whether the teacher does at this place, without which nothing can be asked of a rig."""
        return _grows(self.teacher)


def _grows(course: tuple[float, ...]) -> bool:
    return bool((np.diff((0.0, *course)) > 0).all())


def way(au: int, side: int) -> tuple[int, Float[np.ndarray, " 3"]]:
    """Landmark and unit direction by which an AU of `DIRECTIONS` is judged on a side."""
    landmark, direction = DIRECTIONS[au]
    along = np.array(direction, np.float64) / np.linalg.norm(direction)
    if side == 0:
        return landmark, along
    return TWINS.get(landmark, landmark), along * [-1, 1, 1]


def courses(subject: Subject, motions: Motions, vectors: Sequence[Vector]) -> tuple[Course, ...]:
    """Every AU's course on a subject, at the vertices next to the landmarks."""
    rows: dict[int, list[int]] = {}
    for row, vector in enumerate(vectors):
        if vector.alone is not None:
            rows.setdefault(45 if vector.alone == 43 else vector.alone, []).append(row)
    # Closed eyes are what AU45 ends at: its row comes last.
    rows.get(45, []).sort(key=lambda row: vectors[row].aus.left[45])
    found = []
    for au, own in rows.items():
        for side in (0, 1):
            if au == TIGHT:
                upper, lower = subject.landmarks[list(LIPS)]
                steps = [
                    1000 * (moved[own, lower, 1] - moved[own, upper, 1])
                    for moved in (motions.teacher, motions.rig)
                ]
            else:
                landmark, along = way(au, side)
                place = subject.landmarks[landmark]
                steps = [
                    1000 * (moved[own, place] @ along) for moved in (motions.teacher, motions.rig)
                ]
            teacher, rig = (tuple(map(float, values)) for values in steps)
            found.append(Course(au, side, teacher, rig))
    return tuple(found)


def zero_is_neutral(subject: Subject, pose: Pose) -> bool:
    """Whether no AU at all gives the neutral back bit for bit."""
    return pose({}, {}).tobytes() == subject.vertices.tobytes()


def unlike_mirrored_mm(subject: Subject, rig: Rig, pose: Pose, vectors: Sequence[Vector]) -> float:
    """How far the mirrored person with mirrored AUs is at most from the person mirrored, mm."""
    other = rig.of(subject, mirrored=True)
    worst = 0.0
    for vector in vectors:
        posed = pose(vector.aus.left, vector.aus.right)
        back = subject.reflect(other(vector.aus.right, vector.aus.left))
        worst = max(worst, float(np.abs(back - posed).max()))
    return 1000 * worst
