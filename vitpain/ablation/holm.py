"""Several tests taken together: whether any is found by chance alone is bounded by the level."""

from collections.abc import Sequence


def holm(p: Sequence[float | None]) -> list[float | None]:
    """Step-down p (Holm 1979), in the order given; what was not tested (None) counts for nothing.

    One of them is found at a level where its p here is no higher.
    """
    found: list[float | None] = [None] * len(p)
    known = sorted((value, at) for at, value in enumerate(p) if value is not None)
    least = 0.0
    for rank, (value, at) in enumerate(known):
        least = max(least, min(1.0, (len(known) - rank) * value))
        found[at] = least
    return found
