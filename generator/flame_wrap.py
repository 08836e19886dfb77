"""FLAME in the head model's topology: its mean person and the basis of its identity coefficients.

Registration lays the topology on FLAME's mean, and what FLAME knows of its own skin is carried
over; shoulders and the inside of the mouth, of which it knows nothing, follow smoothly.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float64

from assets import head as head_models
from assets.flame_file import FlameFile
from assets.head import LOWER_TEETH, SKIN, TONGUE, UPPER_TEETH
from rigging.registration.fit import regions
from rigging.registration.mesh import TriangleMesh
from rigging.registration.wrap import Registration, register


@dataclass(frozen=True, eq=False)
class Wrapped:
    """FLAME in the head model's topology, metres, eyes of the mean midway at the origin.

    `seen` are the vertices that FLAME's skin tells something of, `off` how far (metres) each of
    FLAME's own vertices of the outer skin lies from where the wrapped mean has it.
    """

    mean: Float64[np.ndarray, "vertices 3"]
    basis: Float64[np.ndarray, "300 vertices 3"]
    seen: Bool[np.ndarray, " vertices"]
    off: Float64[np.ndarray, " skin"]


def _centre(ball: Float64[np.ndarray, "points 3"]) -> Float64[np.ndarray, "3"]:
    """Centre of the sphere that comes nearest to points."""
    rows = np.column_stack([2 * ball, np.ones(len(ball))])
    return np.linalg.lstsq(rows, (ball * ball).sum(axis=1), rcond=None)[0][:3]


def let_mouth_follow(
    values: Float64[np.ndarray, "vertices columns"], bare: Float64[np.ndarray, "vertices 3"]
) -> None:
    """Let teeth and tongue grow with the lower face and move with the lips, in place.

    `values`, changed in place, are positions of the head `bare` or what is added to them, x, y and
    z by turns. Along each axis the mouth grows as the skin round it; it is not sheared.
    """
    topology = head_models.load().topology
    lips = topology.lips.rows.ravel()
    mouth = np.isin(topology.part, (UPPER_TEETH, LOWER_TEETH, TONGUE))
    middle, apart = bare[lips].mean(axis=0), np.ptp(bare[-2:, 0])
    near = np.linalg.norm(bare - middle, axis=1) < apart
    face = near & (topology.part == SKIN) & (regions().weight > 0)
    about = bare[face] - bare[face].mean(axis=0)
    each = values.reshape(len(values), -1, 3)
    grown = np.einsum("va,vca->ca", about, each[face]) / (about * about).sum(axis=0)
    each[mouth] = (bare[mouth] - middle)[:, None] * grown + each[lips].mean(axis=0)


def wrap(file: FlameFile) -> Wrapped:
    """Lay the head model's topology on FLAME's mean and carry its identity basis over."""
    model = head_models.load()
    registration = register(TriangleMesh(file.vertices, file.triangles, "FLAME's mean"))
    frame = registration.frame
    turned = frame.scale * file.identity.transpose(0, 2, 1) @ frame.rotation.T
    carried = registration.carry(turned.reshape(len(turned), -1)).copy()
    mean = registration.head.vertices.astype(np.float64)
    bare = model.bare_vertices(model.mean_phenotypes(), {}).astype(np.float64)
    let_mouth_follow(mean, bare)
    let_mouth_follow(carried, bare)
    basis = np.ascontiguousarray(carried.reshape(len(mean), -1, 3).transpose(1, 0, 2))
    placed = frame.standard(file.vertices)
    for eye, part in enumerate((1, 2)):
        ball = placed[file.part == part]
        mean[eye - 2] = _centre(ball)
        for direction, moved in zip(basis, turned.transpose(1, 0, 2), strict=True):
            direction[eye - 2] = _centre(ball + moved[file.part == part]) - mean[eye - 2]
    skin = file.part == 0
    outer = skin & (registration.to_mesh @ (regions().weight > 0) > 0.99)
    off = np.linalg.norm((registration.to_mesh @ mean - placed)[outer], axis=1)
    middle = mean[-2:].mean(axis=0)
    return Wrapped(mean - middle, basis, _seen(registration, skin), off)


def _seen(registration: Registration, skin: np.ndarray) -> Bool[np.ndarray, " vertices"]:
    """Vertices of the head model's outer skin on faces in which FLAME has vertices of its own."""
    topology = head_models.load().topology
    told = np.asarray(abs(registration.to_mesh[skin]).sum(axis=0)).ravel() > 0
    near = told | (topology.beside @ told > 0)
    return near & (topology.part == SKIN) & (regions().weight > 0)
