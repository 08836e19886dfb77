"""Picture to texture again, slow and readable: one texel after the other, by rays in float64."""

from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np

from render.camera import Camera, project
from render.chart import Chart
from render.mesh import Mesh
from render.surface import OFFSETS, SUBPIXEL
from render.unwrap import APART, ASKANCE


class Place(NamedTuple):
    """Where a texel lies: pixel position, cosine to the camera, and whether it is seen."""

    pixel: np.ndarray
    cosine: float
    shown: bool


@dataclass(frozen=True, eq=False)
class Twin:
    """The projection again, slow and readable, in float64: rays against triangles."""

    mesh: Mesh
    camera: Camera
    chart: Chart

    def place(self, texel: int) -> Place:
        """What becomes of one texel, given by its number in the chart."""
        mesh, camera, chart = self.mesh, self.camera, self.chart
        triangle = chart.triangle.ravel()[texel]
        row, column = divmod(texel, chart.triangle.shape[1])
        uv = np.array([column + chart.columns.start + 0.5, row + chart.rows.start + 0.5])
        uv = uv / chart.size * (1, -1) + (0, 1)
        share = barycentric(mesh.uv[mesh.uv_triangles[triangle]].astype(float), uv)
        index = mesh.triangles[triangle]
        corners = mesh.vertices[index].astype(float)
        point, normal = share @ corners, share @ mesh.normals[index]
        outward = np.cross(corners[1] - corners[0], corners[2] - corners[0])
        outward /= np.linalg.norm(outward)
        toward = camera.position - point
        cosine = normal @ toward / np.linalg.norm(normal) / np.linalg.norm(toward)
        pixel, depth = project(camera, point)
        shown = cosine > ASKANCE and outward @ toward > 0
        first = np.floor(pixel - 0.5).astype(int)
        shown = shown and (first >= 0).all() and (first + 1 < camera.width).all()
        if shown:
            apart = APART * depth / camera.intrinsics[0, 0]
            near = self._candidates(first)
            for one in ((0, 0), (1, 0), (0, 1), (1, 1)):
                for offset in OFFSETS[:4] / SUBPIXEL:
                    hit, which = self._hit(first + one + offset, near)
                    shown = shown and which >= 0 and which < len(chart.own) and chart.own[which]
                    shown = shown and abs(outward @ (hit - point)) < apart
        return Place(pixel, float(cosine), bool(shown))

    @cached_property
    def _boxes(self) -> tuple[np.ndarray, np.ndarray]:
        corners = project(self.camera, self.mesh.vertices)[0][self.mesh.triangles]
        return corners.min(axis=1), corners.max(axis=1)

    def _candidates(self, first: np.ndarray) -> np.ndarray:
        """Triangles whose box on the screen touches two pixels by two."""
        low, high = self._boxes
        return np.flatnonzero((low <= first + 2).all(axis=1) & (high >= first).all(axis=1))

    def _hit(self, pixel: np.ndarray, near: np.ndarray) -> tuple[np.ndarray, int]:
        """The first point that is seen at a place of the picture, and its triangle or -1."""
        camera = self.camera
        ray = np.append((pixel - camera.intrinsics[:2, 2]) / camera.intrinsics[[0, 1], [0, 1]], 1.0)
        ray = camera.extrinsics[:, :3].T @ ray
        corners = self.mesh.vertices[self.mesh.triangles[near]].astype(float)
        a, b, c = corners[:, 0], corners[:, 1], corners[:, 2]
        normal = np.cross(b - a, c - a)
        against = normal @ ray
        facing = (against < 0) | (self.mesh.card[near] & (against != 0))
        depth = ((a - camera.position) * normal).sum(axis=1) / np.where(facing, against, 1.0)
        points = camera.position + depth[:, None] * ray
        inside = facing & (depth > 0)
        for one, two in ((a, b), (b, c), (c, a)):
            inside &= (np.cross(two - one, points - one) * normal).sum(axis=1) >= 0
        if not inside.any():
            return np.zeros(3), -1
        best = np.flatnonzero(inside)[depth[inside].argmin()]
        return points[best], int(near[best])


def barycentric(corners: np.ndarray, point: np.ndarray) -> np.ndarray:
    edges = np.stack([corners[1] - corners[0], corners[2] - corners[0]], axis=1)
    b, c = np.linalg.solve(edges, point - corners[0])
    return np.array([1 - b - c, b, c])
