"""Hair, beards and brows on a crowd: outside the head, off eyes and lips, carried by the skin."""

from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from assets import head as head_models
from assets.classes import CLASSES
from assets.head import Head
from generator import anchors, synth_record
from generator.body import scale_of
from generator.framing import Lens, Pose, frame, head_points
from generator.grooming import BEARD_SHARES, LENGTHS, Hair
from generator.hair import beard, brows, clearance, rooting, scalp
from generator.hair.cards import Cards
from generator.hair.cuts import CUTS
from render.frame import Frame
from rigging.blendshapes import pose
from rigging.gaze import STRAIGHT
from tests.crowd import crowd

FRINGES = ("fringe_short", "bob_fringe", "long_fringe")
MODEL = head_models.load()
ADULTS = [head for head in crowd() if head.age_years >= 5]


def worn(style: str, curl: float = 0.3) -> Hair:
    low, high = LENGTHS.get(style, (0.004, 0.025))
    return Hair(style, (low + high) / 2, 1.0, 0.0, 0.9 if style == "afro" else curl)


@cache
def skin(head: Head) -> np.ndarray:
    return anchors.refinement(MODEL.topology).apply(head.vertices)


def placed(grown: Cards, head: Head, vertices: np.ndarray | None = None) -> np.ndarray:
    refined = anchors.refinement(MODEL.topology)
    surface = skin(head) if vertices is None else refined.apply(vertices)
    frames = anchors.frames(grown.points, surface, refined.triangles)
    return grown.place(frames, scale_of(head))[0]


@cache
def grown(style: str, head: Head, seed: int = 1) -> Cards:
    made = scalp.grow(MODEL, head, worn(style), scale_of(head), np.random.default_rng(seed))
    assert made is not None
    return made


def depth_inside(places: np.ndarray, head: Head) -> np.ndarray:
    """How deep (m) places lie under the plane of the skin nearest to them, by brute force."""
    refined = anchors.refinement(MODEL.topology)
    part = refined.apply((MODEL.topology.part[:, None] != 0).astype(np.float32))[:, 0]
    triangles = refined.triangles[part[refined.triangles].max(axis=1) < 1e-6]
    corners = skin(head)[triangles].astype(np.float64)
    normal = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    normal /= np.maximum(np.linalg.norm(normal, axis=1, keepdims=True), 1e-12)
    middle = corners.mean(axis=1)
    deep = np.empty(len(places))
    for number, place in enumerate(places):
        nearest = np.argmin(((middle - place) ** 2).sum(1))
        deep[number] = -((place - middle[nearest]) * normal[nearest]).sum()
    return deep


@pytest.mark.parametrize("style", CUTS)
def test_no_lock_runs_inside_the_head(style: str) -> None:
    people = crowd()[:4] if style == "wispy" else ADULTS
    rng = np.random.default_rng(3)
    for head in people[::4]:
        made = grown(style, head)
        places = placed(made, head)
        # Middle lines: both sides of every row averaged.
        line = places.reshape(-1, 2, 3).mean(1)
        some = line[rng.permutation(len(line))[:200]]
        deep = depth_inside(some, head)
        assert np.quantile(deep, 0.995) < 0.003
        assert deep.max() < 0.008


@pytest.mark.parametrize("style", CUTS)
def test_locks_begin_at_their_roots(style: str) -> None:
    head = crowd()[12]
    made = grown(style, head)
    refined = anchors.refinement(MODEL.topology)
    frames = anchors.frames(made.points, skin(head), refined.triangles)
    apart = np.linalg.norm(placed(made, head) - frames.origin[made.anchor], axis=1)
    first = made.triangles[::2]
    roots = np.setdiff1d(first[:, 0], first[:, 2] - 1)
    near = apart[roots]
    # Tails and buns hang on the one root by the knot.
    limit = {"afro": 0.09, "ponytail": 0.06, "bun": 0.12}.get(style, 0.025)
    assert near.max() < limit * scale_of(head) + 0.002


@pytest.mark.parametrize("style", [name for name in CUTS if name not in FRINGES])
def test_hair_without_a_fringe_leaves_the_eyes_free(style: str) -> None:
    people = crowd()[:4] if style == "wispy" else ADULTS
    for head in people:
        places = placed(grown(style, head), head)
        for side in (0, 1):
            centre, radius = head.eyes.centre[side], head.eyes.radius[side]
            before = places[:, 2] > centre[2]
            apart = np.linalg.norm((places - centre)[before][:, :2], axis=1)
            assert before.sum() == 0 or apart.min() > 0.8 * radius


def test_a_long_fringe_reaches_the_brows() -> None:
    head = crowd()[12]
    places = placed(grown("long_fringe", head), head)
    front = places[(np.abs(places[:, 0]) < 0.04) & (places[:, 2] > 0)]
    assert front[:, 1].min() < 0.03


def test_hair_stays_where_it_is_when_the_face_moves() -> None:
    """The far ends of locks do not swing with a triangle of skin."""
    head = crowd()[12]
    made = grown("long", head)
    posed = pose(head, {1: 5.0, 2: 5.0, 27: 5.0}, {1: 5.0, 2: 5.0, 27: 5.0}, STRAIGHT)
    moved = np.linalg.norm(placed(made, head, posed) - placed(made, head), axis=1)
    assert moved.max() < 0.008
    assert np.median(moved) < 0.001


def test_the_same_draws_give_the_same_locks() -> None:
    head = crowd()[12]
    again = scalp.grow(MODEL, head, worn("bob"), scale_of(head), np.random.default_rng(1))
    assert again is not None
    assert again.offset.tobytes() == grown("bob", head).offset.tobytes()
    other = scalp.grow(MODEL, head, worn("bob"), scale_of(head), np.random.default_rng(2))
    assert other is not None
    assert other.offset.tobytes() != again.offset.tobytes()


def test_hair_thins_with_balding_and_is_painted_when_short() -> None:
    head = crowd()[12]

    def cards(balding: float) -> int:
        style = replace(worn("cropped"), balding=balding)
        made = scalp.grow(MODEL, head, style, 1.0, np.random.default_rng(1))
        return 0 if made is None else len(made.anchor)

    assert cards(0.0) > cards(0.5) > cards(1.0)
    stubble = Hair("stubble", 0.002, 1.0, 0.0, 0.2)
    assert scalp.grow(MODEL, head, stubble, 1.0, np.random.default_rng(1)) is None


def test_any_first_roots_are_spread_evenly() -> None:
    roots = rooting.roots(MODEL)
    left = roots.place[:, 0] > 0
    front = roots.azimuth < 90
    for count in (64, 250, 1000):
        for half in (left, front):
            assert half[:count].mean() == pytest.approx(half.mean(), abs=0.06)


def test_the_field_is_the_distance_to_the_mean_head() -> None:
    field = clearance.field(MODEL)
    roots = rooting.roots(MODEL)
    for height in (0.002, 0.006, 0.012):
        distance, out = field.at(roots.place + height * roots.out)
        assert np.abs(distance - height).mean() < 0.0015
        assert np.median((out * roots.out).sum(1)) > 0.98
    inside, _ = field.outside(roots.place - 0.01 * roots.out, np.full(len(roots.place), 0.004))
    assert np.quantile(field.at(inside)[0], 0.01) > 0.002


def test_the_mean_head_is_carried_to_itself() -> None:
    mean = anchors.mean_head(MODEL)
    head = MODEL.person(MODEL.mean_phenotypes(), {}, 30.0)
    used = np.unique(MODEL.topology.triangles[mean.skin])[::20]
    places = mean.vertices[used].astype(np.float64) + np.array([0, 0.01, 0.02])
    assert np.abs(clearance.carried(MODEL, head, places, 1.0) - places).max() < 1e-6


@pytest.mark.parametrize("style", [name for name in BEARD_SHARES if name != "none"])
@pytest.mark.parametrize("aus", [{}, {27: 5.0}, {10: 5.0, 12: 5.0}])
def test_beards_leave_the_lips_free(style: str, aus: dict[int, float]) -> None:
    for head in ADULTS[4::3]:
        made = beard.grow(MODEL, head, style, scale_of(head), np.random.default_rng(2))
        assert made is not None
        vertices = pose(head, aus, aus, STRAIGHT)
        places = placed(made, head, vertices)
        lips = head.landmarks(vertices)[48:60, :2]
        # All of the lips at rest; where they are raised and stretched, all but their rim.
        share = 0.6 if aus else 1.0
        assert not in_outline(places[:, :2], share * lips + (1 - share) * lips.mean(0)).any()


def in_outline(points: np.ndarray, outline: np.ndarray) -> np.ndarray:
    """Which points lie inside a closed outline: crossings to the right are odd."""
    a, b = outline, np.roll(outline, -1, axis=0)
    x, y = points[:, None, 0], points[:, None, 1]
    crosses = (a[:, 1] > y) != (b[:, 1] > y)
    at = a[:, 0] + (y - a[:, 1]) / (b[:, 1] - a[:, 1]) * (b[:, 0] - a[:, 0])
    return (crosses & (x < at)).sum(1) % 2 == 1


@pytest.mark.parametrize("aus", [{1: 5.0}, {2: 5.0}, {4: 5.0}, {1: 5.0, 4: 5.0}])
def test_brows_stay_on_the_skin(aus: dict[int, float]) -> None:
    made = brows.grow(MODEL, 1.0, 1.0, np.random.default_rng(4))
    for head in crowd()[::4]:
        vertices = pose(head, aus, aus, STRAIGHT)
        refined = anchors.refinement(MODEL.topology)
        frames = anchors.frames(made.points, refined.apply(vertices), refined.triangles)
        places = made.place(frames, scale_of(head))[0]
        apart = np.linalg.norm(places - frames.origin[made.anchor], axis=1)
        assert apart.max() < 0.0025
        # And stand on the outer side of it.
        height = ((places - frames.origin[made.anchor]) * frames.axes[made.anchor, 2]).sum(1)
        assert height.min() > -0.0004


def test_hair_over_an_eye_or_a_brow_is_listed() -> None:
    landmarks = np.stack([np.arange(68) % 10, np.arange(68) // 10], axis=1) * 10.0 + 5.5

    plane = np.zeros((80, 100), np.float32)
    drawn = Frame(
        image=np.zeros((80, 100, 3), np.uint8),
        depth=plane,
        normal=np.zeros((80, 100, 3), np.float32),
        classes=np.full((80, 100), CLASSES["skin"], np.uint8),
        uv=np.zeros((80, 100, 2), np.float32),
        heat=np.zeros((6, 80, 100), np.float32),
        landmarks=landmarks.astype(np.float32),
        landmark_depth=np.ones(68, np.float32),
        landmark_visible=np.ones(68, bool),
        camera=frame(head_points(crowd()[12]), Pose(0.0, 0.0, 0.0), Lens(80.0, 0.7), 100),
    )
    assert not synth_record.hidden_by_hair(drawn)
    for number in (17, 18):
        column, row = landmarks[number].astype(int)
        drawn.classes[row, column] = CLASSES["hair"]
    # Seen all the same: a single strand beside it.
    assert not synth_record.hidden_by_hair(drawn)
    drawn.landmark_visible[[17]] = False
    assert not synth_record.hidden_by_hair(drawn)
    drawn.landmark_visible[[18]] = False
    assert synth_record.hidden_by_hair(drawn)
    # By something else than hair.
    drawn.classes[:] = CLASSES["cap"]
    assert not synth_record.hidden_by_hair(drawn)
