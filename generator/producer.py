"""What makes the samples of a data set, as the jobs that write shards see it.

The jobs know nothing of heads or rendering: a producer is a few functions, importable by name so
that worker processes find them.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from assets.population import Split
from generator.config import GenerateConfig
from generator.shards.card import SYNTHETIC, About
from generator.shards.record import Sample


def _nothing(config: GenerateConfig) -> None:
    """Prepare nothing."""


@dataclass(frozen=True)
class Producer:
    """Functions of a configuration; each gives the same for the same arguments, anywhere.

    `make_person(config, index)` gives the samples of one person, whose keys no other person has;
    `splits(config)` the split of every person by index; `pictures(config)` how many samples a
    person has; `made_with(config)` names versions and file hashes that decide bytes;
    `prepare(config)` does once, before workers start, what each of them would do for itself.
    """

    make_person: Callable[[GenerateConfig, int], list[Sample]]
    splits: Callable[[GenerateConfig], Sequence[Split]]
    pictures: Callable[[GenerateConfig], int]
    made_with: Callable[[GenerateConfig], dict[str, str]]
    prepare: Callable[[GenerateConfig], None] = _nothing
    about: About = SYNTHETIC
