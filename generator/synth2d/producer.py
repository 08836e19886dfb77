"""Painted pictures as a producer of samples: what writes generated shards writes these too."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import lru_cache

import numpy as np
import pyarrow as pa
import torch

from assets.population import Split
from assets.streams import stream
from generator.gan2d import weights
from generator.gan2d.config import GanConfig
from generator.gan2d.folder import Network
from generator.gan2d.machine import machine
from generator.gan2d.painter import Painter
from generator.importers.names import key_of
from generator.producer import Note, Producer
from generator.provenance import source, vectors
from generator.shards.card import About
from generator.shards.codec import encode_image
from generator.shards.derived import about_derived
from generator.shards.manifest import json_bytes
from generator.shards.record import Sample, Translation
from generator.synth2d import records
from generator.synth2d.config import SynthConfig, check, derived, stated
from generator.synth2d.inputs import Input, candidates, frontal
from generator.synth2d.wishes import LEVELS, Wish, wishes

REPORT = "augment_report.json"
BATCH = 64
"""Pictures that a network paints at a time: the same always, as others differ in a last bit."""


def make_person(config: SynthConfig, index: int) -> Iterator[Sample | Note]:
    """Blocks of one person, fold by fold: unchanged inputs, then every level."""
    name, rows = config.origin.people[index], candidates(config.origin, index)
    whole = _each(config)
    folds = [fold for fold in config.networks.folds() if _may(config, name, fold)]
    if not folds:
        rule = "a network that may paint them and has never seen them"
        yield Note("no_network", name, f"must have {rule}", "none", whole)
        return
    if not rows:
        rule = "must have a frame of PSPI 0 with AU43 0"
        yield Note("no_input", name, rule, "none", whole * len(folds))
        return
    # The level with the fewest lists asks for the most frames, and level 0 for all there are.
    found = frontal(config.origin.data, rows, config.per_level, config.networks.shape.size)
    for fold in folds:
        yield from _block(config, index, name, fold, found)


def _each(config: SynthConfig) -> int:
    """Pictures of a whole block."""
    return config.per_level * (1 + len(LEVELS))


def _may(config: SynthConfig, name: str, fold: int | None) -> bool:
    try:
        config.networks.paints(name, config.origin.source, fold)
    except ValueError:
        return False
    return True


def _block(
    config: SynthConfig, index: int, name: str, fold: int | None, found: list[Input]
) -> Iterator[Sample | Note]:
    gan = config.networks
    network = gan.paints(name, config.origin.source, fold)
    seen = gan.seen(network, config.origin.source)
    size, where = gan.shape.size, name if fold is None else f"{name}, fold {fold}"
    prefix = (name,) if fold is None else (name, f"fold{fold}")
    first = key_of(*prefix, "p00", "0000")
    for number, one in enumerate(found):
        block = Translation(one.record.key, seen)
        key = key_of(*prefix, "p00", f"{number:04d}")
        record = records.unchanged(one.record, key, block, size)
        kind = "neutral" if number == 0 else "pain"
        record = replace(record, fold=fold, kind=kind, neutral_key=first)
        yield Sample(record, {"jpg": encode_image(one.picture)})
    short = config.per_level - len(found)
    if short:
        yield Note("few", f"{where}, PSPI 0", f"must be {config.per_level}", str(len(found)), short)
    asked: list[Wish] = []
    for level in LEVELS:
        rng = stream(config.seed, index, f"augment2d {fold}", level)
        drawn = wishes(level, config.per_level, len(found), rng)
        short = config.per_level - len(drawn)
        if short:
            rule, got = f"must be {config.per_level}", str(len(drawn))
            yield Note("few", f"{where}, PSPI {level}", rule, got, short)
        asked += drawn
    told = f"{network.name} sha256:{network.sha256}"
    for at in range(0, len(asked), BATCH):
        part = asked[at : at + BATCH]
        given = [records.condition(wish, gan) for wish in part]
        pictures = np.stack([found[wish.input].picture for wish in part])
        made = _painter(config, network).paint(
            pictures, np.stack([records.scaled(one, gan) for one in given])
        )
        for wish, condition, picture in zip(part, given, made, strict=True):
            record = found[wish.input].record
            block = Translation(record.key, seen, network=told)
            key = key_of(*prefix, f"p{wish.level:02d}", f"{wish.number:04d}")
            record = records.painted(record, key, wish, condition, block, size)
            record = replace(record, fold=fold, neutral_key=first)
            yield Sample(record, {"jpg": encode_image(picture)})


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
    folds = config.networks.folds()
    names = [config.origin.people[one] for one in people]
    blocks = [max(1, sum(_may(config, name, fold) for fold in folds)) for name in names]
    return _each(config) * sum(blocks)


def made_with(config: SynthConfig) -> dict[str, str]:
    """Versions that decide bytes."""
    return {"torch": torch.__version__, "vectors": vectors(), "generator": source("generator")}


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
            "people left out": sum(one.topic != "few" for one in notes),
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
    make_person, splits, pictures, made_with, check, about, stated=stated, beside=beside
)
"""As `generator.jobs` takes it; torch works with the one thread that workers are given."""
