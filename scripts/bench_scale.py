"""How cost grows with a data set: `python -m scripts.bench_scale [--sizes 1000 10000 100000]`.

Each stage runs in a process of its own (`scripts/scale/stage.py`) at every size: `generate` draws
people; `produce` is the same job with pictures of one person (`scripts/scale/stand_in.py`), in
parts; then merging, verifying, opening, reading every pair, and `ablation-report` of stored
predictions. Pictures are of 32 pixels, so that what is measured is what grows with their number.

Of time and of memory the exponent is given, from the last size but one to the largest, where what
starting costs weighs least: 1 is linear, 0 is flat. Beside it: what one more picture adds over
the same step. Prints tables; `--json PATH` writes the same figures.
"""

import math
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import tyro

from generator.shards.manifest import read_json
from scripts.figures import check_json, write_json
from vitpain.evaluate.table import Table, text

STAGES: Mapping[str, str] = {
    "generate": "drawing people, 1 worker",
    "produce": "the same, one person's pictures",
    "merge": "4 parts",
    "verify": "1 worker",
    "open": "index, neutrals, an epoch's plan",
    "load": "every pair, in this process",
    "report": "ablation-report, 4 arms",
}
"""What is measured, in the order in which it is done."""
BEFORE = {"report": "predict"}
"""Stages that another needs and that are not measured."""


@dataclass(frozen=True)
class Options:
    """Measure what a data set costs at several sizes."""

    sizes: tuple[int, ...] = (1_000, 10_000, 100_000)
    """Pictures, 100 or more, rising; two sizes or more give slopes."""
    drawn: int = 1_000
    """The most pictures that are drawn person by person."""
    folder: Path | None = None
    """Where to work, some 20 kB a picture; a temporary folder if none is given."""
    json: Path | None = None
    """Write the figures here too."""

    def check(self) -> None:
        """Refuse sizes that nothing can be fitted to."""
        if not self.sizes or min(self.sizes) < 100 or list(self.sizes) != sorted({*self.sizes}):
            raise ValueError(f"sizes must be rising and 100 or more, got {self.sizes}")


@dataclass(frozen=True)
class Took:
    """What a stage took at one size; memory is the most at once, of it and of its worker."""

    stage: str
    size: int
    pictures: int
    seconds: float
    cpu_seconds: float
    mb: float
    mb_of_worker: float | None

    @property
    def cpu_ms(self) -> float:
        """Milliseconds of CPU a picture."""
        return 1e3 * self.cpu_seconds / self.pictures


@dataclass(frozen=True)
class Fit:
    """How a stage grows: exponents of CPU time and of memory, and what a picture adds to each."""

    stage: str
    time_exponent: float
    memory_exponent: float
    worker_exponent: float | None
    cpu_ms_a_picture: float
    bytes_a_picture: float


def took(stage: str, folder: Path, pictures: int) -> Took:
    """Do a stage in a process of its own."""
    file = folder / "took.json"
    command = [sys.executable, "-m", "scripts.scale.stage", stage, folder, pictures, file]
    subprocess.run(list(map(str, command)), check=True, stdout=subprocess.DEVNULL)
    return Took(stage, pictures, **read_json(file))


def measure(options: Options, folder: Path) -> list[Took]:
    """Every stage at every size, each size in a folder that is removed when it is done."""
    found = []
    for pictures in options.sizes:
        place = folder / str(pictures)
        place.mkdir()
        for stage in STAGES:
            if stage == "generate" and pictures > options.drawn:
                continue
            if stage in BEFORE:
                took(BEFORE[stage], place, pictures)
            found.append(took(stage, place, pictures))
            print(f"{stage} at {pictures:,}: {found[-1].seconds:.1f} s", file=sys.stderr)
        shutil.rmtree(place)
    return found


def fitted(found: Sequence[Took]) -> list[Fit]:
    """Fit every stage that was done at two sizes or more to the last two."""
    fits = []
    for stage in STAGES:
        own = [one for one in found if one.stage == stage]
        if len(own) < 2:
            continue
        before, last = own[-2:]
        ratio = math.log(last.pictures / before.pictures)
        more = last.pictures - before.pictures
        both = before.mb_of_worker, last.mb_of_worker
        fits.append(
            Fit(
                stage,
                math.log(last.cpu_seconds / before.cpu_seconds) / ratio,
                math.log(last.mb / before.mb) / ratio,
                math.log(both[1] / both[0]) / ratio if both[0] and both[1] else None,
                1e3 * (last.cpu_seconds - before.cpu_seconds) / more,
                1e6 * (last.mb - before.mb) / more,
            )
        )
    return fits


def tables(found: Sequence[Took], fits: Sequence[Fit]) -> list[Table]:
    """What was measured, and what was fitted to it."""
    head = ("stage", "what", "pictures", "s", "CPU s", "CPU ms a picture", "MB", "MB of worker")
    rows = [
        (
            one.stage, STAGES[one.stage], f"{one.pictures:,}", f"{one.seconds:.1f}",
            f"{one.cpu_seconds:.1f}", f"{one.cpu_ms:.2f}",
            f"{one.mb:.0f}", "" if one.mb_of_worker is None else f"{one.mb_of_worker:.0f}",
        )
        for one in sorted(found, key=lambda one: list(STAGES).index(one.stage))
    ]  # fmt: skip
    measured = Table("What each stage took", head, tuple(rows))
    if not fits:
        return [measured]
    head = ("stage", "time", "memory", "of worker", "CPU ms a picture", "bytes a picture")
    lines = [
        (
            one.stage, f"{one.time_exponent:.2f}", f"{one.memory_exponent:.2f}",
            "" if one.worker_exponent is None else f"{one.worker_exponent:.2f}",
            f"{one.cpu_ms_a_picture:.3f}", f"{one.bytes_a_picture:,.0f}",
        )
        for one in fits
    ]  # fmt: skip
    notes = ("Exponents over the last step: 1 is linear, 0 is flat. The rest: what one more adds.",)
    return [measured, Table("How it grows", head, tuple(lines), notes)]


def main() -> None:
    """Measure and print."""
    options = tyro.cli(Options)
    options.check()
    check_json(options.json)
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        found = measure(options, Path(folder))
    fits = fitted(found)
    print("\n\n".join(text(one) for one in tables(found, fits)))
    write_json(options.json, figures(found, fits))


def figures(found: Sequence[Took], fits: Sequence[Fit]) -> dict[str, Any]:
    """The same for a program."""
    made: dict[str, Any] = {}
    for one in found:
        name = f"{one.stage}, {one.size}"
        made |= {
            f"{name}, pictures": one.pictures,
            f"{name}, seconds": one.seconds,
            f"{name}, CPU ms a picture": one.cpu_ms,
            f"{name}, MB": one.mb,
            f"{name}, MB of worker": one.mb_of_worker,
        }
    for fit in fits:
        facts = {f"{fit.stage}, {what}": value for what, value in asdict(fit).items()}
        made |= {name: value for name, value in facts.items() if name != f"{fit.stage}, stage"}
    return made


if __name__ == "__main__":
    main()
