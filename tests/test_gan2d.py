"""Runs that train networks to paint AUs: exact resume, what they begin with, what is refused."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from assets.unbc import SUBJECTS
from generator.gan2d import build as building
from generator.gan2d import closed, folder, plan, weights
from generator.gan2d import faces as faces_file
from generator.gan2d import train as training
from generator.gan2d.begin import Wanted
from generator.gan2d.config import GanConfig
from generator.gan2d.folder import Closed, Gan
from generator.gan2d.machine import machine
from generator.gan2d.painter import Painter
from generator.shards.folder import DataSet, open_folder
from generator.shards.manifest import json_bytes, read_json
from generator.shards.record import LabelSource, Sample
from tests import painted
from tests.cohort import cohort
from tests.registered import LEFT_OUT, TINY, Lids, gan, registered
from tests.runs import ROOT

HASH = "0" * 64


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return registered(tmp_path_factory.mktemp("registered") / "reg")


@pytest.fixture(scope="module")
def whole(data: Path) -> tuple[Path, Gan, list[str]]:
    said: list[str] = []
    out = data.parent / "whole"
    return out, gan(out, data, said=said), said


def test_the_condition_is_what_no_face_lacks(whole: tuple[Path, Gan, list[str]]) -> None:
    out, made, _ = whole
    assert not set(LEFT_OUT) & set(made.aus)
    assert len(made.aus) == 17
    assert made.saw.labels == "manual"
    assert made.networks[0].done is not None
    assert made.networks[0].done.closed == Closed(None, "no AU45")
    assert folder.opened(out) == made
    assert {path.name for path in out.iterdir()} == {"all", "begun.json", "gan.json"}
    sheets = {path.stem for path in (out / "all/sheets").iterdir()}
    assert sheets == {f"au{au:02d}" for au in made.aus} | {"all"}


@contextmanager
def dying(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A run in this block is killed after five steps."""
    step = training.Training.step

    def dies(self: training.Training) -> None:
        if self.progress.step == 5:
            raise KeyboardInterrupt
        step(self)

    with monkeypatch.context() as patched:
        patched.setattr(training.Training, "step", dies)
        with pytest.raises(KeyboardInterrupt):
            yield


def test_a_killed_run_goes_on_to_the_same_weights(
    data: Path, whole: tuple[Path, Gan, list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    out = data.parent / "killed"
    with dying(monkeypatch):
        gan(out, data)
    with pytest.raises(ValueError, match=r"must be a folder of networks, got no gan.json yet"):
        folder.opened(out)
    with pytest.raises(ValueError, match="learning_rate"):
        gan(out, data, replace(TINY, learning_rate=2e-4), resume=True)
    with pytest.raises(ValueError, match="out must be an empty folder, or one to --resume"):
        gan(out, data)
    made = gan(out, data, resume=True)
    assert made == whole[1]
    log = [(place / "all/log.jsonl").read_text() for place in (out, whole[0])]
    assert log[0] == log[1]


def test_a_run_begins_with_the_weights_of_another(
    data: Path, whole: tuple[Path, Gan, list[str]]
) -> None:
    out, before, _ = whole
    others = registered(data.parent / "others", source="other", seed=5)
    # A rate so small that Adam's steps move no weight by a thousandth.
    slow = replace(TINY, learning_rate=1e-9)
    made = gan(data.parent / "on", others, slow, init=out)
    done = before.networks[0].done
    assert done is not None
    assert made.init == (done.generator, done.critic)
    assert [one.source for one in made.before] == ["unbc"]
    one, other = (
        weights.generator(place, which, which.networks[0]).state_dict()
        for place, which in ((out, before), (data.parent / "on", made))
    )
    assert all(torch.allclose(one[name], other[name], atol=1e-5) for name in one)
    # People of one name in another data set are other people; those who were seen stay seen.
    assert set(made.seen(made.networks[0], "unbc")) == set(before.saw.people)


def test_a_run_does_not_begin_with_who_saw_the_people_of_a_fold(
    data: Path, whole: tuple[Path, Gan, list[str]]
) -> None:
    with pytest.raises(ValueError, match=r"network fold1a must paint people whom .* not seen"):
        gan(data.parent / "leak", data, init=whole[0], folds="public5")
    assert not (data.parent / "leak" / "begun.json").exists()


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"size": 48}, "size must be a power of two from 32 to 512, got 48"),
        ({"decay": 31}, "decay must be at most the epochs 30, got 31"),
        ({"aus": (4, 4)}, "aus must be among .*, each once, got 4, 4"),
        ({"aus": (3,)}, "aus must be among .* got 3"),
        ({"batch": 0}, "batch must be at least 1, got 0"),
        ({"learning_rate": float("nan")}, "learning_rate must be above 0 and finite, got nan"),
    ],
)
def test_options_that_cannot_be_trained(changed: dict, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        GanConfig(**changed)


def test_data_that_cannot_be_trained_on(
    data: Path, whole: tuple[Path, Gan, list[str]], tmp_path: Path
) -> None:
    for config, said in (
        (replace(TINY, labels="openface"), "AUs of openface|action units of openface"),
        (replace(TINY, aus=(4, 23)), "must have AU23 of manual, which the condition has, got only"),
    ):
        with pytest.raises(ValueError, match=said):
            gan(tmp_path / "out", data, config)
    plain = cohort(tmp_path / "plain")
    with pytest.raises(ValueError, match=r"plain must be registered \(pain3d register\) where"):
        gan(tmp_path / "out", plain, init=whole[0])
    with pytest.raises(ValueError, match=r"aus must be 1, 2, 4.* as in .*, got 4, 6"):
        gan(tmp_path / "out", data, replace(TINY, aus=(4, 6)), init=whole[0])
    few = registered(tmp_path / "few", identities=4)
    with pytest.raises(
        ValueError, match=r"fold 5 of public5 must have one or more of .*, got none"
    ):
        gan(tmp_path / "out", few, folds="public5")


def test_what_was_not_registered_is_cut_by_its_landmarks(tmp_path: Path) -> None:
    plain = cohort(tmp_path / "plain", identities=5)
    (tmp_path / "who").write_text("\n".join(SUBJECTS[:3]))
    made = gan(tmp_path / "out", plain, subjects=tmp_path / "who")
    assert made.registered is None
    assert made.saw.people == SUBJECTS[:3]
    # Labels of what was drawn: a closed eye is AU45 at its highest.
    assert made.networks[0].done is not None
    assert made.networks[0].done.closed == Closed(1.0, "labels")
    with pytest.raises(ValueError, match="subjects must be left out where folds say who trains"):
        Wanted(plain, subjects=tmp_path / "who", folds="public5")


def saw(made: Gan, labels: LabelSource, *before: LabelSource) -> Gan:
    now, *past = (folder.Saw("x", HASH, one, ()) for one in (labels, *before))
    config = replace(made.config, aus=(4, 45))
    return replace(made, config=config, saw=now, before=tuple(past))


def test_which_au45_is_a_closed_eye_follows_from_the_labels(
    whole: tuple[Path, Gan, list[str]],
) -> None:
    made = whole[1]
    assert closed.ruled(saw(made, "openface")) == Closed(0.4, "thesis")
    assert closed.ruled(saw(made, "openface", "target")) == Closed(0.4, "thesis")
    assert closed.ruled(saw(made, "target", "target")) == Closed(1.0, "labels")
    assert closed.ruled(saw(made, "target", "openface")) is None
    assert closed.ruled(saw(made, "manual")) is None
    assert closed.ruled(made) == Closed(None, "no AU45")


@pytest.fixture
def settled(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(training, "SETTLED", 0)
    return


@pytest.mark.usefixtures("settled")
def test_an_attention_near_its_ends_is_told_once(
    data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(training, "HIGHEST", 0.4)
    said: list[str] = []
    gan(data.parent / "watched", data, replace(TINY, epochs=2), said)
    warned = [text for text in said if "attention" in text]
    assert len(warned) == 1
    assert "is near 1: nothing is painted; check the AUs" in warned[0]


def test_a_network_whose_file_changed(data: Path, whole: tuple[Path, Gan, list[str]]) -> None:
    out, made, _ = whole
    path = out / "all/generator.safetensors"
    before = path.read_bytes()
    try:
        path.write_bytes(before[:-1] + bytes([before[-1] ^ 1]))
        with pytest.raises(ValueError, match=r"must be the file that gan.json names"):
            weights.generator(out, made, made.networks[0])
    finally:
        path.write_bytes(before)
    other = replace(made, networks=(replace(made.networks[0], paints=(SUBJECTS[0],)),))
    assert other.theirs(SUBJECTS[0]) == other.networks
    assert other.theirs(SUBJECTS[1]) == ()
    assert made.theirs("somebody else") == made.networks
    assert SUBJECTS[0] in other.seen(other.networks[0], "unbc")
    assert other.seen(other.networks[0], "elsewhere") == ()


def test_a_folder_of_another_format(tmp_path: Path, whole: tuple[Path, Gan, list[str]]) -> None:
    stated = read_json(whole[0] / "gan.json")
    (tmp_path / "gan.json").write_bytes(json_bytes({**stated, "format": "x"}))
    with pytest.raises(ValueError, match="must have the format 'pain3d gan 1', got 'x'"):
        folder.opened(tmp_path)
    assert stated["config"]["size"] == 32


def test_what_no_label_tells_is_measured_and_stored(
    whole: tuple[Path, Gan, list[str]], tmp_path: Path
) -> None:
    made = saw(whole[1], "target", "openface")
    pictures = np.full((4, 32, 32, 3), 200, np.uint8)
    shut = np.array([[0.0, 0.0], [0.0, 0.05], [0.0, 0.5], [0.0, 1.0]], np.float32)
    faces = faces_file.Faces(pictures, np.arange(4), shut, np.zeros(4, np.int64), ("a",), ())
    painter = Painter(Lids(), machine(TINY))
    one = plan.Plan("all", None, ("b",), None)
    assert closed.settled(made, one, painter, faces, tmp_path, False) == Closed(0.6, "sweep")
    said = read_json(tmp_path / "sweep.json")
    # Two of the four have open eyes.
    assert (said["network"], said["faces"], said["closed"]) == ("all", 2, 0.6)
    black = replace(faces, pictures=np.zeros_like(pictures))
    found = closed.settled(made, one, painter, black, tmp_path, False)
    assert found == Closed(None, "not measured")


def test_a_sweep_needs_au45_before_anything_is_trained(data: Path, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="AU45 must be among the action units of the condition"):
        gan(tmp_path / "out", data, sweep=True)
    assert not (tmp_path / "out" / "begun.json").exists()


def test_a_sweep_that_finds_nothing_ends_no_run(tmp_path: Path) -> None:
    """Four steps close no eye; what the labels say stands."""
    plain = cohort(tmp_path / "plain", identities=5)
    made = gan(tmp_path / "out", plain, sweep=True)
    assert made.networks[0].done is not None
    assert made.networks[0].done.closed == Closed(1.0, "labels")
    said = read_json(tmp_path / "out/all/sweep.json")
    assert said["network"] == "all"


def test_painted_faces_train_nobody(tmp_path: Path) -> None:
    painted_set = painted.painted(tmp_path / "painted")
    with pytest.raises(ValueError, match="must be faces that nobody painted, got a set of augment"):
        gan(tmp_path / "out", painted_set)


def test_a_network_goes_on_with_faces_registered_alike(
    data: Path, whole: tuple[Path, Gan, list[str]], tmp_path: Path
) -> None:
    plane = registered(tmp_path / "plane", mode="2d", source="other")
    with pytest.raises(ValueError, match=r"registered as the faces that trained .*, 3d, got 2d"):
        gan(tmp_path / "out", plane, init=whole[0])


def test_a_run_that_has_ended_is_left_as_it_is(
    data: Path, whole: tuple[Path, Gan, list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(building, "cut", None)
    said: list[str] = []
    assert gan(whole[0], data, said=said, resume=True) == whole[1]
    assert said == [f"{whole[0]} had ended already; nothing was done"]
    with pytest.raises(ValueError, match="epochs was 1 and is 2"):
        gan(whole[0], data, replace(TINY, epochs=2), resume=True)


def test_options_left_open_are_decided_and_held(data: Path, tmp_path: Path) -> None:
    made = gan(tmp_path / "out", data, replace(TINY, threads=None))
    assert made.config.threads == os.cpu_count()
    assert (made.config.device, made.config.precision, made.config.compiled) == (
        ("cuda", "bf16", "yes") if torch.cuda.is_available() else ("cpu", "float32", "no")
    )


def test_half_precision_trains_and_goes_on_alike(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    half = replace(TINY, precision="bf16")
    whole = gan(tmp_path / "whole", data, half)
    with dying(monkeypatch):
        gan(tmp_path / "killed", data, half)
    assert gan(tmp_path / "killed", data, half, resume=True) == whole


TWICE = """
import sys, torch
from pathlib import Path
from dataclasses import replace
from generator.gan2d import weights
from tests.registered import TINY, gan
data, out = (Path(place) for place in sys.argv[1:])
found = []
for how in ("yes", "no"):
    made = gan(out / how, data, replace(TINY, batch=16, compiled=how))
    found.append(weights.generator(out / how, made, made.networks[0]).state_dict())
print(max(float((found[0][name] - found[1][name]).abs().mean()) for name in found[0]))
"""


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_compiled_networks_learn_as_others_do(data: Path, tmp_path: Path) -> None:
    """In a process without the checks of shapes, which no compiler can see through."""
    command = [sys.executable, "-c", TWICE, str(data), str(tmp_path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    # Adam's steps are of one size, whatever a gradient's last bits: a few weights may part.
    assert float(done.stdout.split()[-1]) < 1e-4


def test_a_face_that_cannot_be_cut_is_listed_and_the_rest_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = cohort(tmp_path / "plain", identities=5)
    key = open_folder(plain).index.column("key").to_pylist()[3]
    true = faces_file.face

    def broken(sample: Sample, size: int, data: DataSet) -> np.ndarray:
        if sample.record.key == key:
            raise ValueError(f"{key}: landmarks must span a face of 8 pixels or more, got 2")
        return true(sample, size, data)

    monkeypatch.setattr(faces_file, "face", broken)
    said: list[str] = []
    gan(tmp_path / "out", plain, said=said)
    assert said == ["1 pictures are left out: see skipped.json"]
    assert [one["key"] for one in read_json(tmp_path / "out/skipped.json")] == [key]
