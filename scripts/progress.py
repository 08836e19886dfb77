"""A progress bar with rate and remaining time that appears with the first piece of work."""

import sys
from types import TracebackType

from tqdm import tqdm


class Bar:
    """Counts in `unit`; `scaled` writes 2M for 2,000,000; `ends` closes it when all is done.

    With `resumed`, the first count is what a run before has done: it moves the bar and counts for
    neither the rate nor `done`.
    """

    def __init__(
        self, unit: str, scaled: bool = False, resumed: bool = False, ends: bool = False
    ) -> None:
        """Show nothing yet: what fails at once says so in one line."""
        self.done = 0
        self._unit, self._scaled, self._resumed, self._ends = unit, scaled, resumed, ends
        self._bar: tqdm | None = None

    def __enter__(self) -> "Bar":
        """Begin."""
        return self

    def advance(self, count: int, total: int) -> None:
        """Count what was done since the last call."""
        if self._bar is None:
            before = count if self._resumed else 0
            self._bar = tqdm(
                total=total,
                initial=before,
                unit=self._unit,
                unit_scale=self._scaled,
                file=sys.stderr,
                smoothing=0.05,
            )
            count -= before
        self._bar.total = total
        self._bar.update(count)
        self.done += count
        if self._ends and self._bar.n >= total:
            self._bar.close()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End the line that the bar stands in."""
        if self._bar is not None:
            self._bar.close()
