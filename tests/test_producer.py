"""What a producer does wrong is named, and costs no finished shard."""

import os
import signal
import subprocess
import time
from dataclasses import replace
from pathlib import Path

import pytest

from generator.config import GenerateConfig
from generator.jobs import Run, generate
from generator.lock import UNFINISHED
from generator.producer import Producer
from generator.shards.folder import open_folder
from generator.shards.manifest import NAME as MANIFEST
from generator.shards.record import Sample
from tests.fake_producer import PRODUCER, make_person
from tests.runs import SMALL, finish, hashes, ignore, make, start

BAD = 5
"""Index of the person that is made wrong."""


def dies(config: GenerateConfig, index: int) -> list[Sample]:
    if index == BAD:
        os._exit(3)
    return make_person(config, index)


def refuses(config: GenerateConfig, index: int) -> list[Sample]:
    if index == BAD:
        raise ValueError("p000005: skin tone must be 1 to 10, got 11")
    return make_person(config, index)


def forgets_a_member(config: GenerateConfig, index: int) -> list[Sample]:
    samples = make_person(config, index)
    del samples[1].members["depth.png"]
    return samples


def repeats_a_key(config: GenerateConfig, index: int) -> list[Sample]:
    samples = make_person(config, index)
    return [*samples, samples[0]]


def mistakes_the_split(config: GenerateConfig, index: int) -> list[Sample]:
    samples = make_person(config, index)
    split = "val" if samples[0].record.split == "train" else "train"
    return [replace(samples[0], record=replace(samples[0].record, split=split))]


def with_maker(make_person: object) -> Producer:
    assert callable(make_person)
    return replace(PRODUCER, make_person=make_person)


@pytest.mark.parametrize(
    ("maker", "text"),
    [
        (refuses, "p000005: skin tone must be 1 to 10, got 11"),
        (forgets_a_member, r"p\d+_v0_e01 must have the members \['depth.png', .* got jpg, seg.png"),
        (repeats_a_key, r"p\d+_v0_e00 must be the key of one sample, got a second"),
        (mistakes_the_split, r"p\d+_v0_e00 must be in split train, got val"),
    ],
)
def test_what_a_producer_does_wrong_is_named(tmp_path: Path, maker: object, text: str) -> None:
    out = tmp_path / "out"
    with pytest.raises(ValueError, match=text):
        generate(SMALL, with_maker(maker), Run(out), ignore)
    assert not (out / MANIFEST).exists()
    assert not list(out.rglob("*.tmp"))


def test_a_worker_that_dies_is_named_and_finished_shards_stay(tmp_path: Path) -> None:
    out = tmp_path / "out"
    text = r"a worker died with code 3 while at (train|val|test)-\d{6}\.tar; what was finished"
    with pytest.raises(ChildProcessError, match=text):
        generate(SMALL, with_maker(dies), Run(out), ignore)
    whole = hashes(make(tmp_path / "whole"))
    kept = {path.name: hashes(out)[path.name] for path in out.glob("*.tar")}
    assert kept == {name: whole[name] for name in kept}
    generate(SMALL, PRODUCER, Run(out, resume=True), ignore)
    assert hashes(out) == whole


def has_no_device(config: GenerateConfig) -> None:
    raise ValueError("device must be cpu where no CUDA device is found, got cuda")


def test_what_cannot_start_leaves_an_empty_folder(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="device must be cpu where no CUDA device is found"):
        generate(SMALL, replace(PRODUCER, prepare=has_no_device), Run(tmp_path), ignore)
    assert list(tmp_path.iterdir()) == []
    make(tmp_path)


def test_a_run_that_the_user_stops_says_so(tmp_path: Path) -> None:
    out = tmp_path / "out"
    process = start(out, "--workers", "2", pause=3.0)
    end = time.monotonic() + 20
    while not (out / UNFINISHED / "workers").exists():
        assert time.monotonic() < end
        time.sleep(0.02)
    # Python loses one that arrives within a callback of its own: a user would press again.
    for _ in range(5):
        process.send_signal(signal.SIGINT)
        try:
            process.wait(2)
            break
        except subprocess.TimeoutExpired:
            continue
    code, said = finish(process)
    assert code == 130
    assert said.strip().splitlines()[-1] == ("pain3d generate: stopped; what was finished is kept")
    assert "Traceback" not in said


AHEAD = "PAIN3D_TEST_AHEAD"
"""Folder in which it is noted for whom something was made ahead, and by which process."""


def notes(config: GenerateConfig, index: int) -> None:
    place = Path(os.environ[AHEAD])
    with open(place / f"{index}", "a") as file:
        file.write(f"{os.getpid()} {len(list(place.parent.glob('out/*.tar')))}\n")


def fails_once(config: GenerateConfig, index: int) -> None:
    if index == 5 and not (Path(os.environ[AHEAD]) / "mended").exists():
        raise ValueError("p000005: the picture must not be black")
    notes(config, index)


def falls_dead(config: GenerateConfig, index: int) -> None:
    os._exit(3)


@pytest.fixture
def noted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    place = tmp_path / "noted"
    place.mkdir()
    monkeypatch.setenv(AHEAD, str(place))
    return place


def test_what_is_made_ahead_is_made_once_a_person_by_one_process_before_all(
    tmp_path: Path, noted: Path
) -> None:
    told: list[tuple[int, int]] = []
    producer = replace(PRODUCER, ahead=notes)
    run = Run(tmp_path / "out", workers=2)
    generate(SMALL, producer, run, ignore, lambda *done: told.append(done))
    said = [path.read_text() for path in noted.iterdir()]
    assert {int(path.name) for path in noted.iterdir()} == set(range(SMALL.identities))
    # One line each, of one process, when there was no shard yet.
    assert len(set(said)) == 1
    assert said[0].split()[1:] == ["0"]
    assert told == [(0, 12), *[(1, 12)] * 12]
    assert hashes(tmp_path / "out") == hashes(make(tmp_path / "whole"))


def test_who_fails_ahead_is_named_and_the_run_goes_on_from_there(
    tmp_path: Path, noted: Path
) -> None:
    run = Run(tmp_path / "out")
    with pytest.raises(ValueError, match="p000005: the picture must not be black"):
        generate(SMALL, replace(PRODUCER, ahead=fails_once), run, ignore)
    assert (run.out / "config.json").exists()
    assert not list(run.out.glob("*.tar"))
    (noted / "mended").touch()
    generate(SMALL, replace(PRODUCER, ahead=fails_once), replace(run, resume=True), ignore)
    assert hashes(run.out) == hashes(make(tmp_path / "whole"))
    with pytest.raises(ChildProcessError, match="a worker died with code 3 while at person "):
        generate(SMALL, replace(PRODUCER, ahead=falls_dead), Run(tmp_path / "other"), ignore)


def test_nothing_is_made_ahead_for_shards_that_are_finished(tmp_path: Path, noted: Path) -> None:
    run = Run(tmp_path / "out")
    with pytest.raises(ValueError, match="p000005"):
        generate(SMALL, with_maker(refuses), run, ignore)
    left = {path.name for path in run.out.glob("*.tar")}
    assert left
    again = replace(run, resume=True)
    generate(SMALL, replace(PRODUCER, ahead=notes), again, ignore)
    rows = open_folder(run.out).index.to_pylist()
    people = {row["identity"] for row in rows if row["shard"] not in left}
    assert {f"p{int(path.name):06d}" for path in noted.iterdir()} == people
