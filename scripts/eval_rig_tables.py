"""The tables that `pain3d eval-rig` prints."""

from collections.abc import Sequence

from generator.audit.tables import Table
from rigging.evaluation.goals import Goal
from rigging.evaluation.subject import Split
from rigging.evaluation.summary import Cell, Summary, mean_of_aus

LISTED = 3
"""So many of those on whom an AU does not grow are named."""
STATE = {True: "reached", False: "NOT REACHED", None: "not measured"}
NAMES: dict[Split, str] = {
    "unseen_person": "unseen people",
    "unseen_topology": "unseen topologies",
    "unseen_both": "both unseen",
}


def tables(summary: Summary, judged: Sequence[Goal]) -> list[Table]:
    """Everything a person may want to read, goals first."""
    return [
        _goals(judged),
        _splits(summary),
        _across("By topology", summary.topologies),
        _across("By age in years", summary.bands),
        _across("By action unit", summary.aus),
        _read_back(summary),
        _times(summary),
        _halting(summary),
    ]


def _goals(judged: Sequence[Goal]) -> Table:
    rows = tuple(
        (goal.name, goal.bound, _number(goal.value, 3), STATE[goal.reached]) for goal in judged
    )
    return Table("Goals", ("goal", "bound", "worst", ""), rows)


def _splits(summary: Summary) -> Table:
    head = ("", "heads", "vectors", "error share", "mean of AUs", "95 % share", "mean mm")
    rows = tuple(
        (
            NAMES[split],
            str(summary.subjects[split]),
            str(cell.vectors),
            f"{cell.error_share:.1%}",
            f"{mean_of_aus(summary, split):.1%}",
            f"{cell.p95_share:.1%}",
            *(f"{value:.3f}" for value in (cell.mean_mm, cell.p95_mm, cell.moved_mm)),
            f"{cell.strength:.3f}",
        )
        for split, cell in summary.splits.items()
    )
    return Table("Errors against the teacher", (*head, "95 % mm", "moved mm", "strength"), rows)


def _across(title: str, part: dict[Split, dict[str, Cell]]) -> Table:
    """A row a name; for each split error share, 95th percentile in mm and strength."""
    rows = dict.fromkeys(name for cells in part.values() for name in cells)
    filled = tuple(
        (f"AU{name}" if name.isdigit() else name, *(_cell(own.get(name)) for own in part.values()))
        for name in rows
    )
    return Table(title, ("", *(f"{NAMES[split]}: share, 95 %, strength" for split in part)), filled)


def _cell(cell: Cell | None) -> str:
    if cell is None:
        return ""
    return f"{cell.error_share:6.1%}  {cell.p95_mm:5.2f} mm  {cell.strength:.3f}"


def _read_back(summary: Summary) -> Table:
    rows = tuple((f"AU{au}", f"{steps:.2f}") for au, steps in summary.recovered.items())
    return Table("AUs read back", ("action unit", "steps apart where it acts"), rows)


def _times(summary: Summary) -> Table:
    rows = tuple(
        (name, f"{ms:.1f}", f"{summary.prepare_s[name]:.2f}", _number(summary.mirror_mm.get(name)))
        for name, ms in summary.pose_ms.items()
    )
    head = ("topology", "ms a pose", "s to prepare", "mirrored apart, mm")
    return Table("Time on one core, and mirror images", head, rows)


def _halting(summary: Summary) -> Table:
    rows = tuple(
        (f"AU{au}", str(len(whom)), "; ".join(whom[:LISTED]) + (" ..." if whom[LISTED:] else ""))
        for au, whom in summary.halting.items()
    )
    title = "Where an AU does not grow with every step"
    return Table(title, ("action unit", "times", "on whom"), rows)


def _number(value: float | None, digits: int = 2) -> str:
    return "" if value is None else f"{value:.{digits}g}"
