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
