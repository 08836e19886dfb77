"""AU intensities to vertex motion on heads with facial actions: the teacher rig.

Muscles move the skin (`muscles`), lips are made to meet or part (`lips`), and last of all the lids
are solved on the eyeballs (`lids`). Zero AUs with a straight gaze give the head back bit for bit.
"""

from collections.abc import Mapping

import numpy as np
from jaxtyping import Float, Float32

from assets import facs
from assets.head import Head
from rigging import gaze as gazes
from rigging import lids, lips, muscles

# Motion grows with this power of an AU's share of 5, fastest at first: so strong, a 2 changes its
# place at least twice as much as a neutral taken again (`pain3d audit`).
GRADE = 0.66
# Where several muscles pull the same skin, the strongest counts in full, the others in part.
TOGETHER = 0.4
JAW = (25, 26, 27)


def _checked(aus: Mapping[int, facs.Number], side: str) -> dict[int, float]:
    """Every AU of the set, within its range; AUs not named are 0."""
    full = facs.complete(aus)
    for au, value in full.items():
        if not 0.0 <= value <= facs.HIGHEST[au]:
            rule = f"between 0 and {facs.HIGHEST[au]:g}"
            raise ValueError(f"AU{au} on the {side} must be {rule}, got {value}")
    return full


def _strength(value: float) -> float:
    return float((value / 5) ** GRADE)


def _pushed(head: Head, sides: tuple[dict[int, float], dict[int, float]]) -> np.ndarray:
    """Vertices as muscles and jaw alone would carry them."""
    fields = muscles.fields(head)
    count = len(head.vertices)
    moved, mouth = np.zeros((count, 3), np.float32), np.zeros((count, 3), np.float32)
    total, largest = np.zeros(count, np.float32), np.zeros(count, np.float32)
    for au in facs.AUS:
        weights = [np.float32(_strength(side[au])) for side in sides]
        if not any(weights) or au in (43, 45):
            continue
        motion = mouth if au in JAW else moved
        length = np.zeros(count, np.float32)
        for weight, field, size in zip(weights, fields.field[au], fields.size[au], strict=True):
            if weight:
                motion += weight * field
                length += weight * size
        if au not in JAW:
            total += length
            np.maximum(largest, length, out=largest)
    share = (largest + TOGETHER * (total - largest)) / np.maximum(total, np.float32(1e-9))
    moved *= np.where(total > 0, share, 1.0)[:, None]
    moved += mouth
    fields.tissue.give_way(moved)
    out = head.vertices + moved
    angle = sum(opens * _strength(sides[0][au]) for au, opens in muscles.JAW_OPENS.items())
    if angle:
        fields.jaw.open(out, angle)
    return out


def pose(
    head: Head,
    left: Mapping[int, facs.Number],
    right: Mapping[int, facs.Number],
    gaze: Float[np.ndarray, "eyes=2 angles=2"] = gazes.STRAIGHT,
) -> Float32[np.ndarray, "vertices 3"]:
    """Vertices of a head in an expression.

    `left` and `right` are FACS intensities of the person's own sides, 0-5 (AU43 0 or 1); AUs not
    named are 0, AUs in `facs.CENTRAL` must be equal. `gaze` holds yaw and pitch of the left and
    the right eye in radians. The eyeballs themselves come from `gaze.eyeballs`. Raises ValueError
    for an AU outside the set or its range, and for a gaze on a head without eyeballs.
    """
    sides = _checked(left, "left"), _checked(right, "right")
    for au in sorted(facs.CENTRAL):
        if sides[0][au] != sides[1][au]:
            got = f"{sides[0][au]} and {sides[1][au]}"
            raise ValueError(f"AU{au} must be equal left and right, got {got}")
    gazes.check(gaze)
    without_eyes = not (head.eyes.radius > 0).all()
    if without_eyes and np.any(gaze):
        raise ValueError(f"gaze must be straight on a head without eyeballs, got {gaze.tolist()}")
    if not (any(sides[0].values()) or any(sides[1].values()) or np.any(gaze)):
        return head.vertices.copy()
    pushed = _pushed(head, sides)
    if any(sides[0][au] or sides[1][au] for au in facs.AUS if au not in (43, 45)):
        pushed = lips.meet(head, pushed, sides[0])
    if without_eyes:
        return pushed
    looks = [
        lids.aperture(aus, yaw=float(side * angles[0]), pitch=float(angles[1]))
        for aus, side, angles in zip(sides, (1.0, -1.0), gaze, strict=True)
    ]
    return lids.close(head, pushed, looks[0], looks[1])
