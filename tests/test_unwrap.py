"""Picture to texture: by a slow twin and what comes back of people, by closed forms on planes."""

from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from assets import head as head_models
from generator import synth3d
from generator.config import GenerateConfig
from generator.framing import Lens, Pose, frame, head_points
from generator.portrait.chart import chart, normals
from generator.registration.raster import rastered
from render.camera import Camera
from render.chart import Chart
from render.maps import maps
from render.material import Material, decode_table, material
from render.mesh import Mesh
from render.sight import look
from render.unlit import unlit
from render.unwrap import ASKANCE, unwrap
from rigging.gaze import STRAIGHT
from tests.shapes import camera, mesh, paper, square, together
from tests.unwrap_twin import Twin, barycentric

SIZE = 1024
CONFIG = GenerateConfig(identities=24, seed=5, ages="0-90", size=512)
OLD, NEWBORN, LONG_HAIRED = 2, 5, 13
PEOPLE = (OLD, NEWBORN, LONG_HAIRED)


@cache
def person(index: int) -> tuple[Mesh, np.ndarray]:
    """A person at rest, and the points that frame them."""
    identity, body = synth3d.dressed(CONFIG, index)
    wanted = {OLD: "stubble", NEWBORN: "wispy", LONG_HAIRED: "long"}[index]
    assert identity.grooming.hair.style == wanted
    assert identity.person.newborn == (index == NEWBORN)
    heat = np.zeros((len(body.head.vertices), 6), np.float32)
    return body.mesh(body.head.vertices, STRAIGHT, heat), head_points(body.head)


def seen_from(index: int, yaw: float, size: int, pitch: float = 0.0) -> Camera:
    return frame(person(index)[1], Pose(yaw, pitch, 0.0), Lens(85.0, 0.72), size)


@cache
def head_chart() -> Chart:
    return chart(head_models.load().topology, SIZE)


def painted(albedo: np.ndarray) -> Material:
    size = len(albedo)
    normal = np.broadcast_to(np.array([128, 128, 255], np.uint8), (size, size, 3)).copy()
    rough = np.full((size, size), 255, np.uint8)
    return material(albedo, normal, rough, rough, np.ones((1024, 1024), np.uint8))


@cache
def known() -> np.ndarray:
    """Waves of 170 to 9 texels in red and green on the head's chart, magenta and strands beside."""
    v, u = np.mgrid[:SIZE, :SIZE] / SIZE
    albedo = np.zeros((SIZE, SIZE, 4), np.uint8)
    for channel in range(2):
        turn = 2.0 * channel
        wave = 0.5 + 0.25 * np.sin(2 * np.pi * (6 * u + 3 * v) + turn)
        wave += 0.12 * np.sin(2 * np.pi * (40 * u - 25 * v) + 2 * turn)
        wave += 0.05 * np.sin(2 * np.pi * (80 * u + 80 * v) + turn)
        albedo[..., channel] = np.rint(255 * wave)
    albedo[..., 3] = 255
    outside = albedo[head_chart().rows.stop :]
    outside[...] = (255, 0, 255, 255)
    # Some strands let through: cards hide some samples of a pixel and leave others.
    outside[:, ::3, 3] = 0
    return albedo


def from_edge(a: np.ndarray, b: np.ndarray, point: np.ndarray) -> np.ndarray:
    """How far a point lies to the left of edges."""
    x, y = (b - a).T
    return (x * (point - a)[:, 1] - y * (point - a)[:, 0]) / np.hypot(x, y)


def coordinates(seen: Camera) -> np.ndarray:
    """A picture whose red and green are x and y of its own pixels: what is read says where."""
    x, y = np.meshgrid(np.arange(seen.width) + 0.5, np.arange(seen.height) + 0.5)
    return np.stack([x, y, np.ones_like(x)], axis=-1).astype(np.float32)


def opaque(size: int = SIZE) -> Material:
    return painted(np.full((size, size, 4), 255, np.uint8))


def test_every_texel_of_the_chart_has_the_triangle_it_lies_in():
    made = head_chart()
    surface = person(OLD)[0]
    corners = surface.uv[surface.uv_triangles[: len(made.own)]].astype(float)
    rng = np.random.default_rng(0)
    shape = made.triangle.shape
    for texel in rng.choice(made.triangle.size, 200, replace=False).tolist():
        row, column = divmod(texel, shape[1])
        at = np.array([column + 0.5, SIZE - made.rows.start - row - 0.5]) / SIZE
        away = [from_edge(corners[:, i], corners[:, (i + 1) % 3], at) for i in range(3)]
        inside = np.min(away, axis=0) * SIZE
        holding = made.triangle[row, column]
        # In texels; corners are rounded to 1/256.
        if holding < 0:
            assert inside.max() < 1 / 256
        else:
            assert inside[holding] > -1 / 256
    assert 0.8 < (made.triangle >= 0).mean() < 0.9
    # Every texel of the chart once, at its own triangle.
    named = np.repeat(made.owners, np.diff(made.first))
    np.testing.assert_array_equal(made.triangle.ravel()[made.texels], named)
    np.testing.assert_array_equal(np.sort(made.texels), np.flatnonzero(made.triangle >= 0))
    assert made.own[made.owners].all()
    assert chart(head_models.load().topology, SIZE) is made


def test_normals_of_texels_are_those_of_the_mesh_at_their_middle():
    small = chart(head_models.load().topology, 256)
    surface = person(NEWBORN)[0]
    found = normals(small, surface)
    filled = small.triangle >= 0
    assert (found[~filled] == 0).all()
    np.testing.assert_allclose(np.linalg.norm(found[filled], axis=-1), 1, atol=1e-6)
    rows, columns = np.nonzero(filled)
    for row, column in zip(rows[::301], columns[::301], strict=True):
        triangle = small.triangle[row, column]
        at = np.array([column + 0.5, 256 - small.rows.start - row - 0.5]) / 256
        share = barycentric(surface.uv[surface.uv_triangles[triangle]].astype(float), at)
        wanted = share @ surface.normals[surface.triangles[triangle]]
        wanted /= np.linalg.norm(wanted)
        np.testing.assert_allclose(found[row, column], wanted, atol=2e-4)


@pytest.mark.parametrize(("index", "yaw"), [(OLD, 0.0), (NEWBORN, 0.7), (LONG_HAIRED, -0.5)])
def test_agrees_with_its_twin(index: int, yaw: float):
    surface, made = person(index)[0], head_chart()
    seen = seen_from(index, yaw, 300)
    sight = look(surface, seen, opaque())
    found, weight = unwrap(coordinates(seen), sight, made)
    twin = Twin(surface, seen, made)
    filled = np.flatnonzero(made.triangle >= 0)
    texels = np.random.default_rng(1).choice(filled, 700, replace=False).tolist()
    shown = differ = 0
    for texel in texels:
        place = twin.place(texel)
        cosine = weight.ravel()[texel]
        differ += place.shown != (cosine > 0)
        if place.shown and cosine > 0:
            shown += 1
            np.testing.assert_allclose(found.reshape(-1, 3)[texel, :2], place.pixel, atol=1 / 256)
            assert cosine == pytest.approx(place.cosine, abs=1e-4)
    assert shown > 100
    # The rasteriser rounds corners to 1/256 pixel: a sample on an edge may see its neighbour.
    assert differ <= 2
    assert (found[weight == 0] == 0).all()


@pytest.mark.parametrize(("index", "yaw"), [(OLD, 0.0), (NEWBORN, 0.0), (LONG_HAIRED, 0.6)])
def test_a_texture_that_is_drawn_comes_back_and_nothing_of_what_lies_beside(index: int, yaw: float):
    surface, made = person(index)[0], head_chart()
    seen = seen_from(index, yaw, 1024)
    colours = painted(known())
    sight = look(surface, seen, colours)
    picture, cover = unlit(sight, colours)
    picture = cover[..., None] * picture + (1 - cover[..., None]) * np.array([1, 0, 1], "f4")
    assert (picture[..., 2] > 0).mean() > 0.5
    found, weight = unwrap(picture.astype(np.float32), sight, made)
    assert (weight > 0).sum() > 50_000
    # All that is not the head's chart is magenta, and nothing of the chart has any blue.
    assert found[..., 2].max() == 0
    truth = decode_table()[known()[made.rows, made.columns, :3]]
    error = (found - truth)[..., :2]
    # Measured: 48 to 50 dB; the finest wave is 9 texels or some 10 pixels long.
    assert -10 * np.log10((error[weight > 0.8] ** 2).mean()) > 45
    assert -10 * np.log10((error[weight > 0.5] ** 2).mean()) > 45


@pytest.mark.parametrize("index", PEOPLE)
def test_no_texel_takes_the_colour_of_another_part_of_the_head(index: int):
    # The nose hides a cheek, the chin the neck, the ear what lies behind it.
    surface, made = person(index)[0], head_chart()
    for yaw, pitch in ((0.7, 0.0), (-0.4, 0.3)):
        seen = seen_from(index, yaw, 768, pitch)
        sight = look(surface, seen, opaque())
        uv = maps(sight.posed, surface, opaque(), sight.keys).uv.numpy()
        uv = np.pad(uv.reshape(768, 768, 2), ((0, 0), (0, 0), (0, 1)))
        found, weight = unwrap(uv, sight, made)
        rows, columns = np.mgrid[made.rows, made.columns] + 0.5
        across, down = found[..., 0] * SIZE - columns, (1 - found[..., 1]) * SIZE - rows
        # Where the chart is cut, at the back of the head, u goes round.
        across -= SIZE * np.rint(across / SIZE)
        off = np.hypot(across, down)
        # A few lie where the lips or the lids meet, a fraction of a millimetre apart.
        assert (off[weight > 0] > 5).mean() < 1e-3
        assert np.quantile(off[weight > 0], 0.99) < 0.5
        assert np.quantile(off[weight > 0.8], 0.999) < 0.5


def flat_chart(surface: Mesh, triangles: int, size: int = 128) -> Chart:
    """The first triangles of a surface as a chart that fills an atlas."""
    places = np.stack([surface.uv[:, 0], 1 - surface.uv[:, 1]], axis=1) * float(size)
    flat = surface.uv_triangles[:triangles]
    triangle = rastered(places, np.ones(len(places)), flat, (size, size)).triangle
    texels = np.argsort(triangle.ravel(), kind="stable")[(triangle < 0).sum() :].astype(np.int32)
    owners, counts = np.unique(triangle.ravel()[texels], return_counts=True)
    first = np.append(0, np.cumsum(counts)).astype(np.int32)
    own = np.ones(triangles, bool)
    return Chart(size, slice(0, size), slice(0, size), triangle, own, owners, first, texels)


@pytest.mark.parametrize("tilt", [0.0, 1.0, 1.35, 1.4])
def test_a_slanted_plane_hides_nothing_of_itself_and_its_weight_is_its_cosine(tilt: float):
    flat = square(0.5)
    normal = np.array([np.sin(tilt), 0, np.cos(tilt)])
    turn = np.array([[np.cos(tilt), 0, -np.sin(tilt)], [0, 1, 0]])
    points = flat.vertices[:, :2].astype(float) @ turn
    tilted = mesh(points, flat.triangles, flat.uv, np.tile(normal, (4, 1)))
    # The camera stands so that the outermost texels lie a pixel from the outline and more.
    sight = look(tilted, camera(1024, 4000.0, distance=4.0), paper())
    made = flat_chart(tilted, 2, 8)
    assert (made.triangle >= 0).all()
    light, weight = unwrap(np.ones((1024, 1024, 3), np.float32), sight, made)
    middle = (np.arange(8) + 0.5) / 16 - 0.25
    x, y = np.meshgrid(middle, -middle)
    toward = np.array([0, 0, 4.0]) - np.stack([x, y], axis=-1) @ turn
    cosine = (toward * normal).sum(axis=-1) / np.linalg.norm(toward, axis=-1)
    shown = cosine > ASKANCE
    assert shown.all() == (tilt < 1.4)
    assert shown.any() == (tilt < 1.4)
    np.testing.assert_allclose(weight, np.where(shown, cosine, 0), atol=1e-6)
    np.testing.assert_allclose(light, np.repeat(shown[..., None], 3, axis=2), atol=1e-6)


@pytest.mark.parametrize(
    ("gap_px", "front_in_chart", "hides"),
    [(0.5, True, False), (1.5, True, True), (0.5, False, True)],
)
def test_what_stands_in_front_hides_all_that_is_read_beside_it(
    gap_px: float, front_in_chart: bool, hides: bool
):
    # At the wall a pixel is 1 cm wide; the front covers pixels 22 to 41, the wall 2 to 61.
    wall, front = square(0.6), square(0.2 * (1 - 0.01 * gap_px), z=0.01 * gap_px)
    both = together(replace(wall, uv=wall.uv / 2), replace(front, uv=front.uv / 2 + 0.5))
    sight = look(both, camera(64, 100.0), paper())
    made = flat_chart(both, 4 if front_in_chart else 2)
    _, weight = unwrap(np.ones((64, 64, 3), np.float32), sight, made)

    def pixels(first: int, count: int) -> np.ndarray:
        """The first of the pixels that each of 64 texels is read from, across and down."""
        return np.floor(first + (np.arange(64) + 0.5) / 64 * count - 0.5)

    left = pixels(2, 60)
    inside, beside = (left >= 2) & (left + 1 <= 61), (left + 1 >= 22) & (left <= 41)
    wanted = np.outer(inside, inside) & ~(hides & np.outer(beside, beside))
    np.testing.assert_array_equal(weight[64:, :64] > 0, wanted)
    left = pixels(22, 20)
    inside = (left >= 22) & (left + 1 <= 41) if hides else np.ones(64, bool)
    wanted = np.outer(inside, inside) & front_in_chart
    np.testing.assert_array_equal(weight[:64, 64:] > 0, wanted)


def test_what_turns_away_takes_nothing_whatever_its_normals_say():
    toward = np.tile([0.0, 0, 1], (4, 1))
    edge_on = square(0.5)
    edge_on = mesh(edge_on.vertices[:, [2, 1, 0]], edge_on.triangles, edge_on.uv, toward)
    front, back = square(0.5), square(0.5, z=-0.0001)
    back = mesh(back.vertices, back.triangles[:, ::-1], back.uv[[1, 0, 3, 2]], toward)
    sheet = together(replace(back, uv=back.uv / 2), replace(front, uv=front.uv / 2 + 0.5))
    for surface, shown in ((edge_on, 0), (sheet, 0), (square(0.5), 1)):
        sight = look(surface, camera(64), paper())
        made = flat_chart(surface, 2)
        made = replace(made, own=np.ones(len(surface.triangles), bool))
        _, weight = unwrap(np.ones((64, 64, 3), np.float32), sight, made)
        assert (made.triangle >= 0).any()
        assert (weight > 0).any() == shown


def test_a_picture_is_not_read_beyond_its_border():
    # 64 pixels see the middle of 100.
    flat = square(1.0)
    sight = look(flat, camera(64), paper())
    picture = np.ones((64, 64, 3), np.float32)
    light, weight = unwrap(picture, sight, flat_chart(flat, 2))
    left = np.floor((np.arange(128) + 0.5) / 128 * 100 - 18 - 0.5)
    inside = (left >= 0) & (left + 1 < 64)
    assert 70 < inside.sum() < 90
    np.testing.assert_array_equal(weight > 0, np.outer(inside, inside))
    np.testing.assert_allclose(light[weight > 0], 1.0, rtol=1e-6)


def test_a_picture_of_another_size_is_refused():
    sight = look(square(), camera(64), paper())
    made = flat_chart(square(), 2)
    with pytest.raises(ValueError, match=r"picture must be 64 x 64, got \(32, 64\)"):
        unwrap(np.zeros((32, 64, 3), np.float32), sight, made)
