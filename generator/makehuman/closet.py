"""The added pack as a process holds it: pieces read and bound once, worn by one person at once."""

from dataclasses import replace
from functools import cache

import numpy as np
from jaxtyping import Float32

from assets import atlas, makehuman
from assets.head import Head, HeadModel
from generator.config import GenerateConfig
from generator.hair.card_texture import lash_colour
from generator.hair.cards import Cards
from generator.identity import Identity
from generator.looks import Colour
from generator.makehuman import hang, lie, paint
from generator.makehuman.outfit import Outfit, choose
from generator.makehuman.piece import Piece, read_piece
from generator.occluders.dressing import names_of
from generator.shards.drawn_rules import ADDED
from generator.texture.skin import Texture

# Share of a chart that is left free on each side, so that neighbours do not show at the edges.
_RIM = 0.012
_FOLDERS = {"hair": "hair", "brow": "eyebrows", "lash": "eyelashes"}
_CHARTS = {"hair": "locks", "brow": "brow", "lash": "lash"}
# Height and width at which a brow's picture is looked at for its middle line.
_SEEN = (256, 256)
# Standard deviation of the logarithm of shades that is kept of the pictures.
_CONTRAST = {"hair": 0.22, "brow": 0.2, "lash": 0.1}
# The pack's lashes are those of made-up women: a share of their length.
_LENGTH = {"female": 0.75, "male": 0.55}


def outfit(config: GenerateConfig, identity: Identity) -> Outfit:
    """What a person wears of what was added, every file of which is checked once a process.

    Who wears a cap in some view keeps hair of our own, which goes under one. Raises ValueError
    where the pack was not added, or is not what was added any more.
    """
    makehuman.sha256()
    chosen = choose(identity, _added())
    capped = any("cap" in names for names in names_of(config, identity))
    return replace(chosen, hair=None) if capped else chosen


def hair_name(config: GenerateConfig, identity: Identity) -> str:
    """Name of a person's hair style for the record; our own style's where the pack has none."""
    style = outfit(config, identity).hair
    return identity.grooming.hair.style if style is None else ADDED + style


@cache
def _added() -> dict[str, tuple[str, ...]]:
    return {kind: makehuman.pieces(kind) for kind in makehuman.KINDS}


@cache
def _piece(part: str, name: str) -> Piece:
    return read_piece(makehuman.folder(_FOLDERS[part], name))


@cache
def _hanging(model: HeadModel, name: str) -> hang.Hanging:
    return hang.fit(model, _piece("hair", name))


@cache
def _on_lids_and_brows(model: HeadModel, part: str, name: str) -> Cards:
    piece = _piece(part, name)
    if part == "brow":
        return lie.brows(model, piece, _uv(piece, part), _shade(part, name, _SEEN)[..., 1])
    return lie.lashes(model, piece, _uv(piece, part))


@cache
def _shade(part: str, name: str, shape: tuple[int, int]) -> Float32[np.ndarray, "height width 2"]:
    return paint.shade(_piece(part, name), shape)


def _uv(piece: Piece, part: str) -> Float32[np.ndarray, "vertices 2"]:
    inside = piece.uv * (1 - 2 * _RIM) + _RIM
    return atlas.in_rect(_CHARTS[part], inside).astype(np.float32)


def worn(
    model: HeadModel, head: Head, identity: Identity, wears: Outfit, scale: float
) -> dict[str, Cards]:
    """Cards by part (hair, brow, lash) that take the place of our own; `scale` as in `Body`."""
    cards: dict[str, Cards] = {}
    if wears.hair is not None:
        piece = _piece("hair", wears.hair)
        hanging = _hanging(model, wears.hair)
        cards["hair"] = hang.hair(model, head, piece, hanging, _uv(piece, "hair"), scale)
    if wears.brows is not None:
        cards["brow"] = _on_lids_and_brows(model, "brow", wears.brows)
    if wears.lashes is not None:
        whole = _on_lids_and_brows(model, "lash", wears.lashes)
        share = np.float32(_LENGTH[identity.person.sex])
        cards["lash"] = replace(whole, offset=whole.offset * share)
    return cards


def dress(texture: Texture, identity: Identity, wears: Outfit) -> None:
    """Paint what a person wears into the charts of their texture."""
    looks, size = identity.looks, len(texture.scatter)
    # Strands thinner than a texel come out faint.
    density = 0.55 + 0.95 * identity.grooming.brow_density
    parts: dict[str, tuple[str | None, Colour, float]] = {
        "hair": (wears.hair, looks.hair, 1.0),
        "brow": (wears.brows, looks.brow, density),
        "lash": (wears.lashes, lash_colour(looks.brow), 1.0),
    }
    for part, (name, colour, cover) in parts.items():
        if name is None:
            continue
        place = atlas.pixel_rect(_CHARTS[part], size)
        height, width = texture.scatter[place].shape
        inner = paint.inside((height, width), _RIM)
        shades = paint.framed(_shade(part, name, inner), (height, width))
        texture.albedo[place] = paint.tinted(shades, colour, _CONTRAST[part], cover)
        texture.scatter[place] = 0
