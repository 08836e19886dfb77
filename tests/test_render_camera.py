"""The camera against figures worked by hand, and angles against the pictures they mean."""

import numpy as np
import pytest

from render.camera import (
    Camera,
    head_angles,
    head_rotation,
    intrinsics,
    look_at,
    project,
    unproject,
)
from tests.shapes import camera


def test_projects_as_worked_by_hand():
    # 0.1 m to the right and 0.05 m up at 2 m: 500 * 0.1 / 2 = 25 px right, 12.5 px up.
    seen = Camera(
        intrinsics(500.0, 640, 480), look_at(np.array([0, 0, 2.0]), np.zeros(3)), 640, 480
    )
    pixels, depth = project(seen, np.array([[0.1, 0.05, 0.0], [0.0, 0.0, 1.0]]))
    np.testing.assert_allclose(pixels, [[345.0, 227.5], [320.0, 240.0]], atol=1e-9)
    np.testing.assert_allclose(depth, [2.0, 1.0], atol=1e-12)


def test_unproject_undoes_project():
    rng = np.random.default_rng(0)
    seen = Camera(
        intrinsics(700.0, 512, 400),
        look_at(np.array([0.4, 0.3, 1.1]), np.array([0, 0.1, 0])),
        512,
        400,
    )
    points = rng.uniform(-0.2, 0.2, (200, 3))
    np.testing.assert_allclose(unproject(seen, *project(seen, points)), points, atol=1e-12)
    np.testing.assert_allclose(seen.position, [0.4, 0.3, 1.1], atol=1e-12)


def test_look_at_puts_the_target_in_the_middle_and_up_upwards():
    eye, target = np.array([1.0, 0.7, 0.9]), np.array([0.1, -0.2, 0.05])
    seen = Camera(intrinsics(300.0, 100, 80), look_at(eye, target), 100, 80)
    pixels, depth = project(seen, target + np.array([[0, 0, 0], [0, 0.01, 0]]))
    np.testing.assert_allclose(pixels[0], [50, 40], atol=1e-9)
    assert depth[0] == pytest.approx(np.linalg.norm(target - eye))
    assert pixels[1, 1] < 40
    assert pixels[1, 0] == pytest.approx(50, abs=1e-9)


@pytest.mark.parametrize(
    ("angles", "moves"),
    [((0.3, 0.0, 0.0), (1, 0)), ((0.0, 0.3, 0.0), (0, -1))],
)
def test_yaw_turns_the_nose_right_and_pitch_up(angles, moves):
    nose = head_rotation(*angles) @ np.array([0, 0, 0.1])
    pixels, _ = project(camera(), nose[None])
    np.testing.assert_array_equal(np.sign(np.round(pixels[0] - 32, 9)), moves)


def test_roll_turns_the_crown_clockwise():
    crown = head_rotation(0.0, 0.0, 0.3) @ np.array([0, 0.1, 0])
    pixels, _ = project(camera(), crown[None])
    assert pixels[0, 0] > 32
    assert pixels[0, 1] < 32


def test_angles_undo_rotation_and_are_against_the_camera():
    rng = np.random.default_rng(1)
    for _ in range(50):
        angles = rng.uniform((-3, -1.5, -3), (3, 1.5, 3))
        np.testing.assert_allclose(head_angles(camera(), head_rotation(*angles)), angles, atol=1e-9)
    # A head that looks along +z, seen by a camera that went 0.4 rad towards +x about it.
    eye = np.array([np.sin(0.4), 0, np.cos(0.4)])
    aside = Camera(intrinsics(100.0, 64, 64), look_at(eye, np.zeros(3)), 64, 64)
    np.testing.assert_allclose(head_angles(aside, np.eye(3)), [-0.4, 0, 0], atol=1e-12)


def test_refuses_what_is_no_camera():
    flipped = look_at(np.array([0, 0, 1.0]), np.zeros(3)) * np.array([[-1.0], [1], [1]])
    with pytest.raises(ValueError, match="extrinsics must hold a rotation"):
        Camera(intrinsics(100.0, 8, 8), flipped, 8, 8)
    with pytest.raises(ValueError, match="focal lengths must be above 0"):
        Camera(intrinsics(0.0, 8, 8), look_at(np.array([0, 0, 1.0]), np.zeros(3)), 8, 8)
    with pytest.raises(ValueError, match="picture size must be at least 1, got 0 x 8"):
        Camera(intrinsics(9.0, 8, 8), look_at(np.array([0, 0, 1.0]), np.zeros(3)), 0, 8)
    with pytest.raises(ValueError, match="target must lie apart from eye"):
        look_at(np.array([0, 1.0, 0]), np.zeros(3))
