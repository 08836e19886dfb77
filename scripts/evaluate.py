"""`pain3d evaluate`: tables, plots and a report from the stored predictions of a run."""

import time
from dataclasses import dataclass
from pathlib import Path

import tyro

from scripts.figures import check_json, table, write_json
from scripts.options import checked, parse
from vitpain.evaluate.build import PAGE, evaluate


@dataclass(frozen=True)
class Options:
    """Tables, plots and a report from the stored predictions of a run; needs no GPU."""

    run: tyro.conf.Positional[Path]
    """The run: a folder that pretrain or finetune has finished."""
    seed: int = 0
    """Of the draws of subjects behind the intervals."""
    json: Path | None = None
    """Write the figures here too."""

    def check(self) -> "Options":
        """Refuse a seed that there is no stream for."""
        if not 0 <= self.seed < 2**64:
            raise ValueError(f"seed must be from 0 to 2**64 - 1, got {self.seed}")
        return self


def main(arguments: list[str]) -> int:
    """Evaluate a run, print the tables and say where the report lies."""
    options = checked("evaluate", parse(Options, "evaluate", arguments).check)
    check_json(options.json)
    start = time.monotonic()
    made = evaluate(options.run, options.seed)
    print("\n".join(made.lines))
    print(f"\n{table({'report': made.folder / PAGE, 'seconds': time.monotonic() - start})}")
    write_json(options.json, made.figures)
    return 0
