"""Photographs and made pictures that show their class of pain by colour, made in this process."""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from assets import folds as dividing
from assets.folds import How
from assets.population import Split
from assets.unbc import SUBJECTS
from generator import pool
from generator.config import GenerateConfig
from generator.jobs import Run, generate
from generator.producer import Producer
from generator.shards import codec
from generator.shards.card import About
from generator.shards.derived import Derived, about_derived
from generator.shards.record import Record, Sample, Translation
from tests import cohort, fake_producer
from tests.cohort import CohortConfig
from tests.runs import ignore

COLOURS = ((20, 20, 20), (230, 30, 30), (30, 230, 30), (30, 30, 230), (230, 230, 30), (230,) * 3)
"""Of the classes, in their order."""
STARTS = (1, 4, 7, 10, 13)
"""Lowest PSPI of the classes from 1."""
PEOPLE = cohort.PEOPLE
Shift = int
"""By how many places the colours of a set are off: 0 shows classes as photographs do."""


def coloured(sample: Sample, shift: Shift = 0) -> Sample:
    """The same sample, its picture in the colour of its class, with a little noise of its key."""
    record = sample.record
    assert record.pspi is not None
    at = bisect_right(STARTS, record.pspi)
    rng = np.random.Generator(np.random.Philox(key=list(record.key.encode())[-1]))
    colour = np.array(COLOURS[(at + shift) % len(COLOURS)]) + rng.integers(-15, 16, 3)
    picture = np.broadcast_to(colour.clip(0, 255), (record.height, record.width, 3))
    data = codec.encode_image(picture.astype(np.uint8), record.image)
    return Sample(record, {**sample.members, record.image: data})


def make_real(config: CohortConfig, index: int) -> list[Sample]:
    return [coloured(one) for one in cohort.make_person(config, index)]


REAL = replace(cohort.PRODUCER, make_person=make_real)


def photographs(out: Path, **changed: Any) -> Path:
    """Photographs of ten people: three of PSPI 0 and six in pain each."""
    config = replace(cohort.CONFIG, pain_per_identity=6, confounders=2, **changed)
    return _make(out, config, REAL)


@dataclass(frozen=True)
class PaintedConfig(GenerateConfig):
    """A 2D set: blocks by fold or none, and what is wrong with it."""

    folds: How | None = "public5"
    faulty: bool = False
    """Whether each fold has its fault, of `FAULTS`."""
    registered: str | None = None


PAINTED = PaintedConfig(
    identities=PEOPLE,
    pain_per_identity=0,
    confounders=0,
    views=1,
    size=32,
    people_per_shard=PEOPLE,
    annotations=(),
)
FAULTS = ("self", "val", "test", "stranger", "nobody")
"""Fold by fold: who is among those who trained every network, the person shown, a validation or a
test person; then a validation person is shown, and records do not say who trained."""
LEVELS = (1, 2, 4, 7, 10, 14)
"""Every class from 1, and one of them twice."""


def make_painted(config: PaintedConfig, index: int) -> list[Sample]:
    """An unchanged input and a picture a PSPI level, in every fold that trains on the person."""
    name, made = SUBJECTS[index], []
    first = fake_producer.make_person(config, index)[0]
    for fold in dividing.folds(config.folds or "public5", SUBJECTS[:PEOPLE], 0):
        fault = FAULTS[fold.number - 1] if config.faulty else ""
        if name not in fold.train and not (fault == "stranger" and name == fold.val[0]):
            continue
        teachers = [one for one in fold.train if one != name][:2]
        taught = {"self": name, "val": fold.val[1], "test": fold.test[0]}
        teachers += [taught[fault]] if fault in taught else []
        number = fold.number if config.folds else None
        if not config.folds and fold.number > 1:
            break
        for level in (0, *LEVELS):
            record = _painted(first.record, name, number, level, tuple(teachers))
            if fault == "nobody":
                record = replace(record, translation=None)
            made.append(coloured(Sample(record, first.members)))
    return made


def _painted(
    record: Record, name: str, fold: int | None, level: int, teachers: tuple[str, ...]
) -> Record:
    changed = level > 0
    translation = Translation(
        input_key=f"{name}_in",
        trained_on=teachers,
        condition=dict.fromkeys(record.aus.target.label, 0.0) if record.aus.target else None,
        aus="4=1",
        score=58.0,
        network="gan 0",
    )
    unchanged = replace(translation, condition=None, aus=None, score=None, network=None)
    return replace(
        record,
        key=f"{name}_f{fold or 0}_l{level:02d}",
        identity=name,
        split="train",
        fold=fold,
        kind="pain" if changed else "neutral",
        source="2d",
        pspi=float(level),
        neutral_key=None,
        translation=translation if changed else unchanged,
    )


def _stated(config: PaintedConfig) -> dict[str, Any]:
    return {"derived": asdict(_derived(config))}


def _derived(config: PaintedConfig) -> Derived:
    registered: Any = config.registered
    return Derived(
        "augment2d", "0" * 64, "2d", False, registered, 32, PEOPLE, gan="1" * 64, people=("unbc",)
    )


def _about(config: PaintedConfig) -> About:
    return about_derived(_derived(config))


def _splits(config: PaintedConfig) -> list[Split]:
    return ["train"] * PEOPLE


def _pictures(config: PaintedConfig, people: Sequence[int]) -> int:
    return sum(len(make_painted(config, one)) for one in people)


PAINTER = Producer(
    make_painted,
    _splits,
    _pictures,
    fake_producer.made_with,
    about=_about,
    stated=_stated,
)


def painted(out: Path, **changed: Any) -> Path:
    """A 2D set of the same ten people, a picture a level."""
    return _make(out, replace(PAINTED, **changed), PAINTER)


@dataclass(frozen=True)
class ShiftedConfig(GenerateConfig):
    """Made people whose pictures show the class before their own."""


def make_shifted(config: ShiftedConfig, index: int) -> list[Sample]:
    return [coloured(one, -1) for one in fake_producer.make_person(config, index)]


SHIFTED = replace(fake_producer.PRODUCER, make_person=make_shifted)


def shifted(out: Path) -> Path:
    """A 3D set that teaches every class of pain wrongly: 20 people, 14 of them in split train."""
    config = ShiftedConfig(
        identities=20, pain_per_identity=8, confounders=0, views=1, size=32, annotations=()
    )
    return _make(out, config, SHIFTED)


def _make(out: Path, config: Any, producer: Producer[Any]) -> Path:
    """Make a data set without a process that starts and imports for it."""

    def here(work: Any, tasks: Sequence[Any], workers: int, report: Any) -> list[Any]:
        return [work(task, report) for task in tasks]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pool, "run", here)
        generate(config, producer, Run(out), ignore)
    return out
