"""The neural rig's fields on one head, from the weights that ship: the network without torch.

It is `rigging.network` in numpy: the same numbers to some units in the last place. Fields of the
right side are those of the left side in a mirror, so that mirrored AUs move a mirrored head alike.
"""

from dataclasses import dataclass
from functools import cache, lru_cache

import numpy as np
import robust_laplacian
from jaxtyping import Float, Float32, Int
from scipy import sparse
from scipy.sparse.linalg import eigsh

from assets import head as head_models
from assets.head import SKIN, TONGUE, Head, Topology
from rigging import jaw, muscles, tissue
from rigging.features import AUS, FLIP, Entries, Surface, entries, features, mean, standard
from rigging.muscles import Fields
from rigging.normals import vertex_normals
from rigging.weights import Weights, load

SHIFT = -1e-6
"""Eigenvalues are found about this one: the Laplacian itself cannot be inverted."""
TOLERANCE = 1e-2
"""Of ARPACK: the last eigenvalue is right to 0.04 % in half the time of full precision."""


@dataclass(frozen=True, eq=False)
class Diffusion:
    """A surface's Laplacian by its first eigenvectors, as in `network.Diffusion`."""

    values: Float32[np.ndarray, " k"]
    vectors: Float32[np.ndarray, "vertices k"]
    mass: Float32[np.ndarray, " vertices"]


def diffusion(
    vertices: Float[np.ndarray, "vertices 3"],
    triangles: Int[np.ndarray, "triangles 3"],
    count: int,
) -> Diffusion:
    """Of a surface in millimetres of a standard face.

    The Laplacian is that of `robust_laplacian` (Sharp & Crane 2020): right on thin triangles, and
    there for meshes that are no manifold.
    """
    laplacian, mass = robust_laplacian.mesh_laplacian(vertices.astype(np.float64), triangles)
    # ARPACK begins with a random vector unless it is given one.
    start = np.random.default_rng(0).standard_normal(len(vertices))
    values, vectors = eigsh(laplacian, count, mass, sigma=SHIFT, v0=start, tol=TOLERANCE)  # pyright: ignore[reportArgumentType]
    return Diffusion(
        np.maximum(values, 0.0).astype(np.float32),
        vectors.astype(np.float32),
        mass.diagonal().astype(np.float32),
    )


def _codes(
    weights: Weights, inputs: np.ndarray, local: np.ndarray, on: Diffusion
) -> Float32[np.ndarray, "vertices codes"]:
    x = weights.linear("enter", inputs)
    for block in range(weights.blocks):
        name = f"blocks.{block}"
        left = np.exp(-on.values[:, None] * np.exp(weights.arrays[f"{name}.log_time"]))
        diffused = on.vectors @ (left * (on.vectors.T @ (x * on.mass[:, None])))
        mixed = weights.linear(f"{name}.first", np.concatenate([x, diffused], axis=1))
        x = x + weights.linear(f"{name}.second", np.maximum(mixed, 0.0))
    return np.concatenate([local, weights.linear("leave", x)], axis=1)


def _decoded(
    weights: Weights, codes: Float32[np.ndarray, "vertices codes"], to: Entries
) -> Float32[np.ndarray, "vertices aus 3"]:
    each = np.einsum("exc,ec->ex", weights.arrays["maps"][to.pair], codes[to.vertex])
    each *= to.weight[:, None]
    count = len(codes) * len(AUS)
    out = np.stack([np.bincount(to.slot, each[:, axis], count) for axis in range(3)], axis=1)
    return out.reshape(len(codes), len(AUS), 3).astype(np.float32)


def displacements(
    weights: Weights, surface: Surface, on: Diffusion, to_mesh: sparse.csr_array
) -> Float32[np.ndarray, "sides=2 vertices aus 3"]:
    """What left and right muscles of each of `AUS` at full strength do, mm of a standard face.

    `to_mesh` lays the surface's vertices on the control mesh.
    """
    out = []
    for seen, mirrored in ((surface, False), (surface.mirrored(), True)):
        codes = _codes(weights, *features(seen), on)
        moved = _decoded(weights, codes, entries(weights.pairs, to_mesh, mirrored))
        out.append(moved * FLIP if mirrored else moved)
    return np.stack(out)


@dataclass(frozen=True, eq=False)
class Control:
    """The control mesh's own skin: its vertices, their triangles, and the mean head's diffusion."""

    skin: Int[np.ndarray, " skin"]
    triangles: Int[np.ndarray, "triangles 3"]
    on: Diffusion
    to_mesh: sparse.csr_array


@cache
def _control(eigenvectors: int) -> Control:
    topology = head_models.load().topology
    skin = np.flatnonzero(topology.part == SKIN)
    number = np.full(len(topology.part), -1)
    number[skin] = np.arange(len(skin))
    triangles = number[topology.triangles[(topology.part[topology.triangles] == SKIN).all(1)]]
    on = diffusion(mean().vertices[skin], triangles, eigenvectors)
    ones = np.ones(len(skin), np.float32)
    start = np.arange(len(skin) + 1)
    shape = (len(skin), len(topology.part))
    return Control(skin, triangles, on, sparse.csr_array((ones, skin, start), shape=shape))


def normals(
    vertices: Float[np.ndarray, "vertices 3"], triangles: Int[np.ndarray, "triangles 3"]
) -> Float32[np.ndarray, "vertices 3"]:
    """Unit normals as the network is shown them."""
    return vertex_normals(vertices.astype(np.float64), triangles).astype(np.float32)


@lru_cache(maxsize=4)
def fields(head: Head, weights: Weights | None = None) -> Fields:
    """The fields of every AU on a head of the Anny topology (kept for the last few people).

    By the weights that ship where none are given.

    Diffusion runs on the mean head: people differ from it by little, and it costs nothing.
    """
    weights, size = weights or load(), standard(head)
    topology, control = head.topology, _control(weights.eigenvectors)
    own = head.vertices[control.skin] * size
    surface = Surface(
        own,
        mean().vertices[control.skin],
        normals(own, control.triangles),
        head.landmarks(head.vertices) * size,
    )
    found = displacements(weights, surface, control.on, control.to_mesh) / size
    field = _inside(topology, 1 / size)
    for place, au in enumerate(AUS):
        field[au][:, control.skin] = found[:, :, place]
    return finished(field, jaw.of(head), tissue.of(head))


def _inside(topology: Topology, millimetre: np.float32) -> dict[int, np.ndarray]:
    """Fields of what lies behind the lips: the tongue sinks as they part, all else stays."""
    field = {au: np.zeros((2, len(topology.part), 3), np.float32) for au in muscles.ACTIONS}
    for au, lowered in muscles.TONGUE_LOWERED.items():
        field[au][:, topology.part == TONGUE, 1:] = 0.5 * millimetre * np.array(lowered, np.float32)
    return field


def finished(
    field: dict[int, Float32[np.ndarray, "sides=2 vertices 3"]],
    turned: jaw.Jaw,
    skin: tissue.Tissue,
) -> Fields:
    """Fields with their lengths."""
    size = {au: np.sqrt(np.einsum("svx,svx->sv", each, each)) for au, each in field.items()}
    return Fields(field, size, turned, skin)
