"""How much of a map lies where action units move the skin, beside how much of the picture that is.

The exact heat maps of frames that we made say where. Inside is where an AU moves the skin at least
`INSIDE` as far as it does anywhere in that frame: the same places at every intensity. Maps lie on
patches, so a patch is inside by the share of its pixels that are.
"""

from typing import NamedTuple

import numpy as np
import torch
from jaxtyping import Bool, Float, Float64, UInt8
from torch import Tensor
from torch.nn import functional

from assets.facs import PAIN_AUS

INSIDE = 0.5
"""Of the farthest that an AU moves the skin in a frame."""
LEAST = 5
"""Steps of 0.1 mm: an AU that moves nothing as far moves nothing."""
REGIONS = (*(f"au{au}" for au in PAIN_AUS), "any")
"""Where each AU of PSPI moves the skin, and where any of them does."""


class Scores(NamedTuple):
    """Of each frame and region; NaN where an AU moves nothing, the first two also of empty maps.

    `energy` is the share of the map's sum that lies inside, `pointing` whether its highest patch
    does, `area` the share of the picture that is inside: what a map that knows nothing gets in
    both.
    """

    energy: Float64[np.ndarray, "frames regions"]
    pointing: Float64[np.ndarray, "frames regions"]
    area: Float64[np.ndarray, "frames regions"]


def inside(heat: UInt8[Tensor, "batch 6 height width"]) -> Bool[Tensor, "batch 7 height width"]:
    """Pixels in each of `REGIONS`; none where an AU moves nothing."""
    farthest = heat.amax((2, 3), keepdim=True).to(torch.float32)
    found = (heat >= INSIDE * farthest) & (farthest >= LEAST)
    return torch.cat([found, found.any(1, keepdim=True)], 1)


def shares(
    found: Bool[Tensor, "batch regions height width"], side: int
) -> Float[Tensor, "batch regions {side} {side}"]:
    """How much of each patch is inside, 0-1."""
    return functional.avg_pool2d(found.to(torch.float32), found.shape[-1] // side)


def scores(
    maps: Float[Tensor, "batch side side"], parts: Float[Tensor, "batch regions side side"]
) -> Scores:
    """Score maps against the shares of patches that are inside.

    Of patches that are highest together `pointing` is the mean.
    """
    flat, part = maps.double().flatten(1)[:, None], parts.double().flatten(2)
    total, area = flat.sum(2), part.mean(2)
    highest = (flat == flat.amax(2, keepdim=True)).double()
    made = (
        torch.where(total > 0, (flat * part).sum(2) / total, torch.nan),
        torch.where(total > 0, (highest * part).sum(2) / highest.sum(2), torch.nan),
        area,
    )
    return Scores(*(torch.where(area > 0, one, torch.nan).numpy() for one in made))
