"""Maps and landmarks against closed forms."""

from dataclasses import replace

import numpy as np
import pytest

from render.camera import VIEWER, Camera, intrinsics, look_at, unproject
from render.device import start
from render.image import draw
from render.maps import landmarks, maps
from render.mesh import Points
from render.raster import visible
from render.surface import pose
from tests.shapes import camera, mesh, paper, scene, sphere, square, sun, together


def read(surface, seen, made=None):
    made = made or paper()
    posed = pose(surface, seen, start("cpu"))
    return maps(posed, surface, made, visible(posed, made.albedo, made.size))


def grid(array, seen: Camera):
    values = array.numpy()
    return (
        values.reshape(seen.height, seen.width, -1).squeeze(-1)
        if values.ndim == 1
        else (values.reshape(seen.height, seen.width, values.shape[-1]))
    )


def pixel_centres(seen: Camera) -> np.ndarray:
    x, y = np.meshgrid(np.arange(seen.width) + 0.5, np.arange(seen.height) + 0.5)
    return np.stack([x, y], axis=-1)


def test_depth_inside_a_sphere_is_its_radius():
    seen = camera(48, focal_px=30.0)
    around = sphere(0.4, rings=160, inward=True)
    around = replace(around, vertices=around.vertices + np.float32((0, 0, 1.0)))
    depth = grid(read(around, seen).depth, seen)
    points = unproject(seen, pixel_centres(seen), depth)
    distance = np.linalg.norm(points - (0, 0, 1.0), axis=-1)
    # A chord of 1/160 of a half turn lies at most 5e-5 of the radius inside,
    # and the diagonal of a cell twice that.
    np.testing.assert_allclose(distance, 0.4, rtol=1.3e-4)


def test_plane_has_its_depth_its_normal_and_its_texture_coordinates():
    tilt, turn = 0.5, 0.3
    about_x = np.array(
        [[1, 0, 0], [0, np.cos(tilt), -np.sin(tilt)], [0, np.sin(tilt), np.cos(tilt)]]
    )
    about_z = np.array(
        [[np.cos(turn), -np.sin(turn), 0], [np.sin(turn), np.cos(turn), 0], [0, 0, 1]]
    )
    rotation = about_z @ about_x
    flat = square(4.0)
    normal = rotation @ np.array([0, 0, 1.0])
    tilted = mesh(flat.vertices @ rotation.T, flat.triangles, flat.uv, np.tile(normal, (4, 1)))
    seen = Camera(
        intrinsics(80.0, 50, 40), look_at(np.array([0.1, 0.2, 1.3]), np.array([0, 0.1, 0])), 50, 40
    )
    made = read(tilted, seen)
    depth = grid(made.depth, seen)
    points = unproject(seen, pixel_centres(seen), depth)
    np.testing.assert_allclose(points @ normal, 0, atol=1e-4)
    in_camera = VIEWER @ seen.extrinsics[:, :3] @ normal
    np.testing.assert_allclose(grid(made.normal, seen) - in_camera, 0, atol=1e-6)
    assert in_camera[2] > 0
    np.testing.assert_allclose(
        grid(made.uv, seen), (points @ rotation)[..., :2] / 4 + 0.5, atol=1e-4
    )


def test_heat_is_linear_on_the_surface_and_classes_are_the_nearest_texel():
    seen = camera(40, focal_px=60.0)
    flat = square(1.0)
    heat = np.outer(flat.uv[:, 0] + 2 * flat.uv[:, 1], np.arange(6)).astype(np.float32)
    made = paper()
    mask = np.ones((1024, 1024), np.uint8)
    mask[:512, 512:] = 7  # upper right of the atlas
    coded = replace(made, classes=type(made.classes)(mask.reshape(-1), device="cpu"))
    out = read(replace(flat, heat=heat), seen, coded)
    uv = grid(out.uv, seen)
    wanted = (uv[..., 0] + 2 * uv[..., 1]) * np.arange(6)[:, None, None]
    np.testing.assert_allclose(out.heat.numpy().reshape(6, 40, 40), wanted, atol=2e-5)
    inside = (uv[..., 0] >= 0.5) & (uv[..., 1] > 0.5)
    np.testing.assert_array_equal(grid(out.classes, seen), np.where(inside, 7, 1))


def test_background_is_zero_in_every_map():
    seen = camera(32)
    out = read(square(0.1), seen)
    depth = grid(out.depth, seen)
    assert 0 < (depth > 0).sum() < 200
    for name in ("normal", "classes", "uv"):
        assert (grid(getattr(out, name), seen)[depth == 0] == 0).all()
    assert (out.heat.numpy().reshape(6, 32, 32)[:, depth == 0] == 0).all()


def test_landmarks_reprojected_are_their_pixels_in_the_uv_map():
    rng = np.random.default_rng(2)
    ball = sphere(0.2, rings=60)
    seen = camera(256, focal_px=500.0)
    triangle = rng.integers(0, len(ball.triangles), 400).astype(np.int32)
    points = Points(triangle, rng.dirichlet((1, 1, 1), 400).astype(np.float32))
    frame = draw(replace(scene(ball, paper(), sun(), seen), landmarks=points))
    place = points.on(ball.vertices, ball.triangles)
    facing = ((seen.position - place) * place).sum(axis=1) / 0.2
    shown = frame.landmark_visible
    assert shown[facing > 0.05].all()
    assert not shown[facing < -0.3].any()  # nearer to the rim a pixel's corner sees past it
    uv = points.on(ball.uv, ball.uv_triangles)
    column, row = frame.landmarks[shown].astype(int).T
    # A pixel is 0.0016 of a sphere's height at its middle; towards the rim it holds more.
    steep = np.clip(facing[shown], 0.25, 1)
    apart = np.abs(frame.uv[row, column] - uv[shown])
    away = (np.abs(uv[shown][:, 1] - 0.5) < 0.3) & (facing[shown] > 0.25)
    assert (apart[away].max(axis=1) < 0.004 / steep[away] ** 2).all()
    assert away.sum() > 60
    np.testing.assert_allclose(
        frame.depth[row, column][away], frame.landmark_depth[shown][away], atol=0.006
    )


def test_landmarks_are_hidden_by_what_is_nearer_and_outside_the_picture():
    seen = camera(64)
    surface = together(square(1.0), square(0.2, z=0.1), square(0.2, z=0.002))
    centre = np.full((4, 3), 1 / 3, np.float32)
    points = Points(np.array([0, 1, 2, 4], np.int32), centre)
    depth = grid(read(surface, seen).depth, seen)
    _, own, shown = landmarks(points, surface, seen, depth)
    np.testing.assert_allclose(own, [1, 1, 0.9, 0.998], atol=1e-6)
    # The first two lie beside the small square; the last one, and a place on the large square
    # right behind the small one, are covered.
    np.testing.assert_array_equal(shown, [True, True, True, False])
    near = Points(np.array([0], np.int32), np.array([(0.5, 0.0, 0.5)], np.float32))
    assert not landmarks(near, surface, seen, depth)[2][0]
    only = together(square(1.0), square(0.2, z=0.002))
    depth = grid(read(only, seen).depth, seen)
    assert landmarks(near, only, seen, depth)[2][0]  # within the tolerance of 3 mm
    corner = Points(np.array([0], np.int32), np.array([(1.0, 0.0, 0.0)], np.float32))
    assert not landmarks(corner, only, seen, depth)[2][0]


def test_mesh_refuses_bad_indices():
    with pytest.raises(ValueError, match="triangles must be from 0 to 2, got 0 to 3"):
        mesh(np.zeros((3, 3)), [(0, 1, 3)])
    with pytest.raises(ValueError, match="vertices must be finite"):
        mesh(np.full((3, 3), np.nan), [(0, 1, 2)])
