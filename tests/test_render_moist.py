"""Eyes and mouths in pictures: refraction, lids and tears, light between the lips."""

from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import no_type_check

import cv2
import numpy as np
import pytest
import warp as wp
from scipy import stats

from assets import eyeball
from assets.classes import CLASSES
from generator import synth3d
from generator.config import GenerateConfig
from generator.moist import eye_shape, mouth_shape
from render import image
from render.cavity import Mouth, MouthShape, passed_on, through_lips
from render.light import Light
from render.material import decode_table
from render.scene import Scene, Sensor
from render.tears import (
    AQUEOUS,
    IRIS_DEPTH,
    LID_COLUMNS,
    Ball,
    EyeShape,
    ball,
    cornea_normal,
    from_lids,
    tear_normal,
    through_cornea,
    wall,
)
from rigging.blendshapes import pose
from rigging.gaze import STRAIGHT
from tests.crowd import crowd

IRIS = 0.4875


def dome(rng: np.random.Generator) -> np.ndarray:
    """A random place on the cornea of the unit ball."""
    angle, turn = 0.95 * np.arcsin(IRIS) * np.sqrt(rng.random()), 2 * np.pi * rng.random()
    out = float(eyeball.surface(np.array(np.cos(angle)), IRIS))
    sine = np.sin(angle)
    return out * np.array([sine * np.cos(turn), sine * np.sin(turn), np.cos(angle)])


def test_normal_of_the_cornea_stands_on_its_surface():
    rng = np.random.default_rng(0)
    for _ in range(50):
        p = dome(rng)
        n = np.array(cornea_normal(wp.vec3(*p), IRIS))
        for _ in range(3):
            q = p + 1e-4 * rng.normal(size=3)
            cosine = q[2] / np.linalg.norm(q)
            q *= float(eyeball.surface(np.array(cosine), IRIS)) / np.linalg.norm(q)
            assert abs((q - p) @ n) < 1e-2 * np.linalg.norm(q - p)


def test_iris_is_seen_where_snell_bends_the_ray():
    """The slow way: sines of the angles to the normal, in the plane of normal and ray."""
    rng = np.random.default_rng(1)
    checked = 0
    while checked < 200:
        p = dome(rng)
        n = np.array(cornea_normal(wp.vec3(*p), IRIS), dtype=float)
        v = rng.normal(size=3)
        v[2] = 1.5 * abs(v[2]) + 0.3
        v /= np.linalg.norm(v)
        if v @ n < 0.2:
            continue
        outside = np.arccos(v @ n)
        inside = np.arcsin(np.sin(outside) / AQUEOUS)
        beside = n * (v @ n) - v
        beside /= np.linalg.norm(beside)
        ray = -np.cos(inside) * n + np.sin(inside) * beside
        if -ray[2] < 0.26:
            continue
        plane = np.sqrt(1 - IRIS**2) - IRIS_DEPTH
        hit = p + ray * (p[2] - plane) / -ray[2]
        got = through_cornea(wp.vec3(*p), wp.vec3(*n), wp.vec3(*v), IRIS)
        np.testing.assert_allclose(np.array(got), hit[:2] / IRIS, atol=2e-4)
        checked += 1


def test_cornea_magnifies_the_pupil():
    steep = eyeball.CORNEA_FACTOR * IRIS
    top = np.sqrt(1 - IRIS**2) - np.sqrt(steep**2 - IRIS**2) + steep
    depth = top - (np.sqrt(1 - IRIS**2) - IRIS_DEPTH)
    # A refracting sphere near its axis; the human entrance pupil is 1.13 times the real one.
    wanted = 1 / (1 - depth / steep * (1 - 1 / AQUEOUS))
    assert wanted == pytest.approx(1.13, abs=0.03)
    for height in (0.01, 0.03, 0.05):
        p = wp.vec3(height, 0.0, top - steep + np.sqrt(steep**2 - height**2))
        seen = through_cornea(p, cornea_normal(p, IRIS), wp.vec3(0.0, 0.0, 1.0), IRIS)
        assert height / (seen[0] * IRIS) == pytest.approx(wanted, rel=2e-3)


def test_wall_takes_what_it_hides():
    # Cosine-weighted share of the half sphere behind a wall: rows of directions along it cancel,
    # so that the share is that of the flat fan, between the horizon and the wall's top.
    angle = (np.arange(200_000) + 0.5) / 200_000 * np.pi
    for away in (0.0, 0.3, 1.0, 4.0):
        hidden = angle < np.arctan2(1.0, away)
        share = np.sin(angle)[hidden].sum() / np.sin(angle).sum()
        assert wall(away, 1.0) == pytest.approx(share, abs=1e-4)


@no_type_check
@wp.kernel(enable_backward=False)
def measure(lids: wp.array[wp.vec2], on: Ball, places: wp.array[wp.vec3], out: wp.array[wp.vec3]):
    i = wp.tid()
    out[i] = from_lids(lids, on, wp.normalize(places[i] - on.centre))


def distances(shape: EyeShape, places: np.ndarray) -> np.ndarray:
    lids = wp.array(shape.lids, dtype=wp.vec2, device="cpu")
    at = wp.array(places.astype(np.float32), dtype=wp.vec3, device="cpu")
    out = wp.zeros(len(places), dtype=wp.vec3, device="cpu")
    inputs = [lids, ball(shape, 0), at, out]
    wp.launch(measure, dim=len(places), inputs=inputs, device="cpu")
    return out.numpy()


def test_distance_to_lids_is_the_arc_between():
    upper, lower = 0.5, -0.4
    lids = np.tile(np.float32([upper, lower]), (LID_COLUMNS, 1))
    centre = np.float32([0.03, 0.0, 0.0])
    shape = EyeShape(centre, np.eye(3, dtype=np.float32), 0.012, 0.0058, -0.011, 0.011, lids)
    angle = np.linspace(-0.3, 0.4, 8)
    places = centre + 0.02 * np.stack([0 * angle, np.sin(angle), np.cos(angle)], axis=1)
    found = distances(shape, places)
    np.testing.assert_allclose(found[:, 0], 0.012 * (upper - angle), atol=1e-7)
    np.testing.assert_allclose(found[:, 1], 0.012 * (angle - lower), atol=1e-7)
    np.testing.assert_allclose(found[:, 2], 0.011, atol=1e-7)


@pytest.mark.parametrize("person", crowd()[::3])
def test_lids_of_the_shader_are_those_of_the_head(person):
    full = {au: 0.0 for au in (1, 2, 4, 5, 6, 7, 9, 10, 12, 14, 15, 17, 20, 23, 25, 26, 27)}
    for name, aus in (("open", {43: 0.0, 45: 0.0}), ("closed", {43: 1.0, 45: 5.0})):
        posed = pose(person, full | aus, full | aus, STRAIGHT)
        for eye, side in enumerate(("left", "right")):
            shape = eye_shape(person, eye, posed, STRAIGHT[eye])
            loop = person.topology.loops[f"{side}_upper_lid"]
            middle = posed[loop][len(loop) // 3 : -len(loop) // 3]
            found = distances(shape, middle)
            assert np.abs(found[:, 0]).max() < 0.0006
            gap = found[:, 0] + found[:, 1]
            if name == "closed":
                assert np.abs(gap).max() < 0.0008
            else:
                assert gap.max() > 0.004


def test_tears_turn_from_ball_to_level():
    n = wp.normalize(wp.vec3(0.1, -0.3, 1.0))
    assert np.allclose(tear_normal(n, 0.0), n)
    assert np.array(tear_normal(n, 1.0)) @ np.array(n) == pytest.approx(0.0, abs=1e-6)
    rise = [tear_normal(n, share)[1] for share in np.linspace(0, 1, 20).tolist()]
    assert (np.diff(rise) > 0).all()


def test_light_through_lips():
    opening = Mouth()
    opening.centre, opening.area = wp.vec3(0.0, 0.0, 0.0), 0.0006
    toward = wp.vec3(0.0, 0.0, 1.0)
    # Far behind a disc that it faces, a place gets the disc's form factor: A / (pi r² + A).
    for depth in (0.01, 0.03, 0.08):
        way = through_lips(opening, wp.vec3(0.0, 0.0, -depth), toward)
        assert np.allclose(way[:3], (0, 0, 1))
        assert way[3] == pytest.approx(0.0006 / (np.pi * depth**2 + 0.0006), rel=1e-4)
    assert through_lips(opening, wp.vec3(0.0, 0.0, 0.01), toward)[3] == 1.0
    opening.area = 0.0
    assert through_lips(opening, wp.vec3(0.0, 0.0, -0.02), toward)[3] == 0.0
    for share in (0.02, 0.2, 0.7):
        red, green, blue = passed_on(share)
        assert share < blue < green < red < 1
    assert np.allclose(passed_on(1.0), 1)


def test_what_cannot_be_an_eye_or_a_mouth_is_refused():
    lids = np.zeros((LID_COLUMNS, 2), np.float32)
    good = EyeShape(
        np.zeros(3, np.float32), np.eye(3, dtype=np.float32), 0.01, 0.005, -1.0, 1.0, lids
    )
    with pytest.raises(ValueError, match=r"iris must be above 0 and below 0\.01, got 0\.02"):
        replace(good, iris=0.02)
    with pytest.raises(ValueError, match=r"low must be below high \(1\.0\), got 2"):
        replace(good, low=2.0)
    with pytest.raises(ValueError, match="lids must have 24 columns, got 3"):
        replace(good, lids=lids[:3])
    with pytest.raises(ValueError, match="area must be finite and at least 0, got -1"):
        MouthShape(np.zeros(3, np.float32), -1.0)


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("expressions")


@cache
def scenes(ages: str, seed: int, index: int, folder: Path) -> tuple[Scene, ...]:
    """A person's neutral and wide open mouth as scenes, in even light without a key."""
    kept: list[Scene] = []

    def keep(scene, *rest):
        kept.append(scene)
        return draw(scene, *rest)

    path = folder / "mouth.csv"
    path.write_text("AU25,AU26,AU27,AU43,AU45\n5,0,5,0,0\n")
    draw = synth3d.draw
    patch = pytest.MonkeyPatch()
    patch.setattr(synth3d, "draw", keep)
    config = GenerateConfig(
        identities=24, views=1, size=256, seed=seed, ages=ages, expressions=path
    )
    list(synth3d.frames(config, index))
    patch.undo()
    sky = np.zeros((9, 3), np.float32)
    sky[0] = 0.8 / 0.282094792
    white = Light(sky, np.float32([0, 0, 1]), np.zeros(3, np.float32))
    quiet = Sensor(noise=0.0, grain=0.0)
    return tuple(replace(scene, light=white, sensor=quiet) for scene in kept)


def lightness(frame) -> np.ndarray:
    return cv2.cvtColor(frame.image.astype(np.float32) / 255, cv2.COLOR_RGB2LAB)


PEOPLE = (("22-30", 5, 6), ("22-30", 5, 7), ("0-0", 3, 9), ("78-88", 2, 3))


@pytest.mark.parametrize("person", PEOPLE, ids=str)
def test_white_of_the_eye_does_not_glow(person, folder):
    frame = image.draw(scenes(*person, folder)[0])
    lab = lightness(frame)
    white, iris = (lab[frame.classes == CLASSES[name], 0] for name in ("sclera", "iris"))
    skin = lab[frame.classes == CLASSES["skin"], 0]
    assert len(white) > 30
    # Under light from everywhere, lids leave the white darker than light skin in the open.
    assert 33 < np.median(white) < max(np.percentile(skin, 60), 68)
    assert np.median(iris) < 0.75 * np.median(white)


@pytest.mark.parametrize("person", PEOPLE, ids=str)
def test_open_mouth_is_dark_red_and_not_black(person, folder):
    frame = image.draw(scenes(*person, folder)[1])
    lab = lightness(frame)
    inside = np.isin(frame.classes, [CLASSES["mouth_inside"], CLASSES["tongue"]])
    assert inside.sum() > 100
    skin = lab[frame.classes == CLASSES["lips"], 0]
    assert 9 < np.median(lab[inside, 0]) < 0.75 * np.median(skin) + 5
    assert np.percentile(lab[inside, 0], 5) > 3
    assert np.median(lab[inside, 1]) > 8
    assert np.median(lab[inside, 1]) > np.median(lab[inside, 2])


def linear_red(frame) -> np.ndarray:
    return decode_table()[frame.image[..., 0]]


def test_lids_shade_an_eye_and_depth_a_mouth(folder):
    neutral, wide = scenes("22-30", 5, 6, folder)
    told, plain = (
        image.draw(replace(neutral, mesh=mesh))
        for mesh in (neutral.mesh, replace(neutral.mesh, moist=None))
    )
    ratio = linear_red(told) / np.maximum(linear_red(plain), 1e-3)
    white = told.classes == CLASSES["sclera"]
    ball = white | (told.classes == CLASSES["iris"])
    upper = white & ~np.roll(ball, 1, axis=0)
    inner = white & np.roll(ball, 3, axis=0) & np.roll(ball, -2, axis=0)
    assert min(upper.sum(), inner.sum()) > 10
    assert ratio[upper].mean() < 0.85 * ratio[inner].mean()

    told, plain = (
        image.draw(replace(wide, mesh=mesh)) for mesh in (wide.mesh, replace(wide.mesh, moist=None))
    )
    ratio = linear_red(told) / np.maximum(linear_red(plain), 1e-3)
    teeth = told.classes == CLASSES["teeth"]
    assert teeth.sum() > 150
    # The molars lose more than the incisors.
    assert stats.spearmanr(told.depth[teeth], ratio[teeth]).statistic < -0.5


def test_opening_between_the_lips():
    for person in crowd()[::4]:
        closed = mouth_shape(person, person.vertices)
        aus = {au: 0.0 for au in (1, 2, 4, 5, 6, 7, 9, 10, 12, 14, 15, 17, 20, 23, 26, 43, 45)}
        posed = pose(person, aus | {25: 5.0, 27: 5.0}, aus | {25: 5.0, 27: 5.0}, STRAIGHT)
        wide = mouth_shape(person, posed)
        upper, lower = (posed[person.topology.loops[f"{lip}_lip"]] for lip in ("upper", "lower"))
        width = np.ptp(np.concatenate([upper, lower])[:, 0])
        height = upper[len(upper) // 2, 1] - lower[len(lower) // 2, 1]
        assert closed.area < 0.1 * wide.area
        # Between a diamond and a rectangle.
        assert 0.45 * width * height < wide.area < width * height
