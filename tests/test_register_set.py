"""`pain3d register`: a data set in, a data set out, and a list of what could not be registered."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from generator.jobs import Run, generate
from generator.origin import origin
from generator.registration import producer
from generator.registration.config import RegisterConfig
from generator.registration.notes import REPORT
from generator.shards.codec import decode
from generator.shards.derived import read_derived
from generator.shards.folder import CONFIG, open_folder
from generator.shards.record import Record, Sample
from generator.shards.verify import verify
from scripts import cli
from scripts.register import main
from tests import turned_faces
from tests.imported import here, samples
from tests.runs import hashes, ignore
from tests.turned_faces import YAWS, faces

SIZE = 64


def register(data: Path, out: Path, mode: Any, **changed: Any) -> Path:
    with here():
        generate(
            replace(RegisterConfig(data, mode, SIZE), **changed),
            producer.PRODUCER,
            Run(out),
            ignore,
        )
    return out


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    with here():
        return faces(tmp_path_factory.mktemp("faces") / "data")


@pytest.fixture(scope="module")
def frontal(data: Path) -> Path:
    return register(data, data.with_name("frontal"), "3d")


@pytest.fixture(scope="module")
def plane(data: Path) -> Path:
    return register(data, data.with_name("plane"), "2d")


def records(folder: Path) -> dict[str, Record]:
    return {key: sample.record for key, sample in samples(folder).items()}


def test_registered_sets_are_without_fault(frontal: Path, plane: Path) -> None:
    for folder in (frontal, plane):
        assert verify(folder, ignore).faults == []
        assert len(records(folder)) == 3 * 4


def test_records_keep_everything_but_what_the_picture_decides(
    data: Path, frontal: Path, plane: Path
) -> None:
    before = records(data)
    for folder, mode in ((frontal, "3d"), (plane, "2d")):
        for key, record in records(folder).items():
            first = before[key]
            assert record.registration is not None
            assert record.registration.mode == mode
            assert (record.width, record.height, record.image) == (SIZE, SIZE, "jpg")
            assert record.camera is record.gaze is None
            same = replace(
                record, width=first.width, height=first.height, camera=first.camera,
                gaze=first.gaze, landmarks=first.landmarks, crop=first.crop, registration=None,
                head_pose=first.head_pose,
            )  # fmt: skip
            assert same == first
            pose, true = record.registration.pose, first.head_pose
            assert true is not None
            off = np.subtract((pose.yaw, pose.pitch, pose.roll), (true.yaw, true.pitch, true.roll))
            assert np.abs(np.degrees(off)).max() < 4.0
            assert 0.0 < record.registration.error < 0.01


def test_faces_drawn_from_the_front_look_straight_ahead_at_one_place(frontal: Path) -> None:
    corners, mirrored = [], {}
    for key, record in records(frontal).items():
        assert record.registration is not None
        assert record.landmarks is not None
        assert record.head_pose is not None
        assert (record.head_pose.yaw, record.head_pose.pitch, record.head_pose.roll) == (0, 0, 0)
        assert record.crop is None
        assert (record.landmarks.scheme, len(record.landmarks.points)) == ("aam66", 66)
        corners.append(np.array(record.landmarks.points)[[36, 45]])
        mirrored[key] = record.registration.mirrored
        assert record.registration.filled < 0.2
    assert np.std(corners, axis=0).max() < 0.02 * SIZE
    apart = [np.linalg.norm(left - right) for left, right in corners]
    assert np.mean(apart) == pytest.approx(SIZE / 1.9, rel=0.02)
    turned = [value for key, value in mirrored.items() if key.endswith("03")]
    straight = [value for key, value in mirrored.items() if key.endswith("01")]
    assert min(turned) > 0.15 > max(straight)


def test_in_the_plane_landmarks_and_pictures_move_by_the_map_that_is_stated(
    data: Path, plane: Path
) -> None:
    before = samples(data)
    eyes = []
    for key, sample in samples(plane).items():
        first, record = before[key].record, sample.record
        assert record.landmarks is not None
        assert first.landmarks is not None
        assert record.head_pose is not None
        assert record.registration is not None
        assert (record.head_pose.roll, record.head_pose.yaw) == (0, record.registration.pose.yaw)
        assert record.registration.mirrored == record.registration.filled == 0.0
        # To the original picture, and from there by the composed map.
        crop = np.vstack([np.array(first.crop), [0, 0, 1]])
        marks = np.c_[np.array(first.landmarks.points), np.ones(66)]
        original = marks @ np.linalg.inv(crop).T
        assert np.allclose(original @ np.array(record.crop).T, record.landmarks.points, atol=1e-6)
        x, y = np.array(record.landmarks.points)[[36, 39, 42, 45]].mean(axis=0)
        eyes.append((x, y))
        # The pixel under the inner corner of an eye shows the same skin.
        there = decode("k.jpg", before[key].members["jpg"]).astype(int)
        here_ = decode("k.jpg", sample.members["jpg"]).astype(int)
        for mark in (39, 42, 33):
            (a, b), (c, d) = first.landmarks.points[mark], record.landmarks.points[mark]
            assert np.abs(there[int(b), int(a)] - here_[int(d), int(c)]).max() < 60
    assert np.std(eyes, axis=0).max() < 0.05 * SIZE


def test_a_face_that_is_turned_too_far_is_left_out_and_listed(frontal: Path) -> None:
    report = json.loads((frontal / REPORT).read_text())
    figures = report["figures"]
    assert figures["pictures in the data set"] == 15
    assert figures["pictures registered"] == 12
    assert figures["pictures left out: turned too far"] == 3
    told = report["notes"]["turned"]
    assert [one["key"][-2:] for one in told] == ["04"] * 3
    assert all(one["rule"] == "a face must be turned by 60 degrees at most" for one in told)
    assert all(one["value"].startswith("yaw 7") for one in told)
    means = np.mean(np.abs(YAWS[:4]))
    assert figures["mean yaw from the front, degrees"] == pytest.approx(means, abs=3)
    assert set(report["people"]) == set(origin(frontal).people)
    config = json.loads((frontal / CONFIG).read_text())
    derived = read_derived(config, "config")
    assert derived is not None
    assert (derived.registered, derived.size, derived.source) == ("3d", SIZE, "mine")
    assert not derived.surrogate


def without(number: int, record: Record) -> Record:
    """Spoil a person's pictures, each in its own way."""
    marks = record.landmarks
    assert marks is not None
    points = np.array(marks.points)
    rng = np.random.default_rng(number)
    spoilt = (
        None,
        replace(marks, points=tuple(map(tuple, (points + 130).tolist()))),
        replace(marks, points=tuple(map(tuple, rng.uniform(20, 140, points.shape).tolist()))),
        marks,
    )
    return replace(record, landmarks=spoilt[number])


def spoilt(config: turned_faces.FacesConfig, index: int) -> Iterator[Sample]:
    made = turned_faces.make_person(config, index)
    for number, sample in enumerate(made[:4]):
        if index:
            yield sample
        else:
            yield replace(sample, record=without(number, sample.record))


def test_bad_landmarks_are_named_and_a_lost_neutral_is_nobodys(tmp_path: Path) -> None:
    with here():
        data = faces(
            tmp_path / "data", replace(turned_faces.PRODUCER, make_person=spoilt), identities=2,
            scheme="ibug68",
        )  # fmt: skip
    out = register(data, tmp_path / "out", "3d", people_per_shard=2)
    assert verify(out, ignore).faults == []
    report = json.loads((out / REPORT).read_text())
    first, second = report["notes"]["landmarks"]
    assert (first["rule"], first["value"]) == ("must have landmarks", "none")
    assert second["rule"].startswith("the eyes' and the nose's landmarks must lie in 160 x 160")
    (third,) = report["notes"]["misfit"]
    assert third["rule"] == "landmarks must be those of a face to 0.08 of the eyes' distance"
    (lost,) = report["notes"]["missing"]
    kept = records(out)
    assert kept[lost["key"]].neutral_key is None
    assert len(kept) == 5
    others = [record for key, record in kept.items() if key != lost["key"]]
    assert {record.neutral_key for record in others} == {others[0].key}
    assert report["figures"]["pictures without their neutral"] == 1


def test_workers_change_no_byte(data: Path, frontal: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    arguments = ["--data", str(data), "--out", str(out), "--mode", "3d", "--size", str(SIZE)]
    assert main([*arguments, "--workers", "2"]) == 0
    assert hashes(out) == hashes(frontal)
    assert main([*arguments, "--resume"]) == 0


def test_a_registered_set_is_not_registered_again(frontal: Path, tmp_path: Path) -> None:
    rule = r"must be a data set that is not registered, got one that was registered \(3d\)"
    with pytest.raises(ValueError, match=rule):
        register(frontal, tmp_path / "out", "2d")
    assert not list(tmp_path.rglob("*.tar"))


def test_errors_are_one_line(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out, none = str(tmp_path / "out"), str(tmp_path / "none")
    cases = {
        ("--data", none, "--out", out, "--mode", "3d"): "must be a finished data set",
        ("--data", str(data), "--out", str(data / "x"), "--mode", "3d"): "must lie outside of",
        ("--data", str(data), "--out", out, "--mode", "3d", "--size", "8"): "size must be from 32",
        ("--data", str(data), "--out", out, "--mode", "2d", "--people-per-shard", "0"): "at least",
    }
    for arguments, text in cases.items():
        try:
            code = cli.reported("register", lambda given=arguments: main(list(given)))
        except SystemExit as stop:
            code = stop.code
        said = capsys.readouterr().err
        assert code in (1, 2)
        assert text in said
        assert said.count("\n") == 1


def test_nothing_left_is_an_error_that_names_the_report(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def bare(config: turned_faces.FacesConfig, index: int) -> list[Sample]:
        made = turned_faces.make_person(config, index)[:1]
        return [replace(one, record=replace(one.record, landmarks=None)) for one in made]

    with here():
        data = faces(
            tmp_path / "data", replace(turned_faces.PRODUCER, make_person=bare), identities=1
        )
        arguments = ["--data", str(data), "--out", str(tmp_path / "out"), "--mode", "3d"]
        assert cli.reported("register", lambda: main(arguments)) == 1
    said = capsys.readouterr()
    assert "pictures left out: landmarks               1" in said.out
    last = said.err.splitlines()[-1]
    assert last.endswith("must have a picture that can be registered, got none: see " + REPORT)
    assert open_folder(tmp_path / "out").index.num_rows == 0
