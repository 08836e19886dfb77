"""Who of a data set is looked at, and in which order their pictures stand."""

from dataclasses import dataclass

import pyarrow as pa

from generator.shards.index import Row

# Real data has thousands of frames a person; more than these do not fit a page.
MOST_PICTURES = 48
FIRST = {"neutral": 0, "pain": 1, "real": 1, "confounder": 2}


@dataclass(frozen=True)
class Person:
    """One person and the index rows that are shown of them.

    `rows` go by view; in a view the neutral comes first, then pain by PSPI, then confounders.
    `pictures` counts all that the data set has.
    """

    identity: str
    rows: tuple[Row, ...]
    pictures: int

    @property
    def facts(self) -> Row:
        """A row with the person's facts, which all of theirs share."""
        return self.rows[0]

    def view(self, view: int | None) -> tuple[Row, ...]:
        """Rows of one view."""
        return tuple(row for row in self.rows if row["view"] == view)

    @property
    def first_view(self) -> int | None:
        """The lowest view there is, None where views are not known."""
        return self.rows[0]["view"]


def people(index: pa.Table) -> list[Person]:
    """Everybody in an index, in its order, each with at most `MOST_PICTURES` pictures."""
    found: dict[str, list[Row]] = {}
    for row in index.to_pylist():
        found.setdefault(row["identity"], []).append(row)
    return [
        Person(identity, tuple(sorted(_thinned(rows), key=_place)), len(rows))
        for identity, rows in found.items()
    ]


def spread(everybody: list[Person]) -> list[Person]:
    """The same people in an order whose every beginning is spread over the whole list.

    Steps of the golden section: however many are taken, no part of the list is left out.
    """
    golden = (5**0.5 - 1) / 2
    rank = sorted(range(len(everybody)), key=lambda number: number * golden % 1.0)
    place = {number: order for order, number in enumerate(rank)}
    return [everybody[place[number]] for number in range(len(everybody))]


def _place(row: Row) -> tuple[int, int, float, str]:
    view = -1 if row["view"] is None else row["view"]
    pspi = -1.0 if row["pspi"] is None else row["pspi"]
    return view, FIRST[row["kind"]], pspi, row["key"]


def _thinned(rows: list[Row]) -> list[Row]:
    """At most `MOST_PICTURES` of them: every neutral, and the rest at even steps of PSPI."""
    if len(rows) <= MOST_PICTURES:
        return rows
    neutral = [row for row in rows if row["kind"] == "neutral"][: MOST_PICTURES // 2]
    rest = sorted((row for row in rows if row["kind"] != "neutral"), key=_place)
    rest.sort(key=lambda row: _place(row)[2])
    room = MOST_PICTURES - len(neutral)
    return neutral + [rest[round(step * (len(rest) - 1) / (room - 1))] for step in range(room)]
