"""A surrogate of UNBC-McMaster on disk: its layout, killed and resumed with other workers."""

import json
import subprocess
import sys
import time
from pathlib import Path

import cv2
import numpy as np
import pytest

from assets import facs
from assets.unbc import STAND_IN
from generator.lock import UNFINISHED
from generator.surrogate import make, plan
from generator.surrogate.config import SurrogateConfig
from generator.surrogate.film import filmed
from generator.surrogate.make import Run
from generator.surrogate.names import SCALES
from scripts import cli
from tests.runs import ROOT, hashes, ignore

SMALL = SurrogateConfig(
    subjects=2, sequences=2, frames=3, width=48, height=36, pain=0.4, openface=True
)
ARGUMENTS = (
    "--subjects 2 --sequences 2 --frames 3 --width 48 --height 36 --pain 0.4 --openface"
).split()


@pytest.fixture(scope="module")
def single(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("surrogate") / "single"
    make.make(SMALL, Run(out), ignore)
    return out


def numbers(path: Path) -> list[list[float]]:
    return [[float(word) for word in line.split()] for line in path.read_text().splitlines()]


def test_every_frame_has_its_files_and_they_agree(single: Path) -> None:
    planned = plan.sequences(SMALL)
    pictures = sorted((single / "Images").rglob("*.png"))
    assert len(pictures) == sum(s.frames for s in planned) >= 8
    levels = []
    for sequence in planned:
        place = sequence.place
        for number in range(1, sequence.frames + 1):
            image = cv2.imread(str(single / place.image(number)))
            assert image is not None
            assert image.shape == (36, 48, 3)
            assert image.std() > 10
            marks = np.array(numbers(single / place.landmarks(number)))
            assert marks.shape == (66, 2)
            assert (marks[17:] > 0).all()
            assert (marks[17:] < [48, 36]).all()
            ((level,),) = numbers(single / place.pspi(number))
            rows = numbers(single / place.facs(number))
            present = {int(au): 1.0 if au == 43 else intensity for au, intensity, _, _ in rows}
            assert facs.pspi({au: present.get(au, 0.0) for au in facs.PAIN_AUS}) == level
            levels.append(level)
        for name in SCALES:
            ((value,),) = numbers(single / place.scale(name))
            assert value == int(value) >= 0
        lines = (single / place.openface).read_text().splitlines()
        assert len(lines) == 1 + sequence.frames
    assert (np.array(levels) > 0).sum() == sum(s.in_pain for s in planned) > 0
    assert not (single / UNFINISHED).exists()


def test_it_says_what_it_is(single: Path) -> None:
    said = json.loads((single / STAND_IN).read_text())
    assert said["finished"] is True
    assert said["stands_for"] == "UNBC-McMaster"
    assert said["options"]["seed"] == 0
    assert said["made_with"]["source"].startswith("sha256:")
    assert [one["subject"] for one in said["people"]] == ["042-ll042", "043-jh043"]
    assert said["frames"] == sum(said["frames_by_pspi"].values())
    assert set(path.name for path in single.iterdir()) == {
        "AAM_landmarks", "Frame_Labels", "Images", "OpenFace", "Sequence_Labels", STAND_IN,
    }  # fmt: skip


def test_a_person_stays_the_same_and_so_does_the_room() -> None:
    config = SurrogateConfig(subjects=1, sequences=1, frames=24, width=64, height=48)
    sequence = plan.Sequence(0, 0, 24, 0)
    _, frames = filmed(config, sequence)
    kept = [frame for number, frame in enumerate(frames) if number % 11 == 0]
    assert len(kept) == 3
    moved = np.abs(kept[-1].landmarks - kept[0].landmarks).max()
    assert 0.2 < moved < 15
    behind = np.all([frame.classes == 0 for frame in kept], axis=0)
    # Away from the head, whose edge the lens blurs.
    wall = cv2.erode(behind.astype(np.uint8), np.ones((5, 5), np.uint8)) > 0
    assert wall.sum() > 100
    means = [frame.image[wall].mean() for frame in kept]
    assert max(means) - min(means) < 1.5
    spots = [frame.image[wall].astype(float) - kept[0].image[wall] for frame in kept[1:]]
    assert max(np.abs(spot).mean() for spot in spots) < 12


def test_killed_and_resumed_it_has_the_same_bytes(single: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    command = [sys.executable, "-m", "scripts.cli", "surrogate-unbc", "--out", str(out)]
    process = subprocess.Popen(
        [*command, *ARGUMENTS, "--workers", "2"],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    late = time.monotonic() + 120
    while not (markers := list((out / UNFINISHED).glob("*.json"))):
        assert time.monotonic() < late
        assert process.poll() is None, process.communicate()[1]
        time.sleep(0.005)
    process.kill()
    process.communicate()
    assert json.loads((out / STAND_IN).read_text())["finished"] is False
    # What was finished is not made again, and what was half made is.
    kept = markers[0].stem
    (place,) = (s.place for s in plan.sequences(SMALL) if s.place.sequence == kept)
    before = (out / place.image(1)).stat().st_mtime_ns
    with pytest.raises(ValueError, match="out must be an empty folder, or one to --resume"):
        make.make(SMALL, Run(out), ignore)
    make.make(SMALL, Run(out, resume=True), ignore)
    assert (out / place.image(1)).stat().st_mtime_ns == before
    assert hashes(out) == hashes(single)


@pytest.mark.parametrize(
    ("content", "rule"),
    [
        ("[]", "must have the format"),
        ('{"format": "x"}', "must have the format"),
        ('{"options": []}', "options must be of kind dict, got list"),
        ('{"made_with": null}', "made_with must be of kind dict, got NoneType"),
        ('{"finished": 1}', "finished must be of kind bool, got int"),
    ],
)
def test_a_folder_that_says_something_else_is_named(
    single: Path, tmp_path: Path, content: str, rule: str
) -> None:
    before, changed = json.loads((single / STAND_IN).read_text()), json.loads(content)
    stated = {**before, **changed} if isinstance(changed, dict) else changed
    (tmp_path / STAND_IN).write_text(json.dumps(stated))
    with pytest.raises(ValueError, match=rf"{STAND_IN}:? {rule}"):
        make.make(SMALL, Run(tmp_path, resume=True), ignore)
    assert [path.name for path in tmp_path.iterdir()] == [STAND_IN]


def test_it_is_resumed_as_it_was_begun(single: Path) -> None:
    before = hashes(single)
    other = SurrogateConfig(subjects=2, sequences=2, frames=4, width=48, height=36)
    with pytest.raises(ValueError, match="begun with, got frames 4, not 3"):
        make.make(other, Run(single, resume=True), ignore)
    said = make.make(SMALL, Run(single, resume=True), ignore)
    assert said["finished"] is True
    assert hashes(single) == before


def test_other_folders_are_left_alone(tmp_path: Path) -> None:
    (tmp_path / "photograph.png").write_bytes(b"mine")
    for resume in (False, True):
        with pytest.raises(ValueError, match="out must be an empty folder"):
            make.make(SMALL, Run(tmp_path, resume=resume), ignore)
    assert [path.name for path in tmp_path.iterdir()] == ["photograph.png"]
    with pytest.raises(ValueError, match="out must be a folder, got the file"):
        make.make(SMALL, Run(tmp_path / "photograph.png"), ignore)
    with pytest.raises(ValueError, match="workers must be at least 1, got 0"):
        Run(tmp_path, workers=0)


def test_the_command_says_what_it_made(
    single: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    figures = tmp_path / "figures.json"
    given = ["surrogate-unbc", "--out", str(single), *ARGUMENTS, "--resume", "--json", str(figures)]
    assert cli.run(given) == 0
    said = capsys.readouterr().out
    assert said.startswith("banner")
    assert "SURROGATE: drawn by a program" in said
    assert json.loads(figures.read_text())["made in this run"] == 0
    assert cli.run(["surrogate-unbc", "--out", str(single), *ARGUMENTS]) == 1
    assert "out must be an empty folder, or one to --resume" in capsys.readouterr().err
    with pytest.raises(SystemExit) as stop:
        cli.run(["surrogate-unbc", "--out", str(tmp_path / "none"), "--pain", "0.7"])
    assert stop.value.code == 2
    said = capsys.readouterr().err
    assert said == "pain3d surrogate-unbc: pain must be above 0 and at most 0.6, got 0.7\n"
    assert not (tmp_path / "none").exists()
