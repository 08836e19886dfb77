"""OpenFace's readings of exported pictures, back in the data set: each at its own picture."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from assets.facs import AUS, OPENFACE_AUS
from generator.attach_openface import PRODUCER, REPORT, AttachConfig
from generator.export_frames import export
from generator.jobs import Run, generate
from generator.shards.derived import read_derived
from generator.shards.folder import CONFIG, open_folder
from generator.shards.record import Record, Sample
from generator.shards.verify import verify
from scripts import cli
from scripts.attach_openface import main
from tests import turned_faces
from tests.imported import here, samples
from tests.runs import hashes, ignore
from tests.turned_faces import faces

HEADER = ["frame", "face_id", "timestamp", "confidence", "success"]
HEADER += [f"AU{au:02d}_r" for au in OPENFACE_AUS]


def reading(key: str) -> dict[int, float]:
    """What our OpenFace says of a picture, and of no other."""
    seed = sum(ord(letter) * place for place, letter in enumerate(key, start=1))
    return {au: (seed * au) % 500 / 100 for au in OPENFACE_AUS}


def line(number: int, key: str, success: int = 1) -> str:
    values = reading(key) if success else dict.fromkeys(OPENFACE_AUS, 0.0)
    words = [str(number), "0", "0.0", "0.9", str(success)]
    return ", ".join([*words, *(f"{value:.2f}" for value in values.values())])


def read_folder(folder: Path, lost: tuple[str, ...] = ()) -> str:
    """The CSV of a folder of pictures, read in the order in which the folder lists them."""
    keys = [path.stem for path in sorted(folder.iterdir())]
    lines = [line(number, key, int(key not in lost)) for number, key in enumerate(keys, start=1)]
    return "\n".join([", ".join(HEADER), *lines, ""])


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    with here():
        return faces(tmp_path_factory.mktemp("attach") / "data", size=64)


@pytest.fixture(scope="module")
def frames(data: Path) -> Path:
    out = data.with_name("frames")
    export(data, out, ignore)
    return out


@pytest.fixture
def csv(frames: Path, tmp_path: Path) -> Path:
    folder = tmp_path / "csv"
    folder.mkdir()
    for pictures in frames.iterdir():
        (folder / f"{pictures.name}.csv").write_text(read_folder(pictures))
    return folder


def attach(data: Path, csv: Path, out: Path, people_per_shard: int = 1) -> Path:
    config = AttachConfig(data, csv, people_per_shard)
    with here():
        generate(config, PRODUCER, Run(out), ignore)
    assert verify(out, ignore).faults == []
    return out


def openface(record: Record) -> dict[int, float | None] | None:
    codes = record.aus.openface
    return None if codes is None else codes.label


def report(out: Path) -> dict[str, Any]:
    return json.loads((out / REPORT).read_text())


def test_every_picture_has_its_own_reading_and_nothing_else_changes(
    data: Path, csv: Path, tmp_path: Path
) -> None:
    out = attach(data, csv, tmp_path / "out")
    before, after = samples(data), samples(out)
    assert list(before) == list(after)
    assert len(after) == 15
    for key, sample in after.items():
        first = before[key]
        assert sample.members == first.members
        wanted = {au: reading(key).get(au) for au in AUS}
        assert openface(sample.record) == wanted
        assert sample.record.aus.openface is not None
        assert set(sample.record.aus.openface.left.values()) == {None}
        aus = replace(sample.record.aus, openface=None)
        assert replace(sample.record, aus=aus) == first.record
    assert report(out)["figures"]["pictures with action units of OpenFace"] == 15
    derived = read_derived(json.loads((out / CONFIG).read_text()), "config")
    assert derived is not None
    assert (derived.step, derived.registered, derived.size) == ("attach-openface", None, 0)
    assert derived.csv is not None


def test_labels_of_nobody_become_those_of_openface(frames: Path, csv: Path, tmp_path: Path) -> None:
    def unlabelled(config: turned_faces.FacesConfig, index: int) -> list[Sample]:
        made = turned_faces.make_person(config, index)
        return [replace(one, record=bare_of(one.record)) for one in made]

    def bare_of(record: Record) -> Record:
        aus = replace(record.aus, target=None)
        return replace(record, aus=aus, label_source=None, pspi=None, kind="real", neutral_key=None)

    with here():
        bare = faces(
            tmp_path / "bare", replace(turned_faces.PRODUCER, make_person=unlabelled), size=64
        )
    (name,) = [path.name for path in frames.iterdir() if path.name.startswith("s0")]
    lost = sorted(path.stem for path in (frames / name).iterdir())[1]
    (csv / f"{name}.csv").write_text(read_folder(frames / name, (lost,)))
    out = attach(bare, csv, tmp_path / "out")
    rows = {row["key"]: row for row in open_folder(out).index.to_pylist()}
    for key, sample in samples(out).items():
        expected = None if key == lost else "openface"
        assert sample.record.label_source == rows[key]["label_source"] == expected
        assert sample.record.pspi is None
        assert rows[key]["au12"] == (None if key == lost else reading(key)[12])
        assert rows[key]["au43"] is None


def test_what_has_no_reading_is_null_and_counted(
    data: Path, frames: Path, csv: Path, tmp_path: Path
) -> None:
    first, second, third = sorted(path.name for path in frames.iterdir())
    keys = {
        name: sorted(path.stem for path in (frames / name).iterdir()) for name in (first, third)
    }
    (csv / f"{second}.csv").unlink()
    lines = read_folder(frames / first, (keys[first][0],)).splitlines()
    lines[2] = lines[2].rsplit(",", 1)[0] + ", 7.50"
    (csv / f"{first}.csv").write_text("\n".join(lines[:-1]) + "\n")
    (csv / f"{third}.csv").write_text("frame, success\n1, 1\n")
    out = attach(data, csv, tmp_path / "out", people_per_shard=3)
    known = {key: openface(sample.record) is not None for key, sample in samples(out).items()}
    assert {key for key, there in known.items() if there} == set(keys[first][2:4])
    told = report(out)
    figures = told["figures"]
    assert figures["pictures without a CSV of their folder, null"] == 5
    assert figures["pictures in which no face was found, null"] == 1
    assert figures["pictures without a row, null"] == 1
    assert figures["pictures whose row is refused, null"] == 1 + 5
    assert told["missing"] == [f"{second}.csv"]
    assert told["notes"]["not_found"][0]["key"] == keys[first][0]
    rules = {one["key"]: one["rule"] for one in told["notes"]["refused"]}
    assert "AU45 must be from 0 to 5" in rules[keys[first][1]]
    assert all("must have the columns of OpenFace 2" in rules[key] for key in keys[third])


def test_rows_of_other_pictures_are_not_attached(
    data: Path, frames: Path, csv: Path, tmp_path: Path
) -> None:
    name = sorted(path.name for path in frames.iterdir())[0]
    text = (csv / f"{name}.csv").read_text()
    (csv / f"{name}.csv").write_text(text + line(6, "another") + "\n")
    out = attach(data, csv, tmp_path / "out")
    refused = report(out)["notes"]["refused"]
    assert len(refused) == 5
    assert refused[0]["rule"] == f"{name}.csv must have the 5 rows of its pictures"
    assert refused[0]["value"] == "6"


def test_the_command_prints_figures_and_names_what_is_wrong(
    data: Path, csv: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out, empty = tmp_path / "out", tmp_path / "empty"
    empty.mkdir()

    def run(*more: str) -> tuple[int, str, str]:
        arguments = ["--data", str(data), "--out", str(out), *more]
        code = cli.reported("attach-openface", lambda: main(arguments))
        said = capsys.readouterr()
        return code, said.out, said.err

    code, _, errors = run("--csv", str(tmp_path / "none"))
    assert code == 1
    assert "csv must be a folder of CSVs of OpenFace" in errors
    code, _, errors = run("--csv", str(empty))
    assert code == 1
    assert "must hold a CSV a folder of exported pictures, such as" in errors
    assert errors.endswith(".csv, got none\n")
    assert not out.exists() or not list(out.iterdir())
    with here():
        code, said, errors = run("--csv", str(csv), "--json", str(tmp_path / "figures.json"))
    assert code == 0, errors
    assert "pictures with action units of OpenFace        15" in said
    figures = json.loads((tmp_path / "figures.json").read_text())
    assert figures["CSVs read"] == 3
    with here():
        other = attach(data, csv, tmp_path / "again")
    assert hashes(other) == hashes(out)
