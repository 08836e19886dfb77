"""The 3D path as a whole, on small pictures of real heads."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from assets.classes import CLASSES
from generator import synth3d
from generator.companions import CONFOUNDERS
from generator.config import GenerateConfig
from generator.identity import make_identity
from generator.jobs import Run, generate
from generator.shards import codec
from generator.shards.record import Sample

CONFIG = GenerateConfig(
    identities=6, pain_per_identity=2, views=2, size=128, seed=3, ages="0-90", confounders=1
)


@pytest.fixture(scope="module")
def samples() -> Sequence[Sample]:
    return synth3d.make_person(CONFIG, 0)


def maps(sample: Sample) -> dict[str, np.ndarray]:
    return {name: codec.decode(name, data) for name, data in sample.members.items()}


def test_a_person_has_every_picture_and_the_same_bytes_again(samples: Sequence[Sample]) -> None:
    assert len(samples) == synth3d.pictures(CONFIG) == 2 * 4
    again = synth3d.make_person(CONFIG, 0)
    assert [s.record for s in again] == [s.record for s in samples]
    assert [s.members for s in again] == [s.members for s in samples]


def test_a_view_shares_all_but_the_expression(samples: Sequence[Sample]) -> None:
    for view in range(CONFIG.views):
        of_view = [s.record for s in samples if s.record.view == view]
        assert [r.kind for r in of_view] == ["neutral", "pain", "pain", "confounder"]
        assert len({r.neutral_key for r in of_view}) == 1
        assert [r.expression is not None for r in of_view] == [False, False, False, True]
        assert of_view[3].expression in [look.name for look in CONFOUNDERS]
        for shared in ("camera", "head_pose", "light", "background"):
            assert len({str(getattr(r, shared)) for r in of_view}) == 1


def test_vary_draws_anew_what_it_names_and_no_more() -> None:
    varied = GenerateConfig(identities=1, pain_per_identity=1, views=1, size=64, vary=("light",))
    neutral, pain = (s.record for s in synth3d.make_person(varied, 0))
    assert neutral.light != pain.light
    assert neutral.camera == pain.camera
    assert neutral.background == pain.background


def test_maps_agree_with_each_other_and_with_the_label(samples: Sequence[Sample]) -> None:
    for sample in samples:
        read = maps(sample)
        head = read["seg.png"] > 0
        assert 0.2 < head.mean() < 0.95
        assert np.array_equal(read["depth.png"] > 0, head)
        assert np.array_equal(np.abs(read["normal.png"]).sum(2) > 0, head)
        length = np.linalg.norm(read["normal.png"][head], axis=1)
        assert np.abs(length - 1).max() < 0.02
        label = sample.record.labels.label
        for number, au in enumerate((4, 6, 7, 9, 10, 43)):
            moved = read["heat.png"][number].max()
            assert (moved > 0) == (label[au] > 0), (sample.record.key, au)


def test_landmarks_lie_on_what_they_name(samples: Sequence[Sample]) -> None:
    neutral = samples[0]
    classes = maps(neutral)["seg.png"]
    points = np.array(neutral.record.landmarks.points)

    def share(numbers: range, *names: str) -> float:
        wanted = [CLASSES[name] for name in names]
        hits = 0
        for x, y in points[list(numbers)]:
            near = classes[max(int(y) - 1, 0) : int(y) + 2, max(int(x) - 1, 0) : int(x) + 2]
            hits += bool(np.isin(near, wanted).any())
        return hits / len(numbers)

    assert share(range(27, 31), "nose") == 1
    assert share(range(36, 48), "upper_lid", "lower_lid", "sclera", "iris", "lash") == 1
    assert share(range(48, 68), "lips", "mouth_inside", "skin") > 0.9
    assert share(range(17, 27), "brow") > 0.7


def test_closed_eyes_hide_the_eyeballs(tmp_path) -> None:
    table = tmp_path / "closed.csv"
    table.write_text("AU4,AU6,AU7,AU9,AU10,AU43,AU45\n0,0,0,0,0,1,5\n4,4,4,3,3,1,5\n")
    config = GenerateConfig(identities=3, views=1, size=192, ages="0-90", expressions=table)
    ball = [CLASSES["sclera"], CLASSES["iris"]]
    for index in range(3):
        neutral, *closed = synth3d.make_person(config, index)
        seen = np.isin(maps(neutral)["seg.png"], ball).sum()
        assert seen > 30
        for sample in closed:
            assert np.isin(maps(sample)["seg.png"], ball).sum() < 0.02 * seen, sample.record.key


def test_pose_in_the_record_is_that_of_the_picture(samples: Sequence[Sample]) -> None:
    for sample in samples:
        record = sample.record
        points = np.array(record.landmarks.points)
        frontal = record.view == 0
        assert (abs(record.head_pose.yaw) <= np.deg2rad(5)) == frontal
        middle = points[[36, 39, 42, 45]].mean(0)
        turn = (points[30, 0] - middle[0]) / (points[45, 0] - points[36, 0])
        if not frontal:
            assert np.sign(turn) == np.sign(record.head_pose.yaw)


def test_splits_are_those_of_the_people(monkeypatch: pytest.MonkeyPatch) -> None:
    config = GenerateConfig(identities=40, seed=7, ages="0-90")
    people = [make_identity(index, 40, 7, "0-90").person.split for index in range(40)]
    # Nobody is made for it: a start with many people would wait for that.
    monkeypatch.delattr(synth3d, "make_identity")
    assert synth3d.splits(config) == people
    assert set(people) == {"train", "val", "test"}


def test_expressions_that_cannot_be_read_leave_an_empty_folder(tmp_path: Path) -> None:
    table, out = tmp_path / "table.csv", tmp_path / "out"
    table.write_text("AU4,AU6\n3,7\n")
    config = GenerateConfig(identities=1, size=64, expressions=table)
    with pytest.raises(ValueError, match="line 2, column AU6: must be a number from 0 to 5, got"):
        generate(config, synth3d.PRODUCER, Run(out), lambda done, total: None)
    assert list(out.iterdir()) == []
