"""Heads in other topologies: every vertex a fixed place in a triangle of the Anny control mesh.

A person of the Anny model is so a person in each of these meshes too, with the same expression:
what the neural rig is trained on, and, apart, what it is only measured on.
"""

from dataclasses import dataclass
from functools import cache

import numpy as np
import trimesh
from jaxtyping import Float64, Int32
from scipy import sparse

from assets import head as heads
from assets import manifest
from assets.eyes import Eyes
from assets.head import Head
from rigging.registration.mesh import TriangleMesh

FILE = "topologies.npz"
NAMES = (
    "anny", "makehuman", "decimated_3000", "decimated_1800",
    "remeshed_8000", "remeshed_4000", "remeshed_2500",
)  # fmt: skip
"""Seen in training."""
HELD_OUT = ("soma", "isotropic_5023")
"""Never seen in training."""
WHOLE = 65535
"""What a barycentric weight of 1 is in the file."""


@dataclass(frozen=True, eq=False)
class MappedTopology:
    """A mesh over the Anny head: a person on it is `to_mesh @ head.vertices`.

    Rows of `to_mesh` sum to 1 with weights on the corners of one control triangle. `part` holds
    numbers of `assets.head`.
    """

    name: str
    triangles: Int32[np.ndarray, "triangles 3"]
    to_mesh: sparse.csr_array
    part: Int32[np.ndarray, " vertices"]


@cache
def load(name: str) -> MappedTopology:
    """A shipped topology; ValueError for a name that is not in `NAMES` or `HELD_OUT`."""
    if name not in NAMES + HELD_OUT:
        raise ValueError(f"topology must be one of {NAMES + HELD_OUT}, got {name!r}")
    topology = heads.load().topology
    with np.load(manifest.verified(FILE), allow_pickle=False) as arrays:
        place, share = arrays[f"{name}_place"], arrays[f"{name}_share"].astype(np.float64) / WHOLE
        triangles = arrays[f"{name}_triangles"].astype(np.int32)
    corners = topology.triangles[place]
    weights = np.concatenate([share, 1 - share.sum(1, keepdims=True)], 1)
    start = np.arange(0, corners.size + 1, 3)
    shape = (len(corners), len(topology.part))
    to_mesh = sparse.csr_array((weights.ravel(), corners.ravel(), start), shape=shape)
    to_mesh.eliminate_zeros()
    return MappedTopology(name, triangles, to_mesh, topology.part[corners[:, 0]])


def mesh(
    topology: MappedTopology, head: Head, eyeballs: bool
) -> tuple[TriangleMesh, Int32[np.ndarray, " vertices"]]:
    """A neutral person as a mesh of this topology, and the part of every vertex.

    With `eyeballs` two spheres stand after all other vertices, the left one first.
    """
    vertices, triangles = topology.to_mesh @ head.vertices.astype(np.float64), topology.triangles
    part = topology.part
    if eyeballs:
        balls, faces = spheres(head.eyes)
        triangles = np.concatenate([triangles, faces + np.int32(len(vertices))])
        vertices = np.concatenate([vertices, balls])
        sides = np.array([heads.LEFT_EYE, heads.RIGHT_EYE], np.int32)
        part = np.concatenate([part, np.repeat(sides, len(balls) // 2)])
    return TriangleMesh(vertices, triangles, topology.name), part


def spheres(
    eyes: Eyes,
) -> tuple[Float64[np.ndarray, "vertices 3"], Int32[np.ndarray, "triangles 3"]]:
    """The eyeballs as two plain spheres of 162 vertices."""
    ball = trimesh.creation.icosphere(subdivisions=2)
    both = [
        centre.astype(np.float64) + float(radius) * np.asarray(ball.vertices)
        for centre, radius in zip(eyes.centre, eyes.radius, strict=True)
    ]
    faces = np.asarray(ball.faces, np.int32)
    return np.concatenate(both), np.concatenate([faces, faces + np.int32(len(both[0]))])
