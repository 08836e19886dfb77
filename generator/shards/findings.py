"""What a check found: faults that name file, sample, rule and value, and figures."""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Fault:
    """One thing that is wrong: where, which rule, which value."""

    file: str
    key: str
    rule: str
    value: str


@dataclass
class Findings:
    """What was read and what is wrong with it."""

    figures: dict[str, int] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)

    def add(self, file: str, key: str, rule: str, value: object) -> None:
        """Note a fault."""
        self.faults.append(Fault(file, key, rule, str(value)[:300]))
