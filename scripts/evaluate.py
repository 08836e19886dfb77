"""`pain3d evaluate`: tables, plots and a report from the stored predictions of a run."""

from dataclasses import dataclass
from pathlib import Path

import tyro

from scripts import stored_report


@dataclass(frozen=True)
class Options(stored_report.Options):
    """Tables, plots and a report from the stored predictions of a run; needs no GPU."""

    run: tyro.conf.Positional[Path]
    """The run: a folder that pretrain or finetune has finished."""


def main(arguments: list[str]) -> int:
    """Evaluate a run, print the tables and say where the report lies."""
    # Imported here: --help needs none of it.
    from vitpain.evaluate.build import evaluate

    return stored_report.tell("evaluate", Options, arguments, evaluate)
