"""Bit flips, truncations and swaps in shards, index and manifest, each to be found by `verify`.

A swap exchanges two stretches of a file, or of two files of one kind. What changes no byte is drawn
again. Damage to the manifest is named where a file is that it no longer fits.
"""

import faulthandler
import resource
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np

from assets.streams import stream
from generator import pool
from generator.shards.folder import INDEX
from generator.shards.manifest import NAME as MANIFEST
from generator.shards.verify import verify
from scripts.faults.tally import Tally

Kind = Literal["bit flip", "truncation", "swap"]
KINDS: tuple[Kind, ...] = ("bit flip", "bit flip", "truncation", "swap")
"""Drawn evenly: half are bit flips."""
PATIENCE = 60.0
MEMORY = 6 * 2**30
"""Address space of what verifies, libraries and all."""
A_BATCH = 250


@dataclass(frozen=True)
class Batch:
    """Damages that a worker does one after the other to its own copy of a data set."""

    data: Path
    room: Path
    first: int
    count: int
    seed: int
    until: float

    def __str__(self) -> str:
        """Name the batch in errors; `at` in its room has the number of the damage."""
        return f"damage {self.first} and on"


def damaged(data: Path, room: Path, times: int, seed: int, until: float) -> list[Tally]:
    """Do so many damages, or as many as fit until a time by the steady clock."""
    firsts = range(0, times, A_BATCH)
    batches = [Batch(data, room, at, min(A_BATCH, times - at), seed, until) for at in firsts]
    found = pool.run(_batch, batches, 1, lambda _: None)
    tallies: dict[str, Tally] = {}
    for one in (tally for of_batch in found for tally in of_batch):
        into = tallies.setdefault(one.to, Tally(one.harm, one.to))
        into.outcomes += one.outcomes
        into.wrong += one.wrong
        into.seconds += one.seconds
    return list(tallies.values())


def _batch(batch: Batch, report: pool.Report) -> list[Tally]:
    """Do the damages of a batch; in a worker."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, resource.getrlimit(resource.RLIMIT_AS)[1]))
    tallies = {
        name: Tally("bit flip, truncation or swap", name)
        for name in ("shards", "index", "manifest")
    }
    whole = {path.name: path.read_bytes() for path in batch.data.iterdir() if path.is_file()}
    out = batch.room / f"batch{batch.first}"
    out.mkdir()
    for name, data in whole.items():
        (out / name).write_bytes(data)
    of = {
        "shards": sorted(name for name in whole if name.endswith(".tar")),
        "index": [INDEX],
        "manifest": [MANIFEST],
    }
    for number in range(batch.first, batch.first + batch.count):
        if time.monotonic() > batch.until:
            break
        rng = stream(batch.seed, number, "damage")
        where = ("shards", "index", "manifest")[int(rng.integers(3))]
        kind = KINDS[int(rng.integers(len(KINDS)))]
        names = of[where]
        name = names[int(rng.integers(len(names)))]
        changed = {name: whole[name]}
        while all(whole[one] == data for one, data in changed.items()):
            changed = _changed(kind, name, names, whole, rng)
        for one, data in changed.items():
            (out / one).write_bytes(data)
        (batch.room / "at").write_text(f"{number}: {kind} in {', '.join(changed)}")
        faulthandler.dump_traceback_later(PATIENCE, exit=True)
        start = time.monotonic()
        outcome, wrong = _found(out, {*changed})
        tallies[where].seconds += time.monotonic() - start
        faulthandler.cancel_dump_traceback_later()
        what = f"damage {number}, {kind} in {', '.join(changed)}"
        tallies[where].note(f"{kind} {outcome}", wrong and f"{what}: {wrong}")
        for one in changed:
            (out / one).write_bytes(whole[one])
    return list(tallies.values())


def _changed(
    kind: Kind, name: str, names: list[str], whole: dict[str, bytes], rng: np.random.Generator
) -> dict[str, bytes]:
    data = bytearray(whole[name])
    match kind:
        case "bit flip":
            data[int(rng.integers(len(data)))] ^= 1 << int(rng.integers(8))
        case "truncation":
            del data[int(rng.integers(len(data))) :]
        case "swap":
            other = names[int(rng.integers(len(names)))]
            if other != name and rng.integers(2):
                return {name: whole[other], other: whole[name]}
            length = int(rng.integers(1, max(2, min(2000, len(data) // 3))))
            one, two = sorted(rng.integers(0, len(data) - length, 2).tolist())
            if one + length <= two:
                first, second = data[one : one + length], data[two : two + length]
                data[one : one + length], data[two : two + length] = second, first
    return {name: bytes(data)}


def _found(out: Path, changed: set[str]) -> tuple[str, str]:
    """Whether `verify` finds damage, and what is wrong where it does not find it or name it."""
    try:
        faults = verify(out, lambda done, total: None).faults
    except (ValueError, OSError) as error:
        text = str(error)
        named = any(name in text for name in changed)
        return "refused", "" if named else f"refused without its name: {text[:200]}"
    except MemoryError as error:
        return "memory", f"memory: {error!s:.200}"
    # What verify does not catch is what is looked for.
    except Exception as error:
        return "crashed", f"crashed with {type(error).__name__}: {error!s:.200}"
    if not faults:
        return "not found", "not found"
    if changed & {one.file for one in faults} or MANIFEST in changed:
        return "found", ""
    return "found", f"found, and called {faults[0].file}"
