"""Creases: where a push folds the skin, how deeply, and what it does to the texture."""

import numpy as np
import pytest

from assets import skin as skin_model
from assets.crease_curves import BEYOND, CLOSED, FOLDS, OPEN
from assets.head import Head
from generator.config import GenerateConfig
from generator.identity import Identity
from generator.synth3d import dressed
from generator.texture import crease_chart, creases, flush
from generator.texture.skin import Texture, skin
from rigging import strain
from rigging.blendshapes import pose

SIZE = 512


@pytest.fixture(scope="module")
def adult() -> tuple[Identity, Head]:
    identity, body = dressed(GenerateConfig(identities=24), 1)
    return identity, body.head


@pytest.fixture(scope="module")
def texture(adult: tuple[Identity, Head]) -> Texture:
    return skin(adult[0], SIZE)


def fold_depths(identity: Identity, head: Head, **aus: float) -> dict[str, float]:
    """Greatest depth (mm) of every family of folds in a pose."""
    folds = creases.folding(identity, head)
    values = {int(name[2:]): value for name, value in aus.items()}
    change = strain.metric(head, pose(head, values, values))
    depth = creases.depths(folds, head, change).reshape(-1, crease_chart.SAMPLES).max(1)
    names = chosen_names(identity, head)
    return {name: float(depth[np.array(names) == name].max()) for name in FOLDS}


def chosen_names(identity: Identity, head: Head) -> list[str]:
    """The family of every curve of a person, in order of the variants it came from."""
    broad = creases.breadth(identity.person.age_years)
    sets = [crease_chart.drawn(variant, broad) for variant in range(crease_chart.VARIANTS)]
    starts = {tuple(c.points.triangle): c.fold for drawn in sets for c in drawn}
    folds = creases.folding(identity, head)
    triangles = folds.points.triangle.reshape(-1, crease_chart.SAMPLES)
    return [starts[tuple(row)] for row in triangles]


@pytest.mark.parametrize(
    ("au", "fold"),
    [(4, "frown"), (9, "nose_root"), (6, "crows_feet"), (10, "nasolabial"), (1, "forehead")],
)
def test_each_muscle_folds_its_own_place_more_with_every_step(
    adult: tuple[Identity, Head], au: int, fold: str
) -> None:
    depths = [fold_depths(*adult, **{f"au{au}": step})[fold] for step in range(6)]
    assert depths[0] == 0
    assert depths[5] > 0.4 * FOLDS[fold].depth_mm
    assert (np.diff(depths) >= 0).all()
    assert depths[3] > depths[1]


def test_depth_follows_the_compression_across_the_curve(adult: tuple[Identity, Head]) -> None:
    identity, head = adult
    folds = creases.folding(identity, head)
    found = []
    for squeeze in (0.0, OPEN, 0.05, 0.1, CLOSED, 0.4, 0.8):
        # The same push in every direction: each curve is compressed across itself by `squeeze`.
        change = np.zeros((len(head.vertices), 6), np.float32)
        change[:, :3] = (1 - squeeze) ** 2 - 1
        depth = creases.depths(folds, head, change) / folds.most
        assert np.ptp(depth) < 1e-4
        found.append(float(depth.mean()))
    assert found[:2] == pytest.approx([0, 0], abs=1e-4)
    assert found[4] == pytest.approx(1, abs=1e-3)
    assert (np.diff(found[1:]) > 0).all()
    assert BEYOND - 0.01 < found[-1] <= BEYOND


def test_one_side_folds_alone(adult: tuple[Identity, Head]) -> None:
    identity, head = adult
    folds = creases.folding(identity, head)
    change = strain.metric(head, pose(head, {10: 5}, {}))
    height = creases.relief(folds, creases.depths(folds, head, change))
    middle = height.shape[1] // 2
    # The person's left is on the right of the atlas.
    assert np.abs(height[:, middle + 40 :]).sum() > 20 * np.abs(height[:, : middle - 40]).sum()


def test_a_valley_is_as_deep_as_asked_and_lies_on_its_curve() -> None:
    for crease in crease_chart.drawn(0, 1.0):
        assert -1.0 <= crease.profile.min() < -0.75
        assert 0 < crease.profile.max() < FOLDS[crease.fold].swell * 2
        assert 0 <= crease.sample.min() <= crease.sample.max() < crease_chart.SAMPLES
        assert len(np.unique(crease.texel)) == len(crease.texel)


def test_old_skin_has_lines_that_young_skin_lacks() -> None:
    lines, fat = FOLDS["lips"], FOLDS["nasolabial"]
    assert creases.readiness(lines, 80.0) > 2 * creases.readiness(lines, 1.0)
    assert creases.readiness(fat, 0.0) > 0.85
    assert creases.breadth(0.1) > creases.breadth(30.0)
    # A valley costs dark skin a larger share of its light, so that it is as plain to see.
    assert creases.contrast(25.0) > creases.contrast(46.0) > creases.contrast(78.0) == 1


def test_a_fold_turns_normals_and_shades_its_valley_only(texture: Texture) -> None:
    rows, columns = skin_model.head_box(skin_model.FIT_SIZE)
    height = np.zeros((rows.stop - rows.start, columns.stop - columns.start), np.float32)
    across = np.arange(-20, 21)
    height[300:340, 480:521] = -np.exp(-((across / 6) ** 2))[None].astype(np.float32)
    out = creases.folded(texture, height, 1.0)
    scale = SIZE / skin_model.FIT_SIZE
    row = round((rows.start + 320) * scale)
    left, middle, right = (round(column * scale) for column in (496, 500, 504))
    tilt = out.normal.astype(int) - texture.normal.astype(int)
    # A valley: its left wall falls to the right, so it faces right, and the other way round.
    assert tilt[row, left, 0] > 5
    assert tilt[row, right, 0] < -5
    dark = out.albedo[row, middle, :3] / texture.albedo[row, middle, :3]
    np.testing.assert_allclose(dark, np.array(creases.VALLEY) ** (1 / 2.4), atol=0.04)
    untouched = np.ones((SIZE, SIZE), bool)
    untouched[row - 12 : row + 12, 230:270] = False
    assert (out.albedo[untouched] == texture.albedo[untouched]).all()
    assert (out.normal[untouched] == texture.normal[untouched]).all()
    assert (out.roughness[untouched] == texture.roughness[untouched]).all()
    assert (out.roughness >= texture.roughness).all()
    assert creases.folded(texture, np.zeros_like(height), 1.0) is texture


def test_pain_reddens_the_face_and_ridges_blanch(
    adult: tuple[Identity, Head], texture: Texture
) -> None:
    identity, _ = adult

    def redness(painted: Texture, where: np.ndarray) -> float:
        linear = (painted.albedo[where][:, :3] / 255.0) ** 2.2
        return float(np.log(linear[:, 0] / linear[:, 1]).mean())

    nose = np.zeros((SIZE, SIZE), bool)
    nose[190:210, 250:262] = True
    steps = [
        redness(flush.flushed(texture, identity, pspi, None), nose)
        for pspi in (0.0, 4.0, 8.0, 16.0)
    ]
    assert (np.diff(steps) > 0.005).all()
    rows, _ = skin_model.head_box(skin_model.FIT_SIZE)
    ridge = np.ones((rows.stop - rows.start, skin_model.FIT_SIZE), np.float32)
    assert redness(flush.flushed(texture, identity, 0.0, ridge), nose) < steps[0] - 0.01
    assert flush.flushed(texture, identity, 0.0, None) is texture
