"""Reading a picture that somebody else made: held to its size before a pixel is decoded.

The header alone says how large a picture is, so a decompression bomb costs nothing. PNG, JPEG, BMP
and WebP are read; 16 bits become 8, grey becomes sRGB, and transparency is left out.
"""

import struct
from pathlib import Path

import cv2
import numpy as np
from jaxtyping import UInt8

SUFFIXES = (".png", ".jpg", ".jpeg", ".bmp", ".webp")
HIGHEST_BYTES = 128 * 2**20
HIGHEST_PIXELS = 50_000_000
SMALLEST_SIDE = 8
"""What is smaller shows nobody."""


def read(path: Path) -> UInt8[np.ndarray, "height width 3"]:
    """Read a picture file as sRGB, turned as its rotation tag says.

    Raises ValueError that begins with the path where it cannot be read, is no picture, or is
    smaller than `SMALLEST_SIDE` a side or larger than `HIGHEST_PIXELS`.
    """
    try:
        with open(path, "rb") as file:
            data = file.read(HIGHEST_BYTES + 1)
    except OSError as error:
        raise ValueError(f"{path} must be readable, got {error.strerror}") from error
    return decode(data, str(path))


def decode(data: bytes, what: str) -> UInt8[np.ndarray, "height width 3"]:
    """Decode the bytes of a picture file as `read` does; `what` begins every error."""
    if len(data) > HIGHEST_BYTES:
        raise ValueError(f"{what} must have at most {HIGHEST_BYTES} bytes, got more")
    width, height = size(data, what)
    if min(width, height) < SMALLEST_SIDE or width * height > HIGHEST_PIXELS:
        rule = f"at least {SMALLEST_SIDE} pixels a side and at most {HIGHEST_PIXELS} in all"
        raise ValueError(f"{what} must have {rule}, got {width} x {height}")
    try:
        image = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    except cv2.error:
        image = None
    # A rotation tag swaps the sides.
    if image is None or sorted(image.shape[:2]) != sorted((height, width)):
        got = f"{len(data)} bytes that do not decode to {width} x {height}"
        raise ValueError(f"{what} must be a whole picture, got {got}")
    return cv2.cvtColor(image, cv2.COLOR_BGR2RGB)


def size(data: bytes, what: str) -> tuple[int, int]:
    """Width and height of a picture file by its header; raises ValueError where it is none."""
    if data[:8] == b"\x89PNG\r\n\x1a\n" and data[12:16] == b"IHDR" and len(data) >= 24:
        return struct.unpack(">II", data[16:24])
    if data[:2] == b"\xff\xd8":
        found = _jpeg(data)
    elif data[:2] == b"BM" and len(data) >= 26:
        found = _bmp(data)
    elif data[:4] == b"RIFF" and data[8:12] == b"WEBP" and len(data) >= 30:
        found = _webp(data)
    else:
        found = None
    if found is None:
        rule = f"a picture ({', '.join(SUFFIXES)})"
        raise ValueError(f"{what} must be {rule}, got {len(data)} bytes that begin {data[:8]!r}")
    return found


def _bmp(data: bytes) -> tuple[int, int]:
    """The oldest header has 12 bytes and sides of 16 bits; a height below 0 counts downward."""
    if data[14:18] == b"\x0c\0\0\0":
        return struct.unpack("<HH", data[18:22])
    width, height = struct.unpack("<ii", data[18:26])
    return width, abs(height)


def _jpeg(data: bytes) -> tuple[int, int] | None:
    """Walk the markers to the frame header."""
    at = 2
    while at + 9 <= len(data) and data[at] == 0xFF:
        marker = data[at + 1]
        if marker == 0xFF:  # a fill byte
            at += 1
            continue
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            height, width = struct.unpack(">HH", data[at + 5 : at + 9])
            return width, height
        at += 2 + int.from_bytes(data[at + 2 : at + 4], "big")
    return None


def _webp(data: bytes) -> tuple[int, int] | None:
    match data[12:16]:
        case b"VP8X":
            wide, high = (int.from_bytes(data[at : at + 3], "little") for at in (24, 27))
            return wide + 1, high + 1
        case b"VP8L":
            bits = int.from_bytes(data[21:25], "little")
            return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
        case b"VP8 ":
            wide, high = struct.unpack("<HH", data[26:30])
            return wide & 0x3FFF, high & 0x3FFF
    return None
