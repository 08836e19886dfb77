"""From the fields of muscles to a moved head: what every rig shares, wherever its fields come from.

Muscles move the skin by one rule of adding up, tissue gives way, the jaw turns; then the lips are
made to meet or part (`lips`), and last of all the lids are solved on the eyeballs (`lids`). Zero
AUs with a straight gaze give the head back bit for bit.
"""

from collections.abc import Callable, Mapping

import numpy as np
from jaxtyping import Float, Float32

from assets import facs
from assets.head import Head
from rigging import gaze as gazes
from rigging import lids, lips, muscles
from rigging.muscles import Fields

# Motion grows with this power of an AU's share of 5, fastest at first: so strong, a 2 changes its
# place at least twice as much as a neutral taken again (`pain3d audit`).
GRADE = 0.66
# Where several muscles pull the same skin, the strongest counts in full, the others in part.
TOGETHER = 0.4
JAW = (25, 26, 27)
LIDS_ONLY = (43, 45)
"""AUs that no muscle of the skin does."""

Intensities = Mapping[int, facs.Number]
Sides = tuple[dict[int, float], dict[int, float]]


def checked(left: Intensities, right: Intensities) -> Sides:
    """Intensities of the left and the right side, all AUs in each; those not named are 0.

    Raises ValueError for an AU outside the set or its range, and for one of `facs.CENTRAL` that
    differs between the sides.
    """
    sides = facs.complete(left), facs.complete(right)
    for name, side in zip(("left", "right"), sides, strict=True):
        for au, value in side.items():
            if not 0.0 <= value <= facs.HIGHEST[au]:
                rule = f"between 0 and {facs.HIGHEST[au]:g}"
                raise ValueError(f"AU{au} on the {name} must be {rule}, got {value}")
    for au in sorted(facs.CENTRAL):
        if sides[0][au] != sides[1][au]:
            got = f"{sides[0][au]} and {sides[1][au]}"
            raise ValueError(f"AU{au} must be equal left and right, got {got}")
    return sides


def still(sides: Sides, gaze: Float[np.ndarray, "eyes=2 angles=2"]) -> bool:
    """Whether nothing moves."""
    return not (any(sides[0].values()) or any(sides[1].values()) or np.any(gaze))


def _strength(value: float) -> float:
    return float((value / 5) ** GRADE)


def pushed(
    neutral: Float32[np.ndarray, "vertices 3"], fields: Fields, sides: Sides
) -> Float32[np.ndarray, "vertices 3"]:
    """Vertices as muscles and jaw alone would carry them; `fields` are those of `neutral`."""
    count = len(neutral)
    moved, mouth = np.zeros((count, 3), np.float32), np.zeros((count, 3), np.float32)
    total, largest = np.zeros(count, np.float32), np.zeros(count, np.float32)
    for au in facs.AUS:
        weights = [np.float32(_strength(side[au])) for side in sides]
        if not any(weights) or au not in fields.field or au in LIDS_ONLY:
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
    out = neutral + moved
    angle = jaw_angle(sides)
    if angle:
        fields.jaw.open(out, angle)
    return out


def jaw_angle(sides: Sides) -> float:
    """How far (radians) the jaw is open."""
    return sum(opens * _strength(sides[0][au]) for au, opens in muscles.JAW_OPENS.items())


def settled(
    head: Head,
    pushed: Float32[np.ndarray, "vertices 3"],
    sides: Sides,
    gaze: Float[np.ndarray, "eyes=2 angles=2"],
) -> Float32[np.ndarray, "vertices 3"]:
    """Lips that meet or part, and lids solved, on a head that muscles carried to `pushed`.

    Lids stay as they are on a head without eyeballs.
    """
    if any(sides[0][au] or sides[1][au] for au in facs.AUS if au not in LIDS_ONLY):
        pushed = lips.meet(head, pushed, sides[0])
    if not (head.eyes.radius > 0).all():
        return pushed
    looks = [
        lids.aperture(aus, yaw=float(side * angles[0]), pitch=float(angles[1]))
        for aus, side, angles in zip(sides, (1.0, -1.0), gaze, strict=True)
    ]
    return lids.close(head, pushed, looks[0], looks[1])


def pose(
    head: Head,
    fields_of: Callable[[Head], Fields],
    left: Intensities,
    right: Intensities,
    gaze: Float[np.ndarray, "eyes=2 angles=2"],
) -> Float32[np.ndarray, "vertices 3"]:
    """Vertices of a head in an expression, its muscles' fields from `fields_of`.

    `left` and `right` are FACS intensities of the person's own sides, 0-5 (AU43 0 or 1); AUs not
    named are 0. `gaze` holds yaw and pitch of the left and the right eye in radians. The eyeballs
    themselves come from `gaze.eyeballs`. Raises ValueError as `checked` does, and for a gaze on a
    head without eyeballs.
    """
    sides = checked(left, right)
    gazes.check(gaze)
    if not (head.eyes.radius > 0).all() and np.any(gaze):
        raise ValueError(f"gaze must be straight on a head without eyeballs, got {gaze.tolist()}")
    if still(sides, gaze):
        return head.vertices.copy()
    return settled(head, pushed(head.vertices, fields_of(head), sides), sides, gaze)
