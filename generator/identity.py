"""One synthetic person: facts, head shape and looks, all drawn from the data set's seed."""

from dataclasses import dataclass
from functools import lru_cache

from assets.allocation import Slot, allocate
from assets.population import (
    AgeRange,
    Person,
    band_name,
    draw_age,
    draw_shares,
    draw_tone,
    parse_ages,
)
from assets.streams import stream
from generator.grooming import Grooming, draw_grooming
from generator.looks import Looks, draw_looks
from generator.shape import Shape, draw_shape


@dataclass(frozen=True)
class Identity:
    """Everything about a person that all their pictures share.

    `seed` is the data set's; a stage that needs draws of its own (texture, hair) takes
    `stream(identity.seed, identity.index, STAGE, SAMPLE)`.
    """

    seed: int
    person: Person
    shape: Shape
    looks: Looks
    grooming: Grooming

    @property
    def index(self) -> int:
        """The person's number in the data set, from 0."""
        return self.person.index

    @property
    def name(self) -> str:
        """The person's name in keys and tables."""
        return f"p{self.index:06d}"


@lru_cache(maxsize=4)
def _slots(count: int, seed: int, ages: AgeRange) -> tuple[Slot, ...]:
    return allocate(count, seed, ages)


def _person(index: int, slot: Slot, seed: int) -> Person:
    rng = stream(seed, index, "person")
    age_years = draw_age(slot.band, slot.newborn, rng)
    african, asian, caucasian = draw_shares(slot.ethnicity, rng)
    return Person(
        index=index,
        split=slot.split,
        band=band_name(age_years),
        sex=slot.sex,
        ethnicity=slot.ethnicity,
        age_years=age_years,
        african=african,
        asian=asian,
        caucasian=caucasian,
        skin_tone=draw_tone(slot.ethnicity, rng),
    )


def make_identity(index: int, count: int, seed: int, ages: str = "18-90") -> Identity:
    """Make person `index` of a data set of `count` people.

    `ages` as in `assets.population.parse_ages`. The same for the same arguments, whoever else is
    made. Raises ValueError for an index outside the set or an impossible age range.
    """
    slots = _slots(count, seed, parse_ages(ages))
    if not 0 <= index < count:
        raise ValueError(f"index must be from 0 to {count - 1}, got {index}")
    person = _person(index, slots[index], seed)
    return Identity(
        seed=seed,
        person=person,
        shape=draw_shape(person, stream(seed, index, "shape")),
        looks=draw_looks(person, stream(seed, index, "looks")),
        grooming=draw_grooming(
            person, stream(seed, index, "groom"), stream(seed, index, "hair style")
        ),
    )
