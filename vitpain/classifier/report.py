"""The report of a comparison that has ended, made of its predictions: tables, curves, one page."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from assets import atomic
from generator.shards import manifest
from generator.shards.manifest import json_bytes
from vitpain.classifier import plots, predictions, tables
from vitpain.classifier.classes import Classes, classes
from vitpain.classifier.scores import Scores
from vitpain.classifier.sides import Side, sides
from vitpain.evaluate import told
from vitpain.evaluate.build import FIGURES, FOLDER, PAGE, TEXT
from vitpain.evaluate.page import document
from vitpain.evaluate.report import BANNER
from vitpain.evaluate.table import Table, escaped, markdown, printable, text
from vitpain.evaluate.told import Picture, Section
from vitpain.train import run_folder

FORMAT = "pain3d classification 1"
RULES = (
    "A class begins at its lowest PSPI, so fractions fall down. Test frames are photographs of "
    "people whom no classifier and no maker of its pictures has seen.",
    "original: photographs of training people. generated: made pictures of PSPI 1 and more, and as "
    "class 0 photographs of PSPI 0, as many a person as there are made pictures a PSPI level; only "
    "class 0 is photographs then, and a classifier can tell it by that alone. both: together.",
    "The weights are those of the last epoch; validation people decide nothing.",
)


@dataclass(frozen=True)
class Comparison:
    """All sides of a comparison, in the order in which they were trained."""

    name: str
    run: Mapping[str, Any]
    files: Mapping[str, str]
    classes: Classes
    sides: tuple[Side, ...]
    subjects: int

    @property
    def banner(self) -> str | None:
        """What to say of figures that are of nobody."""
        return BANNER if self.run["surrogate"] else None

    @property
    def title(self) -> str:
        """The heading of the report."""
        return f"Classes of pain from faces: {self.name}"

    @property
    def opening(self) -> list[str]:
        """What was tested on whom, then what a reader must know."""
        first, run = self.sides[0], self.run
        with_ = {"none": "random weights", "imagenet": "ImageNet's weights"}
        begun = with_.get(run["weights"], "weights of a file")
        said = (
            f"{run['network']} from {begun}, {run['train']['epochs']} epochs, tried on "
            f"{first.pooled.frames:,} photographs of {self.subjects} test subjects in "
            f"{len(first.folds)} of {run['folds']}'s folds."
        )
        each = zip(self.classes.titles, self.classes.shown, strict=True)
        named = "; ".join(f"{at} {title}, {shown}" for at, (title, shown) in enumerate(each))
        return [said, f"Classes by PSPI: {named}.", *RULES, *run["notes"]]

    @property
    def figures(self) -> dict[str, Any]:
        """The figures for a program."""
        return {
            "format": FORMAT,
            "banner": self.banner,
            "run": dict(self.run),
            "files": dict(self.files),
            "classes": [
                {"class": at, "title": title, "pspi": shown}
                for at, (title, shown) in enumerate(
                    zip(self.classes.titles, self.classes.shown, strict=True)
                )
            ],
            "always_0": _always_0(self).figures,
            "sides": {one.arm.name: one.figures for one in self.sides},
        }

    @property
    def lines(self) -> list[str]:
        """The report for the terminal, banner first and last."""
        banner = [] if self.banner is None else [self.banner]
        opening = [printable(one) for one in (self.title, *self.opening)]
        shown = [text(one) for one in self._tables if one.title not in tables.FOLDED]
        return [*banner, *opening, *(f"\n{one}" for one in shown), *(f"\n{one}" for one in banner)]

    @property
    def _tables(self) -> list[Table]:
        return tables.all_tables(self.sides, self.classes, _always_0(self))

    def sections(self, drawn: Mapping[str, tuple[bytes, bytes]]) -> list[Section]:
        """Tables in order, the curves of an arm below its table, then settings and hashes."""
        curves = {
            tables.title(one.arm): Picture(
                f"{one.arm.name}.png", plots.caption(one.learnt), *drawn[one.arm.name]
            )
            for one in self.sides
        }
        made = [
            Section(
                one.title,
                one,
                (curves[one.title],) if one.title in curves else (),
                one.title in tables.FOLDED,
            )
            for one in self._tables
        ]
        beside = (told.settings(self.run), told.files(self.files))
        return [*made, *(Section(one.title, one, (), folded=True) for one in beside)]


def report(run: Path) -> Comparison:
    """Write the report of a comparison into its folder `report`, anew where there is one.

    Raises ValueError that names the file where `run.json`, predictions or a result break a rule.
    """
    stated = run_folder.ended(run)
    if stated["command"] != "classify":
        raise ValueError(f"{run} must be a run of classify, got one of {stated['command']}")
    known = classes(stated["train"]["classes"])
    rows = predictions.read(run / predictions.NAME, len(known))
    hashes = {
        name: manifest.checksum(run / name).sha256 for name in (run_folder.RUN, predictions.NAME)
    }
    subjects = len(rows["subject"].unique())
    made = Comparison(run.resolve().name, stated, hashes, known, sides(run, rows, known), subjects)
    drawn = {one.arm.name: plots.curves(one.learnt, made.banner is not None) for one in made.sides}
    folder = run / FOLDER
    folder.mkdir(exist_ok=True)
    for name, (light, _) in drawn.items():
        atomic.write(folder / f"{name}.png", light)
    sections = made.sections(drawn)
    atomic.write(folder / TEXT, _markdown(made, sections).encode())
    whole = document(made.title, made.banner, made.opening, sections)
    atomic.write(folder / PAGE, whole.encode())
    # Last: who finds the figures finds the rest.
    atomic.write(folder / FIGURES, json_bytes(made.figures))
    return made


def _always_0(made: Comparison) -> Scores:
    """What saying class 0 of every frame reaches, pooled."""
    support = made.sides[0].pooled.support
    confusion = np.zeros((len(support), len(support)), np.int64)
    confusion[:, 0] = support
    return Scores(confusion)


def _markdown(made: Comparison, sections: list[Section]) -> str:
    parts = [f"# {escaped(made.title)}\n"]
    if made.banner is not None:
        parts.append(f"> **{made.banner}**\n")
    parts += [f"{escaped(one)}\n" for one in made.opening]
    for one in sections:
        if one.table is not None:
            parts.append(markdown(one.table))
        parts += [f"![{escaped(shown.caption)}]({shown.place})\n" for shown in one.pictures]
    return "\n".join(parts)
