"""What stands behind the head: surroundings out of focus, a colour, a gradient, or a picture.

A background is linear radiance before `Light.exposure`, like everything the light touches. What
is given as it shall look in the picture (a colour, a gradient, a user's picture) is taken back
through tone curve and exposure here, and so comes out of `render.develop` as it was given.
"""

from pathlib import Path

import cv2
import numpy as np
from jaxtyping import Float32, Float64, UInt8

from assets.environments import Environment
from render.camera import Camera
from render.develop import SHOULDER
from render.light import column
from render.panorama import LUMINANCE
from render.surroundings import balance

Background = Float32[np.ndarray, "height width 3"]

# The blur is computed on a grid of at most COARSE points along the picture and of about ACROSS
# points along the blurred disc, each disc then 45 shifted sums.
COARSE = 128
ACROSS = 7
# How bright surroundings are held for the sake of the picture, in exposed light, where 1 is a
# diffuse white: from KNEE on by the logarithm, as every telephone does. Over 200 pictures 11 % of
# the background was white (levels of 250 and more) without it, and 1 % is with it.
KNEE = 0.5
SOFT = 0.4
# Colour (the most of red, green and blue less blue, so that skies are left alone) is held likewise,
# or a lime wall outshines the head before it.
VIVID = 0.22
# A user's picture may not have more pixels than this.
LARGEST = 50_000_000


def defocused(
    environment: Environment,
    rotation: float,
    camera: Camera,
    aperture: float,
    exposure: float | None = None,
) -> Background:
    """The surroundings as a lens of `aperture` (metres across) focused on the origin shows them.

    A point far behind becomes an even disc of aperture / distance radians. The panorama's own
    pixels are 0.7 degrees wide, so that nothing is sharper than that at any aperture. With the
    `exposure` of the picture what is bright or vivid is `held` back.

    Raises:
        ValueError: for an aperture that is not above 0, or a camera at the origin.
    """
    distance = float(np.linalg.norm(camera.position))
    if not aperture > 0 or distance < 1e-6:
        raise ValueError(f"aperture and distance must be above 0, got {aperture} and {distance}")
    width, height = camera.width, camera.height
    radius = float(camera.intrinsics[0, 0]) * aperture / distance / 2
    step = max(1, round(2 * radius / ACROSS), round(max(width, height) / COARSE))
    weights = disc(radius / step)
    margin = len(weights) // 2
    columns, rows = (-(-size // step) + 2 for size in (width, height))
    seen = _seen(environment, rotation, camera, step, (rows, columns, margin + 1))
    blurred = _convolve(seen, weights) * balance(environment, rotation)
    if exposure is not None:
        blurred = held(blurred, exposure)
    # Linear, since a cubic rings below 0 beside a lamp; the panorama's own pixels are wider.
    large = cv2.resize(blurred, (columns * step, rows * step), interpolation=cv2.INTER_LINEAR)
    return large[step : step + height, step : step + width].copy()


def held(light: Background, exposure: float) -> Background:
    """Surroundings held back where they are bright or vivid, under the picture's exposure.

    Light below `KNEE` and colour below `VIVID` stay as they are.
    """
    shown = light * np.float32(exposure)
    most = shown.max(axis=-1, keepdims=True)
    # Half by the brightest channel, which keeps the hue, half by each, which pales it as film does.
    by_most = _bent(most, KNEE, SOFT) / np.maximum(most, np.float32(1e-6))
    shown = (shown * by_most + _bent(shown, KNEE, SOFT)) * np.float32(0.5)
    most = shown.max(axis=-1, keepdims=True)
    colour = np.maximum(most - shown[..., 2:], np.float32(1e-6))
    paler = _bent(colour, VIVID, VIVID / 2) / colour
    # Towards the grey of the same luminance.
    grey = (shown * LUMINANCE.astype(np.float32)).sum(axis=-1, keepdims=True)
    shown = grey + (shown - grey) * paler
    return np.maximum(shown, 0) / np.float32(exposure)


def _bent(values: np.ndarray, knee: float, soft: float) -> Float32[np.ndarray, "*shape"]:
    """Straight up to `knee`, the logarithm from there, as steep where they meet."""
    over = np.maximum(values - np.float32(knee), 0) / np.float32(soft)
    return np.where(values < knee, values, knee + soft * np.log1p(over)).astype(np.float32)


def disc(radius: float) -> Float32[np.ndarray, "size size"]:
    """Weights of an even disc on a grid of unit squares, each by the share that is covered."""
    fine = 8
    half = int(np.ceil(radius + 0.5)) - 1 if radius > 0.5 else 0
    size = 2 * half + 1
    offsets = (np.arange(size * fine) + 0.5) / fine - size / 2
    inside = offsets[:, None] ** 2 + offsets**2 <= max(radius, 0.5) ** 2
    covered = inside.reshape(size, fine, size, fine).sum(axis=(1, 3))
    return (covered / covered.sum()).astype(np.float32)


def plain(colour: UInt8[np.ndarray, " 3"], camera: Camera, exposure: float) -> Background:
    """One sRGB colour everywhere, under a light of this exposure."""
    shown = before_tone(decode_srgb(colour[None, None]), exposure)
    return np.broadcast_to(shown, (camera.height, camera.width, 3)).copy()


def gradient(
    colours: UInt8[np.ndarray, "2 3"], angle: float, camera: Camera, exposure: float
) -> Background:
    """From the first sRGB colour to the second across the picture, even to the eye.

    `angle` in radians: 0 from left to right, π/2 from top to bottom.
    """
    x = (np.arange(camera.width) + 0.5) / camera.width - 0.5
    y = (np.arange(camera.height) + 0.5) / camera.height - 0.5
    along = np.cos(angle) * x + np.sin(angle) * y[:, None]
    reach = (abs(np.cos(angle)) + abs(np.sin(angle))) / 2
    share = (along / reach / 2 + 0.5)[..., None]
    first, second = colours.astype(np.float64)
    return before_tone(decode_srgb(first + (second - first) * share), exposure)


def picture(path: Path, camera: Camera, exposure: float, rng: np.random.Generator) -> Background:
    """A random crop of the user's picture, of the camera's shape and between 60 and 100 % of it.

    Raises:
        ValueError: naming the file, where it cannot be read or is too large.
    """
    encoded = read(path)
    rows, columns = encoded.shape[:2]
    share = rng.uniform(0.6, 1.0) * min(rows / camera.height, columns / camera.width)
    height, width = max(1, int(share * camera.height)), max(1, int(share * camera.width))
    top, left = int(rng.integers(rows - height + 1)), int(rng.integers(columns - width + 1))
    crop = decode_srgb(encoded[top : top + height, left : left + width])
    smaller = height > camera.height
    method = cv2.INTER_AREA if smaller else cv2.INTER_CUBIC
    sized = cv2.resize(crop, (camera.width, camera.height), interpolation=method)
    return before_tone(np.clip(sized, 0, 1), exposure)


def read(path: Path) -> UInt8[np.ndarray, "rows columns 3"]:
    """Decode an sRGB picture, its rotation tag applied and its alpha dropped.

    Raises:
        ValueError: naming the file, where it cannot be read or is too large.
    """
    decoded = None
    try:
        data = np.fromfile(path, np.uint8)
        decoded = cv2.imdecode(data, cv2.IMREAD_COLOR) if data.size else None
    except cv2.error as fault:  # more pixels than OpenCV will decode
        raise ValueError(f"background must have at most {LARGEST} pixels, got {path}") from fault
    except OSError as fault:
        raise ValueError(f"background must be a readable picture, got {path}: {fault}") from fault
    if decoded is None:
        raise ValueError(f"background must be a readable picture, got {path}")
    rows, columns = decoded.shape[:2]
    if rows * columns > LARGEST:
        got = f"{columns} x {rows} in {path}"
        raise ValueError(f"background must have at most {LARGEST} pixels, got {got}")
    return decoded[..., ::-1].copy()


def before_tone(
    shown: Float32[np.ndarray, "*shape"], exposure: float
) -> Float32[np.ndarray, "*shape"]:
    """Light that the tone curve of `render.develop` brings to these linear levels (0-1)."""
    rest = 1.0 - SHOULDER
    # White stands at infinity on the curve; a code step below it is white to the eye.
    left = np.maximum(1.0 - (shown - SHOULDER) / rest, 1e-4)
    unbent = np.where(shown < SHOULDER, shown, SHOULDER - rest * np.log(left))
    return (unbent / exposure).astype(np.float32)


def decode_srgb(encoded: np.ndarray) -> np.ndarray:
    """Linear light, float32 from 0 to 1, of sRGB levels from 0 to 255 (IEC 61966-2-1)."""
    if encoded.dtype == np.uint8:
        return decode_srgb(np.arange(256, dtype=np.float64))[encoded]
    level = np.asarray(encoded, np.float64) / 255
    curved = ((level + 0.055) / 1.055) ** 2.4
    return np.where(level <= 0.04045, level / 12.92, curved).astype(np.float32)


def _seen(
    environment: Environment,
    rotation: float,
    camera: Camera,
    step: int,
    shape: tuple[int, int, int],
) -> Background:
    """The panorama through a pinhole, a point for every square of `step` pixels.

    `shape` is rows, columns, and how many points lie outside the picture on its first sides.
    """
    rows, columns, margin = shape
    x = (np.arange(-margin, columns - 1 + margin - 1) + 0.5) * step
    y = (np.arange(-margin, rows - 1 + margin - 1) + 0.5) * step
    focal, centre = camera.intrinsics[[0, 1], [0, 1]], camera.intrinsics[:2, 2]
    along = np.broadcast_arrays((x - centre[0]) / focal[0], ((y - centre[1]) / focal[1])[:, None])
    rays = np.stack([*along, np.ones_like(along[0])], axis=-1)
    world = np.einsum("hwi,ij->hwj", rays, camera.extrinsics[:, :3])
    world /= np.sqrt(np.square(world).sum(axis=-1, keepdims=True))
    panorama = environment.panorama
    height, width = panorama.shape[:2]
    across = column(world, rotation) * width - 0.5
    down = np.arccos(np.clip(world[..., 1], -1.0, 1.0)) / np.pi * height - 0.5
    return _spline(panorama, down, across)


def _spline(
    panorama: Float32[np.ndarray, "rows columns 3"],
    down: Float64[np.ndarray, "*shape"],
    across: Float64[np.ndarray, "*shape"],
) -> Float32[np.ndarray, "*shape 3"]:
    """Cubic B-spline through the pixels: smooth, and never below 0 beside a sun."""
    height, width = panorama.shape[:2]
    top, left = np.floor(down), np.floor(across)
    by_row, by_column = _cubic(down - top), _cubic(across - left)
    flat = panorama.reshape(-1, 3)
    rows = [np.clip(top.astype(np.int64) + i - 1, 0, height - 1) * width for i in range(4)]
    columns = [(left.astype(np.int64) + j - 1) % width for j in range(4)]
    total = np.zeros((*down.shape, 3), np.float32)
    for row, down_weight in zip(rows, by_row, strict=True):
        for place, across_weight in zip(columns, by_column, strict=True):
            weight = (down_weight * across_weight).astype(np.float32)
            total += flat.take(row + place, axis=0) * weight[..., None]
    return total


def _cubic(part: np.ndarray) -> list[np.ndarray]:
    """The four weights of the cubic B-spline at a fraction between two pixels."""
    rest = 1 - part
    first, last = rest**3 / 6, part**3 / 6
    second = 2 / 3 - part * part * (2 - part) / 2
    return [first, second, 1 - first - second - last, last]


def _convolve(
    seen: Float32[np.ndarray, "*shape 3"], weights: Float32[np.ndarray, "size size"]
) -> Float32[np.ndarray, "_ _ 3"]:
    """Weighted sum of shifted copies: the same sums in the same order on every machine."""
    size = len(weights)
    rows, columns = seen.shape[0] - size + 1, seen.shape[1] - size + 1
    total = np.zeros((rows, columns, 3), np.float32)
    for i, j in np.argwhere(weights > 0):
        total += seen[i : i + rows, j : j + columns] * weights[i, j]
    return total
