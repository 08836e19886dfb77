"""`pain3d ablation-report`: what a comparison found, from stored predictions; trains nothing."""

import time
from dataclasses import dataclass
from pathlib import Path

import tyro

from scripts.figures import check_json, table, write_json
from scripts.options import checked, parse


@dataclass(frozen=True)
class Options:
    """Tables, plots and a report of what `ablate` trained, from its stored predictions."""

    run: tyro.conf.Positional[Path]
    """The study: a folder in which `ablate` has finished a cell or more."""
    seed: int = 0
    """Of the draws of subjects behind intervals and tests."""
    json: Path | None = None
    """Write the figures here too."""

    def check(self) -> "Options":
        """Refuse a seed that there is no stream for."""
        if not 0 <= self.seed < 2**64:
            raise ValueError(f"seed must be from 0 to 2**64 - 1, got {self.seed}")
        return self


def main(arguments: list[str]) -> int:
    """Report a study, print the tables and say where the report lies."""
    options = checked("ablation-report", parse(Options, "ablation-report", arguments).check)
    check_json(options.json)
    # Imported here: --help needs none of what reads predictions.
    from vitpain.ablation.report.build import report
    from vitpain.evaluate.build import PAGE

    start = time.monotonic()
    made = report(options.run, options.seed)
    print("\n".join(made.lines))
    print(f"\n{table({'report': made.folder / PAGE, 'seconds': time.monotonic() - start})}")
    write_json(options.json, made.figures)
    return 0
