"""From data sets to the report of generated faces: looking, comparing, tables, sheets, one page."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from assets import atomic
from generator.shards import manifest
from generator.shards.manifest import json_bytes
from vitpain.au_reader.reader import Reader
from vitpain.evaluate import page
from vitpain.evaluate.report import BANNER
from vitpain.evaluate.table import Table, printable, text
from vitpain.evaluate.told import Picture, Section
from vitpain.image_quality.found import Found, find, read_by
from vitpain.image_quality.painted import Painted, painted
from vitpain.image_quality.reached import Judged
from vitpain.image_quality.seen import Looking, Seen, look
from vitpain.image_quality.sets import Compared, Named
from vitpain.image_quality.sheets import SHEETS
from vitpain.image_quality.tables import ALL_UNITS, tables

PAGE, FIGURES = "report.html", "report.json"
TITLE = "Generated faces beside real ones"

Progress = Callable[[int, int], None]
"""Called with pictures read since the last call, and how many in all; painted ones are read twice.
"""
Readings = Mapping[str, Judged]
"""What a judge that is not ours read in every set, by the set's name."""


@dataclass(frozen=True)
class Reported:
    """What was found, with what, and what is said of it."""

    found: Sequence[Found]
    looking: Looking
    dimensions: int
    sheets: Mapping[str, tuple[str, bytes]]
    """Sheets by the name of their file: what stands below, and PNG bytes."""

    @property
    def banner(self) -> str | None:
        """What must be read first where any set stands in for UNBC-McMaster."""
        sets = [one for each in self.found for one in (each.compared.made, each.compared.real)]
        return BANNER if any(one.stands_in for one in sets) else None

    @property
    def lines(self) -> list[str]:
        """The report for the terminal, banner first and last."""
        banner = [] if self.banner is None else [self.banner]
        shown = (f"\n{text(one)}" for one in self._tables())
        return [*banner, printable(TITLE), *shown, *(f"\n{one}" for one in banner)]

    @property
    def figures(self) -> dict[str, Any]:
        """The figures for a program."""
        features, reader = self.looking.features, self.looking.reader
        return {
            "format": "pain3d evaluate2d 1",
            "banner": self.banner,
            "features": {
                "name": features.name,
                "sha256": features.sha256,
                "size": features.size,
                "dimensions": self.dimensions,
            },
            "reader": None if reader is None else {"sha256": reader.sha256, **reader.facts},
            "sets": {one.compared.made.name: _figures(one) for one in self.found},
        }

    def page(self) -> str:
        """The report as one HTML file."""
        sections = [Section(one.title, one, ()) for one in self._tables()]
        drawn = [Picture(name, said, png, png) for name, (said, png) in self.sheets.items()]
        sections.append(Section("Sheets", None, tuple(drawn)))
        return page.document(TITLE, self.banner, self._opening(), sections)

    def _tables(self) -> list[Table]:
        own = {} if self.looking.reader is None else _own(self.looking.reader)
        return tables(self.found, self.looking.features.name, self.dimensions, own)

    def _opening(self) -> list[str]:
        reader = self.looking.reader
        said = [f"Features: {self.looking.features.name}, of whole registered pictures."]
        if reader is not None:
            sources = sorted({name for one in reader.facts["data"] for name in one["sources"]})
            units = ", ".join(str(au) for au in reader.aus)
            said.append(
                f"Action units are judged by a network of ours that learnt from "
                f"{reader.facts['people']:,} people of source {', '.join(sources)} and reads AU "
                f"{units}."
            )
        return said


def evaluate(
    compared: Sequence[Compared],
    looking: Looking,
    readings: Readings | None,
    progress: Progress,
    seed: int = 0,
) -> Reported:
    """Compare generated sets with their real ones.

    `readings` are those of another judge than `looking.reader`. Raises ValueError that names set
    and key of what cannot be read or was painted from what is not there.
    """
    photographs = {one.real.name: one.real for one in compared}
    painting = sum(len(one.made.hurting) for one in compared)
    resting = sum(len(one.made.resting) for one in compared)
    # Records are read first, so that what does not fit together is told at once.
    total = 2 * painting + resting + sum(len(one.frames) for one in photographs.values())

    def advance(count: int) -> None:
        progress(count, total)

    said = [painted(one, advance) for one in compared]
    real = {
        name: look(looking, one.frames, np.arange(len(one.frames)), advance)
        for name, one in photographs.items()
    }
    found = []
    for one, of_one in zip(compared, said, strict=True):
        rows = np.concatenate([of_one.rows, one.made.resting])
        made = look(looking, one.made.frames, rows, advance)
        beside = real[one.real.name]
        judged = _judged(one, of_one, looking, (made.first(len(of_one.rows)), beside), readings)
        found.append(find(one, of_one, made, beside, judged, looking.device, seed))
    dimensions = next(iter(real.values())).features.shape[1]
    return Reported(found, looking, dimensions, _sheets(compared, said))


def write(made: Reported, out: Path) -> None:
    """Write page, sheets and, last, figures into a folder that is empty or not there."""
    check_out(out)
    out.mkdir(parents=True, exist_ok=True)
    for name, (_, png) in made.sheets.items():
        atomic.write(out / name, png)
    atomic.write(out / PAGE, made.page().encode())
    atomic.write(out / FIGURES, json_bytes(made.figures))


def check_out(out: Path) -> None:
    """Raise ValueError where a report would be mixed with what is there."""
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise ValueError(f"out must be an empty folder or none, got {out}")


def _judged(
    compared: Compared,
    said: Painted,
    looking: Looking,
    seen: tuple[Seen, Seen],
    readings: Readings | None,
) -> tuple[Judged, Judged] | None:
    if looking.reader is not None:
        return read_by(looking.reader, seen[0]), read_by(looking.reader, seen[1])
    if readings is None:
        return None
    made, real = readings[compared.made.name], readings[compared.real.name]
    return Judged(made.judge, made.aus, made.read[said.rows]), real


def _sheets(compared: Sequence[Compared], said: Sequence[Painted]) -> dict[str, tuple[str, bytes]]:
    drawn = {}
    for number, (one, of_one) in enumerate(zip(compared, said, strict=True), start=1):
        for name, (draw, caption) in SHEETS.items():
            words = caption.format(made=one.made.name, real=one.real.name)
            drawn[f"{name}-{number}.png"] = words, draw(one, of_one)
    return drawn


def _own(reader: Reader) -> dict[str, float | None]:
    """How far a reader is off on people whom it never saw, by AU and for all."""
    held = reader.facts["errors"]["test"] or reader.facts["errors"]["val"]
    return {} if held is None else {**held["read"]["aus"], ALL_UNITS: held["read"]["all"]}


def _figures(one: Found) -> dict[str, Any]:
    reached = one.reached
    errors = None
    if reached is not None:
        each = {str(au): {**asdict(e), "ratio": e.ratio} for au, e in reached.aus.items()}
        every = None if reached.all is None else {**asdict(reached.all), "ratio": reached.all.ratio}
        errors = {"judge": reached.judge, "aus": each, "all": every}
    return {
        "made": _set(one.compared.made),
        "real": _set(one.compared.real),
        "cpbd": one.sharp,
        "people": {name: asdict(person) for name, person in one.people.items()},
        "distance": asdict(one.distance),
        "identity_kept": {**asdict(one.kept), "share": one.kept.share},
        "identity_of_inputs": {**asdict(one.unchanged_kept), "share": one.unchanged_kept.share},
        "aus_reached": errors,
    }


def _set(one: Named) -> dict[str, Any]:
    folder = one.frames.sets[0].folder
    return {
        "name": one.name,
        "manifest": manifest.checksum(folder / manifest.NAME).sha256,
        "registered": one.derived.registered,
        "stands_in": one.stands_in,
        "pictures": len(one.frames),
    }
