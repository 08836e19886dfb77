"""Whole pictures: edges, bytes, the sensor, and the same bytes everywhere."""

import hashlib
import multiprocessing
from dataclasses import replace

import numpy as np
import pytest

from render.develop import tone_table
from render.image import draw
from render.mesh import Points
from render.scene import Scene
from render.sensor import Sensor
from tests.shapes import QUIET, camera, mesh, paper, scene, sphere, square, sun, together


def even_sky(level: float = 1.0) -> np.ndarray:
    sky = np.zeros((9, 3), np.float32)
    sky[0] = level / 0.282094792
    return sky


def code_of(light: np.ndarray) -> np.ndarray:
    """The bytes of linear light by formula, below the shoulder and above."""
    bent = np.where(light < 0.45, light, 0.45 + 0.55 * (1 - np.exp(-(light - 0.45) / 0.55)))
    curve = np.where(bent <= 0.0031308, 12.92 * bent, 1.055 * bent ** (1 / 2.4) - 0.055)
    return np.rint(255 * curve)


def test_tone_is_srgb_and_then_a_shoulder():
    light = np.linspace(0, 3, 1000)
    table = tone_table(1.0)
    read = np.interp(np.sqrt(light / 16) * 4095, np.arange(4096), table)
    np.testing.assert_allclose(np.rint(read), code_of(light), atol=1)
    grey = np.interp(0.18, light[:100], read[:100])
    assert grey == pytest.approx(117.6, abs=0.5)  # sRGB of 18 %
    for contrast in (0.7, 1.5):
        steep = tone_table(contrast)
        assert (np.diff(steep) >= 0).all()
        assert steep[0] == 0
        assert steep[-1] == pytest.approx(255, abs=0.01)


def test_background_is_developed_as_it_is():
    levels = np.linspace(0, 0.44, 64 * 64 * 3, dtype=np.float32).reshape(64, 64, 3)
    aside = replace(square(0.01), vertices=square(0.01).vertices + np.float32((9, 0, 0)))
    drawn = replace(scene(aside, paper(), sun(), camera(64)), background=levels)
    assert np.abs(draw(drawn).image - code_of(levels)).max() <= 1
    brighter = replace(drawn, light=replace(drawn.light, exposure=0.5))
    assert np.abs(draw(brighter).image - code_of(levels / 2)).max() <= 1


def test_edge_mixes_in_linear_light_by_coverage():
    # A white half plane below a slanted line, lit to 0.4, before black.
    below = mesh([(-30, -9, 0), (0, -40, 0), (30, 9, 0)], [(0, 1, 2)])
    drawn = scene(below, paper(), sun(sky=even_sky(0.4)), camera(48))
    frame = draw(drawn)
    found = np.unique(frame.image[..., 1]).astype(float)
    wanted = code_of(0.4 * np.arange(5) / 4)
    assert np.abs(found[:, None] - wanted).min(axis=1).max() <= 1
    assert len(found) >= 4
    # The brightness of a column is the length of it that is covered.
    x = np.arange(48) + 0.5 - 24
    edge = 24 + 0.0 - 0.3 * x
    covered = np.searchsorted((wanted[1:] + wanted[:-1]) / 2, frame.image[..., 1]) / 4
    np.testing.assert_allclose(covered.sum(axis=0), 48 - edge, atol=0.3)


def rich(seed: int = 0) -> Scene:
    """A scene with everything in it: cards, shadow, skin, noise."""
    rng = np.random.default_rng(seed)
    alpha = (rng.uniform(size=(64, 64)) > 0.5).astype(np.uint8) * 255
    turned = square(0.3, z=0.21, card=True)
    surface = together(sphere(0.2, rings=30), turned)
    sky = even_sky(0.4)
    sky[1:4] = 0.2
    drawn = scene(surface, paper(200, 255, alpha), sun((0.4, 0.5, 0.7), 1.5, 0.1, sky), camera(96))
    points = Points(np.arange(40, dtype=np.int32) * 30, np.full((40, 3), 1 / 3, np.float32))
    return replace(drawn, landmarks=points, sensor=Sensor(noise=0.01, blur=0.4, seed=5))


def digest(_: int = 0) -> str:
    frame = draw(rich())
    whole = hashlib.sha256()
    for name, value in vars(frame).items():
        if name != "camera":
            whole.update(np.ascontiguousarray(value).tobytes())
    return whole.hexdigest()


def test_same_bytes_twice_and_in_other_processes():
    here = digest()
    assert digest() == here
    with multiprocessing.get_context("spawn").Pool(2) as pool:
        assert pool.map(digest, range(4)) == [here] * 4


def test_noise_has_its_deviation_and_its_seed():
    flat = np.full((128, 128, 3), 0.2, np.float32)
    aside = replace(square(0.01), vertices=square(0.01).vertices + np.float32((9, 0, 0)))
    drawn = replace(scene(aside, paper(), sun(), camera(128)), background=flat)
    still = draw(drawn).image
    assert np.ptp(still) == 0
    sensor = Sensor(noise=0.006, grain=0.02, seed=3)
    noisy = draw(replace(drawn, sensor=sensor)).image.astype(float)
    # d code / d light of sRGB at 0.2 is 255 * 1.055 / 2.4 * 0.2^(1/2.4 - 1).
    slope = 255 * 1.055 / 2.4 * 0.2 ** (1 / 2.4 - 1)
    wanted = slope * np.sqrt(0.006**2 + 0.02**2 * 0.2)
    assert noisy.std() == pytest.approx(wanted, rel=0.05)
    assert noisy.mean() == pytest.approx(still.mean(), abs=0.6)
    centred = noisy - noisy.mean()
    beside = (centred[:, 1:] * centred[:, :-1]).mean() / centred.var()
    channels = (centred[..., 0] * centred[..., 1]).mean() / centred.var()
    assert abs(beside) < 0.02
    assert abs(channels) < 0.03
    other = draw(replace(drawn, sensor=replace(sensor, seed=4))).image
    assert (other != noisy).mean() > 0.5


def test_blur_keeps_light_and_vignette_darkens_corners():
    dot = np.zeros((33, 33, 3), np.float32)
    dot[16, 16] = 0.4
    aside = replace(square(0.01), vertices=square(0.01).vertices + np.float32((9, 0, 0)))
    drawn = replace(scene(aside, paper(), sun(), camera(33)), background=dot)
    soft = draw(replace(drawn, sensor=replace(QUIET, blur=0.6))).image[..., 0] / 255.0
    linear = np.where(soft <= 0.04045, soft / 12.92, ((soft + 0.055) / 1.055) ** 2.4)
    assert linear.sum() == pytest.approx(0.4, rel=0.02)
    assert (linear > 0).sum() == 9
    even = replace(drawn, background=np.full((33, 33, 3), 0.3, np.float32))
    dim = draw(replace(even, sensor=replace(QUIET, vignette=0.5))).image[..., 0]
    assert dim[16, 16] == code_of(np.array(0.3))
    assert dim[0, 0] == pytest.approx(code_of(np.array(0.3 * (1 - 0.5 * 0.94))), abs=1)


def test_refuses_what_does_not_fit():
    drawn = rich()
    with pytest.raises(ValueError, match=r"background must be \(96, 96, 3\), got \(8, 8, 3\)"):
        replace(drawn, background=np.zeros((8, 8, 3), np.float32))
    with pytest.raises(ValueError, match=r"noise must be from 0\.0 to 1\.0, got -0\.1"):
        Sensor(noise=-0.1)
    with pytest.raises(ValueError, match=r"contrast must be from 0\.2 to 5\.0, got 9\.0"):
        Sensor(contrast=9.0)
