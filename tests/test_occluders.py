"""What lies in front of a face: fits, shares, seg and record, and what one can see through."""

import json
from dataclasses import replace

import numpy as np
import pytest

from assets import head as head_models
from assets.classes import CLASSES, OCCLUDERS
from assets.facs import AUS
from assets.population import Person
from generator import anchors, synth3d
from generator.config import GenerateConfig, decisive
from generator.occluders import dressing, kinds, solid, wear
from generator.occluders.kinds import Style
from generator.occluders.skin import Skin, mean_skin, skin_of
from generator.occluders.span import span, spanned
from generator.shards.card import SYNTHETIC, about_options
from generator.shards.drawn_rules import PACIFIER_BEFORE, drawn_faults
from generator.shards.map_rules import member_faults
from generator.shards.stated import Options, read_options
from generator.synth_record import LEAST, occluding, record
from render.frame import Frame
from rigging.blendshapes import pose
from rigging.gaze import STRAIGHT
from tests.crowd import crowd

STYLES = [
    Style(frame=0, knitted=True, tube_left=True, taped=True, drawn="chin"),
    Style(frame=1, knitted=False, tube_left=False, taped=False, drawn="side"),
]
STRONG = dict.fromkeys(AUS, 0.0) | {4: 5.0, 6: 5.0, 9: 5.0, 10: 5.0, 43: 1.0, 45: 5.0, 26: 4.0}


def person(age: float, index: int = 0) -> Person:
    return Person(index, "train", "", "female", "mixed", age, 0.3, 0.3, 0.4, 5)


def standing_off(skin: Skin, places: np.ndarray) -> np.ndarray:
    """How far places lie outside the skin nearest to them, metres; inside below 0."""
    points = skin.nearest(places)
    return ((places - skin.place(points)) * skin.out(points)).sum(axis=1)


# --- the map from head to head


def test_a_span_keeps_affine_motions_and_takes_anchors_to_their_places() -> None:
    rng = np.random.default_rng(3)
    anchored, vertices = rng.normal(size=(23, 3)), rng.normal(size=(40, 3))
    weights = span(anchored, vertices)
    assert np.abs(weights.sum(axis=1) - 1).max() < 1e-5
    turn, shift = rng.normal(size=(3, 3)), rng.normal(size=3)
    moved = spanned(weights, (anchored @ turn + shift).astype(np.float32))
    assert np.abs(moved - (vertices @ turn + shift)).max() < 2e-5
    anywhere = rng.normal(size=(23, 3)).astype(np.float32)
    assert np.abs(spanned(span(anchored, anchored), anywhere) - anywhere).max() < 2e-5


def test_a_span_refuses_few_and_doubled_anchors() -> None:
    places = np.eye(3)
    with pytest.raises(ValueError, match="anchors must be at least 4, got 3"):
        span(places, places)
    with pytest.raises(ValueError, match=r"anchors must lie 0\.1 mm apart, got"):
        span(np.concatenate([places, places]), places)


# --- solids and the skin they are built on


def test_a_ring_is_closed_and_has_the_volume_of_a_torus() -> None:
    turn = np.linspace(0, 2 * np.pi, 96, endpoint=False)
    circle = np.stack([np.cos(turn), np.sin(turn), 0 * turn], axis=1)
    ring = solid.tube(0.02 * circle, circle, np.full((96, 2), 0.003), "tube", sides=48, closed=True)
    edges = ring.triangles[:, [0, 1, 1, 2, 2, 0]].reshape(-1, 2)
    there = {tuple(edge) for edge in edges.tolist()}
    assert len(there) == len(edges)
    assert {(b, a) for a, b in there} == there
    a, b, c = ring.vertices[ring.triangles].transpose(1, 0, 2)
    volume = (a * np.cross(b, c)).sum() / 6
    assert volume == pytest.approx(2 * np.pi**2 * 0.02 * 0.003**2, rel=0.01)


def test_places_on_the_skin_are_their_own_nearest_and_rays_leave_where_they_point() -> None:
    skin = mean_skin(head_models.load())
    rng = np.random.default_rng(5)
    rays = rng.normal(size=(60, 3)) * (1, 0.4, 1) + (0, 0.2, 0)
    origin = np.array([0.0, 0.015, -0.07])
    places = skin.place(skin.outermost(origin, rays))
    along = (places - origin) / np.linalg.norm(places - origin, axis=1, keepdims=True)
    assert np.abs(along - rays / np.linalg.norm(rays, axis=1, keepdims=True)).max() < 1e-5
    assert np.abs(skin.place(skin.nearest(places)) - places).max() < 1e-6
    beyond = origin + (places - origin) * 1.001
    assert (standing_off(skin, beyond) > 0).all()
    _, missed = skin.leaving(origin, np.array([[0.0, 0.0, 1.0]]), -0.2)
    assert missed.all()
    with pytest.raises(ValueError, match="rays must leave the head through its skin, got"):
        skin.outermost(np.array([0.0, 2.0, 0.0]), np.array([[0.0, 1.0, 0.0]]))


# --- fit


@pytest.mark.parametrize("style", STYLES)
def test_nothing_that_shows_enters_the_skin_of_a_crowd(style: Style) -> None:
    model = head_models.load()
    mean, triangles = mean_skin(model), anchors.refinement(model.topology).triangles
    heads = crowd()[0 if style.knitted else 1 :: 7]
    posed = [pose(head, STRONG, STRONG, STRAIGHT) for head in heads]
    tried = 0
    for name in kinds.NAMES:
        for thing in dressing.things(model, name, style):
            # Ear loops and arms touch the ear from behind, a tube passes the lips.
            first = thing.solids[0].vertices[::2]
            shows = (standing_off(mean, first) > 0.0005) & (first[:, 1] > -0.3)
            shows &= first[:, 2] > -0.06 if name != "cap" else True
            for head, moved in zip(heads, posed, strict=True):
                fitted = wear.fit(model, head, thing)
                for vertices in (head.vertices, moved):
                    skin = skin_of(model, vertices)
                    placed = fitted.place(skin.vertices, triangles)[: 2 * len(first) : 2][shows]
                    off = standing_off(skin, placed.astype(np.float64))
                    # Inside a mouth that opens, the nearest skin may be a lip's back.
                    deep = (off < -0.001).mean()
                    assert deep < 0.005, (name, head.age_years, off.min())
                    tried += len(off)
    assert tried > 25_000


def test_glasses_rest_on_every_nose_and_sit_before_the_eyes() -> None:
    model = head_models.load()
    thing = dressing.things(model, "glasses", STYLES[0])[0]
    front, lens = thing.solids[0], thing.solids[2]
    refined = anchors.refinement(model.topology)
    assert lens.clear
    for head in crowd():
        placed = wear.fit(model, head, thing).neutral.astype(np.float64)
        skin = skin_of(model, head.vertices)
        off = standing_off(skin, placed[: len(front.vertices)])
        assert off.min() < 0.003
        lenses = placed[-len(lens.vertices) :]
        for centre, radius in zip(head.eyes.centre, head.eyes.radius, strict=True):
            beside = np.hypot(*(lenses[:, :2] - centre[:2]).T)
            ahead = lenses[beside.argmin(), 2] - centre[2]
            assert beside.min() < 0.004
            assert 1.05 * radius < ahead < 3.2 * radius
    still = wear.fit(model, crowd()[6], thing)
    neutral = still.place(refined.apply(crowd()[6].vertices), refined.triangles)
    strong = pose(crowd()[6], STRONG, STRONG, STRAIGHT)
    shifted = still.place(refined.apply(strong), refined.triangles) - neutral
    assert np.ptp(shifted, axis=0).max() < 1e-6, "glasses must not bend"


def test_a_mask_follows_the_jaw_and_a_cap_does_not() -> None:
    model = head_models.load()
    head = crowd()[12]
    refined = anchors.refinement(model.topology)
    opened = pose(head, STRONG | {26: 0.0, 27: 5.0}, STRONG | {26: 0.0, 27: 5.0}, STRAIGHT)
    lowest = {}
    for name in ("surgical_mask", "cap"):
        fitted = wear.fit(model, head, dressing.things(model, name, STYLES[0])[0])
        at = [fitted.place(refined.apply(v), refined.triangles) for v in (head.vertices, opened)]
        lowest[name] = np.abs(at[1] - at[0]).max()
    assert lowest["surgical_mask"] > 0.008
    assert lowest["cap"] == 0.0


# --- who wears what


def test_what_is_drawn_keeps_its_shares_and_what_goes_together() -> None:
    rng = np.random.default_rng(17)
    for age in (0.5, 50.0):
        drawn = [kinds.draw(("some",), person(age), rng) for _ in range(4000)]
        for names in drawn:
            assert sum(name in names for name in kinds.AT_MOUTH) <= 1
            assert not any(one in names and two in names for one, two in kinds.APART)
        for name in ("cap", "blanket"):  # these go with everything
            wanted = kinds.share(name, age)
            got = np.mean([name in names for names in drawn])
            assert abs(got - wanted) < 4 * np.sqrt(wanted * (1 - wanted) / 4000)
        for name in kinds.NAMES:
            got = np.mean([name in names for names in drawn])
            wanted = kinds.share(name, age)
            assert 0.75 * wanted <= got + 0.004
            assert got <= wanted + 4 * np.sqrt(wanted / 4000)
    grown = [kinds.draw(("some",), person(30.0), rng) for _ in range(500)]
    assert not any("pacifier" in names for names in grown)


def test_independent_draws_pass_a_chi_square() -> None:
    rng = np.random.default_rng(23)
    drawn = [kinds.draw(("some",), person(70.0), rng) for _ in range(8000)]
    cap, blanket = kinds.share("cap", 70.0), kinds.share("blanket", 70.0)
    square = 0.0
    for has_cap in (True, False):
        for has_blanket in (True, False):
            chance = (cap if has_cap else 1 - cap) * (blanket if has_blanket else 1 - blanket)
            got = sum(
                ("cap" in names) == has_cap and ("blanket" in names) == has_blanket
                for names in drawn
            )
            square += (got - 8000 * chance) ** 2 / (8000 * chance)
    assert square < 16.27  # 3 degrees of freedom, p = 0.001


def test_named_things_are_on_everybody_whose_age_allows_them() -> None:
    rng = np.random.default_rng(1)
    options = ("pacifier", "cap")
    assert kinds.draw(options, person(1.0), rng) == ("cap", "pacifier")
    assert kinds.draw(options, person(30.0), rng) == ("cap",)
    assert kinds.draw(("none",), person(1.0), rng) == ()
    assert kinds.PACIFIER_BEFORE == PACIFIER_BEFORE


@pytest.mark.parametrize(
    ("options", "text"),
    [
        (("none", "cap"), "occluders must be none alone, got none, cap"),
        (("cap", "some"), "occluders must be some alone, got cap, some"),
        ((), "occluders must name none, some or things, got nothing"),
        (
            ("pacifier", "surgical_mask"),
            "occluders must name at most one of oxygen_mask, surgical_mask, breathing_tube, "
            "pacifier, got surgical_mask and pacifier",
        ),
        (("cap", "cap"), "occluders must name each thing once, got cap, cap"),
        (
            ("pacifier", "glasses"),
            r"occluders must name pacifier only where ages begin below 4, got ages from 18",
        ),
    ],
)
def test_options_that_cannot_be_followed_are_refused(options: tuple, text: str) -> None:
    with pytest.raises(ValueError, match=text):
        GenerateConfig(occluders=options)


# --- pictures


CONFIG = GenerateConfig(
    identities=12, pain_per_identity=0, views=1, size=160, seed=4, background="plain"
)


def picture(ages: str, *names: kinds.Name, index: int = 0) -> tuple[Frame, tuple[str, ...]]:
    config = replace(CONFIG, ages=ages, occluders=names or ("none",))
    identity, shot, frame = next(iter(synth3d.frames(config, index)))
    return frame, record(config, identity, shot, frame).occluders


@pytest.mark.parametrize("name", kinds.NAMES)
def test_seg_shows_and_the_record_lists_what_is_worn(name: kinds.Name) -> None:
    frame, listed = picture("0-1" if name == "pacifier" else "18-90", name)
    assert listed == (name,)
    assert (frame.classes == CLASSES[OCCLUDERS[name]]).sum() > 40
    covered = frame.classes > 0
    assert np.array_equal(covered, frame.depth > 0)
    assert np.array_equal(covered, (frame.normal != 0).any(axis=2))


def test_what_is_out_of_the_picture_is_not_listed() -> None:
    classes = np.zeros((8, 8), np.uint8)
    classes[0, : LEAST - 1] = CLASSES["cap"]
    classes[1, :LEAST] = CLASSES["tube"]
    assert occluding(("cap", "breathing_tube", "glasses"), classes) == ("breathing_tube",)


def test_maps_see_eyes_through_lenses_and_the_shell_of_a_mask() -> None:
    bare, none = picture("18-90")
    glasses, _ = picture("18-90", "glasses")
    mask, _ = picture("18-90", "oxygen_mask")
    assert none == ()
    iris = bare.classes == CLASSES["iris"]
    assert iris.sum() > 10
    assert (glasses.classes[iris] == CLASSES["iris"]).mean() > 0.9
    lens = iris & (glasses.classes == bare.classes)
    assert np.array_equal(glasses.depth[lens], bare.depth[lens])
    assert (glasses.image[lens] != bare.image[lens]).any(axis=1).mean() > 0.5
    shell = mask.classes == CLASSES["oxygen_mask"]
    assert (mask.depth[shell] < bare.depth[shell]).mean() > 0.95
    assert (mask.heat[:, shell] == 0).all()
    # The mouth is seen through the shell: its landmarks are as visible as without it.
    both = mask.landmark_visible[48:] == bare.landmark_visible[48:]
    assert both.mean() > 0.6
    lips = shell & (bare.classes == CLASSES["lips"])
    assert np.corrcoef(mask.image[lips].mean(1), bare.image[lips].mean(1))[0, 1] > 0.2


def test_hair_does_not_come_through_a_cap() -> None:
    for index in (1, 2, 3):
        bare, _ = picture("18-90", index=index)
        capped, _ = picture("18-90", "cap", index=index)
        rows, columns = np.nonzero(capped.classes == CLASSES["cap"])
        box = np.zeros(capped.classes.shape, bool)
        box[rows.min() + 3 : int(np.percentile(rows, 60)), columns.min() : columns.max()] = True
        assert (bare.classes[box] == CLASSES["hair"]).sum() > 100
        assert (capped.classes[box] == CLASSES["hair"]).mean() < 0.004


def test_bare_shoulders_have_no_cloth_and_the_same_bytes_follow_a_seed() -> None:
    config = replace(CONFIG, clothes="none", occluders=("some",), views=3)
    shots = [list(synth3d.frames(config, 5)) for _ in range(2)]
    for (_, _, one), (_, _, two) in zip(*shots, strict=True):
        assert not (one.classes == CLASSES["clothes"]).any()
        assert np.array_equal(one.image, two.image)
        assert np.array_equal(one.classes, two.classes)


def options_of(config: GenerateConfig) -> Options:
    read = read_options({"options": json.loads(json.dumps(decisive(config)))}, "config.json")
    assert read is not None
    return read


def test_verify_holds_the_record_to_options_age_and_seg() -> None:
    config = replace(CONFIG, occluders=("cap",), annotations=("seg", "depth"), size=64)
    sample = synth3d.make_person(config, 2)[0]
    allowed = options_of(config)
    assert sample.record.occluders == ("cap",)
    assert list(drawn_faults(sample.record, allowed)) == []
    assert list(member_faults(sample, config.members)) == []
    hair = replace(sample.record, occluders=("cap", "hair"))
    assert list(drawn_faults(hair, allowed)) == []
    strange = replace(sample.record, occluders=("glasses",))
    rule = "occluders must be among hair, cap, as in config.json"
    assert [text for text, _ in drawn_faults(strange, allowed)] == [
        rule.replace("hair, cap", ", ".join(n for n in OCCLUDERS if n in ("cap", "hair")))
    ]
    some = options_of(replace(config, occluders=("some",)))
    assert list(drawn_faults(strange, some)) == []
    comforted = replace(sample.record, occluders=("pacifier",))
    (fault,) = drawn_faults(comforted, some)
    assert fault[0] == "a pacifier must be a child's under 4 years"
    (fault,) = member_faults(replace(sample, record=strange), config.members)
    assert fault == ("seg must show what occluders lists", "glasses")


def test_the_card_tells_of_occluders_where_there_are_some() -> None:
    without = about_options(SYNTHETIC, {"occluders": ["none"]}).text
    some = about_options(SYNTHETIC, {"occluders": ["some"]}).text
    assert "Maps see through the lenses" not in without
    assert "Maps see through the lenses" in some
