"""Classes of pain: ranges of PSPI that lie side by side, and which of them a picture is in.

A class begins at its lowest PSPI and ends where the next begins, so fractions fall down: 3.5 is
still of 1-3, and 0.5 is no pain, as everywhere else here pain begins at PSPI 1.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float32, Int64

from vitpain.classifier.config import Division


@dataclass(frozen=True)
class Classes:
    """Names of classes, what PSPI each is printed with, and where each but the first begins."""

    titles: tuple[str, ...]
    shown: tuple[str, ...]
    starts: tuple[float, ...]

    def __post_init__(self) -> None:
        """Refuse classes that are no ranges side by side."""
        assert len(self.titles) == len(self.shown) == len(self.starts) + 1
        assert list(self.starts) == sorted(set(self.starts))

    def __len__(self) -> int:
        """Number of classes."""
        return len(self.titles)

    def of(self, pspi: Float32[np.ndarray, " rows"]) -> Int64[np.ndarray, " rows"]:
        """Class of every PSPI, -1 where it is NaN."""
        found = np.searchsorted(np.array(self.starts, np.float32), pspi, "right")
        return np.where(np.isnan(pspi), -1, found).astype(np.int64)


# Thesis, table 11. It prints "> 13" beside 10-12, which leaves 13 nowhere: we begin at 13.
THESIS = Classes(
    ("no pain", "mild pain", "moderate pain", "severe pain", "very severe pain", "strong pain"),
    ("0", "1-3", "4-6", "7-9", "10-12", "≥ 13"),
    (1.0, 4.0, 7.0, 10.0, 13.0),
)


def classes(division: Division) -> Classes:
    """The classes of a division."""
    match division:
        case "thesis6":
            return THESIS
