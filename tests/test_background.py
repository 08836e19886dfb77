from dataclasses import replace

import cv2
import numpy as np
import pytest

from assets.environments import load
from render import background
from render.background import decode_srgb, defocused, disc, gradient, held, picture, plain
from render.camera import Camera, intrinsics, look_at, project
from render.develop import STEPS, WHITEST, tone_table
from render.panorama import about_y, directions
from render.surroundings import balance


def camera(eye=(0.0, 0.0, 1.1), size=(256, 192), focal=600.0):
    extrinsics = look_at(np.array(eye), np.zeros(3))
    return Camera(intrinsics(focal, *size), extrinsics, *size)


def surroundings(panorama):
    return replace(load("lebombo"), panorama=np.ascontiguousarray(panorama, np.float32))


def test_even_surroundings_stay_even():
    grey = surroundings(np.full((64, 128, 3), [0.25, 0.5, 0.75]))
    shown = defocused(grey, 0.4, camera(), 0.02)
    expected = np.array([0.25, 0.5, 0.75]) * balance(grey, 0.4)
    np.testing.assert_allclose(shown, np.broadcast_to(expected, shown.shape), rtol=1e-5)


def test_a_lamp_stands_where_the_camera_projects_it_and_is_as_wide_as_the_aperture():
    panorama = np.zeros((256, 512, 3))
    row, column = 131, 10
    panorama[row, column] = 1000.0
    towards = directions(256, 512)[row, column] @ about_y(0.0).T
    seen = camera(size=(512, 512), focal=1200.0)
    pixel, depth = project(seen, seen.position + 1e6 * towards)
    assert depth > 0
    for aperture in (0.06, 0.12):
        shown = defocused(surroundings(panorama), 0.0, seen, aperture)[..., 1]
        assert shown.min() >= 0
        rows, columns = np.mgrid[0:512, 0:512] + 0.5
        centre = [(columns * shown).sum() / shown.sum(), (rows * shown).sum() / shown.sum()]
        np.testing.assert_allclose(centre, pixel, atol=1.0)
        # Second moment: of the disc (radius² / 4 along an axis), of the cubic B-spline of the
        # panorama's pixels (1/3 of a pixel squared), and of the grid: the shares of its squares
        # (1/12) and the linear enlargement (1/6).
        spread = ((columns - centre[0]) ** 2 * shown).sum() / shown.sum()
        disc_px = 1200.0 * aperture / 1.1 / 2
        pixel_px = 1200.0 * 2 * np.pi / 512
        step = max(round(2 * disc_px / background.ACROSS), round(512 / background.COARSE))
        expected = disc_px**2 / 4 + pixel_px**2 / 3 + step**2 / 4
        assert spread == pytest.approx(expected, rel=0.02)


def test_blur_is_the_mean_over_the_disc_of_the_sharp_picture():
    made, seen = load("empty_warehouse_01"), camera(focal=500.0)
    fast = defocused(made, 1.0, seen, 0.05)
    radius = 500.0 * 0.05 / 1.1 / 2
    offsets = np.linspace(-radius, radius, 41)
    across, down = np.meshgrid(offsets, offsets)
    inside = across**2 + down**2 <= radius**2
    for row, column in [(20, 30), (96, 128), (150, 220), (100, 7)]:
        rays = np.stack(
            [
                (column + 0.5 + across[inside] - 128) / 500,
                (row + 0.5 + down[inside] - 96) / 500,
                np.ones(inside.sum()),
            ],
            axis=-1,
        )
        world = rays @ seen.extrinsics[:, :3]
        world /= np.linalg.norm(world, axis=1, keepdims=True)
        place = background.column(world, 1.0) * 512 - 0.5
        height = np.arccos(world[:, 1]) / np.pi * 256 - 0.5
        slow = background._spline(made.panorama, height, place).mean(axis=0)
        np.testing.assert_allclose(
            fast[row, column], slow * balance(made, 1.0), rtol=0.06, atol=0.01
        )


def test_turning_the_surroundings_is_turning_the_camera():
    grey = replace(load("rooitou_park"), sh=load("potsdamer_platz").sh * 0 + 1)
    flat = replace(grey, key_irradiance=np.zeros(3, np.float32))
    flat.sh[1:] = 0
    angle = 0.8
    turned = defocused(flat, angle, camera(), 0.02)
    eye = about_y(-angle) @ np.array([0.0, 0.0, 1.1])
    moved = defocused(flat, 0.0, camera(tuple(eye)), 0.02)
    np.testing.assert_allclose(turned, moved, rtol=2e-3, atol=1e-4)


def test_same_bytes_with_any_number_of_threads():
    made = load("forest_slope")
    before = cv2.getNumThreads()
    try:
        found = set()
        for threads in (1, 4):
            cv2.setNumThreads(threads)
            found.add(defocused(made, 2.0, camera(size=(300, 200)), 0.03).tobytes())
    finally:
        cv2.setNumThreads(before)
    assert len(found) == 1


@pytest.mark.parametrize("size", [(1, 1), (37, 53), (512, 512), (700, 40)])
@pytest.mark.parametrize("aperture", [0.001, 0.02, 0.2])
def test_any_size_and_aperture_gives_finite_light(size, aperture):
    shown = defocused(load("venice_sunset"), 0.3, camera(size=size), aperture)
    assert shown.shape == (size[1], size[0], 3)
    assert shown.dtype == np.float32
    assert np.isfinite(shown).all()
    assert (shown >= 0).all()
    assert shown.max() > 0


def greys(levels):
    return np.repeat(np.float32(levels).reshape(1, -1, 1), 3, axis=2)


def test_what_is_neither_bright_nor_vivid_is_left_alone():
    rng = np.random.default_rng(5)
    level = rng.uniform(0.0, background.KNEE, (20, 30, 1))
    dull = (level * rng.uniform(0.6, 1.0, (20, 30, 3))).astype(np.float32)
    assert np.ptp(dull, axis=-1).max() < background.VIVID
    np.testing.assert_allclose(held(dull, 1.0), dull, rtol=1e-5, atol=1e-6)
    blue = np.float32([[[0.1, 0.2, 0.45]]])  # a sky is as blue as it is
    np.testing.assert_allclose(held(blue, 1.0), blue, rtol=1e-5)


def test_bright_surroundings_stay_apart_and_below_white():
    levels = np.geomspace(0.3, 3000.0, 200)
    shown = held(greys(levels), 1.0)[0, :, 0]
    assert (np.diff(shown) > 0).all()
    # As steep as the light where it begins to bend, and no step.
    slope = np.diff(held(greys(background.KNEE + np.float32([-1e-3, 0.0, 1e-3])), 1.0)[0, :, 0])
    np.testing.assert_allclose(slope, 1e-3, rtol=0.01)
    # A sky four times as bright as a white that is lit like the head is not white in the picture.
    table = tone_table(1.0)
    codes = [table[int(np.sqrt(light / WHITEST) * (STEPS - 1))] for light in (4.0, shown[-1])]
    assert codes[0] > 254.5
    assert developed(held(greys([4.0]), 1.0), 1.0).max() < 248


def test_holding_back_follows_the_exposure():
    light = np.random.default_rng(6).uniform(0, 9, (5, 6, 3)).astype(np.float32)
    np.testing.assert_allclose(held(light / 4, 4.0), held(light, 1.0) / 4, rtol=1e-5)
    grey = surroundings(np.full((64, 128, 3), 7.0))
    plain_light = defocused(grey, 0.4, camera(), 0.02)
    kept = defocused(grey, 0.4, camera(), 0.02, 0.5)
    np.testing.assert_allclose(kept, held(plain_light, 0.5), rtol=1e-5)


def test_a_lime_wall_pales_and_keeps_its_luminance_order():
    lime = np.float32([[[0.62, 0.80, 0.02]]])
    paler = held(lime, 1.0)[0, 0]
    assert paler[1] - paler[2] < 0.55 * (lime[0, 0, 1] - lime[0, 0, 2])
    assert paler[1] > paler[0] > paler[2]


@pytest.mark.parametrize("radius", [0.1, 0.5, 1.2, 3.0, 3.5])
def test_disc_is_even_and_round(radius):
    weights = disc(radius)
    assert weights.sum() == pytest.approx(1)
    for other in (weights.T, weights[::-1], weights[:, ::-1]):
        np.testing.assert_array_equal(weights, other)
    if radius >= 1.2:
        middle = weights[len(weights) // 2, len(weights) // 2]
        assert 1 / middle == pytest.approx(np.pi * radius**2, rel=0.03)
        assert weights.max() == middle


def test_srgb_is_the_standard_curve():
    # IEC 61966-2-1: the foot is a line, mid grey 188 is half of white.
    np.testing.assert_allclose(decode_srgb(np.array([0, 10, 188, 255], np.uint8))[0], 0)
    levels = decode_srgb(np.array([10, 128, 188, 255], np.uint8))
    np.testing.assert_allclose(levels, [0.003035, 0.215861, 0.502886, 1.0], atol=1e-6)


def developed(light, exposure):
    """Codes that the tone curve gives these radiances, as `render.develop` reads its table."""
    step = np.sqrt(np.clip(light * exposure / WHITEST, 0, 1)) * (STEPS - 1)
    return np.interp(step, np.arange(STEPS), tone_table(1.0))


def test_colours_come_out_as_given_under_any_exposure():
    for exposure in (0.3, 2.5):
        for level in (0, 3, 10, 128, 188, 210, 240, 255):
            colour = np.array([level, 128, 255], np.uint8)
            shown = developed(plain(colour, camera(), exposure), exposure)
            np.testing.assert_allclose(shown, np.broadcast_to(colour, shown.shape), atol=0.6)


def test_gradient_is_even_to_the_eye():
    ends = np.array([[0, 0, 0], [240, 100, 50]], np.uint8)
    across = developed(gradient(ends, 0.0, camera(), 2.5), 2.5)
    np.testing.assert_array_equal(across[0], across[-1])
    expected = (np.arange(256) + 0.5)[:, None] / 256 * ends[1]
    np.testing.assert_allclose(across[0], expected, atol=0.6)
    down = gradient(ends, np.pi / 2, camera(), 1.0)
    assert (np.diff(down[..., 0], axis=0) > 0).all()
    np.testing.assert_array_equal(down[:, 0], down[:, -1])


def test_picture_is_a_crop_of_the_file(tmp_path):
    path = tmp_path / "room.png"
    drawn = np.zeros((600, 900, 3), np.uint8)
    drawn[..., 2] = np.arange(900) // 4  # red tells the column
    drawn[..., 1] = (np.arange(600) // 3)[:, None]  # green tells the row
    cv2.imwrite(str(path), drawn)
    seen, lefts = camera(size=(90, 60)), []
    for seed in range(8):
        shown = developed(picture(path, seen, 2.0, np.random.default_rng(seed)), 2.0)
        red, green = shown[30, :, 0], shown[:, 45, 1]
        width, height = (red[-1] - red[0]) * 4, (green[-1] - green[0]) * 3
        assert 0.55 * 900 < width <= 900
        assert width / height == pytest.approx(1.5, rel=0.05)
        lefts.append(round(red[0]))
    assert len(set(lefts)) > 4
    again = picture(path, seen, 2.0, np.random.default_rng(0))
    np.testing.assert_array_equal(again, picture(path, seen, 2.0, np.random.default_rng(0)))


def test_bad_pictures_are_named(tmp_path, monkeypatch):
    bad = tmp_path / "bad.jpg"
    bad.write_bytes(b"\xff\xd8\xff nothing")
    with pytest.raises(ValueError, match=r"background must be a readable picture, got .*bad"):
        background.read(bad)
    bad.write_bytes(b"")
    with pytest.raises(ValueError, match=r"background must be a readable picture, got .*bad"):
        background.read(bad)
    with pytest.raises(ValueError, match=r"must be a readable picture, got .*gone\.png: .*No such"):
        background.read(tmp_path / "gone.png")
    cv2.imwrite(str(tmp_path / "a.png"), np.zeros((60, 80, 3), np.uint8))
    monkeypatch.setattr(background, "LARGEST", 100)
    with pytest.raises(ValueError, match=r"at most 100 pixels, got 80 x 60 in .*a\.png"):
        background.read(tmp_path / "a.png")


def test_wrong_lens_is_named():
    with pytest.raises(ValueError, match=r"aperture and distance must be above 0, got 0\.0 and 1"):
        defocused(load("lebombo"), 0.0, camera(), 0.0)
