"""Parts made apart and joined have the bytes of a single run; what does not fit is named."""

import json
import re
import shutil
import time
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pytest

from assets.population import Split
from generator.jobs import Run, generate
from generator.lock import UNFINISHED, WRITER
from generator.merge import _by_shard, merge
from generator.plan import of_part, shards
from generator.shards import index, manifest
from generator.shards.card import SYNTHETIC
from generator.shards.folder import INDEX, Part, parse_part
from tests.fake_producer import PRODUCER, splits
from tests.runs import SMALL, hashes, ignore, make

COUNT = 3


@pytest.fixture(scope="module")
def parts(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    base = tmp_path_factory.mktemp("parts")
    return [make(base / f"part{k}", part=Part(k, COUNT)) for k in range(1, COUNT + 1)]


@pytest.fixture(scope="module")
def single(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    return hashes(make(tmp_path_factory.mktemp("single") / "out"))


def test_joined_parts_are_a_single_run(
    tmp_path: Path, parts: list[Path], single: dict[str, str]
) -> None:
    copied: list[tuple[int, int]] = []
    backwards = list(reversed(parts))
    merge(backwards, tmp_path / "out", SYNTHETIC, lambda n, of: copied.append((n, of)))
    assert hashes(tmp_path / "out") == single
    assert {of for _, of in copied} == {sum(n for n, _ in copied)}


def test_parts_share_out_the_shards() -> None:
    planned = shards(splits(SMALL), SMALL.people_per_shard)
    for count in (1, 2, 3, 16):
        given = [shard for k in range(count) for shard in of_part(planned, Part(k + 1, count))]
        assert sorted(given, key=planned.index) == list(planned)
    people = [person for shard in planned for person in shard.people]
    assert sorted(people) == list(range(SMALL.identities))
    assert all(splits(SMALL)[person] == shard.split for shard in planned for person in shard.people)
    assert max(len(shard.people) for shard in planned) == SMALL.people_per_shard


def test_a_shard_does_not_depend_on_what_comes_after() -> None:
    pair: list[Split] = ["train", "val"]
    fewer, more = shards(pair * 4, 3), shards(pair * 7, 3)
    assert fewer[0] == more[0]
    assert [shard.name for shard in fewer][:2] == ["train-000000.tar", "train-000001.tar"]


def test_more_parts_than_shards_still_join(tmp_path: Path, single: dict[str, str]) -> None:
    made = [make(tmp_path / f"p{k}", part=Part(k, 8)) for k in range(1, 9)]
    assert any(not list(part.glob("*.tar")) for part in made)
    merge(made, tmp_path / "out", SYNTHETIC, ignore)
    assert hashes(tmp_path / "out") == single


def refused(parts: list[Path], out: Path, text: str) -> None:
    with pytest.raises(ValueError, match=text):
        merge(parts, out, SYNTHETIC, ignore)
    assert not (out / "manifest.json").exists()


def test_what_does_not_fit_is_named(tmp_path: Path, parts: list[Path]) -> None:
    out = tmp_path / "out"
    refused([], out, "parts must be at least one folder, got none")
    refused([parts[0], parts[2]], out, "parts must be all of 3, got none for 2/3")
    refused([*parts, parts[1]], out, r"part 2/3 must be given once, got .*part2 and .*part2")
    whole = make(tmp_path / "whole")
    refused([whole], out, "whole must be a part, got a whole data set")
    other = make(tmp_path / "other", replace(SMALL, seed=9), part=Part(2, COUNT))
    refused([parts[0], other, parts[2]], out, r"other must have .*options\.seed was 0 and is 9")
    fourth = make(tmp_path / "fourth", part=Part(1, 4))
    refused([parts[1], parts[2], fourth], out, "fourth must be a part of 3, got part 1/4")
    refused([tmp_path / "nowhere"], out, r"nowhere must be a data set, got no config\.json")
    assert not out.exists()
    refused(parts, whole.parent / "whole" / "README.md", "out must be an empty folder")


def test_a_folder_that_holds_something_is_left_alone(tmp_path: Path, parts: list[Path]) -> None:
    (tmp_path / "mine").write_bytes(b"x")
    refused(parts, tmp_path, "out must be an empty folder")
    assert [path.name for path in tmp_path.iterdir()] == ["mine"]


def test_an_unfinished_part_is_refused(tmp_path: Path, parts: list[Path]) -> None:
    begun = shutil.copytree(parts[1], tmp_path / "begun")
    (begun / "manifest.json").unlink()
    refused([parts[0], begun, parts[2]], tmp_path / "out", "begun must be a finished data set")


def test_an_altered_part_is_refused(tmp_path: Path, parts: list[Path]) -> None:
    altered = shutil.copytree(parts[0], tmp_path / "altered")
    shard = sorted(altered.glob("*.tar"))[0]
    data = bytearray(shard.read_bytes())
    data[1000] ^= 1
    shard.write_bytes(bytes(data))
    refused([altered, *parts[1:]], tmp_path / "out", rf"{shard.name} must have \d+ bytes with SHA")
    shutil.copyfile(parts[1] / "index.parquet", altered / "index.parquet")
    refused([altered, *parts[1:]], tmp_path / "out", r"index\.parquet must have \d+ bytes with SHA")


def test_every_altered_file_is_refused_before_anything_is_written(
    tmp_path: Path, parts: list[Path], single: dict[str, str]
) -> None:
    altered = shutil.copytree(parts[2], tmp_path / "altered")
    out = tmp_path / "out"
    out.mkdir()
    for name in manifest.read(altered):
        whole = (altered / name).read_bytes()
        # Still the same JSON: nothing but the checksum can tell.
        (altered / name).write_bytes(whole + b"\n")
        refused([*parts[:2], altered], out, re.escape(name) + r" must have \d+ bytes with SHA")
        (altered / name).unlink()
        with pytest.raises(ValueError, match="altered"):
            merge([*parts[:2], altered], out, SYNTHETIC, ignore)
        assert list(out.iterdir()) == []
        (altered / name).write_bytes(whole)
    merge([*parts[:2], altered], out, SYNTHETIC, ignore)
    assert hashes(out) == single


def test_a_merge_that_fails_half_way_leaves_the_folder_as_it_was(
    tmp_path: Path, parts: list[Path], single: dict[str, str]
) -> None:
    out = tmp_path / "out"
    size = sum(path.stat().st_size for part in parts for path in part.glob("*.tar"))
    done = [0]

    def full(count: int, total: int) -> None:
        done[0] += count
        if done[0] > 1.5 * size:
            assert (out / "config.json").exists()
            assert list(out.glob("*.tar"))
            raise OSError(28, "No space left on device")

    with pytest.raises(OSError, match=r"disk is full|No space left"):
        merge(parts, out, SYNTHETIC, full)
    assert not out.exists()
    out.mkdir()
    done[0] = 0
    with pytest.raises(OSError, match=r"disk is full|No space left"):
        merge(parts, out, SYNTHETIC, full)
    assert list(out.iterdir()) == []
    merge(parts, out, SYNTHETIC, ignore)
    assert hashes(out) == single


def test_what_a_killed_merge_left_is_joined_again(
    tmp_path: Path, parts: list[Path], single: dict[str, str]
) -> None:
    out = tmp_path / "out"
    (out / UNFINISHED).mkdir(parents=True)
    (out / UNFINISHED / WRITER).touch()
    shutil.copyfile(parts[0] / "config.json", out / "config.json")
    (out / "train-000000.tar").write_bytes(b"half")
    (out / "train-000001.tar.7.tmp").write_bytes(b"half")
    merge(parts, out, SYNTHETIC, ignore)
    assert hashes(out) == single
    with pytest.raises(ValueError, match="out must be an empty folder"):
        merge(parts, out, SYNTHETIC, ignore)
    assert hashes(out) == single


def test_a_stopped_run_is_not_merged_over(tmp_path: Path, parts: list[Path]) -> None:
    out = tmp_path / "out"
    (out / UNFINISHED).mkdir(parents=True)
    (out / UNFINISHED / "train-000000.parquet").write_bytes(b"rows")
    (out / "config.json").write_bytes((parts[0] / "config.json").read_bytes())
    before = hashes(out)
    refused(parts, out, r"out must be an empty folder, got .*train-000000\.parquet")
    assert hashes(out).items() >= before.items()


def test_two_merges_into_one_folder_cannot_run(
    tmp_path: Path, parts: list[Path], single: dict[str, str]
) -> None:
    out = tmp_path / "out"
    tried = []

    def second(count: int, total: int) -> None:
        if (out / "config.json").exists() and not tried:
            tried.append(hashes(out).keys())
            with pytest.raises(ValueError, match="must have one writer, got a second"):
                merge(parts, out, SYNTHETIC, ignore)
            with pytest.raises(ValueError, match="must have one writer, got a second"):
                generate(SMALL, PRODUCER, Run(out, resume=True), ignore)

    merge(parts, out, SYNTHETIC, second)
    assert len(tried) == 1
    assert hashes(out) == single


def test_a_manifest_that_leads_out_of_its_folder_is_refused(
    tmp_path: Path, parts: list[Path]
) -> None:
    bad = shutil.copytree(parts[0], tmp_path / "bad")
    content = json.loads((bad / "manifest.json").read_text())
    content["files"]["../x"] = {"bytes": 1, "sha256": "0"}
    (bad / "manifest.json").write_text(json.dumps(content))
    refused([bad, *parts[1:]], tmp_path / "out", r"must list plain file names, got '\.\./x'")


def test_rows_go_to_their_shards_in_one_pass(parts: list[Path]) -> None:
    count = 20_000
    rows = index.read(parts[0] / INDEX).take(pa.array([0] * count))
    # Two rows a shard, those of all shards in turn.
    names = [f"train-{number:06d}.tar" for number in range(count // 2)]
    changed = {"key": [f"k{number}" for number in range(count)], "shard": names * 2}
    for name, values in changed.items():
        place, field = index.SCHEMA.get_field_index(name), index.SCHEMA.field(name)
        rows = rows.set_column(place, field, [values])
    begun = time.process_time()
    found = _by_shard(rows)
    # A look at every row for every shard would take a minute.
    assert time.process_time() - begun < 5
    assert list(found) == names
    for number in (0, 7, count // 2 - 1):
        assert found[names[number]].column("key").to_pylist() == [
            f"k{number}", f"k{number + count // 2}",
        ]  # fmt: skip
    assert _by_shard(index.table([])) == {}


@pytest.mark.parametrize("text", ["3", "0/4", "5/4", "a/b", "1/", "-1/4", "1/4/2"])
def test_a_part_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="part must be K/N"):
        parse_part(text)


def test_a_part_is_resumed_as_itself(tmp_path: Path, parts: list[Path]) -> None:
    copy = shutil.copytree(parts[0], tmp_path / "copy")
    generate(SMALL, PRODUCER, Run(copy, resume=True, part=Part(1, COUNT)), ignore)
    assert hashes(copy) == hashes(parts[0])
    with pytest.raises(ValueError, match=r"must be resumed as part 1/3, got part 2/3"):
        generate(SMALL, PRODUCER, Run(copy, resume=True, part=Part(2, COUNT)), ignore)
