"""The shipped skin model and how it was fitted."""

from pathlib import Path

import numpy as np
import pytest

from assets import manifest, skin, skin_fit, skin_regions
from assets.skin_fit import BLOOD_RED_TO_GREEN

MAKEHUMAN = Path(__file__).parents[2] / "shared" / "makehuman"


def test_the_file_is_the_one_that_the_manifest_names():
    entry = manifest.entries()[skin.FILE]
    assert manifest.verified(skin.FILE).stat().st_size < 5e6
    assert entry.licence == "CC0-1.0"
    assert entry.script == "scripts/fit_skin.py"
    assert "MakeHuman" in entry.source
    model = skin.load()
    assert len(model.donors) == 19
    assert sum(donor.dark for donor in model.donors) == 6


def test_pigment_axes_are_those_of_melanin_and_blood():
    model = skin.load()
    # Measured between people on these skins, and stated in the project's facts.
    np.testing.assert_allclose(model.melanin, (0.43, 0.59, 0.68), atol=0.01)
    red, green, blue = model.haemoglobin
    assert red == pytest.approx(BLOOD_RED_TO_GREEN * green, abs=1e-5)
    assert green > blue > red
    np.testing.assert_allclose(np.linalg.norm(model.haemoglobin), 1, atol=1e-6)


def test_axes_are_found_again_in_skins_mixed_from_known_pigments():
    rng = np.random.default_rng(5)
    melanin = np.array([0.42, 0.59, 0.69])
    melanin /= np.linalg.norm(melanin)
    blood = np.array([BLOOD_RED_TO_GREEN * 0.72, 0.72, 0.60])
    blood /= np.linalg.norm(blood)
    medians = 0.7 + rng.uniform(0, 2.5, (19, 1)) * melanin + rng.normal(0, 0.01, (19, 3))
    found = skin_fit.melanin_axis(medians.astype(np.float32))
    assert found @ melanin > 0.9995
    grey = np.full(3, 3**-0.5)
    amounts = rng.laplace(0, 1, (60_000, 3)) * (0.10, 0.08, 0.25)
    within = amounts @ np.stack([melanin, blood, grey])
    axis = skin_fit.haemoglobin_axis(within.astype(np.float32), found)
    assert axis @ blood > 0.995


def test_density_is_the_logarithm_of_linear_light():
    colour = np.array([255, 188, 0], np.uint8)
    np.testing.assert_allclose(
        skin_fit.density(colour), [0.0, -np.log(0.502886), -np.log(0.002)], atol=1e-5
    )


def test_stored_density_comes_back_to_half_a_step():
    values = np.linspace(skin.DENSITY_LOW, skin.DENSITY_HIGH, 1001).astype(np.float32)
    step = (skin.DENSITY_HIGH - skin.DENSITY_LOW) / 255
    back = skin.decode_density(skin.encode_density(values))
    assert np.abs(back - values).max() <= 0.5 * step + 1e-6


def test_lab_of_known_colours_and_back():
    # IEC 61966-2-1 primaries in CIE L*a*b*, D65.
    red = skin.lab_from_linear(np.array([[1.0, 0, 0], [1, 1, 1], [0, 0, 1]]))
    np.testing.assert_allclose(
        red, [[53.24, 80.09, 67.20], [100, 0, 0], [32.30, 79.19, -107.86]], atol=0.02
    )
    colours = np.random.default_rng(2).random((200, 3))
    np.testing.assert_allclose(
        skin.linear_from_lab(skin.lab_from_linear(colours)), colours, atol=1e-9
    )


@pytest.mark.parametrize("tone", range(1, 11))
def test_the_locus_has_the_tone_and_is_skin(tone: int):
    lightness = skin.TONE_LIGHTNESS[tone - 1]
    lab = skin.lab_from_linear(skin.locus(lightness))
    assert lab[0] == pytest.approx(lightness, abs=0.01)
    # Neither chalk nor blue-black: skin is always on the red and yellow side, in hue 40-60 deg.
    assert 45 < np.rad2deg(np.arctan2(lab[2], lab[1])) < 60
    assert np.hypot(lab[1], lab[2]) > 15


def test_donors_hold_no_painted_eyes_and_no_teeth():
    model = skin.load()
    box = skin.head_box(skin.FIT_SIZE)
    # Lids and the rim of the lips were filled smoothly: no texel there stands out by more than
    # 15 % from the mean of its surroundings, where eyes and teeth had twice the light or half.
    lid = model.regions["margin"][box] > 128
    assert lid.sum() > 200
    for donor in model.donors:
        values = skin.decode_density(donor.density)[lid].mean(-1)
        assert np.ptp(np.percentile(values, [2, 98])) < 0.45, donor.name


def test_regions_are_where_they_should_be():
    model = skin.load()
    weight = {name: values.astype(np.float64) for name, values in model.regions.items()}

    def row(name: str) -> float:
        return float((weight[name].sum(1) * np.arange(1024)).sum() / weight[name].sum())

    order = [row(name) for name in ("brow", "lid", "socket", "flush", "lips", "beard")]
    assert order == sorted(order)
    for name in ("lips", "brow", "beard", "flush", "freckle", "lid", "socket", "tzone", "face"):
        values = model.regions[name].astype(int)
        difference = np.abs(values - values[:, ::-1])
        # The head's chart is symmetric about the middle column.
        assert np.mean(difference > 40) < 0.004, name


def test_rasterised_values_are_those_of_the_plane():
    corners = np.array([[[0.1, 0.1], [0.9, 0.2], [0.3, 0.8]]], np.float32)

    def plane(uv: np.ndarray) -> np.ndarray:
        return np.stack([3 * uv[..., 0] - uv[..., 1] + 1, uv[..., 1]], -1).astype(np.float32)

    picture, inside = skin_regions.rasterise(corners, plane(corners), 64)
    rows, columns = np.nonzero(inside)
    uv = np.stack([(columns + 0.5) / 64, 1 - (rows + 0.5) / 64], -1)
    np.testing.assert_allclose(picture[inside], plane(uv), atol=1e-4)
    first, second = corners[0, 1] - corners[0, 0], corners[0, 2] - corners[0, 0]
    area = 0.5 * abs(first[0] * second[1] - first[1] * second[0])
    assert inside.mean() == pytest.approx(area, rel=0.03)


@pytest.mark.slow
@pytest.mark.skipif(not MAKEHUMAN.is_dir(), reason="needs the photographic skins")
def test_fitting_again_gives_the_shipped_file():
    from scripts.fit_skin import fit

    with np.load(manifest.verified(skin.FILE)) as shipped:
        again = fit(MAKEHUMAN)
        assert set(again) == set(shipped.files)
        for name in shipped.files:
            np.testing.assert_array_equal(again[name], shipped[name], err_msg=name)
