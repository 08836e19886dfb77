"""What `evaluate` and `ablation-report` share: a report that is made of stored predictions."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from scripts.figures import check_json, table, write_json
from scripts.options import checked, parse


class Reported(Protocol):
    """A report that was written: its tables, the same for a program, and its folder."""

    @property
    def lines(self) -> Any:
        """Tables for a terminal, line by line."""
        ...

    @property
    def figures(self) -> Any:
        """All figures by name."""
        ...

    @property
    def folder(self) -> Path:
        """Where the page lies."""
        ...


@dataclass(frozen=True)
class Options:
    """Where predictions lie, and of what draws."""

    run: Path
    seed: int = 0
    """Of the draws of subjects behind intervals, and tests where there are any."""
    json: Path | None = None
    """Write the figures here too."""

    def check(self) -> "Options":
        """Refuse a seed that there is no stream for."""
        if not 0 <= self.seed < 2**64:
            raise ValueError(f"seed must be from 0 to 2**64 - 1, got {self.seed}")
        return self


def tell(
    command: str, kind: type[Options], arguments: list[str], make: Callable[[Path, int], Reported]
) -> int:
    """Make a report, print its tables and say where it lies."""
    options = checked(command, parse(kind, command, arguments).check)
    check_json(options.json)
    # Imported here: --help needs none of what reads predictions.
    from vitpain.evaluate.build import PAGE

    start = time.monotonic()
    made = make(options.run, options.seed)
    print("\n".join(made.lines))
    print(f"\n{table({'report': made.folder / PAGE, 'seconds': time.monotonic() - start})}")
    write_json(options.json, made.figures)
    return 0
