"""Points on a head that other things hang on: found on the mean head, the same on every head.

An anchor is a place on a control triangle; what grows there is given by offsets in the frame of
the refined surface, so it rides on the skin whatever the rig does.
"""

from dataclasses import dataclass
from functools import cache

import cv2
import numpy as np
from jaxtyping import Float, Float32, Int32

from assets.head import HeadModel, Topology
from render.mesh import Points
from render.subdivide import Refinement, refine

# Pixels a metre of the drawing in which frontal positions are looked up.
_SCALE = 8000.0
_REACH = 0.125


@cache
def refinement(topology: Topology) -> Refinement:
    """The head refined once; lid margins and the seam of the lips stay sharp curves."""
    edges = [
        np.stack([loop[:-1], loop[1:]], axis=1) for loop in topology.loops.values() if len(loop) > 1
    ]
    return refine(
        topology.quads,
        topology.uv,
        topology.uv_quads,
        len(topology.part),
        np.concatenate(edges).astype(np.int32),
    )


@dataclass(frozen=True, eq=False)
class Frames:
    """Orthonormal frames at anchors of a posed surface: origin, and rows along, across, out."""

    origin: Float32[np.ndarray, "anchors 3"]
    axes: Float32[np.ndarray, "anchors 3 3"]

    def world(
        self, anchor: Int32[np.ndarray, " points"], offset: Float32[np.ndarray, "points 3"]
    ) -> Float32[np.ndarray, "points 3"]:
        """Positions of offsets (metres, in the frame of each point's anchor)."""
        turned = (self.axes[anchor] * offset[:, :, None]).sum(axis=1)
        return self.origin[anchor] + turned

    def local(
        self, anchor: Int32[np.ndarray, " points"], vector: Float[np.ndarray, "points 3"]
    ) -> Float32[np.ndarray, "points 3"]:
        """World vectors in the frame of each point's anchor."""
        return (self.axes[anchor] * vector[:, None, :]).sum(axis=2).astype(np.float32)


def frames(
    points: Points,
    vertices: Float32[np.ndarray, "vertices 3"],
    triangles: Int32[np.ndarray, "triangles 3"],
) -> Frames:
    """Frames of anchors on a refined surface in any pose."""
    corners = vertices[triangles[points.triangle]]
    origin = (corners * points.barycentric[:, :, None]).sum(axis=1)
    along = corners[:, 1] - corners[:, 0]
    along /= np.maximum(np.linalg.norm(along, axis=1, keepdims=True), 1e-9)
    out = np.cross(along, corners[:, 2] - corners[:, 0])
    out /= np.maximum(np.linalg.norm(out, axis=1, keepdims=True), 1e-12)
    return Frames(origin, np.stack([along, np.cross(out, along), out], axis=1))


@dataclass(frozen=True, eq=False)
class MeanHead:
    """The mean adult head, on which anchors are named by position."""

    topology: Topology
    vertices: Float32[np.ndarray, "vertices 3"]
    skin: Int32[np.ndarray, " triangles"]

    @classmethod
    def of(cls, model: HeadModel) -> "MeanHead":
        """Of a model; `skin` are the triangles of head, neck and chest."""
        topology = model.topology
        used = topology.part[topology.triangles[:, 0]] == 0
        vertices = model.person(model.mean_phenotypes(), {}, 30.0).vertices
        return cls(topology, vertices, np.flatnonzero(used).astype(np.int32))

    def frontal(self, places: Float[np.ndarray, "points 2"]) -> Points:
        """The frontmost points of the skin at (x, y), metres; ValueError off the head."""
        triangles = self.topology.triangles[self.skin]
        drawn = _front(self)
        pixel = np.round((places + _REACH) * _SCALE).astype(int)
        found = drawn[pixel[:, 1], pixel[:, 0]]
        if (found < 0).any():
            raise ValueError(f"anchors must lie on the head, got {places[found < 0][0]}")
        corners = self.vertices[triangles[found]][..., :2].astype(np.float64)
        return Points(self.skin[found], _weights(corners, places))

    def carried(self, points: Points) -> Points:
        """Anchors on control triangles as anchors on the refined surface."""
        triangles = self.topology.triangles[points.triangle]
        return refinement(self.topology).carry(triangles, points.barycentric)


def _weights(corners: np.ndarray, places: np.ndarray) -> Float32[np.ndarray, "points 3"]:
    one, two = corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]
    to = places - corners[:, 0]
    area = one[:, 0] * two[:, 1] - one[:, 1] * two[:, 0]
    v = (to[:, 0] * two[:, 1] - to[:, 1] * two[:, 0]) / area
    w = (one[:, 0] * to[:, 1] - one[:, 1] * to[:, 0]) / area
    weights = np.clip(np.stack([1 - v - w, v, w], axis=1), 0, None)
    return (weights / weights.sum(axis=1, keepdims=True)).astype(np.float32)


@cache
def _front(mean: MeanHead) -> Int32[np.ndarray, "rows columns"]:
    """Which skin triangle is frontmost at each pixel of a frontal drawing, -1 where none is."""
    triangles = mean.topology.triangles[mean.skin]
    corners = mean.vertices[triangles]
    flat = np.round((corners[..., :2] + _REACH) * _SCALE * 16).astype(np.int32)
    one, two = corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]
    front = one[:, 0] * two[:, 1] - one[:, 1] * two[:, 0] > 0
    side = int(2 * _REACH * _SCALE)
    drawn = np.full((side, side), -1, np.int32)
    for number in np.argsort(corners[..., 2].mean(1), kind="stable"):
        if front[number]:
            cv2.fillConvexPoly(drawn, flat[number], float(number), shift=4)
    return drawn


@cache
def mean_head(model: HeadModel) -> MeanHead:
    """The mean head of a model, made once a process."""
    return MeanHead.of(model)
