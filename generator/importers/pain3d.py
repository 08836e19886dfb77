"""3D-Pain as it was published: pictures, an annotation an expression, and a list of splits.

```
images/flame_sample_0000_pain_1_textured_view_000_inpainted.jpg   (or meshes_inpainted/)
images/flame_sample_0000_neutral_textured_view_000_inpainted.jpg
annotations/flame_sample_0000_pain_1_annotations.json             AU4 AU6 AU7 AU9 AU10 AU43 PSPI
splits.csv                                                        annotation_base_name,split
```
A neutral has neither annotation nor row in the list: it is PSPI 0 by its name, hence 0 in the six
action units of which PSPI is the sum, and in the split of its person.
"""

import csv
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from typing import Any

from assets import picture_file
from assets.facs import PAIN_AUS
from assets.population import SPLITS, Split
from generator.importers import coded
from generator.importers.config import ImportConfig
from generator.importers.names import key_of
from generator.importers.notes import note, refused
from generator.importers.picture import Picture, read_file
from generator.producer import Note
from generator.shards.manifest import read_json
from generator.shards.record import AUSources, Record

IMAGES = ("images", "meshes_inpainted")
HEADER = ("annotation_base_name", "split")
NAME = re.compile(
    r"(?P<person>flame_sample_[0-9]+)_(?P<what>neutral|pain_[0-9]+)"
    r"_textured_view_(?P<view>[0-9]{1,6})_inpainted"
)
BASE = re.compile(r"(flame_sample_[0-9]+)_(pain_[0-9]+|neutral)")
HIGHEST_ANNOTATION = 2**16


@dataclass(frozen=True)
class Shown:
    """A picture by its name."""

    path: Path
    what: str
    view: int


@dataclass(frozen=True)
class Person:
    """A head of the set: split and pictures, by view and expression."""

    name: str
    split: Split
    shown: tuple[Shown, ...]


@dataclass(frozen=True)
class Source:
    """People with a split, and what has none or no meaning."""

    people: tuple[Person, ...]
    notes: tuple[Note, ...]


def split_list(root: Path) -> Path:
    """The list of splits of a folder. Raises ValueError where there is none, or several."""
    found = sorted(path for path in root.glob("*.csv") if _header(path) == HEADER)
    if len(found) != 1:
        names = ", ".join(path.name for path in found) or "none"
        rule = f"one CSV {','.join(HEADER)}, or be given its place by --splits"
        raise ValueError(f"{root} must hold {rule}, got {names}")
    return found[0]


@cache
def source(root: Path, splits: Path) -> Source:
    """List everybody who has pictures and a split.

    Raises ValueError where there is no folder of pictures, the list of splits is none, or nobody is
    left.
    """
    folders = [root / name for name in IMAGES if (root / name).is_dir()]
    if len(folders) != 1:
        got = " and ".join(folder.name for folder in folders) or "neither"
        raise ValueError(f"{root} must hold one of {' and '.join(IMAGES)}, got {got}")
    shown: dict[str, list[Shown]] = {}
    notes = []
    for path in sorted(folders[0].iterdir()):
        found = NAME.fullmatch(path.stem)
        if found is None or path.suffix.lower() not in picture_file.SUFFIXES:
            if not path.name.startswith("."):
                rule = "must be named as the pictures of 3D-Pain are"
                notes.append(note("ignored", f"{folders[0].name}/{path.name}", rule, path.name))
            continue
        one = Shown(path, found["what"], int(found["view"]))
        shown.setdefault(found["person"], []).append(one)
    listed, of_list = _splits(splits)
    notes += of_list
    people = []
    for name, pictures in sorted(shown.items()):
        pictures.sort(key=lambda one: (one.view, _order(one.what), one.path.name))
        split, wrong = _split(name, listed.get(name, set()))
        if split is not None:
            people.append(Person(name, split, tuple(pictures)))
            continue
        for one in pictures:
            notes.append(note("no_split", f"{folders[0].name}/{one.path.name}", *wrong))
    if not people:
        raise ValueError(f"{folders[0]} must hold pictures of people with a split, got none")
    return Source(tuple(people), tuple(notes))


def pictures(config: ImportConfig, number: int) -> Iterator[Picture | Note]:
    """Everything of one head: view by view, the neutral first."""
    assert config.splits is not None
    person = source(config.root, config.splits).people[number]
    neutrals = {one.view: one for one in person.shown if one.what == "neutral"}
    annotations: dict[str, tuple[coded.Intensities | None, float | None]] = {}
    seen: set[str] = set()
    for one in person.shown:
        name = one.path.relative_to(config.root).as_posix()
        key = _key(person.name, one.what, one.view)
        if key in seen:
            yield note("unreadable", name, "must be the one picture of its name", one.path.name)
            continue
        seen.add(key)
        if one.what not in annotations:
            annotations[one.what], notes = _labels(config.root, f"{person.name}_{one.what}")
            yield from notes
        aus, pspi = annotations[one.what]
        neutral = neutrals.get(one.view)
        if neutral is None:
            yield note("missing", name, "must have a neutral of its person and view", "none")
        record = Record(
            key=key,
            identity=person.name,
            split=person.split,
            kind="neutral" if one.what == "neutral" else "pain",
            source=config.source,
            width=0,
            height=0,
            view=one.view,
            neutral_key=None if neutral is None else _key(person.name, "neutral", one.view),
            pspi=pspi,
            label_source=None if aus is None else "target",
            aus=AUSources(target=None if aus is None else coded.codes(aus)),
        )
        yield Picture(record, name, partial(read_file, one.path, name))


def _key(person: str, what: str, view: int) -> str:
    return key_of(f"{person}_{what}_view_{view:03d}")


def _order(what: str) -> tuple[int, int]:
    return (0, 0) if what == "neutral" else (1, int(what.removeprefix("pain_")))


def _labels(
    root: Path, base: str
) -> tuple[tuple[coded.Intensities | None, float | None], list[Note]]:
    """Action units and PSPI of an expression; both null where its annotation cannot be used."""
    if base.endswith("_neutral"):
        return (coded.only(dict.fromkeys(PAIN_AUS, 0.0)), 0.0), []
    path = root / "annotations" / f"{base}_annotations.json"
    name = path.relative_to(root).as_posix()
    if not path.is_file():
        told = note("missing", name, "annotation must be there; its labels are null", "no file")
        return (None, None), [told]
    try:
        if path.stat().st_size > HIGHEST_ANNOTATION:
            raise ValueError(f"{name} must have at most {HIGHEST_ANNOTATION} bytes, got more")
        aus, stated = _annotation(read_json(path), name)
    except ValueError as error:
        told = str(error).replace(str(path), name)
        return (None, None), [refused("labels", name, ValueError(told))]
    computed = coded.pspi_of(aus)
    assert computed is not None
    return (aus, computed), list(coded.disagreement(name, stated, computed))


def _annotation(content: Any, name: str) -> tuple[coded.Intensities, float | None]:
    if not isinstance(content, dict):
        raise ValueError(f"{name} must be an object, got {content!r}")
    aus = {}
    for au in PAIN_AUS:
        aus[au] = coded.checked(au, _number(content.get(f"AU{au}"), f"{name}: AU{au}"), name)
    stated = content.get("PSPI")
    return coded.only(aus), None if stated is None else _number(stated, f"{name}: PSPI")


def _number(value: Any, what: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError(f"{what} must be a number, got {value!r}")
    try:
        return float(value)
    except OverflowError:
        raise ValueError(f"{what} must be a number of usual size, got a larger one") from None


def _splits(path: Path) -> tuple[dict[str, set[Split]], list[Note]]:
    """Splits of everybody in the list; its expressions divide people, not pictures."""
    found: dict[str, set[Split]] = {}
    notes = []
    try:
        with open(path, newline="", encoding="utf-8") as file:
            rows = list(csv.reader(file))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise ValueError(f"{path} must be a CSV of splits, got {error}") from error
    if not rows or tuple(word.strip() for word in rows[0]) != HEADER:
        got = ",".join(rows[0]) if rows else "nothing"
        raise ValueError(f"{path} must begin with {','.join(HEADER)}, got {got}")
    for line, row in enumerate(rows[1:], start=2):
        base = BASE.fullmatch(row[0].strip()) if len(row) == 2 else None
        place = row[1].strip() if len(row) == 2 else ""
        if base is None or place not in ("0", "1", "2"):
            rule = "must hold rows NAME,SPLIT with split 0 train, 1 val, 2 test"
            notes.append(note("labels", path.name, rule, f"line {line}: {','.join(row)}"))
            continue
        found.setdefault(base[1], set()).add(SPLITS[int(place)])
    return found, notes


def _split(name: str, splits: set[Split]) -> tuple[Split | None, tuple[str, str]]:
    if len(splits) == 1:
        return next(iter(splits)), ("", "")
    rule = f"{name} must be in one split"
    return None, (rule, " and ".join(sorted(splits)) or "none")


def _header(path: Path) -> tuple[str, ...]:
    with open(path, encoding="utf-8", errors="replace") as file:
        return tuple(word.strip() for word in file.readline(200).split(","))
