"""Pictures of somebody's own with what OpenFace 2 read from them, folder by folder.

A folder that holds pictures is a sequence, and a person unless a list of labels names people. Its
CSV is `FOLDER.csv` in it, beside it or in `processed/` of the source, else the one CSV in it; or,
with `--csv`, the CSV of its name at its place in that folder. Pictures are numbered from 1 in order
of their names.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path

from assets import picture_file
from generator.importers import coded, openface_csv, tree
from generator.importers.config import ImportConfig
from generator.importers.label_list import LabelList, Told
from generator.importers.label_list import read as read_labels
from generator.importers.names import key_of
from generator.importers.notes import note, refused
from generator.importers.openface_csv import Reading
from generator.importers.picture import Picture, read_file
from generator.producer import Note
from generator.shards.record import AUSources, LabelSource, Record


@dataclass(frozen=True)
class Shown:
    """A picture: its sequence, its number there from 1, its file, and what a list says of it."""

    key: str
    sequence: str
    frame: int
    path: Path
    told: Told | None


@dataclass(frozen=True)
class Person:
    """Somebody and their pictures, in the order of the folders."""

    name: str
    pictures: tuple[Shown, ...]


@dataclass(frozen=True)
class Source:
    """People, the CSV of every sequence, and what there is to tell."""

    people: tuple[Person, ...]
    tables: dict[str, Path]
    labels: bool
    notes: tuple[Note, ...]


@cache
def source(config: ImportConfig) -> Source:
    """List everybody who has pictures. Raises ValueError where there is none."""
    given = LabelList({}, False, ()) if config.labels is None else read_labels(config.labels)
    people: dict[str, list[Shown]] = {}
    tables: dict[str, Path] = {}
    notes = list(given.notes)
    used = set()
    sequences = _sequences(config.root)
    for sequence, paths in sequences.items():
        # The root's own pictures have no folder's name, and need none where they are all.
        place = sequence.removeprefix(".")
        parts = () if list(sequences) == ["."] else (place,)
        table = _table(config, sequence)
        if table is None:
            notes.append(note("missing", sequence, "must have a CSV of OpenFace", "no file"))
        else:
            tables[sequence] = table
        stems: set[str] = set()
        for frame, path in enumerate(paths, start=1):
            of_frame = path.name if path.stem in stems else path.stem
            stems.add(path.stem)
            key = key_of(*parts, of_frame)
            told = given.rows.get((sequence, frame))
            used.add((sequence, frame))
            name = told.subject if told is not None else None
            if name is None:
                name = place or config.source
                if config.person == "picture":
                    name = path.relative_to(config.root).as_posix()
            people.setdefault(name, []).append(Shown(key, sequence, frame, path, told))
    if not people:
        rule = f"pictures ({', '.join(picture_file.SUFFIXES)})"
        raise ValueError(f"{config.root} must hold {rule}, in it or in folders, got none")
    for sequence, frame in given.rows.keys() - used:
        rule = "rows must be of a picture"
        notes.append(note("ignored", sequence, rule, f"frame {frame}"))
    listed = tuple(Person(name, tuple(people[name])) for name in sorted(people))
    return Source(listed, tables, given.labels, tuple(sorted(notes, key=str)))


def has_landmarks(config: ImportConfig) -> bool:
    """Whether all CSVs have landmarks to cut faces out by; raises ValueError for one that is none.

    False where there is no CSV.
    """
    tables = source(config).tables.values()
    return bool(tables) and all(openface_csv.has_landmarks(path, str(path)) for path in tables)


def pictures(config: ImportConfig, number: int) -> Iterator[Picture | Note]:
    """Everything of one person."""
    of_all = source(config)
    person = of_all.people[number]
    broken: set[str] = set()
    for shown in person.pictures:
        name = shown.path.relative_to(config.root).as_posix()
        found, notes = None, []
        if shown.sequence in of_all.tables and shown.sequence not in broken:
            found, notes, whole = _reading(of_all.tables[shown.sequence], shown, name)
            if not whole:
                broken.add(shown.sequence)
        yield from notes
        aus, told = AUSources(), shown.told
        if found is not None:
            aus = AUSources(openface=coded.codes(found.aus))
        pspi = None
        if of_all.labels and told is not None:
            computed = coded.pspi_of(told.aus)
            pspi = told.pspi if computed is None else computed
            manual = coded.told_by_people(told.aus, pspi)
            aus = AUSources(manual=manual, openface=aus.openface)
            yield from coded.disagreement(name, told.pspi, computed)
        record = Record(
            key=shown.key,
            identity=person.name,
            split="train",
            kind="real",
            source=config.source,
            width=0,
            height=0,
            sequence=shown.sequence,
            frame=shown.frame,
            pspi=pspi,
            label_source=_label_source(aus, of_all.labels),
            aus=aus,
        )
        points = None if found is None else found.points
        yield Picture(record, name, partial(read_file, shown.path, name), points, "ibug68")


def _label_source(aus: AUSources, labels: bool) -> LabelSource | None:
    if labels:
        return None if aus.manual is None else "manual"
    return None if aus.openface is None else "openface"


def _reading(table: Path, shown: Shown, name: str) -> tuple[Reading | None, list[Note], bool]:
    """What OpenFace says of a picture, notes, and whether the CSV could be read at all."""
    try:
        frames = openface_csv.read(table, table.name)
    except ValueError as error:
        return None, [refused("labels", table.name, error)], False
    if shown.frame not in frames:
        rule = f"frame {shown.frame} must be in {table.name}; its labels are null"
        return None, [note("not_found", name, rule, "no row")], True
    found = frames[shown.frame]
    if isinstance(found, ValueError):
        return None, [refused("labels", name, found)], True
    if found is None:
        rule = "OpenFace must have found a face; its labels are null"
        return None, [note("not_found", name, rule, "success 0")], True
    return found, [], True


def _sequences(root: Path) -> dict[str, list[Path]]:
    """Folders that hold pictures, by their path from the root, and the pictures in their order."""
    found = {}
    for folder, names in tree.folders(root):
        listed = [name for name in names if Path(name).suffix.lower() in picture_file.SUFFIXES]
        if listed:
            found[folder] = [root / folder / name for name in listed]
    return found


def _table(config: ImportConfig, sequence: str) -> Path | None:
    """The CSV of a sequence, None where there is none."""
    folder = config.root / sequence
    name = config.root.name if sequence == "." else folder.name
    if config.csv is not None:
        place = config.csv / (f"{name}.csv" if sequence == "." else f"{sequence}.csv")
        return place if place.is_file() else None
    for place in (
        folder / f"{name}.csv",
        *(() if sequence == "." else (folder.parent / f"{name}.csv",)),
        config.root / "processed" / f"{name}.csv",
    ):
        if place.is_file():
            return place
    labels = None if config.labels is None else config.labels.resolve()
    inside = sorted(path for path in folder.glob("*.csv") if path.resolve() != labels)
    return inside[0] if len(inside) == 1 else None
