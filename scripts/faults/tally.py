"""What a part of the campaign did, how often, and how it ended."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Tally:
    """Outcomes of one kind of harm to one thing; `wrong` has a line for each that must not be."""

    harm: str
    """What was done, such as SIGKILL."""
    to: str
    """Command or file that it was done to."""
    outcomes: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def times(self) -> int:
        """How often it was done."""
        return sum(self.outcomes.values())

    def note(self, outcome: str, wrong: str = "") -> None:
        """Count an outcome; where it must not be, `wrong` says after what it came."""
        self.outcomes[outcome] += 1
        if wrong:
            self.wrong.append(wrong)

    def figures(self) -> dict[str, Any]:
        """The same for a program."""
        return {
            "harm": self.harm,
            "to": self.to,
            "times": self.times,
            "outcomes": dict(self.outcomes.most_common()),
            "wrong": self.wrong,
            "seconds": self.seconds,
        }


def lines(tallies: list[Tally]) -> list[str]:
    """A row a tally as a table in Markdown."""
    head = [
        "| what was done | to | times | what happened | wrong |",
        "| --- | --- | --- | --- | --- |",
    ]
    rows = [
        f"| {one.harm} | {one.to} | {one.times:,} | "
        f"{', '.join(f'{name} {count:,}' for name, count in one.outcomes.most_common())} | "
        f"{len(one.wrong)} |"
        for one in tallies
    ]
    return [*head, *rows]
