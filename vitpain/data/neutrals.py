"""Which frames serve as a frame's neutral: the person's own, another person's, or none.

A person's neutrals are their frames of kind `neutral`; where there are none (real data), their
frames whose coded AUs are all 0, failing that those of PSPI 0. A frame is its own neutral only
where the person has no other.
"""

from collections import Counter
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
from jaxtyping import Bool, Int64, Integer

from assets.facs import AUS
from assets.streams import stream
from vitpain.data.frames import Frames

Whose = Literal["right", "other", "none"]
Views = Literal["same", "any"]
RULES = ("neutral", "aus_zero", "pspi_zero", "none")


@dataclass(frozen=True)
class Pool:
    """Rows that can be drawn, sorted by group and, within one, by what may be left out of it."""

    rows: Int64[np.ndarray, " pool"]
    group: Int64[np.ndarray, " pool"]
    part: Int64[np.ndarray, " pool"]

    @classmethod
    def of(
        cls,
        rows: Int64[np.ndarray, " pool"],
        group: Int64[np.ndarray, " pool"],
        part: Int64[np.ndarray, " pool"],
    ) -> "Pool":
        """Sort rows by group and part."""
        order = np.lexsort((rows, part, group))
        return cls(rows[order], group[order], part[order])

    def draw(
        self,
        group: Int64[np.ndarray, " drawn"],
        part: Int64[np.ndarray, " drawn"],
        uniform: np.ndarray,
    ) -> Int64[np.ndarray, "drawn count"]:
        """Draw different rows from each group, none of the part; -1 where there are too few.

        `uniform` are numbers from 0 to 1, one for each row that is drawn.
        """
        drawn, count = uniform.shape
        first = np.searchsorted(self.group, group, "left")
        last = np.searchsorted(self.group, group, "right")
        code = self.group * self._parts + self.part
        left_out = group * self._parts + np.minimum(part, self._parts - 1)
        # A part that no row has leaves out nothing.
        known = part < self._parts
        out_first = np.where(known, np.searchsorted(code, left_out, "left"), last)
        out_last = np.where(known, np.searchsorted(code, left_out, "right"), last)
        free = (last - first) - (out_last - out_first)
        taken = np.full((drawn, count), np.iinfo(np.int64).max)
        chosen = np.full((drawn, count), -1, np.int64)
        for number in range(count):
            left = free - number
            pick = np.floor(uniform[:, number] * np.maximum(left, 0)).astype(np.int64)
            # Count on past those that were drawn before, which lie in rising order.
            for before in range(number):
                pick += pick >= taken[:, before]
            taken[:, number] = np.where(left > 0, pick, taken[:, number])
            taken[:, : number + 1].sort(axis=1)
            at = first + pick
            at += np.where(at >= out_first, out_last - out_first, 0)
            at = np.minimum(at, len(self.rows) - 1)
            chosen[:, number] = np.where(left > 0, self.rows[at] if len(self.rows) else -1, -1)
        return chosen

    @cached_property
    def _parts(self) -> int:
        return int(self.part.max()) + 1 if len(self.part) else 1


@dataclass(frozen=True)
class Neutrals:
    """Every person's neutrals among some frames."""

    person: Int64[np.ndarray, " rows"]
    view: Int64[np.ndarray, " rows"]
    number: Int64[np.ndarray, " rows"]
    """Of the set."""
    chosen: Bool[np.ndarray, " rows"]
    """Whether a row is one of its person's neutrals."""
    people: dict[str, int]
    """How many people's neutrals were found by each of `RULES`."""

    @property
    def views(self) -> int:
        """Numbers of views, the unknown one included."""
        return int(self.view.max()) + 1


def find(frames: Frames) -> Neutrals:
    """Find every person's neutrals."""
    _, person = np.unique(frames.subject, return_inverse=True)
    person = person.astype(np.int64)
    view = frames.column("view")
    view = np.where(np.isnan(view), 0, view + 1).astype(np.int64)
    aus = np.stack([frames.column(f"au{au}") for au in AUS], axis=1)
    coded = ~np.isnan(aus)
    still = coded.any(axis=1) & ((aus == 0.0) | ~coded).all(axis=1)
    # A face whose pain is known not to be 0 is no neutral, whatever was coded beside it.
    still &= ~(frames.pspi > 0.0)
    rules = (frames.column("kind") == "neutral", still, frames.pspi == 0.0)
    chosen = np.zeros(len(frames), np.bool_)
    served = np.zeros(int(person.max()) + 1, np.bool_)
    people = Counter[str]()
    for name, rule in zip(RULES, rules, strict=False):
        new = rule & ~served[person]
        chosen |= new
        served[person[new]] = True
        people[name] = len(np.unique(person[new]))
    people["none"] = int(np.count_nonzero(~served))
    number = frames.column("set").astype(np.int64)
    return Neutrals(person, view, number, chosen, dict(people))


def choose(
    neutrals: Neutrals,
    rows: Integer[np.ndarray, " drawn"],
    draw: Integer[np.ndarray, " drawn"],
    count: int,
    how: tuple[Whose, Views],
    seed: int,
) -> Int64[np.ndarray, "drawn count"]:
    """Choose up to `count` different neutrals for each row; -1 stands for none.

    With views `same` they show the row's view, and another one only where the person has no other
    neutral in it. `other` takes them from other people of the same set, seen from the same side
    where there are such. What is chosen for a row depends on seed, row and draw alone.
    """
    whose, views = how
    rows = rows.astype(np.int64)
    chosen = np.full((len(rows), count), -1, np.int64)
    if whose == "none" or count == 0:
        return chosen
    uniform = _uniform(rows, draw.astype(np.int64), count, seed)
    for pool, group, part in _choices(neutrals, rows, whose, views):
        none = chosen[:, 0] < 0
        if not none.any():
            break
        chosen[none] = pool.draw(group[none], part[none], uniform[none])
    return chosen


def _choices(
    neutrals: Neutrals, rows: Int64[np.ndarray, " drawn"], whose: Whose, views: Views
) -> list[tuple[Pool, np.ndarray, np.ndarray]]:
    """Pools in the order in which they are tried, with each row's group and what it leaves out."""
    pool = np.flatnonzero(neutrals.chosen)
    seen = neutrals.person * neutrals.views + neutrals.view
    if whose == "right":
        itself = np.arange(len(neutrals.person), dtype=np.int64)
        groups = [seen, neutrals.person] if views == "same" else [neutrals.person]
        tried = [(Pool.of(pool, group[pool], itself[pool]), group[rows], rows) for group in groups]
        # Itself, where the person has no other.
        alone = Pool.of(pool, itself[pool], np.zeros_like(pool))
        return [*tried, (alone, rows, np.ones_like(rows))]
    set_view = neutrals.number * neutrals.views + neutrals.view
    everyone = np.zeros_like(set_view)
    groups = [set_view, neutrals.number, everyone]
    person = neutrals.person
    return [
        (Pool.of(pool, group[pool], person[pool]), group[rows], person[rows]) for group in groups
    ]


def _uniform(
    rows: Int64[np.ndarray, " drawn"], draw: Int64[np.ndarray, " drawn"], count: int, seed: int
) -> np.ndarray:
    made = np.empty((len(rows), count))
    for number in np.unique(draw):
        of_draw = np.flatnonzero(draw == number)
        highest = int(rows[of_draw].max()) + 1
        rng = stream(seed, -1, "neutral", int(number))
        # A row of the table a row of the frames: who else is drawn for changes nothing.
        made[of_draw] = rng.random((highest, count))[rows[of_draw]]
    return made
