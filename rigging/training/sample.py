"""One sample: a person's skin in one topology, what the network is shown of it, what it should say.

A person is stored once, on the control mesh, and laid on a topology when a sample is made of it.
Lengths are millimetres of a face whose eyes are 63 mm apart. Only the left muscles are learnt: the
right ones are those of the mirrored head, mirrored.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from jaxtyping import Float32, Int
from scipy import sparse

from assets import head as heads
from assets.head import SKIN, Head
from rigging import features, muscles, neural
from rigging.features import AUS, FLIP, MIRROR, Surface
from rigging.neural import Diffusion, normals
from rigging.registration.topologies import MappedTopology
from rigging.training.config import TrainConfig

# Fields are stored in so many steps a millimetre: half floats hold those of 65 mm at most.
STORED = 1000.0
RING = 8
"""Neighbours of a vertex that it may slide to."""
FARTHEST = 0.7
"""Of the way to a neighbour."""
SMOOTHING = 200.0
"""Square millimetres over which the noise of registration is alike."""
MARKS_NOISE = 0.4
"""How far landmarks are off, as a share of the skin's noise."""


@dataclass(frozen=True, eq=False)
class Laid:
    """The skin of a topology, on the mean head.

    `to_mesh` takes values of control vertices to its own; `on` is the mean head's Laplacian in this
    topology: people differ from it by little.
    """

    name: str
    to_mesh: sparse.csr_array
    triangles: Int[np.ndarray, "triangles 3"]
    canonical: Float32[np.ndarray, "vertices 3"]
    on: Diffusion

    @cached_property
    def ring(self) -> Int[np.ndarray, "vertices ring"]:
        """Neighbours of every vertex, some of them more than once where it has few."""
        ends = self.triangles[:, [0, 1, 1, 2, 2, 0]].reshape(-1, 2)
        ends = np.unique(np.concatenate([ends, ends[:, ::-1]]), axis=0)
        count = np.bincount(ends[:, 0], minlength=len(self.canonical))
        first = np.cumsum(count) - count
        return ends[first[:, None] + np.arange(RING) % count[:, None], 1]

    def at(self, values: np.ndarray) -> np.ndarray:
        """Values of control vertices, a row each, at the vertices of this topology."""
        flat = self.to_mesh @ values.reshape(len(values), -1)
        return flat.reshape(-1, *values.shape[1:])


def lay(topology: MappedTopology, eigenvectors: int) -> Laid:
    """The skin of a topology, ready for samples; the same for ever."""
    skin = topology.triangles[(topology.part[topology.triangles] == SKIN).all(1)]
    used, triangles = np.unique(skin, return_inverse=True)
    to_mesh = topology.to_mesh[used].astype(np.float32)
    triangles = triangles.reshape(-1, 3).astype(np.int64)
    canonical = to_mesh @ features.mean().vertices
    return Laid(
        name=topology.name,
        to_mesh=to_mesh,
        triangles=triangles,
        canonical=canonical,
        on=neural.diffusion(canonical, triangles, eigenvectors),
    )


def store(head: Head) -> dict[str, np.ndarray]:
    """Arrays of a person as they are stored: vertices, landmarks, and fields by side and AU."""
    size = features.standard(head)
    found = muscles.fields(head).field
    fields = np.stack([found[au] for au in AUS]) * (size * np.float32(STORED))
    return {
        "vertices": head.vertices * size,
        "marks": head.landmarks(head.vertices).astype(np.float32) * size,
        "fields": np.ascontiguousarray(fields.transpose(1, 2, 0, 3)).astype(np.float16),
    }


@dataclass(frozen=True, eq=False)
class Person:
    """A person on the control mesh, or their mirror image, with the fields of the left muscles."""

    vertices: Float32[np.ndarray, "controls 3"]
    marks: Float32[np.ndarray, "68 3"]
    fields: Float32[np.ndarray, "controls aus 3"]

    @classmethod
    def of(cls, stored: Mapping[str, np.ndarray], mirrored: bool) -> "Person":
        """Take from what was stored."""
        fields = stored["fields"][int(mirrored)].astype(np.float32) / np.float32(STORED)
        vertices, marks = stored["vertices"], stored["marks"]
        if not mirrored:
            return cls(vertices, marks, fields)
        twin = heads.load().topology.mirror
        return cls(vertices[twin] * FLIP, marks[list(MIRROR)] * FLIP, fields[twin] * FLIP)


@dataclass(frozen=True, eq=False)
class Sample:
    """A surface as the network is shown it, and the fields it should find there."""

    laid: Laid
    surface: Surface
    fields: Float32[np.ndarray, "vertices aus 3"]

    @cached_property
    def features(self) -> tuple[np.ndarray, np.ndarray]:
        """Inputs of the encoder and of the decoder; see `rigging.features`."""
        return features.features(self.surface)


def make(person: Person, laid: Laid) -> Sample:
    """Lay a person on a topology, as registration would find them if it made no error."""
    vertices = laid.at(person.vertices)
    surface = Surface(vertices, laid.canonical, normals(vertices, laid.triangles), person.marks)
    return Sample(laid, surface, laid.at(person.fields))


def disturbed(sample: Sample, config: TrainConfig, rng: np.random.Generator) -> Sample:
    """The sample with errors as registration makes them.

    Vertices lie elsewhere on the skin than their control triangles say, canonical places are off
    by smooth noise, and landmarks by noise of their own.
    """
    laid, surface = sample.laid, sample.surface
    rows = np.arange(len(laid.canonical))
    other = laid.ring[rows, rng.integers(RING, size=len(rows))]
    edge = np.linalg.norm(laid.canonical[other] - laid.canonical, axis=1)
    far = config.slide * np.abs(rng.standard_normal(len(rows))) / np.maximum(edge, 1e-3)
    share = np.minimum(far, FARTHEST).astype(np.float32)[:, None]

    def slid(values: np.ndarray) -> np.ndarray:
        by = share[..., None] if values.ndim == 3 else share
        return values + by * (values[other] - values)

    noise = laid.on.vectors * np.exp(-SMOOTHING * laid.on.values)
    noise = noise @ rng.standard_normal((noise.shape[1], 3)).astype(np.float32)
    noise *= np.float32(config.noise) / np.sqrt((noise * noise).sum(1).mean())
    moved = Surface(
        vertices=slid(surface.vertices),
        canonical=slid(surface.canonical) + noise,
        normals=slid(surface.normals),
        marks=surface.marks
        + rng.normal(0.0, MARKS_NOISE * config.noise, surface.marks.shape).astype(np.float32),
    )
    return Sample(laid, moved, slid(sample.fields))
