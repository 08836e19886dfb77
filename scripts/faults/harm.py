"""Harm that a process does to itself, by variables that its spawned workers inherit.

A disk that is full from the n-th write on, counted over all processes of a run by the length of a
file; a wall clock that jumps either way, and one that is said to be steady that leaps ahead.
"""

import builtins
import errno
import io
import os
import random
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

FULL_UNDER, FULL_AT, COUNTED = "PAIN3D_FULL_UNDER", "PAIN3D_FULL_AT", "PAIN3D_FULL_COUNTED"
CLOCK = "PAIN3D_CLOCK"
FARTHEST = 10_000_000.0
"""Seconds a clock jumps at most, four months."""
OFTEN = 0.2
"""Share of looks at a clock before which it jumps."""
SITE = "from scripts.faults.harm import install\n\ninstall()\n"


def variables(room: Path, given: dict[str, str]) -> tuple[tuple[str, str], ...]:
    """Variables for a run and all its workers; `room` takes what Python imports as it begins."""
    site = room / "site"
    site.mkdir(exist_ok=True)
    (site / "sitecustomize.py").write_text(SITE)
    path = os.pathsep.join([str(site), str(Path(__file__).parents[2])])
    return (*given.items(), ("PYTHONPATH", path))


def full_disk(under: Path, at: int, counted: Path) -> dict[str, str]:
    """A disk on which the write number `at` (from 1) and all after it find no room."""
    counted.write_bytes(b"")
    return {FULL_UNDER: str(under), FULL_AT: str(at), COUNTED: str(counted)}


def jumping_clock(seed: int) -> dict[str, str]:
    """Clocks that jump, drawn from a seed."""
    return {CLOCK: str(seed)}


def install() -> None:
    """Do the harm that the environment asks for, from here on."""
    if FULL_AT in os.environ:
        _fill()
    if CLOCK in os.environ:
        _jump(int(os.environ[CLOCK]))


class _Filling:
    """A file whose writes are counted, and fail once the disk is full."""

    def __init__(self, file: Any, name: str) -> None:
        self._file, self._name = file, name

    def write(self, data: Any) -> int:
        """Write, or say that there is no room."""
        if _count() >= int(os.environ[FULL_AT]) - 1:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return self._file.write(data)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)

    def __enter__(self) -> "_Filling":
        return self

    def __exit__(self, *given: Any) -> None:
        self._file.close()

    def __iter__(self) -> Any:
        return iter(self._file)


def _count() -> int:
    """How many writes came before this one, in every process."""
    file = os.open(os.environ[COUNTED], os.O_WRONLY | os.O_APPEND)
    try:
        os.write(file, b".")
        return os.fstat(file).st_size - 1
    finally:
        os.close(file)


def _fill() -> None:
    plain, under = builtins.open, os.environ[FULL_UNDER]

    def opened(file: Any, mode: str = "r", *given: Any, **named: Any) -> Any:
        found = plain(file, mode, *given, **named)
        written = any(letter in mode for letter in "wax+")
        inside = isinstance(file, str | os.PathLike) and str(os.fspath(file)).startswith(under)
        return _Filling(found, str(file)) if written and inside else found

    builtins.open = opened
    io.open = opened


def _jump(seed: int) -> None:
    drawn = random.Random(f"{seed} {os.getpid()}")
    off = {"wall": 0.0, "steady": 0.0}

    def jump() -> None:
        off["wall"] = drawn.uniform(0, FARTHEST) * drawn.choice((-1, 1))
        # A machine that slept: what is steady never goes back.
        off["steady"] += drawn.uniform(0, 100.0)

    def jumping(true: Callable[[], Any], clock: str, unit: int) -> Callable[[], Any]:
        def now() -> Any:
            if drawn.random() < OFTEN:
                jump()
            moved = off[clock] * unit
            return true() + (moved if unit == 1 else int(moved))

        return now

    jump()
    for name, clock in (("time", "wall"), ("monotonic", "steady"), ("perf_counter", "steady")):
        for ending, unit in (("", 1), ("_ns", 10**9)):
            true = getattr(time, name + ending)
            setattr(time, name + ending, jumping(true, clock, unit))
