"""What a confusion matrix says: precision, recall and F1 a class and on average, accuracy.

As scikit-learn's `classification_report` has it with `zero_division=0`, and so the thesis's tables
13 and 14: a precision of a class that was never said is undefined and counts as 0, as does the
recall of a class that has no frame. A class that neither has a frame nor was said is in no average.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Bool, Float64, Int64, Integer

MEASURES = ("precision", "recall", "f1")


@dataclass(frozen=True)
class Scores:
    """Figures of a confusion matrix, whose rows are the labels and whose columns what was said."""

    confusion: Int64[np.ndarray, "classes classes"]

    @property
    def frames(self) -> int:
        """How many frames there are."""
        return int(self.confusion.sum())

    @property
    def support(self) -> Int64[np.ndarray, " classes"]:
        """Frames of each class."""
        return self.confusion.sum(axis=1)

    @property
    def said(self) -> Int64[np.ndarray, " classes"]:
        """Frames that were said to be of each class."""
        return self.confusion.sum(axis=0)

    @property
    def accuracy(self) -> float:
        """Share of the frames whose class was said."""
        return float(np.trace(self.confusion) / self.frames)

    @property
    def there(self) -> Bool[np.ndarray, " classes"]:
        """Which classes have a frame or were said of one."""
        return (self.support > 0) | (self.said > 0)

    @property
    def each(self) -> Mapping[str, Float64[np.ndarray, " classes"]]:
        """`MEASURES` of every class; of one that is not `there` they mean nothing."""
        hit = np.diagonal(self.confusion)
        return {
            "precision": _share(hit, self.said),
            "recall": _share(hit, self.support),
            "f1": _share(2 * hit, self.said + self.support),
        }

    @property
    def macro(self) -> dict[str, float]:
        """Means over the classes that are there."""
        return {name: float(values[self.there].mean()) for name, values in self.each.items()}

    @property
    def weighted(self) -> dict[str, float]:
        """Means over frames, each with the figure of its class."""
        weights = self.support / self.frames
        return {name: float(values @ weights) for name, values in self.each.items()}

    @property
    def figures(self) -> dict[str, Any]:
        """For JSON; `never_said` and `without_frames` are the classes whose 0 is no measurement."""
        each, there = self.each, self.there
        return {
            "frames": self.frames,
            "accuracy": self.accuracy,
            "macro": self.macro,
            "weighted": self.weighted,
            "classes": [
                {name: float(each[name][at]) if there[at] else None for name in MEASURES}
                | {"support": int(count)}
                for at, count in enumerate(self.support)
            ],
            "never_said": np.flatnonzero(self.said == 0).tolist(),
            "without_frames": np.flatnonzero(self.support == 0).tolist(),
            "confusion": self.confusion.tolist(),
        }


def scores(
    label: Integer[np.ndarray, " frames"], said: Integer[np.ndarray, " frames"], classes: int
) -> Scores:
    """Count what was said of frames of each class. Raises ValueError where there is no frame."""
    if len(label) == 0:
        raise ValueError("frames must be one or more, got none")
    pairs = label.astype(np.int64) * classes + said.astype(np.int64)
    counts = np.bincount(pairs, minlength=classes * classes)
    return Scores(counts.reshape(classes, classes).astype(np.int64))


def _share(part: np.ndarray, whole: np.ndarray) -> Float64[np.ndarray, " classes"]:
    return np.divide(part, whole, out=np.zeros(len(part)), where=whole > 0)
