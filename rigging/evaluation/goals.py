"""What a rig must reach, stated once, and whether it does."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from rigging.evaluation.subject import Split
from rigging.evaluation.summary import Summary

ERROR_SHARE: dict[Split, float] = {
    "unseen_person": 0.03,
    "unseen_topology": 0.08,
    "unseen_both": 0.08,
}
STRENGTH = (0.97, 1.03)
RECOVERY_STEPS = 0.25
POSE_MS, PREPARE_S = 25.0, 2.0
MIRROR_MM = 0.1
"""Registration of a mesh and of its mirror image end a little apart."""


@dataclass(frozen=True)
class Goal:
    """One goal, the value that is worst for it, and whether it is reached.

    `reached` and `value` are None where nothing was measured that it is about.
    """

    name: str
    bound: str
    value: float | None
    reached: bool | None


def goals(summary: Summary) -> tuple[Goal, ...]:
    """Hold a summary against every goal."""
    low, high = STRENGTH
    zero, subjects = summary.zero
    growing, tried = summary.growing
    recovered = (("act", summary.acting_steps), ("do not", summary.absent_steps))
    return (
        *(
            _at_most(
                f"mean error over the teacher's mean displacement, {split}",
                bound,
                [summary.splits[split].error_share] if split in summary.splits else [],
                f"{bound:.0%}",
            )
            for split, bound in ERROR_SHARE.items()
        ),
        _goal(
            "strength, every split",
            f"{low:g} to {high:g}",
            [cell.strength for cell in summary.splits.values()],
            lambda value: low <= value <= high,
            lambda value: abs(value - 1),
        ),
        *(
            _at_most(
                f"intensity steps between AUs and those read back, AUs that {name}",
                RECOVERY_STEPS,
                [] if value is None else [value],
            )
            for name, value in recovered
        ),
        _at_most(
            "ms a head and AU vector on one core, slowest topology",
            POSE_MS,
            summary.pose_ms.values(),
        ),
        _at_most(
            "seconds to prepare a head on one core, slowest topology",
            PREPARE_S,
            summary.prepare_s.values(),
        ),
        _whole("no AU gives the neutral bit for bit, share of subjects", [zero / subjects]),
        _at_most(
            "mirrored AUs against the mirrored mesh, mm at most",
            MIRROR_MM,
            summary.mirror_mm.values(),
        ),
        _whole("every AU grows with every step, share", [growing / tried] if tried else []),
    )


def _at_most(name: str, most: float, values: Iterable[float], shown: str | None = None) -> Goal:
    """Judge that no value is above `most`."""
    return _goal(name, f"at most {shown or f'{most:g}'}", values, lambda value: value <= most)


def _whole(name: str, shares: Iterable[float]) -> Goal:
    """Judge that shares are all there is."""
    return _goal(name, "1", shares, lambda value: value == 1)


def _goal(
    name: str,
    bound: str,
    values: Iterable[float],
    holds: Callable[[float], bool],
    bad: Callable[[float], float] = lambda value: value,
) -> Goal:
    """Judge by the worst value: that of which `bad` is largest."""
    worst = max(values, key=bad, default=None)
    return Goal(name, bound, worst, None if worst is None else holds(worst))
