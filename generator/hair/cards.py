"""Strips of strands (cards) rooted on the skin: hair, brows and lashes.

A card is a ribbon of a few rows, its picture a piece of a tile of the atlas whose alpha cuts out
the strands. Every row hangs on an anchor of the skin, so cards follow it; where a card stands and
how it bends is given once, in the frames of its anchors.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Bool, Float, Float32, Int, Int32

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
    """Cards ready to be placed on any pose of a head.

    `offset` (metres at the mean head's size) and `facing` are given in the frame of a vertex's
    anchor; where `upright`, in the axes of the head: such cards move with their anchor but do not
    turn with it, so that the far end of a long lock stays where it hangs. None: all turn.
    """

    points: Points
    anchor: Int32[np.ndarray, " vertices"]
    offset: Float32[np.ndarray, "vertices 3"]
    facing: Float32[np.ndarray, "vertices 3"]
    uv: Float32[np.ndarray, "vertices 2"]
    triangles: Int32[np.ndarray, "triangles 3"]
    upright: Bool[np.ndarray, " vertices"] | None = None

    def stays(self) -> Bool[np.ndarray, " vertices"]:
        """Which vertices do not turn with their anchors."""
        return np.zeros(len(self.anchor), bool) if self.upright is None else self.upright

    def place(
        self, frames: Frames, scale: float
    ) -> tuple[Float32[np.ndarray, "vertices 3"], Float32[np.ndarray, "vertices 3"]]:
        """World positions and normals; `scale` is the head's size over the mean head's."""
        axes = frames.axes[self.anchor]
        axes[self.stays()] = np.eye(3, dtype=np.float32)
        offset = self.offset * np.float32(scale)
        positions = frames.origin[self.anchor] + (axes * offset[:, :, None]).sum(axis=1)
        normals = (axes * self.facing[:, :, None]).sum(axis=1)
        return positions, normals


# A variant's share of its column that cards leave out at either side.
_INSET = 0.03


def variant_window(
    tile: str, variant: Int[np.ndarray, " cards"], count: int, rows: int
) -> Float32[np.ndarray, "cards rows 2 2"]:
    """Atlas UV of cards that show one each of a tile's `count` variants, roots at its foot.

    Every other card shows it mirrored.
    """
    low, high = (variant + _INSET) / count, (variant + 1 - _INSET) / count
    swap = (np.arange(len(variant)) % 2).astype(bool)
    side = np.stack([np.where(swap, high, low), np.where(swap, low, high)], axis=1)[:, None, :]
    up = np.linspace(0.02, 0.98, rows)[None, :, None]
    unit = np.stack(np.broadcast_arrays(side, up), axis=-1)
    return atlas.in_rect(tile, unit).astype(np.float32)


def cards(
    points: Points, frames: Frames, lines: Lines, uv: Float32[np.ndarray, "cards rows 2 2"]
) -> Cards:
    """Cards from lines drawn on the mean head, whose anchors have these frames."""
    anchor = np.repeat(lines.anchor.reshape(-1), 2).astype(np.int32)
    offset = frames.local(anchor, _sides(lines) - frames.origin[anchor])
    facing = frames.local(anchor, np.repeat(lines.facing.reshape(-1, 3), 2, axis=0))
    return Cards(points, anchor, offset, facing, uv.reshape(-1, 2), _strips(lines))


def upright(
    points: Points,
    origin: Float[np.ndarray, "anchors 3"],
    lines: Lines,
    uv: Float32[np.ndarray, "cards rows 2 2"],
) -> Cards:
    """Cards that do not turn with the skin, from lines about anchors that lie at `origin`."""
    anchor = np.repeat(lines.anchor.reshape(-1), 2).astype(np.int32)
    offset = (_sides(lines) - origin[anchor]).astype(np.float32)
    facing = np.repeat(lines.facing.reshape(-1, 3), 2, axis=0).astype(np.float32)
    stays = np.ones(len(anchor), bool)
    return Cards(points, anchor, offset, facing, uv.reshape(-1, 2), _strips(lines), stays)


def _sides(lines: Lines) -> Float[np.ndarray, "vertices 3"]:
    """Both sides of every row of every card."""
    both = np.stack([lines.centre - lines.half, lines.centre + lines.half], axis=2)
    return both.reshape(-1, 3)


def _strips(lines: Lines) -> Int32[np.ndarray, "triangles 3"]:
    count, rows = lines.anchor.shape
    first = np.arange(count)[:, None] * rows * 2 + np.arange(rows - 1)[None] * 2
    quads = np.stack([first, first + 1, first + 3, first + 2], axis=-1).reshape(-1, 4)
    return quads[:, [0, 1, 2, 0, 2, 3]].reshape(-1, 3).astype(np.int32)


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
        all_cards.stays()[vertex],
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
        np.concatenate([part.stays() for part in parts]),
    )
