"""The baked head: against the package it comes from, and its atlas, loops, landmarks and mask."""

import json
from pathlib import Path

import numpy as np
import pytest

from assets import atlas, head, manifest
from assets.classes import CLASSES
from assets.manifest import Entry

REFERENCE = Path(__file__).parent / "data" / "anny_reference.json"

BROWS, NOSE, MOUTH = range(17, 27), range(27, 36), range(48, 68)


@pytest.fixture(scope="module")
def model() -> head.HeadModel:
    return head.load()


@pytest.fixture(scope="module")
def adult(model: head.HeadModel) -> head.Head:
    return model.person(model.mean_phenotypes(), {}, 30.0)


def test_equals_the_package_to_ten_micrometres(model: head.HeadModel) -> None:
    """`scripts/bake_head.py` writes down what the package gives, so that it is not needed here."""
    reference = json.loads(REFERENCE.read_text())
    assert len(reference["people"]) >= 10
    for person in reference["people"]:
        ours = model.bare_vertices(person["phenotypes"], person["local"])
        ours = (ours + model.actions[person["action"]])[reference["vertices"]]
        assert np.abs(ours - np.array(person["expected_um"]) / 1e6).max() < 10e-6


def test_refuses_what_is_not_a_person(model: head.HeadModel) -> None:
    mean = model.mean_phenotypes()
    with pytest.raises(ValueError, match=r"phenotype age must be from -0.333 to 1.0, got 1.2"):
        model.bare_vertices({**mean, "age": 1.2}, {})
    with pytest.raises(ValueError, match="local change must be one of the model's, got 'tail'"):
        model.bare_vertices(mean, {"tail": 0.5})
    with pytest.raises(ValueError, match="local change head-fat-incr must be from -1 to 1, got 2"):
        model.bare_vertices(mean, {"head-fat-incr": 2.0})


def test_mean_head_is_its_own_mirror_image(adult: head.Head) -> None:
    turned = adult.vertices[adult.topology.mirror] * np.array([-1, 1, 1])
    assert np.abs(turned - adult.vertices).max() < 2e-4
    pairs = adult.topology.mirror
    assert np.array_equal(pairs[pairs], np.arange(len(pairs)))


def test_landmarks_are_mirror_pairs_in_order(adult: head.Head) -> None:
    points = adult.landmarks(adult.vertices)
    right_to_left = [*range(17), *reversed(BROWS[:5])]
    assert (np.diff(points[:17, 0]) > 0).all(), right_to_left
    for curve in (BROWS, range(31, 36), range(48, 55), range(60, 65)):
        assert (np.diff(points[list(curve), 0]) > 0).all()
    assert (np.diff(points[27:31, 1]) < 0).all()
    assert (np.diff(points[27:31, 2]) > 0).all()
    pairs = {i: 16 - i for i in range(8)} | {i: 43 - i for i in range(17, 22)}
    pairs |= {31: 35, 32: 34, 36: 45, 37: 44, 38: 43, 39: 42, 40: 47, 41: 46}
    pairs |= {48: 54, 49: 53, 50: 52, 59: 55, 58: 56, 60: 64, 61: 63, 67: 65}
    for right, left in pairs.items():
        assert np.abs(points[right] * [-1, 1, 1] - points[left]).max() < 1.5e-3, (right, left)
    middle = [8, 27, 28, 29, 30, 33, 51, 57, 62, 66]
    assert np.abs(points[middle, 0]).max() < 5e-4


def test_landmarks_of_eyes_and_lips_stay_on_their_loops(adult: head.Head) -> None:
    topology = adult.topology
    moved = adult.vertices + adult.actions["jawOpen"] + adult.actions["eyeBlinkLeft"]
    points = adult.landmarks(moved)
    for numbers, loops in (
        (range(42, 48), ("left_upper_lid", "left_lower_lid")),
        (range(36, 42), ("right_upper_lid", "right_lower_lid")),
        (range(60, 68), ("upper_lip", "lower_lip")),
    ):
        loop = np.concatenate([moved[topology.loops[name]] for name in loops])
        for number in numbers:
            assert np.linalg.norm(loop - points[number], axis=1).min() < 1e-6
    before = adult.landmarks(adult.vertices)
    assert points[66, 1] < before[66, 1] - 0.01
    assert points[43, 1] < before[43, 1] - 0.002
    assert np.allclose(points[38], before[38], atol=1e-4)


def test_atlas_is_inverted_and_gives_the_face_its_texels() -> None:
    rng = np.random.default_rng(0)
    source = rng.random((1000, 2)) * [0.35, 0.66] + [0.642, 0.15]
    back = atlas.head_to_source(atlas.head_from_source(source))
    assert np.abs(back - source).max() < 1e-9
    # Trichion and chin of the mean head in MakeHuman's UV.
    ends = atlas.head_from_source(np.array([[0.767, 0.483], [0.945, 0.483]]))
    assert (ends[0, 1] - ends[1, 1]) * 2048 > 900


def test_charts_do_not_overlap(model: head.HeadModel) -> None:
    rects = list(atlas.RECTS.values())
    for i, a in enumerate(rects):
        for b in rects[i + 1 :]:
            apart = a[2] <= b[0] or b[2] <= a[0] or a[3] <= b[1] or b[3] <= a[1]
            assert apart, (a, b)
    uv = model.topology.uv[model.topology.uv_quads]
    inside = [
        ((uv >= [u0 - 1e-6, v0 - 1e-6]) & (uv <= [u1 + 1e-6, v1 + 1e-6])).all((1, 2))
        for u0, v0, u1, v1 in rects
    ]
    assert np.any(inside, axis=0).all()


def test_mask_names_what_lies_where(adult: head.Head) -> None:
    mask = adult.topology.mask
    regions = ("skin upper_lid lower_lid brow lips sclera iris nose ear mouth_inside teeth "
               "tongue neck scalp hair clothes lash glasses oxygen_mask nasal_cannula tube tape "
               "blanket cap surgical_mask pacifier").split()  # fmt: skip
    assert {CLASSES[name] for name in regions} == set(np.unique(mask).tolist())
    topology = adult.topology

    def classes_at(landmarks: range) -> set[int]:
        uv = topology.uv[topology.uv_triangles[topology.landmark_triangles]]
        places = (topology.landmark_barycentric[:, :, None] * uv).sum(1)[list(landmarks)]
        rows, columns = ((1 - places[:, 1]) * 1024).astype(int), (places[:, 0] * 1024).astype(int)
        return set(mask[rows, columns].tolist())

    assert classes_at(BROWS) == {CLASSES["brow"]}
    assert classes_at(range(27, 31)) == {CLASSES["nose"]}
    lids = {CLASSES["upper_lid"], CLASSES["lower_lid"]}
    assert classes_at(range(36, 48)) <= lids
    assert classes_at(range(49, 54)) <= {CLASSES["lips"], CLASSES["skin"]}


def test_loops_share_corners(adult: head.Head) -> None:
    loops = adult.topology.loops
    for upper, lower in (
        ("left_upper_lid", "left_lower_lid"),
        ("right_upper_lid", "right_lower_lid"),
        ("upper_lip", "lower_lip"),
    ):
        assert loops[upper][0] == loops[lower][0]
        assert loops[upper][-1] == loops[lower][-1]
        above = adult.vertices[loops[upper], 1].mean()
        assert above > adult.vertices[loops[lower], 1].mean()
    assert (
        adult.vertices[loops["left_upper_lid"][0], 0]
        < adult.vertices[loops["left_upper_lid"][-1], 0]
    )


def test_a_shipped_file_that_changed_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(manifest, "DATA", tmp_path)
    monkeypatch.setattr(manifest, "MANIFEST", tmp_path / "manifest.json")
    (tmp_path / "thing.bin").write_bytes(b"one")
    manifest.register(Entry("thing.bin", "CC0-1.0", "a test", "none"))
    assert manifest.verified.__wrapped__("thing.bin") == tmp_path / "thing.bin"
    (tmp_path / "thing.bin").write_bytes(b"two")
    with pytest.raises(ValueError, match=r"thing.bin must have sha256 .*, got "):
        manifest.verified.__wrapped__("thing.bin")


def test_teeth_lie_between_the_corners_and_come_with_age(model: head.HeadModel) -> None:
    for age, axis in ((0.1, -0.3), (3.0, 0.12), (30.0, 2 / 3), (85.0, 0.97)):
        person = model.person({**model.mean_phenotypes(), "age": axis}, {}, age)
        part, loop = person.topology.part, person.topology.loops["upper_lip"]
        teeth = person.vertices[(part == head.UPPER_TEETH) | (part == head.LOWER_TEETH)]
        half = np.abs(person.vertices[loop[[0, -1]], 0]).mean()
        assert np.abs(teeth[:, 0]).max() < 1.1 * half
        assert (np.ptp(teeth, axis=0) > 0.004).all() == (age > 0.6)
        tongue = person.vertices[part == head.TONGUE]
        assert tongue[:, 1].max() < person.vertices[loop, 1].max() + 0.3 * half
