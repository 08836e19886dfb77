"""A finished data set that another one is made of: its people, their pictures, what it states."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

from assets.population import Split
from generator.shards.derived import Derived, read_derived, stands_in
from generator.shards.folder import CONFIG, DataSet, open_folder
from generator.shards.index import Row
from generator.shards.record import Sample

AT_ONCE = 4096
"""Rows of the index that are objects at a time."""


@dataclass(frozen=True, eq=False)
class Origin:
    """A data set by people, who come in the order of its index; `places` are rows of the index."""

    data: DataSet
    people: tuple[str, ...]
    splits: tuple[Split, ...]
    places: tuple[tuple[int, ...], ...]

    @property
    def source(self) -> str:
        """Source of all its records; raises ValueError where they have several, or none."""
        names = self.data.index.column("source").unique().to_pylist()
        if len(names) != 1:
            got = ", ".join(names) or "no picture"
            raise ValueError(f"{self.data.folder} must have pictures of one source, got {got}")
        return names[0]

    @property
    def surrogate(self) -> bool:
        """Whether it stands in for UNBC-McMaster, or was made from what does."""
        return stands_in(self.data.config)

    @property
    def derived(self) -> Derived | None:
        """How it was made from another one, None where it was not."""
        return read_derived(self.data.config, str(self.data.folder / CONFIG))

    def rows(self, person: int) -> Iterator[Row]:
        """Rows of somebody's pictures; neutrals first, else as they lie there."""
        places = np.array(self.places[person])
        kinds = self.data.index.column("kind").take(places).to_pylist()
        neutral = np.array([kind == "neutral" for kind in kinds])
        for part in (places[neutral], places[~neutral]):
            for at in range(0, len(part), AT_ONCE):
                yield from self.data.index.take(part[at : at + AT_ONCE]).to_pylist()

    def samples(self, person: int) -> Iterator[Sample]:
        """Somebody's pictures, one in memory at a time; raises ValueError for altered bytes."""
        for row in self.rows(person):
            yield self.data.sample(row)

    def pictures(self, people: Sequence[int]) -> int:
        """How many pictures some people have."""
        return sum(len(self.places[person]) for person in people)


@cache
def origin(folder: Path) -> Origin:
    """Open a data set; raises ValueError where it is none, is unfinished, or holds nothing."""
    data = open_folder(folder)
    names, splits = (data.index.column(name).to_pylist() for name in ("identity", "split"))
    places: dict[str, list[int]] = {}
    for place, name in enumerate(names):
        places.setdefault(name, []).append(place)
    if not places:
        raise ValueError(f"{folder} must hold pictures, got none")
    return Origin(
        data,
        tuple(places),
        tuple(splits[of[0]] for of in places.values()),
        tuple(tuple(of) for of in places.values()),
    )


def check_apart(out: Path, *sources: Path) -> None:
    """Raise ValueError where what is made would lie in what it is made of."""
    for source in sources:
        if out.resolve().is_relative_to(source.resolve()):
            raise ValueError(f"out must lie outside of {source}, got {out}")
