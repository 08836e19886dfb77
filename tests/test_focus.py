"""Depth of field against thin lenses, energy, and edges that must stay as they are."""

from dataclasses import replace

import numpy as np
import pytest
import warp as wp

from render.background import disc
from render.camera import Camera
from render.focus import blur_radius, focused
from render.image import draw
from render.raster import visible
from render.scene import Scene
from render.surface import pose
from tests.shapes import camera, paper, scene, square, sun, together

SIZE = 64
SEEN = camera(SIZE, 400.0)
BLACK = np.zeros((SIZE, SIZE, 3), np.float32)


def through(mesh, light: np.ndarray, lens: tuple[float, float], behind=BLACK) -> np.ndarray:
    """The light of a mesh's picture after a lens."""
    material = paper()
    posed = pose(mesh, SEEN, "cpu")
    keys = visible(posed, material.albedo, material.size)
    given = wp.array(light.reshape(-1, 3).astype(np.float32), dtype=wp.vec3, device="cpu")
    return focused(given, keys, behind, SEEN, lens).numpy().reshape(light.shape)


@pytest.mark.parametrize("depth", [0.6, 0.95, 1.1, 2.0, 1e6])
def test_circle_of_confusion_is_the_cone_of_the_lens(depth: float) -> None:
    seen = Camera(np.diag([1400.0, 1400.0, 1.0]), np.eye(4)[:3], 64, 64)
    focus, aperture = 1.0, 0.02
    # Rays from both edges of the lens to the point meet the plane in focus this far apart.
    edges = np.array([-aperture / 2, aperture / 2])
    across = edges * (1 - focus / depth)
    diameter = abs(across[1] - across[0]) / focus * 1400.0
    assert 2 * blur_radius(seen, aperture, focus, depth) == pytest.approx(diameter, rel=1e-9)


def test_a_point_becomes_an_even_disc_of_the_same_light() -> None:
    light = BLACK.copy()
    light[32, 30] = (40.0, 20.0, 10.0)
    lens = (0.05, 0.8)  # the plane is at 1 m
    radius = blur_radius(SEEN, *lens, 1.0)
    assert 2.0 < radius < 4.0
    out = through(square(), light, lens)
    np.testing.assert_allclose(out.sum(axis=(0, 1)), [40.0, 20.0, 10.0], rtol=1e-5)
    y, x = np.mgrid[:SIZE, :SIZE]
    share = out[..., 0] / 40.0
    assert (share * x).sum() == pytest.approx(30.0, abs=1e-4)
    assert (share * y).sum() == pytest.approx(32.0, abs=1e-4)
    # Each axis of an even disc has a variance of a quarter of its radius squared.
    variance = (share * (x - 30) ** 2).sum()
    assert variance == pytest.approx(radius**2 / 4, rel=0.06)
    assert share[np.hypot(x - 30, y - 32) > radius + 0.6].max() == 0.0
    inside = share[np.hypot(x - 30, y - 32) < radius - 0.6]
    assert np.ptp(inside) == pytest.approx(0.0, abs=1e-7)


def test_what_is_in_focus_is_left_as_it_is() -> None:
    rng = np.random.default_rng(1)
    light = rng.random((SIZE, SIZE, 3)).astype(np.float32)
    np.testing.assert_array_equal(through(square(), light, (0.05, 1.0)), light)
    np.testing.assert_array_equal(through(square(), light, (0.0002, 0.9)), light)


def test_an_edge_before_a_background_is_the_blurred_cover() -> None:
    """A plane that ends inside the picture, against the convolution of its mask."""
    mesh = square(0.08)  # 32 pixels, its edges on edges of pixels
    cover = np.zeros((SIZE, SIZE))
    cover[16:48, 16:48] = 1.0
    behind = np.full_like(BLACK, 5.0)
    light = np.where(cover[..., None] > 0, 1.0, 5.0).repeat(3, axis=2)
    out = through(mesh, light, (0.06, 0.8), behind)
    radius = blur_radius(SEEN, 0.06, 0.8, 1.0)
    weights = disc(radius)  # the same disc by another way of sampling it
    half = len(weights) // 2
    padded = np.pad(cover, half)
    soft = sum(
        weights[i, j] * padded[i : i + SIZE, j : j + SIZE]
        for i in range(len(weights))
        for j in range(len(weights))
    )
    expected = soft + (1 - soft) * 5.0
    np.testing.assert_allclose(out[..., 1], expected, atol=0.12)
    assert np.abs(out[..., 1] - expected).mean() < 0.01
    far = (np.abs(np.mgrid[:SIZE, :SIZE] - 31.5).max(axis=0)) > 16 + radius + 1
    np.testing.assert_array_equal(out[far], behind[far])


def test_nothing_bleeds_over_a_sharp_edge_in_front() -> None:
    front = square(0.08)
    wall = square(1.0, z=-0.6)
    behind = np.full_like(BLACK, 1000.0)
    light = np.full_like(BLACK, 7.0)
    light[16:48, 16:48] = 1.0
    out = through(together(front, wall), light, (0.08, 1.0), behind)
    np.testing.assert_array_equal(out[16:48, 16:48], light[16:48, 16:48])
    # What the front hides of the wall is missing there, and neither it nor the sky fills it.
    around = np.ones((SIZE, SIZE), bool)
    around[16:48, 16:48] = False
    around[[0, 1, 2, 3, -1, -2, -3, -4]] = around[:, [0, 1, 2, 3, -1, -2, -3, -4]] = False
    np.testing.assert_allclose(out[around], 7.0, rtol=1e-5)


def test_maps_do_not_know_of_it_and_off_costs_no_byte() -> None:
    sky = np.zeros((9, 3), np.float32)
    sky[0] = 1.0
    drawn: Scene = scene(square(0.3, z=-0.1), paper(), sun(sky=sky), camera(64, 100.0))
    sharp, soft = draw(drawn), draw(replace(drawn, aperture=0.2, focus=0.9))
    assert (sharp.image != soft.image).any()
    for name in ("depth", "normal", "classes", "uv", "heat", "landmarks"):
        np.testing.assert_array_equal(getattr(sharp, name), getattr(soft, name))
    again = draw(replace(drawn, aperture=0.0, focus=5.0))
    np.testing.assert_array_equal(again.image, sharp.image)


def test_lenses_that_cannot_be_are_refused() -> None:
    drawn = scene(square(), paper(), sun(), camera(16, 100.0))
    with pytest.raises(ValueError, match=r"aperture must be at least 0, got -0\.1"):
        replace(drawn, aperture=-0.1)
    with pytest.raises(ValueError, match=r"focus must be above 0, got 0\.0"):
        replace(drawn, focus=0.0)
