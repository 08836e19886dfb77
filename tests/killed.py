"""Runs that are killed at every file they write, one write later in each attempt."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from assets import atomic


class Killed(BaseException):
    """Stands for what ends a process."""


def at_every_write(
    monkeypatch: pytest.MonkeyPatch, attempt: Callable[[], object], log: Callable[[], Path | None]
) -> int:
    """Attempt until nothing kills it any more, and count the kills.

    They come before and after a file takes its name, in turn. After each the log of what was
    killed, if `log` names one, ends in the middle of a line.
    """
    renamed, kills = os.rename, 0
    for place in range(40):
        left = [place // 2]

        def rename(source: Path, target: Path, place: int = place, left: list[int] = left) -> None:
            if left[0] == 0 and place % 2 == 0:
                raise Killed
            renamed(source, target)
            left[0] -= 1
            if left[0] < 0:
                raise Killed

        monkeypatch.setattr(atomic.os, "rename", rename)
        try:
            attempt()
        except Killed:
            kills += 1
            path = log()
            if path is not None:
                with open(path, "ab") as file:
                    file.write(b'{"kind": "tr')
            continue
        finally:
            monkeypatch.setattr(atomic.os, "rename", renamed)
        break
    return kills
