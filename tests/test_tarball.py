"""Shards: the same bytes every time, a tar file to anybody, strict to us."""

import hashlib
import io
import tarfile
import tracemalloc
from pathlib import Path

import pytest

from generator.shards.tarball import ShardWriter, Span, read_sample, read_shard

SAMPLES = {
    "a_0": {"jpg": b"\xff" * 700, "json": b"{}", "depth.png": b""},
    "b-1": {"jpg": b"x" * 512, "json": b'{"k":1}', "depth.png": b"y" * 513},
}


def written() -> tuple[bytes, list[Span], str]:
    file = io.BytesIO()
    writer = ShardWriter(file)
    spans = [writer.add(key, members) for key, members in SAMPLES.items()]
    sha256 = writer.close()
    assert writer.size == len(file.getvalue())
    return file.getvalue(), spans, sha256


@pytest.fixture
def shard(tmp_path: Path) -> Path:
    path = tmp_path / "train-000000.tar"
    path.write_bytes(written()[0])
    return path


def test_bytes_are_the_same_every_time() -> None:
    data, _, sha256 = written()
    assert written()[0] == data
    assert hashlib.sha256(data).hexdigest() == sha256
    # Known bytes: whoever changes these changes every data set that was ever made.
    assert sha256 == "d66ec626651d6511d4cd8b18865766a1ce08ab0e79829d6e2fae68344d49c2c4"


def test_python_reads_the_same_members(shard: Path) -> None:
    with tarfile.open(shard, "r:") as archive:
        entries = archive.getmembers()
        names = [f"{key}.{suffix}" for key, members in SAMPLES.items() for suffix in members]
        assert [entry.name for entry in entries] == names
        for entry in entries:
            assert (entry.mtime, entry.uid, entry.gid, entry.uname, entry.mode) == (
                0,
                0,
                0,
                "",
                0o644,
            )
            key, _, suffix = entry.name.partition(".")
            file = archive.extractfile(entry)
            assert file is not None
            assert file.read() == SAMPLES[key][suffix]


def test_samples_come_back_with_their_spans(shard: Path) -> None:
    data, spans, _ = written()
    read = list(read_shard(shard))
    assert [(sample.key, sample.members) for sample in read] == list(SAMPLES.items())
    assert [sample.span for sample in read] == spans
    for span in spans:
        piece = data[span.offset : span.offset + span.size]
        assert hashlib.sha256(piece).hexdigest() == span.sha256
        assert read_sample(shard, span.offset, span.size).span == span


def test_every_cut_is_found(shard: Path) -> None:
    data = shard.read_bytes()
    cuts = [*range(0, len(data), 256), len(data) - 1]
    for size in cuts:
        shard.write_bytes(data[:size])
        with pytest.raises(ValueError, match=r"train-000000\.tar must"):
            list(read_shard(shard))


def test_every_altered_byte_outside_the_data_is_found(shard: Path) -> None:
    data = shard.read_bytes()
    spans = written()[1]
    inside: set[int] = set()
    at = 0
    for members in SAMPLES.values():
        for member in members.values():
            inside |= set(range(at + 512, at + 512 + len(member)))
            at += 512 + len(member) + -len(member) % 512
    for place in range(0, len(data), 7):
        changed = bytearray(data)
        changed[place] ^= 1
        shard.write_bytes(bytes(changed))
        if place in inside:
            assert [sample.span for sample in read_shard(shard)] != spans
            continue
        with pytest.raises(ValueError, match=r"train-000000\.tar must"):
            list(read_shard(shard))


def test_what_comes_after_the_end_is_found(shard: Path) -> None:
    shard.write_bytes(shard.read_bytes() + b"more")
    with pytest.raises(ValueError, match="must end in 1024 zero bytes"):
        list(read_shard(shard))


@pytest.mark.parametrize("name", ["../up.jpg", "/root.jpg", "a/b.jpg", "plain", "a.B.jpg"])
def test_names_that_lead_elsewhere_are_refused(tmp_path: Path, name: str) -> None:
    path = tmp_path / "train-000000.tar"
    with tarfile.open(path, "w", format=tarfile.USTAR_FORMAT) as archive:
        entry = tarfile.TarInfo(name)
        entry.size = 1
        archive.addfile(entry, io.BytesIO(b"x"))
    with pytest.raises(ValueError, match=r"must hold members KEY.SUFFIX, got"):
        list(read_shard(path))


def test_links_and_devices_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "train-000000.tar"
    for kind in (tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.DIRTYPE, tarfile.CHRTYPE):
        with tarfile.open(path, "w", format=tarfile.USTAR_FORMAT) as archive:
            entry = tarfile.TarInfo("a.jpg")
            entry.type, entry.linkname = kind, "/etc/passwd"
            archive.addfile(entry)
        with pytest.raises(ValueError, match=r"must have the plain header of a\.jpg"):
            list(read_shard(path))


def test_a_member_given_twice_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "train-000000.tar"
    file = io.BytesIO()
    writer = ShardWriter(file)
    writer.add("a", {"jpg": b"1"})
    writer.add("a", {"jpg": b"2"})
    writer.close()
    path.write_bytes(file.getvalue())
    with pytest.raises(ValueError, match=r"must hold a\.jpg once, got it again at 1024"):
        list(read_shard(path))


def test_keys_that_readers_would_split_are_refused() -> None:
    writer = ShardWriter(io.BytesIO())
    for key in ("a.b", "", "a/b", "é", "a" * 81):
        with pytest.raises(ValueError, match="key must be 1 to 80 of"):
            writer.add(key, {"jpg": b""})
    with pytest.raises(ValueError, match="a: suffix must be lower case with one dot, got 'JPG'"):
        writer.add("a", {"JPG": b""})


def test_a_place_that_is_no_sample_is_refused(shard: Path) -> None:
    first = written()[1][0]
    with pytest.raises(ValueError, match="must hold a tar header at byte 100"):
        read_sample(shard, 100, 512)
    with pytest.raises(ValueError, match=r"must hold one sample of \d+ bytes at 0"):
        read_sample(shard, 0, first.size + 512)


def test_what_follows_the_end_is_not_read_however_long_it_is(shard: Path) -> None:
    with open(shard, "ab") as file:
        file.truncate(file.tell() + 2**28)
    tracemalloc.start()
    with pytest.raises(ValueError, match="must end in 1024 zero bytes after byte"):
        list(read_shard(shard))
    _, highest = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert highest < 2**20
