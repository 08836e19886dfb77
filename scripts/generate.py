"""`pain3d generate`: make a labelled data set of paired pain and neutral faces."""

import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from assets.population import SPLITS
from generator.config import GenerateConfig
from generator.jobs import Run, generate
from generator.producer import Producer
from generator.provenance import libraries
from generator.shards.folder import open_folder, parse_part
from generator.shards.index import grouped
from scripts.figures import check_json, table, write_json
from scripts.options import built, checked, parse
from scripts.progress import Bar

LISTS = ("--vary", "--annotations", "--environments", "--occluders")


@dataclass(frozen=True)
class Given(GenerateConfig):
    """What decides the bytes of the data set."""

    def __post_init__(self) -> None:
        """Hold nothing to a rule yet: `checked` does when all is parsed."""

    def checked(self) -> GenerateConfig:
        """Hold the options to their rules."""
        return built(GenerateConfig, self)


@dataclass(frozen=True)
class Options:
    """Make a labelled data set of paired pain and neutral faces, or a part of one."""

    out: Path
    """Folder to write; empty or not there, or one to resume."""
    config: Given = field(default_factory=Given)
    workers: int = 1
    """Processes; changes no byte."""
    resume: bool = False
    """Go on with a run that was stopped."""
    part: str | None = None
    """Make only part K/N, such as 3/16; `pain3d merge` joins them."""
    json: Path | None = None
    """Write the figures here too."""


def main(arguments: list[str], producer: Producer | None = None) -> int:
    """Make a data set and print what was made; `producer` is the renderer if none is given."""
    options = parse(Options, "generate", arguments, LISTS)
    config = checked("generate", options.config.checked)
    check_json(options.json)
    part = None if options.part is None else parse_part(options.part)
    run = Run(options.out, options.workers, options.resume, part)
    if producer is None:
        producer = producer_of(config)
    start = time.monotonic()
    with Bar(" people painted", ends=True) as people, Bar(" pictures", resumed=True) as bar:
        generate(config, producer, run, bar.advance, people.advance)
    figures = summary(options.out, bar.done, time.monotonic() - start)
    print(table(figures))
    write_json(options.json, figures)
    return 0


def producer_of(config: GenerateConfig) -> Producer:
    """What makes these pictures: the renderer, after diffusion where that paints."""
    if config.paints:
        # Before torch is imported: who lacks it is told how to get it.
        libraries(config)
        from generator.diffusion.ahead import PRODUCER

        return PRODUCER
    from generator.synth3d import PRODUCER

    return PRODUCER


def summary(out: Path, made: int, seconds: float) -> dict[str, Any]:
    """What lies in a finished data set, and how fast this run was."""
    rows = open_folder(out).index
    pictures, kinds = grouped(rows, "split"), grouped(rows, "kind")
    people = Counter(split for split, _ in grouped(rows, "split", "identity"))
    figures: dict[str, Any] = {"folder": str(out), "pictures": rows.num_rows}
    for split in SPLITS:
        count = pictures.get((split,), 0)
        figures[split] = f"{people[split]} people, {count} pictures" if count else "empty"
    for kind in ("neutral", "pain", "confounder"):
        figures[kind] = kinds.get((kind,), 0)
    figures["made in this run"] = made
    figures["seconds"] = seconds
    figures["pictures a second"] = made / seconds
    return figures
