"""What a model says of a face."""

from typing import NamedTuple

from jaxtyping import Float
from torch import Tensor

THRESHOLDS = (1.0, 2.0, 3.0)
"""PSPI at and above which the binary heads say pain."""


class Output(NamedTuple):
    """For each face: PSPI (0-16), logits of PSPI >= 1, 2, 3, the six AUs of PSPI (FACS 0-5, AU43
    0-1, in the order of `assets.facs.PAIN_AUS`), PSPI of those AUs, and what the heads read.
    """

    pspi: Float[Tensor, " batch"]
    logits: Float[Tensor, "batch thresholds"]
    aus: Float[Tensor, "batch 6"]
    pspi_of_aus: Float[Tensor, " batch"]
    features: Float[Tensor, "batch dim"]
