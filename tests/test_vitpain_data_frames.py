"""Rows over several data sets: their columns, labels, records and pictures, and what is refused."""

from dataclasses import replace
from pathlib import Path
from shutil import copytree

import numpy as np
import pyarrow.parquet as pq
import pytest

from generator.shards import codec, folder
from generator.shards.record import Sample
from tests.damage import rewrite
from tests.runs import SMALL, make
from vitpain.data.frames import Frames, open_frames

CONFIG = replace(SMALL, identities=4, annotations=("heat",))


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make(tmp_path_factory.mktemp("first") / "data", CONFIG)


@pytest.fixture(scope="module")
def second(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Fewer people of the same names and another seed, half of whose labels nobody knows."""

    def unknown(sample: Sample) -> Sample:
        record = sample.record
        if record.view != 1:
            return sample
        return Sample(replace(record, pspi=None, label_source=None), sample.members)

    made = make(tmp_path_factory.mktemp("second") / "data", replace(CONFIG, identities=3, seed=9))
    rewrite(made, unknown)
    return made


@pytest.fixture(scope="module")
def both(first: Path, second: Path) -> Frames:
    return open_frames([first, second])


def test_rows_number_the_sets_one_after_the_other(both: Frames, first: Path, second: Path) -> None:
    stated = [row for one in (first, second) for row in folder.open_folder(one).index.to_pylist()]
    assert len(both) == len(stated) == 7 * 8
    assert both.column("set").tolist() == [0] * 32 + [1] * 24
    assert both.keys(np.array([40, 3])) == [stated[40]["key"], stated[3]["key"]]
    for row in (0, 31, 32, 55):
        assert both.record(row).key == stated[row]["key"]
        assert both.record(row).seed == (0 if row < 32 else 9)


def test_what_is_not_known_is_nan(both: Frames) -> None:
    unknown = (both.column("set") == 1) & (both.column("view") == 1)
    assert (np.isnan(both.pspi) == unknown).all()
    assert (np.isnan(both.aus) == unknown[:, None]).all()
    known = np.flatnonzero(~unknown)
    for row in known[::7]:
        record = both.record(int(row))
        assert both.pspi[row] == record.pspi
        assert record.labels is not None
        coded = [record.labels.label[au] for au in (4, 6, 7, 9, 10, 43)]
        assert both.aus[row].tolist() == coded
    assert both.pspi[known].max() > 3


def test_people_of_one_name_in_two_sets_are_two(both: Frames, first: Path) -> None:
    assert len(set(both.subject)) == 7
    assert set(both.subject[:32]) == {"0:p000000", "0:p000001", "0:p000002", "p000003"}
    assert set(both.subject[32:]) == {"1:p000000", "1:p000001", "1:p000002"}
    assert set(open_frames([first]).subject) == {f"p00000{number}" for number in range(4)}


def test_pictures_and_heat_are_those_of_the_sample(both: Frames) -> None:
    for row in (5, 37):
        sample = both.sample(row)
        assert (both.picture(row) == codec.decode("jpg", sample.members["jpg"])).all()
        heat = codec.decode("heat.png", sample.members["heat.png"])
        assert (both.heat(row) == heat).all()
    painful = int(np.argmax(np.nan_to_num(both.pspi)))
    assert both.heat(painful).max() > 1.0


def test_taken_frames_are_numbered_anew(both: Frames) -> None:
    rows = np.array([50, 2, 33])
    taken = both.take(rows)
    assert len(taken) == 3
    assert taken.keys(np.arange(3)) == both.keys(rows)
    assert taken.record(2) == both.record(33)
    assert np.array_equal(taken.pspi, both.pspi[rows], equal_nan=True)
    assert taken.subject.tolist() == both.subject[rows].tolist()
    places, before = taken.places(np.arange(3)), both.places(rows)
    assert [taken.paths[n] for n in places["path"]] == [both.paths[n] for n in before["path"]]
    assert (places["offset"] == before["offset"]).all()


def test_columns_are_arrays_and_null_is_nothing(both: Frames) -> None:
    assert both.column("key").dtype.kind == "U"
    assert set(both.column("sequence").tolist()) == {""}
    assert both.column("pspi").dtype == np.float64
    assert np.isnan(both.column("frame")).all()
    assert both.members(np.array([0, 40])) == {"jpg", "json", "heat.png"}


def test_what_is_no_finished_data_set_is_refused(first: Path, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="data must be one data set or more, got none"):
        open_frames([])
    with pytest.raises(ValueError, match=f"data must be different folders, got {first} twice"):
        open_frames([first, first.parent / "data"])
    copy = copytree(first, tmp_path / "copy")
    (copy / "manifest.json").unlink()
    with pytest.raises(ValueError, match=f"{copy} must be a finished data set"):
        open_frames([copy])


def test_a_shard_of_another_length_is_named(first: Path, tmp_path: Path) -> None:
    copy = copytree(first, tmp_path / "copy")
    shard = sorted(copy.glob("*.tar"))[0]
    shard.write_bytes(shard.read_bytes()[:-512])
    with pytest.raises(ValueError, match=f"{shard} must have the .* bytes that are stated"):
        open_frames([copy])
    shard.unlink()
    with pytest.raises(ValueError, match=f"{shard} must have the .* bytes that are stated"):
        open_frames([copy])


@pytest.mark.parametrize(
    ("column", "value"), [("offset", -512), ("size", 2**40), ("size", 0), ("offset", 2**62)]
)
def test_an_index_that_points_beyond_its_shard_is_named(
    first: Path, tmp_path: Path, column: str, value: int
) -> None:
    copy = copytree(first, tmp_path / "copy")
    rows = folder.open_folder(copy).index.to_pylist()
    rows[5][column] = value
    schema = folder.open_folder(copy).index.schema
    pq.write_table(
        type(folder.open_folder(copy).index).from_pylist(rows, schema), copy / "index.parquet"
    )
    with pytest.raises(ValueError, match=rf"{rows[5]['shard']}: {rows[5]['key']} must lie within"):
        open_frames([copy])
    rows[5]["shard"] = "../elsewhere.tar"
    pq.write_table(
        type(folder.open_folder(first).index).from_pylist(rows, schema), copy / "index.parquet"
    )
    with pytest.raises(ValueError, match=r"got none of \.\./elsewhere\.tar"):
        open_frames([copy])
