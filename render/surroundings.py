"""From a panorama to an `Environment`; from an environment, turned and exposed, to a `Light`."""

from functools import lru_cache

import numpy as np
from jaxtyping import Float, Float32

from assets.environments import Environment
from render import light, panorama
from render.light import Light
from render.panorama import LUMINANCE

# Radiance of a white matte face under auto exposure: skin (albedo 0.05-0.5) keeps its own tone in
# the picture, and the lit side of a light skin stays below white.
FACE_LEVEL = 0.9
# Share of the way that auto exposure goes between two rotations; a camera also sees the background.
METERED = 0.8
# Irradiance of the key against the mean of the rest, at most: with the bare sun or studio lamp it
# is 10, and the far half of a face goes black, which a photographer lightens with a reflector.
KEY_TO_FILL = 4.0
# The darkest side of a face gets at least this share of what the face gets, from nowhere in
# particular: a reflector, the person's own clothes. Without it a black studio cuts faces in two.
BOUNCE = 0.15
# Share of a white face's colour cast that the camera takes out, once for the surroundings and once
# for what is left in each rotation: dawn stays rosy, and skin tones can still be told apart.
BALANCED = 0.6
# Scenes darker than this many radiance units (of the original files) are shown darker.
NIGHT = 0.25


# Where a face is looked at when its exposure is metered: ahead, 45° to both sides, 30° up.
FACING = np.array([[0, 0, 1], [0.707, 0, 0.707], [-0.707, 0, 0.707], [0, 0.5, 0.866]])


def illuminate(environment: Environment, rotation: float, exposure: float = 1.0) -> Light:
    """What the environment, turned about +y by `rotation` radians, throws on a head at the origin.

    Auto exposure brings the face near one level whatever the rotation, nights a little below it;
    `exposure` multiplies that. The key is held to `KEY_TO_FILL` times the light from elsewhere.

    Raises:
        ValueError: for an exposure that is not above 0 or a rotation that is not finite.
    """
    if not (np.isfinite(exposure) and exposure > 0):
        raise ValueError(f"exposure must be above 0, got {exposure}")
    if not np.isfinite(rotation):
        raise ValueError(f"rotation must be finite, got {rotation}")
    held = _held_key(environment)
    face = _face(environment.sh, environment.key_direction, held, rotation)
    gain = balance(environment, rotation)
    level = float((face * gain) @ LUMINANCE)
    matrix = panorama.about_y(rotation)
    sh = turn(environment.sh * gain, matrix)
    darkest = float((light.irradiance(sh, FACING) @ LUMINANCE).min()) / np.pi
    sh[0] += max(0.0, BOUNCE * level - darkest) / light.BASIS[0]
    return Light(
        sh=sh,
        key_direction=_unit(matrix @ environment.key_direction),
        key_colour=held * gain,
        key_size=environment.key_size,
        exposure=float(FACE_LEVEL * environment.brightness / level**METERED * exposure),
        panorama=reflected(environment),
        rotation=float(rotation),
        name=environment.name,
    )


def balance(environment: Environment, rotation: float) -> Float32[np.ndarray, " 3"]:
    """White balance of the camera with the surroundings turned: gains of linear RGB."""
    face = _face(environment.sh, environment.key_direction, _held_key(environment), rotation)
    gain = np.power(face @ LUMINANCE / np.maximum(face, 1e-9), BALANCED)
    return gain.astype(np.float32)


@lru_cache(maxsize=16)
def reflected(environment: Environment) -> Float32[np.ndarray, "rows columns 3"]:
    """The panorama without the key lobe, which the shader reflects by itself.

    One array for all rotations, so that it is sent to a device once; it has no `balance`, which
    cannot be seen in a glint. A process keeps those of 16 environments.
    """
    return panorama.without_lobe(
        environment.panorama, environment.key_direction, environment.key_floor
    )


def turn(
    sh: Float32[np.ndarray, "9 3"], matrix: Float[np.ndarray, "3 3"]
) -> Float32[np.ndarray, "9 3"]:
    """Harmonics of the radiance turned with `matrix`: f'(d) = f(matrixᵀ d), exactly.

    Degree 1 is a vector and degree 2 a symmetric matrix without trace, and both turn as such.
    """
    _, linear, cross, polar, sector = light.BASIS
    factors = np.array([1.0] + [linear] * 3 + [cross, cross, polar, cross, sector])[:, None]
    constant, y, z, x, xy, yz, zz, xz, xx = sh.astype(np.float64) * factors
    vector = np.einsum("ij,jc->ic", matrix, np.stack([x, y, z]))
    form = np.array(
        [[xx - zz, xy / 2, xz / 2], [xy / 2, -xx - zz, yz / 2], [xz / 2, yz / 2, 2 * zz]]
    )
    form = np.einsum("ij,jkc,lk->ilc", matrix, form, matrix)
    turned = [
        constant,
        vector[1],
        vector[2],
        vector[0],
        2 * form[0, 1],
        2 * form[1, 2],
        form[2, 2] / 2,
        2 * form[0, 2],
        (form[0, 0] - form[1, 1]) / 2,
    ]
    return (np.stack(turned) / factors).astype(np.float32)


def measure(
    name: str,
    original: Float[np.ndarray, "rows columns 3"],
    shown: Float[np.ndarray, "small_rows small_columns 3"],
) -> Environment:
    """Split off the key, project the rest on harmonics, bring both to the scale of `Environment`.

    `shown` is the same panorama at the size that is kept.

    Raises:
        ValueError: for a panorama with no light, or with radiance below 0 or not finite.
    """
    if not (np.isfinite(original).all() and (original >= 0).all() and original.any()):
        raise ValueError(f"radiance of panorama {name} must be finite, at least 0 and not all 0")
    rows, columns = original.shape[:2]
    key, rest = panorama.split_key(original.astype(np.float64))
    towards, weight = panorama.directions(rows, columns), panorama.solid_angles(rows, columns)
    sh = np.einsum("hwk,hwc,hw->kc", light.basis(towards), rest, weight)
    turns = np.arange(24) / 24 * 2 * np.pi
    colours = np.array([_face(sh, key.direction, key.irradiance, angle) for angle in turns])
    mean = colours.mean(axis=0)
    gain = np.power(mean @ LUMINANCE / np.maximum(mean, 1e-9), BALANCED)
    typical = float(np.median(colours @ LUMINANCE))
    scale = gain / float(np.median((colours * gain) @ LUMINANCE))
    return Environment(
        name=name,
        sh=(sh * scale).astype(np.float32),
        key_direction=key.direction.astype(np.float32),
        key_irradiance=(key.irradiance * scale).astype(np.float32),
        key_size=key.size,
        key_floor=(key.floor * scale).astype(np.float32),
        panorama=(shown * scale).astype(np.float32),
        brightness=float(np.clip(np.sqrt(typical / NIGHT), 0.7, 1.0)),
        scale=scale.astype(np.float32),
    )


def _face(
    sh: Float[np.ndarray, "9 3"],
    key_direction: Float[np.ndarray, " 3"],
    key_irradiance: Float[np.ndarray, " 3"],
    rotation: float,
) -> Float[np.ndarray, " 3"]:
    """Mean radiance of a white matte face with the surroundings turned."""
    normals = FACING @ panorama.about_y(rotation)  # turned back, instead of the surroundings
    fill = np.maximum(light.irradiance(sh, normals), 0.0)
    key = np.maximum(normals @ key_direction, 0.0)[:, None] * key_irradiance
    return np.mean(fill + key, axis=0) / np.pi


def _held_key(environment: Environment) -> Float32[np.ndarray, " 3"]:
    """Irradiance of the key, held to `KEY_TO_FILL`."""
    fill = np.pi * light.BASIS[0] * float(environment.sh[0] @ LUMINANCE)
    key = float(environment.key_irradiance @ LUMINANCE)
    return environment.key_irradiance * np.float32(min(1.0, KEY_TO_FILL * fill / max(key, 1e-9)))


def _unit(vector: Float[np.ndarray, " 3"]) -> Float32[np.ndarray, " 3"]:
    return (vector / np.linalg.norm(vector)).astype(np.float32)
