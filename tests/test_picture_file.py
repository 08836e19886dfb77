"""Pictures that others made: read as Pillow reads them, held to their size before decoding."""

import io
import struct
import zlib
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image, ImageOps

from assets import picture_file

RNG = np.random.Generator(np.random.Philox(key=3))
SMOOTH = cv2.GaussianBlur(RNG.integers(0, 256, (24, 40, 3), np.uint8), (0, 0), 2.0)


def encoded(kind: str, image: np.ndarray = SMOOTH, **options: object) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(image).save(buffer, kind, **options)
    return buffer.getvalue()


def oracle(data: bytes) -> np.ndarray:
    with Image.open(io.BytesIO(data)) as opened:
        return np.asarray(ImageOps.exif_transpose(opened).convert("RGB"))


def bomb(width: int, height: int) -> bytes:
    """A PNG of a few bytes that says it is large."""
    body = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunk = struct.pack(">I", 13) + body + struct.pack(">I", zlib.crc32(body))
    return b"\x89PNG\r\n\x1a\n" + chunk


@pytest.mark.parametrize("kind", ["png", "bmp", "webp", "jpeg"])
def test_colours_and_places_are_those_that_pillow_reads(kind: str) -> None:
    options = {"lossless": True} if kind == "webp" else {}
    data = encoded(kind, **options)
    assert picture_file.size(data, "a") == (40, 24)
    # Two decoders of JPEG may round differently.
    apart = np.abs(picture_file.decode(data, "a").astype(int) - oracle(data)).max()
    assert apart <= (3 if kind == "jpeg" else 0)


@pytest.mark.parametrize("lossless", [False, True])
@pytest.mark.parametrize("alpha", [False, True])
def test_every_header_of_webp_states_the_size(lossless: bool, alpha: bool) -> None:
    image = np.dstack([SMOOTH, SMOOTH[..., 0]]) if alpha else SMOOTH
    data = encoded("webp", image, lossless=lossless)
    assert picture_file.size(data, "a") == (40, 24)
    assert picture_file.decode(data, "a").shape == (24, 40, 3)


@pytest.mark.parametrize("turn", range(1, 9))
def test_a_picture_is_turned_as_its_tag_says(turn: int) -> None:
    tag = Image.Exif()
    tag[0x0112] = turn
    data = encoded("jpeg", exif=tag, quality=95)
    apart = np.abs(picture_file.decode(data, "a").astype(int) - oracle(data))
    assert apart.max() <= 3


def test_grey_and_sixteen_bits_become_srgb_and_transparency_is_left_out() -> None:
    grey = picture_file.decode(encoded("png", SMOOTH[..., 0]), "a")
    assert (grey == SMOOTH[..., :1]).all()
    deep = cv2.imencode(".png", SMOOTH[..., ::-1].astype(np.uint16) * 257)[1].tobytes()
    assert (picture_file.decode(deep, "a") == SMOOTH).all()
    clear = np.dstack([SMOOTH, np.zeros((24, 40), np.uint8)])
    assert (picture_file.decode(encoded("png", clear), "a") == SMOOTH).all()


def test_an_old_bitmap_states_its_size_in_two_bytes_a_side() -> None:
    rows = b"".join(SMOOTH[row, :, ::-1].tobytes() for row in reversed(range(24)))
    head = b"BM" + struct.pack("<IHHI", 26 + len(rows), 0, 0, 26)
    data = head + struct.pack("<IHHHH", 12, 40, 24, 1, 24) + rows
    assert (picture_file.decode(data, "a") == SMOOTH).all()


@pytest.mark.parametrize("sides", [(50_000, 50_000), (2**31 - 1, 1), (1, 1), (7, 400), (0, 9)])
def test_a_bomb_and_a_dot_are_refused_by_their_header(sides: tuple[int, int]) -> None:
    rule = r"at least 8 pixels a side and at most 50000000 in all"
    with pytest.raises(ValueError, match=rf"^a\.png must have {rule}, got {sides[0]} x {sides[1]}"):
        picture_file.decode(bomb(*sides), "a.png")


def test_the_largest_picture_is_of_so_many_pixels(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(picture_file, "HIGHEST_PIXELS", 40 * 24)
    data = encoded("png")
    assert picture_file.decode(data, "a").shape == (24, 40, 3)
    monkeypatch.setattr(picture_file, "HIGHEST_PIXELS", 40 * 24 - 1)
    with pytest.raises(ValueError, match="at most 959 in all, got 40 x 24"):
        picture_file.decode(data, "a")
    monkeypatch.setattr(picture_file, "HIGHEST_BYTES", len(data) - 1)
    with pytest.raises(ValueError, match=rf"^a must have at most {len(data) - 1} bytes, got more"):
        picture_file.decode(data, "a")


@pytest.mark.parametrize("kind", ["png", "bmp", "webp", "jpeg"])
@pytest.mark.parametrize("share", [0.1, 0.5, 0.98])
def test_a_picture_that_was_cut_short_is_refused(kind: str, share: float) -> None:
    data = encoded(kind)
    short = data[: int(share * len(data))]
    with pytest.raises(ValueError, match=r"^a must be (a whole picture|a picture \().*, got "):
        picture_file.decode(short, "a")


@pytest.mark.parametrize("data", [b"", b"GIF89a" + bytes(40), b"\xff\xd8" + bytes(40), b"RIFF"])
def test_what_is_no_picture_is_refused(data: bytes) -> None:
    rule = r"a picture \(\.png, \.jpg, \.jpeg, \.bmp, \.webp\)"
    with pytest.raises(ValueError, match=rf"^a must be {rule}, got {len(data)} bytes that begin"):
        picture_file.decode(data, "a")


def test_files_are_read_by_path(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(encoded("png"))
    assert (picture_file.read(path) == SMOOTH).all()
    for name, why in ((".", "Is a directory"), ("none.png", "No such file or directory")):
        with pytest.raises(ValueError, match=rf"must be readable, got {why}$"):
            picture_file.read(tmp_path / name)
