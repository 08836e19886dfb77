"""Light that a portrait brings along is found and taken out."""

import cv2
import numpy as np
import pytest

from assets import skin
from generator.portrait import delight
from generator.texture import skin_noise
from render.light import irradiance
from render.panorama import LUMINANCE
from tests.portraits import PEOPLE, lamp, linear, normals, own, person, seen_from, shade

SHARE = np.clip(4 * seen_from(0) - 1, 0, 1)
BARE = (skin_noise.region("bare", skin.SMOOTH_SIZE) > 0.99) & (SHARE == 1)


def smooth(key: tuple[int, str]) -> np.ndarray:
    light = linear(own(key))
    return cv2.resize(light, SHARE.shape[::-1], interpolation=cv2.INTER_AREA)


def delit(light: np.ndarray, lightness: float) -> np.ndarray:
    found = delight.fitted(light, SHARE, normals(), lightness)
    return light / delight.shading(found, normals())


@pytest.mark.parametrize("key", PEOPLE)
def test_skin_comes_back_from_under_a_strong_light(key: tuple[int, str]):
    true, lightness = smooth(key), person(key).looks.lightness
    lit = true * shade(lamp())
    brightness = lit[BARE] @ LUMINANCE
    assert np.percentile(brightness, 98) > 3 * np.percentile(brightness, 2)
    left = delit(lit, lightness) / true
    left /= np.median(left[BARE], axis=0)
    # Luminance to 3 %, and red against blue to as much: the lamp has the red of one side at
    # 1.4 times that of the other.
    assert np.std(left[BARE] @ LUMINANCE) < 0.03
    assert np.std(left[BARE][:, 0] / left[BARE][:, 2]) < 0.03


@pytest.mark.parametrize("key", PEOPLE)
def test_both_sides_of_a_face_are_lit_alike_again(key: tuple[int, str]):
    true = smooth(key)
    lit = true * shade(lamp())
    both = BARE & BARE[:, ::-1]

    def uneven(light: np.ndarray) -> float:
        side = np.log(light / true)
        return float(np.abs(side - side[:, ::-1])[both].mean())

    assert uneven(lit) > 0.4
    assert uneven(delit(lit, person(key).looks.lightness)) < 0.02


@pytest.mark.parametrize("key", PEOPLE)
def test_what_was_not_shaded_stays(key: tuple[int, str]):
    true = smooth(key)
    left = delit(true * np.float32(0.6), person(key).looks.lightness)[BARE] / true[BARE]
    assert np.std(left @ LUMINANCE) < 0.03
    assert np.abs(np.median(left, axis=0) / 0.6 - 1).max() < 0.03


def test_the_light_found_draws_the_portrait_again():
    key = PEOPLE[1]
    lit = smooth(key) * shade(lamp())
    found = delight.fitted(lit, SHARE, normals(), person(key).looks.lightness)
    albedo = lit / delight.shading(found, normals())
    again = albedo * (irradiance(found, normals()) / np.pi)
    np.testing.assert_allclose(again[BARE], lit[BARE], rtol=1e-3)
    # Up to the tint of the whole it is the lamp's own light, whose mean over the face is 1.
    true = shade(lamp())
    mean = (true * SHARE[..., None]).sum((0, 1)) / SHARE.sum()
    apart = delight.shading(found, normals())[BARE] / (true / mean)[BARE]
    assert np.std(apart, axis=0).max() < 0.03
    mean = (delight.shading(found, normals()) * SHARE[..., None]).sum((0, 1)) / SHARE.sum()
    np.testing.assert_allclose(mean, 1, atol=1e-3)


@pytest.mark.parametrize("code", [0.02, 4.0])
def test_hair_and_gloss_do_not_pull(code: float):
    """A fringe over one temple and a spot on the cheek under it, a tenth of what is seen."""
    key = PEOPLE[1]
    lit = smooth(key) * shade(lamp())
    before = delit(lit, person(key).looks.lightness)
    spoiled = lit.copy()
    spot = np.zeros_like(BARE)
    spot[42:62, 140:175] = spot[92:104, 145:160] = True
    assert 0.08 < (spot & BARE).sum() / BARE.sum() < 0.2
    spoiled[spot] *= np.float32(code)
    found = delight.fitted(spoiled, SHARE, normals(), person(key).looks.lightness)
    change = (lit / delight.shading(found, normals()))[BARE] / before[BARE]
    assert np.std(change) < 0.02


def test_no_shade_is_black():
    light = np.zeros((9, 3), np.float32)
    light[0], light[3] = 1.0, 3.0
    assert shade(light).min() < 0.1
    found = delight.shading(light, normals())
    assert found.min() == pytest.approx(delight.DARKEST)
    # Where there is no skin there is no shade to take out.
    assert (found[~normals().any(axis=2)] == 1).all()
    assert not normals().any(axis=2).all()


def test_a_face_that_is_not_there_is_an_error():
    lit = smooth(PEOPLE[0])
    with pytest.raises(ValueError, match="the face must be seen in a portrait, got 0 blocks of it"):
        delight.fitted(lit, np.zeros_like(SHARE), normals(), 60.0)
    with pytest.raises(ValueError, match=r"light on the face must be finite and above 0, got .*0"):
        delight.fitted(np.zeros_like(lit), SHARE, normals(), 60.0)
    with pytest.raises(
        ValueError, match=r"light on the face must be finite and above 0, got .*nan"
    ):
        delight.fitted(np.full_like(lit, np.nan), SHARE, normals(), 60.0)
