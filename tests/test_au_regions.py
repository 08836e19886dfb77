"""The regions by which AUs are judged: their size, their anatomy, their rims, on the mean head."""

import cv2
import numpy as np
import pytest

from assets import au_regions, head
from assets.au_regions import OUTLINES, SIZE, Region
from assets.facs import AUS

# Landmarks (ibug) that a region must hold, and some that region and rim must leave out: the
# person's right ones; their mirror images must do the same.
HOLDS = {
    1: (21, 20), 2: (18, 17), 4: (21, 20, 19, 27), 5: (37, 38), 6: (41,), 7: (37, 38, 41, 40),
    9: (27, 28, 29, 21, 31, 33), 10: (50, 51, 49, 48), 12: (48,), 14: (48,), 15: (48,),
    17: (57, 58), 20: (48, 51, 57), 23: (51, 57, 48), 25: (51, 57, 48), 26: (57, 58, 51),
    27: (57, 58, 51), 43: (37, 38, 41, 40), 45: (37, 38, 41, 40),
}  # fmt: skip
OUT = {
    1: (27, 36, 30), 2: (21, 39, 30), 4: (31, 30, 48, 8), 5: (19, 30, 48), 6: (21, 30, 48, 8),
    7: (19, 30, 48), 9: (18, 48, 57, 8), 10: (8, 36, 27), 12: (8, 36, 30), 14: (8, 30, 36),
    15: (30, 36), 17: (30, 33, 36), 20: (30, 8, 36), 23: (30, 8, 36), 25: (30, 36, 8),
    26: (30, 36), 27: (30, 36), 43: (19, 30, 48), 45: (19, 30, 48),
}  # fmt: skip
MIRROR = dict(
    [*((i, 16 - i) for i in range(17)), *((i, 43 - i) for i in range(17, 27))]
    + [(i, i) for i in (27, 28, 29, 30, 33, 51, 57, 62, 66)]
    + [(31, 35), (32, 34), (36, 45), (37, 44), (38, 43), (39, 42), (40, 47), (41, 46)]
    + [(48, 54), (49, 53), (50, 52), (58, 56)]
)


def at_landmark(texels: np.ndarray, number: int) -> bool:
    topology = head.load().topology
    corners = topology.uv[topology.uv_triangles[topology.landmark_triangles[number]]]
    u, v = (corners * topology.landmark_barycentric[number][:, None]).sum(axis=0).tolist()
    row, column = int((1 - v) * SIZE), int(u * SIZE)
    # Lid margins and lips are edges of the chart: their own texel may be none of it.
    return bool(texels[row - 1 : row + 2, column - 1 : column + 2].any())


def test_every_region_is_at_most_its_share_of_the_face() -> None:
    assert set(OUTLINES) == set(AUS)
    for au in AUS:
        region = au_regions.region(au)
        assert 0.04 < au_regions.share(region.inside) <= au_regions.LARGEST, au
        assert not (region.inside & ~region.with_rim).any()


def test_shares_are_those_of_the_outlines() -> None:
    """Seen from the front a region has the area of its polygon, by the surveyor's formula."""
    whole = float((au_regions.area() * au_regions.face()).sum())
    for au in (1, 2, 4, 6, 9, 12, 14, 17):
        x, y = np.array(OUTLINES[au]).T
        polygon = abs(float((x * np.roll(y, -1) - np.roll(x, -1) * y).sum())) / 2
        share = au_regions.share(au_regions.region(au).inside)
        # Wings and underside of the nose fold behind each other.
        assert share == pytest.approx(2 * polygon / whole, rel=0.12), au


@pytest.mark.parametrize("au", AUS)
def test_regions_lie_where_anatomy_puts_them(au: int) -> None:
    region = au_regions.region(au)
    for number in HOLDS[au]:
        assert at_landmark(region.inside, number), number
        assert at_landmark(region.inside, MIRROR[number]), MIRROR[number]
    for number in OUT[au]:
        assert not at_landmark(region.with_rim, number), number
        assert not at_landmark(region.with_rim, MIRROR[number]), MIRROR[number]


def test_halves_mirror_each_other() -> None:
    """The atlas has the person's left and right at the same distance from its middle."""
    for au in AUS:
        for texels in (au_regions.region(au).inside, au_regions.region(au).with_rim):
            turned = texels[:, ::-1]
            assert (texels & turned).sum() > 0.94 * (texels | turned).sum(), au


def test_the_rim_is_a_twentieth_of_the_face_wide() -> None:
    adult = head.load().person(head.load().mean_phenotypes(), {}, 30.0)
    points = adult.landmarks(adult.vertices)
    eyes = adult.eyes.centre
    unit = np.linalg.norm(eyes[0] - eyes[1]) / 2
    width = np.abs(points[16, 0] - points[0, 0])
    assert au_regions.rim() == pytest.approx(0.05 * width / unit, rel=1e-5)


@pytest.mark.parametrize("au", [4, 10])
def test_the_rim_holds_what_is_that_near(au: int) -> None:
    """Against every distance, one by one."""
    region: Region = au_regions.region(au)
    position = au_regions.chart().position
    front = au_regions.chart().inside & (position[..., 2] > au_regions.FRONT)
    inside = position[region.inside]
    some = np.random.default_rng(3).choice(np.flatnonzero(front), 400, replace=False)
    near = 0
    for texel in some:
        row, column = divmod(int(texel), SIZE)
        away = np.sqrt(((inside - position[row, column]) ** 2).sum(axis=1)).min()
        assert region.with_rim[row, column] == (away <= au_regions.rim()), (row, column, away)
        near += 0 < away <= au_regions.rim()
    assert near > 5


def test_within_is_what_opencv_says() -> None:
    rng = np.random.default_rng(5)
    points = rng.uniform(-0.5, 2.5, (500, 2)).astype(np.float32)
    outline = np.array(OUTLINES[6], np.float32)
    shifted = outline + np.array([0, 1.2], np.float32)
    oracle = [cv2.pointPolygonTest(shifted, tuple(map(float, p)), False) > 0 for p in points]
    assert np.array_equal(au_regions.within(shifted, points), oracle)
    assert 20 < sum(oracle) < 480


def test_refuses_an_au_outside_the_set() -> None:
    with pytest.raises(ValueError, match=r"AU must be one of \(1, 2, 4.*got 3$"):
        au_regions.region(3)
