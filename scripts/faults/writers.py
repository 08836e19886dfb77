"""Two writers in one folder: one goes on as if alone, the other is refused in a line.

The second begins at a random moment of the first, or with it, to go on or to begin. Each server
makes one attempt at a time, so that there are two.
"""

import shutil
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from assets.streams import stream
from scripts.faults.attempt import WORDLESS, Asked, Ended, last_line, said
from scripts.faults.forked import Runner
from scripts.faults.kills import REFUSED, undisturbed
from scripts.faults.promised import Target, differs
from scripts.faults.tally import Tally

LET_OUT = ("must have one writer, got a second", REFUSED)


def two(
    target: Target, runs: tuple[Runner, Runner], room: Path, times: int, seed: int, until: float
) -> Tally:
    """Let two write the same folder so many times, or until a time by the steady clock."""
    tally = Tally("a second writer at a random moment", target.name)
    true, usual = undisturbed(target, runs[0], room)
    rng, begun = stream(seed, 0, f"writers of {target.name}"), time.monotonic()
    for number in range(times):
        if time.monotonic() > until:
            break
        out = room / f"two{number}"
        # A quarter begin together.
        later = max(0.0, float(rng.uniform(-usual / 3, usual)))
        resumes = bool(rng.integers(2))
        first = Asked(target.into(out), f"{out}.first.log", patience=10 * usual + 60)
        second = Asked(target.into(out, resumes), f"{out}.second.log", patience=10 * usual + 60)

        def after(asked: Asked, wait: float = later) -> Ended:
            time.sleep(wait)
            return runs[1](asked)

        with ThreadPoolExecutor(2) as both:
            ends = [both.submit(runs[0], first), both.submit(after, second)]
            one, other = (end.result() for end in ends)
        what = f"{target.name}, {out.name}, second after {later:.3f} s, resumes {resumes}"
        wrong = differs(out, target, true, True)
        refused = 0
        for asked, ended in ((first, one), (second, other)):
            text = said(asked)
            if ended.done:
                continue
            refused += 1
            if ended.hung or ended.code < 0 or WORDLESS in text:
                wrong = wrong or f"without words: {last_line(text)}"
            elif not any(words in text for words in LET_OUT):
                wrong = wrong or f"another refusal: {last_line(text)}"
        if refused == 2:
            wrong = wrong or "both refused"
        outcome = "one refused" if refused else "one waited or came when it was done"
        tally.note(outcome, wrong and f"{what}: {wrong}")
        if not wrong:
            shutil.rmtree(out)
    tally.seconds = time.monotonic() - begun
    return tally
