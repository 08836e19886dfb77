"""What shading must know of a posed head: its eyeballs, lid margins and the lips' opening."""

import numpy as np
from jaxtyping import Float, Float32

from assets.head import Head
from render.cavity import MouthShape
from render.mesh import Moist
from render.tears import LID_COLUMNS, EyeShape
from rigging.gaze import rotation

# Columns across the lips at which their opening is measured.
_LIP_COLUMNS = 33
# How far the middle of the opening lies behind the foremost point of the inner lips, as a share
# of their depth: lips curve back to the corners.
_SETBACK = 0.25


def _curve(
    points: Float[np.ndarray, "points 2"], at: Float[np.ndarray, " columns"]
) -> Float[np.ndarray, " columns"]:
    """The second coordinate of a line of points where its first one is `at`."""
    order = np.argsort(points[:, 0], kind="stable")
    return np.interp(at, points[order, 0], points[order, 1])


def eye_shape(
    head: Head,
    eye: int,
    posed: Float32[np.ndarray, "vertices 3"],
    gaze: Float[np.ndarray, "2"],
) -> EyeShape:
    """The left (0) or right (1) eye of a head with control vertices `posed`."""
    side = ("left", "right")[eye]
    centre = head.eyes.centre[eye].astype(np.float64)
    margins = [
        posed[head.topology.loops[f"{side}_{lid}_lid"]] - centre for lid in ("upper", "lower")
    ]
    across = np.concatenate(margins)[:, 0]
    low, high = float(across.min()), float(across.max())
    columns = np.linspace(low, high, LID_COLUMNS)
    lids = [
        _curve(np.stack([edge[:, 0], np.arctan2(edge[:, 1], edge[:, 2])], axis=1), columns)
        for edge in margins
    ]
    return EyeShape(
        centre=centre.astype(np.float32),
        turn=rotation(gaze).T.astype(np.float32),
        radius=float(head.eyes.radius[eye]),
        iris=float(head.eyes.iris[eye]),
        low=low,
        high=high,
        lids=np.stack(lids, axis=1).astype(np.float32),
    )


def mouth_shape(head: Head, posed: Float32[np.ndarray, "vertices 3"]) -> MouthShape:
    """The opening between the inner lips of a head with control vertices `posed`."""
    upper, lower = (posed[head.topology.loops[name]] for name in ("upper_lip", "lower_lip"))
    both = np.concatenate([upper, lower])
    columns = np.linspace(float(both[:, 0].min()), float(both[:, 0].max()), _LIP_COLUMNS)
    top, bottom = _curve(upper[:, :2], columns), _curve(lower[:, :2], columns)
    gap = np.maximum(top - bottom, 0.0)
    step = columns[1] - columns[0]
    weight = gap + 1e-6
    middle = [float((part * weight).sum() / weight.sum()) for part in (columns, (top + bottom) / 2)]
    front, back = float(both[:, 2].max()), float(both[:, 2].min())
    centre = np.array([*middle, front - _SETBACK * (front - back)], np.float32)
    return MouthShape(centre=centre, area=float(gap.sum() * step))


def moist(
    head: Head, posed: Float32[np.ndarray, "vertices 3"], gaze: Float[np.ndarray, "2 2"]
) -> Moist:
    """Eyes and mouth of a posed head; `gaze` as in `rigging.gaze`."""
    left, right = (eye_shape(head, eye, posed, gaze[eye]) for eye in range(2))
    return Moist(eyes=(left, right), mouth=mouth_shape(head, posed))
