"""A table of text, for the terminal, for Markdown and for the page, with reasons below it."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from vitpain.evaluate.value import Value

NONE = "\N{EN DASH}"
"""What stands where a figure is undefined."""
RAISED = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")


@dataclass(frozen=True)
class Table:
    """A title, names of columns, rows of as many cells, and sentences that stand below.

    `strong` are the rows that matter most; `left` columns are words, the others numbers.
    """

    title: str
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    notes: tuple[str, ...] = ()
    strong: frozenset[int] = frozenset()
    left: frozenset[int] = frozenset({0})


@dataclass
class Reasons:
    """Why cells of one table are empty: every reason once, numbered as it first comes."""

    known: list[str] = field(default_factory=list)

    def cell(self, value: Value, signed: bool = False) -> str:
        """A figure with its interval; a dash with the number of the reason where it has none."""
        if value.value is None:
            return NONE + self._mark(value.why or "undefined")
        form = "+.3f" if signed else ".3f"
        text = f"{value.value:{form}}"
        if value.low is None or value.high is None:
            return text + (self._mark(value.why) if value.why else "")
        return f"{text} [{value.low:{form}}, {value.high:{form}}]"

    @property
    def notes(self) -> tuple[str, ...]:
        """The reasons with their numbers."""
        return tuple(
            f"{str(number).translate(RAISED)} {why}" for number, why in enumerate(self.known, 1)
        )

    def _mark(self, why: str) -> str:
        if why not in self.known:
            self.known.append(why)
        return str(self.known.index(why) + 1).translate(RAISED)


def text(table: Table) -> str:
    """In columns, for the terminal."""
    lines = [[printable(cell) for cell in line] for line in (table.head, *table.rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(table.head))]
    drawn = [
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in lines
    ]
    return "\n".join([table.title, "-" * len(table.title), *drawn, *map(printable, table.notes)])


def printable(line: str) -> str:
    """A line that moves no cursor, whatever a name in it holds."""
    return "".join(one if one.isprintable() else "\N{REPLACEMENT CHARACTER}" for one in line)


def markdown(table: Table) -> str:
    """In GitHub's Markdown."""
    rules = ["---" if place in table.left else "---:" for place in range(len(table.head))]
    lines = [_markdown_row(table.head), _markdown_row(rules)]
    lines += [
        _markdown_row(f"**{cell}**" if place in table.strong and cell else cell for cell in row)
        for place, row in enumerate(table.rows)
    ]
    notes = [f"\n{escaped(note)}" for note in table.notes]
    return "\n".join([f"## {escaped(table.title)}\n", *lines, *notes]) + "\n"


def _markdown_row(cells: Iterable[str]) -> str:
    return "| " + " | ".join(escaped(cell) for cell in cells) + " |"


def escaped(words: str) -> str:
    """Words on one line of Markdown that are nothing but words: no tag, cell, link or picture."""
    safe = words.replace("\\", "\\\\").replace("|", "\\|").replace("<", "&lt;")
    return " ".join(safe.replace("](", "]\\(").split())
