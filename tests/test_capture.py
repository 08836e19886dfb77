"""Cameras of every kind: what they are drawn from, what they leave alone, what they record."""

from dataclasses import replace
from typing import Any, get_args

import numpy as np
import pytest
from scipy import stats

from assets import head as heads
from assets.classes import CLASSES
from assets.sensors import APERTURES, SENSORS
from assets.streams import stream
from generator.backdrop import light_of
from generator.capture import Lamp
from generator.config import GenerateConfig, SensorKind, decisive
from generator.identity import make_identity
from generator.near_infrared import at_850, lamplight
from generator.shards.drawn_rules import drawn_faults
from generator.shards.record import Record
from generator.shards.stated import read_options
from generator.synth3d import eye_depth, frames, make_person
from generator.texture.skin import Texture
from generator.view import draw_lens, make_view
from render import image
from render.camera import Camera, intrinsics, look_at
from render.image import draw
from render.sensor import Sensor
from tests.shapes import camera, paper, scene, square, sun

UNLIKELY = 1e-5
CONFIG = GenerateConfig(identities=6, pain_per_identity=0, views=1, size=64, seed=4)
KINDS: tuple[SensorKind, ...] = get_args(SensorKind)


def with_sensor(kind: SensorKind, **options) -> GenerateConfig:
    return replace(CONFIG, sensor=kind, **options)


def test_every_kind_that_can_be_asked_for_has_its_ranges() -> None:
    assert set(KINDS) == set(SENSORS)


def test_a_photographers_camera_is_drawn_as_ever() -> None:
    """The default's draws, written out: whoever changes them changes every data set."""
    for index in range(20):
        rng = stream(CONFIG.seed, index, "camera", 0)
        draw_lens("portrait", rng)
        noise = float(np.exp(np.log(0.001) + np.log(5.0) * rng.random()))
        grain = float(np.exp(np.log(0.003) + np.log(4.0) * rng.random()))
        contrast = 1 + float(np.clip(0.06 * rng.standard_normal(), -0.12, 0.12))
        saturation = 1 + float(np.clip(0.08 * rng.standard_normal(), -0.18, 0.18))
        expected = [noise, grain, contrast, saturation, 0.2 * rng.random(), 0.5 * rng.random()]
        sensor = make_view(CONFIG, index, 0).sensor
        drawn = [sensor.noise, sensor.grain, sensor.contrast, sensor.saturation,
                 sensor.vignette, sensor.blur]  # fmt: skip
        assert drawn == pytest.approx(expected, rel=1e-12)
        # Nothing else is done to the light.
        assert sensor == Sensor(*drawn, seed=sensor.seed)


@pytest.mark.parametrize("kind", KINDS)
def test_the_kind_of_camera_changes_nothing_but_the_camera(kind: SensorKind) -> None:
    plain, other = (make_view(replace(CONFIG, sensor=k), 3, 0, 1) for k in ("photo", kind))
    assert replace(other, sensor=plain.sensor, lamp=None) == plain
    assert other.sensor.seed == plain.sensor.seed
    assert (other.lamp is not None) == (kind == "near_infrared")
    once, again = (make_view(with_sensor(kind), 3, 0, n).sensor for n in (0, 1))
    assert replace(once, seed=0) == replace(again, seed=0)
    assert once.seed != again.seed


def test_poor_cameras_follow_their_densities() -> None:
    config = with_sensor("degraded", size=100)
    drawn = [make_view(config, index, 0).sensor for index in range(800)]
    ranges = SENSORS["degraded"]

    def agrees(values: list[float], low: float, high: float) -> None:
        uniform = stats.uniform(low, high - low).cdf
        assert stats.kstest(values, uniform).pvalue > UNLIKELY

    agrees([np.log2(sensor.gain) for sensor in drawn], -1.0, 1.0)
    agrees([sensor.contrast for sensor in drawn], *ranges.contrast)
    agrees([np.hypot(*sensor.motion) for sensor in drawn], 0.0, 100 * ranges.motion[1])
    agrees([np.arctan2(*sensor.motion) for sensor in drawn], -np.pi, np.pi)
    agrees([sensor.defocus for sensor in drawn], 0.0, 100 * ranges.defocus[1])
    low, high = ranges.quality
    counts = np.bincount([sensor.quality - low for sensor in drawn], minlength=high - low + 1)
    assert stats.chisquare(counts).pvalue > UNLIKELY
    warm = [np.log(sensor.balance[0]) * np.log(sensor.balance[2]) for sensor in drawn]
    assert max(warm) <= 0.0  # red and blue are never off to the same side


@pytest.mark.parametrize("kind", KINDS)
def test_records_of_every_camera_keep_the_rules(kind: SensorKind) -> None:
    config = with_sensor(kind, views=2, depth_of_field=kind != "clean")
    options = read_options({"options": decisive(config)}, "config.json")
    first, again = make_person(config, 1), make_person(config, 1)
    assert [sample.members for sample in first] == [sample.members for sample in again]
    assert [list(drawn_faults(sample.record, options)) for sample in first] == [[], []]
    assert {sample.record.sensor.kind for sample in first} == {kind}


@pytest.fixture(scope="module")
def poor() -> Record:
    return make_person(with_sensor("degraded"), 1)[0].record


def broken(record: Record, config: GenerateConfig) -> str:
    options = read_options({"options": decisive(config)}, "config.json")
    return "; ".join(f"{rule}, got {value}" for rule, value in drawn_faults(record, options))


@pytest.mark.parametrize(
    ("field", "value", "text"),
    [
        ("noise", 0.1, "sensor.noise of degraded must be 0.008 to 0.03, got 0.1"),
        ("gain", 2.1, "sensor.gain of degraded must be 0.5 to 2, got 2.1"),
        ("gain", None, "sensor.gain of degraded must be 0.5 to 2, got None"),
        ("balance", (1.0, 1.4, 1.0), "sensor.balance of degraded must be 0.75 to 1.35, got 1.4"),
        ("balance", None, "sensor.balance of degraded must be 0.75 to 1.35, got None"),
        ("motion", (0.0, 1.0), "sensor.motion of degraded must be 0 to 0.896, got 1.0"),
        ("defocus", 0.3, "sensor.defocus of degraded must be 0 to 0.256, got 0.3"),
        ("quality", 90, "sensor.quality of degraded must be 20 to 60, got 90"),
        ("columns", 320, "sensor.columns of degraded must be 0, got 320"),
        ("kind", "film", "sensor.kind must be one of photo, clean, degraded, ward_video"),
        ("kind", "clean", "sensor.kind must be degraded, as in config.json, got clean"),
    ],
)
def test_a_sensor_out_of_its_ranges_is_named(
    poor: Record, field: str, value: Any, text: str
) -> None:
    assert broken(poor, with_sensor("degraded")) == ""
    wrong = replace(poor, sensor=replace(poor.sensor, **{field: value}))
    assert text in broken(wrong, with_sensor("degraded"))


def test_lens_and_lamp_are_held_to_the_options() -> None:
    config = with_sensor("near_infrared", depth_of_field=True)
    record = make_person(config, 1)[0].record
    assert record.camera is not None
    assert record.camera.aperture is not None
    assert record.camera.focus is not None
    assert record.light.key_distance == pytest.approx(record.camera.focus)
    sharp = replace(record, camera=replace(record.camera, aperture=None))
    assert "camera.aperture must be known with depth_of_field, and only with it, got None" in (
        broken(sharp, config)
    )
    assert "camera.focus must be known with depth_of_field, and only with it" in (
        broken(record, replace(config, depth_of_field=False))
    )
    wide = replace(record, camera=replace(record.camera, aperture=0.05))
    rule = f"camera.aperture must be {APERTURES[0]} to {APERTURES[1]} m, got 0.05"
    assert rule in broken(wide, config)
    far = replace(record, light=replace(record.light, key_distance=None))
    assert "key_distance must be known where a lamp beside the lens is" in broken(far, config)


def test_the_eyes_are_in_focus() -> None:
    person = make_identity(0, 6, 4, "18-90")
    model = heads.load()
    head = model.person(person.shape.phenotypes, person.shape.changes, person.person.age_years)
    extrinsics = look_at(np.array([0.0, 0.0, 1.5]), np.zeros(3))
    seen = Camera(intrinsics(900.0, 64, 64), extrinsics, 64, 64)
    front = head.eyes.centre[:, 2] + head.eyes.radius
    assert eye_depth(head, seen) == pytest.approx(1.5 - front.max(), abs=1e-5)


def texture_of(red: np.ndarray) -> Texture:
    albedo = np.full((*red.shape, 4), 255, np.uint8)
    albedo[..., 0], albedo[..., 1] = red, red // 2
    flat = np.zeros(red.shape, np.uint8)
    return Texture(albedo, np.zeros((*red.shape, 3), np.uint8), flat, flat)


def seen_as(name: str, codes: list[int], skin: int) -> np.ndarray:
    """Linear light at 850 nm of these codes in red, on a person of a skin of this code."""
    mask = np.full((512, 512), CLASSES["skin"], np.uint8)
    mask[200:220] = CLASSES[name]
    red = np.full((512, 512), skin, np.uint8)
    red[200 : 200 + len(codes)] = np.array(codes, np.uint8)[:, None]
    made = at_850(texture_of(red), mask).albedo
    np.testing.assert_array_equal(made[..., 0], made[..., 1])
    np.testing.assert_array_equal(made[..., 0], made[..., 2])
    return (made[200 : 200 + len(codes), 300, 0] / 255.0) ** 2.2


def test_near_infrared_sees_through_melanin() -> None:
    dark, light = seen_as("skin", [82], 82)[0], seen_as("skin", [215], 215)[0]
    assert 0.4 < dark < light < 0.7
    assert dark / light > 0.7  # in red it is 0.12
    lips, cheek = seen_as("lips", [190, 215], 215)
    assert 0.9 < lips / cheek < 1.0
    stubble, chin = seen_as("skin", [70, 215], 215)
    assert stubble < 0.5 * chin
    pupil, brown, blue = seen_as("iris", [10, 60, 120], 215)
    assert pupil < 0.1
    assert brown > 2 * pupil
    assert blue / brown < 1.8  # in red it is 4.6
    white, _ = seen_as("sclera", [170, 10], 215)
    assert white < light
    hair, grey = seen_as("hair", [30, 120], 215)
    assert 0.1 < hair < grey < 0.5


def test_near_infrared_pictures_are_grey_and_alike_over_skins() -> None:
    faces = {}
    for kind in ("clean", "near_infrared"):
        config = GenerateConfig(
            identities=24, pain_per_identity=0, views=1, size=64, seed=3, background="plain",
            environments=("potsdamer_platz",), sensor=kind,
        )  # fmt: skip
        for index in (0, 8):
            identity, _, frame = next(frames(config, index))
            face = frame.image[(frame.classes == 1) | (frame.classes == 8)]
            faces[kind, index] = (identity.person.skin_tone, np.median(face))
            if kind == "near_infrared":
                np.testing.assert_array_equal(frame.image[..., 0], frame.image[..., 1])
                np.testing.assert_array_equal(frame.image[..., 0], frame.image[..., 2])
    tones = [faces["clean", index][0] for index in (0, 8)]
    assert max(tones) - min(tones) >= 4
    visible, infrared = (
        np.ptp([faces[kind, index][1] for index in (0, 8)]) for kind in ("clean", "near_infrared")
    )
    assert infrared < 0.6 * visible


def test_the_lamp_stands_beside_the_lens_and_its_light_falls_off() -> None:
    position = np.array([0.3, 0.2, 1.2])
    seen = Camera(intrinsics(90.0, 32, 32), look_at(position, np.zeros(3)), 32, 32)
    light = light_of(make_view(CONFIG, 0, 0).lighting)
    for turn, axis in ((0.0, np.array([1.0, 0.0, -0.25])), (np.pi / 2, np.array([0.0, 1.0, 0.0]))):
        made = lamplight(light, seen, Lamp(0.1, turn, 0.1), 1.0)
        to_lens = position / np.linalg.norm(position)
        assert np.arccos(made.key_direction @ to_lens) == pytest.approx(0.1, abs=1e-3)
        assert (made.key_direction - to_lens) @ axis > 0.05


def test_a_lamp_gives_a_quarter_at_twice_the_distance(monkeypatch: pytest.MonkeyPatch) -> None:
    kept = []
    photograph = image.photograph

    def spy(light, *rest):
        kept.append(light.numpy().copy())
        return photograph(light, *rest)

    monkeypatch.setattr(image, "photograph", spy)
    sky = np.zeros((9, 3), np.float32)
    sky[0] = 1.0
    drawn = scene(square(2.0), paper(), sun(sky=sky), camera(32, 100.0))  # 1 m away
    for distance in (0.0, 0.5, 2.0):
        draw(replace(drawn, light=replace(drawn.light, key_distance=distance)))
    far, near, strong = kept
    assert far.max() > 0.1
    np.testing.assert_allclose(near, far * 0.25, rtol=1e-4)
    np.testing.assert_allclose(strong, far * 4.0, rtol=1e-4)
