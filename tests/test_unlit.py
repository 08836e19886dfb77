"""The albedo that a camera sees, against closed forms."""

from dataclasses import replace

import numpy as np
import pytest

from render.material import Material, decode_table, material
from render.sight import look
from render.unlit import unlit
from tests.shapes import camera, paper, sphere, square, together


def coloured(albedo: np.ndarray) -> Material:
    size = len(albedo)
    full = np.dstack([albedo, np.full((size, size), 255, np.uint8)])
    normal = np.broadcast_to(np.array([128, 128, 255], np.uint8), (size, size, 3)).copy()
    rough = np.full((size, size), 90, np.uint8)
    return material(full, normal, rough, rough, np.ones((1024, 1024), np.uint8))


def halves(left: int, right: int) -> Material:
    albedo = np.full((64, 64, 3), left, np.uint8)
    albedo[:, 32:] = right
    return coloured(albedo)


def test_a_surface_has_its_own_colour_up_to_its_outline_and_covers_what_it_covers():
    # 40.5 pixels wide and off the middle by 0.06: which samples it holds can be counted.
    flat = square(0.405)
    placed = replace(flat, vertices=flat.vertices + np.array([0.0006, -0.0006, 0], np.float32))
    light, cover = unlit(look(placed, camera(), paper(170)), paper(170))
    np.testing.assert_allclose(light[cover > 0], decode_table()[170], rtol=1e-6)
    assert (light[cover == 0] == 0).all()
    x, y = np.array([(96, 32), (224, 96), (32, 160), (160, 224)]).T / 256
    low, high = 32.06 - 20.25, 32.06 + 20.25
    at = np.arange(64)[:, None]
    inside = [(at + part > low) & (at + part < high) for part in (x, y)]
    wanted = (inside[1][:, None] & inside[0][None]).mean(axis=2)
    np.testing.assert_array_equal(cover, wanted)
    assert set(np.unique(cover).tolist()) == {0.0, 0.25, 1.0}


def test_where_surfaces_meet_in_a_pixel_each_weighs_as_many_samples_as_it_covers():
    # The front one ends in the middle of a pixel: two of four samples see it.
    made = halves(40, 220)
    front, behind = square(0.41), square(4.0, z=-0.2)
    front = replace(front, uv=np.full((4, 2), 0.25, np.float32))
    behind = replace(behind, uv=np.full((4, 2), 0.75, np.float32))
    light, cover = unlit(look(together(front, behind), camera(), made), made)
    assert (cover == 1).all()
    dark, bright = decode_table()[[40, 220]]
    np.testing.assert_allclose(light[32, 32], dark, rtol=1e-6)
    np.testing.assert_allclose(light[32, 11], (dark + bright) / 2, rtol=1e-6)
    np.testing.assert_allclose(light[32, 10], bright, rtol=1e-6)


def test_a_smooth_texture_comes_back_as_it_stands_at_the_middle_of_a_pixel():
    code = np.arange(128)
    albedo = np.broadcast_to(np.stack([code, 255 - code, code // 2], -1), (128, 128, 3))
    made = coloured(albedo.astype(np.uint8))
    light, cover = unlit(look(square(1.28), camera(128), made), made)
    assert (cover == 1).all()
    # A pixel is a texel, and their middles lie upon each other.
    np.testing.assert_allclose(light, decode_table()[albedo], atol=0.004)


def test_an_edge_is_not_darkened_and_no_light_is_asked_for():
    ball = sphere(0.2)
    pale, rough = paper(200), paper(200, scatter=255)
    light, cover = unlit(look(ball, camera(96), pale), pale)
    assert ((cover > 0) & (cover < 1)).sum() > 50
    np.testing.assert_allclose(light[cover > 0], decode_table()[200], rtol=1e-6)
    again, _ = unlit(look(replace(ball, normals=-ball.normals), camera(96), rough), rough)
    np.testing.assert_array_equal(light, again)


def test_material_of_another_device_is_refused():
    made = paper()
    sight = look(square(), camera(), made)
    away = replace(made, device="cuda:0")
    with pytest.raises(ValueError, match="material must be on cpu, got cuda:0"):
        unlit(sight, away)
    with pytest.raises(ValueError, match="material must be on cpu, got cuda:0"):
        look(square(), camera(), away)
