"""How far generated faces are from real ones as clouds of features: FID and KID by torchmetrics."""

import warnings
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float32
from torch import nn

from assets.torchvision_ready import declare

SUBSETS = 100
SUBSET = 1000
"""Pictures a subset of KID, at most: as its paper (Binkowski et al. 2018) and torchmetrics."""
FEWEST = 2
"""Pictures of either kind without which there is no distance."""


@dataclass(frozen=True)
class Distance:
    """Distances of one group of generated pictures from one of real ones, and how many they are.

    FID (Heusel et al. 2017) of fewer pictures than features is too large, more so the fewer they
    are: it may be compared only between groups of about as many. KID has no such bias.
    """

    real: int
    made: int
    fid: float | None
    kid: float | None = None
    kid_spread: float | None = None
    """Standard deviation of KID over its subsets."""


class _Given(nn.Module):
    """Gives back the features that were found before."""

    def __init__(self, count: int) -> None:
        super().__init__()
        self.num_features = count

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        return features


def fid(
    real: Float32[np.ndarray, "real features"], made: Float32[np.ndarray, "made features"]
) -> float | None:
    """Fréchet distance between two clouds, in float64; None where one has fewer than two points."""
    if min(len(real), len(made)) < FEWEST:
        return None
    declare()
    from torchmetrics.image.fid import FrechetInceptionDistance

    metric = FrechetInceptionDistance(feature=_Given(real.shape[1]))
    metric.update(torch.from_numpy(real).double(), real=True)
    metric.update(torch.from_numpy(made).double(), real=False)
    return float(metric.compute())


def kid(
    real: Float32[np.ndarray, "real features"],
    made: Float32[np.ndarray, "made features"],
    seed: int,
) -> tuple[float, float] | None:
    """Squared maximum mean discrepancy of a cubic kernel over subsets: mean and deviation.

    None where one cloud has fewer than two points.
    """
    smaller = min(len(real), len(made))
    if smaller < FEWEST:
        return None
    declare()
    from torchmetrics.image.kid import KernelInceptionDistance

    with warnings.catch_warnings():
        # That it keeps all features, which were kept before.
        warnings.simplefilter("ignore", UserWarning)
        metric = KernelInceptionDistance(
            feature=_Given(real.shape[1]), subsets=SUBSETS, subset_size=min(SUBSET, smaller)
        )
    metric.update(torch.from_numpy(real).double(), real=True)
    metric.update(torch.from_numpy(made).double(), real=False)
    with torch.random.fork_rng([]):
        torch.manual_seed(seed)
        mean, spread = metric.compute()
    return float(mean), float(spread)


def distance(
    real: Float32[np.ndarray, "real features"],
    made: Float32[np.ndarray, "made features"],
    seed: int | None = None,
) -> Distance:
    """FID of two groups, and KID too where a seed for its subsets is given."""
    found = None if seed is None else kid(real, made, seed)
    mean, spread = (None, None) if found is None else found
    return Distance(len(real), len(made), fid(real, made), mean, spread)
