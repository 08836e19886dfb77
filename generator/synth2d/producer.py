"""Painted pictures as a producer of samples: what writes generated shards writes these too."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
import pyarrow as pa

from assets.population import Split
from assets.repeatable import repeatable
from assets.streams import stream
from generator.gan2d import weights
from generator.gan2d.config import GanConfig
from generator.gan2d.folder import Done, Network
from generator.gan2d.machine import machine, named
from generator.gan2d.painter import Painter
from generator.importers.names import key_of
from generator.producer import Note, Producer
from generator.provenance import source
from generator.shards.card import About
from generator.shards.codec import encode_image
from generator.shards.derived import about_derived
from generator.shards.manifest import json_bytes
from generator.shards.record import Intensities, Sample, Translation
from generator.synth2d import records
from generator.synth2d.config import SynthConfig, check, derived, stated
from generator.synth2d.inputs import Input, candidates, frontal
from generator.synth2d.wishes import LEVELS, Wish, wishes

REPORT = "augment_report.json"
BATCH = 64
"""Pictures that a network paints at a time: the same always, as others differ in a last bit."""


def make_person(config: SynthConfig, index: int) -> Iterator[Sample | Note]:
    """Blocks of one person, fold by fold: unchanged inputs, then every level."""
    name = config.origin.people[index]
    whole, gan, source = _each(config), config.networks, config.origin.source
    theirs, may = gan.theirs(name), []
    for network in theirs:
        if name in gan.seen(network, source):
            rule = f"must never have been seen by network {network.name}, which is to paint them"
            yield Note("no_network", name, rule, "somebody who trained it", whole)
        else:
            may.append(network)
    if not theirs:
        yield Note("no_network", name, "must have a network that is to paint them", "none", whole)
    if not may:
        return
    rows = candidates(config.origin, index)
    if not rows:
        rule = "must have a frame of PSPI 0 with AU43 0"
        yield Note("no_input", name, rule, "none", whole * len(may))
        return
    # The level with the fewest lists asks for the most frames, and level 0 for all there are.
    inputs = frontal(config.origin.data, rows, config.per_level, gan.config.size)
    for network in may:
        yield from _block(config, index, Block(name, network.fold, network), inputs)


@dataclass(frozen=True)
class Block:
    """A person, the fold they train in, and the network that paints them there."""

    person: str
    fold: int | None
    network: Network

    def key(self, level: int, number: int) -> str:
        """Key of a picture, by PSPI and number."""
        prefix = (self.person,) if self.fold is None else (self.person, f"fold{self.fold}")
        return key_of(*prefix, f"p{level:02d}", f"{number:04d}")

    def __str__(self) -> str:
        """As notes call it."""
        return self.person if self.fold is None else f"{self.person}, fold {self.fold}"


def prepare(config: SynthConfig) -> None:
    """Hold faces and networks to each other; raises ValueError as `check`, and where there is
    nobody to paint.
    """
    check(config)
    gan, source = config.networks, config.origin.source
    if not any(
        name not in gan.seen(network, source) and candidates(config.origin, number)
        for number, name in enumerate(config.origin.people)
        for network in gan.theirs(name)
    ):
        rule = "somebody at PSPI 0 whom a network may paint and has never seen"
        raise ValueError(f"{config.data} must have {rule}, got nobody for {config.gan}")


def _each(config: SynthConfig) -> int:
    """Pictures of a whole block."""
    return config.per_level * (1 + len(LEVELS))


def _block(
    config: SynthConfig, index: int, block: Block, inputs: list[Input]
) -> Iterator[Sample | Note]:
    seen = config.networks.seen(block.network, config.origin.source)
    size, first = config.networks.config.size, block.key(0, 0)
    for number, one in enumerate(inputs):
        origin = Translation(one.record.key, seen)
        record = records.unchanged(one.record, block.key(0, number), origin, size)
        kind = "neutral" if number == 0 else "pain"
        record = replace(record, fold=block.fold, kind=kind, neutral_key=first)
        yield Sample(record, {"jpg": encode_image(one.picture)})
    yield from _short(config, block, 0, len(inputs))
    asked: list[Wish] = []
    for level in LEVELS:
        rng = stream(config.seed, index, f"augment2d {block.fold}", level)
        drawn = wishes(level, config.per_level, len(inputs), rng)
        yield from _short(config, block, level, len(drawn))
        asked += drawn
    told = f"{block.network.name} sha256:{_done(block.network).generator}"
    for wish, given, picture in _painted(config, block.network, asked, inputs):
        record = inputs[wish.input].record
        origin = Translation(record.key, seen, network=told)
        key = block.key(wish.level, wish.number)
        record = records.painted(record, key, wish, given, origin, size)
        record = replace(record, fold=block.fold, neutral_key=first)
        yield Sample(record, {"jpg": encode_image(picture)})


def _short(config: SynthConfig, block: Block, level: int, count: int) -> Iterator[Note]:
    """Tell of pictures that there are fewer of than asked for."""
    short = config.per_level - count
    if short:
        rule = f"must be {config.per_level}"
        yield Note("few", f"{block}, PSPI {level}", rule, str(count), short)


def _painted(
    config: SynthConfig, network: Network, asked: list[Wish], inputs: list[Input]
) -> Iterator[tuple[Wish, Intensities, np.ndarray]]:
    """Every wish with its condition and its picture."""
    aus, closed = config.networks.aus, _done(network).closed.au45
    for at in range(0, len(asked), BATCH):
        part = asked[at : at + BATCH]
        given = [records.condition(wish, aus, closed) for wish in part]
        # Filled up, so that every batch is as large.
        places = [min(place, len(part) - 1) for place in range(BATCH)]
        pictures = np.stack([inputs[part[place].input].picture for place in places])
        wanted = np.stack([records.scaled(given[place], aus) for place in places])
        with repeatable(1):
            made = _painter(config, network).paint(pictures, wanted)
        yield from zip(part, given, made[: len(part)], strict=True)


def _done(network: Network) -> Done:
    assert network.done is not None
    return network.done


@lru_cache(maxsize=4)
def _painter(config: SynthConfig, network: Network) -> Painter:
    """A network at work; one thread, as workers have."""
    where = machine(GanConfig(device=config.device))
    made = weights.generator(config.gan, config.networks, network)
    return Painter(where.quick(where.placed(made).eval()), where)


def splits(config: SynthConfig) -> tuple[Split, ...]:
    """Split of everybody: that of their frames."""
    return config.origin.splits


def pictures(config: SynthConfig, people: Sequence[int]) -> int:
    """How many pictures some people are to have."""
    names = [config.origin.people[one] for one in people]
    return _each(config) * sum(max(1, len(config.networks.theirs(name))) for name in names)


def made_with(config: SynthConfig) -> dict[str, str]:
    """Versions that decide bytes."""
    where = machine(GanConfig(device=config.device))
    numbers = f"{'bf16' if where.bf16 else 'float32'}{', compiled' if where.compiled else ''}"
    code = source("assets", "generator")
    return {"painted": f"{named(where.device)}, {numbers}", "sources": code}


def about(config: SynthConfig) -> About:
    """What the card says."""
    return about_derived(derived(config))


def beside(config: SynthConfig, notes: Sequence[Note], rows: pa.Table) -> dict[str, bytes]:
    """The report: pictures a level, and who or what was left out."""
    levels = Counter(int(value) for value in rows.column("pspi").to_pylist())
    content = {
        "figures": {
            "pictures": rows.num_rows,
            "people": len(rows.column("identity").unique()),
            "people left out, or out of a fold": sum(one.topic != "few" for one in notes),
            "pictures fewer than asked for": sum(one.pictures for one in notes),
        },
        "pictures by PSPI": {str(level): levels[level] for level in sorted(levels)},
        "notes": [
            {"what": one.file, "rule": one.rule, "value": one.value, "pictures": one.pictures}
            for one in notes
        ],
    }
    return {REPORT: json_bytes(content)}


PRODUCER = Producer(
    make_person, splits, pictures, made_with, prepare, about, stated=stated, beside=beside
)
"""As `generator.jobs` takes it; torch works with the one thread that workers are given."""
