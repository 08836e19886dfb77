"""Strips of strands (cards) rooted on the skin: hair, brows and lashes.

A card is a ribbon of a few rows, its picture a piece of a tile of the atlas whose alpha cuts out
the strands. Every row hangs on an anchor of the skin, so cards follow it; where a card stands and
how it bends is given once, in the frames of its anchors.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float, Float32, Int32

from assets import atlas
from generator.anchors import Frames
from render.mesh import Points


@dataclass(frozen=True, eq=False)
class Lines:
    """Middle lines of cards on the mean head: world positions, half widths and facing, metres.

    `anchor` numbers the anchor each row hangs on.
    """

    centre: Float[np.ndarray, "cards rows 3"]
    half: Float[np.ndarray, "cards rows 3"]
    facing: Float[np.ndarray, "cards rows 3"]
    anchor: Int32[np.ndarray, "cards rows"]


@dataclass(frozen=True, eq=False)
class Cards:
    """Cards ready to be placed on any pose of a head."""

    points: Points
    anchor: Int32[np.ndarray, " vertices"]
    offset: Float32[np.ndarray, "vertices 3"]
    facing: Float32[np.ndarray, "vertices 3"]
    uv: Float32[np.ndarray, "vertices 2"]
    triangles: Int32[np.ndarray, "triangles 3"]

    def place(
        self, frames: Frames, scale: float
    ) -> tuple[Float32[np.ndarray, "vertices 3"], Float32[np.ndarray, "vertices 3"]]:
        """World positions and normals; `scale` is the head's size over the mean head's."""
        positions = frames.world(self.anchor, self.offset * np.float32(scale))
        normals = (frames.axes[self.anchor] * self.facing[:, :, None]).sum(axis=1)
        return positions, normals


def tile_window(
    tile: str, start: Float[np.ndarray, " cards"], width: float, rows: int
) -> Float32[np.ndarray, "cards rows 2 2"]:
    """Atlas UV of cards that show a share `width` of a tile from `start`, roots at its foot."""
    side = np.stack([start, start + width], axis=1)[:, None, :]
    up = np.linspace(0.02, 0.98, rows)[None, :, None]
    unit = np.stack(np.broadcast_arrays(side, up), axis=-1)
    return atlas.in_rect(tile, unit).astype(np.float32)


def cards(
    points: Points, frames: Frames, lines: Lines, uv: Float32[np.ndarray, "cards rows 2 2"]
) -> Cards:
    """Cards from lines drawn on the mean head, whose anchors have these frames."""
    count, rows = lines.anchor.shape
    sides = np.stack([lines.centre - lines.half, lines.centre + lines.half], axis=2)
    anchor = np.repeat(lines.anchor.reshape(-1), 2).astype(np.int32)
    offset = frames.local(anchor, sides.reshape(-1, 3) - frames.origin[anchor])
    facing = frames.local(anchor, np.repeat(lines.facing.reshape(-1, 3), 2, axis=0))
    first = np.arange(count)[:, None] * rows * 2 + np.arange(rows - 1)[None] * 2
    quads = np.stack([first, first + 1, first + 3, first + 2], axis=-1).reshape(-1, 4)
    triangles = quads[:, [0, 1, 2, 0, 2, 3]].reshape(-1, 3).astype(np.int32)
    return Cards(points, anchor, offset, facing, uv.reshape(-1, 2), triangles)


def chosen(all_cards: Cards, which: Int32[np.ndarray, " cards"], rows: int) -> Cards:
    """Some of many cards of `rows` rows each; anchors stay shared."""
    vertex = (which[:, None] * rows * 2 + np.arange(rows * 2)).reshape(-1)
    per_card = (rows - 1) * 2
    base = all_cards.triangles[:per_card]
    triangles = (base[None] + np.arange(len(which))[:, None, None] * rows * 2).reshape(-1, 3)
    return Cards(
        all_cards.points,
        all_cards.anchor[vertex],
        all_cards.offset[vertex],
        all_cards.facing[vertex],
        all_cards.uv[vertex],
        triangles.astype(np.int32),
    )


def thinned(all_cards: Cards, share: float) -> Cards:
    """The same cards with a share of their width."""
    sides = all_cards.offset.reshape(-1, 2, 3)
    middle = sides.mean(axis=1, keepdims=True)
    offset = (middle + (sides - middle) * np.float32(share)).reshape(-1, 3)
    return replace(all_cards, offset=offset)


def join(parts: Sequence[Cards]) -> Cards:
    """Several sets of cards as one."""
    anchors = np.cumsum([0, *(len(part.points.triangle) for part in parts)])
    vertices = np.cumsum([0, *(len(part.anchor) for part in parts)])
    points = Points(
        np.concatenate([part.points.triangle for part in parts]),
        np.concatenate([part.points.barycentric for part in parts]),
    )
    return Cards(
        points,
        np.concatenate(
            [part.anchor + np.int32(at) for part, at in zip(parts, anchors, strict=False)]
        ),
        np.concatenate([part.offset for part in parts]),
        np.concatenate([part.facing for part in parts]),
        np.concatenate([part.uv for part in parts]),
        np.concatenate(
            [part.triangles + np.int32(at) for part, at in zip(parts, vertices, strict=False)]
        ),
    )
