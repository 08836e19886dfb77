"""UNBC-McMaster's raw layout to shards: labels, what is missing, oddities, cut faces."""

import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from assets import face_crop
from assets.facs import AUS
from assets.unbc import CODED
from generator.importers import sources
from generator.importers.config import Wanted
from generator.shards.record import PersonFacts, SequenceLabels
from tests import unbc_files
from tests.imported import (
    Samples,
    affine,
    known,
    make,
    mapped,
    original,
    pixels,
    report,
    samples,
    told,
    unverified,
)
from tests.runs import hashes
from tests.unbc_files import FIRST, ODD, SECOND, THIRD, Tree, points
from vitpain.data import neutrals
from vitpain.data.frames import open_frames

SMALL = Wanted(size=64)
NOTHING = dict.fromkeys(CODED, 0.0)


def key(sequence: str, number: int) -> str:
    subject, name = sequence.split("/")
    return f"{subject}_{name}_{name}{number:03d}"


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Tree:
    return unbc_files.small(tmp_path_factory.mktemp("unbc") / "src")


@pytest.fixture(scope="module")
def out(tree: Tree, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make(sources.of_unbc(tree.root, SMALL), tmp_path_factory.mktemp("unbc") / "out")


@pytest.fixture(scope="module")
def read(out: Path) -> Samples:
    return samples(out)


def test_action_units_and_pspi_of_every_frame(read: Samples) -> None:
    expected = {
        key(FIRST, 1): (NOTHING, 0.0),
        key(FIRST, 2): (
            {**NOTHING, 4: 2.0, 6: 1.0, 7: 3.0, 10: 1.0, 12: 2.0, 25: 1.0, 43: 1.0},
            7.0,
        ),
        key(FIRST, 3): ({**NOTHING, 4: 1.0}, 1.0),
        key(FIRST, 4): ({}, 2.0),
        key(ODD, 5): ({}, 5.0),
        key(ODD, 6): ({}, 0.0),
        key(ODD, 7): ({**NOTHING, 9: 2.0}, 2.0),
        key(ODD, 10): ({**NOTHING, 6: 5.0}, 5.0),
        key(THIRD, 1): ({**NOTHING, 43: 1.0}, 1.0),
        key(THIRD, 2): ({**NOTHING, 12: 4.0}, 0.0),
        key(THIRD, 3): (NOTHING, 0.0),
    }
    assert set(read) == {*expected, key(SECOND, 1)}
    for name, (aus, pspi) in expected.items():
        record = read[name].record
        assert known(record) == aus, name
        assert record.pspi == pspi, name
        assert record.label_source == "manual"
        assert record.aus.target is record.aus.openface is None
        assert record.aus.manual is not None
        assert set(record.aus.manual.left.values()) == {None}
        assert set(record.aus.manual.right.values()) == {None}
    record = read[key(SECOND, 1)].record
    assert (record.pspi, record.label_source, record.aus.manual) == (None, None, None)


def test_who_where_and_what_kind(read: Samples) -> None:
    for name, sample in read.items():
        record = sample.record
        subject, sequence, frame = name.split("_")
        assert (record.identity, record.sequence) == (subject, sequence)
        assert record.frame == int(frame.removeprefix(sequence))
        assert (record.split, record.kind, record.source) == ("train", "real", "unbc")
        assert record.fold is record.neutral_key is record.view is None
        assert record.person == PersonFacts()
        assert (record.width, record.height) == (64, 64)


def test_labels_of_sequences_are_kept(read: Samples) -> None:
    first = SequenceLabels(vas=6.5, opr=3.0, aff=11.0, sen=12.0)
    for number in (1, 2, 3, 4):
        assert read[key(FIRST, number)].record.sequence_labels == first
    assert read[key(SECOND, 1)].record.sequence_labels == SequenceLabels()
    assert read[key(THIRD, 1)].record.sequence_labels == SequenceLabels()


def test_the_crop_takes_landmarks_and_pixels_to_the_sample(read: Samples) -> None:
    for number in (1, 2, 3, 4):
        sample = read[key(FIRST, number)]
        record, given = sample.record, points(48.0 + number)
        assert record.landmarks is not None
        assert record.landmarks.scheme == "aam66"
        written = np.array([[float(f"{x:.7e}") for x in row] for row in given])
        kept = np.array(record.landmarks.points)
        np.testing.assert_allclose(kept, mapped(record, written), atol=1e-9)
        # 1.9 outer corners wide, and 0.4 more about it; lower than the eyes by 0.62 of the nose's.
        side = 1.9 * 20.0 * 1.4
        matrix = affine(record)
        np.testing.assert_allclose(matrix[:, :2], np.eye(2) * 64 / side, rtol=1e-6)
        middle = mapped(record, np.array([[48.0 + number, 36.0 + 0.62 * 11.0]]))
        np.testing.assert_allclose(middle, [[32.0, 32.0]], atol=1e-4)
        # Red and green say where a pixel is from: level 2 x lies at x + 0.5.
        drawn, place = pixels(sample).astype(float), original(record)
        inside = ((place > 1) & (place < [unbc_files.WIDTH - 1, unbc_files.HEIGHT - 1])).all(axis=2)
        assert inside.mean() > 0.9
        off = drawn[..., :2] - 2 * (place - 0.5)
        assert np.abs(off[inside]).max() < 5.0
        assert abs(off[inside].mean()) < 0.3
        assert abs(drawn[..., 2].mean() - number) < 1.5


def test_the_loader_cuts_the_face_that_the_original_has(read: Samples) -> None:
    for number in (1, 2):
        record = read[key(FIRST, number)].record
        assert record.landmarks is not None
        kept = face_crop.around(np.array(record.landmarks.points), "kept")
        given = face_crop.around(points(48.0 + number), "given")
        # Without its margin the stored picture is that square.
        np.testing.assert_allclose((kept.x, kept.y, kept.side), (32, 32, 64 / 1.4), atol=1e-4)
        np.testing.assert_allclose(
            mapped(record, np.array([[given.x, given.y]])), [[kept.x, kept.y]], atol=1e-4
        )


def test_pictures_left_out_are_named_with_rule_and_value(out: Path) -> None:
    assert told(out, "unreadable") == [
        (
            "jh043t1aeaff002.png",
            "must be a whole picture",
            "3903 bytes that do not decode to 96 x 80",
        ),
        (
            "jh043t1aeaff003.png",
            "must have at least 8 pixels a side and at most 50000000 in all",
            "1 x 1",
        ),
        (
            "jh043t1aeaff004.png",
            "must have at least 8 pixels a side and at most 50000000 in all",
            "60000 x 60000",
        ),
    ]
    assert told(out, "black") == [("jh043t1aeaff001.png", "must be lighter than 8", "8")]
    assert told(out, "no_face") == [
        ("ll042t1aaunaff002.png", "must have landmarks", "none"),
        ("jh043t1aeaff008.png", "must have landmarks", "none"),
        (
            "jh043t1aeaff009.png",
            "landmarks must lie in 96 x 80 pixels",
            f"{points(5000.0).min():g} to {points(5000.0).max():g}, 0 points inside",
        ),
    ]


def test_labels_refused_missing_and_disagreeing_are_listed(out: Path) -> None:
    assert told(out, "labels") == [
        ("ll042t1aaunaff.txt", "must be one number from 0 to 5", "9"),
        ("jh043t1aeaff005_facs.txt", "AU4 must be from 0 to 5", "7"),
        ("jh043t1aeaff006_facs.txt", "must hold numbers", "'no'"),
        ("jh043t1aeaff007_facs.txt", "must hold numbers", "'none'"),
        ("jh043t1aeaff008_aam.txt", "must hold numbers", "'nowhere'"),
    ]
    assert told(out, "pspi") == [
        ("ll042t1aaaff003_facs.txt", "must be 1, as its action units say", "3")
    ]
    assert told(out, "other_aus") == [
        (
            "ll042t1aaaff002_facs.txt",
            "rows must be of AUs that UNBC-McMaster codes to be kept",
            "AU1, AU50",
        )
    ]
    sided = told(out, "sides")
    assert [(name, value) for name, _, value in sided] == [("jl047t2afaff002_facs.txt", "AU12")]
    rule = " must be there; what it says is null"
    assert report(out)["missing"] == {
        f"FACS{rule}": 2,
        f"PSPI{rule}": 1,
        f"AAM_landmarks{rule}": 1,
        f"VAS{rule}": 3,
        f"OPR{rule}": 2,
        f"AFF{rule}": 3,
        f"SEN{rule}": 3,
    }
    names = [name for name, _, _ in told(out, "missing")]
    assert "ll042t1aaaff004_facs.txt" in names
    assert told(out, "ignored") == [
        ("dn124t1aaaff", "must have pictures", "none"),
        ("Thumbs.db", "must be the one picture of its frame", "Thumbs.db"),
        (
            "jl047t2afaff009_facs.txt",
            "must be of a frame with a picture",
            "jl047t2afaff009_facs.txt",
        ),
    ]


def test_the_report_counts_what_there_was(out: Path) -> None:
    whole = report(out)
    assert (whole["source"], whole["surrogate"], whole["layout"]) == ("unbc", False, "unbc")
    assert whole["figures"] == {
        "pictures in the source": 19,
        "pictures imported": 12,
        "people": 3,
        "sequences": 4,
        "pictures with PSPI": 11,
        "pictures with AUs": 8,
        "pictures left out: not readable": 3,
        "pictures left out: black": 1,
        "pictures left out: no face": 3,
        "pictures left out: not in one split": 0,
        "files missing": 15,
        "labels refused, null": 5,
        "PSPI unlike its AUs": 1,
        "frames with rows of other AUs": 1,
        "frames with rows that name a side": 1,
        "frames without OpenFace, null": 0,
        "files of no use": 3,
    }
    assert whole["people"] == {"042-ll042": 5, "043-jh043": 4, "047-jl047": 3}
    assert whole["pspi"] == {"null": 1, "0": 4, "1": 2, "2": 2, "5": 2, "7": 1}
    assert str(out.parent) not in json.dumps(whole)


def test_vitpain_opens_it_and_takes_still_faces_for_neutrals(out: Path) -> None:
    frames = open_frames([out])
    found = neutrals.find(frames)
    chosen = set(frames.keys(np.flatnonzero(found.chosen)))
    # Somebody without a still face has the frame of PSPI 0 whose action units nobody coded.
    assert chosen == {key(FIRST, 1), key(THIRD, 3), key(ODD, 6)}
    assert found.people == {"neutral": 0, "aus_zero": 2, "pspi_zero": 1, "none": 0}
    place = {name: row for row, name in enumerate(frames.keys(np.arange(len(frames))))}
    assert frames.aus[place[key(FIRST, 2)]].tolist() == [2.0, 1.0, 3.0, 0.0, 1.0, 1.0]
    assert np.isnan(frames.aus[place[key(FIRST, 4)]]).all()


def test_nested_folders_give_the_same_shards(out: Path, tmp_path: Path) -> None:
    nested = unbc_files.small(tmp_path / "src", nested=True)
    other = unverified(sources.of_unbc(nested.root, SMALL), tmp_path / "out")
    tars = {name: found for name, found in hashes(out).items() if name.endswith(".tar")}
    assert len(tars) == 3
    assert tars.items() <= hashes(other).items()


def test_where_it_lies_changes_no_byte(out: Path, tmp_path: Path) -> None:
    tree = unbc_files.small(tmp_path / "elsewhere")
    other = unverified(sources.of_unbc(tree.root, SMALL), tmp_path / "out")
    assert hashes(other) == hashes(out)


def test_links_to_folders_count_for_the_hash(tree: Tree, out: Path, tmp_path: Path) -> None:
    linked = tmp_path / "linked"
    linked.mkdir()
    for folder in tree.root.iterdir():
        (linked / folder.name).symlink_to(folder)
    (tmp_path / "linked" / "Images" / "042-ll042" / "loop").symlink_to(tree.images)
    try:
        first = hashes(unverified(sources.of_unbc(linked, SMALL), tmp_path / "out"))
    finally:
        (linked / "Images" / "042-ll042" / "loop").unlink()
    assert first["train-000000.tar"] == hashes(out)["train-000000.tar"]
    second = unverified(sources.of_unbc(linked, SMALL), tmp_path / "again")
    assert hashes(second) == hashes(out)


def test_a_detector_or_nothing_cuts_by_option(tmp_path: Path) -> None:
    tree = Tree(tmp_path / "src")
    tree.frame(FIRST, 1, [], 0.0, None)
    tree.frame(FIRST, 2, [], 0.0, points(5000.0))
    tree.frame(FIRST, 3, [], 0.0)
    whole = make(sources.of_unbc(tree.root, Wanted(crop="none", size=64)), tmp_path / "whole")
    read = samples(whole)
    assert len(read) == 3
    for sample in read.values():
        # The middle square of 96 x 80.
        np.testing.assert_allclose(affine(sample.record), [[0.8, 0, -6.4], [0, 0.8, 0]], atol=1e-12)
    given = [read[key(FIRST, number)].record.landmarks for number in (1, 2, 3)]
    assert given[:2] == [None, None]
    assert given[2] is not None
    moved = mapped(read[key(FIRST, 3)].record, points(51.0))
    np.testing.assert_allclose(np.array(given[2].points), moved, atol=1e-5)
    assert told(whole, "labels")[0][:2] == (
        "ll042t1aaaff002.png",
        "landmarks must lie in 96 x 80 pixels",
    )
    detected = make(sources.of_unbc(tree.root, Wanted(crop="detector", size=64)), tmp_path / "d")
    rule = "must show one face that the detector finds"
    assert told(detected, "no_face") == [
        (f"ll042t1aaaff{number:03d}.png", rule, "0") for number in (1, 2, 3)
    ]


def test_frames_that_share_a_name_stay_apart(tmp_path: Path) -> None:
    tree = Tree(tmp_path / "src")
    for sequence, level in ((FIRST, 1.0), (SECOND, 2.0)):
        made = tree.frame(sequence, 1, [(4, level, 0, 0)], level)
        made.rename(made.with_name("001.png"))
        for kind in ("FACS", "PSPI", "AAM"):
            label = tree.label(kind, sequence, made.stem)
            label.rename(tree.label(kind, sequence, "001"))
    read = samples(make(sources.of_unbc(tree.root, SMALL), tmp_path / "out"))
    levels = {name: (one.record.pspi, one.record.frame) for name, one in read.items()}
    assert levels == {
        "042-ll042_ll042t1aaaff_001": (1.0, 1),
        "042-ll042_ll042t1aaunaff_001": (2.0, 1),
    }


def test_a_stand_in_is_known_and_its_people_described(tmp_path: Path) -> None:
    tree = Tree(tmp_path / "src")
    tree.frame(FIRST, 1, [], 0.0)
    person = {"age_years": 41.5, "sex": "female", "ethnicity": "latino", "skin_tone": 5}
    marker = {"finished": True, "people": [{"subject": "042-ll042", **person}]}
    (tree.root / "SURROGATE.json").write_text(json.dumps(marker))
    out = make(sources.of_unbc(tree.root, SMALL), tmp_path / "out")
    record = samples(out)[key(FIRST, 1)].record
    assert record.source == "unbc-surrogate"
    assert record.person == PersonFacts(**person)
    assert report(out)["surrogate"] is True
    card = (out / "README.md").read_text()
    assert "A stand-in for UNBC-McMaster, not UNBC-McMaster" in card
    assert "nobody in it exists" in card
    marker["finished"] = False
    (tree.root / "SURROGATE.json").write_text(json.dumps(marker))
    with pytest.raises(ValueError, match=r"must be finished .*--resume\), got half a stand-in"):
        sources.of_unbc(tree.root, SMALL)


def test_every_unit_that_is_not_coded_is_null_everywhere(out: Path) -> None:
    columns = open_frames([out]).index
    for au in AUS:
        values = [value for value in columns.column(f"au{au}").to_pylist() if value is not None]
        assert len(values) == (8 if au in CODED else 0)


def test_sources_that_are_none(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"source must be a folder that is there, got .*nowhere"):
        sources.of_unbc(tmp_path / "nowhere", SMALL)
    with pytest.raises(ValueError, match="must hold the folder Images of UNBC-McMaster, or its"):
        sources.of_unbc(tmp_path, SMALL)
    (tmp_path / "Images" / "042-ll042").mkdir(parents=True)
    with pytest.raises(ValueError, match=r"must hold the folder AAM_landmarks where .*--crop"):
        sources.of_unbc(tmp_path, SMALL)
    config = sources.of_unbc(tmp_path, Wanted(crop="none"))
    with pytest.raises(ValueError, match=r"must hold SUBJECT/SEQUENCE/FRAME.png, got no picture"):
        make(config, tmp_path.with_name("out"))


@pytest.mark.parametrize(
    ("wanted", "said"),
    [
        ({"margin": -0.1}, "margin must be from 0 to 4, got -0.1"),
        ({"margin": float("nan")}, "margin must be from 0 to 4, got nan"),
        ({"margin": 0.4, "crop": "none"}, r"margin must be 0 where .* \(crop none\), got 0.4"),
        ({"size": 31}, "size must be from 32 to 4096, got 31"),
        ({"people_per_shard": 0}, "people_per_shard must be at least 1, got 0"),
    ],
)
def test_options_are_held_to_their_rules(wanted: dict, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        Wanted(**wanted)


def test_grey_and_deep_pictures_are_read(tmp_path: Path) -> None:
    tree = Tree(tmp_path / "src")
    grey = unbc_files.picture()[..., 0]
    for number, image in ((1, grey), (2, grey.astype(np.uint16) * 257)):
        tree.frame(FIRST, number, [], 0.0).write_bytes(cv2.imencode(".png", image)[1].tobytes())
    read = samples(make(sources.of_unbc(tree.root, Wanted("none", size=64)), tmp_path / "out"))
    first, second = (pixels(read[key(FIRST, number)]) for number in (1, 2))
    assert (first == second).all()
    assert np.abs(first[..., 0].astype(int) - first[..., 2]).max() <= 2
