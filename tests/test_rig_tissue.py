"""Skin presses on skin and never passes through itself; the jaw turns as one piece."""

import numpy as np
import pytest

from assets import eyes, head
from assets.head import LOWER_TEETH, SKIN, UPPER_TEETH
from assets.lid_grid import SOCKET_ROWS
from assets.lips import EDGE
from rigging import blendshapes, jaw, motion, muscles, tissue
from tests.crossing import crossings
from tests.crowd import crowd

ADULT = 12
# Rows of a lid that lie against the other lid when the eye is shut.
TOUCHING = eyes.RIM + 2


def both(who, aus):
    return blendshapes.pose(who, aus, aus)


def test_crossings_are_found_and_only_they():
    flat = np.array([[0, 0, 0], [4, 0, 0], [0, 4, 0]], float)
    through = np.array([[1, 1, -1], [1, 1, 1], [1.5, 1, 1]], float)
    above = through + np.array([0, 0, 1.5])
    beside = through + np.array([3, 3, 0])
    points = np.concatenate([flat, through, above, beside])
    found = crossings(points, np.arange(12).reshape(4, 3))
    assert found.tolist() == [[0, 1]]
    joined = np.array([[0, 1, 2], [0, 3, 4], [6, 7, 8]])
    assert len(crossings(points, joined)) == 0


def outside(topology):
    """Triangles of the face's visible skin, and rows of lid that each vertex belongs to."""
    hidden = topology.part != SKIN
    rows = np.full(len(topology.part), 99)
    for grid in topology.lids:
        hidden[grid.rows[:SOCKET_ROWS]] = True
        for row, vertices in enumerate(grid.rows):
            rows[vertices] = row
    hidden[topology.lips.rows[: EDGE.stop]] = True
    adult = crowd()[ADULT].vertices
    hidden |= (adult[:, 2] < -0.02) | (np.abs(adult[:, 1]) > 0.06)
    return topology.triangles[~hidden[topology.triangles].any(axis=1)], rows


@pytest.mark.parametrize(
    ("aus", "most"),
    [
        ({}, 0),
        ({4: 5}, 0),
        ({6: 5}, 0),
        ({9: 5, 10: 5}, 0),
        ({4: 5, 6: 5, 7: 5, 9: 5, 10: 5}, 0),
        ({6: 5, 12: 5}, 0),
        ({43: 1}, 0),
        # A newborn's shut eye: some slivers of the lower lid beside its outer corner.
        ({4: 5, 6: 5, 7: 5, 9: 5, 43: 1}, 8),
    ],
)
def test_no_skin_passes_through_skin(aus, most):
    triangles, rows = outside(crowd()[0].topology)
    found = []
    for who in crowd()[::3]:
        pairs = crossings(both(who, aus), triangles)
        inner = rows[triangles[pairs]].min(axis=2)
        found.append(int((inner.max(axis=1) > TOUCHING).sum()))
    assert max(found) <= most, found


def test_no_edge_is_pressed_beyond_its_room():
    rng = np.random.default_rng(4)
    for who in crowd()[::6]:
        own = tissue.of(who)
        nose = who.landmarks(who.vertices)[rng.integers(27, 30)]
        where = who.vertices - nose
        scale = np.ptp(who.eyes.centre[:, 0])
        bell = np.exp(-0.5 * ((where / (0.07 * scale)) ** 2).sum(1))[:, None]
        moved = (0.15 * scale * bell * np.array([0, 1, 0.3])).astype(np.float32)
        one, other = own.ends

        def pressed(field, own=own, one=one, other=other):
            gap = field[own.skin]
            return ((gap[one] - gap[other]) * own.way).sum(1) - own.room

        before = pressed(moved)
        own.give_way(moved)
        room = own.room / (1 - tissue.KEPT)
        assert (before / room).max() > 0.1
        assert (pressed(moved) / room).max() < 0.1


def test_gentle_motion_is_left_as_it_is():
    who = crowd()[ADULT]
    moved = (0.3 * (who.vertices - who.vertices.mean(0))).astype(np.float32)
    kept = moved.copy()
    tissue.of(who).give_way(moved)
    assert np.array_equal(moved, kept)


def test_lower_teeth_turn_as_one_piece_about_the_hinge():
    for who in crowd()[6::4]:
        teeth = who.topology.part == LOWER_TEETH
        for au, level in ((26, 3), (27, 5)):
            rest, at = (v[teeth].astype(np.float64) for v in (who.vertices, both(who, {au: level})))
            about, now = rest - rest.mean(0), at - at.mean(0)
            angle = muscles.JAW_OPENS[au] * (level / 5) ** motion.GRADE
            turn = np.array(
                [
                    [1, 0, 0],
                    [0, np.cos(angle), -np.sin(angle)],
                    [0, np.sin(angle), np.cos(angle)],
                ]
            )
            assert np.abs(about @ turn.T - now).max() < 2e-6
        assert np.array_equal(
            both(who, {27: 5})[who.topology.part == UPPER_TEETH],
            who.vertices[who.topology.part == UPPER_TEETH],
        )


def test_the_hinge_is_that_of_the_head_model():
    """The jaw of the mean adult, opened as far as the model's own, goes where that one goes."""
    model = head.load()
    adult = model.person(model.mean_phenotypes(), {}, 25.0)
    fitted = jaw.hinge(adult.topology)
    moved = np.zeros_like(adult.vertices)
    jaw.of(adult).open(moved, fitted.turn)
    chin = (adult.landmarks(moved) - adult.landmarks(np.zeros_like(moved)))[8]
    own = adult.landmarks(adult.actions["jawOpen"])[8]
    length = np.linalg.norm(own)
    # A straight motion against an arc of a third of a radian, and a hinge that slides forward.
    assert np.linalg.norm(chin - own) < 0.3 * length
    assert chin[1] < -0.5 * length
    lower = adult.landmarks(moved)[[57, 62]]
    assert lower[0, 1] < -0.6 * length
    assert abs(lower[1, 1]) < 0.05 * length
