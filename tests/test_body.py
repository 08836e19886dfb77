"""What hangs on a head: it rides on the skin, is the same on both sides, and stays outside."""

import numpy as np
import pytest

from assets import head as head_models
from assets.head import Head, HeadModel
from generator import anchors, clothes
from generator.body import Body, make_body
from generator.grooming import Grooming, Hair
from generator.hair import brows, lashes
from rigging.gaze import STRAIGHT

CROPPED = Hair(style="cropped", length=0.012, density=1.0, balding=0.0, curl=0.2)
GROOMING = Grooming(
    hair=CROPPED, brow_density=1.0, brow_width=1.0, lash_density=1.0, lash_length=0.008,
    beard_length=0.0, pupil=0.4, clothes="gown",
)  # fmt: skip


@pytest.fixture(scope="module")
def model() -> HeadModel:
    return head_models.load()


@pytest.fixture(scope="module")
def adult(model: HeadModel) -> Head:
    return model.person(model.mean_phenotypes(), {}, 30.0)


@pytest.fixture(scope="module")
def body(model: HeadModel, adult: Head) -> Body:
    return make_body(model, adult, GROOMING, (0, 0))


def no_heat(head: Head) -> np.ndarray:
    return np.zeros((len(head.vertices), 6), np.float32)


def test_everything_moves_with_a_rigid_motion_of_the_skin(body: Body, adult: Head) -> None:
    still = body.mesh(adult.vertices, STRAIGHT, no_heat(adult))
    shift = np.array([0.01, -0.02, 0.03], np.float32)
    moved = body.mesh(adult.vertices + shift, STRAIGHT, no_heat(adult))
    eyes = slice(body.skin_vertices, body.skin_vertices + 2 * 449)
    both = np.ones(len(still.vertices), bool)
    both[eyes] = False
    assert np.abs(moved.vertices[both] - still.vertices[both] - shift).max() < 2e-6


def test_frontal_anchors_lie_where_they_were_asked_for(model: HeadModel) -> None:
    mean = anchors.mean_head(model)
    places = np.array([[0.03, 0.021], [-0.02, -0.03], [0.0, 0.05], [0.012, -0.085]])
    points = mean.frontal(places)
    corners = mean.vertices[model.topology.triangles[points.triangle]]
    found = (corners * points.barycentric[:, :, None]).sum(1)
    assert np.abs(found[:, :2] - places).max() < 1e-6
    assert (found[:, 2] > 0).all()


def test_an_anchor_off_the_head_is_refused(model: HeadModel) -> None:
    with pytest.raises(ValueError, match="anchors must lie on the head, got"):
        anchors.mean_head(model).frontal(np.array([[0.12, 0.12]]))


def test_a_wider_and_denser_brow_has_more_cards(model: HeadModel) -> None:
    def cards(density: float, width: float) -> int:
        return len(brows.grow(model, density, width, np.random.default_rng(1)).anchor)

    assert cards(0.2, 1.0) < cards(0.9, 1.0) < cards(0.9, 1.3)


def test_lashes_root_on_the_lids_and_stand_off_the_eyeball(model: HeadModel, adult: Head) -> None:
    grown = lashes.grow(model, 1.0, 0.008, np.random.default_rng(1))
    refined = anchors.refinement(model.topology)
    skin = refined.apply(adult.vertices)
    strands, _ = grown.place(anchors.frames(grown.points, skin, refined.triangles), 1.0)
    distance = np.linalg.norm(strands[:, None] - adult.eyes.centre, axis=2).min(1)
    tips = distance.reshape(-1, lashes.ROWS, 2)
    assert (distance > adult.eyes.radius.max()).all()
    assert (tips[:, -1] > tips[:, 0]).all()
    margins = [adult.vertices[grid.rows[5:9].reshape(-1)] for grid in model.topology.lids]
    roots = strands.reshape(-1, lashes.ROWS, 2, 3)[:, 0].mean(1)
    gap = np.linalg.norm(roots[:, None] - np.concatenate(margins), axis=2).min(1)
    assert gap.max() < 0.003


@pytest.mark.parametrize("kind", ["gown", "crew", "collar"])
def test_clothes_lie_outside_the_skin(model: HeadModel, kind: str, adult: Head) -> None:
    cloth = clothes.garment(model, kind)
    refined = anchors.refinement(model.topology)
    skin = refined.apply(adult.vertices)
    frames = anchors.frames(cloth.points, skin, refined.triangles)
    off = ((cloth.place(frames, 1.0) - frames.origin) * frames.axes[:, 2]).sum(1)
    rings = off.reshape(-1, clothes.SECTORS)
    lying = cloth.hang.reshape(rings.shape) == 0
    assert (rings[1:][lying[1:]] > 0.001).all()
    # Its normals point away from the body: it is not drawn inside out.
    placed = cloth.place(frames, 1.0)
    corners = placed[cloth.triangles]
    facing = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    away = (facing * (corners.mean(1) - clothes.INSIDE)).sum(1)
    assert (away > 0).mean() > 0.97
