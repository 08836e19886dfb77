"""Pictures and videos to rows: the crop of training, neutrals that count alike, reasons."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import torch

from assets import face_crop, face_detector, picture_file
from generator.shards import codec
from tests import learning
from tests.test_face_detector import adult
from vitpain.data.batch import unit
from vitpain.evaluate.predictions import AU_HATS, HATS
from vitpain.model.build import Model
from vitpain.model.vitpain import ViTPain
from vitpain.predict import pictures, reading
from vitpain.predict.pictures import Still
from vitpain.predict.readers import Readers
from vitpain.predict.reading import Box, Given
from vitpain.predict.rows import RowsConfig

RATE, FRAMES = 10, 12
BOX = Box(60.0, 70.0, 140.0, 140.0)
NOTHING = Given()


def readers(*models: Model) -> Readers:
    numbers = range(1, len(models) + 1) if len(models) > 1 else [0]
    known = dict(zip(numbers, models, strict=True))
    return Readers(known, RowsConfig(), {}, ("",), frozenset(), False, False)


@pytest.fixture(scope="module")
def net() -> Model:
    return learning.begin().make(0).eval()


@pytest.fixture(scope="module")
def faces(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A person, mirrored and brighter, two of them beside each other, and nobody."""
    folder = tmp_path_factory.mktemp("faces")
    image, _ = adult()
    shown = {
        "a": image,
        "mirrored": image[:, ::-1],
        "bright": np.clip(image * 1.3, 0, 255).astype(np.uint8),
        "two": np.concatenate([image, image], axis=1),
        "wall": np.full((90, 120, 3), 77, np.uint8),
        "dot": np.zeros((1, 1, 3), np.uint8),
    }
    for name, picture in shown.items():
        path = folder / f"{name}.png"
        path.write_bytes(codec.encode_image(np.ascontiguousarray(picture), "png"))
    half = (folder / "a.png").read_bytes()
    (folder / "half.png").write_bytes(half[: len(half) // 2])
    return {path.stem: path for path in folder.iterdir()}


def predict(
    paths: Sequence[Path], by: Readers, given: Given = NOTHING, batch: int = 16
) -> list[dict[str, Any]]:
    found = reading.read(pictures.stills(paths), by, given, batch=batch)
    return [row for some in found for row in some]


def said(row: dict[str, Any]) -> np.ndarray:
    return np.array([row[name] for name in HATS])


def movie(path: Path, shades: Sequence[int], size: tuple[int, int] = (80, 64)) -> Path:
    code = cv2.VideoWriter.fourcc(*"MJPG")
    writer = cv2.VideoWriter(str(path), cv2.CAP_FFMPEG, code, RATE, size)
    for shade in shades:
        writer.write(np.full((size[1], size[0], 3), shade, np.uint8))
    writer.release()
    return path


def test_a_box_by_hand_is_the_crop_that_the_model_sees(net: Model, faces: dict[str, Path]) -> None:
    image = picture_file.read(faces["a"])
    matrix = face_crop.matrix(face_crop.Square(130.0, 140.0, 140.0), net.config.size)
    crop = face_crop.cut(image, matrix, net.config.size)
    face = unit(torch.from_numpy(crop.transpose(2, 0, 1)[None].copy()))
    nothing = torch.zeros(1, 0, *face.shape[1:]), torch.zeros(1, 0, dtype=torch.bool)
    with torch.no_grad():
        wanted = net(face, *nothing)
    (row,) = predict([faces["a"]], readers(net), Given(box=BOX))
    assert (row["left"], row["top"], row["side"]) == (60, 70, 140)
    assert row["pspi_hat"] == pytest.approx(float(wanted.pspi), abs=1e-5)
    levels = torch.sigmoid(wanted.logits)[0].tolist()
    assert [row[name] for name in ("p1", "p2", "p3")] == pytest.approx(levels, abs=1e-5)
    assert [row[name] for name in AU_HATS] == pytest.approx(wanted.aus[0].tolist(), abs=1e-5)
    assert (row["neutral"], row["neutrals"], row["read_by"]) == ("none", [], "the model")


def test_a_found_face_is_cropped_as_training_did(net: Model, faces: dict[str, Path]) -> None:
    image, landmarks = adult()
    (row,) = predict([faces["a"]], readers(net))
    square = face_detector.square(image, "a")
    assert row["side"] == square.side
    assert abs(row["left"] + row["side"] / 2 - landmarks.x) < 0.1 * landmarks.side
    assert abs(row["top"] + row["side"] / 2 - landmarks.y) < 0.1 * landmarks.side
    # What a row says of its square is the box that gives it again.
    box = Box(row["left"], row["top"], row["side"], row["side"])
    assert predict([faces["a"]], readers(net), Given(box=box)) == [row]


def test_a_wide_box_is_a_square_about_its_middle() -> None:
    assert reading.parse_box("10,20, 30,50").square == face_crop.Square(25.0, 45.0, 50.0)
    assert str(reading.parse_box("1e1,20.5,30,50")) == "10,20.5,30,50"


@pytest.mark.parametrize("text", ["", "1,2,3", "1,2,3,4,5", "a,b,c,d", "0,0,inf,9", "0,0,9,nan"])
def test_what_is_no_box_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=rf"^box must be x,y,w,h in pixels, got '{text}'$"):
        reading.parse_box(text)


def test_a_box_must_have_room_for_a_face_and_lie_in_the_picture(
    net: Model, faces: dict[str, Path]
) -> None:
    rule = "box must be x,y,w,h with w and h of 8 pixels or more, got 1,2,7.5,9$"
    with pytest.raises(ValueError, match=rule):
        reading.parse_box("1,2,7.5,9")
    (row,) = predict([faces["a"]], readers(net), Given(box=Box(300.0, 0.0, 40.0, 40.0)))
    told = "a.png, 256 x 256, must have the middle of the box in it, got 300,0,40,40"
    assert row["error"].endswith(told)
    assert row["pspi_hat"] is None


def test_what_cannot_be_read_is_listed_and_the_rest_goes_on(
    net: Model, faces: dict[str, Path]
) -> None:
    order = ["dot", "a", "half", "two", "mirrored", "wall"]
    found = predict([faces[name] for name in order], readers(net), batch=2)
    assert [row["file"] for row in found] == [str(faces[name]) for name in order]
    why = {Path(row["file"]).stem: row["error"] for row in found}
    assert why["a"] is None
    assert why["mirrored"] is None
    assert why["dot"].startswith(f"{faces['dot']} must have at least 8 pixels a side")
    assert why["dot"].endswith("got 1 x 1")
    assert why["half"].startswith(f"{faces['half']} must be a whole picture, got ")
    one = "must show one face that the detector finds, got"
    assert (why["two"], why["wall"]) == (f"{faces['two']} {one} 2", f"{faces['wall']} {one} 0")
    for row in found:
        assert (row["pspi_hat"] is None) == (row["error"] is not None)


def test_how_many_are_read_at_once_changes_nothing_but_rounding(
    net: Model, faces: dict[str, Path]
) -> None:
    paths = [faces[name] for name in ("a", "wall", "bright", "mirrored", "a")]
    given = Given((faces["mirrored"],))
    wanted = predict(paths, readers(net), given)
    for batch in (1, 2, 3):
        found = predict(paths, readers(net), given, batch)
        assert [row["file"] for row in found] == [str(path) for path in paths]
        for row, other in zip(found, wanted, strict=True):
            if row["error"] is None:
                np.testing.assert_allclose(said(row), said(other), atol=1e-5)
    assert np.abs(said(wanted[0]) - said(wanted[2])).max() > 1e-3


def test_several_neutrals_count_alike_in_all_that_is_said(
    net: Model, faces: dict[str, Path]
) -> None:
    """The mean of what the face differs by, read once: binary heads and AUs as much as PSPI."""
    assert isinstance(net, ViTPain)
    assert net.fusion is not None
    names = ("mirrored", "bright", "a")
    (row,) = predict([faces["a"]], readers(net), Given(tuple(faces[name] for name in names)))
    assert (row["neutral"], len(row["neutrals"])) == ("given", 3)
    crops = {name: reading.cut(Still(faces[name], picture_file.read(faces[name])), None, 32).crop
             for name in names}  # fmt: skip
    batch = reading.batch_of(list(crops.values()), np.zeros((0, 32, 32, 3), np.uint8))
    with torch.no_grad():
        tokens = net.tokens(net.backbone, (unit(batch.face) - net.mean) / net.std)
        there = torch.ones(1, 1, dtype=torch.bool)
        apart = [net.fusion(tokens[2:], one[None, None], there) for one in tokens]
        wanted = net.heads(tokens[2:] + torch.stack(apart).mean(0))
    levels = torch.sigmoid(wanted.logits)[0].tolist()
    assert [row[name] for name in ("p1", "p2", "p3")] == pytest.approx(levels, abs=1e-5)
    assert row["pspi_hat"] == pytest.approx(float(wanted.pspi), abs=1e-5)
    assert [row[name] for name in AU_HATS] == pytest.approx(wanted.aus[0].tolist(), abs=1e-5)
    # Whichever comes last, and however often.
    turned = Given((faces["a"], faces["mirrored"], faces["bright"]))
    (other,) = predict([faces["a"]], readers(net), turned)
    np.testing.assert_allclose(said(other), said(row), atol=1e-5)
    once, twice = (
        predict([faces["a"]], readers(net), Given((faces["mirrored"],) * n))[0] for n in (1, 2)
    )
    np.testing.assert_allclose(said(twice), said(once), atol=1e-5)
    assert np.abs(said(once) - said(row))[2:5].max() > 1e-6


def test_a_neutral_that_cannot_be_read_stops_all(net: Model, faces: dict[str, Path]) -> None:
    for name, why in (("two", "must show one face"), ("half", "must be a whole picture")):
        with pytest.raises(ValueError, match=rf"{name}\.png {why}"):
            predict([faces["a"]], readers(net), Given((faces[name],)))
    given = Given((faces["two"],), neutral_box=BOX)
    (row,) = predict([faces["a"]], readers(net), given)
    assert row["neutrals"] == [str(faces["two"])]


def test_a_model_that_looks_at_no_neutral_says_so(faces: dict[str, Path]) -> None:
    plain = learning.begin(variant="plain").make(0).eval()
    (row,) = predict([faces["a"]], readers(plain), Given((faces["mirrored"],)))
    assert (row["neutral"], row["neutrals"]) == ("none", [])
    assert row == predict([faces["a"]], readers(plain))[0]


def test_folds_answer_by_their_mean(net: Model, faces: dict[str, Path]) -> None:
    other = learning.begin().make(1).eval()
    (row,) = predict([faces["a"]], readers(net, other))
    singly = [said(predict([faces["a"]], readers(one))[0]) for one in (net, other)]
    np.testing.assert_allclose(said(row), np.mean(singly, axis=0), atol=1e-6)
    assert np.abs(singly[0] - singly[1]).max() > 1e-3
    assert (row["read_by"], row["seen"]) == ("mean of 2 folds", None)


def test_a_run_that_learnt_from_a_stand_in_says_so(net: Model, faces: dict[str, Path]) -> None:
    by = replace(readers(net), surrogate=True)
    (row,) = predict([faces["a"]], by)
    assert row["note"] == "learnt from a stand-in for UNBC-McMaster, not from people in pain"
    assert by.note("unbc-surrogate") == f"{row['note']}; shows a stand-in for UNBC-McMaster: " + (
        "a drawn face"
    )
    assert (readers(net).note(), readers(net).note("unbc")) == (None, None)


def test_frames_of_a_video_come_with_number_and_time(tmp_path: Path) -> None:
    path = movie(tmp_path / "a.avi", range(0, 20 * FRAMES, 20))
    for every, wanted in ((1, range(FRAMES)), (5, (0, 5, 10)), (99, (0,))):
        found = list(pictures.stills([path], every))
        assert pictures.count(path, every) == len(found) == len(wanted)
        for still, number in zip(found, wanted, strict=True):
            assert still.error is None
            assert (still.frame, still.what) == (number, f"{path}, frame {number}")
            assert still.seconds == pytest.approx(number / RATE)
            assert still.image is not None
            assert still.image.shape == (64, 80, 3)
            assert abs(float(still.image.mean()) - 20 * number) < 3


def test_colours_of_a_video_are_red_first(tmp_path: Path) -> None:
    code = cv2.VideoWriter.fourcc(*"MJPG")
    writer = cv2.VideoWriter(str(tmp_path / "a.avi"), cv2.CAP_FFMPEG, code, RATE, (64, 64))
    writer.write(np.full((64, 64, 3), (30, 60, 200), np.uint8))
    writer.release()
    (still,) = pictures.stills([tmp_path / "a.avi"])
    assert still.image is not None
    assert np.abs(still.image.mean((0, 1)) - [200, 60, 30]).max() < 5


def test_faces_in_a_video_are_rows_with_their_frames(net: Model, tmp_path: Path) -> None:
    image, _ = adult()
    code = cv2.VideoWriter.fourcc(*"MJPG")
    writer = cv2.VideoWriter(str(tmp_path / "a.avi"), cv2.CAP_FFMPEG, code, RATE, (256, 256))
    for picture in (image, np.full_like(image, 90), image):
        writer.write(np.ascontiguousarray(picture[..., ::-1]))
    writer.release()
    found = predict([tmp_path / "a.avi"], readers(net))
    assert [(row["frame"], row["seconds"]) for row in found] == [(0, 0.0), (1, 0.1), (2, 0.2)]
    one = "must show one face that the detector finds, got 0"
    assert found[1]["error"] == f"{tmp_path / 'a.avi'}, frame 1 {one}"
    *_, last = pictures.stills([tmp_path / "a.avi"])
    assert last.image is not None
    (tmp_path / "a.png").write_bytes(codec.encode_image(last.image, "png"))
    (still,) = predict([tmp_path / "a.png"], readers(net))
    np.testing.assert_allclose(said(found[2]), said(still), atol=1e-5)


def test_a_file_that_names_other_files_is_no_video(tmp_path: Path) -> None:
    """The decoder would follow such a list."""
    movie(tmp_path / "a.avi", [0, 9])
    kinds = r"\.avi, \.m4v, \.mkv, \.mov, \.mp4, \.mpeg, \.mpg, \.webm"
    for text in ("ffconcat version 1.0\nfile a.avi\n", "#EXTM3U\n#EXTINF:1,\na.avi\n", ""):
        path = tmp_path / "list.avi"
        path.write_text(text)
        assert pictures.count(path) == 1
        (still,) = pictures.stills([path])
        assert still.image is None
        with pytest.raises(ValueError, match=rf"list\.avi must be a video \({kinds}\), got anoth"):
            reading.cut(still, None, 32)


def test_a_video_that_is_cut_short_says_so(tmp_path: Path) -> None:
    path = movie(tmp_path / "a.avi", range(0, 240, 2))
    data = path.read_bytes()
    path.write_bytes(data[: len(data) * 6 // 10])
    *read, last = pictures.stills([path])
    assert 10 < len(read) < 110
    assert all(still.error is None for still in read)
    assert last.error == f"{path} must have 120 frames that decode, got {len(read)}"
    path.write_bytes(data[:600])
    (still,) = pictures.stills([path])
    assert still.error is not None
    assert still.error.startswith(f"{path} must ")


def test_frames_are_held_to_the_size_of_pictures(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = movie(tmp_path / "a.avi", [0])
    monkeypatch.setattr(picture_file, "HIGHEST_PIXELS", 80 * 64 - 1)
    (still,) = pictures.stills([path])
    rule = "frames of at least 8 pixels a side and at most 5119 in all"
    assert still.error == f"{path} must have {rule}, got 80 x 64"


def test_folders_are_read_by_name_and_what_is_nothing_is_refused(tmp_path: Path) -> None:
    for name in ("b.JPG", "a.png", "c/a.mp4", "c/notes.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    wanted = [tmp_path / name for name in ("a.png", "b.JPG", "c/a.mp4")]
    assert pictures.listed(tmp_path) == wanted
    assert pictures.listed(tmp_path / "c" / "notes.txt") == [tmp_path / "c" / "notes.txt"]
    (tmp_path / "d").mkdir()
    with pytest.raises(ValueError, match=r"d must hold pictures or videos, got none \(\.png"):
        pictures.listed(tmp_path / "d")
    with pytest.raises(ValueError, match=r"^input must be .* that is there, got "):
        pictures.listed(tmp_path / "none.png")
