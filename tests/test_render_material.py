"""Pyramids against averages in linear light."""

import numpy as np
import pytest

from render.material import decode_table, material


def make(albedo, size=None):
    size = size or len(albedo)
    normal = np.broadcast_to(np.array([128, 128, 255], np.uint8), (size, size, 3)).copy()
    grey = np.full((size, size), 100, np.uint8)
    return material(albedo, normal, grey, grey, np.zeros((1024, 1024), np.uint8))


def levels(packed, size):
    first = 0
    while size:
        yield packed[first : first + size * size].reshape(size, size, 4)
        first, size = first + size * size, size // 2


def test_decode_is_the_standard_curve():
    table = decode_table()
    assert table[0] == 0
    assert table[255] == 1
    assert table[10] == pytest.approx(10 / 255 / 12.92)
    assert table[188] == pytest.approx(0.5029, abs=1e-3)


def test_albedo_averages_in_linear_light():
    rng = np.random.default_rng(0)
    albedo = rng.integers(0, 256, (32, 32, 4), dtype=np.uint8)
    albedo[..., 3] = 255
    made = list(levels(make(albedo).albedo.numpy(), 32))
    np.testing.assert_array_equal(made[0], albedo)
    table = decode_table()
    for level, block in ((1, 2), (2, 4), (5, 32)):
        side = 32 // block
        linear = table[albedo[..., :3]].reshape(side, block, side, block, 3).mean(axis=(1, 3))
        # Every level rounds to a byte again.
        np.testing.assert_allclose(table[made[level][..., :3]], linear, atol=0.012)
    black_and_white = np.zeros((2, 2, 4), np.uint8)
    black_and_white[..., 3] = 255
    black_and_white[0, :, :3] = 255
    # Half the light is code 187.5.
    assert make(black_and_white).albedo.numpy()[-1].tolist() in (
        [187] * 3 + [255],
        [188] * 3 + [255],
    )


def test_what_is_let_through_does_not_stain():
    albedo = np.zeros((4, 4, 4), np.uint8)
    albedo[::2] = (200, 100, 50, 255)
    last = make(albedo).albedo.numpy()[-1]
    np.testing.assert_allclose(last, (200, 100, 50, 128), atol=1)


def test_detail_averages():
    rng = np.random.default_rng(1)
    albedo, classes = np.full((16, 16, 4), 255, np.uint8), np.zeros((1024, 1024), np.uint8)
    normal = rng.integers(0, 256, (16, 16, 3), dtype=np.uint8)
    rough = rng.integers(0, 256, (16, 16), dtype=np.uint8)
    scatter = rng.integers(0, 256, (16, 16), dtype=np.uint8)
    other = material(albedo, normal, rough, scatter, classes)
    whole = np.dstack([normal[..., :2], rough, scatter])
    made = list(levels(other.detail.numpy(), 16))
    np.testing.assert_array_equal(made[0], whole)
    np.testing.assert_allclose(made[-1][0, 0], whole.mean(axis=(0, 1)), atol=2)
    with pytest.raises(ValueError, match=r"roughness must be \(16, 16\), got \(8, 8\)"):
        material(albedo, normal, rough[:8, :8], scatter, classes)


def test_refuses_odd_atlases():
    with pytest.raises(ValueError, match=r"side of 2\^n, got \(12, 12\)"):
        make(np.zeros((12, 12, 4), np.uint8))
    with pytest.raises(ValueError, match=r"normal must be \(8, 8, 3\), got \(4, 4, 3\)"):
        make(np.zeros((8, 8, 4), np.uint8), size=4)
