"""What a report says in sentences, and in which order its tables and plots stand."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from vitpain.evaluate.checks import FOLDER, Checks
from vitpain.evaluate.plots import Plots
from vitpain.evaluate.report import Report
from vitpain.evaluate.table import Table
from vitpain.evaluate.tables import tables

CAPTIONS = {
    "predicted": "Predicted by labelled PSPI",
    "calibration": "Whether probabilities mean what they say",
    "detection": "Pain found, all test frames together",
    "groups": "Groups: value and 95 % interval over subjects; dashed: all together",
    "courses": "Sequences of different people, chosen by their labels alone",
}
AFTER = {
    "PSPI": "predicted",
    "Calibration": "calibration",
    "Pain at PSPI ≥ 3": "detection",
    "Groups": "groups",
    "Confusion": "courses",
}
"""Below which table a plot stands."""
LONGEST = 240
"""Characters of a setting that are shown."""


@dataclass(frozen=True)
class Picture:
    """PNG bytes in light and in dark with what stands below; `place` is the path of its file from
    the report's folder."""

    place: str
    caption: str
    light: bytes
    dark: bytes


@dataclass(frozen=True)
class Section:
    """A table with pictures below it, or pictures alone under a title."""

    title: str
    table: Table | None
    pictures: tuple[Picture, ...]
    folded: bool = False


def title(made: Report) -> str:
    """The heading of a report."""
    return f"Pain from faces: {made.name}"


def opening(made: Report, checks: Checks | None) -> list[str]:
    """What was tested on whom, then what a reader must know."""
    tested = made.chosen.tested
    sources = ", ".join(sorted(tested.rows["source"].unique().to_pylist()))
    role = {"test": "test", "val": "validation"}[made.chosen.role]
    folds = f" in {len(tested.folds)} folds" if len(tested.folds) > 1 else ""
    command = made.run.get("command")
    by = f"A {command} run" if isinstance(command, str) else "A run"
    said = (
        f"{by}, tried on {len(tested):,} frames of {len(tested.subjects)} {role} subjects"
        f"{folds}; source {sources}."
    )
    notes = () if checks is None else checks.notes
    return [said, *_learnt(made), *made.notes, *notes]


def sections(made: Report, plots: Plots, checks: Checks | None) -> list[Section]:
    """Tables and plots in order, then checks, settings and hashes."""
    found, left = [], dict(plots)
    for table in tables(made):
        own = AFTER.get(table.title)
        pictures = () if own not in left else (_plot(own, *left.pop(own)),)
        found.append(Section(table.title, table, pictures))
    found += [Section(CAPTIONS[name], None, (_plot(name, *data),)) for name, data in left.items()]
    if checks is not None:
        for table, pictures in checks.tables:
            shown = tuple(_shown(name, data) for name, data in pictures.items())
            found.append(Section(f"Check: {table.title}", table, shown))
        more = tuple(_shown(name, data) for name, data in (checks.pictures or {}).items())
        if more:
            found.append(Section("Checks: pictures", None, more))
    for one in (settings(made.run), files(made.files)):
        if one.rows:
            found.append(Section(one.title, one, (), folded=True))
    return found


def settings(run: Mapping[str, Any]) -> Table:
    """The configuration of the run, a row a field."""
    rows = []
    for name, value in _flat("", run):
        text = str(value)
        rows.append((name, text if len(text) <= LONGEST else f"{text[:LONGEST]} …"))
    return Table("Settings of the run", ("setting", "value"), tuple(rows), left=frozenset({0, 1}))


def files(hashes: Mapping[str, str]) -> Table:
    """What was read, by its hash."""
    rows = tuple((name, value) for name, value in hashes.items())
    return Table("Files read", ("file", "SHA-256"), rows, left=frozenset({0, 1}))


def _learnt(made: Report) -> list[str]:
    learnt = made.chosen.learnt
    if not len(learnt):
        return []
    whom = {"train": "training", "val": "validation"}[made.chosen.learnt_role]
    return [f"Thresholds were chosen on {len(learnt):,} predictions of {whom} subjects."]


def _flat(before: str, value: Any) -> list[tuple[str, Any]]:
    """Nested settings as dotted names; lists of plain values in one row."""
    match value:
        case dict() if value:
            parts: Sequence[tuple[str, Any]] = [(str(name), one) for name, one in value.items()]
        case list() if any(isinstance(one, dict | list) for one in value):
            parts = [(str(place), one) for place, one in enumerate(value, 1)]
        case list():
            return [(before, ", ".join(str(one) for one in value) or "none")]
        case _:
            return [(before, "none" if value is None else value)]
    return [
        each for name, one in parts for each in _flat(f"{before}.{name}" if before else name, one)
    ]


def _plot(name: str, light: bytes, dark: bytes) -> Picture:
    return Picture(f"{name}.png", CAPTIONS[name], light, dark)


def _shown(name: str, data: bytes) -> Picture:
    place = f"../{FOLDER}/{name}"
    return Picture(place, name.removesuffix(".png").replace("_", " "), data, data)
