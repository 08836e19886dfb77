"""The rasteriser against its twin, against areas, and with cards."""

import numpy as np
import pytest
from scipy.spatial import Delaunay

from render.camera import Camera, intrinsics, look_at
from render.device import start
from render.mesh import Mesh
from render.raster import EMPTY, visible
from render.raster_twin import visible_twin
from render.surface import pose
from tests.shapes import camera, mesh, paper, sphere, square, together


def keys_of(surface: Mesh, seen: Camera, made) -> tuple[np.ndarray, np.ndarray]:
    keys = visible(pose(surface, seen, start("cpu")), made.albedo, made.size).numpy()
    keys = keys.reshape(seen.height, seen.width, -1)
    triangle = np.where(keys == EMPTY, -1, (keys & 0xFFFFFFFF).astype(np.int64))
    bits = (~(keys >> np.uint64(32)).astype(np.uint32)).view(np.float32)
    return triangle, np.divide(1.0, bits, out=np.zeros_like(bits), where=triangle >= 0)


def levels_of(made) -> list[np.ndarray]:
    packed, levels, first, side = made.albedo.numpy()[:, 3], [], 0, made.size
    while side:
        levels.append(packed[first : first + side * side].reshape(side, side))
        first, side = first + side * side, side // 2
    return levels


def soup(rng: np.random.Generator, count: int, card: bool) -> Mesh:
    centre = rng.uniform(-0.35, 0.35, (count, 1, 3))
    vertices = centre + rng.normal(0, 0.08, (count, 3, 3))
    uv = rng.uniform(0, 1, (3 * count, 2))
    return mesh(vertices.reshape(-1, 3), np.arange(3 * count).reshape(-1, 3), uv, card=card)


def test_agrees_with_its_twin():
    rng = np.random.default_rng(3)
    alpha = (rng.uniform(size=(64, 64)) > 0.4).astype(np.uint8) * 255
    aside = Camera(
        intrinsics(70.0, 61, 47),
        look_at(np.array([0.3, 0.2, 0.8]), np.array([0.0, 0.05, 0])),
        61,
        47,
    )
    surface = together(soup(rng, 250, False), soup(rng, 150, True), sphere(0.15, rings=10))
    made = paper(alpha=alpha)
    twin = visible_twin(surface, aside, levels_of(made))
    triangle, depth = keys_of(surface, aside, made)
    np.testing.assert_array_equal(triangle, twin.triangle)
    np.testing.assert_allclose(depth, twin.depth, rtol=2e-7)
    shown = np.unique(triangle)
    assert (shown < 250).sum() > 50
    assert ((shown >= 250) & (shown < 400)).sum() > 30
    # Some triangles reach behind the camera and are left out whole.
    assert (triangle == -1).sum() > 100


def test_shared_edges_leave_no_gap_and_no_order():
    rng = np.random.default_rng(5)
    points = np.concatenate([rng.uniform(-0.3, 0.3, (60, 2)), [(-2, -2), (2, -2), (2, 2), (-2, 2)]])
    triangles = Delaunay(points).simplices
    a, b, c = (points[triangles[:, i]] for i in range(3))
    b, c = b - a, c - a
    flip = b[:, 0] * c[:, 1] - b[:, 1] * c[:, 0] < 0
    triangles[flip] = triangles[flip][:, ::-1]
    flat = mesh(np.concatenate([points, np.zeros((64, 1))], axis=1), triangles)
    triangle, _ = keys_of(flat, camera(96), paper())
    assert (triangle >= 0).all()
    # Every sample belongs to one triangle only: drawing them apart covers each sample once.
    total = 0
    for one in flat.triangles:
        alone, _ = keys_of(mesh(flat.vertices, one[None]), camera(96), paper())
        total += (alone >= 0).sum()
    assert total == 96 * 96 * 5
    shuffled = rng.permutation(len(triangles))
    again, _ = keys_of(mesh(flat.vertices, triangles[shuffled]), camera(96), paper())
    np.testing.assert_array_equal(shuffled[again], triangle)


def test_back_faces_are_culled_and_cards_are_not():
    seen = camera(32)
    behind = square()
    turned = mesh(behind.vertices, behind.triangles[:, ::-1], behind.uv)
    assert (keys_of(turned, seen, paper())[0] == -1).all()
    card = mesh(behind.vertices, behind.triangles[:, ::-1], behind.uv, card=True)
    assert (keys_of(card, seen, paper())[0] >= 0).all()


def test_card_shows_where_it_is_opaque():
    # The right half of the atlas lets through; the square is 40 px wide from 12 to 52.
    alpha = np.full((64, 64), 255, np.uint8)
    alpha[:, 32:] = 0
    behind = square(4.0, z=-0.2)
    surface = together(square(0.4, card=True), behind)
    triangle, depth = keys_of(surface, camera(64), paper(alpha=alpha))
    front = (triangle >= 0) & (triangle < 2)
    columns = np.arange(64)
    inside = (columns >= 12) & (columns < 32)
    np.testing.assert_array_equal(front[32].all(axis=1), inside)
    np.testing.assert_allclose(depth[32][inside], 1.0, rtol=1e-6)
    np.testing.assert_allclose(depth[32][~inside], 1.2, rtol=1e-6)


def test_thin_card_hides_as_much_as_its_alpha():
    row, column = np.mgrid[:1024, :1024]
    pattern = (7 * row + 3 * column) % 20  # far finer than the samples
    behind = square(4.0, z=-0.2)
    surface = together(square(0.6, card=True), behind)
    for share in (0.1, 0.35, 0.8):
        made = paper(alpha=(pattern < share * 20).astype(np.uint8) * 255)
        triangle, _ = keys_of(surface, camera(64), made)
        middle = triangle[8:56, 8:56] < 2
        assert middle[..., :4].mean() == pytest.approx(share, abs=0.02)
        hidden = middle[..., :4].sum(axis=-1)
        assert hidden.max() - hidden.min() <= 2  # shared out evenly, pixel by pixel
        np.testing.assert_array_equal(middle[..., 4], share > 0.5)
        # Two such cards hide what one leaves of what the other leaves.
        double = together(square(0.6, z=0.001, card=True), surface)
        triangle, _ = keys_of(double, camera(64), made)
        through = (triangle[8:56, 8:56, :4] >= 4).mean()
        assert through == pytest.approx((1 - share) ** 2, abs=0.03)


def test_near_plane_leaves_triangles_out():
    reaching = mesh([(-0.1, -0.1, 0), (0.1, -0.1, 0), (0, 0.1, 0.995)], [(0, 1, 2)])
    assert (keys_of(reaching, camera(32), paper())[0] == -1).all()


@pytest.mark.parametrize("slope", [0.0, 0.31, 1.0, -2.3])
def test_coverage_is_the_area_of_a_half_plane(slope):
    # Below the line y = slope x: a very large triangle whose one edge is that line.
    direction = np.array([1.0, slope]) / np.hypot(1, slope)
    below = np.array([direction[1], -direction[0]])
    points = np.stack([-30 * direction, 60 * below, 30 * direction])
    plane = mesh(np.concatenate([points, np.zeros((3, 1))], axis=1), [(0, 1, 2)])
    triangle, _ = keys_of(plane, camera(96), paper())
    covered = (triangle[..., :4] >= 0).mean(axis=2)
    x, y = np.meshgrid(np.arange(96) + 0.5 - 48, np.arange(96) + 0.5 - 48)
    distance = -(x * below[0] - y * below[1])
    np.testing.assert_array_equal(covered[distance < -0.75], 1)
    np.testing.assert_array_equal(covered[distance > 0.75], 0)
    # Four samples: within a quarter of the exact area of a pixel, and even on the whole.
    edge = np.abs(distance) < 0.7
    width = (abs(direction[0]) + abs(direction[1])) / 2
    exact = np.clip(0.5 - distance / (2 * width), 0, 1)
    assert np.abs(covered - exact)[edge].max() <= 0.3
    assert covered[edge].mean() == pytest.approx(exact[edge].mean(), abs=0.02)
