"""Skin that is pressed together pushes on what lies beside it, and never folds through itself.

Muscles are fields that know nothing of each other: where cheek, brow and nose meet, or where a
newborn's face is short, their sum would press the skin to nothing and turn it over. Here no edge
of the mesh keeps less than a share of its length along its own direction; what is too much is
handed to both ends, and so on to the skin around.
"""

from dataclasses import dataclass
from functools import cache

import numpy as np
from jaxtyping import Float32, Int

from assets.head import SKIN, Head, Topology

# Share of its length that an edge keeps at least, along its own direction.
KEPT = 0.45
# Rounds of handing on: the limit is reached to some hundredths.
ROUNDS = 6
# Edges pressed to less than this share of their room will not reach it by what others hand on.
NEAR = 0.4
# The skin of the face as numbers of eye distances about the eyes: sideways, up, back.
FACE = (1.1, 0.75, 2.1)


@cache
def _edges(topology: Topology) -> np.ndarray:
    """Edges and diagonals of the skin's quads, [edges, 2], each once."""
    quads = topology.quads[(topology.part[topology.quads] == SKIN).all(axis=1)]
    pairs = quads[:, [0, 1, 1, 2, 2, 3, 3, 0, 0, 2, 1, 3]].reshape(-1, 2)
    return np.unique(np.sort(pairs, axis=1), axis=0)


@dataclass(frozen=True, eq=False)
class Tissue:
    """One person's skin of the face: `ends` of its edges as places in `skin`, their `way`, a unit,
    and how far each may be pressed together, metres.
    """

    skin: np.ndarray
    ends: np.ndarray
    way: Float32[np.ndarray, "edges 3"]
    room: Float32[np.ndarray, " edges"]

    def give_way(self, moved: Float32[np.ndarray, "vertices 3"]) -> None:
        """Change displacements in place so that no edge is pressed beyond its room."""
        own = moved[self.skin]
        count = len(own)
        one, other = self.ends
        pressed = np.einsum("ex,ex->e", own[one] - own[other], self.way)
        near = np.flatnonzero(pressed > NEAR * self.room)
        ends, way, room = self.ends[:, near], self.way[near], self.room[near]
        for _ in range(ROUNDS):
            one, other = ends
            pressed = np.einsum("ex,ex->e", own[one] - own[other], way) - room
            active = np.flatnonzero(pressed > 0)
            if not len(active):
                break
            one, other = one[active], other[active]
            push = (0.5 * pressed[active])[:, None] * way[active]
            touched = np.concatenate([one, other])
            both = np.concatenate([-push, push])
            share = np.maximum(np.bincount(touched, minlength=count), 2) / 2
            for axis in range(3):
                own[:, axis] += np.bincount(touched, both[:, axis], count) / share
        moved[self.skin] = own


def of(head: Head) -> Tissue:
    """The skin of one person's face."""
    edges = _edges(head.topology)
    skin = edges[(head.topology.part[edges] == SKIN).all(axis=1)]
    distance = float(head.eyes.centre[0, 0] - head.eyes.centre[1, 0])
    return build(head.vertices, skin, distance)


def build(
    vertices: Float32[np.ndarray, "vertices 3"],
    edges: Int[np.ndarray, "edges 2"],
    distance: float,
) -> Tissue:
    """The skin of a face whose origin lies between its eyes, `distance` metres apart."""
    points = vertices / distance
    inside = (np.abs(points[:, 0]) < FACE[0]) & (points[:, 1] < FACE[1]) & (points[:, 2] > -0.5)
    inside &= points[:, 1] > -FACE[2]
    edges = edges[inside[edges].all(axis=1)]
    skin, places = np.unique(edges, return_inverse=True)
    ends = places.reshape(edges.shape).T
    along = vertices[edges[:, 1]] - vertices[edges[:, 0]]
    length = np.linalg.norm(along, axis=1)
    way = (along / np.maximum(length, 1e-9)[:, None]).astype(np.float32)
    return Tissue(skin, ends, way, ((1 - KEPT) * length).astype(np.float32))
