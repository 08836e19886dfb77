"""Gaze: yaw and pitch of each eye in radians, yaw > 0 toward the person's left, pitch > 0 up."""

import numpy as np
from jaxtyping import Float, Float32

from assets import eyeball
from assets.head import Head

STRAIGHT = np.zeros((2, 2), np.float32)
# Beyond this an eye looks at the inside of its own lids.
WIDEST = 0.9


def rotation(gaze: Float[np.ndarray, "2"]) -> Float[np.ndarray, "3 3"]:
    """Turn an eye that looks along +z to a gaze (yaw, pitch): pitch first, then yaw."""
    (sin_yaw, sin_pitch), (cos_yaw, cos_pitch) = np.sin(gaze), np.cos(gaze)
    yaw = np.array([[cos_yaw, 0, sin_yaw], [0, 1, 0], [-sin_yaw, 0, cos_yaw]])
    pitch = np.array([[1, 0, 0], [0, cos_pitch, sin_pitch], [0, -sin_pitch, cos_pitch]])
    return yaw @ pitch


def check(gaze: Float[np.ndarray, "eyes=2 angles=2"]) -> None:
    """Raise ValueError where an angle is not finite or beyond `WIDEST`."""
    if not (np.isfinite(gaze).all() and (np.abs(gaze) <= WIDEST).all()):
        raise ValueError(f"gaze must be angles within {WIDEST} rad, got {gaze.tolist()}")


def eyeballs(
    head: Head, gaze: Float[np.ndarray, "eyes=2 angles=2"]
) -> Float32[np.ndarray, "eyes=2 vertices 3"]:
    """Vertices of `assets.eyeball.mesh` for the left and right eye of a head."""
    check(gaze)
    mesh = eyeball.mesh()
    out = []
    for eye in range(2):
        size, iris = float(head.eyes.radius[eye]), float(head.eyes.iris[eye])
        turned = mesh.vertices(iris / size) @ rotation(gaze[eye]).T
        out.append(head.eyes.centre[eye] + size * turned)
    return np.array(out, np.float32)
