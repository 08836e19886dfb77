"""A head mesh as users have it: tongue and teeth, lashes, and the corners of the mouth."""

from dataclasses import dataclass
from functools import cache

import numpy as np
import pytest

from assets.head import LOWER_TEETH, SKIN, TONGUE, Head, load
from assets.lid_grid import SOCKET_ROWS
from generator.identity import make_identity
from rigging import blendshapes, rig
from rigging.registration import topologies
from rigging.registration.mesh import TriangleMesh
from tests.head_files import person

LASH = 1e-3 * np.array([[0, 0.1, 0.1], [0, 1, 4], [0, 3, 7], [0, 6, 9], [0, 9, 10]])
"""From its root on, metres."""


@cache
def prepared(name: str, head: Head) -> tuple[TriangleMesh, rig.Rig]:
    mesh, _ = topologies.mesh(topologies.load(name), head, name != "isotropic_5023")
    return mesh, rig.prepare(mesh)


def off(name: str, head: Head, aus: dict[int, float]) -> np.ndarray:
    """How far from the teacher's way every vertex goes, millimetres."""
    topology = topologies.load(name)
    mesh, ready = prepared(name, head)
    wanted = topology.to_mesh @ (blendshapes.pose(head, aus, aus) - head.vertices).astype(float)
    found = ready.pose(aus, aus) - mesh.vertices
    return 1000 * np.linalg.norm(found[: len(wanted)] - wanted, axis=1)


@pytest.mark.parametrize("aus", [{25: 5}, {26: 5}, {27: 5}])
def test_tongue_and_lower_teeth_go_as_the_teacher_says(aus: dict[int, float]) -> None:
    part = topologies.load("decimated_3000").part
    away = off("decimated_3000", person(), aus)
    assert away[part == TONGUE].max() < 0.05
    assert away[part == LOWER_TEETH].max() < 0.05


def test_a_tongue_without_teeth_goes_as_the_teacher_says() -> None:
    away = off("makehuman", person(), {27: 5})
    assert away[topologies.load("makehuman").part == TONGUE].max() < 0.05


def test_no_vertex_goes_with_the_other_lip() -> None:
    """A newborn, whose lips at the corners of the mouth are thinnest."""
    who = make_identity(7, 40, 99, "0-90")
    head = load().person(who.shape.phenotypes, who.shape.changes, who.person.age_years)
    away = off("isotropic_5023", head, {27: 5})[topologies.load("isotropic_5023").part == SKIN]
    assert away.max() < 2.0
    assert (away > 1).sum() <= 2


@dataclass(frozen=True)
class Lashes:
    """Lashes on upper lids: vertex numbers of each from its root, both edges, and of its margin."""

    mesh: TriangleMesh
    ready: rig.Rig
    rows: np.ndarray
    margin: np.ndarray


@pytest.fixture(scope="module")
def lashes() -> Lashes:
    mesh, _ = topologies.mesh(topologies.load("anny"), person(), True)
    grids = person().topology.lids
    margin = np.concatenate([grid.rows[SOCKET_ROWS, 2 : grid.outer - 1 : 2] for grid in grids])
    both = np.stack([LASH, LASH + np.array([3e-4, 0, 0])], axis=1).reshape(-1, 3)
    points = mesh.vertices[margin][:, None] + both
    rows = len(mesh.vertices) + np.arange(len(margin) * len(both)).reshape(len(margin), -1)
    strip = np.stack([rows[:, :-2], rows[:, 1:-1], rows[:, 2:]], axis=-1).reshape(-1, 3)
    vertices = np.concatenate([mesh.vertices, points.reshape(-1, 3)])
    triangles = np.concatenate([mesh.triangles, strip.astype(np.int32)])
    whole = TriangleMesh(vertices, triangles, "lashes")
    return Lashes(whole, rig.prepare(whole), rows, margin)


@pytest.mark.parametrize("aus", [{43: 1}, {6: 5, 7: 5}])
def test_a_lash_is_stiff_and_stays_on_its_lid(lashes: Lashes, aus: dict[int, float]) -> None:
    before, after = lashes.mesh.vertices, lashes.ready.pose(aus, aus)
    one, other = (
        np.linalg.norm(p[lashes.rows][:, None] - p[lashes.rows][:, :, None], axis=-1)
        for p in (before, after)
    )
    assert np.abs(one - other).max() < 1e-8
    root = lashes.rows[:, 0]
    gap = np.linalg.norm(after[root] - after[lashes.margin], axis=1)
    assert np.abs(gap - np.linalg.norm(LASH[0])).max() < 1e-8
    pointing = [p[lashes.rows[:, -2]] - p[root] for p in (before, after)]
    # As the lid comes down it turns over the eyeball.
    assert (pointing[1][:, 1] < pointing[0][:, 1]).all()


def test_a_lash_on_still_skin_stays_bit_for_bit(lashes: Lashes) -> None:
    after = lashes.ready.pose({15: 5}, {15: 5})
    assert not np.array_equal(after, lashes.mesh.vertices)
    assert np.array_equal(after[lashes.rows], lashes.mesh.vertices[lashes.rows])
