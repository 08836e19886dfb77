"""Data sets in the shape of UNBC-McMaster: its names, one split, sequences; ellipses for faces."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from assets.population import Split
from assets.unbc import SUBJECTS
from generator.config import GenerateConfig
from generator.jobs import Run, generate
from generator.shards.record import Sample
from tests import fake_producer
from tests.runs import here, ignore

PEOPLE = 10
"""The first ten names: two a fold of the public five; the thesis's fifth fold has none of them."""


@dataclass(frozen=True)
class CohortConfig(GenerateConfig):
    """Options of the ellipses, and what the importer would say of where they come from."""

    source: str = "unbc"


CONFIG = CohortConfig(
    identities=PEOPLE,
    pain_per_identity=2,
    confounders=0,
    views=1,
    size=32,
    people_per_shard=PEOPLE,
    annotations=(),
)


def splits(config: CohortConfig) -> list[Split]:
    return ["train"] * config.identities


def make_person(config: CohortConfig, index: int) -> list[Sample]:
    name, made = SUBJECTS[index], []
    for number, sample in enumerate(fake_producer.make_person(config, index), start=1):
        facts: dict[str, Any] = {"identity": name, "split": "train", "kind": "real"}
        facts |= {"source": config.source, "view": None, "neutral_key": None}
        facts |= {"sequence": f"{name[4:]}t1aaaff", "frame": number}
        made.append(replace(sample, record=replace(sample.record, **facts)))
    return made


PRODUCER = replace(fake_producer.PRODUCER, make_person=make_person, splits=splits)


def cohort(out: Path, **changed: Any) -> Path:
    """Make a data set of real people, as an importer leaves it."""
    with here():
        generate(replace(CONFIG, **changed), PRODUCER, Run(out), ignore)
    return out
