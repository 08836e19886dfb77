"""The tables of a report, as rows of text with a head each: for the terminal and for the page."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from assets.facs import HIGHEST_PSPI, NAMES
from generator.audit.report import Report
from generator.audit.summary import Cell, Rate
from generator.audit.texture import Complexion

LISTED = 6
"""Who falls short is named up to this many."""


@dataclass(frozen=True)
class Table:
    """A title, the names of the columns, and rows of as many cells; all of it text."""

    title: str
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


def tables(report: Report) -> list[Table]:
    """Every table of a report that has rows."""
    made = [
        _goals(report),
        _action_units(report),
        _textures(report.textures),
        _detector(report.rates, "Cascades of OpenCV on neutrals drawn again"),
        _detector(report.stored, "Cascades of OpenCV on pictures in the folder, at rest"),
        _frames(report),
    ]
    return [table for table in made if table.rows]


def text(table: Table) -> str:
    """A table in columns for the terminal."""
    lines = [table.head, *table.rows]
    widths = [max(len(line[column]) for line in lines) for column in range(len(table.head))]
    drawn = [
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in lines
    ]
    return "\n".join([table.title, "-" * len(table.title), *drawn])


def _goals(report: Report) -> Table:
    rows = []
    for goal in report.goals:
        state = {True: "reached", False: "NOT REACHED", None: "not measured"}[goal.reached]
        short = ", ".join(goal.short[:LISTED])
        more = len(goal.short) - LISTED
        short += f" and {more} more" if more > 0 else ""
        rows.append((goal.name, goal.bound, _number(goal.worst), state, short))
    head = ("goal", "bound", "worst", "", "who falls short")
    return Table("Goals", head, tuple(rows))


def _action_units(report: Report) -> Table:
    rows = []
    for cell in report.cells:
        if cell.kind != "all":
            continue
        groups = [one for one in report.cells if one.au == cell.au and one.kind != "all"]
        rows.append(
            (
                f"AU{cell.au} {NAMES[cell.au]}",
                " ".join(f"{value:.2f}" for value in cell.change[1:]),
                _number(cell.growth),
                f"{cell.over_again:.2f} ({_lowest([one.over_again for one in groups])})",
                f"{_number(cell.inside)} ({_lowest([one.inside for one in groups])})",
                _span(groups),
                _number(cell.motion_mm),
            )
        )
    head = (
        "action unit",
        "mean |dL*| in its region at 1-5",
        "least Spearman",
        "at 2 over again (lowest group)",
        "inside (lowest group)",
        "groups over all at 3",
        "landmarks, mm",
    )
    return Table("Action units", head, tuple(rows))


def _span(groups: Sequence[Cell]) -> str:
    if not groups:
        return ""
    least, most = (pick(groups, key=lambda one: one.even) for pick in (min, max))
    return f"{least.even:.2f} {least.group} to {most.even:.2f} {most.group}"


# What is told of textures: its name, where it stands, and the larger the worse it is, if it is.
_TEXTURE: Sequence[tuple[str, str, Callable[[float], float] | None]] = (
    ("L* of the forehead over that asked for", "forehead", abs),
    ("L* of the cheeks over that asked for", "cheeks", abs),
    ("chroma C* of both", "chroma", None),
    ("hue of both, degrees", "hue_deg", None),
    ("change of colour across seams over that beside them", "seam", float),
    ("mean |dL*| between the halves of the face", "uneven", float),
    ("the same by light from a side", "side_light", float),
    ("PSNR of the portrait drawn again, dB", "psnr_db", lambda value: -value),
)


def _textures(textures: Sequence[Complexion]) -> Table:
    rows = []
    for title, name, bad in _TEXTURE:
        known = [(one.identity, getattr(one, name)) for one in textures]
        known = [(who, value) for who, value in known if value is not None]
        if not known:
            continue
        values = [value for _, value in known]
        worst = "" if bad is None else known[int(np.argmax([bad(one) for one in values]))][0]
        middle = float(np.median(values))
        rows.append((title, *map(_number, (middle, min(values), max(values))), worst))
    head = ("of the albedo", "median", "lowest", "highest", "worst")
    return Table("Textures", head, tuple(rows))


def _detector(rates: Sequence[Rate], title: str) -> Table:
    rows = [
        (
            rate.group + (", adults" if rate.kind == "tone" else ""),
            str(rate.people),
            f"{rate.one_face:.1%}",
            _share(rate.open_eyes),
            _share(rate.closed_eyes),
        )
        for rate in rates
    ]
    head = ("group", "people", "exactly one face", "eyes found, open", "eyes found, AU43")
    return Table(title, head, tuple(rows))


def _frames(report: Report) -> Table:
    rows = [
        (
            f"PSPI, 0-{HIGHEST_PSPI}" if one.au is None else f"AU{one.au} {NAMES[one.au]}",
            str(one.pictures),
            str(one.present),
            one.measure if one.rank is not None else "",
            _number(one.rank) if one.rank is not None else "cannot be told",
        )
        for one in report.frames
    ]
    head = ("label", "pictures with it coded", "above 0", "goes with", "Spearman")
    return Table("What the folder's pictures allow", head, tuple(rows))


def _lowest(values: Sequence[float | None]) -> str:
    known = [value for value in values if value is not None]
    return f"{min(known):.2f}" if known else ""


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.2f}"


def _share(value: float | None) -> str:
    return "" if value is None else f"{value:.1%}"
