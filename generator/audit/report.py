"""All that an audit found, and the same figures for a program."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np

from assets.facs import AUS
from generator.audit.detector import Detection
from generator.audit.frames import Picture
from generator.audit.goals import Goal, goals
from generator.audit.person import Found, Sitting, Step
from generator.audit.summary import Cell, Course, Rate, cells, courses, rates, spearman
from generator.audit.texture import Complexion


@dataclass(frozen=True)
class InFrames:
    """What the pictures of a folder show of one AU, or of PSPI where `au` is None.

    `pictures` in which it is coded, `present` above 0. `rank` is Spearman's correlation of its
    intensity with `measure` over all of these pictures, None where there is too little to rank.
    """

    au: int | None
    measure: str
    pictures: int
    present: int
    rank: float | None


@dataclass(frozen=True)
class Report:
    """The audit of one folder.

    `again` says whether its people were made again; where not, `reason` says why, and there are
    no `sittings`. `notes` are sentences that the reader must know.
    """

    folder: str
    again: bool
    reason: str
    settings: dict[str, Any]
    notes: tuple[str, ...]
    steps: tuple[Step, ...]
    courses: tuple[Course, ...]
    cells: tuple[Cell, ...]
    rates: tuple[Rate, ...]
    goals: tuple[Goal, ...]
    stored: tuple[Rate, ...]
    frames: tuple[InFrames, ...]
    textures: tuple[Complexion, ...]
    sheets: dict[str, bytes] = field(default_factory=dict)


def report(
    folder: str,
    reason: str,
    settings: dict[str, Any],
    notes: Sequence[str],
    sittings: Sequence[Sitting],
    pictures: Sequence[Picture],
) -> Report:
    """Put everything together; without `reason` the people were made again."""
    steps = tuple(step for sitting in sittings for step in sitting.steps)
    own = courses(steps)
    grouped = cells(own)
    found = rates([sitting.found for sitting in sittings])
    textures = tuple(sitting.texture for sitting in sittings)
    again = not reason
    return Report(
        folder=folder,
        again=again,
        reason=reason,
        settings=settings,
        notes=tuple(notes),
        steps=steps,
        courses=tuple(own),
        cells=tuple(grouped),
        rates=tuple(found),
        goals=tuple(goals(own, grouped, found, textures)) if again else (),
        stored=tuple(rates(_stored(pictures))),
        frames=() if again else tuple(in_frames(pictures)),
        textures=textures,
        sheets={s.facts.identity: s.sheet for s in sittings if s.sheet is not None},
    )


def _stored(pictures: Sequence[Picture]) -> list[Found]:
    """Every person's first picture at rest, and their first with AU43."""
    first: dict[str, dict[str, Picture]] = {}
    for picture in pictures:
        of_person = first.setdefault(picture.facts.identity, {})
        if picture.rest:
            of_person.setdefault("rest", picture)
        if picture.aus[43] == 1.0:
            of_person.setdefault("closed", picture)
    return [
        Found(
            own["rest"].facts,
            own["rest"].detection,
            own["closed"].detection if "closed" in own else Detection(0, None),
        )
        for own in first.values()
        if "rest" in own
    ]


# What of a face answers to which AU, as far as 68 points show it, and which way it goes.
ANSWERS = {
    1: ("brow_height", 1), 2: ("brow_height", 1), 4: ("brow_height", -1), 5: ("lid_gap", 1),
    6: ("lid_gap", -1), 7: ("lid_gap", -1), 9: ("lip_raised", 1), 10: ("lip_raised", 1),
    12: ("lip_raised", 1), 43: ("lid_gap", -1), 45: ("lid_gap", -1),
}  # fmt: skip
FEWEST = 5
"""Pictures without which nothing is ranked."""


def in_frames(pictures: Sequence[Picture]) -> list[InFrames]:
    """How lengths of the face go with the AUs, and how the whole picture goes with PSPI."""
    paired = [one for one in pictures if one.pspi is not None and one.change is not None]
    made = [
        InFrames(
            None,
            "change of the face",
            sum(one.pspi is not None for one in pictures),
            sum((one.pspi or 0) > 0 for one in pictures),
            _rank([(one.pspi or 0.0, one.change or 0.0) for one in paired]),
        )
    ]
    for au in AUS:
        coded = [one for one in pictures if one.aus[au] is not None]
        name, way = ANSWERS.get(au, ("", 1))
        pairs = [
            (one.aus[au] or 0.0, way * getattr(one.face, name))
            for one in coded
            if name and one.face is not None
        ]
        present = sum((one.aus[au] or 0) > 0 for one in coded)
        made.append(InFrames(au, name.replace("_", " "), len(coded), present, _rank(pairs)))
    return made


def _rank(pairs: Sequence[tuple[float, float]]) -> float | None:
    if len(pairs) < FEWEST or len({first for first, _ in pairs}) < 2:
        return None
    first, second = np.array(pairs, np.float64).T
    return spearman(first, second)


def figures(made: Report) -> dict[str, Any]:
    """The figures of a report as JSON takes them."""
    return {
        "folder": made.folder,
        "people_made_again": made.again,
        "why_not": made.reason or None,
        "settings": made.settings,
        "notes": list(made.notes),
        "goals": [asdict(goal) for goal in made.goals],
        "action_units": [asdict(cell) for cell in made.cells if cell.kind == "all"],
        "groups": [asdict(cell) for cell in made.cells if cell.kind != "all"],
        "textures": [asdict(one) for one in made.textures],
        "detector": [asdict(rate) for rate in made.rates],
        "detector_in_the_folder": [asdict(rate) for rate in made.stored],
        "in_the_folder": [asdict(one) for one in made.frames],
    }
