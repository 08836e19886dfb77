"""Where hair can lie: distance to the mean head, and the way from the mean head to a person's.

Hair is drawn round the mean head, where a grid knows how far every place is from the skin, and
then carried to a person's head: a place keeps its offset from the skin nearest to it.
"""

from dataclasses import dataclass
from functools import cache

import numpy as np
from jaxtyping import Float, Float32, Int
from scipy.spatial import KDTree

from assets.head import Head, HeadModel
from generator import anchors
from generator.anchors import MeanHead
from render.mesh import vertex_normals

LOW = np.array([-0.210, -0.345, -0.270])
HIGH = np.array([0.210, 0.165, 0.105])
STEP = 0.006
# How many vertices of the skin share in carrying a place.
NEAREST = 10


@dataclass(frozen=True, eq=False)
class Field:
    """Signed distance to the skin (metres, below 0 inside) on a grid from `LOW` in steps `STEP`."""

    distance: Float[np.ndarray, "width height depth"]

    def at(
        self, places: Float[np.ndarray, "points 3"]
    ) -> tuple[Float[np.ndarray, " points"], Float[np.ndarray, "points 3"]]:
        """Distance and its gradient (unit, away from the skin); beyond the grid, its rim's."""
        limit = np.array(self.distance.shape) - 1.001
        cell = np.clip((places - LOW) / STEP, 0.0, limit)
        first = cell.astype(int)
        part = cell - first
        corner = np.empty((2, 2, 2, len(places)))
        for i, j, k in np.ndindex(2, 2, 2):
            corner[i, j, k] = self.distance[first[:, 0] + i, first[:, 1] + j, first[:, 2] + k]
        x, y, z = part.T
        along_z = corner[:, :, 0] * (1 - z) + corner[:, :, 1] * z
        along_y = along_z[:, 0] * (1 - y) + along_z[:, 1] * y
        slope_x = along_y[1] - along_y[0]
        over = along_z[:, 1] - along_z[:, 0]
        slope_y = over[0] * (1 - x) + over[1] * x
        deep = corner[:, :, 1] - corner[:, :, 0]
        deep = deep[:, 0] * (1 - y) + deep[:, 1] * y
        slope_z = deep[0] * (1 - x) + deep[1] * x
        gradient = np.stack([slope_x, slope_y, slope_z], axis=1)
        gradient /= np.maximum(np.linalg.norm(gradient, axis=1, keepdims=True), 1e-9)
        return along_y[0] * (1 - x) + along_y[1] * x, gradient

    def outside(
        self, places: Float[np.ndarray, "points 3"], clearance: Float[np.ndarray, " points"]
    ) -> tuple[Float[np.ndarray, "points 3"], Float[np.ndarray, "points 3"]]:
        """Places moved out until they stand `clearance` off the skin, and which way is out."""
        once, _ = self._moved(places, clearance)
        return self._moved(once, clearance)

    def _moved(
        self, places: Float[np.ndarray, "points 3"], clearance: Float[np.ndarray, " points"]
    ) -> tuple[Float[np.ndarray, "points 3"], Float[np.ndarray, "points 3"]]:
        distance, out = self.at(places)
        return places + out * np.maximum(clearance - distance, 0.0)[:, None], out


@cache
def field(model: HeadModel) -> Field:
    """The field of the mean head, made once a process."""
    mean = anchors.mean_head(model)
    refined = anchors.refinement(model.topology)
    vertices = refined.apply(mean.vertices)
    used = on_skin(model)
    normals = vertex_normals(vertices, refined.triangles)[used]
    skin = vertices[used].astype(np.float64)
    axes = [np.arange(low, high + STEP, STEP) for low, high in zip(LOW, HIGH, strict=True)]
    grid = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1)
    # Half the time of the default tree, for the same nearest vertices: most places are far away.
    tree = KDTree(skin, leafsize=40, compact_nodes=False)
    apart, nearest = tree.query(grid.reshape(-1, 3))
    across = ((grid.reshape(-1, 3) - skin[nearest]) * normals[nearest]).sum(1)
    # Near the skin the distance to its tangent plane, farther off that to the nearest vertex.
    signed = np.where(apart < 0.008, across, np.copysign(apart, across))
    return Field(signed.reshape(grid.shape[:3]))


def lifted(
    skin: Float32[np.ndarray, "vertices 3"],
    normals: Float32[np.ndarray, "vertices 3"],
    places: Float[np.ndarray, "points 3"],
    least: Float[np.ndarray, " points"],
) -> Float[np.ndarray, "points 3"]:
    """Places moved out of a skin until they stand `least` off the plane of its nearest vertex."""
    apart, nearest = KDTree(skin).query(places)
    height = ((places - skin[nearest]) * normals[nearest]).sum(1)
    push = np.where(apart < 0.03, np.maximum(least - height, 0.0), 0.0)
    return places + push[:, None] * normals[nearest]


@cache
def on_skin(model: HeadModel) -> Int[np.ndarray, " vertices"]:
    """Which vertices of the refined head are its skin."""
    part = (model.topology.part[:, None] == 0).astype(np.float32)
    return np.flatnonzero(anchors.refinement(model.topology).apply(part)[:, 0] > 0.999)


@cache
def _skin(model: HeadModel) -> tuple[MeanHead, np.ndarray, KDTree]:
    """The mean head, which of its vertices are skin, and a tree of them."""
    mean = anchors.mean_head(model)
    used = np.unique(mean.topology.triangles[mean.skin])
    return mean, used, KDTree(mean.vertices[used].astype(np.float64))


def carried(
    model: HeadModel, head: Head, places: Float[np.ndarray, "points 3"], scale: float
) -> Float[np.ndarray, "points 3"]:
    """Places round the mean head as places round a person's neutral head.

    `scale` is the person's size over the mean head's; offsets from the skin grow with it.
    """
    mean, used, tree = _skin(model)
    apart, nearest = tree.query(places, NEAREST)
    # The farther off a place is, the more evenly its neighbours count.
    weight = 1.0 / (apart + 0.3 * apart[:, :1] + 0.002) ** 2
    weight /= weight.sum(1, keepdims=True)
    moved = head.vertices[used].astype(np.float64) - scale * mean.vertices[used]
    return scale * places + (moved[nearest] * weight[:, :, None]).sum(1)
