"""Figures of a rig over all subjects: errors by split, AU, age and topology, and all the rest."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from jaxtyping import Bool

from assets.population import BANDS
from rigging.evaluation.measure import Measured, Recovered
from rigging.evaluation.subject import SPLITS, Split

HIGH = 0.95
SEVERAL = "several"
"""Stands where an AU does for vectors of several AUs."""


@dataclass(frozen=True)
class Cell:
    """Errors over some vectors of some subjects.

    Shares are of the teacher's mean displacement, which is `moved_mm` over the face: `error_share`
    of the mean error of all skin, `p95_share` of the 95th percentile over the face. `strength` is
    the mean of the vectors' ratios of norms.
    """

    vectors: int
    error_share: float
    p95_share: float
    mean_mm: float
    p95_mm: float
    moved_mm: float
    strength: float


@dataclass(frozen=True)
class Summary:
    """What is told of a rig.

    Cells are by split and then by topology, AU ("4", or "several") and age band. `apart` is the
    mean |AU found - target| of what was read back, of the AUs that act and of those that do not,
    and of each AU that acts. `growing` counts AUs on people's sides that grow with every step of
    those that do so by the teacher, `halting` names the others by AU.
    """

    splits: dict[Split, Cell]
    topologies: dict[Split, dict[str, Cell]]
    aus: dict[Split, dict[str, Cell]]
    bands: dict[Split, dict[str, Cell]]
    subjects: dict[Split, int]
    strength: float
    acting_steps: float | None
    absent_steps: float | None
    recovered: dict[str, float]
    zero: tuple[int, int]
    mirror_mm: dict[str, float]
    growing: tuple[int, int]
    halting: dict[str, tuple[str, ...]]
    pose_ms: dict[str, float]
    prepare_s: dict[str, float]


def summarise(measured: Sequence[Measured]) -> Summary:
    """Put the figures of all subjects together. Raises ValueError where there is none."""
    if not measured:
        raise ValueError("subjects must be at least 1, got none")
    courses = [(one, course) for one in measured for course in one.courses if course.told]
    halting = [(one, course) for one, course in courses if not course.grows]
    return Summary(
        splits={split: _cell(own) for split, own in _by_split(measured)},
        topologies=_by(measured, lambda one: one.topology),
        aus=_by_au(measured),
        bands=_by(measured, lambda one: one.band),
        subjects={split: len(own) for split, own in _by_split(measured)},
        strength=_cell(measured).strength,
        zero=(sum(one.zero for one in measured), len(measured)),
        mirror_mm={
            name: max(one.mirror_mm for one in own if one.mirror_mm is not None)
            for name, own in _parted(measured, lambda one: one.topology)
            if any(one.mirror_mm is not None for one in own)
        },
        growing=(len(courses) - len(halting), len(courses)),
        halting={
            str(au): tuple(
                f"{one.topology}, {one.band} years, {('left', 'right')[course.side]}"
                for one, course in halting
                if course.au == au
            )
            for au in dict.fromkeys(course.au for _, course in halting)
        },
        pose_ms=_mean_by_topology(measured, lambda one: one.pose_ms),
        prepare_s=_mean_by_topology(measured, lambda one: one.prepare_s),
        **_recovery([pair for one in measured for pair in one.recovered]),
    )


def _by_split(measured: Sequence[Measured]) -> list[tuple[Split, list[Measured]]]:
    parts: dict[Split, list[Measured]] = {split: [] for split in SPLITS}
    for one in measured:
        parts[one.split].append(one)
    return [(split, own) for split, own in parts.items() if own]


def _parted(
    measured: Iterable[Measured], name: Callable[[Measured], str]
) -> list[tuple[str, list[Measured]]]:
    parts: dict[str, list[Measured]] = {}
    for one in measured:
        parts.setdefault(name(one), []).append(one)
    return sorted(parts.items(), key=lambda part: _place(part[0]))


def _place(name: str) -> tuple[int, str]:
    """Age bands in their own order, other names by the alphabet."""
    known = [f"{low}-{high}" for low, high in BANDS]
    return (known.index(name) if name in known else len(known)), name


def _by(
    measured: Sequence[Measured], name: Callable[[Measured], str]
) -> dict[Split, dict[str, Cell]]:
    return {
        split: {part: _cell(some) for part, some in _parted(own, name)}
        for split, own in _by_split(measured)
    }


def _by_au(measured: Sequence[Measured]) -> dict[Split, dict[str, Cell]]:
    found: dict[Split, dict[str, Cell]] = {}
    for split, own in _by_split(measured):
        names = dict.fromkeys(vector.alone for one in own for vector in one.vectors)
        for au in names:
            rows = [np.array([vector.alone == au for vector in one.vectors]) for one in own]
            name = SEVERAL if au is None else str(au)
            found.setdefault(split, {})[name] = _cell(own, rows)
    return found


def _cell(
    measured: Sequence[Measured], rows: Sequence[Bool[np.ndarray, " vectors"]] | None = None
) -> Cell:
    """Over the vectors that `rows` names for each subject, or all."""
    rows = rows or [np.ones(len(one.vectors), bool) for one in measured]

    def joined(name: str) -> np.ndarray:
        pairs = zip(measured, rows, strict=True)
        return np.concatenate([getattr(one.errors, name)[row] for one, row in pairs])

    moved = float(joined("moved").mean())
    high = float(np.quantile(joined("quantiles"), HIGH))
    return Cell(
        vectors=int(sum(row.sum() for row in rows)),
        error_share=float(joined("error").mean()) / moved,
        p95_share=high / moved,
        mean_mm=float(joined("mean").mean()),
        p95_mm=high,
        moved_mm=moved,
        strength=float(joined("strength").mean()),
    )


def _mean_by_topology(
    measured: Sequence[Measured], value: Callable[[Measured], float]
) -> dict[str, float]:
    parts = _parted(measured, lambda one: one.topology)
    return {name: float(np.mean([value(one) for one in own])) for name, own in parts}


def _recovery(pairs: Sequence[Recovered]) -> dict[str, Any]:
    apart: dict[bool, list[float]] = {True: [], False: []}
    by_au: dict[int, list[float]] = {}
    for pair in pairs:
        for au, target in pair.target.items():
            off = abs(pair.found[au] - target)
            apart[target > 0].append(off)
            if target > 0:
                by_au.setdefault(au, []).append(off)
    means = {acts: float(np.mean(values)) if values else None for acts, values in apart.items()}
    return {
        "acting_steps": means[True],
        "absent_steps": means[False],
        "recovered": {str(au): float(np.mean(by_au[au])) for au in sorted(by_au)},
    }


def mean_of_aus(summary: Summary, split: Split) -> float:
    """Mean over AUs of the error share of each alone: AUs that move little count as the others."""
    cells = summary.aus[split]
    return float(np.mean([cell.error_share for au, cell in cells.items() if au != SEVERAL]))


def figures(summary: Summary) -> dict[str, Any]:
    """The summary for a program: `SPLIT.FIGURE` for each split, and tables under names of theirs.

    `ms_per_head_cpu` and `prepare_s` are of the topology that takes longest.
    """
    flat: dict[str, Any] = {}
    for split, cell in summary.splits.items():
        flat |= {f"{split}.{name}": value for name, value in asdict(cell).items()}
        flat[f"{split}.error_share_mean_of_aus"] = mean_of_aus(summary, split)
        flat[f"{split}.subjects"] = summary.subjects[split]
    parts = {"topologies": summary.topologies, "aus": summary.aus, "bands": summary.bands}
    return flat | {
        "strength": summary.strength,
        "au_recovery_steps": summary.acting_steps,
        "au_recovery_absent_steps": summary.absent_steps,
        "au_recovery_steps_by_au": summary.recovered,
        "ms_per_head_cpu": max(summary.pose_ms.values()),
        "prepare_s": max(summary.prepare_s.values()),
        "ms_per_head_cpu_by_topology": summary.pose_ms,
        "prepare_s_by_topology": summary.prepare_s,
        "zero_is_neutral": summary.zero[0] / summary.zero[1],
        "mirror_mm": summary.mirror_mm,
        "monotone": summary.growing[0] / max(summary.growing[1], 1),
        "not_monotone": summary.halting,
        **{
            name: {
                split: {key: asdict(cell) for key, cell in cells.items()}
                for split, cells in part.items()
            }
            for name, part in parts.items()
        },
    }
