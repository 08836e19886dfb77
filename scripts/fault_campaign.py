"""Under fire: `python -m scripts.fault_campaign --room ROOM [--parts kills damage] [--minutes 10]`.

Kills commands, fills the disk, damages data sets, lets two write at once, moves the clock and hands
in hostile files, each so often, and counts what comes of it. Prints a table; `--json PATH` writes
the same figures with a line for each thing that must not be; exit code 1 where there is any.
"""

import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import tyro

from scripts.faults import clock, commands, damage, hostile, kills, readers, writers, writes
from scripts.faults.forked import COMMAND, Runner, server
from scripts.faults.promised import Target
from scripts.faults.tally import Tally, lines
from scripts.figures import check_json, write_json

Part = Literal["kills", "writes", "damage", "writers", "clock", "hostile"]
Command = Literal["generate", "merge", "pretrain", "finetune", "ablate"]


@dataclass(frozen=True)
class Options:
    """Do harm to commands and files, and count what comes of it."""

    room: Path
    """Folder to work in; empty or not there."""
    parts: tuple[Part, ...] = ("kills", "writes", "damage", "writers", "clock", "hostile")
    """What is done."""
    commands: tuple[Command, ...] = ("generate", "merge", "pretrain", "finetune", "ablate")
    """To which commands kills, full disks, second writers and clocks are done."""
    kills: int = 334
    """SIGKILLs of each command."""
    writes: int = 1000
    """Places at which a disk fills, at most."""
    writers: int = 30
    """Second writers of each command."""
    clocks: int = 10
    """Runs of each command under clocks that jump."""
    damages: int = 10_000
    """Bit flips, truncations and swaps."""
    mutations: int = 200
    """Changed copies of every file that is read."""
    calls: str = COMMAND
    """Function that takes the words of a command: `tests.faulty:run` draws ellipses for faces, so
    that what `generate` does with them is killed more often in the same time."""
    minutes: float = 600.0
    """Time for each row of the table; what is not done by then is not done."""
    seed: int = 0
    """Of everything that is drawn."""
    json: Path | None = None
    """Write the figures here too."""


def main(arguments: list[str]) -> int:
    """Do harm and print what came of it; 1 where anything came that must not."""
    options = tyro.cli(Options, prog="fault_campaign", args=arguments)
    check_json(options.json)
    options.room.mkdir(parents=True, exist_ok=True)
    room, tallies = options.room.resolve(), []
    for tally in campaign(options, room):
        tallies.append(tally)
        print(f"{tally.harm}, {tally.to}: {dict(tally.outcomes)}, {len(tally.wrong)} wrong")
        for line in tally.wrong:
            print(f"WRONG {line}")
        sys.stdout.flush()
        # After each: what was done stands, whatever comes.
        write_json(options.json, {"seed": options.seed, "done": [one.figures() for one in tallies]})
    print("\n".join(lines(tallies)))
    return 1 if any(one.wrong for one in tallies) else 0


def campaign(options: Options, room: Path) -> Iterator[Tally]:
    """Do part by part, each in a folder of its own."""
    for name in options.commands:
        if {"kills", "writes", "writers", "clock"} & {*options.parts}:
            yield from _harmed(name, options, room)
    if not {"damage", "hostile"} & {*options.parts}:
        return
    with server((), options.calls) as run:
        data = commands.damageable(run, room)
    if "damage" in options.parts:
        place, until = _place(room / "damage"), time.monotonic() + 60 * options.minutes
        yield from damage.damaged(data, place, options.damages, options.seed, until)
    if "hostile" in options.parts:
        yield from _hostile(data, options, _place(room / "hostile"))


def _harmed(name: Command, options: Options, room: Path) -> Iterator[Tally]:
    """Everything that is done to a command at work."""
    with server((), options.calls) as run:
        target = _target(name, run, room)
    seed, ready = options.seed, target.imports
    with server(ready, options.calls) as run, server(ready, options.calls) as other:
        for part in options.parts:
            place = _place(room / f"{part}_{name}") if part not in ("damage", "hostile") else room
            until = time.monotonic() + 60 * options.minutes
            match part:
                case "kills":
                    killed = commands.generate(2) if name == "generate" else target
                    yield kills.killed(killed, run, place, options.kills, seed, until)
                case "writes":
                    yield from writes.full(target, run, place, options.writes, 60 * options.minutes)
                case "writers":
                    yield writers.two(target, (run, other), place, options.writers, seed, until)
                case "clock":
                    yield clock.jumps(target, run, place, options.clocks, seed, until)


def _target(name: Command, run: Runner, room: Path) -> Target:
    """A command with the data that it is given, which are made here."""
    match name:
        case "generate":
            return commands.generate()
        case "merge":
            return commands.merge(commands.parted(run, room))
        case "pretrain":
            return commands.pretrain(commands.drawn(run, room))
        case "finetune":
            return commands.finetune(commands.filmed(run, room))
        case "ablate":
            return commands.ablate(commands.filmed(run, room))


def _hostile(data: Path, options: Options, place: Path) -> Iterator[Tally]:
    """Files made to do harm, and changed copies of files of every kind."""
    # Imported here: these need what learns.
    from scripts.faults.hostile_made import made_to_harm
    from scripts.faults.seeds import seeds

    with server(readers.IMPORTS, "scripts.faults.readers:run") as run:
        yield hostile.by_hand(made_to_harm(place / "canary"), run, place)
        until = time.monotonic() + 60 * options.minutes
        yield from hostile.by_mutation(
            seeds(data), run, place, options.mutations, options.seed, until
        )


def _place(path: Path) -> Path:
    """A new folder."""
    path.mkdir()
    return path


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
