"""Members read back to half a step, as other programs read them too, and bad bytes are refused."""

import io
import struct
import zlib

import cv2
import numpy as np
import pytest
from PIL import Image

from generator.shards import codec

SIDE = 37


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.Generator(np.random.Philox(7))


@pytest.fixture
def covered(rng: np.random.Generator) -> np.ndarray:
    return rng.random((SIDE, SIDE)) < 0.6


def test_depth_comes_back_to_half_a_step(rng: np.random.Generator, covered: np.ndarray) -> None:
    depth = (rng.uniform(0.0001, 6.55, (SIDE, SIDE)) * covered).astype(np.float32)
    depth[0, :3] = (0.0001, 6.55, 0.0)
    back = codec.decode("a.depth.png", codec.encode_depth(depth))
    assert back.dtype == np.float32
    # 1e-6 m is the spacing of float32 at 6.55 m, twice.
    assert np.abs(back.astype(np.float64) - depth).max() <= 0.00005 + 1e-6
    assert np.array_equal(back == 0, depth == 0)


def test_depth_is_what_another_reader_sees(rng: np.random.Generator) -> None:
    depth = rng.uniform(0.3, 2.0, (SIDE, SIDE)).astype(np.float32)
    with Image.open(io.BytesIO(codec.encode_depth(depth))) as picture:
        assert picture.mode == "I;16"
        stored = np.array(picture).astype(np.int64)
    assert np.abs(stored - depth.astype(np.float64) * 10_000).max() < 0.501


def test_normals_come_back_to_half_a_step(rng: np.random.Generator, covered: np.ndarray) -> None:
    normal = rng.normal(size=(SIDE, SIDE, 3))
    normal /= np.linalg.norm(normal, axis=2, keepdims=True)
    normal[0, :6] = np.concatenate([np.eye(3), -np.eye(3)])
    normal = (normal * covered[..., None]).astype(np.float32)
    data = codec.encode_normal(normal)
    back = codec.decode("normal.png", data)
    assert np.abs(back - normal).max() <= 0.5 / 127.5 + 1e-6
    assert np.array_equal(back.any(axis=2), covered)
    with Image.open(io.BytesIO(data)) as picture:
        stored = np.array(picture)
    expected = np.where(covered[..., None], np.rint(127.5 * (normal.astype(np.float64) + 1)), 0)
    # Halves may go either way: 127.5 is where a component is exactly 0.
    off = np.abs(stored - expected) > 0
    assert np.abs(127.5 * (normal[off].astype(np.float64) + 1) % 1 - 0.5).max(initial=0) < 1e-4


def test_heat_comes_back_to_half_a_step_and_is_stacked(rng: np.random.Generator) -> None:
    heat = rng.uniform(0, 25.5, (6, SIDE, SIDE + 2)).astype(np.float32)
    heat[3, 0, 0] = 40.0
    data = codec.encode_heat(heat)
    back = codec.decode("k.heat.png", data)
    assert back.shape == heat.shape
    assert np.abs(back - np.minimum(heat, 25.5)).max() <= 0.05 + 1e-5
    with Image.open(io.BytesIO(data)) as picture:
        assert picture.mode == "L"
        fourth = np.array(picture)[3 * SIDE : 4 * SIDE]
    assert fourth[0, 0] == 255
    assert np.abs(fourth / 10 - np.minimum(heat[3], 25.5)).max() <= 0.05 + 1e-5


def test_uv_comes_back_to_half_a_step(rng: np.random.Generator) -> None:
    uv = rng.random((2, SIDE, SIDE)).astype(np.float32)
    uv[:, 0, 0] = (0.0, 1.0)
    back = codec.decode("uv.png", codec.encode_uv(uv))
    assert np.abs(back.astype(np.float64) - uv).max() <= 0.5 / 65535 + 1e-7


def test_classes_and_png_pictures_have_no_loss(rng: np.random.Generator) -> None:
    seg = rng.integers(0, 40, (SIDE, SIDE)).astype(np.uint8)
    assert np.array_equal(codec.decode("k.seg.png", codec.encode_seg(seg)), seg)
    image = rng.integers(0, 256, (SIDE, SIDE, 3)).astype(np.uint8)
    assert np.array_equal(codec.decode("k.png", codec.encode_image(image, "png")), image)


def test_jpeg_is_near_and_keeps_its_chroma(rng: np.random.Generator) -> None:
    y, x = np.mgrid[:64, :96]
    image = np.stack([x * 2, y * 3, 255 - x], axis=2).astype(np.uint8)
    data = codec.encode_image(image)
    assert np.abs(codec.decode("k.jpg", data).astype(int) - image).max() <= 6
    frame = data.index(b"\xff\xc0")
    factors = [data[frame + 11 + 3 * component] for component in range(3)]
    assert factors == [0x11, 0x11, 0x11]


@pytest.mark.parametrize(
    ("depth", "text"),
    [
        (6.56, "depth must be 0 to 6.55 m"),
        (-0.1, "depth must be 0 to 6.55 m"),
        (float("nan"), "depth must be 0 to 6.55 m"),
        (0.00004, "depth must be 0 or at least 0.00005 m"),
    ],
)
def test_depth_that_does_not_fit_is_an_error(depth: float, text: str) -> None:
    array = np.full((4, 4), 1.0, np.float32)
    array[1, 2] = depth
    with pytest.raises(ValueError, match=text):
        codec.encode_depth(array)


def test_other_maps_that_do_not_fit_are_errors() -> None:
    with pytest.raises(ValueError, match="normal must be in -1 to 1"):
        codec.encode_normal(np.full((2, 2, 3), 1.5, np.float32))
    with pytest.raises(ValueError, match="heat must be at least 0 mm"):
        codec.encode_heat(np.full((6, 2, 2), -1, np.float32))
    with pytest.raises(ValueError, match="heat must be at least 0 mm"):
        codec.encode_heat(np.full((6, 2, 2), np.nan, np.float32))
    with pytest.raises(ValueError, match="uv must be in 0 to 1"):
        codec.encode_uv(np.full((2, 2, 2), 1.1, np.float32))


def png(width: int, height: int, bits: int = 8, colour: int = 0) -> bytes:
    """A PNG that claims a size and holds next to nothing."""

    def chunk(name: bytes, data: bytes) -> bytes:
        checked = name + data
        return struct.pack(">I", len(data)) + checked + struct.pack(">I", zlib.crc32(checked))

    start = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, bits, colour, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + start + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")


def test_a_picture_that_claims_to_be_huge_is_refused_unread() -> None:
    with pytest.raises(ValueError, match=r"seg.png must be at most 4096 wide .* got 60000 x 60000"):
        codec.decode("seg.png", png(60000, 60000))
    with pytest.raises(ValueError, match="at most 4096 wide and 24576 high"):
        codec.decode("heat.png", png(64, 4097 * 6))
    huge = bytearray(codec.encode_image(np.zeros((8, 8, 3), np.uint8)))
    frame = huge.index(b"\xff\xc0")
    huge[frame + 5 : frame + 9] = struct.pack(">HH", 65000, 65000)
    with pytest.raises(ValueError, match="got 65000 x 65000"):
        codec.decode("k.jpg", bytes(huge))


def test_bytes_of_another_format_are_refused() -> None:
    depth = codec.encode_depth(np.ones((8, 8), np.float32))
    with pytest.raises(ValueError, match="a PNG of 8 bits and colour type 0, got 16 bits"):
        codec.decode("k.seg.png", depth)
    with pytest.raises(ValueError, match=r"k\.jpg must be a JPEG, got bytes that begin .*PNG"):
        codec.decode("k.jpg", depth)
    with pytest.raises(ValueError, match=r"k\.depth\.png must be a PNG"):
        codec.decode("k.depth.png", b"nothing")
    with pytest.raises(ValueError, match="hold 6 maps of one height, got 8 rows"):
        codec.decode("heat.png", cv2.imencode(".png", np.zeros((8, 8), np.uint8))[1].tobytes())
    with pytest.raises(ValueError, match="member must end in one of jpg, png"):
        codec.decode("k.gif", depth)
    with pytest.raises(ValueError, match="must be a whole picture"):
        codec.decode("depth.png", png(8, 8, 16))
