"""`make demo`: a small data set of eight people with its gallery, and where it lies."""

import os
import sys
from pathlib import Path

from scripts.cli import reported, run

OUT = Path("demo")
PEOPLE = 8
OPTIONS = "--pain-per-identity 4 --confounders 1 --views 3 --size 384 --ages 0-90".split()
STOPPED = f"""The demo stopped and deleted nothing.
Where the code has changed since {OUT} was made: rm -r {OUT} && make demo"""


def main() -> int:
    """Make, verify and show the data set; a demo that was begun or made before goes on from there.

    Stops at the first command that fails and gives its exit code. Nothing is deleted: a demo of
    other code stays, and the user is told how to begin anew.
    """
    data = OUT / "data"
    workers = str(max(1, min(PEOPLE, os.cpu_count() or 1)))
    # A shard a person, so that every core has work.
    made = ["--identities", str(PEOPLE), *OPTIONS, "--people-per-shard", "1"]
    commands = (
        ["generate", "--out", str(data), *made, "--workers", workers, "--resume"],
        ["verify", str(data)],
        ["preview", str(data), "--out", str(OUT / "preview")],
    )
    for command in commands:
        print(f"\npain3d {' '.join(command)}", flush=True)
        code = run(command)
        if code:
            print(STOPPED, file=sys.stderr)
            return code
    print(f"\nThe data set lies in {data.resolve()}, its pictures to look at in {OUT / 'preview'}.")
    print(f"{data / 'README.md'} says what is in it.")
    return 0


if __name__ == "__main__":
    sys.exit(reported("demo", main))
