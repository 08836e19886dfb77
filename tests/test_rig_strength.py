"""What a FACS coder looks for is there, grows with intensity, and stays where the muscle is."""

import numpy as np
import pytest
from scipy.spatial import cKDTree

from assets import au_regions, facs, head
from assets.lid_grid import SOCKET_ROWS
from assets.lips import WALL_ROWS
from rigging import blendshapes
from tests.crowd import AGES, crowd
from tests.test_eyes import on_balls, opening

LEVELS = (0, 1, 2, 3, 4, 5)


def both(who, aus):
    return blendshapes.pose(who, aus, aus)


def lid_gap(who, vertices):
    return np.mean([opening(p, g.outer).max() for g, p, _ in on_balls(who, vertices)])


def everybody():
    """A person of each age and each of the three ethnicities."""
    rng = np.random.default_rng(21)
    model = head.load()
    for age in AGES[::2]:
        for own in head.ETHNICITIES:
            shares = {name: 0.9 if name == own else 0.05 for name in head.ETHNICITIES}
            traits = {"age": age[0], "gender": float(rng.random()), "weight": 0.5}
            yield model.person(model.mean_phenotypes() | traits | shares, {}, age[1])


@pytest.fixture(scope="module")
def people():
    return (*crowd()[::2], *everybody())


def test_brows_come_together_and_down_with_au4(people):
    for who in people:
        rest, at = who.landmarks(who.vertices), who.landmarks(both(who, {4: 5}))
        closer = 1 - np.linalg.norm(at[21] - at[22]) / np.linalg.norm(rest[21] - rest[22])
        height = rest[[21, 22], 1].mean() - rest[[39, 42], 1].mean()
        lower = (rest[[21, 22], 1] - at[[21, 22], 1]).mean() / height
        assert closer > 0.28
        assert lower > 0.18


def test_cheeks_rise_and_lower_lids_with_them_at_au6(people):
    for who in people:
        millimetre = np.ptp(who.eyes.centre[:, 0]) / 63
        moved = (both(who, {6: 5}) - who.vertices) / millimetre
        chart = who.vertices / (31.5 * millimetre)
        below = (np.abs(chart[:, 0] - 1.17) < 0.5) & (np.abs(chart[:, 1] + 0.6) < 0.4)
        cheek = below & (who.topology.part == head.SKIN) & (chart[:, 2] > -0.4)
        assert moved[cheek, 1].max() > 3.0
        assert moved[cheek, 2].max() > 2.5
        rest, at = who.landmarks(who.vertices), who.landmarks(both(who, {6: 5}))
        assert (at - rest)[[40, 41, 46, 47], 1].mean() > millimetre
        assert lid_gap(who, both(who, {6: 5})) < 0.85 * lid_gap(who, who.vertices)


def test_lids_narrow_with_au7(people):
    for who in people:
        share = lid_gap(who, both(who, {7: 5})) / lid_gap(who, who.vertices)
        assert 0.35 < share < 0.6
        # Traces show: a third of that at 1.
        trace = lid_gap(who, both(who, {7: 1})) / lid_gap(who, who.vertices)
        assert 1 - trace > 0.3 * (1 - share)


def test_nose_rises_at_au9_and_wings_flare(people):
    for who in people:
        rest, at = who.landmarks(who.vertices), who.landmarks(both(who, {9: 5}))
        length = rest[27, 1] - rest[33, 1]
        assert (at - rest)[[31, 35], 1].mean() > 0.07 * length
        assert at[35, 0] - at[31, 0] > 1.03 * (rest[35, 0] - rest[31, 0])
        assert (at - rest)[[21, 22], 1].mean() < 0


def test_upper_lip_rises_with_au10(people):
    for who in people:
        rest, at = who.landmarks(who.vertices), who.landmarks(both(who, {10: 5}))
        height = rest[33, 1] - rest[62, 1]
        assert (at - rest)[[50, 51, 52], 1].mean() > 0.17 * height
        # Chin and jaw stay.
        assert np.abs(at - rest)[5:12].max() < 0.02 * height


def faces_motion(who, moved):
    """Root mean square of the motion of the face's skin, in eye distances."""
    front = (who.topology.part == head.SKIN) & (who.vertices[:, 2] > -0.02)
    length = np.linalg.norm(moved[front], axis=1)
    return float(np.sqrt((length**2).mean()) / np.ptp(who.eyes.centre[:, 0]))


@pytest.mark.parametrize("au", [au for au in facs.AUS if au != 43])
def test_every_step_of_every_au_adds(au):
    for who in crowd()[::4]:
        size = np.array([faces_motion(who, both(who, {au: k}) - who.vertices) for k in LEVELS])
        steps = np.diff(size)
        assert (steps > 0.5 * steps.mean()).all(), steps
        assert steps[0] > 0.15 * size[-1]


@pytest.mark.parametrize("au", facs.PAIN_AUS)
def test_no_age_shows_less(au):
    level = {au: min(3.0, facs.HIGHEST[au])}
    shown = [
        np.mean([faces_motion(who, both(who, level) - who.vertices) for who in crowd()[k : k + 2]])
        for k in range(0, 2 * len(AGES), 2)
    ]
    assert (np.array(shown) > 0.75 * np.mean(shown)).all(), shown
    assert (np.array(shown) < 1.3 * np.mean(shown)).all(), shown


def areas(vertices, quads):
    across, down = (vertices[quads[:, k + 2]] - vertices[quads[:, k]] for k in range(2))
    quarter = np.linalg.norm(np.cross(across, down), axis=1) / 8
    return np.bincount(quads.ravel(), np.repeat(quarter, 4), len(vertices))


@pytest.mark.parametrize("au", [4, 6, 7, 9, 10])
def test_motion_stays_where_the_muscle_is(au):
    """Regions are drawn from anatomy on the mean adult: most of what moves lies in its own."""
    model = head.load()
    mean = model.person(model.mean_phenotypes(), {}, 30.0)
    chart = mean.vertices / au_regions.unit(mean)
    front = (mean.topology.part == head.SKIN) & (chart[:, 2] > au_regions.FRONT)
    plane = np.stack([np.abs(chart[:, 0]), chart[:, 1]], axis=1)
    inside = front & au_regions.within(np.array(au_regions.OUTLINES[au], np.float32), plane)
    away, _ = cKDTree(chart[inside]).query(chart, distance_upper_bound=au_regions.rim())
    for grid in mean.topology.lids:
        front[grid.rows[:SOCKET_ROWS]] = False
    front[mean.topology.lips.rows[:WALL_ROWS]] = False
    for who in crowd():
        moved = np.linalg.norm(both(who, {au: 4}) - who.vertices, axis=1)
        weight = moved * front * areas(who.vertices, who.topology.quads)
        assert weight[np.isfinite(away)].sum() > 0.8 * weight.sum()
