"""One Catmull–Clark level against the published rules and invariances."""

import numpy as np
import pytest

from render.mesh import incidence, vertex_normals
from render.subdivide import refine
from tests.shapes import sphere

CUBE = np.array([(x, y, z) for x in (-1, 1) for y in (-1, 1) for z in (-1, 1)], np.float32)
FACES = np.array(
    [(0, 1, 3, 2), (4, 6, 7, 5), (0, 4, 5, 1), (2, 3, 7, 6), (0, 2, 6, 4), (1, 5, 7, 3)], np.int32
)


def flat(columns: int, rows: int) -> tuple[np.ndarray, np.ndarray]:
    x, y = np.meshgrid(np.arange(columns + 1), np.arange(rows + 1))
    vertices = np.stack([x.ravel(), y.ravel(), 0 * x.ravel()], -1).astype(np.float32)
    a = (np.arange(rows)[:, None] * (columns + 1) + np.arange(columns)).ravel()
    quads = np.stack([a, a + 1, a + columns + 2, a + columns + 1], -1).astype(np.int32)
    return vertices, quads


def test_cube_has_the_points_of_the_paper():
    made = refine(FACES, CUBE[:, :2], FACES, 8)
    points = made.apply(CUBE)
    # Catmull & Clark 1978: corners at 5/9, edge points at 3/4, face points in the face.
    np.testing.assert_allclose(np.abs(points[:8]), 5 / 9, atol=1e-6)
    np.testing.assert_allclose(np.sort(np.abs(points[8:20]), axis=1), [[0, 0.75, 0.75]] * 12)
    np.testing.assert_allclose(np.sort(np.abs(points[20:]), axis=1), [[0, 0, 1]] * 6)
    assert made.quads.shape == (24, 4)
    # Still turned outward.
    faces = points[made.triangles]
    normals = np.cross(faces[:, 1] - faces[:, 0], faces[:, 2] - faces[:, 0])
    assert ((normals * faces.mean(axis=1)).sum(axis=1) > 0).all()


def test_flat_grid_stays_flat_and_even_inside_and_keeps_its_border():
    vertices, quads = flat(6, 5)
    made = refine(quads, vertices[:, :2] / 6, quads, len(vertices))
    points = made.apply(vertices)
    inner = (vertices[:, 0] % 6 > 0) & (vertices[:, 1] % 5 > 0)
    np.testing.assert_allclose(points[: len(vertices)][inner], vertices[inner], atol=1e-6)
    assert points[:, :2].min() >= 0
    assert (points[:, :2].max(axis=0) <= (6, 5)).all()
    np.testing.assert_allclose(np.asarray(made.matrix.sum(axis=1)).ravel(), 1, atol=1e-6)
    # Texture coordinates are divided linearly: the area of the chart stays.
    a, b, c, d = (made.uv[made.uv_quads[:, i]] for i in range(4))
    cross = lambda p, q: p[:, 0] * q[:, 1] - p[:, 1] * q[:, 0]  # noqa: E731
    area = (cross(b - a, c - a) + cross(c - a, d - a)) / 2
    assert (area > 0).all()
    assert area.sum() == pytest.approx(5 / 6, rel=1e-5)


def test_creases_follow_the_curve_rule():
    creases = np.array([(0, 1), (1, 3), (3, 2), (2, 0)], np.int32)
    points = refine(FACES, CUBE[:, :2], FACES, 8, creases).apply(CUBE)
    ring = points[[0, 1, 3, 2]]
    np.testing.assert_allclose(ring[:, 0], -1, atol=1e-6)
    np.testing.assert_allclose(np.abs(ring[:, 1:]), 0.75, atol=1e-6)
    with pytest.raises(ValueError, match=r"creases must be edges of the quads, got \[0, 7\]"):
        refine(FACES, CUBE[:, :2], FACES, 8, np.array([(0, 7)], np.int32))


def test_lone_vertices_pass_and_triangles_are_quads_that_repeat_a_corner():
    vertices = np.concatenate([CUBE, [(9.0, 8.0, 7.0)]]).astype(np.float32)
    points = refine(FACES, CUBE[:, :2], FACES, 9).apply(vertices)
    np.testing.assert_array_equal(points[8], vertices[8])
    tent = np.array([(0, 0, 0), (1, 0, 0), (0, 1, 0)], np.float32)
    made = refine(
        np.array([(0, 1, 2, 2)], np.int32), tent[:, :2], np.array([(0, 1, 2, 2)], np.int32), 3
    )
    assert made.quads.shape == (3, 4)
    np.testing.assert_allclose(made.apply(tent)[-1], [1 / 3, 1 / 3, 0], atol=1e-6)


def test_points_are_carried_to_where_they_were():
    vertices, quads = flat(8, 8)
    made = refine(quads, vertices[:, :2] / 8, quads, len(vertices))
    rng = np.random.default_rng(0)
    inner = np.flatnonzero(((vertices[quads] > 1.5) & (vertices[quads] < 6.5))[..., :2].all((1, 2)))
    halves = np.array([(0, 1, 2), (0, 2, 3), (1, 2, 3), (3, 0, 1)])
    triangles = np.concatenate([quads[inner][:, half] for half in halves])
    weights = rng.dirichlet((1, 1, 1), len(triangles)).astype(np.float32)
    before = (vertices[triangles] * weights[:, :, None]).sum(axis=1)
    carried = made.carry(triangles, weights)
    np.testing.assert_allclose(carried.on(made.apply(vertices), made.triangles), before, atol=1e-5)
    np.testing.assert_allclose(carried.barycentric.sum(axis=1), 1, atol=1e-6)
    assert carried.barycentric.min() >= 0
    with pytest.raises(
        ValueError, match=r"triangle must be half of a control quad, got \[0, 1, 80\]"
    ):
        made.carry(np.array([(0, 1, 80)], np.int32), weights[:1])


def test_normals_of_a_sphere_point_outward():
    ball = sphere(0.1, rings=64)
    # The seam and the poles are open in this mesh; leave them out.
    kept = np.abs(ball.uv[:, 0] - 0.5) < 0.45
    kept &= np.abs(ball.uv[:, 1] - 0.5) < 0.45
    normals = vertex_normals(ball.vertices, ball.triangles)
    assert (np.sum(normals * ball.normals, axis=1)[kept] > 0.9999).all()
    table = incidence(ball.triangles, len(ball.vertices))
    np.testing.assert_array_equal(normals, vertex_normals(ball.vertices, ball.triangles, table))
