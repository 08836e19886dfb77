"""Which epoch's weights a run keeps: those whose PSPI agrees best with validation subjects'.

One rule, fixed beforehand: the highest concordance of PSPI over all validation frames (Lin 1989),
which is low where predictions collapse to the mean, and for a wrong scale or offset too. The
earlier of two equals wins. Where it is undefined (labels or predictions all alike) an epoch cannot
win; where it always is, the last epoch's weights are kept and the run says so.
"""

from dataclasses import dataclass

RULE = "highest concordance of PSPI on validation subjects; the earlier of two equals"


@dataclass(frozen=True)
class Best:
    """The best epoch so far, counted from 1, and its score; None where it is undefined."""

    epoch: int
    score: float | None


def better(best: Best | None, epoch: int, score: float | None) -> bool:
    """Whether a later epoch takes the place of the best so far."""
    if best is None or best.score is None:
        return True
    return score is not None and score > best.score
