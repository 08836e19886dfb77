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
    judged = [
        _goal(
            f"mean error over the teacher's mean displacement, {split}",
            f"at most {bound:.0%}",
            [summary.splits[split].error_share] if split in summary.splits else [],
            lambda value, bound=bound: value <= bound,
        )
        for split, bound in ERROR_SHARE.items()
    ]
    judged.append(
        _goal(
            "strength, every split",
            f"{low:g} to {high:g}",
            [cell.strength for cell in summary.splits.values()],
            lambda value: low <= value <= high,
            lambda value: abs(value - 1),
        )
    )
    for name, value in (("act", summary.acting_steps), ("do not", summary.absent_steps)):
        judged.append(
            _goal(
                f"intensity steps between AUs and those read back, AUs that {name}",
                f"at most {RECOVERY_STEPS:g}",
                [] if value is None else [value],
                lambda value: value <= RECOVERY_STEPS,
            )
        )
    return (
        *judged,
        _goal(
            "ms a head and AU vector on one core, slowest topology",
            f"at most {POSE_MS:g}",
            summary.pose_ms.values(),
            lambda value: value <= POSE_MS,
        ),
        _goal(
            "seconds to prepare a head on one core, slowest topology",
            f"at most {PREPARE_S:g}",
            summary.prepare_s.values(),
            lambda value: value <= PREPARE_S,
        ),
        _goal(
            "no AU gives the neutral bit for bit, share of subjects",
            "1",
            [summary.zero[0] / summary.zero[1]],
            lambda value: value == 1,
        ),
        _goal(
            "mirrored AUs against the mirrored mesh, mm at most",
            f"at most {MIRROR_MM:g}",
            summary.mirror_mm.values(),
            lambda value: value <= MIRROR_MM,
        ),
        _goal(
            "every AU grows with every step, share",
            "1",
            [summary.growing[0] / summary.growing[1]] if summary.growing[1] else [],
            lambda value: value == 1,
        ),
    )


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
