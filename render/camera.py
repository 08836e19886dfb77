"""A pinhole camera, and the angles of a head against it.

Pixels: x right, y down, the centre of the first pixel is (0.5, 0.5). Extrinsics take world points
to OpenCV camera axes (x right, y down, z forward); depth is that z, in metres.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Float64

NEAR = 0.01
"""What lies nearer to the camera than this (m) is not drawn."""

VIEWER = np.diag([1.0, -1.0, -1.0])
"""OpenCV camera axes to x right, y up, z to the viewer: the axes of normals and head angles."""


@dataclass(frozen=True, eq=False)
class Camera:
    """Where a picture is taken from.

    `intrinsics` in pixels, without skew; `extrinsics` world to camera, the rotation orthonormal
    and right-handed.
    """

    intrinsics: Float64[np.ndarray, "3 3"]
    extrinsics: Float64[np.ndarray, "3 4"]
    width: int
    height: int

    def __post_init__(self) -> None:
        """Raise where a matrix is no camera."""
        if self.width < 1 or self.height < 1:
            raise ValueError(f"picture size must be at least 1, got {self.width} x {self.height}")
        focal = self.intrinsics[[0, 1], [0, 1]]
        if not (np.isfinite(self.intrinsics).all() and (focal > 0).all()):
            raise ValueError(f"focal lengths must be above 0, got {focal}")
        skew = self.intrinsics[[0, 1, 2, 2, 2], [1, 0, 0, 1, 2]]
        if not np.array_equal(skew, [0, 0, 0, 0, 1]):
            raise ValueError(f"intrinsics must have no skew and end in 0 0 1, got {skew}")
        rotation = self.extrinsics[:, :3]
        if not (
            np.allclose(rotation @ rotation.T, np.eye(3), atol=1e-6) and np.linalg.det(rotation) > 0
        ):
            raise ValueError(f"extrinsics must hold a rotation, got {rotation}")

    @property
    def position(self) -> Float64[np.ndarray, " 3"]:
        """The camera's centre in the world."""
        return -self.extrinsics[:, :3].T @ self.extrinsics[:, 3]


def project(
    camera: Camera, points: Float[np.ndarray, "*batch 3"]
) -> tuple[Float64[np.ndarray, "*batch 2"], Float64[np.ndarray, "*batch"]]:
    """Give the pixels and the depths of world points; a depth of 0 or less is behind the camera."""
    rotation, shift = camera.extrinsics[:, :3], camera.extrinsics[:, 3]
    seen = (points[..., None, :].astype(np.float64) * rotation).sum(axis=-1) + shift
    focal, centre = camera.intrinsics[[0, 1], [0, 1]], camera.intrinsics[:2, 2]
    depth = seen[..., 2]
    with np.errstate(divide="ignore", invalid="ignore"):
        return seen[..., :2] / depth[..., None] * focal + centre, depth


def unproject(
    camera: Camera, pixels: Float[np.ndarray, "*batch 2"], depth: Float[np.ndarray, "*batch"]
) -> Float64[np.ndarray, "*batch 3"]:
    """Give the world points that stand at these pixels and depths."""
    rotation, shift = camera.extrinsics[:, :3], camera.extrinsics[:, 3]
    focal, centre = camera.intrinsics[[0, 1], [0, 1]], camera.intrinsics[:2, 2]
    sideways = (pixels - centre) / focal * depth[..., None]
    seen = np.concatenate([sideways, depth[..., None]], axis=-1) - shift
    return (seen[..., None, :] * rotation.T).sum(axis=-1)


def intrinsics(focal_px: float, width: int, height: int) -> Float64[np.ndarray, "3 3"]:
    """Give the matrix of a lens that is centred on the picture."""
    return np.array([[focal_px, 0, width / 2], [0, focal_px, height / 2], [0, 0, 1]], np.float64)


def look_at(
    eye: Float[np.ndarray, " 3"],
    target: Float[np.ndarray, " 3"],
    up: Sequence[float] = (0.0, 1.0, 0.0),
) -> Float64[np.ndarray, "3 4"]:
    """Give the extrinsics of a camera at `eye` whose axis goes through `target`, `up` upwards."""
    forward = np.asarray(target, np.float64) - eye
    right = np.cross(forward, up)
    lengths = np.linalg.norm(forward), np.linalg.norm(right)
    if min(lengths) < 1e-9:
        raise ValueError(f"target must lie apart from eye and not along up, got {target} and {up}")
    forward, right = forward / lengths[0], right / lengths[1]
    rotation = np.stack([right, np.cross(forward, right), forward])
    return np.concatenate([rotation, -(rotation @ np.asarray(eye, np.float64))[:, None]], axis=1)


def head_rotation(yaw: float, pitch: float, roll: float) -> Float64[np.ndarray, "3 3"]:
    """Give the rotation of a head for a camera that looks along -z with y up.

    Radians; yaw > 0 turns the nose to the picture's right, pitch > 0 up, roll > 0 clockwise in
    the picture. Roll is applied first, then pitch, then yaw.
    """
    (cy, cp, cr), (sy, sp, sr) = np.cos([yaw, pitch, roll]), np.sin([yaw, pitch, roll])
    about_y = np.array([[cy, 0, sy], [0, 1, 0], [-sy, 0, cy]])
    about_x = np.array([[1, 0, 0], [0, cp, sp], [0, -sp, cp]])
    about_z = np.array([[cr, sr, 0], [-sr, cr, 0], [0, 0, 1]])
    return about_y @ about_x @ about_z


def head_angles(camera: Camera, rotation: Float[np.ndarray, "3 3"]) -> tuple[float, float, float]:
    """Give yaw, pitch and roll (radians) against the camera of a head turned by `rotation`.

    `rotation` takes the head's own axes to the world; the inverse of `head_rotation` where the
    camera looks along -z.
    """
    turned = VIEWER @ camera.extrinsics[:, :3] @ rotation
    yaw = np.arctan2(turned[0, 2], turned[2, 2])
    pitch = np.arcsin(np.clip(turned[1, 2], -1.0, 1.0))
    roll = np.arctan2(-turned[1, 0], turned[1, 1])
    return float(yaw), float(pitch), float(roll)
