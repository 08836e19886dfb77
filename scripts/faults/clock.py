"""Clocks that jump by months, back too, while a run is at work: no byte follows a clock."""

import shutil
import time
from pathlib import Path

from scripts.faults import harm
from scripts.faults.attempt import Asked, last_line, said
from scripts.faults.forked import Runner
from scripts.faults.kills import undisturbed
from scripts.faults.promised import Target, differs
from scripts.faults.tally import Tally


def jumps(target: Target, run: Runner, room: Path, times: int, seed: int, until: float) -> Tally:
    """Run under clocks that jump so many times, or until a time by the steady clock."""
    tally = Tally("clocks that jump", target.name)
    true, usual = undisturbed(target, run, room)
    begun = time.monotonic()
    for number in range(times):
        if time.monotonic() > until:
            break
        out = room / f"clock{number}"
        variables = harm.variables(room, harm.jumping_clock(seed + number))
        patience = 10 * usual + 60
        asked = Asked(target.into(out), f"{out}.log", patience=patience, variables=variables)
        ended = run(asked)
        wrong = differs(out, target, true, True)
        if not ended.done:
            wrong = f"did not end well: {last_line(said(asked))}"
        tally.note("the same bytes" if not wrong else "others", wrong)
        if not wrong:
            shutil.rmtree(out)
    tally.seconds = time.monotonic() - begun
    return tally
