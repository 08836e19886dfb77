"""From the axes, unit and place of any head mesh to ours: metres, y up, +z ahead."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Float64


@dataclass(frozen=True, eq=False)
class Frame:
    """How a mesh stands: `standard(p) = scale * rotation @ (p - origin)`, in metres.

    `scale` is metres a unit of the mesh, `origin` the point between its eyes in its own units.
    """

    scale: float
    rotation: Float64[np.ndarray, "3 3"]
    origin: Float64[np.ndarray, "3"]

    def standard(self, points: Float[np.ndarray, "points 3"]) -> Float64[np.ndarray, "points 3"]:
        """From the mesh's own unit and axes to ours."""
        return self.scale * (points.astype(np.float64) - self.origin) @ self.rotation.T

    def own(self, points: Float[np.ndarray, "points 3"]) -> Float64[np.ndarray, "points 3"]:
        """From our axes, in metres, back to the mesh's own."""
        return points.astype(np.float64) @ self.rotation / self.scale + self.origin
