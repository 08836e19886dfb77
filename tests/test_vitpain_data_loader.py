"""Batches: the same from any workers, from any batch on, shared out, and what a bad sample says."""

import hashlib
import pickle
import tracemalloc
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from shutil import copytree

import numpy as np
import pytest
import torch

from generator.shards import codec
from tests.damage import rewrite
from tests.runs import SMALL, make
from vitpain.data.augment import NONE, SYNTHETIC
from vitpain.data.batch import Batch, unit
from vitpain.data.frames import Frames, open_frames
from vitpain.data.loader import Loader, Loading
from vitpain.data.pairs import PairConfig, Pairs, draws
from vitpain.data.reading import read

CONFIG = replace(SMALL, identities=10, size=48, annotations=("heat",))
VARIED = PairConfig(
    size=24, references=2, views="any", heat=True, augment=SYNTHETIC, seed=4, same_geometry=False
)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make(tmp_path_factory.mktemp("made") / "data", CONFIG)


@pytest.fixture(scope="module")
def frames(made: Path) -> Frames:
    return open_frames([made])


@pytest.fixture(scope="module")
def two() -> Iterator[Loader]:
    """Two workers that are started once, for all tests."""
    with Loader(Loading(batch=7, workers=2)) as loader:
        yield loader


def digest(batch: Batch) -> str:
    whole = hashlib.sha256()
    for part in batch:
        whole.update(f"{part.shape} {part.dtype}".encode() + part.numpy().tobytes())
    return whole.hexdigest()


def rows_of(frames: Frames) -> np.ndarray:
    """Rows in no order, some more than once."""
    rng = np.random.default_rng(0)
    return rng.permutation(np.concatenate([np.arange(len(frames)), np.arange(20)]))


def loaded(loading: Loading, pairs: Pairs, rows: np.ndarray, epoch: int = 0) -> list[Batch]:
    with Loader(loading) as loader:
        return list(loader.batches(pairs, rows, epoch))


def test_batches_are_the_same_from_any_workers(frames: Frames, two: Loader) -> None:
    pairs, rows = Pairs(frames, VARIED), rows_of(frames)
    here = {
        epoch: [digest(batch) for batch in loaded(Loading(batch=7), pairs, rows, epoch)]
        for epoch in (0, 3)
    }
    assert len(here[0]) == -(-len(rows) // 7) == two.loading.count(len(rows))
    assert not set(here[0]) & set(here[3])
    with Loader(Loading(batch=7, workers=1)) as one:
        for loader in (one, two):
            for epoch, expected in here.items():
                assert [digest(batch) for batch in loader.batches(pairs, rows, epoch)] == expected


def test_an_epoch_goes_on_from_any_batch_and_leaves_a_broken_off_one_behind(
    frames: Frames, two: Loader
) -> None:
    pairs, rows = Pairs(frames, VARIED), rows_of(frames)
    whole = [digest(batch) for batch in loaded(Loading(batch=7), pairs, rows)]
    for start in (0, 4, len(whole) - 1, len(whole)):
        begun = two.batches(pairs, rows, epoch=8)
        next(begun)
        assert [digest(b) for b in two.batches(pairs, rows, start=start)] == whole[start:]
    with Loader(Loading(batch=7)) as here:
        assert [digest(b) for b in here.batches(pairs, rows, start=4)] == whole[4:]


def test_workers_serve_any_pairs(frames: Frames, two: Loader) -> None:
    rows = np.arange(20)
    for config in (PairConfig(size=16), replace(VARIED, heat=False), PairConfig(references=0)):
        pairs = Pairs(frames, config)
        got = [digest(batch) for batch in two.batches(pairs, rows)]
        assert got == [digest(batch) for batch in loaded(Loading(batch=7), pairs, rows)]


@pytest.mark.parametrize("whole", [False, True])
def test_ranks_share_the_rows_and_none_is_read_twice(frames: Frames, whole: bool) -> None:
    pairs, rows = Pairs(frames, PairConfig(size=16)), rows_of(frames)[:75]
    ranks = [Loading(batch=6, rank=rank, world=3, whole=whole) for rank in range(3)]
    read = [[b.rows.numpy() for b in loaded(one, pairs, rows)] for one in ranks]
    taken = np.concatenate([part for one in read for part in one])
    # A step of all ranks covers one part of the order.
    for step in range(4):
        together = np.concatenate([one[step] for one in read])
        assert sorted(together) == sorted(rows[step * 18 : step * 18 + 18])
    if whole:
        assert [len(one) for one in read] == [4, 4, 4]
        assert sorted(taken) == sorted(rows[:72])
    else:
        assert sorted(taken) == sorted(rows)
    assert [len(one) for one in read] == [one.count(75) for one in ranks]


def test_a_batch_says_what_the_index_says(frames: Frames) -> None:
    rows = rows_of(frames)
    pairs = Pairs(frames, replace(VARIED, augment=NONE))
    seen = 0
    for batch in loaded(Loading(batch=32), pairs, rows, epoch=2):
        at = batch.rows.numpy()
        assert at.tolist() == rows[seen : seen + len(at)].tolist()
        assert np.array_equal(batch.pspi.numpy(), frames.pspi[at], equal_nan=True)
        assert np.array_equal(batch.aus.numpy(), frames.aus[at], equal_nan=True)
        assert (batch.has_neutral == (batch.neutral_rows >= 0)).all()
        black = (batch.neutrals.flatten(2) == 0).all(dim=2)
        assert (black == ~batch.has_neutral).all()
        seen += len(at)
    expected = pairs.neutrals(rows, epoch=2)
    assert (batch.neutral_rows.numpy() == expected[-len(at) :]).all()
    # Two views: a neutral has the other one alone, and nothing else.
    assert (expected[:, 1] < 0).sum() == (frames.column("kind")[rows] == "neutral").sum()


def test_pictures_are_those_of_the_rows(frames: Frames) -> None:
    """The fake pictures are blocks of noise: no two are alike."""
    batch = loaded(
        Loading(batch=80), Pairs(frames, PairConfig(size=32, references=1)), np.arange(80)
    )
    alone = loaded(
        Loading(batch=1), Pairs(frames, PairConfig(size=32, references=0)), np.arange(80)
    )
    faces = torch.cat([one.face for one in alone])
    assert (batch[0].face == faces).all()
    assert (batch[0].neutrals[:, 0] == faces[batch[0].neutral_rows[:, 0]]).all()
    assert len({face.numpy().tobytes() for face in faces}) == 80
    assert batch[0].heat.shape == (80, 0, 32, 32)
    numbers = unit(batch[0].face)
    assert 0.0 <= numbers.min() < 0.05
    assert 0.95 < numbers.max() <= 1.0


def test_face_and_neutral_are_turned_alike_where_that_is_wanted(made: Path, tmp_path: Path) -> None:
    """Every picture the same: then only what is drawn tells face and neutral apart."""
    copy = copytree(made, tmp_path / "same")
    picture = np.random.default_rng(0).integers(0, 256, (6, 6, 3)).astype(np.uint8)
    data = codec.encode_image(picture.repeat(8, 0).repeat(8, 1))
    rewrite(copy, lambda one: replace(one, members={**one.members, "jpg": data}))
    same = open_frames([copy])
    still = replace(SYNTHETIC, place_error=0.0, side_error=0.0)
    grey = replace(still, brightness=0.0, contrast=0.0, saturation=0.0, hue=0.0, blur=0.0)

    def differ(config: PairConfig) -> np.ndarray:
        batch = loaded(Loading(batch=40), Pairs(same, config), np.arange(40))[0]
        assert len({face.numpy().tobytes() for face in batch.face}) > 35
        return (batch.face != batch.neutrals[:, 0]).flatten(1).any(dim=1).numpy()

    assert not differ(PairConfig(size=32, augment=grey)).any()
    assert differ(PairConfig(size=32, augment=grey, same_geometry=False)).mean() > 0.9
    assert differ(PairConfig(size=32, augment=still)).mean() > 0.9
    # A detector errs for each picture anew.
    erring = replace(grey, place_error=0.1)
    assert differ(PairConfig(size=32, augment=erring)).mean() > 0.9


def test_a_row_that_comes_twice_is_varied_twice(frames: Frames) -> None:
    rows = np.array([5, 5, 9, 5])
    assert (draws(rows, 3) - 3 * 2**20).tolist() == [0, 1, 0, 2]
    batch = loaded(Loading(batch=4), Pairs(frames, PairConfig(size=16, augment=SYNTHETIC)), rows)[0]
    assert len({face.numpy().tobytes() for face in batch.face}) == 4


def test_what_a_worker_is_sent_does_not_grow_with_the_data(frames: Frames) -> None:
    pairs = Pairs(frames, PairConfig(size=16))
    few = pickle.dumps(pairs.plan(np.arange(8), 0).request(slice(0, 8)))
    many = pickle.dumps(pairs.plan(np.arange(80), 0).request(slice(0, 8)))
    assert abs(len(few) - len(many)) < 100 < len(few) < 10_000


def test_memory_stays_the_same_over_an_epoch(frames: Frames) -> None:
    pairs = Pairs(frames, PairConfig(size=16))
    rows = np.tile(np.arange(80), 2)
    with Loader(Loading(batch=16)) as loader:
        list(loader.batches(pairs, rows))
        held = []
        tracemalloc.start()
        for _ in loader.batches(pairs, rows):
            held.append(tracemalloc.get_traced_memory()[0])
        tracemalloc.stop()
    # A batch of pictures is 80 kB.
    assert max(held[5:]) - min(held[2:5]) < 200_000


def damaged(made: Path, to: Path, suffix: str, shift: int) -> tuple[Path, str, int]:
    """A copy with one flipped bit in one member, whose manifest is as before."""
    copy = copytree(made, to)
    these = open_frames([copy])
    row = these.index.slice(11, 1).to_pylist()[0]
    path = copy / row["shard"]
    data = bytearray(path.read_bytes())
    at = data.index(f"{row['key']}.{suffix}\0".encode(), row["offset"]) + 512 + shift
    data[at] ^= 0x10
    path.write_bytes(data)
    return copy, f"{path}: {row['key']}", 11


@pytest.mark.parametrize(
    ("suffix", "shift", "check", "text"),
    [
        ("jpg", 300, True, "must be unaltered, got another SHA-256"),
        ("heat.png", 60, True, "must be unaltered, got another SHA-256"),
        ("jpg", 0, False, r"\.jpg must be a JPEG"),
        ("json", 0, False, "must have a record in JSON"),
        ("jpg", -512, False, "must lie at byte"),
        ("jpg", -512 + 124, False, "must lie at byte"),
    ],
)
def test_a_bad_sample_is_named(
    made: Path, tmp_path: Path, two: Loader, suffix: str, shift: int, check: bool, text: str
) -> None:
    copy, what, row = damaged(made, tmp_path / "copy", suffix, shift)
    pairs = Pairs(open_frames([copy]), PairConfig(size=16, check=check))
    sound = [
        other
        for other in range(80)
        if other != row and pairs.neutrals(np.array([other]))[0, 0] != row
    ]
    assert len(loaded(Loading(batch=16), pairs, np.array(sound))) == -(-len(sound) // 16)
    for loader in (Loader(Loading(batch=16)), two):
        with pytest.raises(ValueError, match=f"^{what}.*{text}") as error:
            list(loader.batches(pairs, np.arange(40)))
        assert "\n" not in str(error.value)
    # The workers live on.
    assert len(list(two.batches(pairs, np.array(sound)))) > 3


def test_a_shard_that_goes_away_is_named(made: Path, tmp_path: Path) -> None:
    copy = copytree(made, tmp_path / "copy")
    pairs = Pairs(open_frames([copy]), PairConfig(size=16))
    gone = pairs.frames.paths[1]
    gone.unlink()
    with pytest.raises(ValueError, match=f"No such file.*{gone}"):
        loaded(Loading(batch=80), pairs, np.arange(80))


def test_a_decompression_bomb_is_refused_before_room_is_made(made: Path, tmp_path: Path) -> None:
    copy = copytree(made, tmp_path / "copy")
    small = codec.encode_image(np.zeros((8, 8, 3), np.uint8))
    at = small.index(b"\xff\xc0") + 5
    bomb = small[:at] + b"\xff\xff\xff\xff" + small[at + 4 :]
    key = open_frames([copy]).keys(np.array([0]))[0]
    rewrite(
        copy,
        lambda one: (
            replace(one, members={**one.members, "jpg": bomb}) if one.record.key == key else one
        ),
    )
    with pytest.raises(ValueError, match=f"{key}.jpg must be at most 4096 wide .* 65535 x 65535"):
        loaded(Loading(batch=1), Pairs(open_frames([copy]), PairConfig()), np.arange(1))


def test_data_without_heat_maps_says_so(made: Path, tmp_path: Path) -> None:
    bare = make(tmp_path / "bare", replace(CONFIG, identities=2, annotations=()))
    both = open_frames([made, bare])
    with pytest.raises(ValueError, match="heat must be off, or every data set have heat maps"):
        Pairs(both, PairConfig(heat=True))
    assert "heat.png" not in both.members(np.arange(len(both)))


@pytest.mark.parametrize(
    ("make_it", "text"),
    [
        (lambda: Loading(batch=0), "batch must be at least 1, got 0"),
        (lambda: Loading(workers=-1), "workers must be at least 0, got -1"),
        (lambda: Loading(rank=2, world=2), "rank must be 0 to 1, got 2"),
        (lambda: Loading(batch=8, world=2, whole=True).count(15), "batch must be at most 7, got 8"),
        (lambda: PairConfig(size=4), "size must be 8 to 4096, got 4"),
        (lambda: PairConfig(references=-1), "references must be 0 to 64, got -1"),
    ],
)
def test_settings_that_make_no_batch(make_it: Callable[[], object], text: str) -> None:
    with pytest.raises(ValueError, match=text):
        make_it()


def test_a_row_that_is_not_there_is_named(frames: Frames) -> None:
    with pytest.raises(ValueError, match="rows must be 0 to 79, got 80"):
        loaded(Loading(), Pairs(frames, PairConfig()), np.array([3, 80]))


def test_members_are_read_alone_or_out_of_the_whole(frames: Frames) -> None:
    pairs = Pairs(frames, replace(VARIED, heat=True))
    request = pairs.plan(np.arange(30), 0).request(slice(0, 30))
    unchecked = request._replace(config=replace(request.config, check=False))
    assert digest(read(request)) == digest(read(unchecked))
