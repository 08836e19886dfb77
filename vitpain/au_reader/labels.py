"""Which action units a data set can teach, and their intensities frame by frame."""

from typing import Any

import numpy as np
from jaxtyping import Float32, Integer

from assets.facs import AUS, HIGHEST
from vitpain.data.frames import Frames


def taught(frames: Frames, rows: Integer[np.ndarray, " rows"]) -> tuple[int, ...]:
    """The units that some of these rows state and that are not the same in all of them.

    Raises ValueError where there is none.
    """
    stated = {au: frames.column(f"au{au}")[rows] for au in AUS}
    known = {au: values[~np.isnan(values)] for au, values in stated.items()}
    found = tuple(au for au in AUS if len(known[au]) and np.ptp(known[au]) > 0.0)
    if not found:
        rule = "action units that vary from frame to frame"
        raise ValueError(f"data must have {rule} in its training people, got none")
    return found


def intensities(frames: Frames, aus: tuple[int, ...]) -> Float32[np.ndarray, "rows aus"]:
    """Intensities of every row, FACS (AU43 0 or 1), NaN where null."""
    columns = [frames.column(f"au{au}") for au in aus]
    return np.stack(columns, axis=1).astype(np.float32)


def highest(aus: tuple[int, ...]) -> Float32[np.ndarray, " aus"]:
    """The highest intensity of each unit."""
    return np.array([HIGHEST[au] for au in aus], np.float32)


def errors(
    read: Float32[np.ndarray, "rows aus"],
    stated: Float32[np.ndarray, "rows aus"],
    aus: tuple[int, ...],
) -> dict[str, Any]:
    """Mean absolute error of every unit, and of all with AU43 on the scale of the others.

    Null where nothing is known of a unit.
    """
    wrong = np.abs(read - stated).astype(np.float64)
    known = ~np.isnan(wrong)
    counts = known.sum(0)
    sums = np.where(known, wrong, 0.0).sum(0)
    of_each = [float(s / c) if c else None for s, c in zip(sums, counts, strict=True)]
    scaled = [
        one * 5.0 / HIGHEST[au] for one, au in zip(of_each, aus, strict=True) if one is not None
    ]
    return {
        "aus": {str(au): one for au, one in zip(aus, of_each, strict=True)},
        "all": float(np.mean(scaled)) if scaled else None,
    }
