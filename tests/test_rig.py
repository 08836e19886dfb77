from dataclasses import replace

import numpy as np
import pytest

from assets import eyes, facs, lips
from assets.head import load
from rigging import blendshapes, gaze
from rigging.evaluation import order
from tests.crowd import crowd, expression
from tests.test_eyes import on_balls, opening

ADULT = 12  # of the crowd, twenty-five years old


def mirrored(person, vertices):
    return vertices[person.topology.mirror] * np.array([-1, 1, 1], np.float32)


def both(person, aus, looks=gaze.STRAIGHT):
    return blendshapes.pose(person, aus, aus, looks)


@pytest.mark.parametrize("person", crowd())
def test_zero_is_the_head_bit_for_bit(person):
    assert both(person, {}).tobytes() == person.vertices.tobytes()
    full = dict.fromkeys(facs.AUS, 0.0)
    assert both(person, full).tobytes() == person.vertices.tobytes()


def test_mirrored_aus_give_the_mirrored_mesh():
    rng = np.random.default_rng(3)
    for person in crowd()[::3]:
        still = np.abs(mirrored(person, person.vertices) - person.vertices).max()
        one, other = expression(rng), expression(rng)
        for au in facs.CENTRAL:
            other[au] = one[au]
        looks = np.array([[0.2, 0.1], [0.1, 0.1]], np.float32)
        flipped = np.array([[-0.1, 0.1], [-0.2, 0.1]], np.float32)
        posed = blendshapes.pose(person, one, other, looks)
        mirror = blendshapes.pose(person, other, one, flipped)
        assert np.abs(mirrored(person, mirror) - posed).max() < still + 0.00002


@pytest.mark.parametrize("au", sorted(order.DIRECTIONS))
def test_landmarks_move_the_right_way_and_more_with_intensity(au):
    for person in crowd():
        scale = np.ptp(person.eyes.centre[:, 0]) / 0.063
        still = person.landmarks(person.vertices)
        for side in (0, 1):
            landmark, way = order.way(au, side)
            steps = [
                (person.landmarks(both(person, {au: level})) - still)[landmark] @ way
                for level in range(6)
            ]
            assert (np.diff(steps) > 0.00012 * scale).all(), steps
            assert steps[-1] > 0.0011 * scale


def test_tight_lips_are_thinner():
    for person in crowd():
        heights = []
        for level in range(6):
            marks = person.landmarks(both(person, {23: level}))
            heights.append(marks[51, 1] - marks[57, 1])
        assert (np.diff(heights) < 0).all()


def test_one_side_leaves_the_other_alone():
    person = crowd()[ADULT]
    right = person.vertices[:, 0] < -0.02
    for au in facs.BILATERAL:
        level = facs.HIGHEST[au]
        moved = blendshapes.pose(person, {au: level}, {}) - person.vertices
        size = np.linalg.norm(moved, axis=1)
        assert size[~right].max() > 0.001
        assert size[right].max() < 0.25 * size.max()


def test_closed_lids_meet_whatever_else_acts():
    rng = np.random.default_rng(5)
    worst = 0.0
    for person in crowd():
        wide = [
            opening(points, grid.outer).max()
            for grid, points, _ in on_balls(person, person.vertices)
        ]
        for closing in (
            {"au43": 1.0},
            {"au45": 5.0},
            {"au43": 1.0, "au4": 5.0, "au6": 5.0, "au7": 5.0},
        ):
            looks = rng.uniform(-0.3, 0.3, (2, 2)).astype(np.float32)
            posed = both(person, expression(rng, **closing), looks)
            for neutral, (grid, points, _) in zip(
                wide, on_balls(person, posed, looks), strict=True
            ):
                worst = max(worst, np.abs(opening(points, grid.outer)).max() / neutral)
    assert worst < 0.02


def test_closed_margins_meet_in_depth_too():
    worst = 0.0
    for person in crowd():
        for grid, points, _ in on_balls(person, both(person, {43: 1, 7: 3})):
            margin = points[eyes.MARGIN]
            lower = [0, *range(len(margin) - 1, grid.outer - 1, -1)]
            upper = list(range(grid.outer + 1))
            x = np.linspace(margin[0, 0], margin[grid.outer, 0], 63)[1:-1]
            depth = [np.interp(x, margin[side, 0], margin[side, 2]) for side in (upper, lower)]
            worst = max(worst, np.abs(depth[0] - depth[1]).max() / float(person.eyes.radius[0]))
    assert worst < 0.055, worst


def test_lids_stay_out_of_the_eyeball_and_do_not_cross():
    rng = np.random.default_rng(6)
    for person in crowd():
        for _ in range(8):
            looks = rng.uniform(-0.35, 0.35, (2, 2)).astype(np.float32)
            posed = both(person, expression(rng, au45=float(rng.integers(0, 6))), looks)
            for grid, points, deep in on_balls(person, posed, looks):
                assert deep.max() < 0.0002
                assert opening(points, grid.outer).min() > -0.0002


def test_lid_skin_does_not_turn_over():
    rng = np.random.default_rng(7)
    turned, total = np.zeros(len(eyes.FOLLOW) - 3), 0
    for person in crowd():
        for closing in ({}, {"au43": 1.0}, {"au4": 5.0, "au6": 5.0, "au7": 5.0, "au43": 1.0}):
            posed = both(person, expression(rng, **closing))
            for (_, before, _), (_, after, _) in zip(
                on_balls(person, person.vertices), on_balls(person, posed), strict=True
            ):
                normals = []
                for points in (before, after):
                    rows = points[eyes.RIM :]
                    beside = np.roll(rows, -1, axis=1)
                    normal = np.cross(beside[1:] - rows[:-1], rows[1:] - beside[:-1])
                    normals.append(normal / np.linalg.norm(normal, axis=-1, keepdims=True))
                rows = (np.einsum("rcx,rcx->rc", *normals) < -0.2).sum(1)
                turned += rows
                total += normals[0].shape[1]
    # What turns are folds at the outer corner (crow's feet) and under the fold of the upper lid.
    assert turned.sum() / total / len(turned) < 0.01, turned


def test_aperture_falls_with_closure_and_grows_with_au5():
    for person in crowd():

        def height(aus, person=person):
            return next(
                opening(p, g.outer).max() for g, p, _ in on_balls(person, both(person, aus))
            )

        closing = [height({45: level}) for level in range(6)]
        assert (np.diff(closing) < -0.1 * closing[0]).all()
        assert height({45: 2}) == pytest.approx(0.6 * closing[0], rel=0.15)
        widening = [height({5: level}) for level in range(6)]
        assert (np.diff(widening) > 0.0001).all()
        for au in (6, 7):
            assert (np.diff([height({au: level}) for level in range(6)]) < 0).all()


def test_lids_go_with_the_gaze():
    person = crowd()[ADULT]
    tops = []
    for pitch in (-0.3, -0.15, 0.0, 0.15, 0.3):
        posed = both(person, {}, np.array([[0, pitch]] * 2, np.float32))
        tops.append(person.landmarks(posed)[[37, 38, 43, 44], 1].mean())
    assert (np.diff(tops) > 0.0007).all()


def test_eyeballs_turn_to_their_gaze():
    person = crowd()[ADULT]
    looks = np.array([[0.3, 0.1], [-0.2, -0.25]], np.float32)
    balls = gaze.eyeballs(person, looks)
    for eye, (yaw, pitch) in enumerate(looks):
        axis = balls[eye, 0] - person.eyes.centre[eye]
        expected = [np.sin(yaw) * np.cos(pitch), np.sin(pitch), np.cos(yaw) * np.cos(pitch)]
        assert np.allclose(axis / np.linalg.norm(axis), expected, atol=1e-5)


def test_sealed_lips_stay_sealed_and_parted_ones_do_not_cross():
    rng = np.random.default_rng(8)
    for person in crowd():
        grid = person.topology.lips
        rest = lips.gaps(person.vertices[grid.rows], grid)
        width = np.ptp(person.vertices[grid.rows][lips.WALL_ROWS, :, 0])
        sealed = both(person, expression(rng, au25=0.0, au26=0.0, au27=0.0))
        assert np.abs(lips.gaps(sealed[grid.rows], grid) - rest).max() < 0.008 * width
        for jaw in ({"au25": 3.0}, {"au26": 4.0}, {"au27": 5.0, "au26": 0.0}):
            now = lips.gaps(both(person, expression(rng, **jaw))[grid.rows], grid)
            assert (now - rest).min() > -0.003 * width
            assert now.max() > 0.03 * width


def test_neutral_lips_are_closed():
    for person in crowd():
        grid = person.topology.lips
        assert lips.gaps(person.vertices[grid.rows], grid).max() < 0.0001


def test_teeth_and_tongue_go_with_the_jaw():
    person = crowd()[ADULT]
    part = person.topology.part
    moved = both(person, {27: 5}) - person.vertices
    chin = (person.landmarks(both(person, {27: 5})) - person.landmarks(person.vertices))[8, 1]
    assert np.abs(moved[part == 1]).max() == 0
    assert moved[part == 2][:, 1].mean() < 0.4 * chin
    assert moved[part == 3][:, 1].mean() < 0.4 * chin


def test_the_same_pose_is_the_same_bytes():
    rng = np.random.default_rng(9)
    person = crowd()[ADULT]
    aus = expression(rng, au43=1.0)
    again = replace(person, age_years=person.age_years)
    assert both(person, aus).tobytes() == both(again, aus).tobytes()


def test_what_the_rig_cannot_do_raises():
    person = crowd()[ADULT]
    with pytest.raises(ValueError, match=r"AU must be one of .*, got 28"):
        both(person, {28: 1.0})
    with pytest.raises(ValueError, match=r"AU4 on the left must be between 0 and 5, got 5.5"):
        blendshapes.pose(person, {4: 5.5}, {})
    with pytest.raises(ValueError, match="AU43 on the right must be between 0 and 1, got 2"):
        blendshapes.pose(person, {}, {43: 2.0})
    with pytest.raises(ValueError, match=r"AU25 must be equal left and right, got 1.0 and 0.0"):
        blendshapes.pose(person, {25: 1.0}, {})
    with pytest.raises(ValueError, match=r"gaze must be angles within 0.9 rad, got"):
        both(person, {}, np.full((2, 2), 1.2, np.float32))
    blind = replace(person, eyes=replace(person.eyes, radius=np.zeros(2, np.float32)))
    with pytest.raises(ValueError, match="gaze must be straight on a head without eyeballs"):
        both(blind, {}, np.full((2, 2), 0.1, np.float32))
    assert np.abs(both(blind, {4: 5}) - person.vertices).max() > 0.003


def test_wide_eyes_leave_an_infants_brow_where_it_is() -> None:
    """Rows of a short lid crowd each other; a ridge before the brow would look like AU1 and 4."""
    model = load()
    infant = model.person(model.mean_phenotypes() | {"age": -0.1}, {}, 0.7)
    moved = blendshapes.pose(infant, {5: 5}, {5: 5}) - infant.vertices
    outermost = np.concatenate([grid.rows[-1] for grid in infant.topology.lids])
    assert np.abs(moved).max() > 1e-3
    assert np.abs(moved[outermost]).max() < 1e-5
