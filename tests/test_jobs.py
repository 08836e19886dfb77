"""Same bytes with any number of workers and after any kill; one writer; nothing lost."""

import errno
import fcntl
import os
import shutil
import signal
import time
from dataclasses import replace
from functools import partial
from pathlib import Path
from shutil import copytree
from typing import Any

import numpy as np
import pytest

from assets import atomic
from generator.config import GenerateConfig
from generator.jobs import Run, generate
from generator.lock import UNFINISHED, claimed
from generator.producer import Producer
from generator.shards.folder import Part
from generator.shards.manifest import NAME as MANIFEST
from scripts import cli
from tests.fake_producer import PRODUCER
from tests.runs import PROGRAM, SMALL, finish, hashes, ignore, make, start


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run with one worker that nothing disturbed."""
    return make(tmp_path_factory.mktemp("single") / "out", workers=1)


@pytest.fixture(scope="module")
def single(alone: Path) -> dict[str, str]:
    """Hashes of that run."""
    return hashes(alone)


def test_bytes_are_the_same_with_8_workers(tmp_path: Path, single: dict[str, str]) -> None:
    """With 2, where parts are joined, and with 1 to 3, where runs are killed."""
    assert hashes(make(tmp_path / "eight", workers=8)) == single
    assert {"train-000003.tar", "val-000000.tar", "test-000000.tar", MANIFEST} <= set(single)


def test_bytes_follow_the_seed(tmp_path: Path, single: dict[str, str]) -> None:
    other = hashes(make(tmp_path / "out", replace(SMALL, seed=1)))
    assert other.keys() == single.keys()
    same = {name for name, sha in other.items() if single[name] == sha}
    assert same == {"_info.json"}


def test_a_run_killed_at_any_moment_goes_on(tmp_path: Path, single: dict[str, str]) -> None:
    out = tmp_path / "out"
    rng = np.random.Generator(np.random.Philox(11))
    kills = 0
    # Shards of six that stand before a kill, in one case before it begins; each takes 0.6 s.
    for attempt, shards in enumerate((0, 1, 1, 2, 3)):
        process = start(out, "--workers", str(1 + attempt % 3), "--resume", pause=0.3)
        _until(out / UNFINISHED)
        while len(list(out.glob(f"{UNFINISHED}/*.parquet"))) < shards and process.poll() is None:
            time.sleep(0.01)
        time.sleep(float(rng.uniform(0.0, 0.3)))
        process.kill()
        code, said = finish(process)
        # Whatever has its final name is whole.
        standing = {name: sha for name, sha in hashes(out).items() if name in single}
        assert standing == {name: single[name] for name in standing}
        assert MANIFEST not in standing or standing == single
        if code != -signal.SIGKILL:
            # A machine that looks away for long finds it finished.
            assert code == 0, said
            break
        kills += 1
    assert kills >= 3
    code, said = finish(start(out, "--workers", "3", "--resume"))
    assert code == 0, said
    assert hashes(out) == single


KILLED_AT = (
    """
import os, shutil, signal, sys
count = int(os.environ["PAIN3D_TEST_KILL_AT"])
real_rename, real_rmtree = os.rename, shutil.rmtree
def die():
    os.kill(os.getpid(), signal.SIGKILL)
def rename(a, b):
    global count
    count -= 1
    if count == 0:
        die()
    real_rename(a, b)
def rmtree(path):
    die()
os.rename = rename
if count > 90:
    shutil.rmtree = rmtree
"""
    + PROGRAM
)


@pytest.mark.parametrize("step", [1, 2, 6, 99])
def test_a_run_killed_at_each_file_of_its_end_goes_on(
    tmp_path: Path, single: dict[str, str], step: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "out"
    monkeypatch.setenv("PAIN3D_TEST_KILL_AT", str(step))
    code, _ = finish(start(out, "--workers", "2", program=KILLED_AT))
    assert code == -signal.SIGKILL
    if step != 99:
        assert not (out / MANIFEST).exists()
    assert (out / UNFINISHED).exists()
    generate(SMALL, PRODUCER, Run(out, resume=True), ignore)
    assert hashes(out) == single


def test_workers_of_a_killed_run_are_gone(tmp_path: Path) -> None:
    out = tmp_path / "out"
    process = start(out, "--workers", "2", pause=0.4)
    _until(out / UNFINISHED / "workers")
    process.kill()
    finish(process)
    time.sleep(1.0)
    left = hashes(out)
    time.sleep(1.0)
    assert hashes(out) == left


def test_a_second_writer_is_refused_and_the_first_goes_on(
    tmp_path: Path, single: dict[str, str]
) -> None:
    out = tmp_path / "out"
    process = start(out, pause=0.1)
    _until(out / "config.json")
    for resume in (False, True):
        with pytest.raises(ValueError, match=r"out must have one writer, got a second"):
            generate(SMALL, PRODUCER, Run(out, resume=resume), ignore)
    code, said = finish(process)
    assert code == 0, said
    assert hashes(out) == single


def test_a_lock_that_the_run_before_took_away_keeps_nobody_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between the moments at which its file is opened and locked, another run ends."""
    out, true = tmp_path / "out", fcntl.flock
    (out / UNFINISHED).mkdir(parents=True)

    def late(file: Any, how: int) -> None:
        shutil.rmtree(out / UNFINISHED)
        true(file, how)

    monkeypatch.setattr(fcntl, "flock", late)
    with (
        pytest.raises(ValueError, match=r"out must have one writer, got a second: one was at work"),
        claimed(out, resume=True),
    ):
        pytest.fail("it was let in")


def test_a_run_that_ended_before_the_lock_was_had_is_left_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out, true = tmp_path / "out", fcntl.flock

    def late(file: Any, how: int) -> None:
        (out / "manifest.json").write_text("{}")
        (out / "config.json").write_text("{}")
        true(file, how)

    monkeypatch.setattr(fcntl, "flock", late)
    with (
        pytest.raises(ValueError, match="out must be an empty folder, or one to --resume"),
        claimed(out, resume=False),
    ):
        pytest.fail("it was let in")
    assert sorted(path.name for path in out.iterdir()) == ["config.json", "manifest.json"]


def _until(path: Path) -> None:
    end = time.monotonic() + 20
    while not path.exists():
        assert time.monotonic() < end, path
        time.sleep(0.01)


LIMITED = (
    """
import os, resource
size = int(os.environ["PAIN3D_TEST_LIMIT"])
resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))
"""
    + PROGRAM
)


def test_a_full_disk_loses_nothing(
    tmp_path: Path, alone: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "out"
    sizes = {path.name: path.stat().st_size for path in alone.glob("*.tar")}
    # A file that may not grow fails in the same place as a disk that is full, with its own number.
    limit = (min(sizes.values()) + max(sizes.values())) // 2
    monkeypatch.setenv("PAIN3D_TEST_LIMIT", str(limit))
    code, said = finish(start(out, program=LIMITED))
    assert code == 1
    assert "Traceback" not in said
    line = said.strip().splitlines()[-1]
    assert line.startswith(f"pain3d generate: {out}/")
    assert "the disk is full; what was finished is kept: free space and run it again" in line
    assert not (out / MANIFEST).exists()
    assert not list(out.rglob("*.tmp"))
    generate(SMALL, PRODUCER, Run(out, resume=True), ignore)
    assert hashes(out) == hashes(alone)


def test_a_full_disk_is_named_and_leaves_no_half_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(handle: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="the disk is full") as caught:
        atomic.write(tmp_path / "index.parquet", b"x")
    assert caught.value.filename == str(tmp_path / "index.parquet")
    assert list(tmp_path.iterdir()) == []


def test_a_changed_configuration_is_named(tmp_path: Path) -> None:
    out = tmp_path / "out"
    process = start(out, pause=0.3)
    _until(out / "config.json")
    process.kill()
    finish(process)
    changed = replace(SMALL, pain_per_identity=3)
    text = "got a change: options.pain_per_identity was 2 and is 3"
    with pytest.raises(ValueError, match=text):
        generate(changed, PRODUCER, Run(out, resume=True), ignore)
    with pytest.raises(ValueError, match=r"must be resumed as the whole set, got part 1/2$"):
        generate(SMALL, PRODUCER, Run(out, resume=True, part=Part(1, 2)), ignore)


def test_a_part_is_resumed_as_that_part(tmp_path: Path) -> None:
    out = make(tmp_path / "out", part=Part(1, 3))
    with pytest.raises(ValueError, match=r"must be resumed as part 1/3, got the whole set$"):
        generate(SMALL, PRODUCER, Run(out, resume=True), ignore)


def stated(version: str, config: GenerateConfig) -> dict[str, str]:
    return {"source": version}


def of_code(version: str) -> Producer:
    return replace(PRODUCER, made_with=partial(stated, version))


def test_versions_of_the_code_are_not_mixed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    parts = [tmp_path / "1", tmp_path / "2"]
    for number, (part, version) in enumerate(zip(parts, ("old", "new"), strict=True), 1):
        generate(SMALL, of_code(version), Run(part, part=Part(number, 2)), ignore)
    before = hashes(parts[0])
    text = 'got a change: made_with.source was "old" and is "new"; go on with the code, .* anew$'
    with pytest.raises(ValueError, match=text):
        generate(SMALL, of_code("new"), Run(parts[0], resume=True, part=Part(1, 2)), ignore)
    assert hashes(parts[0]) == before
    assert cli.run(["merge", *map(str, parts), "--out", str(tmp_path / "out")]) == 1
    text = f'{parts[0]}, got made_with.source was "old" and is "new"'
    assert text in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_a_finished_data_set_is_resumed_to_itself(
    tmp_path: Path, alone: Path, single: dict[str, str]
) -> None:
    out = copytree(alone, tmp_path / "out")
    generate(SMALL, PRODUCER, Run(out, resume=True), ignore)
    assert hashes(out) == single
    with pytest.raises(ValueError, match=r"options\.seed was 0 and is 5"):
        generate(replace(SMALL, seed=5), PRODUCER, Run(out, resume=True), ignore)
    assert hashes(out) == single


def test_a_folder_that_is_not_ours_is_left_alone(tmp_path: Path, alone: Path) -> None:
    (tmp_path / "holiday.jpg").write_bytes(b"x")
    for resume in (False, True):
        with pytest.raises(ValueError, match="out must be an empty folder, or one to --resume"):
            generate(SMALL, PRODUCER, Run(tmp_path, resume=resume), ignore)
    assert [path.name for path in tmp_path.iterdir()] == ["holiday.jpg"]
    with pytest.raises(ValueError, match="out must be a folder, got the file"):
        generate(SMALL, PRODUCER, Run(tmp_path / "holiday.jpg"), ignore)
    made = copytree(alone, tmp_path / "made")
    with pytest.raises(ValueError, match="out must be an empty folder, or one to --resume"):
        generate(SMALL, PRODUCER, Run(made), ignore)


def test_a_shard_that_was_touched_between_runs_is_found(tmp_path: Path) -> None:
    out = tmp_path / "out"
    process = start(out, pause=0.3)
    _until(out / UNFINISHED / "train-000000.parquet")
    process.kill()
    finish(process)
    (out / "train-000000.tar").write_bytes(b"short")
    with pytest.raises(ValueError, match=r"train-000000.tar must have the \d+ bytes"):
        generate(SMALL, PRODUCER, Run(out, resume=True), ignore)
