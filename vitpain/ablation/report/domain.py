"""The tables of the domain gap: how far apart sources look, and whether they can be told apart."""

from vitpain.ablation.gap import Apart, Figures
from vitpain.ablation.report.answer import number
from vitpain.evaluate.table import Reasons, Table
from vitpain.evaluate.value import Value, plain

FEW = "too few frames"
APART, TOLD = "Domain gap", "Sources told apart by a linear probe"
BY_LEVEL = "Domain gap by PSPI level"


def tables(found: Figures) -> list[Table]:
    """What is shown at once; every table has rows."""
    whole = _apart(APART, [one for one in found.apart if one.level is None], found)
    return [one for one in (whole, _told(found)) if one.rows]


def folded(found: Figures) -> list[Table]:
    """What is shown on demand; every table has rows."""
    by_level = _apart(BY_LEVEL, [one for one in found.apart if one.level is not None], found)
    return [by_level] if by_level.rows else []


def _apart(title: str, pairs: list[Apart], found: Figures) -> Table:
    reasons = Reasons()
    rows = tuple(
        (
            f"{one.first} and {one.second}",
            "1-15" if one.level is None else str(one.level),
            f"{one.frames:,}",
            reasons.cell(_value(one.mmd2)),
            number(one.p),
            reasons.cell(_value(one.fid)),
        )
        for one in pairs
    )
    head = ("sources", "PSPI", "frames of each", "MMD²", "p", "FID")
    sha = "" if found.sha256 is None else f", SHA-256 {found.sha256}"
    notes = (
        f"Features: {found.features}, {found.dimensions:,} numbers{sha}. MMD² is about 0 where two "
        "sources look alike; p by exchanging people. A FID is too large where there are fewer "
        "frames than features, and compares with those of the same features and count alone.",
        *reasons.notes,
    )
    return Table(title, head, rows, notes)


def _told(found: Figures) -> Table:
    reasons = Reasons()
    rows = tuple(
        (
            ", ".join(one.sources),
            f"{one.frames:,}",
            reasons.cell(_value(one.accuracy)),
            f"{one.chance:.3f}",
        )
        for one in found.told
    )
    head = ("sources", "frames of each", "told right", "by a guess")
    notes = ("On frames of people whom the probe has not seen.", *reasons.notes)
    return Table(TOLD, head, rows, notes)


def _value(figure: float | None) -> Value:
    return Value(None, why=FEW) if figure is None else plain(figure, None)
