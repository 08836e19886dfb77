"""Which arms are held against which: each against real frames alone, and 3D against 2D."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from vitpain.ablation.arms import BASE, Arm


def contrasts(arms: Sequence[Arm], sources: Sequence[Mapping[str, Any]]) -> list[tuple[str, str]]:
    """Names of the arm and of what it is held against.

    3D is held against 2D by the first source of each kind, in arms that differ in nothing else.
    Arms of a share of the synthetic frames are points of a curve, and held against nothing.
    """
    arms = [arm for arm in arms if arm.share == 1.0]
    found = [(arm.name, BASE) for arm in arms if arm.name != BASE]
    first = {one["kind"]: one["name"] for one in reversed(sources)}
    if len(first) < 2:
        return found
    # Arms by all but their names.
    same = {replace(arm, name=""): arm.name for arm in arms}
    for arm in arms:
        if arm.synthetic != (first["3d"],):
            continue
        painted = (first["2d"],)
        twin = replace(arm, name="", beside=painted if arm.beside else ())
        twin = replace(twin, first=None if arm.first is None else painted[0])
        if twin in same:
            found.append((arm.name, same[twin]))
    return found
