"""Pictures in folders for programs that read pictures: names, order, the same pixels."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from generator.export_frames import export, folder_of, places
from generator.shards.codec import decode
from scripts import cli
from tests.cohort import cohort
from tests.imported import here, samples
from tests.runs import ignore


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    with here():
        return cohort(tmp_path_factory.mktemp("frames") / "data", identities=3)


def test_every_picture_lies_in_the_folder_of_its_sequence(data: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    done = export(data, out, ignore)
    assert (done.images, done.folders) == (9, 3)
    held = samples(data)
    files = sorted(path for path in out.rglob("*") if path.is_file())
    assert len(files) == len(held) == 9
    for path in files:
        sample = held[path.stem]
        assert path.parent.name == sample.record.sequence
        assert path.parent.parent == out
        assert path.suffix == ".png"
        pixels = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
        assert pixels is not None
        assert np.array_equal(pixels[..., ::-1], decode("k.jpg", sample.members["jpg"]))


def test_png_pictures_are_copied(tmp_path: Path) -> None:
    with here():
        data = cohort(tmp_path / "data", identities=1, image="png")
    export(data, tmp_path / "out", ignore)
    for key, sample in samples(data).items():
        (path,) = (tmp_path / "out").rglob(f"{key}.png")
        assert path.read_bytes() == sample.members["png"]


def row(key: str, sequence: str | None) -> dict[str, str | None]:
    return {"key": key, "identity": "042-ll042", "sequence": sequence}


def test_rows_are_numbered_in_the_order_of_names_across_people() -> None:
    rows = [row("b10", "s"), row("b9", "s"), row("a-1", "s"), row("a_1", None), row("a1", ".")]
    assert places(rows) == {
        "a-1": ("s", 1),
        "b10": ("s", 2),
        "b9": ("s", 3),
        "a1": ("042-ll042", 1),
        "a_1": ("042-ll042", 2),
    }
    assert folder_of(row("k", "day/one")) == "day/one"


@pytest.mark.parametrize("name", ["../up", "/root", "a//b", "a/..", ".hidden", "a\\b"])
def test_a_sequence_that_leads_elsewhere_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="k must have a sequence that can be a folder, got"):
        folder_of(row("k", name))


def test_names_come_in_the_order_in_which_a_folder_lists_them(tmp_path: Path) -> None:
    keys = ["f_1", "f-1", "f1", "f", "F1", "f10"]
    numbers = {key: number for key, (_, number) in places([row(k, "s") for k in keys]).items()}
    for key in keys:
        (tmp_path / f"{key}.png").write_bytes(b"")
    listed = sorted(path.name for path in tmp_path.iterdir())
    assert sorted(keys, key=lambda key: numbers[key]) == [name[:-4] for name in listed]


def test_the_command_says_what_was_written(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    arguments = ["export", str(data), "--format", "frames", "--out", str(out)]
    assert cli.run(arguments) == 0
    assert capsys.readouterr().out == f"9 pictures in 3 folders in {out}\n"
    assert cli.run(arguments) == 1
    assert "out must be an empty folder" in capsys.readouterr().err
