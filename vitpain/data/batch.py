"""What a model is given: pictures of faces with their neutrals, and what is known of them."""

from typing import NamedTuple

import torch
from jaxtyping import Bool, Float32, Int64, UInt8
from torch import Tensor


class Batch(NamedTuple):
    """Some samples. A label that is null is NaN; the six AUs are those of `assets.facs.PAIN_AUS`.

    `rows` and `neutral_rows` are rows of `Frames`, -1 where there is no neutral: then the picture
    is black and `has_neutral` false. `heat` is in steps of 0.1 mm, as stored, and empty (0 maps)
    where it was not asked for.
    """

    face: UInt8[Tensor, "batch 3 height width"]
    neutrals: UInt8[Tensor, "batch references 3 height width"]
    has_neutral: Bool[Tensor, "batch references"]
    pspi: Float32[Tensor, " batch"]
    aus: Float32[Tensor, "batch 6"]
    heat: UInt8[Tensor, "batch maps height width"]
    rows: Int64[Tensor, " batch"]
    neutral_rows: Int64[Tensor, "batch references"]

    def to(self, device: torch.device | str) -> "Batch":
        """The same on another device; from pinned memory without waiting."""
        return Batch(*(part.to(device, non_blocking=True) for part in self))


def unit(
    pictures: UInt8[Tensor, "*batch 3 height width"],
) -> Float32[Tensor, "*batch 3 height width"]:
    """sRGB bytes as numbers from 0 to 1, which is what models take."""
    return pictures.to(torch.float32) / 255.0
