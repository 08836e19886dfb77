"""Where a head stands for its portrait: seen from the front, then turned to either side."""

from typing import Literal

import numpy as np

from assets.head import Head
from generator.framing import Lens, Pose, frame, head_points
from render.camera import Camera

Side = Literal["left", "right"]

SIDE = 768
"""Pixels of a side: the most that Kandinsky 2.2 was trained on."""
LENS = Lens(focal_mm=85.0, fill=0.86)
FRONT = Pose(0.0, 0.0, 0.0)
TURNED: dict[Side, Pose] = {
    "left": Pose(float(np.radians(50.0)), 0.0, 0.0),
    "right": Pose(float(np.radians(-50.0)), 0.0, 0.0),
}
"""By the person's own side that the head is turned to; at 50 degrees an ear is seen, and half of
what is seen is known from the front."""


def camera(head: Head, pose: Pose = FRONT) -> Camera:
    """The camera before which a head has this pose."""
    return frame(head_points(head), pose, LENS, SIDE)
