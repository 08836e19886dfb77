"""The teacher rig: muscles' fields from the facial actions of the head model, and pulls of our own.

It knows heads of the Anny topology alone; `rigging.rig` learnt from it and drives any head.
"""

import numpy as np
from jaxtyping import Float, Float32

from assets.head import Head
from rigging import motion, muscles
from rigging.gaze import STRAIGHT


def pose(
    head: Head,
    left: motion.Intensities,
    right: motion.Intensities,
    gaze: Float[np.ndarray, "eyes=2 angles=2"] = STRAIGHT,
) -> Float32[np.ndarray, "vertices 3"]:
    """Vertices of a head in an expression; see `motion.pose`."""
    return motion.pose(head, muscles.fields, left, right, gaze)
