"""`pain3d audit`: report whether pictures show each action unit where it acts, the same for all."""

import time
from dataclasses import dataclass, field
from pathlib import Path

import tyro

from generator.audit.build import PAGE, AuditConfig, audit
from generator.audit.report import figures
from generator.audit.tables import tables, text
from scripts.figures import check_json, table, write_json
from scripts.options import built, checked, parse
from scripts.progress import Bar


@dataclass(frozen=True)
class Given(AuditConfig):
    """How to audit."""

    def __post_init__(self) -> None:
        """Hold nothing to a rule yet: `checked` does when all is parsed."""

    def checked(self) -> AuditConfig:
        """Hold the options to their rules."""
        return built(AuditConfig, self)


@dataclass(frozen=True)
class Options:
    """Report whether pictures show each action unit where it acts, the same for all."""

    folder: tyro.conf.Positional[Path]
    """The data set; its people are made again where it was made here."""
    out: Path
    """Folder to write the report into; empty or not there."""
    config: Given = field(default_factory=Given)
    json: Path | None = None
    """Write the figures here too."""


def main(arguments: list[str]) -> int:
    """Audit a data set, print the tables and say where the report lies."""
    options = parse(Options, "audit", arguments, ("--aus",))
    config = checked("audit", options.config.checked)
    check_json(options.json)
    start = time.monotonic()
    with Bar(" pictures") as bar:
        made = audit(options.folder, options.out, config, bar.advance)
    for note in made.notes:
        print(note)
    for one in tables(made):
        print(f"\n{text(one)}")
    reached = sum(goal.reached is True for goal in made.goals)
    ends = {"report": options.out / PAGE, "seconds": time.monotonic() - start}
    if made.goals:
        ends = {"goals reached": f"{reached} of {len(made.goals)}", **ends}
    print(f"\n{table(ends)}")
    write_json(options.json, figures(made))
    return 0
