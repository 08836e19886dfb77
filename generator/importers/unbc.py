"""UNBC-McMaster as it is given out: folders of pictures, labels of frames, landmarks, sequences.

```
Images/<subject>/<sequence>/<frame>.png
Frame_Labels/{FACS,PSPI}/<subject>/<sequence>/<frame>_facs.txt
AAM_landmarks/<subject>/<sequence>/<frame>_aam.txt
Sequence_Labels/{VAS,OPR,AFF,SEN}/<subject>/<sequence>.txt
```
Some copies nest a folder in one of its own name. There are no splits: everybody is in `train`.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path

import numpy as np

from assets import picture_file
from assets.facs import HIGHEST_PSPI
from generator.importers import coded, number_file
from generator.importers.config import ImportConfig
from generator.importers.names import frame_number, key_of
from generator.importers.notes import note, refused
from generator.importers.picture import Picture, Points, read_file
from generator.importers.stand_in import people_facts
from generator.producer import Note
from generator.shards.record import AUSources, PersonFacts, Record, SequenceLabels

FACS, PSPI, AAM = "FACS", "PSPI", "AAM_landmarks"
ENDINGS = {FACS: "_facs.txt", PSPI: "_facs.txt", AAM: "_aam.txt"}
SCALES = {"VAS": 10.0, "OPR": 5.0, "AFF": 16.0, "SEN": 16.0}
"""Labels of a sequence and their highest value."""
MARKS = 66


@dataclass(frozen=True)
class Sequence:
    """A sequence of a subject: its pictures by name of the frame, and files that are none."""

    name: str
    frames: dict[str, Path]
    others: tuple[Path, ...]


@dataclass(frozen=True)
class Subject:
    """A person and their sequences, in order of their names."""

    name: str
    sequences: tuple[Sequence, ...]

    @property
    def pictures(self) -> int:
        """How many frames there are."""
        return sum(len(sequence.frames) for sequence in self.sequences)


@cache
def subjects(root: Path) -> tuple[Subject, ...]:
    """List everybody who has pictures. Raises ValueError where there is nobody."""
    images = _nested(root, "Images")
    if not images.is_dir():
        raise ValueError(f"{root} must hold the folder Images of UNBC-McMaster, got none")
    listed = [Subject(folder.name, _sequences(folder)) for folder in _folders(images)]
    found = tuple(subject for subject in listed if subject.pictures)
    if not found:
        raise ValueError(f"{images} must hold SUBJECT/SEQUENCE/FRAME.png, got no picture")
    return found


def _sequences(folder: Path) -> tuple[Sequence, ...]:
    found = []
    for path in _folders(folder):
        frames: dict[str, Path] = {}
        others = []
        for file in sorted(path.iterdir()):
            picture = file.suffix.lower() in picture_file.SUFFIXES and file.stem not in frames
            if picture and not file.name.startswith("."):
                frames[file.stem] = file
            else:
                others.append(file)
        found.append(Sequence(path.name, frames, tuple(others)))
    return tuple(found)


def pictures(config: ImportConfig, number: int) -> Iterator[Picture | Note]:
    """Everything of one subject, frame by frame."""
    subject = subjects(config.root)[number]
    facts = people_facts(config.root).get(subject.name, PersonFacts())
    for sequence in subject.sequences:
        if not sequence.frames:
            continue
        place = _Place(config.root, subject.name, sequence.name)
        yield from place.strays(sequence)
        labels, notes = place.labels()
        yield from notes
        for path in sequence.frames.values():
            yield from _frame(config, place, path, (labels, facts))


def strays(root: Path) -> list[Note]:
    """Sequences with files of labels or landmarks, or folders, and no picture."""
    known = {
        (subject.name, sequence.name)
        for subject in subjects(root)
        for sequence in subject.sequences
        if sequence.frames
    }
    rooms = [_labels(root, kind) for kind in ENDINGS]
    return [
        note("ignored", path.relative_to(root).as_posix(), "must have pictures", "none")
        for room in (_nested(root, "Images"), *rooms)
        if room.is_dir()
        for subject in _folders(room)
        for path in _folders(subject)
        if (subject.name, path.name) not in known
    ]


def has_landmarks(root: Path) -> bool:
    """Whether the source has a folder of landmarks."""
    return _nested(root, AAM).is_dir()


def _frame(
    config: ImportConfig, place: "_Place", path: Path, facts: tuple[SequenceLabels, PersonFacts]
) -> Iterator[Picture | Note]:
    stem, name = path.stem, path.relative_to(config.root).as_posix()
    aus, notes = place.facs(stem)
    yield from notes
    stated, notes = place.pspi(stem)
    yield from notes
    points, notes = place.points(stem)
    yield from notes
    computed = coded.pspi_of(aus)
    yield from coded.disagreement(place.name(PSPI, stem), stated, computed)
    pspi = stated if computed is None else computed
    manual = coded.told_by_people(aus, pspi)
    record = Record(
        key=key_of(place.subject, place.sequence, stem),
        identity=place.subject,
        split="train",
        kind="real",
        source=config.source,
        width=0,
        height=0,
        sequence=place.sequence,
        frame=frame_number(stem, place.sequence),
        pspi=pspi,
        label_source=None if manual is None else "manual",
        aus=AUSources(manual=manual),
        sequence_labels=facts[0],
        person=facts[1],
    )
    yield Picture(record, name, partial(read_file, path, name), points)


@dataclass(frozen=True)
class _Place:
    """Where the label files of a sequence lie."""

    root: Path
    subject: str
    sequence: str

    def path(self, kind: str, stem: str) -> Path:
        return self._folder(kind) / f"{stem}{ENDINGS[kind]}"

    def name(self, kind: str, stem: str) -> str:
        return self.path(kind, stem).relative_to(self.root).as_posix()

    def facs(self, stem: str) -> tuple[coded.Intensities | None, list[Note]]:
        """Action units of a frame, None where they are missing or refused."""
        name = self.name(FACS, stem)
        try:
            rows = number_file.rows(self.path(FACS, stem), name)
            found = None if rows is None else coded.read_rows(rows, name)
        except ValueError as error:
            return None, [refused("labels", name, error)]
        if found is None:
            return None, [_missing(FACS, name)]
        notes = []
        if found.others:
            rule = "rows must be of AUs that UNBC-McMaster codes to be kept"
            notes.append(note("other_aus", name, rule, coded.listed(found.others)))
        if found.sided:
            rule = "sides are not kept: which is the left is not known"
            notes.append(note("sides", name, rule, coded.listed(found.sided)))
        return found.aus, notes

    def pspi(self, stem: str) -> tuple[float | None, list[Note]]:
        """PSPI as the archive states it."""
        return _one(PSPI, self.path(PSPI, stem), self.name(PSPI, stem), float(HIGHEST_PSPI))

    def points(self, stem: str) -> tuple[Points | None, list[Note]]:
        """Landmarks of a frame in its own pixels."""
        name = self.name(AAM, stem)
        try:
            rows = number_file.points(self.path(AAM, stem), name, MARKS)
        except ValueError as error:
            return None, [refused("labels", name, error)]
        return (None, [_missing(AAM, name)]) if rows is None else (np.array(rows, np.float64), [])

    def labels(self) -> tuple[SequenceLabels, list[Note]]:
        """Labels of the whole sequence."""
        values: dict[str, float | None] = {}
        notes = []
        for scale, highest in SCALES.items():
            folder = _nested(self.root, "Sequence_Labels") / scale / self.subject
            path = folder / f"{self.sequence}.txt"
            name = path.relative_to(self.root).as_posix()
            values[scale.lower()], told = _one(scale, path, name, highest)
            notes += told
        return SequenceLabels(**values), notes

    def strays(self, sequence: Sequence) -> Iterator[Note]:
        """Files that belong to no picture."""
        for path in sequence.others:
            name = path.relative_to(self.root).as_posix()
            yield note("ignored", name, "must be the one picture of its frame", path.name)
        for kind, ending in ENDINGS.items():
            folder = self._folder(kind)
            expected = {f"{stem}{ending}" for stem in sequence.frames}
            there = sorted(folder.iterdir()) if folder.is_dir() else []
            for path in there:
                if path.name not in expected:
                    name = path.relative_to(self.root).as_posix()
                    yield note("ignored", name, "must be of a frame with a picture", path.name)

    def _folder(self, kind: str) -> Path:
        return _labels(self.root, kind) / self.subject / self.sequence


@cache
def _labels(root: Path, kind: str) -> Path:
    """Folder of the labels of frames of a kind."""
    return _nested(root, AAM) if kind == AAM else _nested(root, "Frame_Labels") / kind


@cache
def _nested(root: Path, name: str) -> Path:
    """A folder of the archive, or the one of its own name in it."""
    folder = root / name
    return folder / name if (folder / name).is_dir() else folder


def _folders(path: Path) -> list[Path]:
    return sorted(one for one in path.iterdir() if one.is_dir() and not one.name.startswith("."))


def _one(kind: str, path: Path, name: str, highest: float) -> tuple[float | None, list[Note]]:
    try:
        value = number_file.one(path, name, highest)
    except ValueError as error:
        return None, [refused("labels", name, error)]
    return value, [_missing(kind, name)] if value is None else []


def _missing(kind: str, name: str) -> Note:
    return note("missing", name, f"{kind} must be there; what it says is null", "no file")
