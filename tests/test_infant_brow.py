import numpy as np
import pytest

from assets import eyes, head, infant_brow, lips, mouth
from assets.lid_grid import SOCKET_ROWS
from tests.crowd import AGES


def before(axis, years):
    """A head as it is before its brow is evened out."""
    model = head.load()
    bare = model.bare_vertices(model.mean_phenotypes() | {"age": axis}, {})
    lips.seal(bare, model.topology.lips)
    part, corners = model.topology.part, model.topology.loops["upper_lip"][[0, -1]]
    teeth = (part == head.UPPER_TEETH) | (part == head.LOWER_TEETH)
    bare = mouth.fit(bare, teeth, part == head.TONGUE, bare[corners], years)
    return eyes.fit(bare, model.topology.lids, years)[1]


def after(axis, years):
    model = head.load()
    return model.person(model.mean_phenotypes() | {"age": axis}, {}, years)


def roughness(vertices, topology, patch):
    """Mean distance of each vertex of a patch from the mean of its neighbours."""
    return np.linalg.norm(topology.beside @ vertices - vertices, axis=1)[patch].mean()


@pytest.mark.parametrize(("axis", "years"), AGES)
def test_only_an_infants_brow_changes(axis, years):
    was, person = before(axis, years), after(axis, years)
    moved = np.abs(person.vertices - was).max(axis=1) > 0
    assert moved.any() == (years < infant_brow.OLDEST_YEARS * (1 - 0.5 / infant_brow.ROUNDS))
    chart = was / np.abs(was[-2:, 0]).mean()
    assert not moved[(chart[:, 1] < -0.2) | (np.abs(chart[:, 0]) > 1.3) | (chart[:, 1] > 1.4)].any()
    for grid in person.topology.lids:
        assert not moved[grid.rows[: SOCKET_ROWS + infant_brow.LID_STAYS + 1]].any()


def test_a_newborns_brow_is_smooth():
    was, person = before(-1 / 3, 0.02), after(-1 / 3, 0.02)
    chart = was / np.abs(was[-2:, 0]).mean()
    glabella = (np.abs(chart[:, 0]) < 0.5) & (np.abs(chart[:, 1] - 0.65) < 0.35)
    glabella &= (chart[:, 2] > 0.3) & (person.topology.part == head.SKIN)
    assert glabella.sum() > 20
    rough = [roughness(points, person.topology, glabella) for points in (was, person.vertices)]
    assert rough[1] < 0.6 * rough[0]
    assert np.abs(person.vertices - was).max() < 0.15 * np.ptp(was[-2:, 0])


def test_neighbours_take_the_mean():
    # Two quads side by side: 0 1 2 over 3 4 5.
    mean = infant_brow.neighbours(np.array([[0, 1, 4, 3], [1, 2, 5, 4]], np.int32), 7)
    values = np.array([0.0, 1, 2, 3, 4, 5, 6])
    assert (mean @ values).tolist() == [2.0, 2.0, 3.0, 2.0, 3.0, 3.0, 0.0]
