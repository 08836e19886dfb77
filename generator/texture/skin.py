"""The default texture `skin`: everything that is painted on one person, in the one atlas.

`skin(identity, size)` gives albedo (sRGB and alpha), tangent normals, roughness and scatter. The
skin itself is composed at `assets.skin.FIT_SIZE` (`generator.texture.skin_layers`) and gets pores
at the size asked for; eyes, mouth, cards and cloth are small pictures laid into their charts.
"""

from dataclasses import dataclass
from functools import cache

import cv2
import numpy as np
from jaxtyping import Float32, UInt8

from assets import atlas
from assets import skin as skin_model
from assets.skin import FIT_SIZE, SkinModel
from assets.streams import stream
from generator.hair import card_texture
from generator.hair.card_texture import Dye
from generator.identity import Identity
from generator.texture import cloth, mouth, skin_layers, skin_noise
from generator.texture.eye import EyeLook, eye, unevenness

SIZES = (512, 1024, 2048, 4096)
_FLAT = (128, 128, 255)
# Roughness by chart; below 0.16 the renderer mirrors the surroundings, as wet things do.
_ROUGHNESS = {
    "gown": 0.92, "mouth": 0.48, "left_cavity": 0.25, "right_cavity": 0.25, "left_eye": 0.06,
    "right_eye": 0.06, "teeth": 0.55, "tongue": 0.48, "hair": 0.45, "locks": 0.45, "brow": 0.5,
    "lash": 0.5,
}  # fmt: skip
_SCATTER = {
    "gown": 0, "mouth": 200, "left_cavity": 200, "right_cavity": 200, "left_eye": 70,
    "right_eye": 70, "teeth": 120, "tongue": 210, "hair": 0, "locks": 0, "brow": 0, "lash": 0,
}  # fmt: skip


@dataclass(frozen=True, eq=False)
class Texture:
    """One person's atlas, row 0 at v = 1.

    `albedo` is sRGB with alpha, which is 255 but on card tiles; `normal` is round(127.5 (n + 1)),
    x along u, y along v; `roughness` 0 (mirror) to 255; `scatter` 0 (hard) to 255 (skin).
    """

    albedo: UInt8[np.ndarray, "size size 4"]
    normal: UInt8[np.ndarray, "size size 3"]
    roughness: UInt8[np.ndarray, "size size"]
    scatter: UInt8[np.ndarray, "size size"]


def skin(identity: Identity, size: int = 1024) -> Texture:
    """Paint a person; the same identity and size give the same bytes.

    Raises ValueError for a size that is not one of `SIZES`.
    """
    if size not in SIZES:
        raise ValueError(f"texture size must be one of {SIZES}, got {size}")
    model = skin_model.load()
    rng = stream(identity.seed, identity.index, "texture")
    texture = _blank(size, identity)
    layers = skin_layers.layers(identity, rng)
    _paint_skin(texture, layers, identity)
    _paint_chest(texture, identity, rng)
    _paint_eyes(texture, identity)
    _paint_mouth(texture, model, identity)
    _paint_cards(texture, identity)
    return texture


def _base(identity: Identity) -> Float32[np.ndarray, " 3"]:
    """Density of the median of the face."""
    looks = identity.looks
    return -np.log(skin_model.locus(looks.lightness, looks.red, looks.yellow)).astype(np.float32)


def _blank(size: int, identity: Identity) -> Texture:
    """All skin, so that no smaller level of the atlas bleeds anything else into a chart's edge."""
    colour = skin_layers.to_srgb(_base(identity).reshape(1, 1, 3))[0, 0]
    albedo = cv2.merge([np.full((size, size), value, np.uint8) for value in (*colour, 255)])
    normal, roughness, scatter = (plane.copy() for plane in _plain(size))
    return Texture(albedo, normal, roughness, scatter)


@cache
def _plain(size: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Flat normals, and the roughness and scatter of each chart."""
    normal = cv2.merge([np.full((size, size), value, np.uint8) for value in _FLAT])
    roughness = np.full((size, size), 138, np.uint8)
    scatter = np.full((size, size), 255, np.uint8)
    for name, value in _ROUGHNESS.items():
        roughness[atlas.pixel_rect(name, size)] = round(255 * value)
        scatter[atlas.pixel_rect(name, size)] = _SCATTER[name]
    return normal, roughness, scatter


def _resized(picture: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    """To `shape` (height, width): averaged when it shrinks, smooth when it grows."""
    if picture.shape[:2] == shape:
        return picture
    shrinks = shape[0] < picture.shape[0]
    how = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
    return cv2.resize(picture, (shape[1], shape[0]), interpolation=how)


@cache
def _gloss(size: int) -> Float32[np.ndarray, "height width 2"]:
    """How much oil, and how much moisture of lips and lid margins, each texel can show."""
    oil = 0.8 * skin_noise.region("tzone", size) + 0.25
    moist = np.maximum(skin_noise.region("lips", size), 1.6 * skin_noise.region("margin", size))
    return cv2.merge([oil, moist])


def _paint_skin(texture: Texture, layers: skin_layers.Layers, identity: Identity) -> None:
    looks, size = identity.looks, len(texture.scatter)
    box = skin_model.head_box(size)
    shape = (box[0].stop - box[0].start, size)
    albedo = skin_layers.to_srgb(layers.density)
    over = (layers.hair * np.float32(256)).astype(np.uint16)[..., None]
    colour = np.array(layers.hair_colour, np.uint16)
    # At most 255 * 256 + 128: fits 16 bits.
    mixed = albedo * (np.uint16(256) - over) + colour * over + np.uint16(128)
    albedo = _resized(np.right_shift(mixed, 8).astype(np.uint8), shape)
    depth = 0.3 + 0.7 * looks.pores
    keep = _pore_shade(size, round(8 * depth))
    texture.albedo[box][..., :3] = cv2.multiply(albedo, keep, scale=1 / 128)
    across, down = skin_noise.slopes(layers.height_mm, skin_noise.TEXEL_MM)
    # In 8-bit steps about 128: coarse relief, then pores.
    coarse = np.clip(127.5 * cv2.merge([-across, down]) + 128, 8, 247).astype(np.uint8)
    fine = cv2.addWeighted(
        _resized(coarse, shape), 1.0, skin_noise.pore_slope(size), depth, -128.0 * depth
    )
    cv2.mixChannels([fine], [texture.normal[box]], [0, 0, 1, 1])
    gloss = _gloss(size)
    weights = np.array([[-255 * 0.20 * looks.oil, -255 * 0.17, 255 * 0.54]], np.float32)
    rough = cv2.transform(gloss, weights)
    rough -= np.float32(7) * skin_noise.pore_height(size)
    # Hair painted under locks is dull.
    rough += np.float32(200) * np.maximum(_resized(layers.hair, shape) - np.float32(0.45), 0)
    texture.roughness[box] = cv2.convertScaleAbs(np.maximum(rough, 60))
    cover = _resized(cv2.convertScaleAbs(layers.hair, alpha=200), shape)
    texture.scatter[box] = 255 - cover


@cache
def _pore_shade(size: int, eighths: int) -> UInt8[np.ndarray, "height width 3"]:
    """What light pores let back, 128 for all; at most some 7 % less, at `eighths` of full depth."""
    pits = np.maximum(-skin_noise.pore_height(size), 0)
    keep = 128 - cv2.convertScaleAbs(pits, alpha=0.026 * 128 * eighths / 8)
    return cv2.merge([keep] * 3)


def _paint_chest(texture: Texture, identity: Identity, rng: np.random.Generator) -> None:
    """Neck and shoulders below the head's chart: the same skin, plain."""
    size = len(texture.scatter)
    rows, columns = atlas.pixel_rect("chest", min(size, FIT_SIZE))
    field = skin_noise.mottle(16)
    start = int(rng.integers(field.shape[0] - (rows.stop - rows.start)))
    noise = field[start : start + rows.stop - rows.start, : columns.stop - columns.start]
    _lay(texture, "chest", skin_layers.to_srgb(_base(identity) + 0.03 * noise[..., None]))


def _lay(texture: Texture, name: str, picture: np.ndarray) -> None:
    place = atlas.pixel_rect(name, len(texture.scatter))
    view = texture.albedo[place]
    view[..., : picture.shape[2]] = _resized(picture, view.shape[:2])


def _paint_eyes(texture: Texture, identity: Identity) -> None:
    look = EyeLook(
        colour=identity.looks.eye,
        pupil=identity.grooming.pupil,
        age_years=identity.looks.age_years,
        veins=0.25 + 0.5 * identity.looks.blotches,
        pale=float(np.interp(identity.looks.lightness, (25.0, 60.0), (0.0, 1.0))),
    )
    uneven = unevenness()
    for sample, name in enumerate(("left_eye", "right_eye")):
        _lay(texture, name, eye(look, stream(identity.seed, identity.index, "eye", sample)))
        normal = texture.normal[atlas.pixel_rect(name, len(texture.scatter))]
        normal[..., :2] = np.rint(127.5 + 127.5 * _resized(uneven, normal.shape[:2]))


def _paint_mouth(texture: Texture, model: SkinModel, identity: Identity) -> None:
    looks, size = identity.looks, len(texture.scatter)
    rng = stream(identity.seed, identity.index, "mouth and cloth")

    def shape(name: str) -> tuple[int, int]:
        rows, columns = atlas.pixel_rect(name, min(size, FIT_SIZE))
        return rows.stop - rows.start, columns.stop - columns.start

    _lay(texture, "mouth", mouth.mouth(looks, shape("mouth"), rng))
    for name in ("left_cavity", "right_cavity"):
        _lay(texture, name, mouth.lid_inside(looks, shape(name), rng))
    gum, gap = (
        model.regions[name][atlas.pixel_rect("teeth", FIT_SIZE)].astype(np.float32) / 255
        for name in ("gum", "tooth_gap")
    )
    _lay(texture, "teeth", mouth.teeth(looks, gum, gap, rng))
    _lay(texture, "tongue", mouth.tongue(looks, shape("tongue"), rng))
    gown = mouth.gown(looks.gown, shape("gown"), rng)
    if identity.grooming.clothes == "gown":
        gown = cloth.printed(gown, stream(identity.seed, identity.index, "print"))
    _lay(texture, "gown", cloth.hemmed(gown))
    place = atlas.pixel_rect("gown", size)
    height = mouth.gown_height(texture.scatter[place].shape)
    across, down = skin_noise.slopes(height, 0.6)
    normal = texture.normal[place]
    normal[..., 0] = np.clip(127.5 - 127.5 * across, 20, 235)
    normal[..., 1] = np.clip(127.5 + 127.5 * down, 20, 235)


def _paint_cards(texture: Texture, identity: Identity) -> None:
    looks, curl = identity.looks, identity.grooming.hair.curl
    white = 0.5 * looks.grey
    own, lash = Dye(looks.hair, white), Dye(card_texture.lash_colour(looks.brow), 0.0)
    brow, beard = Dye(looks.brow, 0.5 * white), Dye(looks.beard_hair, min(1.2 * white, 0.6))
    locks = card_texture.coiled(card_texture.LOCKS, curl)
    short = card_texture.coiled(card_texture.SHORT, curl)
    tiles = {
        "locks": (locks, (own,) * len(locks)),
        "hair": (short, (*(own,) * card_texture.BEARD, beard)),
        "brow": (card_texture.BROW, (brow,) * len(card_texture.BROW)),
        "lash": (card_texture.LASH, (lash,) * len(card_texture.LASH)),
    }
    for sample, (name, (variants, dyes)) in enumerate(tiles.items()):
        size = len(texture.scatter)
        rows, columns = atlas.pixel_rect(name, size)
        shape = (rows.stop - rows.start, columns.stop - columns.start)
        rng = stream(identity.seed, identity.index, "strands", sample)
        picture = card_texture.tile(variants, dyes, shape, rng)
        # Round a tile nothing is opaque, or smaller levels would show skin along cards' edges.
        edge = size // 256
        wide = cv2.copyMakeBorder(picture, edge, edge, edge, edge, cv2.BORDER_REPLICATE)
        wide[:edge, :, 3] = wide[-edge:, :, 3] = 0
        wide[:, :edge, 3] = wide[:, -edge:, 3] = 0
        texture.albedo[
            rows.start - edge : rows.stop + edge, columns.start - edge : columns.stop + edge
        ] = wide
