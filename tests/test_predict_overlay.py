"""What is drawn of a face that was read, and where it is written."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from assets.face_crop import Square
from vitpain.evaluate.predictions import HATS
from vitpain.predict import overlay, table
from vitpain.predict.overlay import BAR, HEIGHT, INSIDE, MARGIN, PANEL, SQUARE, Overlays, Shown

GREY = 120


def shown(size: tuple[int, int] = (60, 80), **known: object) -> Shown:
    """A grey picture of so many rows and columns."""
    numbers = dict.fromkeys(HATS, 0.5) | {"neutral": "none", "read_by": "the model"}
    image = np.full((*size, 3), GREY, np.uint8)
    crop = np.full((32, 32, 3), GREY, np.uint8)
    saliency = np.zeros((4, 4))
    saliency[1, 2] = 3.0
    row = table.row("a/b.jpg", **(numbers | known))
    return Shown(image, Square(40.0, 30.0, 20.0), crop, saliency, row)


def test_the_square_lies_where_the_face_is() -> None:
    drawn = overlay.overlay(shown())
    assert drawn.shape == (HEIGHT, 640 + HEIGHT + PANEL, 3)
    rows, columns = np.nonzero((drawn[:, :640] == SQUARE).all(axis=2))
    # Eight times as large: 30 to 50 from the left, 20 to 40 from the top, a line of two pixels.
    for found, low, high in ((columns, 240, 400), (rows, 160, 320)):
        assert abs(found.min() - low) <= 2
        assert abs(found.max() - high) <= 2


@pytest.mark.parametrize("size", [(60, 80), (9, 4000), (4000, 9), (1280, 1280)])
def test_any_picture_fits_beside_its_crop(size: tuple[int, int]) -> None:
    drawn = overlay.overlay(shown(size))
    assert drawn.shape[0] == HEIGHT
    assert drawn.shape[1] <= overlay.WIDEST + HEIGHT + PANEL


def test_a_large_picture_is_kept_small_with_its_square() -> None:
    image = np.zeros((1000, 2560, 3), np.uint8)
    small, square = overlay.smaller(image, Square(100.0, 50.0, 30.0))
    assert small.shape == (500, 1280, 3)
    assert square == Square(50.0, 25.0, 15.0)
    same, square = overlay.smaller(image[:, :1280], Square(1.0, 2.0, 3.0))
    assert (same.shape, square) == ((1000, 1280, 3), Square(1.0, 2.0, 3.0))


def test_what_counted_is_yellow_at_its_highest_and_nothing_elsewhere() -> None:
    picture = np.full((400, 400, 3), GREY, np.uint8)
    warm = overlay.warm(picture, shown().saliency)
    red, green, blue = warm[150, 250].astype(int)
    assert min(red, green) > blue + 80
    # A cubic reaches two patches far.
    assert (warm[360:] == GREY).all()
    assert (overlay.warm(picture, np.zeros((4, 4))) == GREY).all()


def test_bars_are_as_long_as_what_is_said() -> None:
    row = shown(pspi_hat=4.0, au43_hat=1.0, au4_hat=0.0).row
    drawn = overlay.overlay(Shown(**{**vars(shown()), "row": row}))[:, -PANEL:]
    bars = (drawn == BAR).all(axis=2).sum(axis=1)
    assert bars[50] == round(INSIDE * 4 / 16)
    lengths = [bars[142 + 44 * number] for number in range(6)]
    assert lengths == [0, *[round(INSIDE / 10)] * 4, INSIDE]


def test_no_line_leaves_the_panel() -> None:
    long = "learnt from a stand-in; " * 9
    row = shown(pspi_hat=16.0, p1=1.0, p2=1.0, p3=1.0, note=long, read_by="mean of 25 folds").row
    drawn = overlay.overlay(Shown(**{**vars(shown()), "row": row}))[:, -PANEL:]
    dark = (drawn < 128).all(axis=2)
    assert dark.any()
    assert not dark[:, : MARGIN - 2].any()
    assert not dark[:, PANEL - MARGIN + 3 :].any()


@pytest.mark.parametrize("name", ["a.png", "a.jpg", "a.jpeg"])
def test_one_picture_is_one_file(tmp_path: Path, name: str) -> None:
    Overlays(tmp_path / name, False).add(shown())
    assert [path.name for path in tmp_path.iterdir()] == [name]
    read = cv2.imread(str(tmp_path / name))
    apart = np.abs(read[..., ::-1].astype(int) - overlay.overlay(shown()))
    assert apart.max() == 0 if name == "a.png" else apart.mean() < 2


def test_several_are_files_of_their_names(tmp_path: Path) -> None:
    places = Overlays(tmp_path / "o", True)
    assert not (tmp_path / "o").exists()
    for known in ({}, {}, {"frame": 7}, {"key": "p1_v0"}):
        places.add(shown(**known))
    found = sorted(path.name for path in (tmp_path / "o").iterdir())
    assert found == ["b.jpg", "b_000007.jpg", "b_2.jpg", "p1_v0.jpg"]


def test_places_are_refused_before_any_work(tmp_path: Path) -> None:
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "a").touch()
    (tmp_path / "d.png").mkdir()
    wrong = {
        "a.webp": "a PNG, a JPEG or a folder",
        "none/a.png": "a file in a folder that is there",
        "d.png": "a file in a folder that is there",
        "none/o": "a folder in a folder that is there",
        "full": "an empty folder or not there",
        "full/a": "an empty folder or not there",
    }
    for name, rule in wrong.items():
        with pytest.raises(ValueError, match=rf"^overlay must be {rule}, got {tmp_path / name}$"):
            Overlays(tmp_path / name, False)
    with pytest.raises(ValueError, match="overlay must be a folder for more than one picture"):
        Overlays(tmp_path / "a.png", True)
