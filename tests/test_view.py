"""Views: framed as the lens says, posed as drawn, and shared by the pictures that should share."""

from dataclasses import replace
from typing import Literal

import numpy as np
import pytest
from scipy import stats

from assets.environments import NAMES
from assets.head import Head, load
from generator.config import GenerateConfig
from generator.framing import Lens, Pose, frame, gaze_angles, head_points, rotation
from generator.identity import make_identity
from generator.view import (
    FILL,
    FOCAL_MM,
    FRONTAL,
    TURNED,
    WARD_PITCH,
    View,
    draw_lens,
    draw_lighting,
    draw_pose,
    make_view,
)
from render.camera import head_angles, project

UNLIKELY = 1e-5
CONFIG = GenerateConfig(views=3, seed=2)


@pytest.fixture(scope="module")
def heads() -> list[Head]:
    made = [make_identity(index, 12, 0, "0-90") for index in range(6)]
    return [
        load().person(one.shape.phenotypes, one.shape.changes, one.person.age_years) for one in made
    ]


@pytest.mark.parametrize("camera", ["portrait", "ward"])
def test_the_head_fills_what_the_lens_says(
    heads: list[Head], camera: Literal["portrait", "ward"]
) -> None:
    config = replace(CONFIG, camera=camera)
    for index, head in enumerate(heads):
        points = head_points(head)
        for number in range(3):
            view = make_view(config, index, number)
            seen = frame(points, view.pose, view.lens, 400)
            pixels, depth = project(seen, points)
            low, high = pixels.min(axis=0) / 400, pixels.max(axis=0) / 400
            assert abs((high - low).max() - view.lens.fill) < 1e-4
            offset = [view.pose.right, view.pose.down]
            assert np.allclose((low + high) / 2 - 0.5, offset, atol=1e-4)
            assert low.min() > 0.07
            assert high.max() < 0.93
            assert 0.3 < depth.min() < depth.max() < 6.5
            angles = head_angles(seen, np.eye(3))
            assert np.allclose(angles, [view.pose.yaw, view.pose.pitch, view.pose.roll])
            assert np.isclose(seen.intrinsics[0, 0] / 400 * 24, view.lens.focal_mm)


def test_head_points_run_from_chin_to_crown(heads: list[Head]) -> None:
    for head in heads:
        points = head_points(head)
        lips = head.vertices[head.topology.loops["lower_lip"]][:, 1].min()
        assert points[:, 1].max() == head.vertices[:, 1].max()
        assert -0.05 < points[:, 1].min() - lips < -0.01
        # As wide as the head with its ears, without the shoulders.
        assert np.ptp(points[:, 0]) < 0.8 * np.ptp(head.vertices[:, 0])
        assert 0.09 < np.ptp(points[:, 0]) < 0.23


def test_poses_turn_the_picture_the_way_their_signs_say() -> None:
    def seen(pose: Pose, point: tuple[float, float, float]) -> np.ndarray:
        turned = rotation(pose) @ np.array(point)
        return turned[:2] - (rotation(pose) @ np.zeros(3))[:2]

    nose, crown = (0.0, 0.0, 0.1), (0.0, 0.1, 0.0)
    assert seen(Pose(0.3, 0.0, 0.0), nose)[0] > 0.02  # to the right
    assert seen(Pose(0.0, 0.3, 0.0), nose)[1] < -0.02  # up
    assert seen(Pose(0.0, 0.0, 0.3), crown)[0] > 0.02  # clockwise


def test_gaze_against_the_camera_adds_to_the_pose(heads: list[Head]) -> None:
    points = head_points(heads[0])
    camera = frame(points, Pose(0.4, 0.0, 0.0), Lens(80.0, 0.6), 100)
    assert np.allclose(gaze_angles(camera, 0.0, 0.0), (0.4, 0.0))
    assert np.allclose(gaze_angles(camera, -0.4, 0.0), (0.0, 0.0))
    level = frame(points, Pose(0.0, 0.2, 0.0), Lens(80.0, 0.6), 100)
    assert np.allclose(gaze_angles(level, 0.0, 0.1), (0.0, 0.3))


def test_poses_follow_their_densities() -> None:
    rng = np.random.default_rng(1)
    front = [draw_pose(0, "portrait", 1.0, rng) for _ in range(1500)]
    uniform = stats.uniform(-FRONTAL, 2 * FRONTAL).cdf
    assert stats.kstest([pose.yaw for pose in front], uniform).pvalue > UNLIKELY
    side = stats.uniform(TURNED[0], TURNED[1] - TURNED[0]).cdf
    for view, first, sign in ((1, 1.0, 1), (2, 1.0, -1), (1, -1.0, -1), (4, -1.0, 1)):
        turned = [sign * draw_pose(view, "portrait", first, rng).yaw for _ in range(1500)]
        assert stats.kstest(turned, side).pvalue > UNLIKELY
    ward = [draw_pose(0, "ward", 1.0, rng).pitch for _ in range(1500)]
    low, high = WARD_PITCH
    assert stats.kstest(ward, stats.uniform(low, high - low).cdf).pvalue > UNLIKELY


@pytest.mark.parametrize("camera", ["portrait", "ward"])
def test_lenses_and_light_follow_their_densities(camera: str) -> None:
    rng = np.random.default_rng(2)
    lenses = [draw_lens(camera, rng)[0] for _ in range(1500)]
    low, high = np.log(FOCAL_MM[camera])
    focal = np.log([lens.focal_mm for lens in lenses])
    assert stats.kstest(focal, stats.uniform(low, high - low).cdf).pvalue > UNLIKELY
    low, high = FILL[camera]
    fill = [lens.fill for lens in lenses]
    assert stats.kstest(fill, stats.uniform(low, high - low).cdf).pvalue > UNLIKELY
    lights = [draw_lighting(NAMES, rng) for _ in range(2400)]
    counts = [sum(light.environment == name for light in lights) for name in NAMES]
    assert stats.chisquare(counts).pvalue > UNLIKELY
    turns = [light.rotation for light in lights]
    assert stats.kstest(turns, stats.uniform(0, 2 * np.pi).cdf).pvalue > UNLIKELY


def silent(view: View) -> View:
    return replace(view, sensor=replace(view.sensor, seed=0))


def test_pictures_of_a_view_share_all_but_the_noise() -> None:
    for number in range(3):
        neutral, pain = (make_view(CONFIG, 5, number, picture) for picture in (0, 3))
        assert silent(neutral) == silent(pain)
        assert neutral.sensor.seed != pain.sensor.seed
    views = [make_view(CONFIG, 5, number) for number in range(3)]
    assert len({silent(view) for view in views}) == 3
    assert views[0].backdrop.surroundings == views[0].lighting
    assert np.sign(views[1].pose.yaw) == -np.sign(views[2].pose.yaw)


def test_vary_draws_anew_what_it_names_and_nothing_else() -> None:
    plain = make_view(CONFIG, 1, 1, 2)
    posed = make_view(replace(CONFIG, vary=("pose",)), 1, 1, 2)
    lit = make_view(replace(CONFIG, vary=("light",)), 1, 1, 2)
    behind = make_view(replace(CONFIG, vary=("background",)), 1, 1, 2)
    assert posed.pose != plain.pose
    assert replace(posed, pose=plain.pose) == plain
    assert np.sign(posed.pose.yaw) == np.sign(plain.pose.yaw)
    assert lit.lighting != plain.lighting
    assert replace(lit, lighting=plain.lighting) == plain
    assert behind.backdrop.surroundings != plain.backdrop.surroundings
    assert behind.backdrop.colours != plain.backdrop.colours
    assert behind.backdrop.aperture == plain.backdrop.aperture
    assert replace(behind, backdrop=plain.backdrop) == plain
    both = make_view(replace(CONFIG, vary=("light", "background")), 1, 1, 2)
    assert both.backdrop.surroundings == both.lighting
    assert both.lighting != make_view(replace(CONFIG, vary=("light",)), 1, 1, 3).lighting


def test_a_view_depends_on_the_arguments_alone() -> None:
    assert make_view(CONFIG, 7, 2, 1) == make_view(replace(CONFIG, identities=9), 7, 2, 1)
    assert make_view(CONFIG, 7, 2, 1) != make_view(replace(CONFIG, seed=3), 7, 2, 1)
    sides = [np.sign(make_view(CONFIG, index, 1).pose.yaw) for index in range(60)]
    assert 15 < sum(side > 0 for side in sides) < 45


@pytest.mark.parametrize(("view", "picture", "text"), [
    (3, 0, "view must be from 0 to 2, got 3"),
    (-1, 0, "view must be from 0 to 2, got -1"),
    (0, -1, "picture must be at least 0, got -1"),
])  # fmt: skip
def test_a_view_that_is_not_there_is_refused(view: int, picture: int, text: str) -> None:
    with pytest.raises(ValueError, match=text):
        make_view(CONFIG, 0, view, picture)


def test_bad_fills_are_refused(heads: list[Head]) -> None:
    with pytest.raises(ValueError, match=r"fill must be above 0 and at most 1, got 1.5"):
        frame(head_points(heads[0]), Pose(0.0, 0.0, 0.0), Lens(80.0, 1.5), 64)
