"""Stages of `scripts/bench_scale.py` that make data sets and verify them, and need no torch."""

from collections.abc import Callable, Mapping
from pathlib import Path

from generator import jobs, merge, pool, synth3d
from generator.config import GenerateConfig
from generator.producer import Producer
from generator.shards.card import SYNTHETIC
from generator.shards.folder import Part
from generator.shards.verify import Report, Seen, Work, verify
from scripts.scale import stand_in

SIZE = 32
"""Side of the pictures: the smallest there is."""
EACH = GenerateConfig.views * (1 + GenerateConfig.pain_per_identity)
"""Pictures a person."""
PARTS = 4
"""Parts that are merged."""
DRAWN, SET = "drawn", "set"


def config(pictures: int) -> GenerateConfig:
    """As many people as have so many pictures, or a few less."""
    return GenerateConfig(identities=max(1, pictures // EACH), size=SIZE)


def part(folder: Path, number: int) -> Path:
    """Where a part lies."""
    return folder / f"part{number}"


def generate(folder: Path, pictures: int) -> int:
    """Make a data set with one worker."""
    return _generate(folder / DRAWN, pictures, synth3d.PRODUCER, None)


def produce(folder: Path, pictures: int) -> int:
    """Make the parts of a data set of pictures of one person, one after the other."""
    numbers = range(1, PARTS + 1)
    producer = stand_in.PRODUCER
    return sum(
        _generate(part(folder, number), pictures, producer, Part(number, PARTS))
        for number in numbers
    )


def _generate(
    out: Path, pictures: int, producer: Producer[GenerateConfig], which: Part | None
) -> int:
    made: list[int] = []
    run = jobs.Run(out, part=which)
    jobs.generate(config(pictures), producer, run, lambda done, total: made.append(done))
    return sum(made)


def join(folder: Path, pictures: int) -> int:
    """Merge the parts."""
    parts = [part(folder, number) for number in range(1, PARTS + 1)]
    merge.merge(parts, folder / SET, SYNTHETIC, lambda done, total: None)
    return config(pictures).identities * EACH


def read_back(folder: Path, pictures: int) -> int:
    """Verify the data set with one worker."""

    def each(work: Work, names: list[str], report: Report) -> list[Seen]:
        return pool.run(work, names, 1, report)

    found = verify(folder / SET, lambda done, total: None, each)
    if found.faults:
        raise ValueError(f"{folder / SET} must be whole, got {found.faults[0]}")
    return found.figures["samples"]


MAKING: Mapping[str, Callable[[Path, int], int]] = {
    "generate": generate,
    "produce": produce,
    "merge": join,
    "verify": read_back,
}
"""Each gives the pictures that it went through."""
