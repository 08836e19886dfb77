"""Every benchmark in one table: `python -m scripts.bench_all [--only bench_generate bench_gan]`.

Each script that measures runs in a process of its own, one after the other, at a size that takes a
minute or two, and writes its figures as JSON. A figure stands beside that of its peer (another
program or a plainer loop at the same work) from the same run; the ratio says how many times as fast
ours is. What is not installed is named; `--json PATH` writes the same table.
"""

import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import tyro

from generator.shards.manifest import read_json
from scripts.bench_list import BENCHES, LEFT_OUT, Bench, Line
from scripts.figures import check_json, write_json
from vitpain.evaluate.table import NONE, Table, text


@dataclass(frozen=True)
class Options:
    """Run every benchmark at small size."""

    only: tuple[str, ...] = ()
    """Names of scripts; all of them if none is given."""
    json: Path | None = None
    """Write the figures here too."""

    def check(self) -> None:
        """Refuse names that no benchmark has."""
        unknown = sorted(set(self.only) - {one.script for one in BENCHES})
        if unknown:
            rule = f"among {', '.join(one.script for one in BENCHES)}"
            raise ValueError(f"only must be {rule}, got {unknown[0]}")


@dataclass(frozen=True)
class Row:
    """A line of the table; `why` says why a figure, or that of its peer, is not there."""

    script: str
    stage: str
    what: str
    figure: float | None = None
    peer: str | None = None
    of_peer: float | None = None
    ratio: float | None = None
    why: str | None = None
    failed: bool = False


def rows(bench: Bench, folder: Path) -> Iterator[Row]:
    """Run a benchmark and give a row a line of it."""
    missing = [name for name in bench.needs if find_spec(name) is None]
    why, figures = f"{', '.join(missing)} not installed", {}
    failed = False
    if not missing:
        file = folder / f"{bench.script}.json"
        command = [sys.executable, "-m", f"scripts.{bench.script}", *bench.arguments]
        done = subprocess.run(
            [*command, "--json", str(file)], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
            text=True,
        )  # fmt: skip
        failed = done.returncode != 0
        said = done.stderr.strip().splitlines() or ["nothing"]
        why = f"ended with code {done.returncode}: {said[-1]}" if failed else ""
        figures = {} if failed else read_json(file)
    for line in bench.lines:
        yield _row(bench, line, figures, why, failed)


def _row(bench: Bench, line: Line, figures: Mapping[str, Any], why: str, failed: bool) -> Row:
    known = bench.script, line.stage, line.what
    figure = figures.get(line.figure)
    why = why or figures.get(LEFT_OUT) or f"no figure {line.figure!r}"
    if figure is None:
        return Row(*known, peer=line.peer, why=why, failed=failed)
    if line.peer is None:
        return Row(*known, figure)
    beside = figures.get(line.of_peer)
    if beside is None:
        return Row(*known, figure, line.peer, why=why)
    ratio = beside / figure if line.less else figure / beside
    return Row(*known, figure, line.peer, beside, ratio)


def table(found: Sequence[Row]) -> Table:
    """All that was measured; reasons stand below."""
    head = ("stage", "what", "ours", "peer", "its figure", "ours is so many times as fast")
    cells = [
        (
            one.stage, one.what, _number(one.figure), one.peer or "",
            _number(one.of_peer) if one.peer else "", _number(one.ratio) if one.peer else "",
        )
        for one in found
    ]  # fmt: skip
    notes = [f"{one.script}, {one.stage}: {one.why}" for one in found if one.why]
    return Table("Speed", head, tuple(cells), tuple(dict.fromkeys(notes)))


def _number(value: float | None) -> str:
    return NONE if value is None else f"{value:,.2f}"


def measured(benches: Sequence[Bench]) -> list[Row]:
    """Run benchmarks one after the other."""
    found = []
    with tempfile.TemporaryDirectory() as folder:
        for bench in benches:
            print(f"{bench.script} {' '.join(bench.arguments)}", file=sys.stderr)
            found += rows(bench, Path(folder))
    return found


def main() -> int:
    """Measure and print; 1 where a benchmark failed."""
    options = tyro.cli(Options)
    options.check()
    check_json(options.json)
    chosen = [one for one in BENCHES if not options.only or one.script in options.only]
    found = measured(chosen)
    print(text(table(found)))
    sizes = {one.script: list(one.arguments) for one in chosen}
    write_json(options.json, {"arguments": sizes, "rows": [asdict(one) for one in found]})
    return int(any(one.failed for one in found))


if __name__ == "__main__":
    sys.exit(main())
