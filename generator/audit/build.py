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
from generator.audit import frames, page, plots, source
from generator.audit.detector import EYE, FACE
from generator.audit.frames import Picture
from generator.audit.person import UNDER_HAIR, Sitting, Step, columns, measure, pictures
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
    origin = source.origin(data, f"sha256:{code(*DECIDING)}")
    if origin.config is None:
        made = _of_frames(data, everybody, config, origin.reason, progress)
    else:
        made = _again(data, everybody, config, origin, progress)
    with filling(out, frozenset(_names(made))):
        _write(out, made)
    return made


def _again(
    data: DataSet,
    everybody: Sequence[Row],
    config: AuditConfig,
    origin: source.Origin,
    progress: Progress,
) -> Report:
    assert origin.config is not None
    sitting = source.sitting_config(origin.config, config.size, config.device)
    people = source.chosen(everybody, config.people)
    shown = sheet_people(people)
    tasks = [(source.index_of(row), row["identity"] in shown) for row in people]
    stored = source.chosen(everybody, STORED)
    total = len(tasks) * pictures(config.aus) + len(stored)
    synth3d.prepare(sitting)
    work = partial(_sit, sitting, config.aus, config.light)
    sittings = pool.run(work, tasks, config.workers, lambda done: progress(done, total))
    seen = _stored_at_rest(data, stored, lambda done: progress(done, total))
    notes = ["Its people were made again from seed and options, frontally, each action unit alone."]
    if not origin.same_code:
        notes.append("The folder was drawn by other code than the code that made them again.")
    covered = [one.facts.identity for one in sittings if any(step.covered for step in one.steps)]
    if covered:
        brow = ", ".join(f"AU{au}" for au in UNDER_HAIR)
        notes.append(
            f"Hair lies over a part of the brow of {len(covered)} of them, whose {brow} are in no "
            f"figure: {', '.join(covered)}."
        )
    notes += _method(config)
    settings = {"people": len(people), "size": config.size, "light": config.light}
    settings |= {name: getattr(origin.config, name) for name in ("seed", "head", "rig")}
    return report(data.folder.resolve().name, "", settings, notes, sittings, seen)


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
    everybody: Sequence[Row],
    config: AuditConfig,
    reason: str,
    progress: Progress,
) -> Report:
    people = source.chosen(everybody, config.people)
    rows = _rows(data, people)
    total = sum(min(len(own), frames.MOST) for own in rows)
    work = partial(_look, data)
    looked = pool.run(work, rows, config.workers, lambda done: progress(done, total))
    seen = [picture for own in looked for picture in own]
    notes = [
        f"The people of this folder cannot be made again: {reason}.",
        "What follows is what its pictures allow: how often faces and eyes are found in them, and "
        "how lengths of the face go with the labels. Whether an action unit changes the picture "
        "where it acts and nowhere else cannot be told from them, nor whether groups are even: in "
        "these pictures action units come together, heads turn and lights differ.",
    ]
    settings = {"people": len(people), "pictures": len(seen)}
    return report(data.folder.resolve().name, reason, settings, notes, [], seen)


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


def _method(config: AuditConfig) -> list[str]:
    """What a reader must know of how it was measured."""
    return [
        "Change is the mean |ΔL*| against the neutral over the pixels of an AU's region, which is "
        "drawn from anatomy and carried to each face by the atlas; the noise of the sensor is the "
        "same in both.",
        "The neutral taken again: the head turned by 1° either way about the point between the "
        "eyes, exposure 5 % up or down, other noise; the mean of the four.",
        f"Everybody sits in the light of {config.light}; under flatter light the same folds show "
        "less. Hair may lie over the forehead as it does in the folder.",
    ]


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
