"""Heads of four ages as clouds of points: what a mesh is compared with to set it upright."""

from dataclasses import dataclass, replace
from functools import cache

import numpy as np
import trimesh
from jaxtyping import Bool, Float64, Int32
from scipy.spatial import KDTree

from assets import head as heads
from assets.head import SKIN, Topology
from rigging.registration.parts import INNER, Expected

AGES = {0.05: -0.31, 1.5: 0.03, 6.0: 0.22, 25.0: 2 / 3}
"""Ages in years of the heads that are compared, and the age of their phenotypes."""
# The head without neck: what every mesh of a head has. Metres above the eyes of an adult.
CHIN, NAPE = -0.105, -0.06
POINTS, CORE = 6000, 300


@dataclass(frozen=True, eq=False)
class Template:
    """Points spread evenly over the outer skin of a head, metres, origin between its eyes.

    `core` marks points of face and skull. `top` is the height of the crown.
    """

    points: Float64[np.ndarray, "points 3"]
    normals: Float64[np.ndarray, "points 3"]
    core: Bool[np.ndarray, " points"]
    top: float
    tree: KDTree
    expected: Expected


def spread(
    vertices: Float64[np.ndarray, "vertices 3"],
    triangles: Int32[np.ndarray, "triangles 3"],
    count: int,
) -> tuple[Float64[np.ndarray, "points 3"], Float64[np.ndarray, "points 3"]]:
    """Points spread evenly over a surface, the same each time, and their normals."""
    corners = vertices[triangles]
    facing = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    area = np.linalg.norm(facing, axis=1)
    filled = np.cumsum(area)
    at = (np.arange(count) + 0.5) / count * filled[-1]
    face = np.minimum(np.searchsorted(filled, at), len(triangles) - 1)
    # Additive recurrences of the plastic number fill the unit square evenly.
    u, v = (np.outer(np.arange(1, count + 1), (0.7548776662466927, 0.5698402909980532)) % 1).T
    over = u + v > 1
    u, v = np.where(over, 1 - u, u), np.where(over, 1 - v, v)
    weights = np.stack([1 - u - v, u, v], axis=1)
    points = np.einsum("pc,pcx->px", weights, corners[face])
    return points, facing[face] / area[face, None]


def outer(topology: Topology) -> Bool[np.ndarray, " triangles"]:
    """Triangles of skin that are seen: without what lies behind lids and lips."""
    triangles = topology.triangles
    pairs, shared = trimesh.graph.face_adjacency(triangles, return_edges=True)
    loops = [np.stack([loop[:-1], loop[1:]], axis=1) for loop in topology.loops.values()]
    count = len(topology.part)
    cut = np.sort(np.concatenate(loops).astype(np.int64), axis=1) @ (count, 1)
    free = ~np.isin(np.sort(np.asarray(shared, np.int64), axis=1) @ (count, 1), cut)
    labels = trimesh.graph.connected_component_labels(np.asarray(pairs)[free], len(triangles))
    skin = topology.part[triangles[:, 0]] == SKIN
    return labels == np.bincount(labels[skin]).argmax()


@cache
def load() -> tuple[Template, ...]:
    """The four heads, youngest first."""
    model = heads.load()
    triangles = model.topology.triangles[outer(model.topology)]
    out = []
    for years, age in AGES.items():
        person = model.person(model.mean_phenotypes() | {"age": age}, {}, years)
        vertices = person.vertices.astype(np.float64)
        points, normals = spread(vertices, triangles, POINTS)
        top = float(vertices[:, 1].max())
        high, deep = points[:, 1] / top, points[:, 2] / top
        core = high > np.interp(deep, (-1.0, 0.0), (NAPE / 0.1166, CHIN / 0.1166))
        inner = tuple(vertices[model.topology.part == part] for part in INNER)
        known = Expected(person.eyes.centre.astype(np.float64), inner)
        tree = KDTree(points)
        out.append(Template(points, normals, core, top, tree, known))
    return tuple(out)


def grown(template: Template, factor: float) -> Expected:
    """What to expect on a head of this age that is larger by a factor."""
    known = template.expected
    return replace(
        known, eyes=known.eyes * factor, inner=tuple(part * factor for part in known.inner)
    )
