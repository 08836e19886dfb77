"""Who a rig is tried on: a person on a topology, and what the teacher does to them there."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Literal

import numpy as np
from jaxtyping import Bool, Float, Int32

from assets import facs, population
from assets.eyes import Eyes
from assets.head import SKIN, Head
from rigging import blendshapes
from rigging.features import FLIP
from rigging.registration import topologies
from rigging.registration.mesh import TriangleMesh
from rigging.registration.topologies import MappedTopology

Split = Literal["unseen_person", "unseen_topology", "unseen_both"]
SPLITS: tuple[Split, ...] = ("unseen_person", "unseen_topology", "unseen_both")
AUs = Mapping[int, facs.Number]
Pose = Callable[[AUs, AUs], np.ndarray]
"""Intensities of the left and the right side to the vertices of one person."""


@dataclass(frozen=True)
class Rig:
    """A rig on trial: by heads of the model's own topology, and by nothing but a mesh."""

    pose: Callable[[Head, AUs, AUs], np.ndarray]
    prepare: Callable[[TriangleMesh], Pose]

    def of(self, subject: "Subject", mirrored: bool = False) -> Pose:
        """Make ready for one subject, or for its mirror image.

        Of a subject on another topology a rig gets what a user has: a mesh.
        """
        if subject.mapped is not None:
            return self.prepare(subject.mirrored_mesh() if mirrored else subject.mesh)
        head = subject.mirrored_head() if mirrored else subject.head
        return lambda left, right: self.pose(head, left, right)


@dataclass(frozen=True, eq=False)
class Subject:
    """One person on one topology, `mapped`, or on the head model's own where that is None.

    With `eyeballs`, which are for `mapped` alone, two spheres stand after all other vertices.
    """

    split: Split
    head: Head
    mapped: MappedTopology | None = None
    eyeballs: bool = False

    @property
    def topology(self) -> str:
        """Name of the topology."""
        return self.head.topology.name if self.mapped is None else self.mapped.name

    @property
    def band(self) -> str:
        """Age band of the person."""
        return population.band_name(self.head.age_years)

    @cached_property
    def mesh(self) -> TriangleMesh:
        """What a user would hold in hands."""
        if self.mapped is not None:
            return topologies.mesh(self.mapped, self.head, self.eyeballs)[0]
        vertices = self.head.vertices.astype(np.float64)
        return TriangleMesh(vertices, self.head.topology.triangles, self.topology)

    @property
    def vertices(self) -> Float[np.ndarray, "vertices 3"]:
        """The neutral, metres, in the precision in which a rig is given it."""
        return self.head.vertices if self.mapped is None else self.mesh.vertices

    @cached_property
    def skin(self) -> Bool[np.ndarray, " vertices"]:
        """Which vertices are skin; teeth, tongue and eyeballs are not what a rig has to learn."""
        part = self.head.topology.part if self.mapped is None else self.mapped.part
        return np.pad(part == SKIN, (0, len(self.vertices) - len(part)))

    def moved(self, left: AUs, right: AUs) -> Float[np.ndarray, "vertices 3"]:
        """Displacement by the teacher, metres."""
        moved = blendshapes.pose(self.head, left, right) - self.head.vertices
        if self.mapped is None:
            return moved
        carried = np.asarray(self.mapped.to_mesh @ moved)
        return np.pad(carried, ((0, len(self.vertices) - len(carried)), (0, 0)))

    def on_head(
        self, values: Float[np.ndarray, " vertices"]
    ) -> tuple[Float[np.ndarray, " control"], Float[np.ndarray, " control"]]:
        """Sums of values of the skin at the head model's vertices, and how much came to each."""
        known = self.skin.astype(np.float64)
        if self.mapped is None:
            return known * values, known
        back = self.mapped.to_mesh.T
        count = back.shape[1]
        return np.asarray(back @ (known * values)[:count]), np.asarray(back @ known[:count])

    @cached_property
    def landmarks(self) -> Int32[np.ndarray, " 68"]:
        """The vertex of the skin next to each of the 68 landmarks."""
        skin = np.flatnonzero(self.skin)
        marks = self.head.landmarks(self.head.vertices)
        away = ((self.vertices[skin][None] - marks[:, None]) ** 2).sum(-1)
        return skin[away.argmin(1)].astype(np.int32)

    def mirrored_head(self) -> Head:
        """The person as in a mirror, on the head model's topology."""
        mirror, eyes = self.head.topology.mirror, self.head.eyes
        balls = Eyes(eyes.centre[::-1] * FLIP, eyes.radius[::-1].copy(), eyes.iris[::-1].copy())
        return replace(self.head, vertices=self.head.vertices[mirror] * FLIP, eyes=balls)

    def mirrored_mesh(self) -> TriangleMesh:
        """The mesh as in a mirror: the same order of vertices, faces turned over."""
        turned = np.ascontiguousarray(self.mesh.triangles[:, ::-1])
        return TriangleMesh(self.mesh.vertices * FLIP.astype(np.float64), turned, self.topology)

    def reflect(self, vertices: Float[np.ndarray, "vertices 3"]) -> Float[np.ndarray, "vertices 3"]:
        """Vertices of the mirrored person at the places of this one's."""
        if self.mapped is None:
            vertices = vertices[self.head.topology.mirror]
        return vertices * FLIP.astype(vertices.dtype)
