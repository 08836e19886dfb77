"""Hostile files, each read by a process with a limit of memory and of time.

An outcome is one of: read, a named error, without words, hang, memory, code run. The first two may
be; a file that was changed may still be one that can be read.
"""

import time
from dataclasses import dataclass
from pathlib import Path

from assets.streams import stream
from scripts.faults.attempt import WORDLESS, Asked, Ended, last_line, said
from scripts.faults.forked import Runner
from scripts.faults.mutate import mutated
from scripts.faults.tally import Tally

PATIENCE = 30.0
SPACE = 8 * 2**30
"""Address space of a process, libraries and all."""
RESIDENT = 2 * 2**30
"""Memory that no file of a megabyte may need."""


@dataclass(frozen=True)
class Seed:
    """A file as it should be, and the reader that it is given to; `beside` lie with it."""

    reader: str
    name: str
    data: bytes
    beside: tuple[tuple[str, bytes], ...] = ()


@dataclass(frozen=True)
class Made:
    """A file made to do harm, and the reader that it is given to."""

    what: str
    seed: Seed
    touches: Path | None = None
    """What it would leave if anything in it ran or were unpacked."""


def by_hand(files: list[Made], run: Runner, room: Path) -> Tally:
    """Read files that were made to do harm: each must be refused in a line."""
    tally, begun = Tally("made to do harm", "every reader"), time.monotonic()
    for number, one in enumerate(files):
        outcome, line = _read(one.seed, one.seed.data, run, room / f"made{number}")
        if one.touches is not None and one.touches.exists():
            outcome = "code run"
        wrong = "" if outcome == "named error" else f"{one.what}: {outcome}: {line}"
        tally.note(outcome, wrong)
    tally.seconds = time.monotonic() - begun
    return tally


def by_mutation(
    seeds: list[Seed], run: Runner, room: Path, times: int, seed: int, until: float
) -> list[Tally]:
    """Read `times` changed copies of every file, or as many until a time by the steady clock."""
    tallies = [Tally("mutation", f"{one.reader}: {one.name}") for one in seeds]
    number = 0
    while number < times and time.monotonic() < until:
        for place, (one, tally) in enumerate(zip(seeds, tallies, strict=True)):
            rng = stream(seed, number, f"mutation of {one.reader} {place}")
            begun = time.monotonic()
            data = mutated(one.data, rng)
            where = room / f"{one.reader}{place}"
            outcome, line = _read(one, data, run, where)
            wrong = ""
            if outcome not in ("read", "named error"):
                kept = room / f"kept_{one.reader}{place}_{number}_{one.name}"
                kept.write_bytes(data)
                wrong = f"{one.reader} {number} ({kept.name}): {outcome}: {line}"
            tally.note(outcome, wrong)
            tally.seconds += time.monotonic() - begun
        number += 1
    return tallies


def _read(one: Seed, data: bytes, run: Runner, folder: Path) -> tuple[str, str]:
    folder.mkdir(exist_ok=True)
    for name, content in (*one.beside, (one.name, data)):
        (folder / name).write_bytes(content)
    words = ("read", one.reader, str(folder / one.name))
    asked = Asked(words, f"{folder}.log", patience=PATIENCE, memory=SPACE)
    return outcome(one.reader, run(asked), said(asked)), last_line(said(asked))


def outcome(name: str, ended: Ended, text: str) -> str:
    """How a reader or command of a name took a file."""
    if ended.hung:
        return "hang"
    if ended.resident > RESIDENT or "MemoryError" in text:
        return "memory"
    if ended.code < 0 or WORDLESS in text:
        return "without words"
    if ended.code == 0:
        return "read"
    spoken = last_line(text).startswith(f"pain3d {name}: ")
    return "named error" if spoken else "without words"
