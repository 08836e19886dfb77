"""From the folder of a data set to the report on it."""

import csv
import io
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Literal

from assets import atomic, environments
from assets.face_detector import cascade
from assets.facs import AUS
from generator import pool, synth3d
from generator.audit import frames, notes, page, plots, source
from generator.audit.detector import EYE, FACE
from generator.audit.frames import Picture
from generator.audit.person import Sitting, Step, columns, measure, pictures
from generator.audit.regions_sheet import regions_sheet
from generator.audit.report import Report, figures, report
from generator.audit.sitting import LIGHT, seat
from generator.config import GenerateConfig
from generator.filling import check_free, filling
from generator.provenance import DECIDING
from generator.provenance import source as code
from generator.shards.folder import DataSet, open_folder
from generator.shards.index import Row
from generator.shards.manifest import json_bytes
from render import device

logger = logging.getLogger(__name__)

PAGE, FIGURES, ROWS = "report.html", "audit.json", "audit.csv"
REGIONS = "regions.jpg"
SHEETS = 4
"""People whose sheet is drawn: the youngest, the oldest, the darkest adult and a young adult."""
STORED = 300
"""People whose picture at rest in the folder is shown to the detector."""

Progress = Callable[[int, int], None]
"""Called with pictures done since the last call, and pictures to do in all."""


@dataclass(frozen=True)
class AuditConfig:
    """How to audit. The defaults take about nine minutes on two cores."""

    people: int = 72
    """People to measure, balanced over age bands and skin tones; all where there are fewer."""
    aus: tuple[int, ...] = AUS
    """Action units to draw, each alone."""
    size: int = 320
    """Side of the pictures that are drawn, pixels, 96 to 1024."""
    light: str = LIGHT
    """Environment that lights everybody."""
    workers: int = 1
    """Processes; changes no figure."""
    device: Literal["cpu", "cuda"] = "cpu"
    """Where pictures are drawn."""

    def __post_init__(self) -> None:
        """Refuse what cannot be measured, naming option, rule and value."""
        if self.people < 1:
            raise ValueError(f"people must be at least 1, got {self.people}")
        if self.workers < 1:
            raise ValueError(f"workers must be at least 1, got {self.workers}")
        if not 96 <= self.size <= 1024:
            raise ValueError(f"size must be from 96 to 1024, got {self.size}")
        unknown = [au for au in self.aus if au not in AUS]
        if unknown or not self.aus or len(set(self.aus)) != len(self.aus):
            known, got = (", ".join(map(str, aus)) for aus in (AUS, self.aus))
            raise ValueError(f"aus must be some of {known}, each once, got {got or 'none'}")
        if self.light not in environments.NAMES:
            names = ", ".join(environments.NAMES)
            raise ValueError(f"light must be one of {names}, got {self.light}")


def audit(folder: Path, out: Path, config: AuditConfig, progress: Progress) -> Report:
    """Audit a finished data set and write the report into the empty folder `out`.

    Raises ValueError where the data set is unfinished, empty or damaged, where `out` holds
    anything, and where OpenCV has no cascades.
    """
    for name in (FACE, EYE):
        cascade(name)
    check_free(out)
    data = open_folder(folder)
    everybody = source.people(data)
    if not everybody:
        raise ValueError(f"{folder} must have people to be audited, got an empty index")
    people = source.chosen(everybody, config.people)
    origin = source.origin(data, f"sha256:{code(*DECIDING)}")
    origin = source.with_skin(origin, people[0], config.device)
    if origin.config is None:
        made = _of_frames(data, people, config, origin.reason, progress)
    else:
        stored = source.chosen(everybody, STORED)
        made = _again(data, (people, stored), config, origin, progress)
    with filling(out, frozenset(_names(made))):
        _write(out, made)
    return made


def _again(
    data: DataSet,
    chosen: tuple[Sequence[Row], Sequence[Row]],
    config: AuditConfig,
    origin: source.Origin,
    progress: Progress,
) -> Report:
    """Report on people made again, and on the stored pictures of others."""
    assert origin.config is not None
    sitting = source.sitting_config(origin.config, config.size, config.device)
    people, stored = chosen
    shown = sheet_people(people)
    tasks = [(source.index_of(row), row["identity"] in shown) for row in people]
    total = len(tasks) * pictures(config.aus) + len(stored)
    synth3d.prepare(sitting)
    if sitting.texture != "skin":
        device.prepare(sitting.device, ("unlit",))
    work = partial(_sit, sitting, config.aus, config.light)
    sittings = pool.run(work, tasks, config.workers, lambda done: progress(done, total))
    seen = _stored_at_rest(data, stored, lambda done: progress(done, total))
    told = notes.again(sittings, config.light, origin.same_code)
    settings = {"people": len(people), "size": config.size, "light": config.light}
    settings |= {name: getattr(origin.config, name) for name in ("seed", "head", "rig", "texture")}
    return report(data.folder.resolve().name, "", settings, told, sittings, seen)


def _sit(
    config: GenerateConfig,
    aus: tuple[int, ...],
    light: str,
    task: tuple[int, bool],
    done: Callable[[int], None],
) -> Sitting:
    """Measure one person; in a worker."""
    index, with_sheet = task
    return measure(seat(config, index, light), aus, with_sheet, done)


def _of_frames(
    data: DataSet,
    people: Sequence[Row],
    config: AuditConfig,
    reason: str,
    progress: Progress,
) -> Report:
    rows = _rows(data, people)
    total = sum(min(len(own), frames.MOST) for own in rows)
    work = partial(_look, data)
    looked = pool.run(work, rows, config.workers, lambda done: progress(done, total))
    seen = [picture for own in looked for picture in own]
    settings = {"people": len(people), "pictures": len(seen)}
    told = notes.frames(reason)
    return report(data.folder.resolve().name, reason, settings, told, [], seen)


def _look(data: DataSet, rows: list[Row], done: Callable[[int], None]) -> list[Picture]:
    """Measure pictures of one person; in a worker."""
    seen = frames.look(data, rows)
    done(len(seen))
    return seen


def _rows(data: DataSet, people: Sequence[Row]) -> list[list[Row]]:
    """Index rows of each of some people, in their first view."""
    places: dict[str, list[int]] = {row["identity"]: [] for row in people}
    for place, identity in enumerate(data.index["identity"].to_pylist()):
        if identity in places:
            places[identity].append(place)
    return [_first_view(data.index.take(own).to_pylist()) for own in places.values()]


def _first_view(rows: list[Row]) -> list[Row]:
    views = [row["view"] for row in rows if row["view"] is not None]
    return [row for row in rows if not views or row["view"] == min(views)]


def _stored_at_rest(
    data: DataSet, people: Sequence[Row], done: Callable[[int], None]
) -> list[Picture]:
    """What the detector sees in the folder's own pictures at rest and with the eyes closed."""
    seen = []
    for rows in _rows(data, people):
        kept = [row for row in rows if row["kind"] == "neutral"][:1]
        kept += [row for row in rows if row["au43"] == 1.0][:1]
        seen += frames.look(data, kept)
        done(1)
    return seen


def sheet_people(people: Sequence[Row]) -> set[str]:
    """Identities of those whose sheet is drawn, `SHEETS` of them or as many as there are."""
    by_age = sorted(people, key=lambda row: row["age_years"])
    adults = [row for row in by_age if row["age_years"] >= 18] or by_age
    darkest = max(adults, key=lambda row: row["skin_tone"])
    wanted = [by_age[0], by_age[-1], darkest, *adults, *by_age]
    return set(list(dict.fromkeys(row["identity"] for row in wanted))[:SHEETS])


def _names(made: Report) -> list[str]:
    drawn = ["growth.png", "inside.png", "groups.png", REGIONS] if made.again else []
    sheets = [f"sheet_{name}.jpg" for name in made.sheets]
    return [PAGE, FIGURES, ROWS, *drawn, *sheets]


def _write(out: Path, made: Report) -> None:
    drawn = plots.plots(made)
    inside = {f"sheet_{name}.jpg": data for name, data in made.sheets.items()}
    if made.again:
        inside[REGIONS] = regions_sheet()
    for name, data in {**drawn, **inside}.items():
        atomic.write(out / name, data)
    atomic.write(out / ROWS, rows_csv(made.steps).encode())
    atomic.write(out / FIGURES, json_bytes(figures(made)))
    titled = {_titled(name): data for name, data in inside.items()}
    atomic.write(out / PAGE, page.page(made, drawn, titled).encode())


def _titled(name: str) -> str:
    if name == REGIONS:
        return "The regions (red) and their rims (yellow)"
    return f"Each action unit at 0-5, {name.removeprefix('sheet_').removesuffix('.jpg')}"


def rows_csv(steps: Sequence[Step]) -> str:
    """A row a person, action unit and intensity."""
    file = io.StringIO()
    rows: list[dict[str, Any]] = [dict(columns(step)) for step in steps]
    if rows:
        writer = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    return file.getvalue()
