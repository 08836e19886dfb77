"""What cameras do to a picture, against closed forms: blur, few pixels, gains, JPEG, grey."""

from itertools import pairwise
from typing import Any

import numpy as np
import pytest
import warp as wp

from render.photograph import compressed, photograph
from render.sensor import Sensor
from render.smear import fewer, smeared, spread

SIZE = 256


def taken(light: np.ndarray, sensor: Sensor, exposure: float = 1.0) -> np.ndarray:
    rows, columns = light.shape[:2]
    given = wp.array(light.reshape(-1, 3).astype(np.float32), dtype=wp.vec3, device="cpu")
    return photograph(given, (columns, rows), exposure, sensor)


def quiet(**numbers) -> Sensor:
    return Sensor(**{"noise": 0.0, "grain": 0.0, **numbers})


def even(level: float = 0.2, size: int = 32) -> np.ndarray:
    return np.full((size, size, 3), level)


def speckle(size: int = SIZE) -> np.ndarray:
    return np.random.default_rng(3).uniform(0.1, 0.4, (size, size, 1)).repeat(3, axis=2)


def srgb(linear: float) -> float:
    return 255 * (1.055 * linear ** (1 / 2.4) - 0.055)


@pytest.mark.parametrize(
    ("defocus", "motion", "lines"),
    [
        (0.0, (6.0, 0.0), 0.0),
        (0.0, (3.0, -4.0), 0.0),
        (3.0, (0.0, 0.0), 0.0),
        (2.5, (1.0, 7.0), 3.2),
    ],
)
def test_a_blur_has_the_moments_of_disc_line_and_fields(
    defocus: float, motion: tuple[float, float], lines: float
) -> None:
    taps = spread(defocus, motion, lines).astype(np.float64)
    right, down, weight = taps.T
    assert weight.sum() == pytest.approx(1.0)
    assert (weight > 0).all()
    assert (weight * right).sum() == pytest.approx(0.0, abs=1e-6)
    assert (weight * down).sum() == pytest.approx(0.0, abs=1e-6)
    # Disc r²/4, line L²/12, fields h²/2, and at most a quarter for whole pixels.
    across = defocus**2 / 4 + motion[0] ** 2 / 12
    along = defocus**2 / 4 + motion[1] ** 2 / 12 + lines**2 / 2
    assert -0.02 < (weight * right**2).sum() - across < 0.27
    assert -0.02 < (weight * down**2).sum() - along < 0.27
    covariance = (weight * right * down).sum()
    assert covariance == pytest.approx(motion[0] * motion[1] / 12, abs=0.1)


def test_blur_keeps_the_light_and_goes_the_way_it_says() -> None:
    light = np.zeros((32, 32, 3), np.float32)
    light[16, 16] = (1.0, 2.0, 3.0)
    given = wp.array(light.reshape(-1, 3), dtype=wp.vec3, device="cpu")
    out = smeared(given, (32, 32), quiet(motion=(8.0, 0.0))).numpy().reshape(32, 32, 3)
    np.testing.assert_allclose(out.sum(axis=(0, 1)), [1.0, 2.0, 3.0], rtol=1e-5)
    assert out[16, 13:20, 0] == pytest.approx(1 / 8)
    assert out[[15, 17]].max() == 0.0


def test_fewer_pixels_are_means_over_their_squares() -> None:
    light = np.random.default_rng(1).random((48, 48, 3)).astype(np.float32)
    given = wp.array(light.reshape(-1, 3), dtype=wp.vec3, device="cpu")
    whole = smeared(given, (48, 48), quiet(columns=16)).numpy().reshape(16, 16, 3)
    blocks = light.reshape(16, 3, 16, 3, 3).mean(axis=(1, 3))
    np.testing.assert_allclose(whole, blocks, rtol=1e-5)
    part = smeared(given, (48, 48), quiet(columns=20)).numpy().reshape(20, 20, 3)
    np.testing.assert_allclose(part.mean(axis=(0, 1)), light.mean(axis=(0, 1)), rtol=1e-5)
    edges = np.linspace(0, 48, 21)
    cover = np.clip(np.minimum(np.arange(1, 49), edges[1:, None])
                    - np.maximum(np.arange(48), edges[:-1, None]), 0, 1) / 2.4  # fmt: skip
    expected = np.einsum("ri,cj,ijk->rck", cover, cover, light)
    np.testing.assert_allclose(part, expected, rtol=1e-4)
    assert fewer((48, 48), quiet(columns=64)) == (48, 48)
    assert fewer((640, 480), quiet(columns=320)) == (320, 240)


def above(image: np.ndarray, columns: int) -> float:
    """Share of a picture's changes that lies above the Nyquist frequency of `columns` pixels."""
    power = np.abs(np.fft.fft2(image[..., 1] - image[..., 1].mean())) ** 2
    frequency = np.abs(np.fft.fftfreq(len(image)) * len(image))
    high = np.maximum(frequency[:, None], frequency) > columns / 2
    return float(power[high].sum() / power.sum())


def test_a_picture_of_few_pixels_holds_no_finer_detail() -> None:
    fine = taken(speckle(), quiet())
    video = taken(speckle(), quiet(columns=80, interlaced=True))
    assert above(fine, 80) > 0.85
    assert above(video, 80) < 0.06
    # Fields that are blended leave less from line to line than from column to column.
    rows, across = (np.abs(np.diff(video[..., 1].astype(float), axis=a)).mean() for a in (0, 1))
    assert rows < 0.85 * across


def test_balance_and_gain_are_factors_on_linear_light() -> None:
    image = taken(even(0.1), quiet(balance=(1.3, 1.0, 0.7), gain=2.0))
    assert np.unique(image.reshape(-1, 3), axis=0).tolist() == [
        [round(srgb(light)) for light in (0.26, 0.2, 0.14)]
    ]


def test_a_grey_camera_sees_red_with_one_noise() -> None:
    light = even(0.2)
    light[..., 1:] = 0.7
    image = taken(light, quiet(monochrome=True))
    assert np.unique(image).tolist() == [round(srgb(0.2))]
    noisy = taken(speckle(64), Sensor(noise=0.05, monochrome=True, quality=60, seed=4))
    np.testing.assert_array_equal(noisy[..., 0], noisy[..., 1])
    np.testing.assert_array_equal(noisy[..., 0], noisy[..., 2])
    assert noisy.std() > 10


def test_compression_is_jpeg_of_that_quality() -> None:
    plain = taken(speckle(128), quiet())
    off = []
    for quality in (20, 50, 90):
        image = taken(speckle(128), quiet(quality=quality))
        np.testing.assert_array_equal(image, compressed(plain, quality))
        off.append(np.abs(image.astype(int) - plain).mean())
        again = np.abs(compressed(image, quality).astype(int) - image).mean()
        assert again < 0.2 * off[-1]  # what JPEG made, JPEG keeps
    assert all(first > 1.2 * second for first, second in pairwise(off))


def test_colour_has_half_the_resolution_after_compression() -> None:
    image = np.zeros((64, 64, 3), np.uint8)
    image[:, ::2] = (200, 40, 40)
    image[:, 1::2] = (40, 40, 200)
    after = compressed(image, 95).astype(int)
    assert np.ptp(after[8:-8, 8:-8, 0] - after[8:-8, 8:-8, 2]) < 40 < np.ptp(image[..., 0])


def test_the_same_sensor_gives_the_same_bytes() -> None:
    sensor = Sensor(noise=0.02, seed=9, columns=100, quality=40, motion=(2.0, 1.0), interlaced=True)
    np.testing.assert_array_equal(taken(speckle(), sensor), taken(speckle(), sensor))


@pytest.mark.parametrize(
    ("what", "value", "rule"),
    [
        ("gain", 0.0, "gain must be from 0.01 to 100.0, got 0.0"),
        ("balance", (1.0, 0.0, 1.0), r"balance must be from 0.1 to 10.0, got \(1.0, 0.0, 1.0\)"),
        ("motion", (0.0, 900.0), "motion must be from -128.0 to 128.0"),
        ("defocus", -1.0, "defocus must be from 0.0 to 64.0, got -1.0"),
        ("quality", 101, "quality must be from 0 to 100, got 101"),
        ("columns", -1, "columns must be from 0 to 32768, got -1"),
    ],
)
def test_numbers_out_of_range_are_refused(what: str, value: Any, rule: str) -> None:
    with pytest.raises(ValueError, match=rule):
        Sensor(**{what: value})
