"""The design of a data set: balanced for every count, and in an order nobody can predict."""

from collections import Counter

import numpy as np
import pytest

from assets.allocation import Slot, _cell_counts, allocate, split_sizes
from assets.population import BANDS, ETHNICITIES, SEXES, SPLITS, AgeRange
from assets.streams import stream

EVERYONE = AgeRange(0, 90)
# Stride in the counts tried for 1 to 6 bands; the slow test tries every one.
STRIDES = (1, 3, 5, 11, 23, 31)


def spread(counts: np.ndarray) -> int:
    return int((counts.max(axis=-1) - counts.min(axis=-1)).max())


def holds(count: int, bands: int, seed: int) -> None:
    counts = _cell_counts(count, bands, stream(seed, -1, "test"))
    assert counts.sum(axis=1).tolist() == list(split_sizes(count))
    rows = np.concatenate([counts, counts.sum(axis=0, keepdims=True)])
    assert spread(rows) <= 1, (count, bands)
    table = rows.reshape(-1, bands, len(SEXES), len(ETHNICITIES))
    for others in ((2, 3), (1, 3), (1, 2)):
        assert spread(table.sum(axis=others)) <= 1, (count, bands)


@pytest.mark.parametrize("bands", range(1, 7))
def test_cells_and_margins_differ_by_at_most_one(bands: int) -> None:
    # What is left after whole copies repeats with a period of ten times the cells.
    for count in range(1, 120 * bands + 1, STRIDES[bands - 1]):
        holds(count, bands, seed=count)


@pytest.mark.slow
@pytest.mark.parametrize("bands", range(1, 7))
def test_cells_and_margins_differ_by_at_most_one_for_every_residue(bands: int) -> None:
    for count in range(1, 120 * bands + 1):
        holds(count, bands, seed=0)


@pytest.mark.parametrize("count", [1, 2, 3, 8, 20, 100, 999, 2500, 5000])
def test_margins_hold_in_the_slots_themselves(count: int) -> None:
    slots = allocate(count, 11, EVERYONE)
    assert len(slots) == count
    for chosen in [slots, *([s for s in slots if s.split == split] for split in SPLITS)]:
        for factor, levels in (("band", BANDS), ("sex", SEXES), ("ethnicity", ETHNICITIES)):
            seen = Counter(getattr(slot, factor) for slot in chosen)
            counts = [seen[level] for level in levels]
            assert sum(counts) == len(chosen)
            assert max(counts) - min(counts) <= 1
    youngest = [slot for slot in slots if slot.band == (0, 1)]
    newborns = sum(slot.newborn for slot in youngest)
    assert abs(2 * newborns - len(youngest)) <= 1
    assert newborns == sum(slot.newborn for slot in slots)


@pytest.mark.parametrize(
    ("count", "sizes"),
    [
        (1, (1, 0, 0)),
        (2, (2, 0, 0)),  # 1.4, 0.4, 0.2: a tie, to train
        (3, (2, 1, 0)),
        (5, (4, 1, 0)),  # 3.5, 1, 0.5: a tie, to train
        (8, (6, 1, 1)),  # 5.6, 1.6, 0.8
        (10, (7, 2, 1)),
        (15, (11, 3, 1)),  # 10.5, 3, 1.5: a tie, to train
        (2500, (1750, 500, 250)),
    ],
)
def test_split_sizes_are_the_largest_remainder(count: int, sizes: tuple[int, int, int]) -> None:
    assert split_sizes(count) == sizes


def test_split_sizes_add_up() -> None:
    assert all(sum(split_sizes(count)) == count for count in range(1, 5001))


def test_an_allocation_depends_on_its_arguments_alone() -> None:
    assert allocate(50, 3, EVERYONE) == allocate(50, 3, EVERYONE)
    assert allocate(50, 3, EVERYONE) != allocate(50, 4, EVERYONE)
    assert allocate(3, 0, AgeRange(18, 90))[0] == PINNED


def test_first_place_is_any_cell_equally_often() -> None:
    firsts = Counter(
        (slot.band, slot.sex, slot.ethnicity)
        for slot in (allocate(5, seed, AgeRange(18, 90))[0] for seed in range(720))
    )
    assert len(firsts) == 36
    expected = 720 / 36
    statistic = sum((n - expected) ** 2 / expected for n in firsts.values())
    # Chi-square with 35 degrees of freedom: 99.99 % lie below 76.
    assert statistic < 76


def test_a_range_without_newborns_has_none() -> None:
    assert not any(slot.newborn for slot in allocate(40, 0, AgeRange(1, 17)))
    assert {slot.band for slot in allocate(40, 0, AgeRange(1, 15))} == {(1, 1), (2, 12), (13, 15)}


@pytest.mark.parametrize("count", [0, -3])
def test_a_set_of_nobody_is_refused(count: int) -> None:
    with pytest.raises(ValueError, match=f"number of identities must be at least 1, got {count}"):
        allocate(count, 0, EVERYONE)


PINNED = Slot(split="val", band=(18, 39), sex="male", ethnicity="latino", newborn=False)
