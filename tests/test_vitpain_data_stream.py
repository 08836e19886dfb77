"""Shards read front to back: every row once, shuffled, the same from any workers and shared out."""

import builtins
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from shutil import copytree
from typing import Any

import numpy as np
import pytest

from tests.runs import SMALL, make
from tests.test_vitpain_data_loader import digest
from vitpain.data.augment import SYNTHETIC
from vitpain.data.batch import Batch
from vitpain.data.frames import Frames, open_frames
from vitpain.data.loader import Loader, Loading
from vitpain.data.pairs import PairConfig, Pairs
from vitpain.data.stream import Streaming, stream_batches

CONFIG = replace(SMALL, identities=10, people_per_shard=1, size=32, annotations=("heat",))
VARIED = PairConfig(size=16, references=2, views="any", heat=True, augment=SYNTHETIC, seed=4)
STREAMING = Streaming(batch=7, lanes=4, shards=2)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make(tmp_path_factory.mktemp("made") / "data", CONFIG)


@pytest.fixture(scope="module")
def frames(made: Path) -> Frames:
    return open_frames([made])


def rows_of(batches: list[Batch]) -> list[int]:
    return [int(row) for batch in batches for row in batch.rows]


@pytest.fixture(scope="module")
def once(frames: Frames) -> list[Batch]:
    return list(stream_batches(STREAMING, Pairs(frames, VARIED), np.arange(80), 3))


def test_every_row_comes_once_and_as_the_loader_gives_it(frames: Frames, once: list[Batch]) -> None:
    rows = rows_of(once)
    assert sorted(rows) == list(range(80))
    with Loader(Loading(batch=1)) as loader:
        alone = [digest(b) for b in loader.batches(Pairs(frames, VARIED), np.array(rows), 3)]
    streamed = []
    for batch in once:
        for at in range(len(batch.rows)):
            streamed.append(digest(Batch(*(part[at : at + 1] for part in batch))))
    assert streamed == alone


def test_rows_are_shuffled_within_what_is_read_together(frames: Frames, once: list[Batch]) -> None:
    first = once[0].rows.numpy()
    assert len(set(frames.shard[first])) == 2
    assert np.abs(np.diff(first)).max() > 1
    pairs = Pairs(frames, VARIED)
    orders = [rows_of(list(stream_batches(STREAMING, pairs, np.arange(80), e))) for e in (3, 4)]
    assert orders[0] == rows_of(once)
    assert orders[0] != orders[1]


def test_batches_are_the_same_from_workers_that_divide_the_lanes(
    frames: Frames, once: list[Batch]
) -> None:
    streaming = replace(STREAMING, workers=2)
    got = list(stream_batches(streaming, Pairs(frames, VARIED), np.arange(80), 3))
    assert [digest(batch) for batch in got] == [digest(batch) for batch in once]


def test_an_epoch_goes_on_from_any_batch(frames: Frames, once: list[Batch]) -> None:
    expected = [digest(batch) for batch in once]
    for start in (0, 1, len(once) // 2, len(once)):
        got = stream_batches(STREAMING, Pairs(frames, VARIED), np.arange(80), 3, start)
        assert [digest(batch) for batch in got] == expected[start:]


def test_rows_come_as_often_as_they_are_asked_for(frames: Frames) -> None:
    rows = np.repeat(np.array([3, 40, 41]), [5, 1, 2])
    got = rows_of(list(stream_batches(STREAMING, Pairs(frames, VARIED), rows, 0)))
    assert sorted(got) == sorted(rows)


@pytest.mark.parametrize("whole", [False, True])
def test_ranks_share_the_shards(frames: Frames, whole: bool) -> None:
    pairs = Pairs(frames, PairConfig(size=16))
    ranks = [
        list(
            stream_batches(
                replace(STREAMING, lanes=2, rank=rank, world=3, whole=whole), pairs, np.arange(80)
            )
        )
        for rank in range(3)
    ]
    rows = [rows_of(one) for one in ranks]
    every = [row for one in rows for row in one]
    assert len(set(every)) == len(every)
    if whole:
        assert len({len(one) for one in ranks}) == 1
        assert {len(batch.rows) for one in ranks for batch in one} == {7}
    else:
        assert sorted(every) == list(range(80))


def test_every_shard_is_read_once_and_forwards(
    frames: Frames, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[str] = []
    sought: list[int] = []
    true_open = builtins.open

    def watched(path: Any, *rest: Any, **more: Any) -> Any:
        file = true_open(path, *rest, **more)
        if str(path).endswith(".tar"):
            opened.append(str(path))
            sought.clear()
            seek = file.seek
            monkeypatch.setattr("vitpain.data.stream.open", true_open, raising=False)

            class Forwards:
                def __enter__(self) -> "Forwards":
                    return self

                def __exit__(self, *_: object) -> None:
                    file.close()

                def seek(self, to: int) -> None:
                    assert not sought or to > sought[-1]
                    sought.append(to)
                    seek(to)

                def read(self, count: int) -> bytes:
                    return file.read(count)

            monkeypatch.setattr("vitpain.data.stream.open", watched, raising=False)
            return Forwards()
        return file

    monkeypatch.setattr("vitpain.data.stream.open", watched, raising=False)
    list(stream_batches(STREAMING, Pairs(frames, PairConfig(size=16)), np.arange(80)))
    assert sorted(opened) == sorted(str(path) for path in frames.paths)
    assert len(sought) > 1


def test_another_persons_neutral_cannot_be_streamed(frames: Frames) -> None:
    pairs = Pairs(frames, PairConfig(size=16, neutral="other"))
    with pytest.raises(ValueError, match="must have its neutral in its own shard to be streamed"):
        next(stream_batches(STREAMING, pairs, np.arange(80)))


@pytest.mark.parametrize("workers", [0, 1])
def test_a_bad_sample_is_named(made: Path, tmp_path: Path, workers: int) -> None:
    copy = copytree(made, tmp_path / "copy")
    these = open_frames([copy])
    row = these.index.slice(11, 1).to_pylist()[0]
    path = copy / row["shard"]
    data = bytearray(path.read_bytes())
    data[row["offset"] + 700] ^= 1
    path.write_bytes(data)
    pairs = Pairs(these, PairConfig(size=16))
    with pytest.raises(ValueError, match=f"^{path}: {row['key']} must be unaltered"):
        list(stream_batches(replace(STREAMING, workers=workers), pairs, np.arange(80)))


@pytest.mark.parametrize(
    ("wrong", "text"),
    [
        (lambda: Streaming(workers=3), "workers must be 0 or a divisor of 4 lanes, got 3"),
        (lambda: Streaming(lanes=0), "lanes must be at least 1, got 0"),
        (lambda: Streaming(rank=1), "rank must be 0 to 0, got 1"),
    ],
)
def test_settings_that_share_nothing_out(wrong: Callable[[], Streaming], text: str) -> None:
    with pytest.raises(ValueError, match=text):
        wrong()


def test_a_batch_that_no_rank_fills_is_named(frames: Frames) -> None:
    streaming = replace(STREAMING, batch=90, whole=True)
    with pytest.raises(ValueError, match="batch must leave every rank one or more, got 90"):
        next(stream_batches(streaming, Pairs(frames, VARIED), np.arange(80)))
