"""What is left of a portrait's light: sides are evened, a ratio settles, the neck is ours."""

import cv2
import numpy as np

from assets import head, skin
from assets.classes import CLASSES
from generator.portrait import combine, fill, own
from generator.portrait.combine import Seen, mirrored
from generator.portrait.evened import WIDE, uneven
from generator.texture import skin_noise
from tests import portraits
from tests.portraits import SIZE, linear, normals

SHAPE = normals().shape[:2]


def ramp(strength: float) -> np.ndarray:
    """The logarithm of a light that grows towards one side, antisymmetric as a mirror has it."""
    field = np.zeros((*SHAPE, 3), np.float32)
    field += np.linspace(-strength, strength, SHAPE[1], dtype=np.float32)[None, :, None]
    return (field - mirrored(field)) / 2


def test_a_side_that_is_brighter_over_a_wide_area_is_found_and_a_mark_is_not():
    tint = np.array([1.0, 0.5, -0.5], np.float32)
    light = np.exp(ramp(0.4) * tint).astype(np.float32)
    everywhere = np.ones(SHAPE, np.float32)
    inner = (slice(40, -40), slice(40, -40))
    np.testing.assert_allclose(uneven(light, everywhere)[inner], light[inner], rtol=0.01)
    marked = np.ones_like(light)
    marked[90:93, 60:63] = 0.2
    assert np.abs(np.log(uneven(marked, everywhere))).max() < 1.61 * 9 / WIDE**2
    # What differs from above to below is nobody's side.
    upward = np.exp(np.linspace(-0.4, 0.4, SHAPE[0], dtype=np.float32))[:, None, None]
    across = np.broadcast_to(upward, light.shape).copy()
    np.testing.assert_allclose(uneven(across, everywhere), 1.0, atol=1e-3)


def test_where_one_side_alone_was_seen_the_factor_of_what_is_next_goes_on():
    light = np.exp(ramp(0.4)).astype(np.float32)
    share = np.ones(SHAPE, np.float32)
    share[100:, 170:] = 0
    found = uneven(light, share)
    assert np.isfinite(found).all()
    np.testing.assert_allclose(found[60:85, 90:160], light[60:85, 90:160], rtol=0.02)
    # The other side of it says what the last rows with both said.
    assert np.abs(np.log(found[120, 40:80] / found[95, 40:80])).max() < 0.1
    nothing = uneven(light, np.zeros(SHAPE, np.float32))
    assert (nothing == 1).all()


def test_far_from_what_is_known_a_ratio_comes_to_that_of_the_whole():
    """The face is seen, twice as bright on one side: behind it our own skin has the mean factor."""
    mine = portraits.own(portraits.PEOPLE[1])
    light = linear(mine) * np.exp(portraits.enlarged(ramp(0.7)))
    weight = np.zeros(light.shape[:2], np.float32)
    weight[60:300, 150:360] = 1
    base = fill.known(Seen.of(light, weight), mine, np.full(weight.shape, 255, np.uint8))
    membrane = np.log(fill.fill(base, np.ones_like(base.seen)))
    beside = membrane[90, [76, 180], 0]
    assert np.ptp(beside) > 0.2
    for column in (0, SHAPE[1] - 1):
        assert np.abs(membrane[90, column] - membrane[0, 128]).max() < 0.06


def test_of_the_neck_nothing_of_the_portrait_stands_and_of_the_face_nearly_all():
    kept = own.kept(SIZE, False) / 255
    rows, columns = skin.head_box(SIZE)
    mask = head.load().topology.mask
    classes = cv2.resize(mask, (SIZE, SIZE), interpolation=cv2.INTER_NEAREST)[rows, columns]
    neck = (classes == CLASSES["neck"]).astype(np.uint8)
    deep = cv2.distanceTransform(neck, cv2.DIST_L2, 5) * skin_noise.TEXEL_MM * skin.FIT_SIZE / SIZE
    assert kept[deep > own.NECK_MM + 1].max() < 0.02
    assert kept[(deep > 0) & (deep < 2)].mean() > 0.8
    assert kept[classes == CLASSES["nose"]].mean() > 0.9


def test_a_portrait_lit_from_the_side_leaves_the_sides_of_a_face_alike():
    """A near lamp: shade that no harmonic of order 2 fits."""
    key = portraits.PEOPLE[1]
    mine = portraits.own(key)
    near = 1 / (1 + np.exp(-6 * (np.linspace(-1, 1, SHAPE[1]) - 0.1)))
    field = np.broadcast_to((0.5 + near)[None, :, None], (*SHAPE, 3)).astype(np.float32)
    light = linear(mine) * portraits.enlarged(field)
    weight = portraits.enlarged(portraits.seen_from(0))
    base = fill.known(Seen.of(light, np.ascontiguousarray(weight)), mine, own.kept(SIZE, False))
    before = _apart(base.seen, base.share)
    after = _apart(base.seen / uneven(base.seen, base.share), base.share)
    assert before > 0.2
    assert after < 0.15 * before


def _apart(light: np.ndarray, share: np.ndarray) -> float:
    """Mean |log ratio| of the sides over 20 mm, where both are seen."""
    both = np.minimum(share, combine.mirrored(share)) > 0.9
    smooth = np.log(cv2.blur(np.maximum(light, 1e-4), (WIDE, WIDE)))
    inside = cv2.erode(both.astype(np.uint8), np.ones((WIDE, WIDE), np.uint8)) > 0
    return float(np.abs(smooth - mirrored(smooth))[inside].mean())
