"""Folders of pictures with OpenFace's CSVs to shards, and a list of labels by people."""

import re
from pathlib import Path

import cv2
import numpy as np
import pytest

from assets.facs import OPENFACE_AUS
from generator.importers import sources
from generator.importers.config import Wanted
from generator.importers.sources import WithOpenFace
from tests.imported import known, make, mapped, pixels, report, samples, told
from tests.unbc_files import picture, points, write
from vitpain.data import neutrals
from vitpain.data.frames import open_frames

WHOLE = Wanted(crop="none", size=64)
NONE = WithOpenFace()


def pictures(root: Path, folder: str, names: list[str]) -> None:
    for blue, name in enumerate(names, start=1):
        data = cv2.imencode(Path(name).suffix, picture(10 * blue)[..., ::-1])[1].tobytes()
        write(root / folder / name, data)


def table(
    path: Path, rows: dict[int, dict[int, float] | None], marks: np.ndarray | None = None
) -> None:
    """A CSV of FeatureExtraction: a row without action units is one of success 0."""
    names = ["frame", "face_id", "timestamp", "confidence", "success"]
    names += [f"{axis}_{n}" for axis in "xy" for n in range(68 if marks is not None else 0)]
    names += [f"AU{au:02d}_r" for au in OPENFACE_AUS] + [f"AU{au:02d}_c" for au in OPENFACE_AUS]
    lines = [", ".join(names)]
    for frame, aus in rows.items():
        values = [frame, 0, 0.0, 0.9, int(aus is not None)]
        values += [] if marks is None else marks.T.ravel().tolist()
        values += [(aus or {}).get(au, 0.0) for au in OPENFACE_AUS] + [1.0] * len(OPENFACE_AUS)
        lines.append(", ".join(map(str, values)))
    write(path, ("\n".join(lines) + "\n").encode())


@pytest.fixture
def src(tmp_path: Path) -> Path:
    """Two folders; names of pictures sort otherwise than their numbers."""
    root = tmp_path / "src"
    pictures(root, "anna/day1", ["b10.png", "b2.png", "c1.jpg"])
    table(root / "anna" / "day1.csv", {1: {4: 1.5, 45: 0.25}, 2: None, 3: {12: 5.0}})
    pictures(root, "bert", ["1.png", "2.png"])
    table(root / "bert" / "bert.csv", {1: {6: 0.5}})
    return root


READ_ZERO = dict.fromkeys(OPENFACE_AUS, 0.0)


def test_rows_go_to_pictures_in_the_order_of_names(src: Path, tmp_path: Path) -> None:
    out = make(sources.of_openface(src, WHOLE, NONE), tmp_path / "out")
    read = {(one.record.sequence, one.record.frame): one for one in samples(out).values()}
    expected = {
        ("anna/day1", 1): {**READ_ZERO, 4: 1.5, 45: 0.25},
        ("anna/day1", 2): None,
        ("anna/day1", 3): {**READ_ZERO, 12: 5.0},
        ("bert", 1): {**READ_ZERO, 6: 0.5},
        ("bert", 2): None,
    }
    assert set(read) == set(expected)
    for place, aus in expected.items():
        record = read[place].record
        assert (record.identity, record.source, record.kind) == (place[0], "openface", "real")
        assert record.pspi is record.aus.manual is None
        if aus is None:
            assert record.label_source is record.aus.openface is None
        else:
            assert record.label_source == "openface"
            assert known(record) == aus
        assert abs(pixels(read[place])[..., 2].mean() - 10 * place[1]) < 2.0
    assert told(out, "not_found") == [
        ("b2.png", "OpenFace must have found a face; its labels are null", "success 0"),
        ("2.png", "frame 2 must be in bert.csv; its labels are null", "no row"),
    ]
    assert report(out)["figures"]["pictures with AUs"] == 3
    frames = open_frames([out])
    assert neutrals.find(frames).people["none"] == 2


def test_broken_rows_and_files_cost_their_own_labels_alone(src: Path, tmp_path: Path) -> None:
    path = src / "anna" / "day1.csv"
    lines = path.read_text().splitlines()
    lines[1] = lines[1].replace("1.5", "5.5", 1)
    lines[3] = lines[3].replace("5.0", "nan", 1)
    path.write_text("\n".join(lines))
    (src / "bert" / "bert.csv").write_text("frame, success\n1, 1\n")
    (src / "bert" / "1.png").write_bytes(b"\x89PNG")
    out = make(sources.of_openface(src, WHOLE, NONE), tmp_path / "out")
    first = "AU01_r, AU02_r, AU04_r, AU05_r"
    assert told(out, "labels") == [
        ("b10.png", "day1.csv: line 2: AU4 must be from 0 to 5", "5.5"),
        ("c1.jpg", "day1.csv: line 4 must hold numbers", "'nan'"),
        ("bert.csv", "must have the columns of OpenFace 2", f"none named {first}"),
    ]
    assert [name for name, _, _ in told(out, "unreadable")] == ["1.png"]
    read = samples(out)
    assert len(read) == 4
    assert all(one.record.label_source is None for one in read.values())


def test_where_csvs_are_looked_for(src: Path, tmp_path: Path) -> None:
    csvs = tmp_path / "csvs"
    for sequence in ("anna/day1", "bert"):
        table(csvs / f"{sequence}.csv", {frame: {1: 2.0} for frame in (1, 2, 3)})
    beside = make(sources.of_openface(src, WHOLE, WithOpenFace(csv=csvs)), tmp_path / "beside")
    for one in samples(beside).values():
        assert known(one.record)[1] == 2.0
    (src / "anna" / "day1.csv").unlink()
    (src / "bert" / "bert.csv").unlink()
    table(src / "processed" / "day1.csv", {1: {2: 3.0}})
    table(src / "bert" / "whatever.csv", {1: {2: 4.0}})
    found = sources.openface.source(sources.of_openface(src, Wanted("none", size=65), NONE)).tables
    assert found == {
        "anna/day1": src / "processed" / "day1.csv",
        "bert": src / "bert" / "whatever.csv",
    }
    # A list of labels in the folder is no CSV of OpenFace; a second one leaves the choice open.
    labels = src / "bert" / "labels.csv"
    labels.write_text("sequence,frame\n")
    config = sources.of_openface(src, WHOLE, WithOpenFace(labels=labels))
    assert sources.openface.source(config).tables == found
    labels.unlink()
    table(src / "bert" / "other.csv", {1: {2: 4.0}})
    out = make(sources.of_openface(src, WHOLE, NONE), tmp_path / "out")
    assert told(out, "missing") == [("bert", "must have a CSV of OpenFace", "no file")]


def test_faces_are_cut_by_landmarks_where_every_csv_has_them(src: Path, tmp_path: Path) -> None:
    assert sources.of_openface(src, Wanted(), NONE).crop == "detector"
    with pytest.raises(ValueError, match=r"must have landmarks \(x_0 \.\.\.\) in every CSV where"):
        sources.of_openface(src, Wanted(crop="landmarks"), NONE)
    marks = points(50.0, 30.0, 68)
    table(src / "anna" / "day1.csv", {1: {4: 1.5}, 2: None, 3: {12: 5.0}}, marks)
    assert sources.of_openface(src, Wanted(size=65), NONE).crop == "detector"
    table(src / "bert" / "bert.csv", {1: {6: 0.5}}, marks)
    config = sources.of_openface(src, Wanted(size=64, margin=0.0), NONE)
    assert (config.crop, config.margin) == ("landmarks", 0.0)
    out = make(config, tmp_path / "out")
    read = samples(out)
    assert len(read) == 3
    for one in read.values():
        record = one.record
        assert record.landmarks is not None
        assert record.landmarks.scheme == "ibug68"
        np.testing.assert_allclose(
            np.array(record.landmarks.points), mapped(record, marks), atol=1e-9
        )
        corners = np.array(record.landmarks.points)[[36, 45]]
        np.testing.assert_allclose(corners[1] - corners[0], [64 / 1.9, 0.0], atol=1e-9)
    assert [name for name, _, _ in told(out, "no_face")] == ["b2.png", "2.png"]


def test_a_list_of_labels_by_people(src: Path, tmp_path: Path) -> None:
    labels = src / "labels.csv"
    labels.write_text(
        "Sequence,frame,subject,PSPI,AU4,AU_06,AU07_r,AU9,AU10,AU43,mood\n"
        "anna/day1,1,anna,6,2,1,3,0,1,0,bad\n"
        "anna/day1,2,anna,3,,,,,,,\n"
        "anna/day1,3,bert,0,0,0,0,0,0,0,\n"
        "bert,1,bert,9,1,0,0,0,0,1,\n"
        "bert,2,bert,17,,,,,,,\n"
        "bert,7,bert,1,,,,,,,\n"
        "bert,x,bert,1,,,,,,,\n"
        "bert,1,bert,1,,,,,,,\n"
    )
    told_of = WithOpenFace(labels=labels, source="ward")
    out = make(sources.of_openface(src, WHOLE, told_of), tmp_path / "out")
    records = {(one.record.sequence, one.record.frame): one.record for one in samples(out).values()}
    aus = dict(zip((4, 6, 7, 9, 10, 43), (2.0, 1.0, 3.0, 0.0, 1.0, 0.0), strict=True))
    first = records["anna/day1", 1]
    assert known(first) == aus
    assert (first.identity, first.pspi, first.source) == ("anna", 6.0, "ward")
    assert first.label_source == "manual"
    # What OpenFace read stays beside it.
    assert first.aus.openface is not None
    assert first.aus.openface.label[4] == 1.5
    second = records["anna/day1", 2]
    assert (second.identity, second.pspi, known(second)) == ("anna", 3.0, {})
    third = records["anna/day1", 3]
    assert (third.identity, third.pspi) == ("bert", 0.0)
    assert records["bert", 1].pspi == 2.0
    last = records["bert", 2]
    # Its row is refused, so that nobody says who it is but its folder.
    assert (last.identity, last.pspi, last.label_source) == ("bert", None, None)
    assert told(out, "pspi") == [("1.png", "must be 2, as its action units say", "9")]
    assert sorted(told(out, "labels")) == [
        ("labels.csv", "line 6: pspi must be from 0 to 16", "17"),
        ("labels.csv", "line 8: frame must be a whole number from 1", "'x'"),
        ("labels.csv", "line 9 must be the one of its frame", "a second"),
    ]
    assert sorted(told(out, "ignored")) == [
        ("bert", "rows must be of a picture", "frame 7"),
        ("labels.csv", "columns must be subject, sequence, frame, pspi or of a known AU", "mood"),
    ]
    frames = open_frames([out])
    chosen = frames.keys(np.flatnonzero(neutrals.find(frames).chosen))
    assert len(chosen) == 1
    assert frames.subject[neutrals.find(frames).chosen].tolist() == ["bert"]


def test_every_picture_is_somebody_else_by_option(tmp_path: Path) -> None:
    root = tmp_path / "emotionet"
    pictures(root, ".", ["N_1.jpg", "N_2.jpg", "N_2.png"])
    table(root / "emotionet.csv", {1: {4: 1.0}, 2: {4: 2.0}, 3: {4: 3.0}})
    config = sources.of_openface(root, WHOLE, WithOpenFace(person="picture"))
    assert config.people_per_shard == 1000
    out = make(config, tmp_path / "out")
    read = samples(out)
    assert {one.record.identity: known(one.record)[4] for one in read.values()} == {
        "N_1.jpg": 1.0,
        "N_2.jpg": 2.0,
        "N_2.png": 3.0,
    }
    assert {"N_1", "N_2"} < set(read)
    assert len(list(out.glob("*.tar"))) == 1
    folder = make(sources.of_openface(root, WHOLE, NONE), tmp_path / "folder")
    assert {one.record.identity for one in samples(folder).values()} == {"openface"}


def test_pictures_of_the_root_and_of_folders_have_keys_of_their_own(tmp_path: Path) -> None:
    pictures(tmp_path / "src", ".", ["a_b.png"])
    pictures(tmp_path / "src", "a", ["b.png"])
    pictures(tmp_path / "src", "a/b", ["c.png"])
    read = samples(make(sources.of_openface(tmp_path / "src", WHOLE, NONE), tmp_path / "out"))
    assert len(read) == 3
    assert {one.record.sequence for one in read.values()} == {".", "a", "a/b"}


def test_sources_that_are_none(src: Path, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(
        ValueError, match=r"must hold pictures \(.png, .*, in it or in folders, got"
    ):
        sources.of_openface(tmp_path / "empty", Wanted(), NONE)
    with pytest.raises(
        ValueError, match=r"csv must be a folder of CSVs of OpenFace, got .*nowhere"
    ):
        sources.of_openface(src, WHOLE, WithOpenFace(csv=tmp_path / "nowhere"))
    for name in ("3d", "unbc-surrogate"):
        with pytest.raises(ValueError, match=f"source must be another name than .* got {name}"):
            sources.of_openface(src, WHOLE, WithOpenFace(source=name))
    for name in ("", "n" * 81, "two\nlines"):
        rule = re.escape(f"source must be a name of 1 to 80 letters, got {name!r}")
        with pytest.raises(ValueError, match=rule):
            sources.of_openface(src, WHOLE, WithOpenFace(source=name))
    for name in ("n", "n" * 80):
        assert sources.of_openface(src, WHOLE, WithOpenFace(source=name)).source == name
    labels = tmp_path / "labels.csv"
    labels.write_text("subject,pspi\n")
    with pytest.raises(
        ValueError, match=r"labels.csv must have the columns .*none named sequence, f"
    ):
        make(sources.of_openface(src, WHOLE, WithOpenFace(labels=labels)), tmp_path / "out")


def test_a_stand_in_is_one_whichever_way_it_is_read(src: Path, tmp_path: Path) -> None:
    (src.parent / "SURROGATE.json").write_text('{"finished": true}')
    config = sources.of_openface(src, WHOLE, WithOpenFace(source="mine"))
    assert (config.source, config.surrogate) == ("unbc-surrogate", True)
    out = make(config, tmp_path / "out")
    assert {one.record.source for one in samples(out).values()} == {"unbc-surrogate"}
    assert "nobody in it exists" in (out / "README.md").read_text()


def test_a_row_that_ends_early_is_told_and_the_rest_goes_on(src: Path, tmp_path: Path) -> None:
    labels = tmp_path / "labels.csv"
    labels.write_text("frame,pspi,sequence\n2\n1,3,bert\n" + "9" * 6000 + ",1,bert\n")
    config = sources.of_openface(src, WHOLE, WithOpenFace(labels=labels))
    out = make(config, tmp_path / "out")
    rules = [rule for _, rule, _ in told(out, "labels")]
    assert any("must have a sequence" in rule for rule in rules)
    assert any("frame must be a whole number from 1" in rule for rule in rules)
    (one,) = [one for one in samples(out).values() if one.record.pspi is not None]
    assert (one.record.sequence, one.record.pspi) == ("bert", 3.0)
