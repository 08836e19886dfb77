"""Light on surfaces against closed forms: furnace, harmonics, cosine, shadow, openness."""

from dataclasses import replace

import numpy as np
import pytest
import warp as wp

from render import image
from render.light import Light, irradiance, radiance
from render.material import decode_table
from render.mesh import Mesh
from render.reflectance import lobe, mirror_share, wrapped
from render.skin import GRAZING
from tests.shapes import camera, mesh, paper, scene, sphere, square, sun, together


def linear(drawn, monkeypatch) -> tuple[np.ndarray, image.Frame]:
    """Draw a scene and give its light before development, too."""
    kept = []
    photograph = image.photograph

    def spy(light, *rest):
        kept.append(light.numpy().copy())
        return photograph(light, *rest)

    monkeypatch.setattr(image, "photograph", spy)
    frame = image.draw(drawn)
    return kept[0].reshape(*frame.depth.shape, 3), frame


def inside(frame) -> np.ndarray:
    """Pixels whose neighbours see the surface, too."""
    solid = np.pad(frame.depth > 0, 1)
    rows, columns = frame.depth.shape
    return np.logical_and.reduce(
        [solid[r : r + rows, c : c + columns] for r in range(3) for c in range(3)]
    )


def shares(frame, seen) -> np.ndarray:
    """Cosine between normal and viewer of every pixel."""
    x, y = np.meshgrid(np.arange(seen.width) + 0.5, np.arange(seen.height) + 0.5)
    focal, centre = seen.intrinsics[0, 0], seen.intrinsics[:2, 2]
    to_viewer = np.stack([-(x - centre[0]) / focal, (y - centre[1]) / focal, np.ones_like(x)], -1)
    to_viewer /= np.linalg.norm(to_viewer, axis=-1, keepdims=True)
    return np.clip((frame.normal * to_viewer).sum(axis=-1), 0, 1), to_viewer


@pytest.mark.parametrize("scatter", [0, 255])
def test_white_ball_in_an_even_furnace_cannot_be_seen(scatter, monkeypatch):
    sky = np.zeros((9, 3), np.float32)
    sky[0] = np.array([0.2, 0.5, 0.8]) / 0.282094792
    drawn = scene(sphere(), paper(scatter=scatter), sun(sky=sky), camera(96, 200.0))
    behind = np.broadcast_to(np.float32([0.2, 0.5, 0.8]), (96, 96, 3)).copy()
    light, frame = linear(replace(drawn, background=behind), monkeypatch)
    assert (frame.depth > 0).mean() > 0.4
    # On the rim a reflected ray may graze the ball's own pixels.
    np.testing.assert_allclose(light[inside(frame)] - [0.2, 0.5, 0.8], 0, atol=2e-3)
    np.testing.assert_allclose(light - behind, 0, atol=0.015)


def test_ball_under_harmonics(monkeypatch):
    rng = np.random.default_rng(0)
    sky = rng.normal(0, 0.1, (9, 3)).astype(np.float32)
    sky[0] = 3.0
    seen = camera(96, 200.0)
    light, frame = linear(scene(sphere(), paper(188), sun(sky=sky), seen), monkeypatch)
    kept = inside(frame)
    normal = frame.normal[kept].astype(np.float64)
    cosine, viewer = shares(frame, seen)
    cosine, viewer = cosine[kept], viewer[kept]
    share = np.array([mirror_share(1.0, max(float(c), GRAZING), 0.028) for c in cosine])[:, None]
    reflected = 2 * (normal * viewer).sum(axis=1, keepdims=True) * normal - viewer
    bands = np.repeat([1.0, np.exp(-1.0), np.exp(-3.0)], (1, 3, 5))[:, None].astype(np.float32)
    wanted = decode_table()[188] * irradiance(sky, normal) / np.pi * (1 - share)
    wanted += radiance(sky * bands, reflected) * share
    # The renderer thins out mirrored light where the ray would cross the head.
    calm = cosine > 0.6
    assert calm.sum() > 1000
    np.testing.assert_allclose(light[kept][calm], wanted[calm], rtol=0.01)


def test_key_light_follows_the_cosine(monkeypatch):
    seen = camera(96, 200.0)
    towards = np.array([0.6, 0.5, 0.62])
    towards /= np.linalg.norm(towards)
    drawn = scene(sphere(rings=96), paper(188), sun(towards, strength=2.0), seen)
    light, frame = linear(drawn, monkeypatch)
    cosine = frame.normal @ towards
    lambert = decode_table()[188] * 2.0 / np.pi * np.maximum(cosine, 0)
    kept = inside(frame) & (cosine > 0.15)
    gloss = light[kept][:, 0] - lambert[kept]
    assert kept.sum() > 1500
    # The rough gloss takes and adds a few per cent.
    assert np.abs(gloss).max() < 0.06 * lambert.max()
    assert (light[inside(frame) & (cosine < -0.05)] == 0).all()


def test_wrapped_cosine_keeps_its_energy():
    cosine = np.linspace(-1, 1, 20001)
    for spread in (0.0, 0.3, 0.72, 1.0):
        values = [wrapped(float(c), float(c), spread) for c in cosine[::20]]
        assert 2 * np.pi * np.trapezoid(values, cosine[::20]) == pytest.approx(np.pi, rel=2e-3)
        assert (np.diff(values) >= 0).all()


def test_gloss_is_reciprocal_and_gives_no_more_than_it_gets():
    rng = np.random.default_rng(4)
    up = wp.vec3(0.0, 0.0, 1.0)
    directions = rng.normal(size=(600, 3))
    directions[:, 2] = np.abs(directions[:, 2])
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    for alpha in (0.2, 0.6):
        for v in directions[:5]:
            if v[2] < 0.1:
                continue
            values = np.array([lobe(up, wp.vec3(*v), wp.vec3(*d), alpha, 1.0) for d in directions])
            assert values.mean() * 2 * np.pi < 1.1  # 600 draws of a half sphere
            for d, value in zip(directions[:20], values[:20], strict=True):
                if d[2] > 0.1:
                    back = lobe(up, wp.vec3(*d), wp.vec3(*v), alpha, 1.0)
                    assert value / d[2] == pytest.approx(back / v[2], rel=1e-3)


def test_shadow_of_a_ball_on_a_plane(monkeypatch):
    towards = np.array([0.5, 0.4, 0.8])
    towards /= np.linalg.norm(towards)
    radius, centre = 0.06, np.array([0.0, 0.0, 0.12])
    ball = sphere(radius, rings=60)
    ball = replace(ball, vertices=(ball.vertices + centre).astype(np.float32))
    seen = camera(256, 900.0)
    surface = together(square(1.0), ball)
    drawn = scene(surface, paper(188), sun(towards, strength=1.0, size=0.004), seen)
    light, frame = linear(drawn, monkeypatch)
    flat = replace(frame, depth=np.where(np.abs(frame.depth - 1) < 1e-4, frame.depth, 0))
    plane = inside(flat)
    x, y = np.meshgrid(np.arange(256) + 0.5 - 128, np.arange(256) + 0.5 - 128)
    points = np.stack([x / 900, -y / 900, np.zeros_like(x)], axis=-1)
    away = centre - points
    along = away @ towards
    distance = np.sqrt((away**2).sum(-1) - along**2)
    lit = light[..., 0] / np.median(light[plane & (distance > 2 * radius)][:, 0])
    dark = plane & (distance < radius - 0.004)
    bright = plane & (distance > radius + 0.004)
    assert dark.sum() > 200
    assert lit[dark].max() < 0.02
    np.testing.assert_allclose(lit[bright], 1, atol=0.02)


def test_wider_lamp_has_a_wider_penumbra(monkeypatch):
    half = mesh([(-1, -1, 0.1), (0, -1, 0.1), (0, 1, 0.1), (-1, 1, 0.1)], [(0, 1, 2), (0, 2, 3)])
    surface = together(square(1.0), half)
    towards = np.array([-0.5, 0.0, 0.8])
    widths = []
    for size in (0.02, 0.1, 0.2):
        drawn = scene(surface, paper(188), sun(towards, 1.0, size), camera(128, 220.0))
        light, _ = linear(drawn, monkeypatch)
        monkeypatch.undo()
        row = light[60, 66:, 0] / light[60, 120, 0]
        widths.append(((row > 0.05) & (row < 0.95)).sum())
    assert widths[0] < widths[1] < widths[2]


def test_corner_is_darker_than_the_open(monkeypatch):
    # Two walls at a right angle, opened to the camera: in the fold half of the sky is gone.
    points = [(-0.5, -1, 0), (0, -1, -0.5), (0, 1, -0.5), (-0.5, 1, 0), (0.5, -1, 0), (0.5, 1, 0)]
    diagonal = np.sqrt(0.5)
    left, right = (diagonal, 0, diagonal), (-diagonal, 0, diagonal)
    wall = mesh(points[:4], [(0, 1, 2), (0, 2, 3)], normals=[left] * 4)
    other = mesh([points[i] for i in (1, 4, 5, 2)], [(0, 1, 2), (0, 2, 3)], normals=[right] * 4)
    kept = []
    occlusion = image.occlusion

    def spy(*args):
        kept.append(occlusion(*args))
        return kept[-1]

    monkeypatch.setattr(image, "occlusion", spy)
    image.draw(scene(together(wall, other), paper(), sun(), camera(256, 700.0)))
    sky = kept[0].numpy().reshape(256, 256, 4)[100:156, :, 0].mean(axis=0)
    assert 0.4 < sky[126:130].mean() < 0.65
    assert sky[10] > 0.95
    assert (np.diff(sky[10:127]) < 0.02).all()
    np.testing.assert_allclose(sky, sky[::-1], atol=0.06)
    flat = []
    monkeypatch.setattr(image, "occlusion", lambda *args: flat.append(occlusion(*args)) or flat[-1])
    image.draw(scene(square(4.0), paper(), sun(), camera(48, 100.0)))
    np.testing.assert_allclose(flat[0].numpy()[:, 0], 1.0)


def tilted(normal: np.ndarray) -> Mesh:
    return replace(square(1.0), normals=np.tile(normal, (4, 1)).astype(np.float32))


def test_normal_map_tilts_as_the_normal_does(monkeypatch):
    made = paper(188)
    normal = np.array([0.36, -0.2, 0])
    normal[2] = np.sqrt(1 - (normal**2).sum())
    code = np.rint(127.5 * (normal + 1)).astype(np.uint8)
    detail = made.detail.numpy().copy()
    detail[:, :2] = code[:2]
    coded = replace(made, detail=type(made.detail)(detail, dtype=wp.vec4ub, device="cpu"))
    lamp = sun((0.5, 0.3, 0.8), strength=2.0)
    by_map, _ = linear(scene(square(1.0), coded, lamp, camera(16)), monkeypatch)
    monkeypatch.undo()
    by_mesh, _ = linear(scene(tilted(normal), made, lamp, camera(16)), monkeypatch)
    monkeypatch.undo()
    plain, _ = linear(scene(square(1.0), made, lamp, camera(16)), monkeypatch)
    np.testing.assert_allclose(by_map, by_mesh, rtol=0.02)
    assert np.abs(plain / by_mesh - 1).min() > 0.05


def test_red_travels_farthest_in_skin_and_not_at_all_in_stone(monkeypatch):
    lamp = sun((1.0, 0.0, 0.0), strength=2.0)
    seen = camera(96, 200.0)
    skin, frame = linear(scene(sphere(), paper(188, scatter=255), lamp, seen), monkeypatch)
    monkeypatch.undo()
    stone, _ = linear(scene(sphere(), paper(188), lamp, seen), monkeypatch)
    # Just behind the terminator.
    band = inside(frame) & (frame.normal[..., 0] < -0.03) & (frame.normal[..., 0] > -0.12)
    assert band.sum() > 100
    red, green, blue = skin[band].mean(axis=0)
    assert red > 1.3 * green > 1.3 * 1.1 * blue > 0
    assert stone[band].max() == 0


def test_light_refuses_what_is_none():
    good = sun()
    with pytest.raises(ValueError, match="key_direction must be a unit vector, got length 2"):
        replace(good, key_direction=np.float32([0, 0, 2]))
    with pytest.raises(ValueError, match="key_size must be between 0 and pi/2, got 0"):
        replace(good, key_size=0.0)
    with pytest.raises(ValueError, match="exposure must be above 0, got -1"):
        replace(good, exposure=-1.0)
    assert isinstance(good, Light)
