"""Heads in other topologies: a person on them is that person, and their faces do not fold."""

import json
from pathlib import Path

import numpy as np
import pytest

from assets import head as heads
from rigging import blendshapes
from rigging.registration import topologies

REFERENCE = Path(__file__).parent / "data" / "topologies_reference.json"
EVERY = topologies.NAMES + topologies.HELD_OUT


def normals(vertices: np.ndarray, triangles: np.ndarray) -> np.ndarray:
    a, b, c = (vertices[triangles[:, k]] for k in range(3))
    return np.cross(b - a, c - a)


@pytest.fixture(scope="module")
def adult() -> heads.Head:
    model = heads.load()
    return model.person(model.mean_phenotypes(), {}, 25.0)


@pytest.mark.parametrize("name", EVERY)
def test_rows_are_places_in_one_triangle(name: str) -> None:
    mapped = topologies.load(name)
    weights = mapped.to_mesh
    assert np.allclose(weights.sum(1), 1, atol=1e-15)
    assert weights.data.min() > 0
    assert np.diff(weights.indptr).max() <= 3
    assert weights.shape == (len(mapped.part), len(heads.load().topology.part))
    assert (np.unique(mapped.triangles) == np.arange(len(mapped.part))).all()
    assert set(np.unique(mapped.part)) <= {0, 1, 2, 3}


def test_annys_own_topology_is_the_control_mesh(adult: heads.Head) -> None:
    mapped = topologies.load("anny")
    assert np.array_equal(mapped.triangles, adult.topology.triangles)
    assert np.array_equal(mapped.to_mesh @ adult.vertices.astype(float), adult.vertices[:-2])
    assert np.array_equal(mapped.part, adult.topology.part[:-2])


@pytest.mark.parametrize("name", ["makehuman", "soma"])
def test_the_package_gives_the_same_people(name: str) -> None:
    model, mapped = heads.load(), topologies.load(name)
    for person in json.loads(REFERENCE.read_text()):
        held = person["expected"][name]
        bare = model.bare_vertices(person["phenotypes"], person["local"]).astype(float)
        found = (mapped.to_mesh @ bare)[held["rows"]]
        off = np.linalg.norm(found - np.array(held["um"]) * 1e-6, axis=1)
        # The package splits some quads along the other diagonal.
        assert np.median(off) < 5e-5
        assert np.percentile(off, 95) < 8e-4
        if name == "makehuman":
            assert off.max() < 2e-5


@pytest.mark.parametrize("name", EVERY)
def test_faces_lie_as_the_skin_below_them(name: str, adult: heads.Head) -> None:
    mapped, under = topologies.load(name), np.zeros((len(adult.vertices), 3))
    posed = blendshapes.pose(adult, {25: 3, 26: 4, 6: 3}, {25: 3, 26: 4, 6: 3}).astype(float)
    facing = normals(posed, adult.topology.triangles)
    for corner in adult.topology.triangles.T:
        np.add.at(under, corner, facing)
    own = normals(mapped.to_mesh @ posed, mapped.triangles)
    agree = (own * (mapped.to_mesh @ under)[mapped.triangles].sum(1)).sum(1)
    assert (agree <= 0).mean() < 0.01


@pytest.mark.parametrize(
    ("name", "inside", "count"), [("isotropic_5023", False, 5023), ("remeshed_8000", True, 8362)]
)
def test_what_a_mesh_has(name: str, inside: bool, count: int, adult: heads.Head) -> None:
    mesh, part = topologies.mesh(topologies.load(name), adult, False)
    assert len(mesh.vertices) == count
    assert set(part) == ({0, 1, 2, 3} if inside else {0})
    assert bool((mesh.vertices[:, 1] < -0.2).any()) is inside


def test_eyeballs_stand_after_the_rest(adult: heads.Head) -> None:
    without, _ = topologies.mesh(topologies.load("isotropic_5023"), adult, False)
    mesh, part = topologies.mesh(topologies.load("isotropic_5023"), adult, True)
    assert np.array_equal(mesh.vertices[: len(without.vertices)], without.vertices)
    for side, number in enumerate((heads.LEFT_EYE, heads.RIGHT_EYE)):
        off = np.linalg.norm(mesh.vertices[part == number] - adult.eyes.centre[side], axis=1)
        assert np.allclose(off, adult.eyes.radius[side], atol=1e-9)
        used = mesh.triangles[(part[mesh.triangles] == number).all(1)]
        outward = mesh.vertices[used].mean(1) - adult.eyes.centre[side]
        assert ((normals(mesh.vertices, used) * outward).sum(1) > 0).all()


def test_another_name_is_refused() -> None:
    with pytest.raises(ValueError, match=r"topology must be one of .*'soma'.*, got 'flame'"):
        topologies.load("flame")
