"""`pain3d augment2d`: paint balanced faces in pain with networks that never saw who they paint."""

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from generator.jobs import Run, generate
from generator.origin import check_apart
from generator.shards.manifest import read_json
from generator.synth2d.config import SynthConfig, check
from scripts.figures import check_json, table, write_json
from scripts.learning import check_installed
from scripts.options import built, checked, parse
from scripts.progress import Bar
from scripts.surrogate_unbc import BANNER


@dataclass(frozen=True)
class Given(SynthConfig):
    """What decides the bytes."""

    def __post_init__(self) -> None:
        """Hold nothing to a rule yet: `checked` does when all is parsed."""

    def checked(self) -> SynthConfig:
        """Hold the options to their rules."""
        return built(SynthConfig, self)


@dataclass(frozen=True)
class Options:
    """Paint people at PSPI 0 in pain, as many pictures of each person, fold and PSPI level."""

    config: Given
    out: Path
    """Folder to write; empty or not there, or one to resume."""
    workers: int = 1
    """Processes, of use up to one a tar file; changes no byte."""
    resume: bool = False
    """Go on with a run that was stopped: tar files that were finished are kept."""
    json: Path | None = None
    """Write the figures here too."""


def main(arguments: list[str]) -> int:
    """Paint and print what was made and who was left out."""
    options = parse(Options, "augment2d", arguments)
    config = checked("augment2d", options.config.checked)
    check_json(options.json)
    check_installed("augment2d")
    check(config)
    check_apart(options.out, config.data, config.gan)
    # Imported here: this needs torch.
    from generator.synth2d.producer import PRODUCER, REPORT

    run = Run(options.out, options.workers, options.resume)
    start = time.monotonic()
    with Bar(" pictures", resumed=True) as bar:
        generate(config, PRODUCER, run, bar.advance)
    seconds = time.monotonic() - start
    report = read_json(options.out / REPORT)
    surrogate = read_json(options.out / "config.json")["derived"]["surrogate"]
    figures: dict[str, Any] = {
        **({"banner": BANNER} if surrogate else {}),
        "folder": str(options.out),
        "report": str(options.out / REPORT),
        **report["figures"],
        "asked for in this run": bar.done,
        "seconds": seconds,
        "a second": bar.done / seconds,
    }
    print(table(figures))
    write_json(options.json, figures)
    return 0
