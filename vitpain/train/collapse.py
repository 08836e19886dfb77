"""Early warning that a model says the same of every face.

Where nothing in the pictures is learnt, squared error is least at the mean of the labels: the loss
looks well and the model is void. The spread of what it says gives it away.
"""

import numpy as np
from jaxtyping import Float

SHARE = 0.1
"""Predictions that spread less than this share of the labels have collapsed. A model that
correlates with the labels by r and errs least spreads by r of them."""


def spread(said: Float[np.ndarray, " frames"], known: Float[np.ndarray, " frames"]) -> float | None:
    """Spread of predictions as a share of the labels'; None where labels are all alike.

    Frames whose label is NaN take no part.
    """
    there = ~np.isnan(known)
    if there.sum() < 2:
        return None
    labels = float(np.std(known[there]))
    return float(np.std(said[there])) / labels if labels > 0.0 else None


def collapsed(share: float | None) -> bool:
    """Whether a spread is that of a model which says the mean."""
    return share is not None and share < SHARE


def warning(epoch: int, share: float) -> str:
    """What to tell the user."""
    return (
        f"predictions have collapsed to the mean: after epoch {epoch} they spread"
        f" {share:.3f} of what the labels of validation subjects do, {SHARE:g} is the least"
        " that says anything; a higher learning rate, more frames in pain or weights that were"
        " trained before may help"
    )
