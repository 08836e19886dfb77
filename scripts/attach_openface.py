"""`pain3d attach-openface`: put what OpenFace read from exported pictures into a data set."""

from dataclasses import dataclass
from pathlib import Path

from scripts.figures import check_json, table, write_json
from scripts.options import checked, parse
from scripts.progress import Bar
from scripts.surrogate_unbc import BANNER


@dataclass(frozen=True)
class Options:
    """Put what OpenFace read from the pictures of `export --format frames` into a data set."""

    data: Path
    """The data set whose pictures were exported."""
    csv: Path
    """Folder of OpenFace's CSVs: one a folder of pictures, <sequence>.csv, its rows numbered from 1
    in the order of the pictures' names."""
    out: Path
    """Folder to write; empty or not there, or one to resume."""
    people_per_shard: int = 1
    """People a tar file, 1 or more."""
    workers: int = 1
    """Processes, of use up to one a tar file; changes no byte."""
    resume: bool = False
    """Go on with a run that was stopped: tar files that were finished are kept."""
    json: Path | None = None
    """Write the figures here too."""


def main(arguments: list[str]) -> int:
    """Attach OpenFace's action units and print how many pictures have them."""
    options = parse(Options, "attach-openface", arguments)
    check_json(options.json)
    # Imported here: --help needs none of what reads data sets.
    from generator.attach_openface import PRODUCER, REPORT, AttachConfig
    from generator.jobs import Run, generate
    from generator.origin import check_apart
    from generator.shards.manifest import read_json

    config = checked(
        "attach-openface",
        lambda: AttachConfig(options.data, options.csv, options.people_per_shard),
    )
    check_apart(options.out, options.data, options.csv)
    run = Run(options.out, options.workers, options.resume)
    with Bar(" pictures", resumed=True) as bar:
        generate(config, PRODUCER, run, bar.advance)
    report = read_json(options.out / REPORT)
    banner = {"banner": BANNER} if report["derived"]["surrogate"] else {}
    figures = {**banner, "folder": str(options.out), **report["figures"]}
    print(table(figures))
    if report["missing"]:
        print(f"without a CSV: {', '.join(report['missing'][:5])} ... see {REPORT}")
    write_json(options.json, figures)
    return 0
