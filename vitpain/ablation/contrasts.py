"""Which arms are held against which: real frames alone, 2D, the set without what was changed."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from vitpain.ablation.arms import Arm


def contrasts(arms: Sequence[Arm], sources: Sequence[Mapping[str, Any]]) -> list[tuple[str, str]]:
    """Names of the arm and of what it is held against; each pair differs in one thing.

    Every arm is held against real frames alone of its form, 3D against 2D by the first source of
    each kind, and a further source against the first of its kind. Arms of a share of the synthetic
    frames are points of a curve, and held against nothing.
    """
    arms = [arm for arm in arms if arm.share == 1.0]
    # Arms by all but their names.
    same = {replace(arm, name=""): arm.name for arm in arms}
    twins = list(_twins(sources))
    pairs = [
        (arm.name, same[twin])
        for name, other in twins
        for arm in arms
        if arm.matched and arm.synthetic == (name,) and (twin := _with(other, arm)) in same
    ]
    names = {arm.name for arm in arms}
    return [(arm.name, arm.base) for arm in arms if arm.base in names] + pairs


def _twins(sources: Sequence[Mapping[str, Any]]) -> Iterator[tuple[str, str]]:
    """Sources, each with the one that it is held against."""
    first = {one["kind"]: one["name"] for one in reversed(sources)}
    if len(first) == 2:
        yield first["3d"], first["2d"]
    for one in sources:
        if one["name"] != first[one["kind"]]:
            yield one["name"], first[one["kind"]]


def _with(source: str, arm: Arm) -> Arm:
    """An arm with another source in the same place, and no name."""
    beside, first = (source,) if arm.beside else (), source if arm.first is not None else None
    return replace(arm, name="", beside=beside, first=first)
