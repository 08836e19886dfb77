"""Placing a camera so that the head fills the share of the picture that a photographer wants.

The head stays at the origin, upright, looking along +z; the camera moves around it. Angles are
radians, the head's against the camera: yaw > 0 turns the nose to the picture's right, pitch > 0
up, roll > 0 clockwise in the picture.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Float64

from assets.head import Head
from render.camera import VIEWER, Camera, head_rotation, intrinsics

CHIN, UNDER_NOSE = 8, 33
# Height of the full frame (mm) that focal lengths are given for: pictures are square crops of it.
FRAME_MM = 24.0
STEPS = 8


@dataclass(frozen=True)
class Pose:
    """How the head stands in the picture: angles (radians), and how far its middle lies from the
    picture's, to the right and down, in shares of the picture.
    """

    yaw: float
    pitch: float
    roll: float
    right: float = 0.0
    down: float = 0.0


@dataclass(frozen=True)
class Lens:
    """`focal_mm` for a frame 24 mm high; `fill` is the share of the picture's height or width
    that the head takes, whichever is more.
    """

    focal_mm: float
    fill: float


def head_points(head: Head) -> Float[np.ndarray, "points 3"]:
    """Give the vertices from chin to crown, without neck and shoulders: what a frame must hold."""
    topology, vertices = head.topology, head.vertices
    corners = vertices[topology.triangles[topology.landmark_triangles]]
    landmarks = (corners * topology.landmark_barycentric[..., None]).sum(axis=1)
    height, side = vertices[:, 1], np.abs(vertices[:, 0])
    upper = height > landmarks[UNDER_NOSE, 1]
    face = (height > landmarks[CHIN, 1]) & (side <= side[upper].max()) & (vertices[:, 2] > 0)
    return vertices[upper | face]


def rotation(pose: Pose) -> Float64[np.ndarray, "3 3"]:
    """Give the world-to-camera rotation under which an upright head has this pose."""
    return VIEWER @ head_rotation(pose.yaw, pose.pitch, pose.roll)


def frame(points: Float[np.ndarray, "points 3"], pose: Pose, lens: Lens, size: int) -> Camera:
    """Place a camera of `size` pixels square so that `points` lie as pose and lens say.

    The distance follows from focal length and fill. Raises ValueError for a fill outside (0, 1].
    """
    if not 0.0 < lens.fill <= 1.0:
        raise ValueError(f"fill must be above 0 and at most 1, got {lens.fill}")
    turn = rotation(pose)
    # Sums of three products rather than a matrix product, whose order depends on the machine.
    turned = (points[:, None, :].astype(np.float64) * turn).sum(axis=-1)
    focal = lens.focal_mm / FRAME_MM  # in picture heights
    low, high = turned.min(axis=0), turned.max(axis=0)
    distance = focal * float((high - low)[:2].max()) / lens.fill
    middle = np.append((low + high)[:2] / 2, (low + high)[2] / 2)
    wanted = np.array([pose.right, pose.down])
    # Perspective makes near parts larger: the outline is measured again and the camera moved.
    for _ in range(STEPS):
        seen = turned - middle
        outline = focal * seen[:, :2] / (seen[:, 2:] + distance)
        low, high = outline.min(axis=0), outline.max(axis=0)
        middle[:2] += ((low + high) / 2 - wanted) * distance / focal
        distance *= float((high - low).max()) / lens.fill
    shift = np.append(-middle[:2], distance - middle[2])
    extrinsics = np.concatenate([turn, shift[:, None]], axis=1)
    return Camera(intrinsics(focal * size, size, size), extrinsics, size, size)


def gaze_angles(camera: Camera, yaw: float, pitch: float) -> tuple[float, float]:
    """Turn a gaze against the head (radians) into yaw and pitch against the camera."""
    ahead = np.array([np.sin(yaw) * np.cos(pitch), np.sin(pitch), np.cos(yaw) * np.cos(pitch)])
    right, up, near = (VIEWER @ camera.extrinsics[:, :3] * ahead).sum(axis=1).tolist()
    return float(np.arctan2(right, near)), float(np.arcsin(np.clip(up, -1.0, 1.0)))
