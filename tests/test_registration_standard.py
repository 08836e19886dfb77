"""Any head mesh stands upright in metres, whatever its unit and axes, and its parts are known."""

import tracemalloc

import numpy as np
import pytest
import trimesh
from scipy.spatial.transform import Rotation

from assets import head as heads
from assets.head import LEFT_EYE, RIGHT_EYE, SKIN, Head
from rigging.registration import parts, standard, topologies
from rigging.registration.mesh import TriangleMesh
from rigging.registration.parts import ATTACHED
from rigging.registration.standard import Frame, Standing, stand

UNITS = list(standard.UNITS.values())
# Without eyeballs the place between the eyes and the turn are known as well as faces differ.
NEAR, TURN_DEG = 0.008, 5.0


def head(age: float, years: float, **others: float) -> Head:
    model = heads.load()
    return model.person(model.mean_phenotypes() | {"age": age} | others, {}, years)


@pytest.fixture(scope="module")
def adult() -> Head:
    return head(2 / 3, 25.0)


def moved(mesh: TriangleMesh, turn: np.ndarray, unit: float, place: np.ndarray) -> TriangleMesh:
    """A mesh in another frame: `place` is what comes to lie where the origin was."""
    return TriangleMesh(mesh.vertices @ turn.T / unit + place, mesh.triangles, mesh.name)


def joined(one: TriangleMesh, other: trimesh.Trimesh) -> TriangleMesh:
    faces = np.asarray(other.faces, np.int32) + np.int32(len(one.vertices))
    vertices = np.concatenate([one.vertices, np.asarray(other.vertices)])
    return TriangleMesh(vertices, np.concatenate([one.triangles, faces]), one.name)


def turned_deg(found: Standing, turn: np.ndarray) -> float:
    return float(np.degrees(Rotation.from_matrix(found.frame.rotation @ turn).magnitude()))


def test_a_frame_goes_both_ways() -> None:
    rng = np.random.default_rng(1)
    frame = Frame(0.01, Rotation.from_rotvec([0.3, -1.0, 0.2]).as_matrix(), rng.normal(size=3))
    points = rng.normal(size=(20, 3))
    assert np.allclose(frame.own(frame.standard(points)), points, atol=1e-13)
    expected = [0.01 * frame.rotation @ (point - frame.origin) for point in points]
    assert np.allclose(frame.standard(points), expected, atol=1e-15)


def test_positions_are_all_turns_of_axes() -> None:
    found = standard.positions()
    assert len(np.unique(found.reshape(24, 9), axis=0)) == 24
    assert np.allclose(found @ found.transpose(0, 2, 1), np.eye(3))
    assert np.allclose(np.linalg.det(found), 1)
    assert np.array_equal(found[0], np.eye(3))


@pytest.mark.parametrize("number", range(24))
def test_any_unit_axes_and_place(number: int, adult: Head) -> None:
    rng = np.random.default_rng(number)
    tilt = Rotation.from_rotvec(rng.uniform(-0.1, 0.1, 3)).as_matrix()
    turn = standard.positions()[number] @ tilt
    unit, balls = UNITS[number % len(UNITS)], bool(number % 2)
    name = ("isotropic_5023", "anny", "decimated_1800")[number % 3]
    person = (adult, head(-0.3, 0.1, african=0.9), head(1.0, 80.0, weight=0.9))[number // 3 % 3]
    mesh, part = topologies.mesh(topologies.load(name), person, balls)
    place = rng.normal(size=3) / unit
    found = stand(moved(mesh, turn, unit, place))
    assert found.frame.scale == unit
    assert turned_deg(found, turn) < TURN_DEG
    off = np.linalg.norm(found.frame.standard(place[None]))
    assert off < (1e-6 if balls else NEAR)
    assert (found.balls is not None) is balls
    # An infant's teeth have not come through and are not told apart.
    mouth = (part > SKIN) & (part < LEFT_EYE)
    sure = part >= 0 if person.age_years > 1 else ~mouth
    assert np.array_equal(found.part[sure], part[sure])


def test_a_size_of_no_unit_is_fitted(adult: Head) -> None:
    mesh, _ = topologies.mesh(topologies.load("remeshed_4000"), adult, False)
    found = stand(moved(mesh, np.eye(3), 0.2, np.zeros(3)))
    assert found.frame.scale == pytest.approx(0.2, rel=0.04)


def test_eyeballs_are_spheres(adult: Head) -> None:
    mesh, _ = topologies.mesh(topologies.load("anny"), adult, True)
    found = stand(mesh)
    assert found.balls is not None
    for side, sphere in enumerate(found.balls):
        assert np.allclose(sphere.centre, adult.eyes.centre[side], atol=2e-7)
        assert sphere.radius == pytest.approx(float(adult.eyes.radius[side]), abs=1e-7)
        assert sphere.spread < 1e-6


def test_a_cornea_does_not_move_a_balls_centre() -> None:
    points = np.asarray(trimesh.creation.icosphere(3).vertices)
    front = points[:, 2] > 0.87
    bulged = points * np.where(front, 1.09, 1.0)[:, None] * 0.012 + (0.03, 0.0, 0.01)
    found = parts.ball(bulged)
    assert found is not None
    assert np.allclose(found.centre, (0.03, 0.0, 0.01), atol=1e-6)
    assert found.radius == pytest.approx(0.012, abs=1e-6)
    assert found.spread < parts.ROUND
    cube = np.asarray(trimesh.creation.box().subdivide().subdivide().vertices)
    cubic = parts.ball(cube)
    assert cubic is not None
    assert cubic.spread > parts.ROUND
    assert parts.ball(cube[:7]) is None


def test_doubled_vertices_are_one(adult: Head) -> None:
    mesh, part = topologies.mesh(topologies.load("anny"), adult, True)
    corners = mesh.triangles.ravel()
    soup = np.arange(len(corners), dtype=np.int32).reshape(-1, 3)
    found = stand(TriangleMesh(mesh.vertices[corners], soup, "soup"))
    assert np.array_equal(found.part, part[corners])
    assert np.array_equal(found.same == np.arange(len(corners)), first_of(corners))
    assert np.array_equal(corners[found.same], corners)
    assert np.array_equal(corners[found.triangles], mesh.triangles)


def first_of(values: np.ndarray) -> np.ndarray:
    """Whether a value is there for the first time."""
    out = np.zeros(len(values), bool)
    out[np.unique(values, return_index=True)[1]] = True
    return out


def test_lips_that_touch_stay_two_and_seams_are_closed() -> None:
    upper = np.array([[x, y, 0.0] for y in range(4) for x in range(4)])
    rim = (upper[:, :2] % 3 == 0).any(1)
    lower = upper - np.where(rim, 0.1, 0.0)[:, None] * (0, 0, 1)
    squares = np.array([[k, k + 1, k + 5, k + 4] for k in range(11) if k % 4 < 3])
    faces = squares[:, [0, 1, 2, 0, 2, 3]].reshape(-1, 3).astype(np.int32)
    touching = TriangleMesh(
        np.concatenate([upper, lower]), np.concatenate([faces, faces + np.int32(16)]), "lips"
    )
    found = parts.split(touching)
    assert found.same.tolist() == list(range(32))
    assert found.count == 2
    beside = TriangleMesh(
        np.concatenate([upper, upper + np.array([3, 0, 0])]), touching.triangles, "a seam at x = 3"
    )
    found = parts.split(beside)
    assert np.flatnonzero(found.same != np.arange(32)).tolist() == [16, 20, 24, 28]
    assert found.same[[16, 20, 24, 28]].tolist() == [3, 7, 11, 15]
    assert found.count == 1
    assert not np.isin(found.triangles, [16, 20, 24, 28]).any()


def test_what_hangs_on_a_head_is_attached(adult: Head) -> None:
    mesh, part = topologies.mesh(topologies.load("remeshed_4000"), adult, True)
    cap = trimesh.creation.icosphere(4)
    keep = np.asarray(cap.vertices)[cap.faces][..., 1].min(1) > 0.1
    shape = np.asarray(cap.vertices) * (0.1, 0.12, 0.12) + (0.0, 0.02, -0.085)
    lash = trimesh.creation.box((0.02, 0.001, 0.004))
    lash.apply_translation((0.032, 0.004, 0.016))
    both = joined(joined(mesh, trimesh.Trimesh(shape, cap.faces[keep], process=False)), lash)
    found = stand(both)
    count = len(mesh.vertices)
    assert np.array_equal(found.part[:count], part)
    assert (found.part[count:] == ATTACHED).all()
    iris = trimesh.creation.icosphere(1, 0.006)
    iris.apply_translation(adult.eyes.centre[1] + (0.0, 0.0, 0.004))
    assert (stand(joined(mesh, iris)).part[count:] == RIGHT_EYE).all()


def test_a_mesh_inside_out_is_turned(adult: Head) -> None:
    mesh, _ = topologies.mesh(topologies.load("remeshed_4000"), adult, True)
    inside = TriangleMesh(mesh.vertices, mesh.triangles[:, ::-1].copy(), "inside")
    assert np.array_equal(stand(inside).triangles, mesh.triangles)
    assert np.array_equal(stand(mesh).triangles, mesh.triangles)


def test_unused_vertices_are_attached(adult: Head) -> None:
    mesh, part = topologies.mesh(topologies.load("remeshed_4000"), adult, False)
    far = np.concatenate([mesh.vertices, [[7.0, 8.0, 9.0]]])
    found = stand(TriangleMesh(far, mesh.triangles, "far"))
    assert found.part.tolist() == [*part.tolist(), ATTACHED]


def shapes() -> dict[str, trimesh.Trimesh]:
    """What is no head."""
    ball = trimesh.creation.icosphere(4)
    egg = trimesh.Trimesh(np.asarray(ball.vertices) * (0.8, 1.1, 1.0), ball.faces)
    return {
        "ball": ball,
        "egg": egg,
        "box": trimesh.creation.box().subdivide().subdivide(),
        "ring": trimesh.creation.torus(1.0, 0.3),
        "tube": trimesh.creation.cylinder(0.5, 2.0),
    }


@pytest.mark.parametrize("name", shapes())
def test_what_is_no_head_is_refused(name: str) -> None:
    shape = shapes()[name]
    vertices, faces = np.array(shape.vertices), np.array(shape.faces, np.int32)
    with pytest.raises(ValueError, match=rf"{name}: mesh must be a head .*, got .* 0\.\d+ "):
        stand(TriangleMesh(vertices, faces, name))


def test_a_face_without_a_skull_is_refused(adult: Head) -> None:
    mesh, _ = topologies.mesh(topologies.load("remeshed_4000"), adult, False)
    face = (mesh.vertices[mesh.triangles][..., 2] > -0.05).all(1)
    with pytest.raises(ValueError, match=r"mask: mesh must be a head with a face and the back"):
        stand(TriangleMesh(mesh.vertices, mesh.triangles[face], "mask"))


def test_one_eyeball_alone_is_refused(adult: Head) -> None:
    mesh, part = topologies.mesh(topologies.load("remeshed_4000"), adult, True)
    kept = mesh.triangles[part[mesh.triangles[:, 0]] != LEFT_EYE]
    with pytest.raises(ValueError, match=r"eyeballs must be two or none, .* the right one alone"):
        stand(TriangleMesh(mesh.vertices, kept, "pirate"))


def test_faces_without_area_are_refused() -> None:
    points = np.zeros((3, 3))
    with pytest.raises(ValueError, match=r"must have faces with an area, got 1 that are all"):
        stand(TriangleMesh(points, np.array([[0, 1, 1]], np.int32), "point"))
    with pytest.raises(ValueError, match=r"must have faces with an area"):
        stand(TriangleMesh(points, np.array([[0, 1, 2]], np.int32), "point"))


def test_vertices_at_one_place_are_one_without_every_pair_of_them() -> None:
    rng = np.random.default_rng(4)
    many = 3000
    place = rng.integers(0, 3, 3 * many)
    vertices = np.array([[0.0, 0, 0], [1, 0, 0], [0, 1, 0]])[place]
    vertices[::7, 2] = 1e-8
    mesh = TriangleMesh(vertices, np.arange(3 * many, dtype=np.int32).reshape(-1, 3), "soup")
    tracemalloc.start()
    same = parts._same(mesh)
    assert tracemalloc.get_traced_memory()[1] < 20_000_000
    tracemalloc.stop()
    assert np.array_equal(same, [np.argmax(place == one) for one in place])
