"""Faces drawn from the front and aligned in the plane: painted skin comes out where it belongs."""

from dataclasses import replace

import numpy as np
import pytest

from assets import face_crop
from assets.face_crop import OUTER_CORNERS
from generator.registration import place
from generator.registration.aligned import similarity
from generator.registration.face_model import load
from generator.registration.frontal import Drawn, draw
from generator.registration.raster import rastered, weights
from generator.registration.strip import between
from tests.turned_faces import SIZE, View, coefficients, landmarks, paint, picture, shade


def expected(seed: int, lit: bool = False) -> tuple[np.ndarray, np.ndarray]:
    """The painted face from the front, and where there is skin, an edge apart."""
    model, of = load("anny"), coefficients(load("anny"), seed)
    vertices, on = model.vertices(of), place.front(model.neutral(of), SIZE)
    drawn = rastered(on.drawn(vertices), 1 + vertices[:, 2], model.triangles, (SIZE, SIZE))
    at = np.nonzero(drawn.triangle >= 0)
    corners = model.triangles[drawn.triangle[at]]
    shares = weights(on.drawn(vertices), corners, np.stack(at[::-1], axis=1) + 0.5)
    places = np.einsum("pc,pcx->px", shares, model.mean[corners])
    image, skin = np.zeros((SIZE, SIZE, 3)), np.zeros((SIZE, SIZE), bool)
    image[at] = paint(places) * shade(places) if lit else paint(places)
    skin[at] = True
    inner = np.zeros_like(skin)
    edge = SIZE // 16
    inner[:, edge:-edge] = skin[:, 2 * edge :] & skin[:, : -2 * edge]
    inner[edge:-edge] &= skin[2 * edge :] & skin[: -2 * edge]
    return image, inner


def drawn(seed: int, view: View, lit: bool = False) -> Drawn:
    model, of = load("anny"), coefficients(load("anny"), seed)
    on = place.front(model.neutral(of), SIZE)
    return draw(picture(model, view, of, lit), model, view.fitted(of), on, SIZE)


@pytest.mark.parametrize("yaw", [-50.0, -25.0, 0.0, 10.0, 40.0])
def test_every_point_of_a_turned_face_has_its_own_colour(yaw: float) -> None:
    view = View(yaw, pitch=8.0, roll=-6.0)
    true, skin = expected(3)
    image = drawn(3, view).image.astype(float)
    assert skin.sum() > 0.3 * SIZE**2
    # Paint changes by 5 levels a pixel of the photograph.
    off = np.abs(image - true)[skin]
    assert off.mean() < 1.0
    assert np.percentile(off, 99) < 6.0


def test_what_is_not_seen_comes_from_the_other_side_in_its_own_light() -> None:
    view = View(-40.0)
    true, skin = expected(5, lit=True)
    off = (drawn(5, view, lit=True).image - true)[skin]
    # The face's right side is hidden, which is darker than the left by up to a quarter.
    right = np.nonzero(skin)[1] < SIZE * 0.35
    assert abs(off[right].mean()) < 8.0
    assert np.abs(off).mean() < 9.0
    plain = expected(5)[0][skin][right].mean()
    assert true[skin][right].mean() < plain - 15


def behind(seed: int, view: View) -> np.ndarray:
    """Pixels from the front whose skin faces the camera but has something before it: the nose."""
    model, of = load("anny"), coefficients(load("anny"), seed)
    vertices, on = model.vertices(of), place.front(model.neutral(of), SIZE)
    seen = view.fitted(of).seen(vertices)
    near = 1 / (1 - seen[:, 2] / view.distance)
    hides = rastered(seen[:, :2], near, model.triangles, (SIZE, SIZE)).near
    front = rastered(on.drawn(vertices), 1 + vertices[:, 2], model.triangles, (SIZE, SIZE))
    hidden = np.zeros((SIZE, SIZE), bool)
    for row, column in np.argwhere(front.triangle >= 0):
        x, y, depth = seen[model.triangles[front.triangle[row, column]]].mean(axis=0)
        nearest = hides[min(int(y), SIZE - 1), min(int(x), SIZE - 1)]
        # A centimetre behind what is seen there.
        hidden[row, column] = nearest > (1 / (1 - (depth + 0.01) / view.distance))
    return hidden


@pytest.mark.parametrize("yaw", [-45.0, 45.0])
def test_the_nose_is_not_drawn_on_the_cheek_behind_it(yaw: float) -> None:
    view = View(yaw)
    true, skin = expected(3)
    hidden = behind(3, view) & skin
    assert hidden.sum() > 60
    off = np.abs(drawn(3, view).image - true)[hidden]
    assert off.mean() < 2.0


def test_shares_say_how_much_was_not_seen() -> None:
    shares = [drawn(1, View(yaw)) for yaw in (0.0, 20.0, 40.0, 55.0)]
    mirrored = [one.mirrored for one in shares]
    assert mirrored[0] < 0.03
    assert sorted(mirrored) == mirrored
    assert 0.2 < mirrored[2] < 0.5
    # The outline alone, but for a face half of which lies beyond the picture.
    assert max(one.filled for one in shares) < 0.15
    beyond = drawn(1, View(0.0, down=0.42))
    assert beyond.filled > 0.2
    assert drawn(1, View(0.0, right=0.42)).mirrored > 0.3


def test_nothing_of_the_background_comes_through_and_around_the_face_it_is_black() -> None:
    for yaw in (0.0, 30.0, -50.0):
        image = drawn(2, View(yaw)).image.astype(int)
        # The ground is lighter than any paint in all three colours.
        assert image.min(axis=2).max() < 225
        assert (image[:, :4] == 0).all()
        assert (image[-20:, :20] == 0).all()
        assert image[SIZE // 3 : SIZE // 2, SIZE // 3 : SIZE // 2].min() > 15


@pytest.mark.parametrize("yaw", [0.0, -40.0, 40.0])
def test_background_stays_out_where_the_fit_is_off(yaw: float) -> None:
    model, of, view = load("anny"), coefficients(load("anny"), 2), View(yaw)
    on, taken = place.front(model.neutral(of), SIZE), picture(model, view, of)
    for way in (-1.0, 1.0):
        off = replace(view.fitted(of), centre=np.array([SIZE / 2 + 1.5 * way, SIZE / 2]))
        image = draw(taken, model, off, on, SIZE).image
        assert image.min(axis=2).max() < 225


def test_a_face_beyond_its_picture_is_named() -> None:
    with pytest.raises(ValueError, match="face must be seen in its picture, got nothing of it"):
        drawn(2, View(right=3.0))


def test_faces_lie_at_one_place_whatever_they_express() -> None:
    model = load("anny")
    for seed in range(4):
        of = coefficients(model, seed, wide=1.0)
        on = place.front(model.neutral(of), 200)
        corners = on.drawn(model.neutral(of))[list(OUTER_CORNERS)]
        assert np.diff(corners[:, 0])[0] == pytest.approx(200 / face_crop.SIDE, rel=1e-3)
        assert corners[:, 0].mean() == pytest.approx(100, abs=1.5)
        still = of.copy()
        still[model.shapes :] = 0
        assert np.array_equal(place.front(model.neutral(still), 200).origin, on.origin)
    squares = []
    for number in range(10):
        marks = landmarks(number, {})
        square = face_crop.around(place.front(marks, 200).drawn(marks), str(number))
        squares.append((square.x, square.y, square.side))
    # A crop by the new landmarks is the picture itself, but for how long noses are.
    assert np.mean(squares, axis=0) == pytest.approx((100, 100, 200), abs=6.0)


def test_a_similarity_is_found_exactly_and_is_the_nearest() -> None:
    rng = np.random.default_rng(1)
    points = rng.normal(size=(5, 2))
    turn = 1.7 * np.array([[np.cos(0.6), -np.sin(0.6)], [np.sin(0.6), np.cos(0.6)]])
    wanted = points @ turn.T + (3.0, -2.0)
    assert np.allclose(similarity(points, wanted), np.c_[turn, (3.0, -2.0)])
    noisy = wanted + 0.3 * rng.normal(size=wanted.shape)
    best = similarity(points, noisy)

    def off(affine: np.ndarray) -> float:
        return float(((points @ affine[:, :2].T + affine[:, 2] - noisy) ** 2).sum())

    for step in 0.02 * rng.normal(size=(50, 4)):
        a, b = best[0, 0] + step[0], best[1, 0] + step[1]
        other = np.array([[a, -b, best[0, 2] + step[2]], [b, a, best[1, 2] + step[3]]])
        assert off(other) > off(best)


def test_triangles_are_those_of_a_slow_twin() -> None:
    rng = np.random.default_rng(4)
    pixels = rng.uniform(-4, 36, (60, 2)).round(2)
    near = rng.uniform(0.5, 2.0, 60)
    triangles = rng.integers(0, 60, (80, 3)).astype(np.int32)
    triangles = triangles[[len(set(row)) == 3 for row in triangles.tolist()]]
    got = rastered(pixels, near, triangles, (32, 24))
    assert got.triangle.shape == got.near.shape == (24, 32)
    placed = np.floor(pixels * 256 + 0.5) / 256
    for row, column in np.ndindex(24, 32):
        point = np.tile([column + 0.5, row + 0.5], (len(triangles), 1))
        a, b, c = (placed[triangles[:, corner]] - point for corner in range(3))
        areas = [p[:, 0] * q[:, 1] - p[:, 1] * q[:, 0] for p, q in ((b, c), (c, a), (a, b))]
        shares = np.stack(areas, axis=1)
        # y goes down: what turns to the viewer has a negative area.
        inside = (shares < -1e-3).all(axis=1)
        edge = (np.abs(shares) <= 1e-3).any(axis=1)
        if edge.any():
            continue
        there = np.where(inside, (shares * near[triangles]).sum(1) / shares.sum(1), 0.0)
        seen = int(got.triangle[row, column])
        assert seen == (int(there.argmax()) if there.max() > 0 else -1)
        assert got.near[row, column] == pytest.approx(there.max(), rel=1e-5)
    inner = np.argwhere(got.triangle >= 0)
    corners = triangles[got.triangle[tuple(inner.T)]]
    points = inner[:, ::-1] + 0.5
    shares = weights(placed, corners, points)
    assert np.allclose(np.einsum("pc,pcx->px", shares, placed[corners]), points, atol=1e-3)


def test_strips_close_a_gap_with_every_edge_once() -> None:
    above, below = np.array([0, 1, 2, 3, 9]), np.array([0, 5, 9])
    triangles = between(above, below)
    edges = np.sort(triangles[:, [0, 1, 1, 2, 2, 0]].reshape(-1, 2), axis=1)
    unique, count = np.unique(edges, axis=0, return_counts=True)
    border = {tuple(edge) for edge in unique[count == 1].tolist()}
    assert border == {(0, 1), (1, 2), (2, 3), (3, 9), (0, 5), (5, 9)}
    assert count.max() == 2
    with pytest.raises(ValueError, match=r"lines must share their ends, got \[0, 9\] and \[0, 8\]"):
        between(above, np.array([0, 5, 8]))
