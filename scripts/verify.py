"""`pain3d verify`: read every byte of a data set back and say what is wrong."""

from collections import Counter
from dataclasses import asdict, dataclass
from pathlib import Path

import tyro

from generator import pool
from generator.shards.findings import Findings
from generator.shards.verify import Report, Seen, Work, verify
from scripts.figures import check_json, table, write_json
from scripts.options import parse
from scripts.progress import Bar

SHOWN = 50


@dataclass(frozen=True)
class Options:
    """Read every byte of a data set back: checksums, labels, pairs, splits, maps."""

    folder: tyro.conf.Positional[Path]
    """The data set."""
    workers: int = 1
    """Processes that read."""
    json: Path | None = None
    """Write the figures and all faults here too."""


def main(arguments: list[str]) -> int:
    """Verify a data set; 1 where anything is wrong."""
    options = parse(Options, "verify", arguments)
    if options.workers < 1:
        raise ValueError(f"workers must be at least 1, got {options.workers}")
    check_json(options.json)

    def each(work: Work, names: list[str], report: Report) -> list[Seen]:
        return pool.run(work, names, options.workers, report)

    with Bar(" samples") as bar:
        findings = verify(options.folder, bar.advance, each)
    print(table(findings.figures))
    _print_faults(findings)
    faults = [asdict(fault) for fault in findings.faults]
    write_json(options.json, {**findings.figures, "found": faults})
    return 1 if findings.faults else 0


def _print_faults(findings: Findings) -> None:
    for fault in findings.faults[:SHOWN]:
        where = f"{fault.file}: {fault.key}" if fault.key else fault.file
        print(f"FAULT {where}: {fault.rule}, got {fault.value}")
    if len(findings.faults) > SHOWN:
        print(f"... and {len(findings.faults) - SHOWN} more, by file:")
        counts = Counter(fault.file for fault in findings.faults)
        print(table(dict(counts.most_common())))
