"""The tables of where the error lies: by level of PSPI, by action unit, by group of people."""

from vitpain.ablation.arms import BASE
from vitpain.ablation.figures import Part, Results
from vitpain.ablation.report.words import of_subjects, share
from vitpain.evaluate.table import NONE, Reasons, Table

KINDS = {
    "level": "PSPI level",
    "au": "action unit",
    "age": "age",
    "sex": "sex",
    "skin tone": "skin tone (Monk)",
}
PARTS = "All parts of all arms"


def title(kind: str) -> str:
    """The title of a table of parts of a kind."""
    return f"By {KINDS[kind]}"


def by(results: Results, kind: str) -> Table:
    """Error by part, a line an arm: of real frames alone the error, of others its change."""
    own = [one for one in results.parts if one.kind == kind and _leads(one, results)]
    names = list(dict.fromkeys(one.name for one in own))
    cells = {(one.arm, one.name): one for one in own}
    reasons, rows = Reasons(), []
    for arm in dict.fromkeys(one.arm for one in own):
        line = [cells.get((arm, name)) for name in names]
        if arm == BASE:
            frames = ("frames", *("" if one is None else f"{one.frames:,}" for one in line))
            people = ("subjects", *("" if one is None else str(one.subjects) for one in line))
            shown = ["" if one is None else reasons.cell(one.mae) for one in line]
            rows += [frames, people, (f"MAE: {arm}", *shown)]
        else:
            shown = ["" if one is None else reasons.cell(one.change, signed=True) for one in line]
            rows.append((f"change: {arm}", *shown))
    what = "of each AU's intensity" if kind == "au" else "of PSPI"
    model, fraction = results.leading
    notes = (
        f"MAE {what} with real frames alone, and its change in every other arm on the same frames "
        f"(below 0: smaller errors); {model}, {of_subjects(fraction)}. "
        "Not tested.",
        *reasons.notes,
    )
    head = ("", *(name.upper() if kind == "au" else name for name in names))
    strong = frozenset(at for at, row in enumerate(rows) if row[0] == f"MAE: {BASE}")
    return Table(title(kind), head, tuple(rows), notes, strong)


def every(results: Results) -> Table:
    """Every figure of every part, one a line."""
    reasons = Reasons()
    rows = tuple(
        (
            one.model, share(one.fraction), one.arm, KINDS[one.kind], one.name, str(one.subjects),
            f"{one.frames:,}", *(reasons.cell(value) for value in (one.mae, one.bias, one.ccc)),
            NONE if one.arm == BASE else reasons.cell(one.change, signed=True),
        )
        for one in results.parts
    )  # fmt: skip
    head = (
        "model", "real subjects", "arm", "by", "part", "subjects", "frames", "MAE", "bias", "CCC",
        "change of MAE",
    )  # fmt: skip
    return Table(PARTS, head, rows, reasons.notes, left=frozenset({0, 2, 3, 4}))


def _leads(one: Part, results: Results) -> bool:
    return (one.model, one.fraction) == results.leading
