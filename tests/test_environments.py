import json

import numpy as np
import pytest

from assets import environments
from assets.environments import NAMES, load, pack, unpack
from render import light, panorama
from render.panorama import LUMINANCE, about_y, directions, solid_angles, split_key
from render.surroundings import FACING, KEY_TO_FILL, balance, illuminate, measure, turn


def normals(count, seed=0):
    drawn = np.random.default_rng(seed).normal(size=(count, 3))
    return drawn / np.linalg.norm(drawn, axis=1, keepdims=True)


def lit(environment, towards):
    """Irradiance as a shader computes it: harmonics and one distant lamp."""
    key = np.maximum(towards @ environment.key_direction, 0)[:, None] * environment.key_irradiance
    return light.irradiance(environment.sh, towards) + key


def lamp(axis, radius, radiance, floor, shape=(128, 256)):
    inside = directions(*shape) @ axis > np.cos(radius)
    return np.where(inside[..., None], radiance, floor).astype(np.float64)


def test_directions_are_unit_vectors_where_the_convention_puts_them():
    towards = directions(180, 360)
    np.testing.assert_allclose(np.linalg.norm(towards, axis=-1), 1, atol=1e-12)
    np.testing.assert_allclose(towards[90, 180], [0, 0, 1], atol=0.02)
    np.testing.assert_allclose(towards[90, 270], [-1, 0, 0], atol=0.02)
    np.testing.assert_allclose(towards[0, 77], [0, 1, 0], atol=0.02)
    columns = light.column(towards, 0.0) * 360
    np.testing.assert_allclose(columns, np.broadcast_to(np.arange(360) + 0.5, (180, 360)))


def test_solid_angles_sum_to_the_sphere_and_match_a_cap():
    weight = solid_angles(200, 400)
    assert weight.sum() == pytest.approx(4 * np.pi)
    cap = weight[directions(200, 400)[..., 1] > 0.5].sum()
    assert cap == pytest.approx(2 * np.pi * 0.5, rel=0.01)


def test_constant_panorama_gives_pi_everywhere():
    grey = np.full((64, 128, 3), [0.2, 0.5, 0.9])
    made = measure("grey", grey, grey)
    assert not made.key_irradiance.any()
    expected = np.pi * np.array([0.2, 0.5, 0.9]) * made.scale
    np.testing.assert_allclose(lit(made, normals(50)), np.tile(expected, (50, 1)), rtol=2e-3)
    slow = panorama.irradiance(grey, normals(20))
    np.testing.assert_allclose(slow, np.tile(np.pi * grey[0, 0], (20, 1)), rtol=1e-3)


def test_key_of_a_disc_is_the_disc():
    axis = np.array([0.48, 0.6, 0.64])
    radius = 0.12
    key, rest = split_key(lamp(axis, radius, [90.0, 60.0, 30.0], [0.5, 0.5, 1.0], (512, 1024)))
    assert np.degrees(np.arccos(key.direction @ axis)) < 0.1
    assert key.size == pytest.approx(radius, rel=0.02)
    # A disc of radius a and radiance L gives π sin² a · L to a surface that faces it.
    excess = np.array([89.5, 59.5, 29.0])
    np.testing.assert_allclose(key.irradiance, np.pi * np.sin(radius) ** 2 * excess, rtol=0.02)
    np.testing.assert_allclose(rest, np.broadcast_to([0.5, 0.5, 1.0], rest.shape))


def test_key_is_not_taken_from_the_floor():
    below = np.array([0.0, -1.0, 0.0])
    key, _ = split_key(lamp(below, 0.3, [9.0, 9.0, 9.0], [0.1, 0.1, 0.1]))
    assert key.direction[1] > -0.5


@pytest.mark.parametrize("name", NAMES)
def test_harmonics_and_key_give_the_irradiance_of_the_panorama(name):
    made = load(name)
    towards = normals(100)
    slow = panorama.irradiance(made.panorama, towards)
    error = (lit(made, towards) - slow) / slow.mean()
    # Second-order harmonics without the key miss a sun by 33 % of the mean.
    assert np.sqrt(np.mean(error**2)) < 0.036
    assert np.abs(error).max() < 0.15
    ahead = FACING / np.linalg.norm(FACING, axis=1, keepdims=True)
    turned = np.concatenate([ahead @ about_y(angle) for angle in np.arange(8) * np.pi / 4])
    faces = (lit(made, turned) - panorama.irradiance(made.panorama, turned)) @ LUMINANCE
    # A typical white face has irradiance π. Under the bridge the sky is a strip straight above.
    bound = 0.11 if name == "adams_place_bridge" else 0.04
    assert np.sqrt(np.mean(faces**2)) < bound * np.pi


@pytest.mark.parametrize("name", NAMES)
def test_energy_is_kept(name):
    made = load(name)
    weight = solid_angles(*made.panorama.shape[:2])
    whole = np.einsum("hwc,hw->c", made.panorama, weight)
    rest = made.sh[0] / light.BASIS[0]
    # Irradiance of the key counts its lobe by the cosine to its axis, at most 4 % for 17 degrees.
    np.testing.assert_allclose(rest + made.key_irradiance, whole, rtol=0.02)


def test_turning_the_harmonics_is_turning_the_panorama():
    made = load("rooitou_park")
    rows, columns = made.panorama.shape[:2]
    quarter = np.roll(made.panorama, -columns // 4, axis=1).astype(np.float64)
    towards, weight = directions(rows, columns), solid_angles(rows, columns)

    def project(radiance):
        return np.einsum("hwk,hwc,hw->kc", light.basis(towards), radiance, weight)

    straight = project(made.panorama.astype(np.float64)).astype(np.float32)
    turned = turn(straight, about_y(np.pi / 2))
    np.testing.assert_allclose(turned, project(quarter), atol=1e-5 * np.abs(straight).max())


@pytest.mark.parametrize("angle", [0.3, 2.0, -1.1])
def test_turned_harmonics_at_turned_directions_are_the_same(angle):
    sh = np.random.default_rng(1).normal(size=(9, 3)).astype(np.float32)
    matrix = about_y(angle)
    back = light.radiance(turn(sh, matrix), normals(40) @ matrix.T)
    np.testing.assert_allclose(back, light.radiance(sh, normals(40)), atol=1e-5)
    np.testing.assert_array_equal(turn(sh, about_y(0.0)), sh)


def test_light_turns_as_a_whole():
    made = load("immenstadter_horn")
    still, turned = illuminate(made, 0.0), illuminate(made, 1.0)
    matrix = about_y(1.0)
    np.testing.assert_allclose(turned.key_direction, matrix @ still.key_direction, atol=1e-6)
    gain = balance(made, 1.0) / balance(made, 0.0)
    np.testing.assert_allclose(turned.key_colour, still.key_colour * gain, rtol=1e-5)
    np.testing.assert_allclose(turned.sh[0], still.sh[0] * gain, rtol=1e-5)
    for towards in (still, turned):
        column = light.column(towards.key_direction[None], towards.rotation)[0]
        row = np.arccos(towards.key_direction[1]) / np.pi
        near = made.panorama[int(row * 256) - 4 : int(row * 256) + 5]
        near = near[:, int(column * 512) - 4 : int(column * 512) + 5]
        assert near.max() == made.panorama.max()


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("rotation", np.arange(6) * np.pi / 3)
def test_faces_are_lit_sensibly_from_any_side(name, rotation):
    cast = illuminate(load(name), float(rotation))
    key = np.maximum(FACING @ cast.key_direction, 0)[:, None] * cast.key_colour
    face = (light.irradiance(cast.sh, FACING) + key) @ LUMINANCE / np.pi * cast.exposure
    assert (0.45 if "night" in name else 0.6) < face.mean() < 1.25
    assert face.min() > 0.1 * face.mean()
    fill = np.pi * light.BASIS[0] * cast.sh[0] @ LUMINANCE
    assert cast.key_colour @ LUMINANCE <= KEY_TO_FILL * fill * 1.2  # white balance shifts it


def test_white_balance_takes_most_of_a_cast_out():
    made = load("kiara_1_dawn")
    for rotation in (0.0, 2.0, 4.0):
        cast = illuminate(made, rotation)
        key = np.maximum(FACING @ cast.key_direction, 0)[:, None] * cast.key_colour
        face = (light.irradiance(cast.sh, FACING) + key).mean(axis=0)
        raw = face / balance(made, rotation)

        def colourfulness(rgb):
            return np.ptp(np.log(rgb))

        assert colourfulness(face) == pytest.approx(0.4 * colourfulness(raw), rel=0.02)


def test_exposure_multiplies_and_only_that():
    made = load("lebombo")
    once, twice = illuminate(made, 0.5), illuminate(made, 0.5, exposure=2.0)
    assert twice.exposure == pytest.approx(2 * once.exposure)
    np.testing.assert_array_equal(twice.sh, once.sh)


def test_reflected_panorama_has_no_key():
    made = load("rooitou_park")
    cast = illuminate(made, 0.0)
    assert cast.panorama.max() < 0.05 * made.panorama.max()
    changed = (cast.panorama != made.panorama).any(axis=-1).mean()
    assert 0 < changed < 0.03
    assert illuminate(made, 1.0).panorama is cast.panorama


def test_packed_panorama_comes_back_to_half_a_step():
    drawn = np.exp(np.random.default_rng(2).uniform(-9, 11, (8, 16, 3))).astype(np.float32)
    back = unpack(pack(drawn))
    bound = (drawn + 1 / environments.KNEE) * (environments.STEP / 2) * 1.01
    assert (np.abs(back - drawn) <= bound).all()
    np.testing.assert_array_equal(pack(back), pack(drawn))


def test_file_ships_with_its_provenance():
    source = environments.provenance()
    assert source["licence"] == "CC0-1.0"
    assert set(source["originals_sha256"]) == {f"{name}_1k.hdr" for name in NAMES}
    assert json.dumps(source)


def test_wrong_input_is_named():
    with pytest.raises(ValueError, match=r"environment must be one of .*, got 'mars'"):
        load("mars")
    with pytest.raises(ValueError, match=r"exposure must be above 0, got 0\.0"):
        illuminate(load("lebombo"), 0.0, exposure=0.0)
    with pytest.raises(ValueError, match="rotation must be finite, got nan"):
        illuminate(load("lebombo"), float("nan"))
    dark = np.zeros((8, 16, 3))
    with pytest.raises(ValueError, match="radiance of panorama dark must be finite"):
        measure("dark", dark, dark)
