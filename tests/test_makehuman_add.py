"""Adding the MakeHuman pack: every file checked, all of it there or nothing, and zips safe."""

import hashlib
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from assets import added, makehuman
from assets.makehuman import Known
from scripts import cli
from tests.packs import SHARED, forget, needs_shared, write_pack
from tests.runs import ROOT, hashes

HAIR = "hair/short01/short01.obj"


@pytest.fixture
def pack(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A tiny pack whose hashes are the known ones, and an empty folder to add it to."""
    table = write_pack(tmp_path / "pack")
    monkeypatch.setattr(makehuman, "known", lambda: table)
    monkeypatch.setenv(added.VARIABLE, str(tmp_path / "added"))
    forget()
    return tmp_path / "pack"


def zipped(pack: Path, path: Path, inside: str = "") -> Path:
    """A zip of a folder, its names below `inside`."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in sorted(pack.rglob("*.*")):
            archive.write(file, inside + file.relative_to(pack).as_posix())
    return path


def kept(place: Path) -> dict[str, str]:
    """What lies in the user's folder, by hash."""
    return hashes(place) if place.exists() else {}


def test_folder_and_zip_are_taken_alike_wherever_they_lie_below_the_root(
    pack: Path, tmp_path: Path
) -> None:
    (pack / "skins").mkdir()
    (pack / "skins" / "old.png").write_bytes(b"x")
    (pack / "hair" / "short01" / "short01.thumb").write_bytes(b"x")
    taken = makehuman.add(pack.parent)
    whole = hashes(tmp_path / "added" / "makehuman")
    assert taken.files == tuple(makehuman.known()) == tuple(whole)
    assert taken.ignored == 2
    assert whole == {name: file.sha256 for name, file in makehuman.known().items()}
    first = makehuman.sha256()
    shutil.rmtree(tmp_path / "added")
    taken = makehuman.add(zipped(pack, tmp_path / "p.zip", "system assets/data/"))
    assert (len(taken.files), taken.ignored) == (12, 2)
    assert hashes(tmp_path / "added" / "makehuman") == whole
    assert makehuman.sha256() == first
    assert makehuman.pieces("hair") == ("short01",)


@pytest.mark.parametrize("kind", ["folder", "zip"])
def test_a_file_with_other_bytes_is_named_and_nothing_is_taken(
    pack: Path, tmp_path: Path, kind: str
) -> None:
    makehuman.add(pack)
    before = kept(tmp_path / "added")
    file = pack / HAIR
    data = file.read_bytes()
    file.write_bytes(b"!" + data[1:])
    source = pack if kind == "folder" else zipped(pack, tmp_path / "p.zip", "a/")
    got = hashlib.sha256(file.read_bytes()).hexdigest()
    text = f"{HAIR} must have sha256 {hashlib.sha256(data).hexdigest()}, got {got}"
    with pytest.raises(ValueError, match=text):
        makehuman.add(source)
    assert kept(tmp_path / "added") == before != {}


def test_a_piece_that_is_not_complete_names_what_is_missing(pack: Path, tmp_path: Path) -> None:
    (pack / "hair/short01/short01.mhmat").unlink()
    text = r"must hold hair/short01/short01.mhmat beside the other files of hair/short01, got none"
    with pytest.raises(ValueError, match=text):
        makehuman.add(pack)
    assert kept(tmp_path / "added") == {}
    # A piece that is wholly absent is no fault, and what was added before stays.
    shutil.rmtree(pack / "hair")
    makehuman.add(pack)
    assert makehuman.pieces("hair") == ()
    other = makehuman.sha256()
    table = write_pack(tmp_path / "again")
    assert table == makehuman.known()
    shutil.rmtree(tmp_path / "again" / "eyebrows")
    makehuman.add(tmp_path / "again")
    assert makehuman.pieces("hair") == ("short01",)
    assert makehuman.pieces("eyebrows") == ("eyebrow001",)
    assert makehuman.sha256() != other


def test_what_is_no_pack_is_refused(pack: Path, tmp_path: Path) -> None:
    (tmp_path / "none").mkdir()
    with pytest.raises(ValueError, match=r"none must hold files of the pack such as \S+, got none"):
        makehuman.add(tmp_path / "none")
    (tmp_path / "text.zip").write_text("no zip")
    with pytest.raises(ValueError, match=r"text.zip must be a zip or a folder: "):
        makehuman.add(tmp_path / "text.zip")
    with pytest.raises(FileNotFoundError):
        makehuman.add(tmp_path / "nowhere")
    shutil.copytree(pack, pack / "copy")
    with pytest.raises(ValueError, match=r"must hold eyebrows/\S+ once, got copy/\S+ and eye"):
        makehuman.add(pack)
    assert kept(tmp_path / "added") == {}


@pytest.mark.parametrize(
    "name", ["../{}", "a/../../{}", "/{}", "C:/{}", "a\\..\\{}", "..\\hair\\short01\\x.obj"]
)
def test_a_zip_whose_names_lead_out_of_it_is_refused(pack: Path, tmp_path: Path, name: str) -> None:
    path = zipped(pack, tmp_path / "p.zip")
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr(name.format("evil/short01/x.obj"), b"x")
    before = set(tmp_path.rglob("*"))
    with pytest.raises(ValueError, match=r"p.zip must have names inside the archive, got '"):
        makehuman.add(path)
    assert set(tmp_path.rglob("*")) == before


def test_a_zip_bomb_is_read_no_further_than_the_known_size(
    pack: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "bomb.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in sorted(pack.rglob("*.*")):
            name = file.relative_to(pack).as_posix()
            data = bytes(60_000_000) if name.endswith("001.obj") else file.read_bytes()
            archive.writestr(name, data)
    assert path.stat().st_size < 200_000
    read: list[int] = []
    true_read = zipfile.ZipExtFile.read

    def counted(self: zipfile.ZipExtFile, n: int | None = -1) -> bytes:
        data = true_read(self, n)
        read.append(len(data))
        return data

    monkeypatch.setattr(zipfile.ZipExtFile, "read", counted)
    size = makehuman.known()["eyebrows/eyebrow001/eyebrow001.obj"].size
    with pytest.raises(ValueError, match=rf"001.obj must have {size} bytes, got more"):
        makehuman.add(path)
    assert 0 < sum(read) < 100_000
    assert kept(tmp_path / "added") == {}


def test_damaged_and_encrypted_members_are_named(pack: Path, tmp_path: Path) -> None:
    whole = zipped(pack, tmp_path / "p.zip").read_bytes()
    with zipfile.ZipFile(tmp_path / "p.zip") as archive:
        member = archive.getinfo(HAIR)
    at = member.header_offset + 30 + len(HAIR) + member.compress_size // 2
    (tmp_path / "p.zip").write_bytes(whole[:at] + bytes(40) + whole[at + 40 :])
    with pytest.raises(ValueError, match=rf"p.zip: {HAIR} must be a member that can be read: "):
        makehuman.add(tmp_path / "p.zip")
    data = bytearray(whole)
    central = data.rindex(b"PK\x01\x02", 0, data.rindex(HAIR.encode()))
    data[central + 8] |= 1
    (tmp_path / "p.zip").write_bytes(data)
    with pytest.raises(ValueError, match=rf"{HAIR} must be a member .* encrypted"):
        makehuman.add(tmp_path / "p.zip")
    assert kept(tmp_path / "added") == {}


KILLED = """
import json, os, sys
from pathlib import Path
from assets import added, makehuman
from assets.makehuman import Known
rows = json.loads(sys.argv[2])
makehuman.known = lambda: {name: Known(*row) for name, row in rows.items()}
left = [int(sys.argv[3])]
def die(true):
    def wrapped(*given):
        if left[0] == 0:
            os._exit(9)
        left[0] -= 1
        return true(*given)
    return wrapped
makehuman._copy = die(makehuman._copy)
Path.rename = die(Path.rename)
makehuman.add(Path(sys.argv[1]))
"""


@pytest.mark.parametrize("steps", [5, 12, 13])
@pytest.mark.parametrize("again", [False, True])
def test_a_kill_leaves_what_was_there_or_all_of_it(
    pack: Path, tmp_path: Path, steps: int, again: bool
) -> None:
    import json

    if again:
        makehuman.add(pack)
    before = kept(tmp_path / "added" / "makehuman")
    rows = {name: (file.size, file.sha256) for name, file in makehuman.known().items()}
    given = [sys.executable, "-c", KILLED, str(pack), json.dumps(rows), str(steps)]
    done = subprocess.run(given, cwd=ROOT, env=os.environ, check=False)
    # Twelve files, then one rename (two where another pack has to make way).
    finished = steps == 13 and not again
    assert done.returncode == (0 if finished else 9)
    after = kept(tmp_path / "added" / "makehuman")
    assert after in ({}, before) if not finished else len(after) == 12
    makehuman.add(pack)
    assert len(kept(tmp_path / "added")) == 12
    assert [path.name for path in (tmp_path / "added").iterdir()] == ["makehuman"]


def test_what_was_there_comes_back_after_a_kill_between_two_renames(
    pack: Path, tmp_path: Path
) -> None:
    makehuman.add(pack)
    place = tmp_path / "added" / "makehuman"
    before = kept(place)
    place.rename(place.with_name("makehuman.old"))
    shutil.rmtree(pack / "hair")
    makehuman.add(pack)
    assert kept(place) == before


def test_what_was_there_stays_where_the_new_cannot_take_its_place(
    pack: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    makehuman.add(pack)
    before = kept(tmp_path / "added")
    rename = Path.rename

    def full(self: Path, target: Path) -> Path:
        if self.name == "makehuman.half":
            raise OSError(28, "No space left on device", str(self))
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", full)
    with pytest.raises(OSError, match="No space left on device"):
        makehuman.add(pack)
    assert kept(tmp_path / "added") == before


def test_files_are_held_to_their_hashes_when_they_are_used(pack: Path, tmp_path: Path) -> None:
    makehuman.add(pack)
    file = tmp_path / "added" / "makehuman" / HAIR
    file.write_bytes(file.read_bytes() + b"\n")
    forget()
    with pytest.raises(ValueError, match=rf"{HAIR} must have sha256 \w+, got \w+$"):
        makehuman.sha256()
    file.rename(file.with_name("other.obj"))
    with pytest.raises(ValueError, match=r"other.obj must be a file that was added, got one"):
        makehuman.sha256()


def test_where_added_files_lie(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv(added.VARIABLE, raising=False)
    monkeypatch.delenv("XDG_DATA_HOME", raising=False)
    assert added.root() == tmp_path / ".local/share/pain3d"
    monkeypatch.setenv("XDG_DATA_HOME", "/data")
    assert added.root() == Path("/data/pain3d")
    monkeypatch.setenv(added.VARIABLE, str(tmp_path / "mine"))
    assert added.root() == tmp_path / "mine"
    text = rf"^hair makehuman needs what is not in {tmp_path}/mine/makehuman: "
    with pytest.raises(ValueError, match=text + "pain3d assets add makehuman PATH puts it there$"):
        added.folder("makehuman", "hair makehuman")


def test_the_command_says_what_was_taken_and_what_is_there(
    pack: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.run(["assets", "list"]) == 0
    assert "not added: pain3d assets add makehuman PATH" in capsys.readouterr().out
    (pack / "notes.txt").write_text("x")
    assert cli.run(["assets", "add", "makehuman", str(pack)]) == 0
    said = capsys.readouterr().out
    assert "taken      12 files" in said
    assert "ignored    1 others" in said
    assert cli.run(["assets", "list"]) == 0
    listed = capsys.readouterr().out
    assert said.endswith(listed)
    assert f"sha256     {makehuman.sha256()}" in listed
    assert "eyebrows   eyebrow001\n" in listed
    assert cli.run(["assets", "add", "makehuman", "nowhere"]) == 1
    assert capsys.readouterr().err == "pain3d assets: nowhere: No such file or directory\n"


@needs_shared
def test_the_table_holds_the_official_hashes() -> None:
    lines = (SHARED / "OFFICIAL.sha256").read_text().splitlines()
    official = {name: digest for digest, name in (line.split() for line in lines)}
    table = makehuman.known()
    pictures = [name for name in table if name.endswith(".png")]
    assert len(table) == 4 * len(pictures) == 96
    assert {name: table[name].sha256 for name in pictures} == {n: official[n] for n in pictures}
    lines = (SHARED / "SHA256SUMS").read_text().splitlines()
    there = {name.lstrip("*"): digest for digest, name in (line.split() for line in lines)}
    assert {name: Known(file.size, there[name]) for name, file in table.items()} == dict(table)
