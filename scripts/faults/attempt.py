"""One attempt at a command: what it is asked, under which limits and harm, and how it ended."""

import os
import signal
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

Whom = Literal["nobody", "command", "everybody", "worker"]
WORDLESS = "Traceback (most recent call last)"
CHECKED_EVERY = 0.002


@dataclass(frozen=True)
class Asked:
    """A command and what is done to it.

    `said` is the file that takes what it says. After `moment` seconds `whom` gets SIGKILL. Within
    it no address space is larger than `memory` bytes and no file than `largest`. `variables` are
    set in its environment.
    """

    arguments: tuple[str, ...]
    said: str
    whom: Whom = "nobody"
    moment: float = 0.0
    patience: float = 120.0
    memory: int | None = None
    largest: int | None = None
    variables: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Ended:
    """How an attempt ended: exit code (below 0 a signal), seconds, the largest process in bytes."""

    code: int
    seconds: float
    resident: int
    killed: bool
    hung: bool

    @property
    def done(self) -> bool:
        """Whether it did what it was asked."""
        return self.code == 0 and not self.hung


def waited(process: int, asked: Asked) -> Ended:
    """Wait for a process that leads a group of its own, and kill whom `asked` says when it says."""
    begun = time.monotonic()
    killed = hung = False
    while True:
        found, status, usage = os.wait4(process, os.WNOHANG)
        spent = time.monotonic() - begun
        if found:
            code = os.waitstatus_to_exitcode(status)
            return Ended(code, spent, usage.ru_maxrss * 1024, killed, hung)
        if asked.whom != "nobody" and not killed and spent >= asked.moment:
            _kill(process, asked.whom)
            killed = True
        if spent > asked.patience and not hung:
            os.killpg(process, signal.SIGKILL)
            hung = True
        time.sleep(CHECKED_EVERY)


def _kill(process: int, whom: Whom) -> None:
    if whom == "everybody":
        os.killpg(process, signal.SIGKILL)
        return
    at_work = _workers(process) if whom == "worker" else []
    os.kill(at_work[0] if at_work else process, signal.SIGKILL)


def _workers(process: int) -> list[int]:
    """Spawned workers of a process, by the words they were begun with."""
    listed = Path(f"/proc/{process}/task/{process}/children").read_text().split()
    words = {int(one): Path(f"/proc/{one}/cmdline") for one in listed}
    return [
        one for one, path in words.items() if path.exists() and b"spawn_main" in path.read_bytes()
    ]


def said(asked: Asked) -> str:
    """What an attempt has said."""
    path = Path(asked.said)
    return path.read_text(errors="replace") if path.exists() else ""


def last_line(text: str) -> str:
    """The last line that says anything; a bar is drawn again and again on one line."""
    spoken = [line for line in text.replace("\r", "\n").splitlines() if line.strip()]
    return spoken[-1].strip() if spoken else ""
