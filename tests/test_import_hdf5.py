"""UNBC-McMaster's three HDF5 files to shards, and files that lead elsewhere."""

from collections.abc import Callable
from pathlib import Path

import h5py
import numpy as np
import pytest

from assets.unbc import CODED
from generator.importers import sources, unbc_hdf5
from generator.importers.config import Wanted
from generator.importers.picture import Picture
from generator.importers.unbc_hdf5 import ANNOTATIONS, FOLDS, FRAMES
from tests.imported import Samples, affine, known, make, pixels, report, samples, told
from tests.unbc_files import picture
from vitpain.data import neutrals
from vitpain.data.frames import open_frames

WHOLE = Wanted(crop="none", size=64)
NAMES = ["042-ll042", "042-ll042", "043-jh043", "043-jh043", "047-jl047", "042-ll042"]
INDEX = [10, 11, 40, 41, 7, 12]
"""By row; the frames lie in another order."""
LABELS = {4: [0, 2, 0, 7, 1, 0], 6: [0, 1, 5, 0, 0, 0], 43: [0, 1, 0, 0, 1, 0]}
PSPI = [0.0, 4.0, 3.0, 8.0, np.nan, 0.0]


def write(root: Path) -> Path:
    """Six labelled frames of three people, and one that nobody labelled."""
    root.mkdir()
    order = [41, 7, 10, 99, 12, 11, 40]
    with h5py.File(root / FRAMES, "w") as file:
        images = np.stack([picture(index, 80, 64) for index in order])
        file.create_dataset("image", data=images, chunks=(4, 32, 40, 1), compression="gzip")
        file["index"] = np.array(order)
    with h5py.File(root / ANNOTATIONS, "w") as file:
        file["subject_name"] = [name.encode() for name in NAMES]
        file["index"] = np.array(INDEX, np.float64)
        for au in CODED:
            values = np.array(LABELS.get(au, [0] * 6), np.float64)
            # One number a row, or one a side of which the larger counts.
            file[f"label_AU_{au}"] = values if au != 6 else np.c_[values, 0 * values]
        file["label_AU_7"][4] = np.nan
        file["label_pspi"] = np.array(PSPI)
    with h5py.File(root / FOLDS, "w") as file:
        for fold, (one, others) in enumerate((([42], [43]), ([43], [42]))):
            file[f"fold-{fold}/validation_subjects"] = np.array(one)
            file[f"fold-{fold}/train_subjects"] = np.array(others)
    return root


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = write(tmp_path_factory.mktemp("hdf5") / "src")
    return make(sources.of_unbc(root, WHOLE), root.with_name("out"))


@pytest.fixture
def src(tmp_path: Path) -> Path:
    return write(tmp_path / "src")


@pytest.fixture(scope="module")
def read(out: Path) -> Samples:
    return samples(out)


def test_labels_folds_and_the_right_picture_of_every_row(read: Samples) -> None:
    zeros = dict.fromkeys(CODED, 0.0)
    unknown = {au: 0.0 for au in CODED if au != 7}
    expected = {
        "042-ll042_000010": (zeros, 0.0, 0),
        "042-ll042_000011": ({**zeros, 4: 2.0, 6: 1.0, 43: 1.0}, 4.0, 0),
        "042-ll042_000012": (zeros, 0.0, 0),
        "043-jh043_000040": ({**zeros, 6: 5.0}, 5.0, 1),
        "043-jh043_000041": ({}, 8.0, 1),
        "047-jl047_000007": ({**unknown, 4: 1.0, 43: 1.0}, None, None),
    }
    assert set(read) == set(expected)
    for name, (aus, pspi, fold) in expected.items():
        record = read[name].record
        assert (known(record), record.pspi, record.fold) == (aus, pspi, fold), name
        subject, index = name.split("_")
        assert (record.identity, record.frame) == (subject, int(index))
        assert (record.source, record.kind, record.split) == ("unbc", "real", "train")
        assert record.sequence is record.landmarks is None
        assert record.label_source == "manual"
        # Blue is the frame's index; 64 x 64 from the middle of 80 x 64.
        assert abs(pixels(read[name])[..., 2].mean() - int(index)) < 1.5
        np.testing.assert_allclose(affine(record), [[1, 0, -8], [0, 1, 0]])


def test_what_is_refused_and_missing_is_told(out: Path) -> None:
    assert told(out, "labels") == [(f"{ANNOTATIONS}: row 3", "AU4 must be from 0 to 5", "7")]
    assert told(out, "pspi") == [
        (f"{ANNOTATIONS}: row 2", "must be 5, as its action units say", "3")
    ]
    assert told(out, "ignored") == [(FRAMES, "frames must have a row of annotations", "1 without")]
    rule = "047-jl047 must validate in a fold; fold is null"
    assert told(out, "missing") == [(FOLDS, rule, "none")]
    assert report(out)["layout"] == "unbc_hdf5"
    assert report(out)["figures"]["pictures imported"] == 6


def test_vitpain_opens_it_and_takes_still_faces_for_neutrals(out: Path) -> None:
    frames = open_frames([out])
    chosen = neutrals.find(frames).chosen
    assert frames.keys(np.flatnonzero(chosen)) == ["042-ll042_000010", "042-ll042_000012"]


def test_a_detector_looks_for_faces_where_nothing_is_asked(src: Path) -> None:
    config = sources.of_unbc(src, Wanted())
    assert (config.crop, config.margin, config.layout) == ("detector", 0.4, "unbc_hdf5")
    with pytest.raises(ValueError, match="AAM_landmarks where faces are cut out by landmarks"):
        sources.of_unbc(src, Wanted(crop="landmarks"))


def test_people_of_folds_by_name_and_units_that_are_not_there(src: Path, tmp_path: Path) -> None:
    with h5py.File(src / FOLDS, "r+") as file:
        del file["fold-0/validation_subjects"]
        file["fold-0/validation_subjects"] = ["042-ll042"]
    with h5py.File(src / ANNOTATIONS, "r+") as file:
        del file["label_AU_12"]
        file["label_pspi"][0] = -2.0
        file["label_AU_43"][5] = -1.0
    out = make(sources.of_unbc(src, WHOLE), tmp_path / "out")
    record = samples(out)["042-ll042_000010"].record
    assert record.fold == 0
    assert known(record) == {au: 0.0 for au in CODED if au != 12}
    assert told(out, "missing")[0] == (
        ANNOTATIONS, "must hold label_AU_12; it is null", "no such data",
    )  # fmt: skip
    assert told(out, "labels")[:2] == [
        (f"{ANNOTATIONS}: row 0", "PSPI must be from 0 to 16", "-2"),
        (f"{ANNOTATIONS}: row 5", "AU43 must be from 0 to 5", "-1"),
    ]
    assert known(samples(out)["042-ll042_000012"].record) == {}


def external_link(root: Path, elsewhere: Path) -> None:
    with h5py.File(elsewhere, "w") as file:
        file["image"] = np.zeros((7, 64, 80, 3), np.uint8)
    with h5py.File(root / FRAMES, "r+") as file:
        del file["image"]
        file["image"] = h5py.ExternalLink(str(elsewhere), "image")


def optional_external_link(root: Path, elsewhere: Path) -> None:
    with h5py.File(elsewhere, "w") as file:
        file["x"] = np.zeros(6)
    with h5py.File(root / ANNOTATIONS, "r+") as file:
        del file["label_AU_4"]
        file["label_AU_4"] = h5py.ExternalLink(str(elsewhere), "x")


def soft_link(root: Path, elsewhere: Path) -> None:
    with h5py.File(root / FRAMES, "r+") as file:
        file.move("index", "other")
        file["index"] = h5py.SoftLink("/other")


def virtual(root: Path, elsewhere: Path) -> None:
    with h5py.File(elsewhere, "w") as file:
        file["image"] = np.zeros((7, 64, 80, 3), np.uint8)
    with h5py.File(root / FRAMES, "r+") as file:
        del file["image"]
        layout = h5py.VirtualLayout((7, 64, 80, 3), np.uint8)
        layout[:] = h5py.VirtualSource(str(elsewhere), "image", (7, 64, 80, 3))
        file.create_virtual_dataset("image", layout)


def stored_outside(root: Path, elsewhere: Path) -> None:
    elsewhere.write_bytes(bytes(7 * 8))
    with h5py.File(root / FRAMES, "r+") as file:
        del file["index"]
        file.create_dataset("index", (7,), np.int64, external=[(str(elsewhere), 0, 56)])


def huge_chunk(root: Path, elsewhere: Path) -> None:
    with h5py.File(root / FRAMES, "r+") as file:
        del file["image"]
        shape = (7, 12_000, 4_000, 3)
        file.create_dataset("image", shape, np.uint8, chunks=(1, 12_000, 4_000, 3))


def huge_labels(root: Path, elsewhere: Path) -> None:
    with h5py.File(root / ANNOTATIONS, "r+") as file:
        del file["label_AU_4"]
        file.create_dataset("label_AU_4", (6, 10**7), np.float64, chunks=(6, 1000))


def floats(root: Path, elsewhere: Path) -> None:
    with h5py.File(root / FRAMES, "r+") as file:
        del file["image"]
        file["image"] = np.zeros((7, 64, 80, 3), np.float32)


def no_index(root: Path, elsewhere: Path) -> None:
    with h5py.File(root / ANNOTATIONS, "r+") as file:
        file["index"][2] = np.nan


def twice(root: Path, elsewhere: Path) -> None:
    with h5py.File(root / FRAMES, "r+") as file:
        file["index"][1] = 41


def both(root: Path, elsewhere: Path) -> None:
    with h5py.File(root / FOLDS, "r+") as file:
        file["fold-1/train_subjects"][0] = 43


def two_folds(root: Path, elsewhere: Path) -> None:
    with h5py.File(root / FOLDS, "r+") as file:
        file["fold-1/validation_subjects"][0] = 42
        file["fold-1/train_subjects"][0] = 43


def nobody(root: Path, elsewhere: Path) -> None:
    with h5py.File(root / ANNOTATIONS, "r+") as file:
        file["index"][:] = 1000 + np.arange(6)


def no_hdf5(root: Path, elsewhere: Path) -> None:
    (root / FOLDS).write_bytes(b"not HDF5")


def gone(root: Path, elsewhere: Path) -> None:
    (root / FOLDS).unlink()


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (external_link, r"frames.*: image must lie in the file itself, got a link \(external\)"),
        (optional_external_link, r": label_AU_4 must lie in the file itself, got a link \(ext"),
        (soft_link, r"frames.*: index must lie in the file itself, got a link \(soft\)"),
        (virtual, "frames.*: image must hold its values, got some in other files"),
        (stored_outside, "frames.*: index must hold its values, got some in other files"),
        (huge_chunk, "image must have chunks of at most 134217728 bytes, got 144000000"),
        (huge_labels, "label_AU_4 must have at most 10000000 values, got 60000000"),
        (floats, r"image must be uint8 \[frames, height, width, 3\], got float32 \(7, 64"),
        (no_index, "index must hold whole numbers from 0 to 2147483647, got nan"),
        (twice, r"index must be 7 different numbers, got 6 different of \(7,\)"),
        (both, "fold-1 must have people in train or in validation, got 043 in both"),
        (two_folds, "042 must validate in one fold, got fold 0 and 1"),
        (nobody, "must have rows of frames in frames.*, got none"),
        (no_hdf5, "UNBC_CVFolds.* must be an HDF5 file, got"),
        (gone, "must hold frames_unbc.*, got none of UNBC_CVFolds"),
    ],
)
def test_files_that_break_a_rule(
    src: Path, tmp_path: Path, damage: Callable[[Path, Path], None], said: str
) -> None:
    damage(src, tmp_path / "elsewhere.h5")
    config = sources.of_unbc(src, WHOLE)
    with pytest.raises(ValueError, match=said):
        make(config, tmp_path / "out")


def test_a_broken_link_is_no_label_that_is_missing(src: Path, tmp_path: Path) -> None:
    optional_external_link(src, tmp_path / "elsewhere.h5")
    (tmp_path / "elsewhere.h5").unlink()
    with pytest.raises(ValueError, match="label_AU_4 must lie in the file itself"):
        unbc_hdf5.source(src)


def test_frames_are_read_one_at_a_time(src: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[object] = []
    get = h5py.Dataset.__getitem__

    def counted(self: h5py.Dataset, place: object, *more: object) -> object:
        if self.name == "/image":
            asked.append(place)
        return get(self, place, *more)

    monkeypatch.setattr(h5py.Dataset, "__getitem__", counted)
    for number, made in enumerate(unbc_hdf5.pictures(sources.of_unbc(src, WHOLE), 0)):
        assert isinstance(made, Picture)
        assert len(asked) == number
        assert (made.read() == picture(INDEX[[0, 1, 5][number]], 80, 64)).all()
    assert asked == [2, 5, 4]
