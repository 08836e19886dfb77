"""How far a study is: cells done, failed, running and left, and the time to go."""

import time
from collections.abc import Callable
from dataclasses import dataclass

from vitpain.ablation.plan import Cell


@dataclass(frozen=True)
class Status:
    """Numbers of cells, and seconds to go, None while nothing has ended yet."""

    done: int
    failed: int
    running: int
    left: int
    seconds: float | None

    def __str__(self) -> str:
        """One line for people."""
        parts = [f"{self.done} done", f"{self.running} running", f"{self.left} left"]
        if self.failed:
            parts.insert(1, f"{self.failed} failed")
        if self.seconds is not None:
            parts.append(f"{_clock(self.seconds)} to go")
        return ", ".join(parts)


class Progress:
    """Counts cells as they begin and end; time to go is by their steps."""

    def __init__(
        self,
        done: int,
        cells: list[Cell],
        heard: Callable[[Status], None],
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        """Begin with so many cells done before, and those that are to be done."""
        self.failures: dict[str, tuple[Cell, str]] = {}
        self._before, self._ended, self._running = done, 0, 0
        self._cells, self._heard, self._now = len(cells), heard, now
        self._steps, self._taken = sum(one.steps for one in cells), 0
        self._since = now()
        heard(self.status)

    @property
    def status(self) -> Status:
        """How far it is now."""
        left = self._cells - self._ended - self._running
        rest, spent = self._steps - self._taken, self._now() - self._since
        seconds = spent * rest / self._taken if self._taken else None
        failed = len(self.failures)
        return Status(self._before + self._ended - failed, failed, self._running, left, seconds)

    def begun(self, cell: Cell) -> None:
        """A cell begins."""
        self._running += 1
        self._heard(self.status)

    def ended(self, cell: Cell, error: str | None) -> None:
        """A cell that had begun has ended, in failure where there is an error."""
        self._running -= 1
        self._ended += 1
        self._taken += cell.steps
        if error is not None:
            self.failures[cell.id] = (cell, error)
        self._heard(self.status)


def _clock(seconds: float) -> str:
    minutes = round(seconds / 60)
    return f"{minutes // 60}:{minutes % 60:02d} h" if minutes >= 60 else f"{minutes} min"
