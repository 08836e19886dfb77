"""What makes the samples of a data set, as the jobs that write shards see it.

The jobs know nothing of heads, rendering or anybody's files: a producer is a few functions of a
configuration, importable by name so that worker processes find them.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar, runtime_checkable

import pyarrow as pa

from assets.population import Split
from generator.config import decisive
from generator.shards.card import SYNTHETIC, About
from generator.shards.record import Sample


@runtime_checkable
class Deciding(Protocol):
    """What every configuration of a data set says."""

    @property
    def members(self) -> tuple[str, ...]:
        """Suffixes of the members that every sample has, in the order in which they lie."""
        ...

    @property
    def people_per_shard(self) -> int:
        """People a tar file, 1 or more."""
        ...


Config = TypeVar("Config", bound=Deciding)


@dataclass(frozen=True)
class Note:
    """Something to tell of what a data set is made from; the jobs keep it for `beside`."""

    topic: str
    """What kind of thing it is."""
    file: str
    rule: str
    value: str
    pictures: int = 0
    """How many pictures are not in the data set for it."""


def by_topic(
    notes: Sequence[Note], topics: Iterable[str], named: str
) -> dict[str, list[dict[str, str]]]:
    """Notes as reports list them, topic by topic; `named` is what they call the thing."""
    return {
        topic: [
            {named: note.file, "rule": note.rule, "value": note.value}
            for note in notes
            if note.topic == topic
        ]
        for topic in topics
    }


def _nothing(config: Any) -> None:
    """Prepare nothing."""


def _options(config: Any) -> dict[str, Any]:
    """State the options of a generated data set."""
    return {"options": decisive(config)}


def _synthetic(config: Any) -> About:
    """Say what a generated data set is."""
    return SYNTHETIC


def _no_files(config: Any, notes: Sequence[Note], rows: pa.Table) -> dict[str, bytes]:
    """Write nothing beside shards and descriptions."""
    return {}


@dataclass(frozen=True)
class Producer(Generic[Config]):
    """Functions of a configuration; each gives the same for the same arguments, anywhere.

    `make_person(config, index)` gives the samples of one person, whose keys no other person has,
    and notes; `splits(config)` the split of every person by index; `pictures(config, people)` how
    many pictures these people have in all, those left out among them; `made_with(config)` names
    versions and file hashes that decide bytes; `prepare(config)` does once, before workers start,
    what each of them would do for itself; `stated(config)` is what `config.json` says of the
    configuration; `beside(config, notes, rows)` gives files to write into the folder by name;
    `ahead(config, index)`, where there is one, makes for a person what only one process can make
    at a time, and keeps it where `make_person` finds it.
    """

    make_person: Callable[[Config, int], Iterable[Sample | Note]]
    splits: Callable[[Config], Sequence[Split]]
    pictures: Callable[[Config, Sequence[int]], int]
    made_with: Callable[[Config], dict[str, str]]
    prepare: Callable[[Config], None] = _nothing
    about: Callable[[Config], About] = _synthetic
    stated: Callable[[Config], dict[str, Any]] = _options
    beside: Callable[[Config, Sequence[Note], pa.Table], Mapping[str, bytes]] = _no_files
    ahead: Callable[[Config, int], None] | None = None
