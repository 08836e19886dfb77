"""From the folder of a run to the report in it, and its text for the terminal and Markdown."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from assets import atomic
from generator.shards import manifest
from generator.shards.manifest import json_bytes, read_json
from vitpain.evaluate import checks, page, predictions, told
from vitpain.evaluate.checks import Checks
from vitpain.evaluate.plots import Plots, plots
from vitpain.evaluate.report import Report, figures, report
from vitpain.evaluate.table import escaped, markdown, printable, text
from vitpain.evaluate.told import Section

FOLDER = "report"
PAGE, FIGURES, TEXT = "report.html", "report.json", "report.md"


@dataclass(frozen=True)
class Evaluated:
    """A report with the checks that lay beside the run, and where it was written."""

    report: Report
    checks: Checks | None
    folder: Path

    @property
    def figures(self) -> dict[str, Any]:
        """The figures for a program."""
        checked = None if self.checks is None else self.checks.figures
        return {**figures(self.report), "checks": checked}

    @property
    def lines(self) -> list[str]:
        """The report for the terminal, banner first and last."""
        made = self.report
        parts = [printable(one) for one in (told.title(made), *told.opening(made, self.checks))]
        banner = [] if made.banner is None else [made.banner]
        shown = [one.table for one in self._sections({}) if one.table and not one.folded]
        return [*banner, *parts, *(f"\n{text(table)}" for table in shown), *_below(banner)]

    def markdown(self, drawn: Plots) -> str:
        """The report in Markdown, with plots as files beside it."""
        made = self.report
        parts = [f"# {escaped(told.title(made))}\n"]
        if made.banner is not None:
            parts.append(f"> **{made.banner}**\n")
        parts += [f"{escaped(one)}\n" for one in told.opening(made, self.checks)]
        for one in self._sections(drawn):
            head = f"## {escaped(one.title)}\n"
            parts.append(head if one.table is None else markdown(one.table))
            parts += [
                f"![{escaped(shown.caption)}]({quote(shown.place)})\n" for shown in one.pictures
            ]
        return "\n".join(parts)

    def _sections(self, drawn: Plots) -> Sequence[Section]:
        return told.sections(self.report, drawn, self.checks)


def evaluate(run: Path, seed: int = 0) -> Evaluated:
    """Write the report of a run into its folder `report`, anew where there is one.

    Raises ValueError that names the file where predictions, `run.json` or checks break a rule.
    """
    facts = _facts(run)
    rows = predictions.read(run / predictions.NAME)
    names = (predictions.RUN, predictions.NAME)
    hashes = {name: manifest.checksum(run / name).sha256 for name in names}
    checked = checks.read(run)
    made = Evaluated(report(run.resolve().name, rows, facts, hashes, seed), checked, run / FOLDER)
    drawn = plots(made.report)
    made.folder.mkdir(exist_ok=True)
    for name in told.CAPTIONS:
        place = made.folder / f"{name}.png"
        if name in drawn:
            atomic.write(place, drawn[name][0])
        else:
            place.unlink(missing_ok=True)
    atomic.write(made.folder / TEXT, made.markdown(drawn).encode())
    atomic.write(made.folder / PAGE, page.page(made.report, drawn, checked).encode())
    # Last: who finds the figures finds the rest.
    atomic.write(made.folder / FIGURES, json_bytes(made.figures))
    return made


def _facts(run: Path) -> dict[str, Any]:
    for name in (predictions.RUN, predictions.NAME):
        if not (run / name).is_file():
            raise ValueError(f"{run} must be the folder of a finished run, got none of {name}")
    facts = read_json(run / predictions.RUN)
    if not isinstance(facts, dict):
        raise ValueError(f"{run / predictions.RUN} must hold an object, got {type(facts).__name__}")
    if not isinstance(facts.get("surrogate", False), bool):
        raise ValueError(
            f"{run / predictions.RUN}: surrogate must be true or false, got {facts['surrogate']}"
        )
    return facts


def _below(banner: list[str]) -> list[str]:
    return [f"\n{one}" for one in banner]
