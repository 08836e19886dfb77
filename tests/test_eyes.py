import numpy as np
import pytest

from assets import eyeball, eyes, lid_grid
from rigging import gaze
from tests.crowd import crowd


def on_balls(person, vertices, looks=gaze.STRAIGHT):
    """Lid grids in the frames of their eyeballs, and how deep each vertex lies in the ball."""
    for eye, grid in enumerate(person.topology.lids):
        points = vertices[grid.rows].astype(np.float64) - person.eyes.centre[eye]
        size, iris = float(person.eyes.radius[eye]), float(person.eyes.iris[eye])
        forward = gaze.rotation(looks[eye])[:, 2]
        length = np.linalg.norm(points, axis=-1)
        surface = size * eyeball.surface(points @ forward / length, iris / size)
        yield grid, points * [grid.side, 1, 1], surface - length


def opening(points, outer):
    """Height of the opening at 61 places between the corners."""
    margin = points[eyes.MARGIN]
    lower = [0, *range(len(margin) - 1, outer - 1, -1)]
    x = np.linspace(margin[0, 0], margin[outer, 0], 63)[1:-1]
    top = np.interp(x, margin[: outer + 1, 0], margin[: outer + 1, 1])
    return top - np.interp(x, margin[lower, 0], margin[lower, 1])


def test_sizes_follow_the_age_curve():
    years = np.array([0.0, 1.0, 3.0, 10.0, 30.0])
    radii = np.array([eyeball.radius(year) for year in years])
    # Half the axial length: 17, 20, 21.7, 23, 24 mm (Gordon & Donzis 1985; Bach 2019).
    assert np.abs(2e3 * radii - [17.0, 20.0, 21.7, 23.0, 24.0]).max() < 0.6
    assert 2e3 * eyeball.iris_radius(40.0) == pytest.approx(11.7, abs=0.01)
    assert 2e3 * eyeball.iris_radius(0.0) == pytest.approx(9.6, abs=0.01)


def test_cornea_is_a_sphere_through_the_limbus():
    iris = 5.85 / 12
    angle = np.linspace(0, np.arcsin(iris), 50)
    out = eyeball.surface(np.cos(angle), iris)
    points = np.stack([out * np.sin(angle), out * np.cos(angle)], axis=1)
    centre = np.sqrt(1 - iris**2) - np.sqrt((7.8 / 12) ** 2 - iris**2)
    assert np.allclose(np.linalg.norm(points - [0, centre], axis=1), 7.8 / 12)
    assert out[-1] == pytest.approx(1.0)
    assert (eyeball.surface(np.cos(angle[-1] + np.linspace(0.01, 2, 50)), iris) == 1).all()


def test_eyeball_mesh_is_closed_round_the_pole_and_turns_outward():
    mesh = eyeball.mesh()
    vertices = mesh.vertices(0.4875).astype(np.float64)
    a, b, c, d = (vertices[mesh.quads[:, k]] for k in range(4))
    normal = np.cross(c - a, d - b)
    assert ((normal * (a + b + c + d)).sum(1) > 0).all()
    ends = np.sort(np.stack([mesh.quads, np.roll(mesh.quads, -1, 1)], -1).reshape(-1, 2), 1)
    _, uses = np.unique(ends, axis=0, return_counts=True)
    assert (uses == 1).sum() == eyeball.SECTORS
    assert uses.max() == 2
    limbus = mesh.rings == 1
    assert np.allclose(np.hypot(*vertices[limbus, :2].T), 0.4875, atol=1e-6)
    across = np.linalg.norm(mesh.uv - 0.5, axis=1)
    assert np.allclose(across[limbus], eyeball.LIMBUS_UV)
    assert across.max() == pytest.approx(0.5)


@pytest.mark.parametrize("person", crowd())
def test_neutral_lids_touch_the_ball(person):
    for grid, points, deep in on_balls(person, person.vertices):
        size = float(person.eyes.radius[0])
        assert deep.max() < 0.0001
        touching = eyes.beside_ball(points[eyes.MARGIN, :, 0], grid.outer, size) == 0
        assert touching.sum() >= 8
        assert np.abs(deep[eyes.MARGIN, touching]).max() < 0.006 * size
        thickness = -deep[eyes.RIM, touching] / size
        assert (thickness > 0.1).all()
        assert (thickness < 0.2).all()


@pytest.mark.parametrize("person", crowd())
def test_neutral_eyes_are_open_naturally(person):
    for grid, points, _ in on_balls(person, person.vertices):
        size, iris = person.eyes.radius[0], person.eyes.iris[0]
        assert 0.9 < size / eyeball.radius(person.age_years) < 1.05
        margin = points[eyes.MARGIN]
        top = np.interp(0, margin[: grid.outer + 1, 0], margin[: grid.outer + 1, 1])
        lower = [0, *range(len(margin) - 1, grid.outer - 1, -1)]
        bottom = np.interp(0, margin[lower, 0], margin[lower, 1])
        # The upper lid covers up to 2.4 mm of an adult iris, the lower one ends near its edge.
        assert 0.05 * iris < iris - top < 0.42 * iris
        assert -0.15 * iris < iris + bottom < 0.3 * iris
        assert np.ptp(margin[:, 0]) / size == pytest.approx(2.25, abs=0.4)
        assert (opening(points, grid.outer) > 0).all()


def test_origin_lies_between_the_eyeballs():
    for person in crowd():
        assert np.abs(person.eyes.centre.mean(0)).max() < 1e-7
        assert np.array_equal(person.vertices[-2:], person.eyes.centre)


def test_both_eyes_are_mirror_images():
    # The baked model is stored in steps of some micrometres, each side rounded on its own.
    for person in crowd():
        left, right = (points for _, points, _ in on_balls(person, person.vertices))
        assert np.abs(left - right).max() < 1e-4


def test_lid_grid_is_regular_and_keeps_to_its_own_side():
    topology = crowd()[0].topology
    for grid in topology.lids:
        assert grid.rows.shape == (lid_grid.SOCKET_ROWS + 1 + lid_grid.SKIN_ROWS, 28)
        assert len(np.unique(grid.rows)) == grid.rows.size
        assert (grid.side * crowd()[0].vertices[grid.rows][..., 0] > 0).all()
    left, right = topology.lids
    assert np.array_equal(topology.mirror[left.rows], right.rows)


def test_irregular_margins_are_refused():
    topology = crowd()[0].topology
    upper, lower = topology.loops["left_upper_lid"], topology.loops["left_lower_lid"]
    with pytest.raises(ValueError, match="lid margins must share both corners"):
        lid_grid.build(topology.quads, upper[1:], lower, 1)
    with pytest.raises(ValueError, match="lids must have 12 rows of skin and 5 of socket"):
        lid_grid.build(topology.quads[::2].copy(), upper, lower, 1)
