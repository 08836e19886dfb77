"""What the audit measures, on pictures and faces whose figures are known."""

import cv2
import numpy as np
import pytest
from scipy.stats import spearmanr

from assets import atlas
from assets.au_regions import Region
from assets.classes import CLASSES
from generator.audit import change, detector, frames, measures
from generator.audit.change import Seen
from generator.audit.goals import goals
from generator.audit.person import Facts, Found, Step
from generator.audit.source import chosen
from generator.audit.summary import cells, courses, groups, rates, spearman
from generator.shards.record import LandmarkFacts

SIDE = 40
SKIN = CLASSES["skin"]
RNG = np.random.default_rng(4)


def test_lightness_is_cie_lightness() -> None:
    """Against OpenCV's own way from sRGB, which takes a short cut, and at known greys exactly."""
    image = RNG.integers(0, 256, (9, 11, 3)).astype(np.uint8)
    oracle = cv2.cvtColor(image.astype(np.float32) / 255, cv2.COLOR_RGB2Lab)[..., 0]
    assert np.abs(change.lightness(image) - oracle).max() < 0.25
    greys = np.array([[[0, 0, 0], [119, 119, 119], [255, 255, 255]]], np.uint8)
    assert change.lightness(greys) == pytest.approx(np.array([[0.0, 50.034, 100.0]]), abs=2e-3)


def plain(level: float = 50.0) -> Seen:
    """A head all over the picture whose pixel (row, column) shows the atlas there."""
    row, column = np.mgrid[:SIDE, :SIDE]
    texel = np.stack([(column + 0.5) / SIDE, 1 - (row + 0.5) / SIDE], -1).astype(np.float32)
    lightness = np.full((SIDE, SIDE), level, np.float32)
    return Seen(lightness, np.ones((SIDE, SIDE), bool), texel)


def region() -> Region:
    """Columns 10 to 19 of the atlas, and 2 more on both sides as rim."""
    inside, with_rim = np.zeros((SIDE, SIDE), bool), np.zeros((SIDE, SIDE), bool)
    inside[:, 10:20] = with_rim[:, 8:22] = True
    return Region(inside, with_rim)


def changed(*places: tuple[slice, float], head: np.ndarray | None = None) -> Seen:
    at_rest = plain()
    lightness = at_rest.lightness.copy()
    for columns, by in places:
        lightness[:, columns] += by
    return Seen(lightness, at_rest.head if head is None else head, at_rest.texel)


def test_a_known_change_gives_its_figures() -> None:
    """4 darker in half of the region, 2 lighter in the rim's 2 columns, 3 in one column far off."""
    other = changed((slice(10, 15), -4.0), (slice(20, 22), 2.0), (slice(30, 31), 3.0))
    assert change.region_change(plain(), other, region().inside) == pytest.approx(2.0)
    # Sums over a row: 20 in the region, 4 in the rim, 3 outside.
    assert change.share_inside(plain(), other, region()) == pytest.approx(24 / 27)
    assert change.region_change(plain(), plain(), region().inside) == 0.0
    assert change.share_inside(plain(), plain(), region()) is None


def test_only_the_head_counts() -> None:
    head = np.ones((SIDE, SIDE), bool)
    head[:, 30:] = False
    at_rest = Seen(plain().lightness, head, plain().texel)
    wall = changed((slice(30, 40), 50.0), (slice(10, 11), 1.0), head=head)
    assert change.share_inside(at_rest, wall, region()) == 1.0
    # Where the head comes to stand before the wall it counts.
    assert change.share_inside(at_rest, changed((slice(30, 40), 1.0)), region()) == 0.0


def test_skin_that_moved_counts_where_it_came_from_and_went() -> None:
    """The region slides by 5 columns: both places are it."""
    at_rest = plain()
    texel = np.roll(at_rest.texel, 5, axis=1)
    lightness = at_rest.lightness.copy()
    lightness[:, [9, 25]] += 1.0
    moved = Seen(lightness, at_rest.head, texel)
    assert change.share_inside(at_rest, moved, region()) == 1.0
    stayed = Seen(lightness, at_rest.head, at_rest.texel)
    assert change.share_inside(at_rest, stayed, region()) == 0.5
    with pytest.raises(ValueError, match="neutral must show the region, got no pixel of it"):
        change.region_change(at_rest, moved, np.zeros((SIDE, SIDE), bool))


def test_what_is_no_skin_belongs_to_the_skin_beside_it() -> None:
    """Against every distance; eyes and hair have places of the atlas that are no skin."""
    u0, v0, u1, v1 = atlas.RECTS["head"]
    uv = RNG.uniform((u0, v0), (u1, v1), (12, 14, 2)).astype(np.float32)
    classes = np.full((12, 14), SKIN, np.uint8)
    uv[4:8, 5:9] = atlas.RECTS["left_eye"][:2]
    classes[4:8, 5:9] = CLASSES["iris"]
    classes[0, :] = CLASSES["background"]
    texel = change.texels(uv, classes)
    skin = (classes == SKIN).nonzero()
    for row in range(12):
        for column in range(14):
            away = (skin[0] - row) ** 2 + (skin[1] - column) ** 2
            own = uv[skin][np.isclose(away, away.min())]
            near = uv[skin][away <= (np.sqrt(away.min()) + 0.6) ** 2]
            found = texel[row, column]
            # The transform takes steps of a knight's move: nearest to within half a pixel.
            assert (near == found).all(axis=1).any()
            if classes[row, column] == SKIN:
                assert np.array_equal(found, uv[row, column]), own
    with pytest.raises(ValueError, match="uv must show skin, got a picture without any"):
        change.texels(np.zeros((3, 3, 2), np.float32), np.zeros((3, 3), np.uint8))


def face() -> np.ndarray:
    """A face of 68 points in millimetres."""
    points = RNG.uniform(-60, 60, (68, 3))
    points[list(measures.UPPER_LIDS)] = [[x, 5, 0] for x in (-40, -30, 30, 40)]
    points[list(measures.LOWER_LIDS)] = [[x, -5, 0] for x in (-40, -30, 30, 40)]
    points[list(measures.EYE_CORNERS), 1] = 0
    points[list(measures.INNER_BROWS)] = [[-10, 20, 5], [10, 20, 5]]
    points[[measures.UNDER_NOSE, measures.LIP_SEAM]] = [[0, -50, 0], [0, -70, 0]]
    points[list(measures.LIP_TOP), 1] = -62
    return points / 1000


def test_lengths_of_a_face_that_is_known() -> None:
    rest, now = face(), face()
    now[:] = rest
    now[list(measures.UPPER_LIDS), 1] -= 0.004  # 10 mm become 6
    now[list(measures.INNER_BROWS), 0] *= 0.9
    now[list(measures.INNER_BROWS), 1] -= 0.003  # of 20 mm
    now[list(measures.LIP_TOP), 1] += 0.005  # of 20 mm
    got = measures.change(now, rest)
    wanted = measures.Change(-0.4, -0.1, -0.15, 0.25)
    assert vars(got) == pytest.approx(vars(wanted))
    scaled = measures.change(700 * now + 30, 700 * rest + 30)
    assert vars(scaled) == pytest.approx(vars(wanted))
    mean, most = measures.motion_mm(rest + np.array([0.003, 0, 0.004]), rest)
    assert (mean, most) == pytest.approx((5.0, 5.0))
    assert vars(measures.change(rest, rest)) == pytest.approx(dict.fromkeys(vars(wanted), 0.0))


def test_spearman_is_scipys() -> None:
    for _ in range(20):
        one, other = RNG.integers(0, 6, 9).astype(float), RNG.normal(size=9)
        oracle = float(spearmanr(one, other).statistic)
        assert spearman(one, other) == pytest.approx(oracle, abs=1e-12)
    assert spearman(np.ones(5), np.arange(5.0)) == 0.0


def step(name: str, au: int, intensity: int, by: float, tone: int = 4, **more: float) -> Step:
    facts = Facts(name, 30.0, "male", "mixed", tone)
    told = {"inside": 0.9, "eye_left": 0.0, "lid_gap": -0.3, "brow_distance": -0.2} | more
    rest = {"motion_mm": 1.0, "motion_most_mm": 2.0, "eye_pixels": 0, "brow_height": 0.0}
    rest["covered"] = False
    return Step(facts, au, intensity, by, 1.0, lip_raised=0.2, **(rest | told))  # type: ignore


def test_goals_name_who_falls_short() -> None:
    grown = [(1, 1.5), (2, 3.0), (3, 4.0), (4, 4.5), (5, 5.0)]
    good = [step("good", 4, k, by) for k, by in grown]
    # Step 4 shows less than step 3, and 2 is not twice the neutral taken again.
    weak = [step("weak", 4, k, by, tone=9) for k, by in enumerate((1.0, 1.9, 3.0, 2.5, 4.0), 1)]
    # Under a fringe nothing shows, and nobody is blamed for it.
    hidden = [step("hidden", 4, k, 0.1, covered=True) for k in range(1, 6)]
    wide = [step("wide", 7, k, by, inside=0.5, lid_gap=-0.2) for k, by in grown]
    own = courses([*good, *weak, *hidden, *wide])
    judged = {goal.name: goal for goal in goals(own, cells(own), [], [])}
    growth = judged["AU4 brow lowerer: change grows with every step, every person"]
    assert growth.reached is False
    assert growth.short == ("weak 0.94",)
    again = judged["AU4 brow lowerer: change at 2 over the neutral taken again, every group"]
    assert (again.reached, again.worst, again.short) == (False, 1.9, ("tone 9 1.90",))
    even = judged["AU4 brow lowerer: change at 3 over that of everybody, every group"]
    assert (even.reached, even.worst) == (True, pytest.approx(3 / 3.5))
    brows = judged["AU4 at 5: inner brows closer or lower, every person"]
    assert (brows.reached, brows.worst) == (True, 0.2)
    lids = judged["AU7 at 5: lid gap narrower, every person"]
    assert (lids.reached, lids.short) == (False, ("wide 0.20",))
    inside = judged["AU7 lid tightener: share of the change in region and rim, every group"]
    assert inside.short == ("18-39 0.50", "tone 4 0.50")
    unseen = judged["AU43: sclera and iris still seen, of the neutral's, every person"]
    assert (unseen.reached, unseen.worst) == (None, None)


def test_groups_go_by_age_and_tone() -> None:
    people = [Facts("a", 0.01, None, None, 2), Facts("b", 40.0, None, None, None)]
    assert [group.name for group in groups(people)] == ["newborn", "0-1", "40-64", "tone 2"]
    newborn, _, _, tone = groups(people)
    assert [newborn.holds(one) for one in people] == [True, False]
    assert [tone.holds(one) for one in people] == [True, False]


def test_rates_count_faces_and_eyes() -> None:
    facts = Facts("a", 30.0, None, None, 3)
    one, none = detector.Detection(1, 2), detector.Detection(0, None)
    half = detector.Detection(1, 1)
    found = [Found(facts, one, half)] * 3 + [Found(facts, none, detector.Detection(1, 5))]
    told = {rate.group: rate for rate in rates(found)}
    assert set(told) == {"all", "adults", "18-39", "tone 3"}
    assert (told["all"].people, told["all"].one_face) == (4, 0.75)
    assert (told["all"].open_eyes, told["all"].closed_eyes) == (1.0, 0.625)


def test_people_are_chosen_evenly() -> None:
    """Of a crowd in which half are of one band and tone, every band and tone get the same."""
    ages = (0.02, 1.0, 5.0, 15.0, 30.0, 50.0, 70.0)
    crowd = [(age, tone) for age in ages for tone in range(1, 11)] + [(30.0, 5)] * 70
    rows = [
        {"identity": f"p{i:06d}", "age_years": age, "sex": "male", "skin_tone": tone}
        for i, (age, tone) in enumerate(crowd)
    ]
    taken = chosen(rows, 70)
    assert len({row["identity"] for row in taken}) == 70
    assert [row["identity"] for row in taken] == sorted(row["identity"] for row in taken)
    by_tone = np.bincount([row["skin_tone"] for row in taken])[1:]
    by_age = np.unique([row["age_years"] for row in taken], return_counts=True)[1]
    assert by_tone.tolist() == [7] * 10
    assert by_age.tolist() == [10] * 7
    assert chosen(rows[:3], 70) == rows[:3]


def test_a_similarity_is_found_again() -> None:
    points = face()[:, :2].astype(np.float32) * 1000
    turn = np.array([[0.9, -0.3, 12.0], [0.3, 0.9, -7.0]], np.float32)
    found = frames.similarity(points, frames.moved(points, turn))
    assert found == pytest.approx(turn, abs=1e-3)


def test_a_tracker_without_inner_corners_is_put_in_order() -> None:
    numbers = [float(n) for n in range(68) if n not in frames.LACKING]
    pairs = tuple((number, 0.0) for number in numbers)
    points = frames.points_of(LandmarkFacts("aam66", pairs, (True,) * 66))
    assert points is not None
    wanted = np.arange(68.0)
    wanted[[60, 64]] = 48, 54
    assert points[:, 0].tolist() == wanted.tolist()


def test_the_detector_finds_nobody_in_grey() -> None:
    grey = np.full((120, 120, 3), 128, np.uint8)
    assert detector.detect(grey) == detector.Detection(0, None)
