"""Who falls in which cell and split: balanced by design for any count, in random order.

A cell is band x sex x ethnicity. Over the whole set, and within every split, cells differ by at
most one; so does each one-way margin (band, sex, ethnicity), again over the whole set and within
every split. Splits are 70/20/10 of the people by largest remainder, ties to train, then val.

How: every split gets the whole number of copies of every cell that fits in it, which is balanced
as it stands. What is left is fewer units than cells a split; a walk over exchanges, integers
only, moves those until all margins are level. The tests run it for every residue of the count
and every number of bands, which is every problem that can arise.
"""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from jaxtyping import Bool, Int

from assets.population import ETHNICITIES, SEXES, SPLITS, AgeRange, Ethnicity, Sex, Split
from assets.streams import stream

TENTHS = (7, 2, 1)
BATCHES_BEFORE_RESTART = 50


@dataclass(frozen=True)
class Slot:
    """A person's place in the design: `band` is cut to the age option, in completed years."""

    split: Split
    band: tuple[int, int]
    sex: Sex
    ethnicity: Ethnicity
    newborn: bool


def split_sizes(count: int) -> tuple[int, int, int]:
    """People in train, val and test: 70/20/10 by largest remainder, ties in that order."""
    sizes = [count * tenths // 10 for tenths in TENTHS]
    remainders = [count * tenths % 10 for tenths in TENTHS]
    by_remainder = sorted(range(3), key=lambda split: (-remainders[split], split))
    for split in by_remainder[: count - sum(sizes)]:
        sizes[split] += 1
    return sizes[0], sizes[1], sizes[2]


class _Residue:
    """Units left over: `taken[split, cell]`, and the counts of every margin they make.

    The last row of `margins` is the whole set. `strain` is the sum of squares of all margins,
    least when each is level.
    """

    def __init__(self, sizes: list[int], bands: int, rng: np.random.Generator) -> None:
        shape = (bands, len(SEXES), len(ETHNICITIES))
        cells = int(np.prod(shape))
        levels = np.stack(np.unravel_index(np.arange(cells), shape), axis=1)
        # Every level of every factor is one column of `margins`.
        self.columns = (levels + np.cumsum([0, *shape[:2]])).tolist()
        self.shape = shape
        self.taken = np.zeros((len(sizes), cells), dtype=bool)
        self.margins = [[0] * sum(shape) for _ in range(len(sizes) + 1)]
        order = rng.permutation(cells)
        start = 0
        for split, size in enumerate(sizes):
            for cell in order[np.arange(start, start + size) % cells].tolist():
                self.taken[split, cell] = True
                self._add(split, cell, 1)
                self._add(-1, cell, 1)
            start += size

    def _add(self, row: int, cell: int, sign: int) -> int:
        """Add a unit to one row of margins and return the change of strain."""
        counts, change = self.margins[row], 0
        for column in self.columns[cell]:
            change += 2 * sign * counts[column] + 1
            counts[column] += sign
        return change

    def move(self, splits: list[int], old: int, new: int) -> bool:
        """Carry a unit from cell `old` to `new` in one split, or exchange them between two.

        Undone, and False, where it would raise the strain.
        """
        pairs = [(splits[0], old, new)] + [(split, new, old) for split in splits[1:]]
        if len(pairs) == 1:
            pairs.append((-1, old, new))
        change = sum(
            self._add(row, source, -1) + self._add(row, sink, 1) for row, source, sink in pairs
        )
        if change > 0:
            for row, source, sink in pairs:
                self._add(row, sink, -1)
                self._add(row, source, 1)
            return False
        for row, source, sink in pairs:
            if row >= 0:
                self.taken[row, source], self.taken[row, sink] = False, True
        return True

    def walk(self, rng: np.random.Generator) -> None:
        """Try a batch of random moves; those that keep or lower the strain stay."""
        splits, cells = self.taken.shape
        # Numbers in bulk: a generator call a step would cost more than the step.
        for draw in rng.integers(0, cells * splits, size=(512, 2)).tolist():
            split, old = divmod(draw[0], cells)
            partner, new = divmod(draw[1], cells)
            if not self.taken[split, old] or self.taken[split, new]:
                continue
            totals = self.taken[:, [old, new]].sum(axis=0)
            if totals[0] > totals[1]:
                self.move([split], old, new)
            elif self.taken[partner, new] and not self.taken[partner, old]:
                self.move([split, partner], old, new)

    def level(self) -> bool:
        """Whether every margin of every split and of the whole differs by at most one."""
        starts = np.cumsum([0, *self.shape]).tolist()
        return all(
            max(counts[low:high]) - min(counts[low:high]) <= 1
            for counts in self.margins
            for low, high in pairwise(starts)
        )


def _level_residue(
    sizes: list[int], bands: int, rng: np.random.Generator
) -> Bool[np.ndarray, "splits cells"]:
    """Place `sizes` leftover units so that cells and all margins differ by at most one."""
    while True:
        residue = _Residue(sizes, bands, rng)
        # A walk that has not levelled by then may be stuck: begin again elsewhere.
        for _ in range(BATCHES_BEFORE_RESTART):
            if residue.level():
                return residue.taken
            residue.walk(rng)


def _cell_counts(
    count: int, bands: int, rng: np.random.Generator
) -> Int[np.ndarray, "splits cells"]:
    cells = bands * len(SEXES) * len(ETHNICITIES)
    sizes = np.array(split_sizes(count))
    residue = _level_residue((sizes % cells).tolist(), bands, rng)
    return (sizes // cells)[:, None] + residue.astype(np.int64)


def allocate(count: int, seed: int, ages: AgeRange) -> tuple[Slot, ...]:
    """Plan the people 0 to count - 1 of a data set.

    The same for the same three arguments, on any machine. Where the age range reaches newborns,
    half of the people in the band that begins at 0 are newborns (the odd one by chance).
    Raises ValueError for a count below 1.
    """
    if count < 1:
        raise ValueError(f"number of identities must be at least 1, got {count}")
    rng = stream(seed, -1, "allocation")
    bands = ages.bands
    counts = _cell_counts(count, len(bands), rng)
    places = [
        (split, *np.unravel_index(cell, (len(bands), len(SEXES), len(ETHNICITIES))))
        for split, row in enumerate(counts.tolist())
        for cell, people in enumerate(row)
        for _ in range(people)
    ]
    order = rng.permutation(count).tolist()
    young = [position for position in order if bands[int(places[position][1])][0] == 0]
    first = int(rng.integers(2))
    newborns = set(young[first::2])
    return tuple(
        Slot(
            split=SPLITS[places[position][0]],
            band=bands[int(places[position][1])],
            sex=SEXES[int(places[position][2])],
            ethnicity=ETHNICITIES[int(places[position][3])],
            newborn=position in newborns,
        )
        for position in order
    )
