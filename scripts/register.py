"""`pain3d register`: align the faces of a data set to each other."""

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from scripts.figures import check_json, table, write_json
from scripts.options import checked, parse
from scripts.progress import Bar
from scripts.surrogate_unbc import BANNER


@dataclass(frozen=True)
class Options:
    """Align the faces of a data set to each other: level eyes, always as far apart."""

    data: Path
    """The data set; its pictures must have landmarks."""
    out: Path
    """Folder to write; empty or not there, or one to resume."""
    mode: Literal["3d", "2d"]
    """3d: a head is fitted and the face drawn from the front through it; 2d: pictures are turned,
    moved and scaled in the plane."""
    size: int = 256
    """Side of the square pictures, pixels, 32 to 4096."""
    head: Literal["anny", "flame"] = "anny"
    """Whose shapes are fitted: our own, or those of the FLAME file that was added (by pain3d assets
    add flame PATH)."""
    people_per_shard: int = 1
    """People a tar file, 1 or more."""
    workers: int = 1
    """Processes, of use up to one a tar file; changes no byte."""
    resume: bool = False
    """Go on with a run that was stopped: tar files that were finished are kept."""
    json: Path | None = None
    """Write the figures here too."""


def main(arguments: list[str]) -> int:
    """Register a data set and print what was made and left out."""
    options = parse(Options, "register", arguments)
    check_json(options.json)
    # Imported here: the renderer takes long to import, and --help needs none of it.
    from generator.jobs import Run, generate
    from generator.origin import check_apart
    from generator.registration.config import RegisterConfig
    from generator.registration.notes import REPORT
    from generator.registration.producer import PRODUCER
    from generator.shards.manifest import read_json

    config = checked(
        "register",
        lambda: RegisterConfig(
            options.data, options.mode, options.size, options.head, options.people_per_shard
        ),
    )
    check_apart(options.out, options.data)
    start = time.monotonic()
    with Bar(" pictures", resumed=True) as bar:
        generate(config, PRODUCER, Run(options.out, options.workers, options.resume), bar.advance)
    report = read_json(options.out / REPORT)
    figures = summary(options.out, report, bar.done, time.monotonic() - start)
    print(table(figures))
    write_json(options.json, figures)
    if not report["figures"]["pictures registered"]:
        rule = "a picture that can be registered"
        raise ValueError(f"{options.data} must have {rule}, got none: see {REPORT}")
    return 0


def summary(out: Path, report: dict[str, Any], done: int, seconds: float) -> dict[str, Any]:
    """The figures of a finished data set's report, and how fast this run was."""
    banner = {"banner": BANNER} if report["derived"]["surrogate"] else {}
    return {
        **banner,
        "folder": str(out),
        **report["figures"],
        "read in this run": done,
        "seconds": seconds,
        "pictures a second": done / max(seconds, 1e-9),
    }
