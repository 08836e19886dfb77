"""`pain3d ablation-report`: what a comparison found, from stored predictions; trains nothing."""

from dataclasses import dataclass
from pathlib import Path

import tyro

from scripts import stored_report


@dataclass(frozen=True)
class Options(stored_report.Options):
    """Tables, plots and a report of what `ablate` trained, from its stored predictions."""

    run: tyro.conf.Positional[Path]
    """The study: a folder in which `ablate` has finished a cell or more."""


def main(arguments: list[str]) -> int:
    """Report a study, print the tables and say where the report lies."""
    # Imported here: --help needs none of it.
    from vitpain.ablation.report.build import report

    return stored_report.tell("ablation-report", Options, arguments, report)
