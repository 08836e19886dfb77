"""A disk that is full, or files that may not grow, at every write of a run.

Three ways: the write number n finds no room, and none after it; no file may be larger than so many
bytes; and, where a file system in memory can be mounted, one of so many pages. The command says so
in a line, leaves no half file, and with room goes on to the same bytes.
"""

import os
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from scripts.faults import harm
from scripts.faults.attempt import WORDLESS, Asked, last_line, said
from scripts.faults.forked import Runner
from scripts.faults.kills import undisturbed
from scripts.faults.promised import Target, differs
from scripts.faults.tally import Tally

PAGE = 4096
Change = Callable[[Asked], Asked]


def full(target: Target, run: Runner, room: Path, most: int, seconds: float) -> Iterator[Tally]:
    """Fill the disk at every write (at `most` of them, evenly spread), and let every run go on.

    Each of the three ways has so many seconds.
    """
    true, _ = undisturbed(target, run, room)
    sizes = {path.stat().st_size for path in _files(room / "undisturbed")}
    chosen = _spread(sorted(sizes - {0}), most)
    yield _at_every_write(target, run, room, true, most, time.monotonic() + seconds)
    yield _no_larger(target, run, room, true, chosen, time.monotonic() + seconds)
    yield _no_pages(target, run, room, true, most, time.monotonic() + seconds)


def _files(out: Path) -> list[Path]:
    return [path for path in out.rglob("*") if path.is_file()]


def _spread(of: list[int], most: int) -> list[int]:
    """At most so many, the first and the last among them, or the one in the middle."""
    if len(of) <= most:
        return of
    if most == 1:
        return [of[len(of) // 2]]
    return sorted({of[round(n * (len(of) - 1) / (most - 1))] for n in range(most)})


def _at_every_write(
    target: Target, run: Runner, room: Path, true: dict[str, str], most: int, until: float
) -> Tally:
    tally, counted = Tally("disk full from the write number n on", target.name), room / "counted"
    begun = time.monotonic()

    def at(number: int, out: Path) -> Change:
        given = harm.variables(room, harm.full_disk(out, number, counted))
        return lambda asked: replace(asked, variables=given)

    probe = Asked(target.into(room / "probe"), str(room / "probe.log"), patience=600)
    run(at(10**9, room / "probe")(probe))
    writes = counted.stat().st_size
    for number in _spread(list(range(1, writes + 1)), most):
        if time.monotonic() > until:
            break
        out = room / f"write{number}"
        _tried(target, run, out, true, at(number, out), tally)
    tally.harm = f"disk full from the write number n on, of {writes}"
    tally.seconds = time.monotonic() - begun
    return tally


def _no_larger(
    target: Target, run: Runner, room: Path, true: dict[str, str], sizes: list[int], until: float
) -> Tally:
    tally, begun = Tally("files of at most n bytes", target.name), time.monotonic()
    for size in sizes:
        if time.monotonic() > until:
            break
        shorter = lambda asked, size=size: replace(asked, largest=size - 1)  # noqa: E731
        _tried(target, run, room / f"larger{size}", true, shorter, tally)
    tally.seconds = time.monotonic() - begun
    return tally


def _no_pages(
    target: Target, run: Runner, room: Path, true: dict[str, str], most: int, until: float
) -> Tally:
    tally, begun = Tally("a file system of n pages, full", target.name), time.monotonic()
    pages = sum(-(-path.stat().st_size // PAGE) for path in _files(room / "undisturbed"))
    for number in _spread(list(range(1, pages)), most):
        if time.monotonic() > until:
            break
        place = room / f"pages{number}"
        place.mkdir()
        with _mounted(place, number * PAGE) as mounted:
            if not mounted:
                tally.note("not mounted here")
                break
            _tried(target, run, place / "out", true, lambda asked: asked, tally, place)
    tally.seconds = time.monotonic() - begun
    return tally


@contextmanager
def _mounted(place: Path, size: int) -> Iterator[bool]:
    """Mount a file system in memory where that is allowed."""
    command = ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(place)]
    allowed = os.geteuid() == 0 and shutil.which("mount") is not None
    mounted = allowed and subprocess.run(command, capture_output=True, check=False).returncode == 0
    try:
        yield mounted
    finally:
        if mounted:
            subprocess.run(["umount", str(place)], check=True)


def _tried(
    target: Target,
    run: Runner,
    out: Path,
    true: dict[str, str],
    change: Change,
    tally: Tally,
    grows: Path | None = None,
) -> None:
    """Run without room, see what is said and left, give room, and let the run go on."""
    asked = change(Asked(target.into(out), f"{out.parent / out.name}.log", patience=300))
    if grows is not None:
        asked = replace(asked, said=f"{grows}.log")
    ended, what = run(asked), f"{target.name}, {grows or out}"
    text = said(asked)
    line = last_line(text)
    wrong = differs(out, target, true, ended.done)
    left = list(out.rglob("*.tmp")) if out.is_dir() else []
    if ended.done:
        outcome = "had room enough"
    elif ended.hung or ended.code < 0 or WORDLESS in text:
        outcome, wrong = "without words", wrong or f"code {ended.code}, hung {ended.hung}"
    elif not line.startswith(f"pain3d {target.name}: ") and not line.startswith("failed: "):
        outcome, wrong = "without words", wrong or "no line of ours"
    else:
        outcome = "named error"
        wrong = wrong or (f"left {left[0]}" if left else "")
    if grows is not None:
        subprocess.run(["mount", "-o", "remount,size=1G", str(grows)], check=True)
    after = replace(asked, largest=None, variables=(), patience=600)
    again = run(after)
    wrong = wrong or differs(out, target, true, True)
    if not again.done:
        wrong = wrong or f"did not go on: {last_line(said(after))}"
    tally.note(outcome, wrong and f"{what}: {wrong}: {line}")
    if not wrong:
        shutil.rmtree(out)
