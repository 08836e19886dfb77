"""Twelve real surroundings (Poly Haven, CC0): what lights a face, and what stands behind it.

Baked by `scripts/bake_environments.py` into `data/environments.npz`. Radiance is linear Rec. 709,
scaled so that a white matte face (albedo 1) in a typical direction has a radiance of 1, with most
of its colour cast taken out, as a camera does. Directions are those of `render.panorama`: row 0
looks up (+y), the middle column along +z, columns run towards -x.
"""

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from jaxtyping import Float32, UInt8

from assets.manifest import verified

FILE = "environments.npz"
INDOOR = (
    "st_fagans_interior",
    "lebombo",
    "empty_warehouse_01",
    "studio_small_03",
    "adams_place_bridge",
)
OUTDOOR = (
    "potsdamer_platz",
    "rooitou_park",
    "venice_sunset",
    "immenstadter_horn",
    "forest_slope",
    "kiara_1_dawn",
    "dikhololo_night",
)
NAMES = INDOOR + OUTDOOR

# Panoramas are kept as round(log(1 + 50 L) / 0.01): steps of 1 % in what is bright and of 0.0002 in
# what is dark, which is finer than an 8-bit picture of either, up to any sun.
KNEE = 50.0
STEP = 0.01


@dataclass(frozen=True, eq=False)
class Environment:
    """Surroundings seen from where the head is.

    Attributes:
        sh: radiance without the key light, orthonormal harmonics in the order of `render.light`.
        key_direction: unit vector from the head towards the brightest compact lobe.
        key_irradiance: linear RGB that the lobe gives a surface facing it.
        key_size: angular radius of the lobe, radians.
        key_floor: linear RGB radiance of what surrounds the lobe.
        panorama: radiance, the key light included.
        brightness: how light a picture taken here is meant to be: 1, less for a night.
        scale: what the original file's linear RGB was multiplied by.
    """

    name: str
    sh: Float32[np.ndarray, "9 3"]
    key_direction: Float32[np.ndarray, " 3"]
    key_irradiance: Float32[np.ndarray, " 3"]
    key_size: float
    key_floor: Float32[np.ndarray, " 3"]
    panorama: Float32[np.ndarray, "rows columns 3"]
    brightness: float
    scale: Float32[np.ndarray, " 3"]


@cache
def load(name: str) -> Environment:
    """One of `NAMES` from the shipped file, decoded once a process (15 ms) and shared.

    Raises:
        ValueError: for a name that is not one of them.
    """
    if name not in NAMES:
        raise ValueError(f"environment must be one of {', '.join(NAMES)}, got {name!r}")
    with np.load(verified(FILE), allow_pickle=False) as file:
        light = file[f"{name}.light"]
        panorama = unpack(file[f"{name}.panorama"])
    arrays = (panorama, light)
    for array in arrays:
        array.flags.writeable = False
    return Environment(
        name=name,
        sh=light[:9],
        key_direction=light[9],
        key_irradiance=light[10],
        key_floor=light[11],
        key_size=float(light[12, 0]),
        panorama=panorama,
        brightness=float(light[12, 1]),
        scale=light[13],
    )


def save(path: Path, environments: list[Environment], provenance: dict[str, object]) -> None:
    """Write the file that `load` reads: for each a [14,3] table and a packed panorama."""
    members: dict[str, np.ndarray] = {
        "provenance": np.frombuffer(json.dumps(provenance, indent=1).encode(), np.uint8)
    }
    for made in environments:
        sizes = np.array([made.key_size, made.brightness, 0.0])
        key = [made.key_direction, made.key_irradiance, made.key_floor]
        rows = [made.sh, *key, sizes, made.scale]
        members[f"{made.name}.light"] = np.vstack(rows).astype(np.float32)
        members[f"{made.name}.panorama"] = pack(made.panorama)
    np.savez_compressed(path, allow_pickle=False, **members)


def provenance() -> dict[str, object]:
    """Where the shipped file comes from: source, licence, authors, hashes of the originals."""
    with np.load(verified(FILE), allow_pickle=False) as file:
        return json.loads(file["provenance"].tobytes())


def pack(
    panorama: Float32[np.ndarray, "rows columns 3"],
) -> UInt8[np.ndarray, "bytes=2 channels=3 rows columns"]:
    """Levels of the logarithm as green and its two colour differences, each against its left
    neighbour, low bytes before high ones: what deflate makes 2.5 times smaller."""
    levels = np.rint(np.log1p(panorama.astype(np.float64) * KNEE) / STEP).astype(np.int32)
    red, green, blue = np.moveaxis(levels, -1, 0)
    planes = np.stack([green, red - green, blue - green])
    planes[..., 1:] -= planes[..., :-1].copy()
    folded = np.where(planes < 0, -2 * planes - 1, 2 * planes).astype(np.uint16)
    return np.stack([folded & 255, folded >> 8]).astype(np.uint8)


def unpack(
    packed: UInt8[np.ndarray, "bytes=2 channels=3 rows columns"],
) -> Float32[np.ndarray, "rows columns 3"]:
    """Undo `pack` to half a step."""
    folded = packed[0] | packed[1].astype(np.uint16) << 8
    signed = (folded >> 1).astype(np.int32)
    planes = np.cumsum(np.where(folded & 1, -signed - 1, signed), axis=2)
    levels = np.stack([planes[0] + planes[1], planes[0], planes[0] + planes[2]], axis=-1)
    # A table, so that a million pixels cost a thousand exponentials.
    table = (np.expm1(np.arange(levels.max() + 1) * STEP) / KNEE).astype(np.float32)
    return table[levels]
