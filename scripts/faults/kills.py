"""SIGKILL at random moments, and runs that go on: the same bytes as if nothing had happened.

A moment is drawn over the time that an undisturbed run takes. The command itself is killed, it and
all its processes at once, or one of its workers. After a few kills a run is left to end.
"""

import shutil
import time
from pathlib import Path

import numpy as np

from assets.streams import stream
from scripts.faults.attempt import WORDLESS, Asked, Ended, Whom, last_line, said
from scripts.faults.forked import Runner
from scripts.faults.promised import Target, differs, hashes
from scripts.faults.tally import Tally

MOST_A_RUN = 6
"""Kills after which a run is left to end."""
REFUSED = "out must be an empty folder"
"""What a command says of a folder in which it, or another, has ended."""
WHOM: tuple[Whom, ...] = ("command", "everybody", "worker")


def undisturbed(target: Target, run: Runner, room: Path) -> tuple[dict[str, str], float]:
    """What a run leaves that nothing disturbs, and the seconds that it takes.

    Raises ValueError where it does not end well.
    """
    out, log = room / "undisturbed", room / "undisturbed.log"
    asked = Asked(target.into(out), str(log), patience=600)
    ended = run(asked)
    if not ended.done:
        raise ValueError(f"{target.name} must run undisturbed, got {last_line(said(asked))}")
    return hashes(out, target.promised), ended.seconds


def killed(target: Target, run: Runner, room: Path, kills: int, seed: int, until: float) -> Tally:
    """Kill a command `kills` times, or until a time by the steady clock, and let every run end."""
    tally = Tally("SIGKILL at a random moment", target.name)
    start = time.monotonic()
    true, usual = undisturbed(target, run, room)
    rng = stream(seed, 0, f"kills of {target.name}")
    done = number = 0
    while done < kills and time.monotonic() < until:
        out = room / f"run{number}"
        done += _one_run(target, run, out, rng, (true, usual), min(MOST_A_RUN, kills - done), tally)
        if not tally.wrong:
            shutil.rmtree(out)
        number += 1
    tally.seconds = time.monotonic() - start
    return tally


def _one_run(
    target: Target,
    run: Runner,
    out: Path,
    rng: np.random.Generator,
    known: tuple[dict[str, str], float],
    most: int,
    tally: Tally,
) -> int:
    """Kill one run at most so often, let it end, and give how often it was killed."""
    (true, usual), kills, log = known, 0, f"{out}.log"
    while kills < most:
        whom = WHOM[int(rng.integers(len(WHOM)))]
        asked = Asked(target.into(out), log, whom, float(rng.uniform(0, usual)), 10 * usual + 60)
        ended = run(asked)
        what = f"{target.name}, {whom} killed after {asked.moment:.3f} s, {out.name}"
        wrong = differs(out, target, true, ended.done)
        if not ended.killed:
            if wrong or not had_ended(target, ended, said(asked), out, true):
                tally.wrong.append(f"{what}: {wrong or last_line(said(asked))}")
            return kills
        kills += 1
        if ended.hung or (ended.code >= 0 and WORDLESS in said(asked)):
            wrong = wrong or f"hung or without words: {last_line(said(asked))}"
        tally.note(f"{whom} killed", wrong and f"{what}: {wrong}")
        if ended.done:
            return kills
    asked = Asked(target.into(out), log, patience=10 * usual + 60)
    ended = run(asked)
    wrong, well = differs(out, target, true, True), had_ended(target, ended, said(asked), out, true)
    if wrong or not well or list(out.rglob("*.tmp")):
        got = wrong or (f"left {list(out.rglob('*.tmp'))}" if well else "did not end")
        tally.wrong.append(f"{target.name}, {out.name}: {got}: {last_line(said(asked))}")
    return kills


def had_ended(target: Target, ended: Ended, text: str, out: Path, true: dict[str, str]) -> bool:
    """Whether a run ended well, or had nothing left to do and was refused for it."""
    refused = not target.resumed and REFUSED in text
    return ended.done or (refused and not differs(out, target, true, True))
