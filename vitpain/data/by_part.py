"""Rows of the three parts of a fold, by their subjects."""

import numpy as np
from jaxtyping import Bool, Int64

from assets.folds import Fold
from assets.population import SPLITS
from vitpain.data.frames import Frames


def by_part(
    frames: Frames, labelled: Bool[np.ndarray, " rows"], fold: Fold
) -> dict[str, Int64[np.ndarray, " part"]]:
    """Rows of a mask by part; raises ValueError that names fold and part where one has none."""
    identity = frames.column("identity")
    found = {
        name: np.flatnonzero(labelled & np.isin(identity, getattr(fold, name))) for name in SPLITS
    }
    for name, rows in found.items():
        if len(rows) == 0:
            rule = f"labelled frames of its {name} subjects"
            raise ValueError(f"fold {fold.number} must have {rule}, got none")
    return found
