"""Making a surrogate of UNBC-McMaster with worker processes, so that any kill can be resumed.

`SURROGATE.json` is written first, so that nobody takes what lies there for the real thing, and
again at the end, when it says `finished`. Until then `.unfinished` holds a lock and a file for
every finished sequence. A worker makes all sequences of one subject, who is painted once.
"""

import os
import platform
import shutil
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from assets import atomic
from assets.one_writer import alone
from assets.streams import stream
from assets.unbc import STAND_IN, SUBJECTS
from generator import pool, synth3d
from generator.lock import UNFINISHED, WRITER, workers_gone, working
from generator.shards.manifest import json_bytes, read_json
from generator.surrogate import coding, files, openface, people, plan
from generator.surrogate.config import SurrogateConfig, options
from generator.surrogate.film import filmed
from generator.surrogate.plan import Sequence

FORMAT = "pain3d surrogate-unbc 1"
ABOUT = (
    "A stand-in for the UNBC-McMaster Shoulder Pain Expression Archive in its raw layout. Every "
    "picture is drawn and every label made up by a program: nobody in it is a person, and no "
    "figure measured on it says anything about UNBC-McMaster."
)
LABELS = (
    "FACS: the muscles' intensities rounded to whole numbers; AU43 is lids that stay closed, not "
    "a blink. PSPI: of those codes. AFF, OPR, SEN, VAS: height of the scale times (0.75 "
    "sqrt(highest PSPI / 16) + 0.25 share of frames above 0) plus noise, rounded."
)

Progress = Callable[[int, int], None]
"""Called with frames done since the last call, and frames of the run in all."""


@dataclass(frozen=True)
class Run:
    """How to make a surrogate; none of it decides bytes."""

    out: Path
    workers: int = 1
    resume: bool = False

    def __post_init__(self) -> None:
        """Refuse a run without workers."""
        if self.workers < 1:
            raise ValueError(f"workers must be at least 1, got {self.workers}")


def stated(config: SurrogateConfig) -> dict[str, Any]:
    """What decides the bytes of a surrogate, and what it is."""
    made_with = {
        "machine": platform.machine(),
        "numpy": np.__version__,
        "opencv": cv2.__version__,
        **synth3d.made_with(people.drawing(config)),
    }
    return {
        "format": FORMAT,
        "about": ABOUT,
        "labels": LABELS,
        "stands_for": "UNBC-McMaster",
        "options": options(config),
        "people": [_facts(config, subject) for subject in range(config.subjects)],
        "made_with": made_with,
    }


def _facts(config: SurrogateConfig, subject: int) -> dict[str, str | float | int]:
    person = people.identity(config, subject).person
    return {
        "subject": SUBJECTS[subject],
        "age_years": person.age_years,
        "sex": person.sex,
        "ethnicity": person.ethnicity,
        "skin_tone": person.skin_tone,
    }


def make(config: SurrogateConfig, run: Run, progress: Progress) -> dict[str, Any]:
    """Make a surrogate in `run.out`, and give what its `SURROGATE.json` says.

    Raises ValueError where the folder is not empty and not resumed, was begun with other options,
    or is being written; OSError where the disk is full. Sequences that were finished are kept.
    """
    wanted = stated(config)
    with _claimed(run) as before:
        if before is not None:
            _check_same(run.out, before, wanted)
            if before["finished"]:
                return before
        workers_gone(run.out)
        for folder in (run.out, run.out / UNFINISHED):
            atomic.remove_temporary(folder)
        planned = plan.sequences(config)
        done = [sequence for sequence in planned if _marker(run.out, sequence).exists()]
        todo = _by_subject([sequence for sequence in planned if sequence not in done])
        if todo:
            synth3d.prepare(people.drawing(config))
        atomic.write(run.out / STAND_IN, json_bytes({**wanted, "finished": False}))
        total = sum(sequence.frames for sequence in planned)
        progress(sum(sequence.frames for sequence in done), total)
        work = partial(_make_subject, config, run.out)
        pool.run(work, todo, run.workers, lambda count: progress(count, total))
        made = {**wanted, **_counts(run.out, planned), "finished": True}
        atomic.write(run.out / STAND_IN, json_bytes(made))
        shutil.rmtree(run.out / UNFINISHED)
        return made


def _by_subject(sequences: list[Sequence]) -> list[tuple[Sequence, ...]]:
    subjects = sorted({sequence.subject for sequence in sequences})
    return [tuple(s for s in sequences if s.subject == subject) for subject in subjects]


def _make_subject(
    config: SurrogateConfig, out: Path, sequences: tuple[Sequence, ...], report: pool.Report
) -> None:
    """Make sequences of one subject; in a worker."""
    with working(out):
        for sequence in sequences:
            _make(config, out, sequence, report)


def _make(config: SurrogateConfig, out: Path, sequence: Sequence, report: pool.Report) -> None:
    place, seed = sequence.place, plan.people_seed(config)

    def rng(stage: str) -> np.random.Generator:
        return stream(seed, sequence.subject, stage, sequence.number)

    files.make_folders(out, place)
    for folder in place.folders:
        atomic.remove_temporary(out / folder)
    played, frames = filmed(config, sequence)
    levels = coding.pspi(played.codes)
    for number, frame in enumerate(frames, start=1):
        files.write_frame(out, place, number, frame)
        report(1)
    labels = coding.scales(levels, rng("surrogate scales"))
    files.write_labels(out, place, played.codes, labels)
    if config.openface:
        (out / place.openface).parent.mkdir(parents=True, exist_ok=True)
        table = openface.csv(played.left, played.right, rng("surrogate openface"))
        atomic.write(out / place.openface, table)
    counted = {str(level): count for level, count in sorted(Counter(levels.tolist()).items())}
    atomic.write(_marker(out, sequence), json_bytes({"frames": sequence.frames, "pspi": counted}))


def _marker(out: Path, sequence: Sequence) -> Path:
    return out / UNFINISHED / f"{sequence.place.sequence}.json"


def _counts(out: Path, sequences: tuple[Sequence, ...]) -> dict[str, Any]:
    found = [read_json(_marker(out, sequence)) for sequence in sequences]
    levels: Counter[int] = Counter()
    for one in found:
        levels.update({int(level): count for level, count in one["pspi"].items()})
    return {
        "sequences": len(found),
        "frames": sum(one["frames"] for one in found),
        "frames_by_pspi": {str(level): levels[level] for level in sorted(levels)},
    }


@contextmanager
def _claimed(run: Run) -> Iterator[dict[str, Any] | None]:
    """Hold a folder, made here if it is not there; gives its `SURROGATE.json` if it has one."""
    out = run.out
    if out.exists() and not out.is_dir():
        raise ValueError(f"out must be a folder, got the file {out}")
    _known(run)
    (out / UNFINISHED).mkdir(parents=True, exist_ok=True)
    with alone(out, out / UNFINISHED / WRITER):
        try:
            # Once more: another run may have ended since.
            yield _known(run)
        finally:
            _leave(out)


def _known(run: Run) -> dict[str, Any] | None:
    """What the folder says that it is, as `_before`; refuses one that is not to be gone on with."""
    out = run.out
    empty = not out.is_dir() or not any(path.name != UNFINISHED for path in out.iterdir())
    if not empty and not (run.resume and (out / STAND_IN).is_file()):
        raise ValueError(f"out must be an empty folder, or one to --resume, got {out}")
    return _before(out)


def _before(out: Path) -> dict[str, Any] | None:
    """What a folder says that it is, None where it says nothing. Raises ValueError for others."""
    path = out / STAND_IN
    if not path.is_file():
        return None
    found = read_json(path)
    if not isinstance(found, dict) or found.get("format") != FORMAT:
        raise ValueError(f"{path} must have the format {FORMAT!r}, got another")
    for name, kind in (("options", dict), ("made_with", dict), ("finished", bool)):
        if not isinstance(found.get(name), kind):
            got = type(found.get(name)).__name__
            raise ValueError(f"{path}: {name} must be of kind {kind.__name__}, got {got}")
    return found


def _leave(out: Path) -> None:
    """Leave nothing of ours in a folder that is finished, or where nothing was begun."""
    before = _before(out)
    begun = before is not None and not before["finished"]
    if (out / UNFINISHED).is_dir() and not begun:
        for path in (out / UNFINISHED).iterdir():
            path.unlink()
        os.rmdir(out / UNFINISHED)


def _check_same(out: Path, before: dict[str, Any], wanted: dict[str, Any]) -> None:
    """Refuse a folder that was begun with other options, code or files, naming the first."""
    for part in ("options", "made_with"):
        for name, value in wanted[part].items():
            was = before[part].get(name)
            if was != value:
                rule = f"resumed with the {part.replace('_', ' ')} that it was begun with"
                raise ValueError(f"{out} must be {rule}, got {name} {value}, not {was}")
