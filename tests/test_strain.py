"""Strain and swelling of the skin: closed forms on known maps, and nothing where nothing moves."""

import numpy as np
import pytest

from assets.head import SKIN, Head
from rigging import strain
from rigging.blendshapes import pose
from rigging.swell import soft, swell
from tests.crowd import crowd


@pytest.fixture(scope="module")
def adult() -> Head:
    return crowd()[12]


def skin(head: Head) -> np.ndarray:
    return head.topology.part == SKIN


def test_an_affine_map_has_its_own_stretch_everywhere(adult: Head) -> None:
    linear = np.array([[1.1, 0.2, 0.0], [0.0, 0.8, 0.1], [0.05, 0.0, 0.95]], np.float32)
    change = strain.metric(adult, adult.vertices @ linear.T)
    normal = strain.normals(adult, adult.vertices)
    on = skin(adult) & (adult.vertices[:, 2] > -0.02) & (adult.vertices[:, 1] > 0.03)
    # On the smooth forehead neighbours have nearly one plane, so smoothing keeps the closed form.
    along = np.cross(normal, np.array([0.0, 1.0, 0.0], np.float32))
    along /= np.linalg.norm(along, axis=1, keepdims=True) + 1e-9
    across = np.cross(normal, along)
    for direction in (along, across):
        got = strain.stretch(change[on], direction[on].astype(np.float32))
        expected = np.linalg.norm(direction[on] @ linear.T, axis=1)
        assert np.median(np.abs(got - expected)) < 0.01
    got = strain.area(change[on], normal[on])
    expected = np.linalg.norm(np.cross(along[on] @ linear.T, across[on] @ linear.T), axis=1)
    assert np.median(np.abs(got - expected)) < 0.01


def test_turning_the_head_is_no_strain(adult: Head) -> None:
    turn = np.array([[0.8, 0.0, 0.6], [0.0, 1.0, 0.0], [-0.6, 0.0, 0.8]], np.float32)
    change = strain.metric(adult, adult.vertices @ turn.T + np.float32(0.1))
    assert np.abs(change).max() < 2e-3


def test_the_neutral_has_no_strain_and_does_not_swell(adult: Head) -> None:
    change = strain.metric(adult, adult.vertices)
    assert not change.any()
    assert (swell(adult, adult.vertices, change) == adult.vertices).all()


def test_a_frown_is_pushed_together_between_the_brows(adult: Head) -> None:
    posed = pose(adult, {4: 5}, {4: 5})
    change = strain.metric(adult, posed)
    glabella = adult.landmarks(adult.vertices)[[21, 22]].mean(0)
    near = skin(adult) & (np.linalg.norm(adult.vertices - glabella, axis=1) < 0.012)
    sideways = np.tile(np.array([1, 0, 0], np.float32), (int(near.sum()), 1))
    assert strain.stretch(change[near], sideways).mean() < 0.93
    far = skin(adult) & (adult.vertices[:, 1] < -0.06)
    assert np.abs(change[far]).max() < 0.01


@pytest.mark.parametrize("who", [0, 4, 8, 12, 17])
def test_swelling_keeps_the_volume_and_spares_lids_and_lips(who: int) -> None:
    head = crowd()[who]
    posed = pose(head, {4: 5, 6: 5, 10: 5}, {4: 5, 6: 5, 10: 5})
    change = strain.metric(head, posed)
    out = swell(head, posed, change)
    moved = out - posed
    assert not moved[soft(head.topology) == 0].any()
    ratio = strain.area(change, strain.normals(head, head.vertices))
    height = (moved * strain.normals(head, posed)).sum(1)
    pushed = (ratio < 0.85) & (soft(head.topology) > 0.9)
    assert pushed.sum() > 10
    assert (height[pushed] > 0).mean() > 0.97
    assert 0.0005 < height.max() < 0.0045
