"""Several views of a head's chart made into one: each texel from where it was seen best."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import no_type_check

import cv2
import numpy as np
import warp as wp
from jaxtyping import Float32

from assets import skin
from render import blend
from render.device import Device, put, start

MIRROR = 0.99822
"""Sum of u of a place of the head's chart and of its mirror image: its middle is not the atlas'."""
EDGE = 5
"""Blocks (of 1.5 mm of a face) over which a view gives way to others where it ends."""
VISIBLE = 0.0, 1e-3
"""Any cosine above 0 was seen."""


@dataclass(frozen=True, eq=False)
class Seen:
    """What was seen of the head's chart, on a device.

    `light` is linear; `weight` is the cosine at which a texel was seen, 0 where it was not.
    """

    light: wp.array
    weight: wp.array

    @classmethod
    def of(
        cls,
        light: Float32[np.ndarray, "rows columns 3"],
        weight: Float32[np.ndarray, "rows columns"],
        device: Device = "cpu",
    ) -> "Seen":
        """What `render.unwrap` gives; on the CPU it looks at the same memory."""
        name = start(device)
        return cls(put(light, wp.vec3, name), put(weight, wp.float32, name))

    def numpy(
        self,
    ) -> tuple[Float32[np.ndarray, "rows columns 3"], Float32[np.ndarray, "rows columns"]]:
        """Light and weight as arrays; on the CPU they are the same memory."""
        return self.light.numpy(), self.weight.numpy()


@no_type_check  # a warp struct is no type to a checker
def grid(seen: Seen) -> blend.Grid:
    """The chart in blocks, so that it has the shape of `skin.head_box(skin.SMOOTH_SIZE)`.

    Raises ValueError where it cannot be the head's chart of an atlas.
    """
    rows, columns = seen.weight.shape
    wanted = skin.head_box(columns)[0]
    if columns % skin.SMOOTH_SIZE or rows != wanted.stop - wanted.start:
        raise ValueError(f"a view must have the head chart's shape, got {rows} x {columns}")
    out = blend.Grid()
    out.block = columns // skin.SMOOTH_SIZE
    out.down, out.across = rows // out.block, columns // out.block
    out.turn = round(MIRROR * columns) - 1
    return out


def mirrored(field: Float32[np.ndarray, "down across *rest"]) -> np.ndarray:
    """A smooth field of the head's chart seen in a mirror, whose axis is not the atlas'."""
    # The axis of `MIRROR`: half a block to the left of the middle.
    flipped = field[:, ::-1]
    beside = np.concatenate([flipped[:, 1:], flipped[:, -1:]], axis=1)
    return np.float32(0.5) * (flipped + beside)


@no_type_check
def sure(
    seen: Seen, on: blend.Grid, counts: tuple[float, float], wide: int
) -> Float32[np.ndarray, "down across"]:
    """How far inside of what is seen each block lies: 0 at and beyond an edge, 1 inside.

    `counts` are the cosines from which on a texel counts, and counts fully; from 0 to 1 there are
    `wide` blocks.
    """
    device = str(seen.weight.device)
    part = wp.empty((on.down, on.across), dtype=wp.float32, device=device)
    wp.launch(blend.covered, dim=part.shape, inputs=[on, seen.weight, *counts, part], device=device)
    # A few texels that are not seen, in a block that is, make no edge.
    inside = cv2.erode(np.clip(2 * part.numpy() - 1, 0, 1), np.ones((wide, wide), np.uint8))
    return cv2.blur(inside, (wide, wide))


@no_type_check
def combine(views: Sequence[Seen]) -> Seen:
    """The mean of views, by the angle at which each saw a texel; its weight is the best.

    A view ends softly, over `EDGE` blocks, where another one has seen the texel too. Raises
    ValueError without a view, or for one of another shape.
    """
    if not views or any(one.weight.shape != views[0].weight.shape for one in views):
        shapes = [one.weight.shape for one in views]
        raise ValueError(f"views must be at least one, all of one shape, got {shapes}")
    on, device = grid(views[0]), str(views[0].weight.device)
    shape = views[0].weight.shape
    mean = _zeros((*shape, 3), wp.vec3, device)
    total, best = (_zeros(shape, wp.float32, device) for _ in range(2))
    for view in views:
        edge = put(sure(view, on, VISIBLE, EDGE), wp.float32, device)
        inputs = [on, view.light, view.weight, edge, mean, total, best]
        wp.launch(blend.fold, dim=(shape[0], on.across), inputs=inputs, device=device)
    return Seen(mean, best)


def _zeros(shape: tuple[int, ...], dtype: type, device: str) -> wp.array:
    """Zeros; on the CPU memory that is not touched costs nothing."""
    if device == "cpu":
        return put(np.zeros(shape, np.float32), dtype, device)
    return wp.zeros(shape[:2], dtype=dtype, device=device)
