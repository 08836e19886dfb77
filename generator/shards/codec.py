"""Pictures and maps to the bytes of a sample's members, and `decode`, which undoes them.

| member | array | file |
| --- | --- | --- |
| `jpg` / `png` | uint8 [h, w, 3] sRGB | JPEG quality 95 without chroma subsampling, or PNG |
| `seg.png` | uint8 [h, w] class numbers of `assets.classes`, 0 background | 8-bit grey |
| `depth.png` | float32 [h, w] metres along the camera axis, 0 background | 16-bit grey, |
| | | round(10,000 z) |
| `normal.png` | float32 [h, w, 3] unit vectors, camera frame x right, y up, z to the viewer, | |
| | 0 0 0 background | 8-bit RGB, round(127.5 (n + 1)) |
| `heat.png` | float32 [6, h, w] millimetres, AU4 6 7 9 10 43 | 8-bit, round(10 d), stacked |
| `uv.png` | float32 [2, h, w] in [0, 1], v upward | 16-bit, round(65,535 u), u above v |

`decode` is right to half a step: 0.05 mm of depth, 1/255 of a normal's component, 0.05 mm of heat
up to 25.5 mm, 1/131,070 of uv. 16-bit maps are grey because common readers cut 16-bit RGB to 8.
"""

import struct

import cv2
import numpy as np
from jaxtyping import Float, Float32, UInt8

MAPS = ("seg", "depth", "normal", "heat", "uv")
DEPTH_STEPS = 10_000.0
FARTHEST = 6.55
HEAT_STEPS = 10.0
HEAT_MAPS = 6
UV_STEPS = 65_535.0
HIGHEST_SIDE = 4096
"""Pictures are at most this wide and high: a header that says more is refused before decoding."""

JPEG = (
    cv2.IMWRITE_JPEG_QUALITY,
    95,
    cv2.IMWRITE_JPEG_SAMPLING_FACTOR,
    cv2.IMWRITE_JPEG_SAMPLING_FACTOR_444,
)
REDUCED = {
    1: cv2.IMREAD_COLOR,
    2: cv2.IMREAD_REDUCED_COLOR_2,
    4: cv2.IMREAD_REDUCED_COLOR_4,
    8: cv2.IMREAD_REDUCED_COLOR_8,
}
"""How a picture is read at a whole part of its size."""
_PNG_START = b"\x89PNG\r\n\x1a\n"
_SCHEMES = {
    "png": (8, 2, 1),
    "seg.png": (8, 0, 1),
    "depth.png": (16, 0, 1),
    "normal.png": (8, 2, 1),
    "heat.png": (8, 0, HEAT_MAPS),
    "uv.png": (16, 0, 2),
}
"""Bits, PNG colour type (0 grey, 2 RGB) and how many maps of the picture's height are stacked."""


def encode_image(image: UInt8[np.ndarray, "height width 3"], suffix: str = "jpg") -> bytes:
    """Encode an sRGB picture as `jpg` or `png`."""
    bgr = cv2.cvtColor(image, cv2.COLOR_RGB2BGR)
    match suffix:
        case "jpg":
            return _written(".jpg", bgr, JPEG)
        case "png":
            return _written(".png", bgr)
    raise ValueError(f"image must be jpg or png, got {suffix}")


def encode_seg(classes: UInt8[np.ndarray, "height width"]) -> bytes:
    """Encode class numbers."""
    return _written(".png", classes)


def encode_depth(depth: Float32[np.ndarray, "height width"]) -> bytes:
    """Encode metres along the camera axis, 0 for background.

    Raises ValueError for what is negative, not a number, farther than 6.55 m, or so near (under
    0.05 mm) that it would read back as background.
    """
    low, high = float(depth.min()), float(depth.max())
    # 6.55 itself, as float32, lies just above.
    if not (low >= 0.0 and high <= np.float32(FARTHEST)):
        raise ValueError(f"depth must be 0 to {FARTHEST} m, got {low} to {high}")
    steps = np.rint(depth * np.float32(DEPTH_STEPS)).astype(np.uint16)
    if np.count_nonzero(steps) != np.count_nonzero(depth):
        nearest = float(depth[depth > 0].min())
        raise ValueError(f"depth must be 0 or at least 0.00005 m, got {nearest}")
    return _written(".png", steps)


def encode_normal(normal: Float32[np.ndarray, "height width 3"]) -> bytes:
    """Encode unit normals, zero vectors for background.

    Raises ValueError for a component outside [-1, 1] or not a number.
    """
    low, high = float(normal.min()), float(normal.max())
    if not (low >= -1.001 and high <= 1.001):
        raise ValueError(f"normal must be in -1 to 1, got {low} to {high}")
    steps = cv2.cvtColor(cv2.convertScaleAbs(normal, None, 127.5, 127.5), cv2.COLOR_RGB2BGR)
    skin = cv2.bitwise_not(cv2.inRange(normal, (0.0, 0.0, 0.0), (0.0, 0.0, 0.0)))
    return _written(".png", cv2.bitwise_and(steps, steps, mask=skin))


def encode_heat(heat: Float32[np.ndarray, "6 height width"]) -> bytes:
    """Encode how far each of AU4, 6, 7, 9, 10, 43 moves the skin, in millimetres.

    Beyond 25.5 mm it stays at 25.5. Raises ValueError for what is negative or not a number.
    """
    if not float(heat.min()) >= 0.0:
        raise ValueError(f"heat must be at least 0 mm, got {float(heat.min())}")
    steps = cv2.convertScaleAbs(heat.reshape(-1, heat.shape[2]), None, HEAT_STEPS)
    return _written(".png", steps)


def encode_uv(uv: Float32[np.ndarray, "2 height width"]) -> bytes:
    """Encode atlas coordinates in [0, 1]. Raises ValueError for what is outside or not a number."""
    low, high = float(uv.min()), float(uv.max())
    if not (low >= 0.0 and high <= 1.0):
        raise ValueError(f"uv must be in 0 to 1, got {low} to {high}")
    steps = np.rint(uv * np.float32(UV_STEPS)).astype(np.uint16)
    return _written(".png", steps.reshape(-1, uv.shape[2]))


def decode(name: str, data: bytes) -> UInt8[np.ndarray, "..."] | Float[np.ndarray, "..."]:
    """Read a member back as the array that it was made from, to half a step.

    `name` is a member's file name or suffix (`KEY.depth.png`, `depth.png`). Raises ValueError
    that names it where the bytes are no picture of the right format or are larger than
    `HIGHEST_SIDE`.
    """
    suffix = _suffix(name)
    stored = _read(name, suffix, data)
    match suffix:
        case "jpg" | "png":
            return cv2.cvtColor(stored, cv2.COLOR_BGR2RGB)
        case "seg.png":
            return stored
        case "depth.png":
            return stored.astype(np.float32) / np.float32(DEPTH_STEPS)
        case "normal.png":
            steps = cv2.cvtColor(stored, cv2.COLOR_BGR2RGB)
            normal = steps.astype(np.float32) / np.float32(127.5) - np.float32(1.0)
            normal[(steps == 0).all(axis=2)] = 0.0
            return normal
        case "heat.png":
            return _unstacked(stored, HEAT_MAPS) / np.float32(HEAT_STEPS)
        case "uv.png":
            return _unstacked(stored, 2) / np.float32(UV_STEPS)
    raise ValueError(f"{name} must end in one of {', '.join(('jpg', *_SCHEMES))}")


def decode_jpeg(name: str, data: bytes, reduction: int = 1) -> UInt8[np.ndarray, "height width 3"]:
    """Read a `jpg` at one in 1, 2, 4 or 8 of its size, rounded up, as blue, green, red.

    The smaller, the less time it takes. What lies at (x, y) of the whole picture lies at
    (x, y) / `reduction` of this one. Raises ValueError as `decode` does.
    """
    return _read(name, "jpg", data, reduction)


def decode_heat(name: str, data: bytes) -> UInt8[np.ndarray, "6 height width"]:
    """Read `heat.png` in the steps of 0.1 mm in which it is stored; raises as `decode` does."""
    stored = _read(name, "heat.png", data)
    return stored.reshape(HEAT_MAPS, -1, stored.shape[1])


def _suffix(name: str) -> str:
    for suffix in (*_SCHEMES, "jpg"):
        if name == suffix or (suffix != "png" and name.endswith(f".{suffix}")):
            return suffix
    if name.endswith(".png"):
        return "png"
    raise ValueError(f"member must end in one of {', '.join(('jpg', *_SCHEMES))}, got {name}")


def _read(name: str, suffix: str, data: bytes, reduction: int = 1) -> np.ndarray:
    if suffix == "jpg":
        height, width = _jpeg_size(name, data)
        flag = REDUCED[reduction] | cv2.IMREAD_IGNORE_ORIENTATION
        maps, kind = 1, (np.uint8, 3)
    else:
        bits, colour, maps = _SCHEMES[suffix]
        height, width = _png_size(name, data, bits, colour)
        flag = cv2.IMREAD_UNCHANGED
        kind = (np.uint8 if bits == 8 else np.uint16, 3 if colour == 2 else 2)
    if not (0 < width <= HIGHEST_SIDE and 0 < height <= HIGHEST_SIDE * maps):
        rule = f"at most {HIGHEST_SIDE} wide and {HIGHEST_SIDE * maps} high"
        raise ValueError(f"{name} must be {rule}, got {width} x {height}")
    if height % maps:
        raise ValueError(f"{name} must hold {maps} maps of one height, got {height} rows")
    stored = cv2.imdecode(np.frombuffer(data, np.uint8), flag)
    shape = -(-height // reduction), -(-width // reduction)
    if stored is None or stored.shape[:2] != shape:
        raise ValueError(f"{name} must be a whole picture, got {len(data)} bytes that do not read")
    if (stored.dtype, stored.ndim) != kind:
        got = f"{stored.dtype} {stored.shape}"
        raise ValueError(f"{name} must decode to {kind[0].__name__} of {kind[1]} axes, got {got}")
    return stored


def _png_size(name: str, data: bytes, bits: int, colour: int) -> tuple[int, int]:
    if data[:8] != _PNG_START or data[12:16] != b"IHDR" or len(data) < 26:
        raise ValueError(f"{name} must be a PNG, got bytes that begin with {data[:8]!r}")
    width, height, got_bits, got_colour = struct.unpack(">IIBB", data[16:26])
    if (got_bits, got_colour) != (bits, colour):
        rule = f"a PNG of {bits} bits and colour type {colour}"
        raise ValueError(f"{name} must be {rule}, got {got_bits} bits and type {got_colour}")
    return height, width


def _jpeg_size(name: str, data: bytes) -> tuple[int, int]:
    """Walk the markers to the frame header, which states height and width."""
    at = 2
    while data[:2] == b"\xff\xd8" and at + 9 <= len(data) and data[at] == 0xFF:
        marker, length = data[at + 1], int.from_bytes(data[at + 2 : at + 4], "big")
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            height, width = struct.unpack(">HH", data[at + 5 : at + 9])
            return height, width
        at += 2 + length
    raise ValueError(f"{name} must be a JPEG, got bytes that begin with {data[:8]!r}")


def _unstacked(stored: np.ndarray, maps: int) -> Float32[np.ndarray, "maps height width"]:
    return stored.reshape(maps, -1, stored.shape[1]).astype(np.float32)


def _written(suffix: str, array: np.ndarray, options: tuple[int, ...] = ()) -> bytes:
    if max(array.shape[:2]) > HIGHEST_SIDE * HEAT_MAPS or min(array.shape[:2]) == 0:
        raise ValueError(f"picture must be 1 to {HIGHEST_SIDE} a side, got {array.shape[:2]}")
    done, data = cv2.imencode(suffix, array, options)
    assert done, "OpenCV encodes into memory"
    return data.tobytes()
