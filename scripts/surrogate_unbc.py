"""`pain3d surrogate-unbc`: a stand-in for UNBC-McMaster in its raw layout, drawn by us."""

import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from generator.surrogate.config import SurrogateConfig
from scripts.figures import check_json, table, write_json
from scripts.options import built, checked, parse
from scripts.progress import Bar

BANNER = "SURROGATE: drawn by a program; says nothing about UNBC-McMaster"


@dataclass(frozen=True)
class Given(SurrogateConfig):
    """What decides the bytes of the surrogate."""

    def __post_init__(self) -> None:
        """Hold nothing to a rule yet: `checked` does when all is parsed."""

    def checked(self) -> SurrogateConfig:
        """Hold the options to their rules."""
        return built(SurrogateConfig, self)


@dataclass(frozen=True)
class Options:
    """Make a stand-in for UNBC-McMaster in its raw layout, to try everything without the licence.

    Its SURROGATE.json marks it; what is imported from it says so wherever it is shown.
    """

    out: Path
    """Folder to write; empty or not there, or one to resume."""
    config: Given = field(default_factory=Given)
    workers: int = 1
    """Processes, of use up to one a subject; changes no byte."""
    resume: bool = False
    """Go on with a run that was stopped: sequences that were finished are kept."""
    json: Path | None = None
    """Write the figures here too."""


def main(arguments: list[str]) -> int:
    """Make a surrogate and print what was made."""
    options = parse(Options, "surrogate-unbc", arguments)
    config = checked("surrogate-unbc", options.config.checked)
    check_json(options.json)
    # Imported here: the renderer takes long to import, and --help needs none of it.
    from generator.surrogate.make import Run, make

    run = Run(options.out, options.workers, options.resume)
    start = time.monotonic()
    with Bar(" frames", resumed=True) as bar:
        made = make(config, run, bar.advance)
    figures = summary(options.out, made, bar.done, time.monotonic() - start)
    print(table(figures))
    write_json(options.json, figures)
    return 0


def summary(out: Path, made: dict[str, Any], drawn: int, seconds: float) -> dict[str, Any]:
    """What lies in a finished surrogate, and how fast this run was."""
    levels = {int(level): count for level, count in made["frames_by_pspi"].items()}
    figures: dict[str, Any] = {
        "banner": BANNER,
        "folder": str(out),
        "subjects": len(made["people"]),
        "sequences": made["sequences"],
        "frames": made["frames"],
    }
    bins = {"0": (0, 0), "1-2": (1, 2), "3-4": (3, 4), "5 and more": (5, 16)}
    for name, (low, high) in bins.items():
        inside = sum(count for level, count in levels.items() if low <= level <= high)
        figures[f"per cent of frames at PSPI {name}"] = 100.0 * inside / made["frames"]
    figures["made in this run"] = drawn
    figures["seconds"] = seconds
    figures["frames a second"] = drawn / seconds
    return figures
