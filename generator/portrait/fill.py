"""What no view saw, filled from the mirrored side and from our own texture, without a seam.

Both are multiplied by a membrane: the ratio of what is known to the filler, carried on smoothly
from where both are known. So the filler takes on colour and brightness of what it touches and
keeps its own detail.
"""

from dataclasses import dataclass
from typing import no_type_check

import cv2
import numpy as np
import warp as wp
from jaxtyping import Float32, Int32, UInt8

from assets import push_pull
from generator.portrait import combine
from generator.portrait.combine import Seen, mirrored
from render import blend, layers
from render.device import put
from render.material import decode_table, encode_table

LOW, HIGH = 0.25, 0.5
"""Cosines from which on what was seen stands, and stands alone: at 0.25 a texel of the picture
covers four of a face seen from the front."""
EDGE = 3
"""Blocks (of 1.5 mm of a face) over which the seen gives way to the filler where it ends."""
SMOOTH = 5
"""Blocks (7 mm of a face) over which the ratio is averaged, so that no spot is carried on."""
FAR = 14.0
"""Blocks (21 mm of a face) beyond what is known over which a ratio comes to that of the whole: what
the edge of a face says of the skin behind an ear is mostly light."""
THERE = 0.05
"""Share of a block from which on it says something."""
LEAST = 1e-4
"""Light below this is black."""

Low = Float32[np.ndarray, "down across"]
Colours = Float32[np.ndarray, "down across 3"]


@no_type_check  # a warp struct is no type to a checker
@dataclass(frozen=True, eq=False)
class Known:
    """The seen and the filler on a device, and their means over blocks of texels.

    `share` is how much of the seen stands, `seen` its light, `under` the filler's where it
    stands, `own` the filler's; `under` and `seen` are 0 where nothing stands, `own` is there
    where something does or does on the other side of the face.
    """

    grid: blend.Grid  # pyright: ignore[reportGeneralTypeIssues]
    layers: layers.Layers  # pyright: ignore[reportGeneralTypeIssues]
    share: Low
    seen: Colours
    under: Colours
    own: Colours

    @property
    def device(self) -> str:
        """The device's name."""
        return str(self.layers.light.device)


@no_type_check
def known(
    seen: Seen, own: UInt8[np.ndarray, "rows columns 3"], kept: UInt8[np.ndarray, "rows columns"]
) -> Known:
    """Take what was seen, our own sRGB, and where the seen may stand (`own.kept`).

    Raises ValueError for shapes that differ.
    """
    grid, device = combine.grid(seen), str(seen.weight.device)
    if not own.shape[:2] == kept.shape == seen.weight.shape:
        shapes = f"{own.shape[:2]} and {kept.shape}"
        raise ValueError(f"our own texture must be {seen.weight.shape}, got {shapes}")
    on = layers.Layers()
    on.light, on.weight, on.low, on.high = seen.light, seen.weight, LOW, HIGH
    on.own, on.keep = put(own, wp.vec3ub, device), put(kept, wp.uint8, device)
    on.decode = put(decode_table(), wp.float32, device)
    on.sure = put(combine.sure(seen, grid, (LOW, HIGH), EDGE), wp.float32, device)
    shape = (grid.down, grid.across)
    share = wp.zeros(shape, dtype=wp.float32, device=device)
    light, under, plain = (wp.zeros(shape, dtype=wp.vec3, device=device) for _ in range(3))
    inputs = [grid, on, share, light, under, plain]
    wp.launch(layers.summed, dim=shape, inputs=inputs, device=device)
    return Known(grid, on, *(array.numpy() for array in (share, light, under, plain)))


def _carried(values: Colours, weight: Low) -> Colours:
    """Values smoothly carried on from where they have weight; 0 where none has any."""
    if not (weight > 0).any():
        return np.zeros_like(values)
    total = cv2.blur(weight, (SMOOTH, SMOOTH), borderType=cv2.BORDER_CONSTANT)
    mean = cv2.blur(values * weight[..., None], (SMOOTH, SMOOTH), borderType=cv2.BORDER_CONSTANT)
    mean /= np.maximum(total, 1e-6)[..., None]
    return push_pull.fill(mean, (weight > THERE).astype(np.float32))


def _settled(carried: Colours, values: Colours, weight: Low) -> Colours:
    """What `_carried` gives, coming to the mean of the values far from where they have weight."""
    away = cv2.distanceTransform((weight <= THERE).astype(np.uint8), cv2.DIST_L2, 5)
    whole = (values * weight[..., None]).sum(axis=(0, 1)) / np.maximum(weight.sum(), 1e-6)
    return whole + (carried - whole) * np.exp(away * np.float32(-1 / FAR))[..., None]


def _ratio(above: Colours, below: Colours) -> Colours:
    return np.log(np.maximum(above, LEAST)) - np.log(np.maximum(below, LEAST))


def _whole(share: Low) -> Low:
    """Nearly whole blocks: of parts of blocks not the same texels are compared."""
    return np.maximum(4 * share - 3, 0)


@no_type_check
def fill(base: Known, shade: Colours) -> Colours:
    """Fill what was not seen, once the seen is divided by its `shade`; give our own's membrane.

    Sets the gains of `base.layers`, after which `texels` and `written` can be asked.
    """
    seen, share = base.seen / shade, base.share
    other, there = mirrored(seen * share[..., None]), mirrored(share)
    other /= np.maximum(there, 1e-6)[..., None]
    both = _whole(np.minimum(share, there))
    across = np.exp(_carried(_ratio(seen, other), both))
    # The filler follows what is known, mirrored or not.
    rest = np.maximum(_whole(there) - share, 0)
    whole = share + rest
    ratio = share[..., None] * _ratio(seen, base.under)
    ratio += rest[..., None] * _ratio(other * across, base.own)
    ratio /= np.maximum(whole, 1e-6)[..., None]
    own = np.exp(_settled(_carried(ratio, whole), ratio, whole))
    kind = np.full(share.shape, layers.BOTH, np.uint8)
    kind[share == 1] = layers.SEEN
    kind[(share == 0) & (there == 0)] = layers.OWN
    on, device = base.layers, base.device
    on.kind = put(kind, wp.uint8, device)
    on.seen_gain = put(1 / shade, wp.vec3, device)
    on.mirror_gain = put(across / mirrored(shade), wp.vec3, device)
    on.own_gain = put(own, wp.vec3, device)
    return own


@no_type_check
def texels(base: Known, numbers: Int32[np.ndarray, " texels"]) -> Float32[np.ndarray, "texels 3"]:
    """Linear light of texels of the filled chart, by their flat index."""
    out = wp.empty(len(numbers), dtype=wp.vec3, device=base.device)
    inputs = [base.grid, base.layers, put(numbers, wp.int32, base.device), out]
    wp.launch(layers.picked, dim=len(numbers), inputs=inputs, device=base.device)
    return out.numpy()


@no_type_check
def written(
    base: Known, factor: float
) -> tuple[UInt8[np.ndarray, "rows columns 3"], UInt8[np.ndarray, "rows columns"]]:
    """The filled chart times `factor` in sRGB, and how much of each texel was seen, of 255."""
    shape, device = base.layers.weight.shape, base.device
    albedo = wp.empty(shape, dtype=wp.vec3ub, device=device)
    confidence = wp.empty(shape, dtype=wp.uint8, device=device)
    encode = put(encode_table(), wp.uint8, device)
    inputs = [base.grid, base.layers, factor, encode, albedo, confidence]
    dim = (shape[0], base.grid.across)
    wp.launch(layers.written, dim=dim, inputs=inputs, device=device)
    return albedo.numpy(), confidence.numpy()
