"""What `verify` asks of pictures drawn here: geometry, maps, and what the configuration states."""

import json
import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from shutil import copytree
from typing import Any

import numpy as np
import pytest

from generator import view
from generator.config import GenerateConfig, decisive
from generator.shards import codec, drawn_rules, folder, manifest
from generator.shards.drawn_rules import drawn_faults
from generator.shards.map_rules import member_faults
from generator.shards.record import Angles, LandmarkFacts, Maker, Record, Sample
from generator.shards.stated import read_options
from render.camera import Camera, head_angles, head_rotation
from tests.damage import CONFIG, on, rewrite, said
from tests.fake_producer import make_person
from tests.runs import make

OPTIONS = read_options({"options": decisive(CONFIG)}, "config.json")
SAMPLES = [sample for index in range(3) for sample in make_person(CONFIG, index)]
FRONTAL = next(sample for sample in SAMPLES if sample.record.view == 0)
OTHER_RIG = {"neural": "blendshapes", "blendshapes": "neural"}[CONFIG.rig]
TURNED = next(sample for sample in SAMPLES if sample.record.view == 1)


@pytest.fixture(scope="module")
def true(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make(tmp_path_factory.mktemp("true") / "data", CONFIG)


def faults(record: Record) -> str:
    return "; ".join(f"{rule}, got {value}" for rule, value in drawn_faults(record, OPTIONS))


def test_true_records_break_no_rule() -> None:
    assert {sample.record.view for sample in SAMPLES} == {0, 1}
    assert [faults(sample.record) for sample in SAMPLES] == [""] * len(SAMPLES)


def test_angles_are_those_of_the_renderer() -> None:
    rng = np.random.Generator(np.random.Philox(3))
    for _ in range(50):
        angles = rng.uniform([-3.0, -1.5, -3.0], [3.0, 1.5, 3.0])
        rotation = drawn_rules.VIEWER @ head_rotation(*angles.tolist())
        extrinsics = np.concatenate([rotation, np.ones((3, 1))], axis=1)
        camera = Camera(np.diag([9.0, 9.0, 1.0]), extrinsics, 8, 8)
        assert np.allclose(drawn_rules.head_angles(rotation), angles, atol=1e-9)
        assert drawn_rules.head_angles(rotation) == head_angles(camera, np.eye(3))


def test_ranges_are_those_that_views_are_drawn_from() -> None:
    assert math.degrees(view.FRONTAL) == pytest.approx(drawn_rules.FRONTAL_DEG)
    assert np.degrees(view.TURNED).tolist() == pytest.approx(list(drawn_rules.TURNED_DEG))


def turned(sample: Sample, degrees: float) -> Record:
    """The record with camera and head turned to a yaw."""
    record = sample.record
    assert record.camera is not None
    rotation = drawn_rules.VIEWER @ head_rotation(math.radians(degrees), 0.0, 0.0)
    first, second, third = (
        (*row, step) for row, step in zip(rotation.tolist(), (0.0, 0.0, 1.0), strict=True)
    )
    camera = replace(record.camera, extrinsics=(first, second, third))
    return replace(record, camera=camera, head_pose=Angles(math.radians(degrees), 0.0, 0.0))


def with_light(record: Record, name: str | None) -> Record:
    return replace(record, light=replace(record.light, environment=name))


BASE = FRONTAL.record
assert BASE.camera is not None
assert BASE.landmarks is not None
MIRRORED = replace(BASE.camera, extrinsics=(
    (1.0, 0.0, 0.0, 0.0), (0.0, 1.0, 0.0, 0.0), (0.0, 0.0, -1.0, 1.0)
))  # fmt: skip
OUTSIDE = replace(BASE.landmarks, points=((40.0, 1.0), *BASE.landmarks.points[1:]))


@pytest.mark.parametrize(
    ("record", "text"),
    [
        (replace(BASE, landmarks=None), "landmarks must be known of a picture drawn here"),
        (replace(BASE, camera=None), "camera must be known of a picture drawn here"),
        (replace(BASE, head_pose=None), "head_pose must be known of a picture drawn here"),
        (replace(BASE, gaze=None), "gaze must be known of a picture drawn here"),
        (replace(BASE, head_pose=Angles(0.02, 0.0, 0.0)), r"head_pose must be that of the extrin"),
        (replace(BASE, head_pose=Angles(0.0, 0.02, 0.0)), r"head_pose must be that of the extrin"),
        (replace(BASE, head_pose=Angles(0.0, 0.0, 0.02)), r"head_pose must be that of the extrin"),
        (replace(BASE, camera=MIRRORED), "extrinsics must hold a rotation"),
        (
            replace(BASE, landmarks=OUTSIDE),
            "visible landmarks must lie in the picture, got 1 that do not, such as 0 at (40.",
        ),
        (with_light(BASE, "studio"), "environment must be one of assets.environments, got studio"),
        (with_light(BASE, None), "environment must be one of assets.environments, got None"),
        (turned(FRONTAL, 5.1), "yaw of view 0 must be 0 to 5 degrees to a side, got 5.1"),
        (turned(TURNED, 14.9), "yaw of view 1 must be 15 to 45 degrees to a side, got 14.9"),
        (turned(TURNED, -45.1), "yaw of view 1 must be 15 to 45 degrees to a side, got 45.1"),
        (replace(BASE, seed=1), "seed must be 0, as in config.json, got 1"),
        (replace(BASE, width=31), "width must be 32, as in config.json, got 31"),
        (replace(BASE, height=33), "height must be 32, as in config.json, got 33"),
        (replace(BASE, image="png"), "image must be jpg, as in config.json, got png"),
        (
            replace(BASE, person=replace(BASE.person, hair="makehuman:short01")),
            "person.hair must be one of our own styles, as in config.json, got makehuman:short01",
        ),
        (
            replace(BASE, made_by=replace(BASE.made_by, renderer=Maker("warp, mitsuba"))),
            "made_by.renderer.name must be warp, as in config.json, got warp, mitsuba",
        ),
        (
            replace(BASE, made_by=replace(BASE.made_by, head=Maker("flame"))),
            "made_by.head.name must be anny, as in config.json, got flame",
        ),
        (
            replace(BASE, made_by=replace(BASE.made_by, rig=Maker("pulleys"))),
            f"made_by.rig.name must be {CONFIG.rig}, as in config.json, got pulleys",
        ),
        (replace(BASE, view=2), "view must be 0 to 1, as in config.json, got 2"),
    ],
)
def test_a_broken_rule_is_named(record: Record, text: str) -> None:
    assert text in faults(record)


def test_angles_within_their_ranges_are_true() -> None:
    for degrees in (-5.0, 0.0, 5.0):
        assert faults(turned(FRONTAL, degrees)) == ""
    for degrees in (-45.0, -15.0, 15.0, 45.0):
        assert faults(turned(TURNED, degrees)) == ""


def test_other_sources_are_held_to_none_of_it() -> None:
    assert faults(replace(BASE, source="unbc", camera=None, seed=None, landmarks=None)) == ""


def map_faults(sample: Sample) -> str:
    return "; ".join(
        f"{rule}, got {value}" for rule, value in member_faults(sample, CONFIG.members)
    )


def with_member(name: str, data: bytes) -> Sample:
    return replace(FRONTAL, members={**FRONTAL.members, name: data})


def test_true_maps_break_no_rule() -> None:
    assert [map_faults(sample) for sample in SAMPLES] == [""] * len(SAMPLES)


def with_mark(x: float, y: float, visible: bool) -> Sample:
    marks = BASE.landmarks
    assert marks is not None
    points, seen = ((x, y), *marks.points[1:]), (visible, *marks.visible[1:])
    return replace(FRONTAL, record=replace(BASE, landmarks=LandmarkFacts("ibug68", points, seen)))


def test_visible_landmarks_lie_on_the_head() -> None:
    covered = codec.decode("seg.png", FRONTAL.members["seg.png"]) > 0
    row = covered.shape[0] // 2
    left = int(np.flatnonzero(covered[row])[0])
    # The pixel three to the left of the head is near enough, the fourth is not.
    assert map_faults(with_mark(left - 3 + 0.5, row + 0.5, True)) == ""
    text = map_faults(with_mark(left - 4 + 0.5, row + 0.5, True))
    assert "visible landmarks must lie on the head to 3 pixels, got 1 that do not" in text
    assert map_faults(with_mark(left - 4 + 0.5, row + 0.5, False)) == ""


def scaled(change: Callable[[np.ndarray], np.ndarray]) -> Sample:
    depth = codec.decode("depth.png", FRONTAL.members["depth.png"])
    made = np.where(depth > 0, change(depth), 0.0).astype(np.float32)
    return with_member("depth.png", codec.encode_depth(made))


def test_depth_and_camera_give_a_head() -> None:
    for change in (lambda depth: depth * 1.5, lambda depth: depth + 0.3, lambda depth: depth / 2):
        assert "visible landmarks must lie within 0.25 m" in map_faults(scaled(change))
    flat = map_faults(scaled(lambda depth: np.full_like(depth, 1.0)))
    assert "depth must differ by at least 0.005 m over the landmarks, got 0.0000 m" in flat
    camera = BASE.camera
    assert camera is not None
    for changed in (
        replace(camera, intrinsics=((9.0, 0.0, 16.0), (0.0, 9.0, 16.0), (0.0, 0.0, 1.0))),
        replace(camera, extrinsics=(*camera.extrinsics[:2], (0.0, 0.0, -1.0, 2.0))),
    ):
        sample = replace(FRONTAL, record=replace(BASE, camera=changed))
        assert "visible landmarks must lie within 0.25 m" in map_faults(sample)


def test_uv_is_zero_where_nothing_is_covered() -> None:
    ones = np.ones((2, CONFIG.size, CONFIG.size), np.float32)
    assert "uv must be 0 where seg is 0" in map_faults(with_member("uv.png", codec.encode_uv(ones)))


def restated(data: Path, **options: Any) -> str:
    """What is said of a data set whose config.json states other options."""
    config = json.loads((data / "config.json").read_text())
    config["options"] |= options
    (data / "config.json").write_bytes(manifest.json_bytes(config))
    rewrite(data, lambda sample: sample)
    return said(data)


def test_the_configuration_is_held_to_the_data(true: Path, tmp_path: Path) -> None:
    cases: list[tuple[dict[str, Any], list[str]]] = [
        ({"seed": 4}, ["seed must be 4, as in config.json|0"]),
        ({"size": 64}, ["width must be 64, as in config.json|32", "height must be 64"]),
        ({"views": 3}, ["p000000 must have the views 0 to 2|0, 1"]),
        ({"pain_per_identity": 2}, ["p000000 view 0 must have 2 pain pictures|1"]),
        ({"confounders": 0}, ["p000004 view 1 must have 0 confounder pictures|1"]),
        (
            {"raster": "pyrender"},
            ["made_by.renderer.name must be pyrender, as in config.json|warp"],
        ),
        (
            {"raster": "pyrender", "shading": "mitsuba"},
            ["made_by.renderer.name must be pyrender, mitsuba, as in config.json|warp"],
        ),
        ({"creases": "off"}, ["made_by.creases must be None, as in config.json|strain"]),
        ({"head": "flame"}, ["made_by.head.name must be flame, as in config.json|anny"]),
        ({"rig": OTHER_RIG}, [f"made_by.rig.name must be {OTHER_RIG}, as in config.json|"]),
        ({"camera": "ward"}, ["camera.name must be ward, as in config.json|portrait"]),
        ({"environments": ["lebombo"]}, ["environment must be one of lebombo, as in config.json"]),
        ({"identities": 6}, ["people must be 6|5"]),
        ({"annotations": ["seg"]}, ["members must be those of its options"]),
    ]
    for number, (options, expected) in enumerate(cases[:-1]):
        text = restated(copytree(true, tmp_path / str(number)), **options)
        assert all(rule in text for rule in expected), text
    with pytest.raises(ValueError, match=cases[-1][1][0]):
        restated(copytree(true, tmp_path / "last"), **cases[-1][0])


def test_expressions_from_a_file_are_as_many_as_they_are(true: Path, tmp_path: Path) -> None:
    data = copytree(true, tmp_path / "data")
    replaced = {"pain_per_identity": None, "pspi": None, "other_aus": None}
    assert restated(data, expressions="sha256:0", **replaced) == ""


def test_a_picture_too_few_is_found(true: Path, tmp_path: Path) -> None:
    data = copytree(true, tmp_path / "data")
    rows = folder.open_folder(data).index.to_pylist()
    key = next(row["key"] for row in rows if row["kind"] == "pain")
    rewrite(data, on(key, lambda sample: None))
    assert f"{key[:7]} view 0 must have 1 pain pictures|0" in said(data)


def test_varied_pictures_are_held_to_the_same_ranges(tmp_path: Path) -> None:
    config = GenerateConfig(identities=2, pain_per_identity=1, views=2, size=32, vary=("pose",))
    data = make(tmp_path / "data", config)
    assert said(data) == ""
    far = turned(TURNED, 50.0)
    rewrite(data, on(
        "p000000_v1_e01",
        lambda sample: replace(
            sample, record=replace(sample.record, camera=far.camera, head_pose=far.head_pose)
        ),
    ))  # fmt: skip
    assert "p000000_v1_e01|yaw of view 1 must be 15 to 45 degrees to a side|50" in said(data)


def test_pictures_drawn_here_need_options(true: Path, tmp_path: Path) -> None:
    data = copytree(true, tmp_path / "data")
    config = json.loads((data / "config.json").read_text())
    del config["options"]
    (data / "config.json").write_bytes(manifest.json_bytes(config))
    rewrite(data, lambda sample: sample)
    assert said(data) == "config.json||must state the options of pictures drawn here|none"
