"""Which person lies in which shard, and which shards a part makes.

Both depend on the configuration alone: a shard is a block of the people of one split in the order
of their indices, and part K of N is every N-th shard from the K-th.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from assets.population import SPLITS, Split
from generator.shards.folder import Part
from generator.shards.tarball import stem


@dataclass(frozen=True)
class Shard:
    """A tar file to make: its split, its number in the split, and the indices of its people."""

    split: Split
    number: int
    people: tuple[int, ...]

    @property
    def name(self) -> str:
        """File name."""
        return f"{self.stem}.tar"

    @property
    def stem(self) -> str:
        """File name without its ending."""
        return stem(self.split, self.number)

    def __str__(self) -> str:
        """Name the shard in errors without all of its people."""
        return self.name


def shards(splits: Sequence[Split], people_per_shard: int) -> tuple[Shard, ...]:
    """Plan the shards of a data set: train, then val, then test, each by number."""
    planned = []
    for split in SPLITS:
        people = [index for index, of_person in enumerate(splits) if of_person == split]
        starts = range(0, len(people), people_per_shard)
        planned += [
            Shard(split, number, tuple(people[start : start + people_per_shard]))
            for number, start in enumerate(starts)
        ]
    return tuple(planned)


def of_part(planned: Sequence[Shard], part: Part | None) -> tuple[Shard, ...]:
    """The shards of one part, all of them without one."""
    if part is None:
        return tuple(planned)
    return tuple(planned[part.number - 1 :: part.of])
