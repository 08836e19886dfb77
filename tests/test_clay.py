"""Clay drawings: what is covered, what lies in front, and which way light falls."""

import numpy as np
import trimesh

from generator.preview import clay
from generator.preview.clay import Window, draw

SIZE = 200
WINDOW = Window(0.0, 0.0, 0.1)


def square(depth: float, half: float) -> tuple[np.ndarray, np.ndarray]:
    """A square that faces the viewer."""
    corners = np.array([[-half, -half], [half, -half], [half, half], [-half, half]])
    places = np.concatenate([corners, np.full((4, 1), depth)], axis=1)
    return places, np.array([[0, 1, 2], [0, 2, 3]], np.int32)


def covered(picture: np.ndarray) -> np.ndarray:
    empty = draw(*square(0.0, 0.0), 2, WINDOW)[0, 0]
    return (picture != empty).any(2)


def test_a_ball_covers_its_disc() -> None:
    ball = trimesh.creation.icosphere(5, 0.06)
    vertices, faces = np.array(ball.vertices), np.array(ball.faces, np.int32)
    picture = draw(vertices + np.array([0.02, -0.03, 0.5]), faces, SIZE, WINDOW)
    seen = covered(picture)
    assert abs(seen.sum() / (np.pi * 60**2) - 1) < 0.02
    rows, columns = np.nonzero(seen)
    assert np.allclose((rows.mean(), columns.mean()), (129.5, 119.5), atol=0.2)
    inside = picture[100:160, 90:150].astype(int).sum(2)
    assert inside[15, 15] > inside[15, 45] > inside[45, 45]


def test_a_turned_head_looks_to_the_pictures_right() -> None:
    ball = trimesh.creation.icosphere(2, 0.01)
    vertices = np.array(ball.vertices) + np.array([0.0, 0.0, 0.08])
    picture = draw(vertices, np.array(ball.faces, np.int32), SIZE, Window(0.0, 0.0, 0.1, 0.6))
    columns = np.nonzero(covered(picture))[1]
    assert abs(columns.mean() - (99.5 + 1000 * 0.08 * np.sin(0.6))) < 0.5


def test_the_nearer_surface_hides_the_farther() -> None:
    (far, faces), (near, _) = square(-0.3, 0.08), square(0.2, 0.04)
    red, blue = np.tile([0.8, 0, 0], (4, 1)), np.tile([0, 0, 0.8], (4, 1))
    for first, second, tints in ((far, near, (red, blue)), (near, far, (blue, red))):
        vertices = np.concatenate([first, second])
        both = np.concatenate([faces, faces + np.int32(4)])
        picture = draw(vertices, both, SIZE, WINDOW, np.concatenate(tints))
        assert (picture[61:139, 61:139, 2] > 100).all()
        assert (picture[61:139, 61:139, 0] == 0).all()
        assert (picture[25:55, 25:175, 0] > 100).all()
        assert covered(picture).sum() == 160**2


def test_the_back_of_a_surface_is_dark() -> None:
    vertices, faces = square(0.0, 0.05)
    front = draw(vertices, faces, 20, WINDOW)[10, 10]
    back = draw(vertices, faces[:, ::-1].copy(), 20, WINDOW)[10, 10]
    assert (back < 0.6 * front).all()


def test_triangles_without_area_and_outside_are_left_out() -> None:
    vertices = np.array([[0, 0, 0], [0.01, 0, 0], [0.02, 0, 0], [5, 5, 0], [6, 5, 0], [5, 6, 0.0]])
    picture = draw(vertices, np.array([[0, 1, 2], [3, 4, 5]], np.int32), 50, WINDOW)
    assert not covered(picture).any()
    assert clay.SAMPLES > 1
